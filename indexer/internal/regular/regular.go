// Package regular opens regular files and nothing else: what is opened neither keeps its reader waiting, as a FIFO does, nor
// goes on without end, as a device may.
package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNot says that there is something else in place of a regular file.
var ErrNot = errors.New("it is not a regular file")

// Open opens a regular file, or one that a link leads to, for reading.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	file, _, err := open(path, os.O_RDONLY, info)
	return file, err
}

// OpenItself opens a regular file, with flags as of os.OpenFile, and follows no link.
func OpenItself(path string, flag int) (*os.File, error) {
	for range 100 { // a file that is replaced all the time is another one between the two looks at it
		info, err := os.Lstat(path)
		if err != nil {
			return nil, err
		}
		file, opened, err := open(path, flag, info)
		if err != nil || os.SameFile(info, opened) {
			return file, err
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
	return nil, refused(path)
}

// open opens what was found at a path. By now something else may have come to its place: a FIFO, which would wait for its
// writer, or a link, which is seen by what it leads to.
func open(path string, flag int, found fs.FileInfo) (*os.File, fs.FileInfo, error) {
	if !found.Mode().IsRegular() {
		return nil, nil, refused(path)
	}
	file, err := os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	opened, err := file.Stat()
	if err == nil && !opened.Mode().IsRegular() {
		err = refused(path)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, opened, nil
}

func refused(path string) error { return &fs.PathError{Op: "open", Path: path, Err: ErrNot} }

// Read reads a regular file, or one that a link leads to, of at most so many bytes.
func Read(path string, most int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	return ReadAll(file, most)
}

// ReadAll reads an opened file of at most so many bytes, and closes it.
func ReadAll(file *os.File, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = &fs.PathError{Op: "read", Path: file.Name(), Err: fmt.Errorf("it has more than %d bytes", most)}
	}
	return text, errors.Join(err, file.Close())
}
