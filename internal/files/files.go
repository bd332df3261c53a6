// Package files reads what lies on a machine, or comes from elsewhere, without trusting that it is a file, that it is
// small, or that reading it ends. It is the only place where files are opened to be read; a test holds that.
package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotRegular is the cause of the error for what is neither a file nor a folder: a pipe, a device, a socket.
var ErrNotRegular = errors.New("is not a regular file")

// ErrTooLarge is what every TooLargeError is.
var ErrTooLarge = errors.New("is too large")

// A TooLargeError is the cause of the error for what has more bytes than may be read of it.
type TooLargeError struct{ Most int64 }

func (e *TooLargeError) Is(target error) bool { return target == ErrTooLarge }

func (e *TooLargeError) Error() string { return "is larger than " + size(e.Most) }

// size writes a number of bytes in the largest unit that it is a whole number of.
func size(n int64) string {
	units := []string{"bytes", "KB", "MB", "GB"}
	i := 0
	for ; n >= 1<<10 && n%(1<<10) == 0 && i < len(units)-1; i++ {
		n >>= 10
	}
	return fmt.Sprintf("%d %s", n, units[i])
}

// A File is open to be read. Its Read fails once the context has ended that it was opened under, even while the system
// still reads.
type File struct {
	io.ReadCloser
	Info fs.FileInfo
}

// Open opens a file to be read, links followed. An error is a *fs.PathError; its cause is ErrNotRegular, a *TooLargeError
// where there are more than most bytes, now or when they are read, or that of the context. Neither a pipe that nobody
// writes to nor a file system that does not answer keeps it waiting for longer than the context lasts.
func Open(ctx context.Context, path string, most int64) (*File, error) {
	type opened struct {
		file *os.File
		info fs.FileInfo
	}
	o, err := within(ctx, func() (o opened, err error) {
		o.file, o.info, err = open(path, most)
		return o, err
	}, func(o opened) { _ = o.file.Close() })
	if err != nil {
		if err == ctx.Err() {
			err = &fs.PathError{Op: "open", Path: path, Err: err}
		}
		return nil, err
	}
	return &File{ReadCloser: Interruptible(ctx, limited{Limit(o.file, most), o.file}), Info: o.info}, nil
}

func open(path string, most int64) (*os.File, fs.FileInfo, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|withoutWaiting, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = check(info, most)
	}
	if err != nil {
		_ = file.Close()
		var pathError *fs.PathError
		if !errors.As(err, &pathError) {
			err = &fs.PathError{Op: "open", Path: path, Err: err}
		}
		return nil, nil, err
	}
	return file, info, nil
}

func check(info fs.FileInfo, most int64) error {
	switch {
	case info.IsDir():
		return syscall.EISDIR
	case !info.Mode().IsRegular():
		return ErrNotRegular
	case info.Size() > most:
		return &TooLargeError{most}
	}
	return nil
}

// Read reads a whole file. Its errors are those of Open.
func Read(ctx context.Context, path string, most int64) ([]byte, error) {
	file, err := Open(ctx, path, most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var text bytes.Buffer
	text.Grow(int(file.Info.Size()) + bytes.MinRead)
	if _, err := text.ReadFrom(file); err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	return text.Bytes(), nil
}

// Each calls f for the entries of a folder, in the order of the file system, a few of which are in memory at a time. It
// ends with the first error of f, and between two entries once the context has ended.
func Each(ctx context.Context, folder string, f func(fs.DirEntry) error) error {
	dir, err := os.OpenFile(folder, os.O_RDONLY|withoutWaiting, 0)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	for {
		entries, err := dir.ReadDir(1024)
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(entry); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Within returns what f returns, or the error of the context once that has ended. f goes on then and nobody hears of it:
// no system lets a call be taken back that waits for a file system.
func Within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	return within(ctx, f, func(T) {})
}

// within also gets rid of what f returns without an error when nobody hears of it.
func within[T any](ctx context.Context, f func() (T, error), drop func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result)
	go func() {
		value, err := f()
		select {
		case results <- result{value, err}:
		case <-ctx.Done():
			if err == nil {
				drop(value)
			}
		}
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// Interruptible returns a reader of r that fails once the context has ended, even while r still waits for bytes. r is
// closed when it has ended or when the reader is closed, but not before the read that it waits for returns.
func Interruptible(ctx context.Context, r io.ReadCloser) io.ReadCloser {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) })
	if ctx.Err() != nil {
		_ = in.CloseWithError(ctx.Err()) // the other is in no hurry
	}
	go func() {
		defer stop()
		_, err := io.CopyBuffer(in, struct{ io.Reader }{r}, make([]byte, 64<<10))
		_ = r.Close()
		_ = in.CloseWithError(err)
	}()
	return out
}

// Limit returns a reader of r that fails with a *TooLargeError where r has more than most bytes.
func Limit(r io.Reader, most int64) io.Reader { return &limit{r: r, most: most, left: most} }

type limit struct {
	r          io.Reader
	most, left int64
}

func (l *limit) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1] // one more tells whether there is more
	}
	n, err := l.r.Read(p)
	if int64(n) > l.left {
		n, err = int(l.left), &TooLargeError{l.most}
	}
	l.left -= int64(n)
	return n, err
}

type limited struct {
	io.Reader
	io.Closer
}
