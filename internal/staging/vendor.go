package staging

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// tested is the module whose tests need more modules than all the pack does. `go mod tidy`, which the language host
// installs a pack with, fetches what the tests of every imported package need, and nothing in a go.mod keeps it from
// that. So the source form has a copy of this one without its tests.
const tested = "google.golang.org/grpc"

// vendorTested writes the copy to the folder, and has its go.mod use that. The copy holds the packages that the pack
// imports, with their files for every system, and the module's licence.
func (p Pack) vendorTested(ctx context.Context, folder string) error {
	// The module's cache is the user's to change; what is copied from it is nobody's to check any more.
	if _, err := run(ctx, p.Root, nil, "go", "mod", "verify"); err != nil {
		return err
	}
	packages, err := p.dependencies(ctx, `{{with .Module}}{{if eq .Path "`+tested+`"}}{{$.ImportPath}}{{end}}{{end}}`)
	if err != nil {
		return err
	}
	out, err := run(ctx, p.Root, nil, "go", "list", "-m", "-f", "{{.Dir}}", tested)
	if err != nil {
		return err
	}
	from, to := strings.TrimSpace(out), "modules/"+tested
	for copied := map[string]bool{}; len(packages) > 0; packages = packages[1:] {
		if copied[packages[0]] {
			continue
		}
		copied[packages[0]] = true
		sub := strings.TrimPrefix(strings.TrimPrefix(packages[0], tested), "/")
		imports, err := copyPackage(filepath.Join(from, filepath.FromSlash(sub)), folder, path.Join(to, sub))
		if err != nil {
			return err
		}
		for _, imported := range imports {
			if strings.HasPrefix(imported, tested+"/") || imported == tested {
				packages = append(packages, imported)
			}
		}
	}
	for _, file := range []string{"LICENSE", "NOTICE.txt", "go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(from, file))
		if err != nil {
			return err
		}
		if err := create(folder, path.Join(to, file), content, 0o644); err != nil {
			return err
		}
	}
	// What its tests alone need goes from its go.mod.
	if _, err := run(ctx, filepath.Join(folder, filepath.FromSlash(to)), nil, "go", "mod", "tidy"); err != nil {
		return err
	}
	_, err = run(ctx, folder, nil, "go", "mod", "edit", "-replace="+tested+"=./"+to)
	return err
}

// copyPackage copies the Go files of a package that are no tests, whatever system they are for, and returns what they
// import.
func copyPackage(from, folder, to string) (imports []string, err error) {
	files, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, content, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			imports = append(imports, imported)
		}
		if err := create(folder, path.Join(to, filepath.Base(file)), content, 0o644); err != nil {
			return nil, err
		}
	}
	return imports, nil
}
