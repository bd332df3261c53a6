package files

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A Replacement is a file that is written beside the one that it is to take the place of. Until it is committed, that one is what
// it was.
type Replacement struct {
	path string // that it is to have; empty where it was written there at once
	file *os.File
	*bufio.Writer
}

// Replace begins to write a file in the place of another, or where there is none yet. What is a device or a pipe cannot be replaced
// and is written to at once. A link is followed.
func Replace(path string) (*Replacement, error) {
	info, err := os.Stat(path)
	mode := fs.FileMode(0o666)
	switch {
	case err == nil && info.IsDir():
		return nil, &fs.PathError{Op: "write", Path: path, Err: errIsFolder}
	case err == nil && !info.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &Replacement{file: file, Writer: bufio.NewWriter(file)}, nil
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil {
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

// Finish writes what is still to be written. After an error the file is gone.
func (r *Replacement) Finish() error {
	err := errors.Join(r.Flush(), r.file.Close())
	if err != nil {
		r.Drop()
	}
	return err
}

// Commit puts a finished file in its place.
func (r *Replacement) Commit() error {
	if r.path == "" {
		return nil
	}
	return os.Rename(r.file.Name(), r.path)
}

// Drop removes the file, finished or not.
func (r *Replacement) Drop() {
	_ = r.file.Close()
	if r.path != "" {
		_ = os.Remove(r.file.Name())
	}
}

var _ io.Writer = (*Replacement)(nil)
