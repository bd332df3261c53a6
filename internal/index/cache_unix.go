//go:build unix

package index

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUser reports whether a folder is the user's, and nobody else may write to it.
func ownedByUser(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}
