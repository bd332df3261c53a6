package command

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/files"
	"dynamoguard/internal/index"
	"dynamoguard/internal/report"
)

const (
	mostChecked = 256 << 20 // bytes of one state, decompressed: that of 100,000 resources has half of them
	mostStates  = 100_000   // files of a folder, and folders in it
	mostDepth   = 8         // folders above each other
)

// A stateInput is a state that is to be judged.
type stateInput struct {
	name    string // fit to tell it from others
	path    string // empty of standard input
	content []byte // of standard input, once it was read

	size     int64 // of the file
	modified time.Time
}

// standardInput is what stands for it among arguments.
const standardInput = "-"

// findStates returns the states that arguments name: files, folders of them, and backends that are folders. unread are what of that
// cannot be listed. The error is for an argument that cannot be used at all.
func findStates(ctx context.Context, system index.Machine, args []string) (states []stateInput, unread []report.Unread, err error) {
	for _, arg := range args {
		switch {
		case arg == standardInput:
			states = append(states, stateInput{name: "standard input"})
		case strings.HasPrefix(arg, "file://"):
			folder, err := index.Folder(arg, system.Home, system.Folder)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", arg, err)
			}
			if states, unread, err = ofBackend(ctx, folder, states, unread); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", arg, err)
			}
		case strings.Contains(arg, "://"):
			return nil, nil, fmt.Errorf("%s: of the backends only file:// is read; let pulumi stack export write the states of another one", arg)
		default:
			if states, unread, err = ofPath(ctx, arg, states, unread); err != nil {
				return nil, nil, err
			}
		}
	}
	named := map[string]bool{}
	for _, s := range states {
		if named[s.name] {
			return nil, nil, fmt.Errorf("%s is named twice", s.name)
		}
		named[s.name] = true
	}
	return states, unread, nil
}

// ofBackend adds the states of a backend that is a folder.
func ofBackend(ctx context.Context, folder string, states []stateInput, unread []report.Unread) ([]stateInput, []report.Unread, error) {
	found, unreadable, err := index.States(ctx, folder)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range found {
		states = append(states, stateAt(s.Path))
	}
	for _, reason := range unreadable {
		unread = append(unread, report.Unread{Source: folder, Reason: reason})
	}
	if len(found)+len(unreadable) == 0 {
		return nil, nil, errors.New("the backend has no stacks")
	}
	return states, unread, nil
}

// ofPath adds the state of a file, or those of a folder.
func ofPath(ctx context.Context, path string, states []stateInput, unread []report.Unread) ([]stateInput, []report.Unread, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, plain(err))
	}
	if !info.IsDir() {
		return append(states, stateAt(path)), unread, nil
	}
	if _, err := os.Stat(filepath.Join(path, ".pulumi", "stacks")); err == nil {
		return ofBackend(ctx, path, states, unread)
	}
	if absolute, err := filepath.Abs(path); err == nil && filepath.Base(absolute) == ".pulumi" {
		if _, err := os.Stat(filepath.Join(path, "stacks")); err == nil {
			return ofBackend(ctx, filepath.Dir(absolute), states, unread) // beside the stacks it keeps their history
		}
	}
	l := stateListing{ctx: ctx}
	l.list(path, 0)
	if len(l.states)+len(l.unread) == 0 {
		return nil, nil, fmt.Errorf("%s has no states: no file in it ends in .json or .json.gz", path)
	}
	slices.SortFunc(l.states, func(a, b stateInput) int { return strings.Compare(a.path, b.path) })
	return append(states, l.states...), append(unread, l.unread...), ctx.Err()
}

// A stateListing are the states in a folder and in those below it.
type stateListing struct {
	ctx    context.Context
	listed int
	states []stateInput
	unread []report.Unread
}

func (l *stateListing) list(folder string, depth int) {
	err := files.Each(l.ctx, folder, func(e fs.DirEntry) error {
		path := filepath.Join(folder, e.Name())
		if l.listed++; l.listed > mostStates {
			return fmt.Errorf("has more than %d files", mostStates)
		}
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir() && depth == mostDepth:
			l.unread = append(l.unread, report.Unread{Source: path, Reason: "it is too deep below the folder that was named"})
		case e.IsDir():
			l.list(path, depth+1)
		case strings.HasSuffix(e.Name(), ".json") || strings.HasSuffix(e.Name(), ".json.gz"):
			l.states = append(l.states, stateAt(path))
		}
		return nil
	})
	if err != nil {
		l.unread = append(l.unread, report.Unread{Source: folder, Reason: plain(err).Error()})
	}
}

// stateAt is the state in a file. Whether it can be read shows when it is.
func stateAt(path string) stateInput {
	s := stateInput{name: path, path: path}
	if info, err := os.Stat(path); err == nil {
		s.size, s.modified = info.Size(), info.ModTime()
	}
	return s
}

// keep keeps what standard input has, so that it can be read more than once.
func (s *stateInput) keep(ctx context.Context, stdin io.Reader) error {
	in, err := s.open(ctx, stdin, func(int) {})
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	s.content, err = io.ReadAll(in)
	return err
}

// plain is an error without the operation and the path that a file was opened by.
func plain(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// open opens a state to be read, decompressed. seen is told how many bytes were read of the file.
func (s *stateInput) open(ctx context.Context, stdin io.Reader, seen func(n int)) (io.ReadCloser, error) {
	var file io.ReadCloser
	switch {
	case s.content != nil:
		file = io.NopCloser(bytes.NewReader(s.content))
	case s.path == "":
		file = files.Interruptible(ctx, io.NopCloser(files.Limit(stdin, mostChecked)))
	default:
		f, err := files.Open(ctx, s.path, mostChecked)
		if err != nil {
			return nil, plain(err)
		}
		file = f
	}
	counted := bufio.NewReaderSize(countingReader{file, seen}, 64<<10)
	magic, err := counted.Peek(4)
	switch {
	case len(magic) == 0 && err == io.EOF:
		_ = file.Close()
		return nil, errors.New("it is empty")
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(counted)
		if err != nil {
			_ = file.Close()
			return nil, err
		}
		return readCloser{files.Limit(z, mostChecked), file}, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		_ = file.Close()
		return nil, errors.New("it is compressed with Zstandard, which is not read; decompress it, or let pulumi stack export write it")
	}
	return readCloser{counted, file}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

type countingReader struct {
	io.Reader
	seen func(n int)
}

func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.seen(n)
	return n, err
}
