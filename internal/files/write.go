package files

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A Batch is files that take their places together, once all of them are whole. Until then those that they take the place of are what
// they were. It may be dropped while it is written to, as where a signal ends the program.
type Batch struct {
	mu      sync.Mutex
	begun   []*Replacement
	dropped bool
}

// A Replacement is a file that is written beside the one that it is to take the place of.
type Replacement struct {
	path string // that it is to have; empty where it is written there at once
	file *os.File
	*bufio.Writer
}

var errDropped = errors.New("it was given up")

// Replace begins to write a file in the place of another, or where there is none yet. What is a device or a pipe cannot be replaced
// and is written to at once, and so is what a process has open, such as /dev/fd/3: a log must not lose what it has. A link is followed.
func (b *Batch) Replace(path string) (*Replacement, error) {
	r, err := replace(path) // a pipe is waited for, and the batch may be dropped meanwhile
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dropped {
		r.drop()
		return nil, errDropped
	}
	b.begun = append(b.begun, r)
	return r, nil
}

func replace(path string) (*Replacement, error) {
	info, err := os.Stat(path)
	mode := fs.FileMode(0o666)
	switch {
	case err == nil && info.IsDir():
		return nil, &fs.PathError{Op: "write", Path: path, Err: errIsFolder}
	case err == nil && (!info.Mode().IsRegular() || opened(path)):
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return nil, err
		}
		return &Replacement{file: file, Writer: bufio.NewWriter(file)}, nil
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
		if err := writable(path); err != nil {
			return nil, err
		}
		mode = info.Mode().Perm()
	}
	file, err := os.OpenFile(filepath.Join(filepath.Dir(path), ".dynamoguard-"+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = &fs.PathError{Op: "write", Path: path, Err: pathError.Err} // nobody has asked for the other
		}
		return nil, err
	}
	return &Replacement{path: path, file: file, Writer: bufio.NewWriter(file)}, nil
}

var errIsFolder = errors.New("is a folder")

// opened reports whether a path stands for what a process has open.
func opened(path string) bool {
	path = filepath.ToSlash(filepath.Clean(path))
	return strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/")
}

// writable is an error for a file that may not be written, though its folder lets it be replaced.
func writable(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return file.Close()
}

// Finish writes what is still to be written.
func (r *Replacement) Finish() error { return errors.Join(r.Flush(), r.file.Close()) }

// Commit puts the files in their places. After an error those that are not in theirs yet are gone.
func (b *Batch) Commit() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dropped {
		return errDropped
	}
	for len(b.begun) > 0 {
		if r := b.begun[0]; r.path != "" {
			if err := os.Rename(r.file.Name(), r.path); err != nil {
				return err
			}
		}
		b.begun = b.begun[1:]
	}
	return nil
}

// Drop removes the files that are not in their places yet, and lets no other begin.
func (b *Batch) Drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped = true
	for _, r := range b.begun {
		r.drop()
	}
	b.begun = nil
}

func (r *Replacement) drop() {
	_ = r.file.Close()
	if r.path != "" {
		_ = os.Remove(r.file.Name())
	}
}

var _ io.Writer = (*Replacement)(nil)
