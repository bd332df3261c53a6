//go:build unix

package command

import "golang.org/x/sys/unix"

// columns is how wide the terminal is that a file leads to; 0 where it leads to none.
func columns(fd uintptr) int {
	size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
