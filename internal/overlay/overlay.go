// Package overlay lays a folder over Pulumi's home, ~/.pulumi, that leads the engine to forwarders in place of the AWS
// providers. Everything else in it is what the home holds, by symbolic links, and what the CLI puts into it goes where the CLI
// meant it to be.
package overlay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"dynamoguard/internal/files"
)

// A Home is a folder that stands for a home of Pulumi.
//
// The CLI lists the folder of plugins and takes for a plugin only what is a folder itself, so each plugin is a folder of links,
// and no link to a folder. A home has no other list of that kind.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/workspace/plugins.go, GetPluginsFromDir and tryPlugin
type Home struct {
	path, real string
	mirrored   map[string]bool // folders of plugins that the real home had
}

// plugins is the name of the folder of plugins.
const plugins = "plugins"

// forwarded matches the folders of the plugins that are led through a forwarder, prereleases included.
var forwarded = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^resource-(aws|aws-native)-v\d+\.\d+\.\d+`) })

// executable is the name of the file that the engine starts of a forwarded plugin's folder.
func executable(folder string) string {
	name := "pulumi-resource-" + forwarded().FindStringSubmatch(folder)[1]
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// New makes path, which must not be there, a home over the real one, which need not be there. The engine finds forwarder, the
// path of a program, as the executable of each AWS plugin.
func New(ctx context.Context, path, real, forwarder string) (*Home, error) {
	h := &Home{path: path, real: real, mirrored: map[string]bool{}}
	if err := os.MkdirAll(filepath.Join(path, plugins), 0o700); err != nil {
		return nil, err
	}
	err := each(ctx, real, func(entry fs.DirEntry) error {
		if entry.Name() == plugins {
			return nil
		}
		return h.link(entry.Name())
	})
	if err != nil {
		return nil, err
	}
	installing := map[string]bool{}
	var folders []fs.DirEntry
	err = each(ctx, filepath.Join(real, plugins), func(entry fs.DirEntry) error {
		if folder, partial := strings.CutSuffix(entry.Name(), ".partial"); partial {
			installing[folder] = true
		} else {
			folders = append(folders, entry)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, entry := range folders {
		name := entry.Name()
		switch {
		case installing[name] || installing[strings.TrimSuffix(name, ".lock")]:
			// What another process installs, or did not finish, is not installed; this CLI must not tidy it away.
		case entry.IsDir():
			err = h.mirror(ctx, name, forwarder)
		default:
			err = h.link(filepath.Join(plugins, name))
		}
		if err != nil {
			return nil, err
		}
	}
	return h, nil
}

// link makes a link to what the real home has under a name.
func (h *Home) link(name string) error {
	return symlink(filepath.Join(h.real, name), filepath.Join(h.path, name))
}

// mirror makes a folder of links to what a plugin's folder holds. In that of an AWS plugin the executable is the forwarder.
func (h *Home) mirror(ctx context.Context, name, forwarder string) error {
	h.mirrored[name] = true
	folder := filepath.Join(plugins, name)
	if err := os.Mkdir(filepath.Join(h.path, folder), 0o700); err != nil {
		return err
	}
	return each(ctx, filepath.Join(h.real, folder), func(entry fs.DirEntry) error {
		if forwarded().MatchString(name) && entry.Name() == executable(name) {
			return symlink(forwarder, filepath.Join(h.path, folder, entry.Name()))
		}
		return h.link(filepath.Join(folder, entry.Name()))
	})
}

func symlink(to, from string) error {
	err := os.Symlink(to, from)
	if err != nil && runtime.GOOS == "windows" {
		err = fmt.Errorf("%w; Windows lets programs make symbolic links where its Developer Mode is on", err)
	}
	return err
}

// each calls f for the entries of a folder, of which there are none where it is not there.
func each(ctx context.Context, folder string, f func(fs.DirEntry) error) error {
	err := files.Each(ctx, folder, f)
	var missing *fs.PathError
	if errors.As(err, &missing) && missing.Path == folder && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Path is the path of the folder, for PULUMI_HOME.
func (h *Home) Path() string { return h.path }

// Installed returns the folders of AWS plugins that the CLI has put into the home and finished: such a plugin runs without a
// forwarder.
func (h *Home) Installed(ctx context.Context) ([]string, error) {
	var names []string
	err := each(ctx, filepath.Join(h.path, plugins), func(entry fs.DirEntry) error {
		name := entry.Name()
		if entry.IsDir() && !h.mirrored[name] && forwarded().MatchString(name) && h.complete(name) {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// complete tells whether a folder of plugins holds a whole plugin. The CLI marks one before it makes the folder and until it
// has filled it.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/util/atomicinstall/atomicinstall.go
func (h *Home) complete(name string) bool {
	_, err := os.Lstat(filepath.Join(h.path, plugins, name+".partial"))
	return errors.Is(err, fs.ErrNotExist)
}

// Adopt moves what the CLI has put into the home to where it would be without the overlay. It is called once, after the CLI has
// ended. A plugin that another process has installed meanwhile stays, and this one is dropped; so is what is not finished. An
// error does not keep the rest from being moved.
func (h *Home) Adopt(ctx context.Context) error {
	var errs []error
	err := each(ctx, h.path, func(entry fs.DirEntry) error {
		name := entry.Name()
		if name != plugins {
			errs = append(errs, h.adopt(ctx, name, entry))
		}
		return nil
	})
	errs = append(errs, err)
	err = each(ctx, filepath.Join(h.path, plugins), func(entry fs.DirEntry) error {
		name := entry.Name()
		switch {
		case strings.HasSuffix(name, ".partial"), strings.HasSuffix(name, ".lock"): // which no process holds any more
		case !entry.IsDir() || h.mirrored[name]:
			errs = append(errs, h.adopt(ctx, filepath.Join(plugins, name), entry))
		case h.complete(name):
			errs = append(errs, h.move(ctx, filepath.Join(plugins, name)))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// adopt moves a file, or the files of a folder that the real home has as well. Links are the overlay's own.
func (h *Home) adopt(ctx context.Context, name string, entry fs.DirEntry) error {
	switch {
	case entry.Type().IsRegular():
		return h.move(ctx, name)
	case !entry.IsDir():
		return nil
	}
	if _, err := os.Lstat(filepath.Join(h.real, name)); errors.Is(err, fs.ErrNotExist) {
		return h.move(ctx, name)
	}
	var errs []error
	err := each(ctx, filepath.Join(h.path, name), func(entry fs.DirEntry) error {
		errs = append(errs, h.adopt(ctx, filepath.Join(name, entry.Name()), entry))
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// move moves a file or a folder to the real home. A file takes the place of one that is there, a folder does not.
func (h *Home) move(ctx context.Context, name string) error {
	from, to := filepath.Join(h.path, name), filepath.Join(h.real, name)
	if bound(from) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	err := os.Rename(from, to)
	if errors.Is(err, errOtherFileSystem) {
		err = moveAcross(ctx, from, to)
	}
	if info, statErr := os.Lstat(to); err != nil && statErr == nil && info.IsDir() {
		return nil // another process was first
	}
	return err
}

// bound tells whether a folder holds a virtual environment of Python, which works only under the path that it was made for: the
// CLI makes it again.
//
// Source: https://docs.python.org/3/library/venv.html, "environments are inherently non-portable"
func bound(folder string) bool {
	found := false
	_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // the move will tell
		case entry.Name() == "pyvenv.cfg":
			found = true
			return fs.SkipAll
		case entry.Name() == "node_modules":
			return fs.SkipDir
		}
		return nil
	})
	return found
}

// moveAcross moves a file or a folder to another file system: a copy is there under its name all at once. Until then it is in a
// folder of which the CLI takes no notice, and which it removes where one is left, say after a crash.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/pluginstorage/download.go, installingPluginRegexp
func moveAcross(ctx context.Context, from, to string) error {
	folder, err := os.MkdirTemp(filepath.Dir(to), filepath.Base(to)+".tmp")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	whole := filepath.Join(folder, "whole")
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		place := whole + strings.TrimPrefix(path, from)
		switch {
		case entry.IsDir():
			return os.Mkdir(place, 0o700)
		case entry.Type() == fs.ModeSymlink:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, place)
		default:
			return copyFile(ctx, path, place)
		}
	})
	if err != nil {
		return err
	}
	return os.Rename(whole, to)
}

// largest is more than any plugin has in one file, in bytes.
const largest = 16 << 30

// copyFile copies a regular file and who may use it.
func copyFile(ctx context.Context, from, to string) error {
	in, err := files.Open(ctx, from, largest)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Chmod(in.Info.Mode().Perm()), out.Close())
}
