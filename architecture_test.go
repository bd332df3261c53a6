package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDependencies holds the layers: what judges is plain Go without I/O, and the engine's plugins alone know the protocol.
func TestDependencies(t *testing.T) {
	const protocol = "google.golang.org/"
	for _, layer := range []struct {
		pkg     string
		without []string
	}{
		{"dynamoguard/policies", []string{protocol, "github.com/", "net", "os"}},
		{"dynamoguard/internal/engine", []string{protocol, "github.com/", "net"}},
		{"dynamoguard/internal/record", []string{protocol, "github.com/", "net"}},
		{"dynamoguard/internal/report", []string{protocol, "github.com/", "net", "os"}},
		{"dynamoguard/internal/iam", []string{protocol, "github.com/", "net", "os", "dynamoguard/internal/resource"}},
		{"dynamoguard/internal/tables", []string{protocol, "github.com/", "net", "os", "dynamoguard/internal/resource"}},
		{"dynamoguard/internal/state", []string{protocol, "github.com/", "net", "os"}},
		{"dynamoguard/internal/place", []string{protocol, "github.com/", "net", "os"}},
		{"dynamoguard/internal/foresight", []string{protocol, "github.com/", "net", "os"}},
		{"dynamoguard/internal/session", []string{protocol, "github.com/"}},
		{"dynamoguard/internal/account", []string{protocol, "github.com/", "net", "os", "dynamoguard/"}},
		{"dynamoguard/internal/resource", []string{protocol, "github.com/", "net", "dynamoguard/"}},
	} {
		imports := ownImports(t, layer.pkg)
		for _, forbidden := range layer.without {
			for _, path := range imports {
				importer, imported, _ := strings.Cut(path, " ")
				if imported == forbidden || strings.HasSuffix(forbidden, "/") && strings.HasPrefix(imported, forbidden) {
					t.Errorf("%s must not depend on %s, and %s imports it", layer.pkg, imported, importer)
				}
			}
		}
	}
	speak := map[string]bool{
		"dynamoguard/internal/analyzer": true, "dynamoguard/internal/provider": true, "dynamoguard/internal/plugin": true,
		"dynamoguard/internal/events": true, "dynamoguard/internal/inline": true,
	}
	for _, pkg := range strings.Fields(list(t, "-f", "{{.ImportPath}}", "./...")) {
		if speak[pkg] {
			continue
		}
		for _, imported := range strings.Fields(list(t, "-f", `{{join .Imports "\n"}}`, pkg)) {
			if strings.HasPrefix(imported, protocol) || strings.HasPrefix(imported, "github.com/pulumi/") {
				t.Errorf("%s imports %s; only those that speak with the engine may", pkg, imported)
			}
		}
	}
}

// TestFiles holds what is shipped to one place that opens files to read them, so that no other can be made to read what is
// none, or what never ends; and to one that knows YAML.
func TestFiles(t *testing.T) {
	opening := regexp.MustCompile(`\b(os\.(Open|OpenFile|OpenInRoot|OpenRoot|ReadFile|ReadDir|DirFS|CopyFS)|ioutil\.\w+|syscall\.Open|template\.Parse(Files|Glob)|http\.(Dir|ServeFile))\b`)
	const sockets = "internal/plugin/engines_linux.go" // reads the kernel's list of them, which has no size, within bounds of its own
	const opener, parser = "dynamoguard/internal/files", "dynamoguard/internal/index"
	sources := 0
	for _, line := range strings.Split(list(t, "-deps", "-f", `{{$p := .}}{{range .GoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}
{{end}}{{range .IgnoredGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}
{{end}}`, "."), "\n") {
		pkg, file, ok := strings.Cut(line, " ")
		if !ok || pkg != "dynamoguard" && !strings.HasPrefix(pkg, "dynamoguard/") {
			continue
		}
		sources++
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := opening.FindString(string(text)); found != "" && pkg != opener && !strings.HasSuffix(file, sockets) && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s calls %s; only %s opens files", file, found, opener)
		}
		if strings.Contains(string(text), `"go.yaml.in/yaml`) && pkg != parser {
			t.Errorf("%s reads YAML; only %s does", file, parser)
		}
	}
	if sources == 0 {
		t.Error("there are no sources")
	}
}

// TestPackageList holds the list of packages in docs/architecture.md to those there are.
func TestPackageList(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir("internal")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !strings.Contains(string(page), "\ninternal/"+folder.Name()+" ") {
			t.Errorf("docs/architecture.md does not say what internal/%s is for", folder.Name())
		}
	}
}

// ownImports returns "importer imported" for every import of a package and of the packages of this module below it.
func ownImports(t *testing.T, pkg string) []string {
	var pairs []string
	out := list(t, "-deps", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`, pkg)
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "dynamoguard/") {
			pairs = append(pairs, line)
		}
	}
	return pairs
}

func list(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command("go", append([]string{"list"}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return string(out)
}

// TestSlim holds the module that every user compiles to a number of requirements, indirect ones included.
func TestSlim(t *testing.T) {
	const most = 20
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(regexp.MustCompile(`(?m)^\t\S+ v`).FindAll(data, -1)); n == 0 || n > most {
		t.Errorf("go.mod has %d requirements, and at most %d are allowed", n, most)
	}
}

// TestNoHeader: LICENSE is that of every file, and no file repeats it.
func TestNoHeader(t *testing.T) {
	header := regexp.MustCompile(`(?i)copyright|SPDX-License-Identifier|licensed under`)
	seen := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		seen++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		before, _, _ := strings.Cut("\n"+string(text), "\npackage ")
		if header.MatchString(before) {
			t.Errorf("%s has a license header; LICENSE holds for all files, so none has one", path)
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Errorf("%d files of Go: %v", seen, err)
	}
}
