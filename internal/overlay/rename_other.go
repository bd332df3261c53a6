//go:build !windows

package overlay

import "syscall"

// errOtherFileSystem is why a file cannot be renamed to a place on another file system.
const errOtherFileSystem = syscall.EXDEV
