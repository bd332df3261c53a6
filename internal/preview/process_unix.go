//go:build unix

package preview

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// inOwnSession keeps the signals of a terminal and of a process group from a process.
func inOwnSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// inGroup puts a process into our own group where a terminal has that in its foreground: the process may read from the
// terminal, and the terminal itself interrupts it. Else it gets a group of its own, so that a signal to our group reaches it
// once, through us: the CLI takes a second one for impatience.
func inGroup(foreground bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: !foreground} }

// passedOn tells whether a signal that came to us is to be passed on to a process of the same group of a terminal's foreground:
// what is typed there has reached it already.
func passedOn(s os.Signal) bool { return s != os.Interrupt }

// ignoreSignals ignores what ends a group, a session or who writes to a process that is no more.
func ignoreSignals() { signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE) }

// interrupt asks a process to end.
func interrupt(p *os.Process) error { return p.Signal(os.Interrupt) }

// exitCode is that of a process which has ended, 128 and its number where a signal has ended it.
//
// Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// isTerminal tells whether a file is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}

// isSame tells whether two files are one. A pipe has no number on some systems, and is then none of the same.
func isSame(a, b *os.File) bool {
	one, err := a.Stat()
	other, otherErr := b.Stat()
	if err != nil || otherErr != nil {
		return false
	}
	stat, ok := one.Sys().(*syscall.Stat_t)
	return ok && stat.Ino != 0 && os.SameFile(one, other)
}

// inForeground tells whether a file is a terminal that has our process group in its foreground.
func inForeground(f *os.File) bool {
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// replaceBy runs another program in place of this one. It returns only with an error.
func replaceBy(program string, args []string, _ Streams) (int, error) {
	return 1, syscall.Exec(program, args, os.Environ())
}
