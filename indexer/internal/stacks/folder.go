package stacks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"dynamoguard/indexer/internal/regular"
)

// folder is the store of a file:// backend. The CLI's driver for it passes over a folder that it may not list, as if it
// were empty, takes no link to a folder for one, and waits for whoever writes to a FIFO; so this reads the files itself.
type folder struct{ root string }

func openFolder(rawURL string) (folder, error) {
	root, err := folderOf(rawURL)
	if err != nil {
		return folder{}, err
	}
	info, err := os.Stat(root)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", root)
	}
	return folder{root}, err
}

// folderOf returns the path of a file:// URL. The CLI takes a relative one, and ~ for the home folder, which is that of the
// system's users and not HOME. Parameters are for writing.
//
// Source: massageBlobPath of https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/backend.go
func folderOf(rawURL string) (string, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(rawURL, "file://"), "?")
	name, err := url.PathUnescape(name)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(name, "~"); ok && (rest == "" || strings.HasPrefix(rest, "/")) {
		current, err := user.Current()
		if err != nil {
			return "", err
		}
		name = current.HomeDir + rest
	}
	if len(name) > 0 && name[0] == '/' && filepath.VolumeName(name[1:]) != "" {
		name = name[1:] // file:///C:/states
	}
	return filepath.Abs(filepath.FromSlash(name))
}

// url is that of the folder, however it was named: by it an index tells one backend from another.
func (f folder) url() string {
	name := filepath.ToSlash(f.root)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // a drive of Windows
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}

func (f folder) Close() error { return nil }

func (f folder) list(ctx context.Context, each func(object) error) error {
	entries, err := os.ReadDir(f.path(stacksPrefix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no stack yet
	}
	for _, entry := range entries {
		if err == nil {
			err = f.listEntry(ctx, stacksPrefix+entry.Name(), each)
		}
	}
	return err
}

// listEntry lists a file, or those of the folder of a project.
func (f folder) listEntry(ctx context.Context, key string, each func(object) error) error {
	info, err := f.stat(key)
	isProject := err == nil && info.IsDir()
	if !isProject && (err == nil || errors.Is(err, fs.ErrNotExist) || isState(key)) {
		return f.listFile(ctx, key, each)
	}
	var entries []fs.DirEntry
	if isProject {
		entries, err = os.ReadDir(f.path(key))
	}
	if err != nil {
		return each(object{key: key + "/", name: unescaped(key) + "/", err: cause(err)})
	}
	for _, entry := range entries {
		if err == nil {
			err = f.listFile(ctx, key+"/"+entry.Name(), each)
		}
	}
	return err
}

// listFile lists a file. A folder is none, nor is what is gone since its folder was read.
func (f folder) listFile(ctx context.Context, key string, each func(object) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	o := object{key: key, name: unescaped(key)}
	info, err := f.stat(key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		o.err = cause(err)
	case info.IsDir():
		return nil
	case !info.Mode().IsRegular():
		o.err = regular.ErrNot
	default:
		o.size, o.modified = info.Size(), info.ModTime()
	}
	return each(o)
}

// stat is os.Stat, but where a link leads to nothing, what is not there is not the link.
func (f folder) stat(key string) (fs.FileInfo, error) {
	info, err := os.Stat(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		if _, notLink := os.Readlink(f.path(key)); notLink == nil {
			err = errors.New("it is a link to what is not there")
		}
	}
	return info, err
}

func (f folder) open(ctx context.Context, key string) (io.ReadCloser, error) {
	file, err := regular.Open(f.path(key))
	if err != nil {
		return nil, cause(err)
	}
	return interruptible{file, ctx}, nil
}

func (f folder) path(key string) string {
	return filepath.Join(f.root, filepath.FromSlash(path.Clean(key)))
}

// cause is the cause of an error, without the path that its stack tells already.
func cause(err error) error {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// An interruptible file fails once its context has ended.
type interruptible struct {
	*os.File
	ctx context.Context
}

func (f interruptible) Read(p []byte) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	return f.File.Read(p)
}

var escaped = regexp.MustCompile("__0x([0-9a-f]{1,6})__")

// unescaped takes back what the CLI's driver does to characters that it keeps out of names of files.
//
// Source: escapeKey of https://github.com/google/go-cloud/blob/master/blob/fileblob/fileblob.go
func unescaped(key string) string {
	return escaped.ReplaceAllStringFunc(key, func(found string) string {
		code, _ := strconv.ParseUint(escaped.FindStringSubmatch(found)[1], 16, 32) // six digits of a hexadecimal number
		return string(rune(code))
	})
}
