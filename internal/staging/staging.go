// Package staging writes what is published of the pack: folders that hold what `pulumi policy publish` is to send, and
// nothing else. The CLI sends the folder that it is called in, with whatever lies there.
package staging

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"dynamoguard/internal/compile"
)

// accompanying are the files beside the sources that are published.
var accompanying = []string{"LICENSE", "PulumiPolicy.yaml", "README.md", "THIRD-PARTY-LICENSES.md"}

// A Pack is the pack in a clone of its repository.
type Pack struct {
	// Root is the folder of the clone.
	Root string
	// Dirty has files taken as they are in the folder. Otherwise one that is published and is not what was committed
	// last is an error, which names it: what an organization runs can then be found again.
	Dirty bool
}

// Source writes the source form to a folder, which must be empty or not exist: the Go files that the pack is compiled
// from, what they embed, a go.mod and a go.sum of what they import, and the accompanying files. It needs the go
// command, git, and the modules in the cache or from a proxy.
func (p Pack) Source(ctx context.Context, folder string) error {
	files, err := p.sources(ctx)
	if err != nil {
		return err
	}
	if err := p.write(ctx, folder, append(files, "go.mod", "go.sum")); err != nil {
		return err
	}
	if err := p.vendorTested(ctx, folder); err != nil {
		return err
	}
	// As the language host does where the pack is installed, which then has nothing left to change.
	_, err = run(ctx, folder, nil, "go", "mod", "tidy", "-compat=1.18")
	return err
}

// sources returns the files of the module that compiling the pack takes, on any of the platforms: relative to the
// root, with slashes, sorted.
func (p Pack) sources(ctx context.Context) ([]string, error) {
	root, err := filepath.Abs(p.Root)
	if err != nil {
		return nil, err
	}
	if root, err = filepath.EvalSymlinks(root); err != nil { // as the go command writes its folders
		return nil, err
	}
	files, err := p.dependencies(ctx, `{{with .Module}}{{if .Main}}{{range $.GoFiles}}{{$.Dir}}/{{.}}
{{end}}{{range $.EmbedFiles}}{{$.Dir}}/{{.}}
{{end}}{{end}}{{end}}`)
	if err != nil {
		return nil, err
	}
	for i, file := range files {
		if file, err = filepath.Rel(root, file); err != nil {
			return nil, err
		}
		files[i] = filepath.ToSlash(file)
	}
	return files, nil
}

// dependencies returns what a template of `go list` says of the packages that the pack is compiled of, on any of the
// platforms: the lines, sorted, each once.
func (p Pack) dependencies(ctx context.Context, template string) ([]string, error) {
	all := map[string]bool{}
	for _, platform := range compile.Platforms {
		out, err := platform.Go(ctx, p.Root, "list", "-deps", "-f", template, ".")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSpace(line); line != "" {
				all[line] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// write copies files of the clone, and the accompanying ones, to a new folder.
func (p Pack) write(ctx context.Context, folder string, files []string) error {
	files = slices.Concat(files, accompanying)
	if err := p.committed(ctx, files); err != nil {
		return err
	}
	// The engine calls the pack by what PulumiPolicy.yaml says, and the pack itself by what main.go does.
	if _, err := compile.Version(p.Root); err != nil {
		return err
	}
	if err := prepare(folder); err != nil {
		return err
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(p.Root, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		if err := create(folder, file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// create writes a file of a folder that is published.
func create(folder, name string, content []byte, mode fs.FileMode) error {
	path := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, mode)
}

// committed returns an error that names those of the files that differ from the last commit, unless that is allowed.
func (p Pack) committed(ctx context.Context, files []string) error {
	if p.Dirty {
		return nil
	}
	args := []string{"-c", "core.quotepath=off", "status", "--porcelain", "--ignored", "--untracked-files=all", "--"}
	for _, file := range files {
		args = append(args, ":(literal)"+file)
	}
	out, err := run(ctx, p.Root, nil, "git", args...)
	if err != nil {
		return err
	}
	if out != "" {
		return fmt.Errorf("not as committed, and what is published must be: commit, or take away\n%s", strings.TrimRight(out, "\n"))
	}
	return nil
}

// prepare makes the folder, which must not hold anything yet, where publishing sends all that is written to it.
func prepare(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: it holds %s; name a folder that is, or that does not exist", folder, entries[0].Name())
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// `pulumi policy publish` leaves out what a .gitignore names, in the folder and in every folder above it, whether or
	// not that is a clone.
	above, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	for ; ; above = filepath.Dir(above) {
		ignore := filepath.Join(above, ".gitignore")
		if _, err := os.Lstat(ignore); err == nil {
			return fmt.Errorf("pulumi policy publish leaves out what %s names; name a folder that no .gitignore is above", ignore)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if above == filepath.Dir(above) {
			return nil
		}
	}
}

// run runs a command in a folder with further variables, as compile.Output does. The go command is neither in a workspace nor under flags of its user's: what is published depends on neither.
func run(ctx context.Context, folder string, env []string, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = folder
	command.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS="), env...)
	out, err := compile.Output(command)
	return string(out), err
}
