package main

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

// From include/uapi/linux/memfd.h and fcntl.h of Linux, and its tables of system calls. The package syscall has none of
// them.
const (
	mfdCloexec      = 0x1
	mfdAllowSealing = 0x2
	mfdExec         = 0x10 // since Linux 6.3, which others refuse
	fAddSeals       = 1033
	allSeals        = 0xf // F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE
)

var memfdCreate = map[string]uintptr{"amd64": 319, "arm64": 279}[runtime.GOARCH]

// execInMemory becomes the binary, from a file without a name that nobody can change any more, this process included,
// once it is checked. It returns where that is not possible.
func execInMemory() error {
	memory, err := newMemory()
	if err != nil {
		return err
	}
	defer memory.Close()
	if _, err := memory.Write(binary); err != nil {
		return err
	}
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, memory.Fd(), fAddSeals, allSeals); errno != 0 {
		return errno
	}
	if err := check(io.NewSectionReader(memory, 0, int64(len(binary)))); err != nil {
		return err
	}
	path := "/proc/self/fd/" + strconv.Itoa(int(memory.Fd()))
	return syscall.Exec(path, append([]string{program}, os.Args[1:]...), os.Environ())
}

// newMemory returns an empty file in memory that can be run.
func newMemory() (*os.File, error) {
	name, err := syscall.BytePtrFromString(program)
	if err != nil {
		return nil, err
	}
	for _, flags := range []uintptr{mfdCloexec | mfdAllowSealing | mfdExec, mfdCloexec | mfdAllowSealing} {
		fd, _, errno := syscall.Syscall(memfdCreate, uintptr(unsafe.Pointer(name)), flags, 0)
		if errno == 0 {
			return os.NewFile(fd, program), nil
		}
		if errno != syscall.EINVAL {
			return nil, errno
		}
	}
	return nil, syscall.EINVAL
}
