// Package atomicfile replaces files as a whole.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"dynamoguard/indexer/internal/regular"
)

// Check returns an error where Write would not replace what is in place of a file: all but a regular file.
func Check(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode().IsRegular():
		return nil
	case err == nil && info.Mode()&fs.ModeSymlink != 0:
		err = &fs.PathError{Op: "write", Path: path, Err: errors.New("it is a link, which is not followed; name the file itself")}
	case err == nil:
		err = &fs.PathError{Op: "write", Path: path, Err: regular.ErrNot}
	}
	return err
}

// Write puts what write writes in place of a file: a reader sees the old content or the new, and a failure, of whatever
// kind, leaves the old. It writes to a new file, which nobody else may enter until then, so what others have put in its
// place in a folder that they share is never written to. See Check for what it refuses.
func Write(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	if err := Check(path); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	err = write(temporary)
	if err == nil {
		err = temporary.Chmod(mode)
	}
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
