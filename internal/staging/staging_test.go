package staging

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/compile"
)

// small is a pack of few files: one for each system, one that is embedded, one that only tests embed, and what does not
// belong into what is published.
var small = map[string]string{
	"go.mod":                   "module small\n\ngo 1.25\n",
	"go.sum":                   "",
	"LICENSE":                  "licence",
	"THIRD-PARTY-LICENSES.md":  "licences",
	"README.md":                "readme",
	"PulumiPolicy.yaml":        "runtime: go\nversion: 1.2.3\n",
	"main.go":                  "package main\n\nimport \"small/part\"\n\nconst version = \"1.2.3\"\n\nfunc main() { part.Do() }\n",
	"main_test.go":             "package main\n",
	"part/part.go":             "package part\n\nimport _ \"embed\"\n\n//go:embed text/a.txt\nvar text string\n\nfunc Do() { do(text) }\n",
	"part/text/a.txt":          "a",
	"part/text/b.txt":          "b",
	"part/do_windows.go":       "package part\n\nimport \"small/onlywindows\"\n\nfunc do(s string) { onlywindows.Do(s) }\n",
	"part/do_other.go":         "//go:build !windows\n\npackage part\n\nfunc do(string) {}\n",
	"part/part_test.go":        "package part\n\nimport _ \"embed\"\n\n//go:embed text/b.txt\nvar b string\n",
	"part/testdata/x.go":       "package testdata\n",
	"onlywindows/windows.go":   "package onlywindows\n\nfunc Do(string) {}\n",
	"tool/main.go":             "package main\n\nfunc main() {}\n",
	".gitignore":               "bin/\n.env\n",
	"docs/something.md":        "text",
	"e2e/go.mod":               "module small/e2e\n",
	"testdata/policies/a.yaml": "a",
}

// published are the files of small that belong into what is published.
var published = []string{
	"LICENSE", "PulumiPolicy.yaml", "README.md", "THIRD-PARTY-LICENSES.md", "main.go", "onlywindows/windows.go", "part/do_other.go", "part/do_windows.go",
	"part/part.go", "part/text/a.txt",
}

// clone writes files to a new repository and commits them, and returns the pack.
func clone(t *testing.T, files map[string]string) Pack {
	t.Helper()
	p := Pack{Root: t.TempDir()}
	for name, content := range files {
		put(t, p.Root, name, content)
	}
	for _, args := range [][]string{
		{"init", "-q"},
		{"add", "-A"},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "all"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", p.Root}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
	return p
}

func put(t *testing.T, folder, name, content string) {
	t.Helper()
	if err := create(folder, name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// files returns the files below a folder, with slashes, sorted.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var all []string
	if err := fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// stage writes to a new folder what is published of a pack, but for its modules.
func stage(t *testing.T, p Pack) (folder string, err error) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "new")
	sources, err := p.sources(t.Context())
	if err != nil {
		return "", err
	}
	return folder, p.write(t.Context(), folder, sources)
}

// TestFiles: files of the developer's own that git ignores or does not know stay where they are, whatever they are called.
func TestFiles(t *testing.T) {
	p := clone(t, small)
	for _, name := range []string{".env", "bin/pack", "part/.env", "part/text/notes.txt", "dump.json"} {
		put(t, p.Root, name, "secret")
	}
	folder, err := stage(t, p)
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, folder); !slices.Equal(got, published) {
		t.Errorf("published are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(published, "\n"))
	}
}

// TestNotAsCommitted: what would be published and is not as committed is named, and published only where that is asked
// for.
func TestNotAsCommitted(t *testing.T) {
	for name, change := range map[string]struct {
		do   func(t *testing.T, root string)
		says string // after what is always said; "" where it does not matter
	}{
		"a changed source":  {func(t *testing.T, root string) { put(t, root, "part/part.go", small["part/part.go"]+"\n") }, " M part/part.go"},
		"a changed licence": {func(t *testing.T, root string) { put(t, root, "LICENSE", "none") }, " M LICENSE"},
		"a source unknown":  {func(t *testing.T, root string) { put(t, root, "part/scratch.go", "package part\n") }, "?? part/scratch.go"},
		"a source ignored": {func(t *testing.T, root string) {
			put(t, root, ".gitignore", "scratch.go\n")
			put(t, root, "scratch.go", "package main\n")
		}, "!! scratch.go"},
		"a changed test":      {func(t *testing.T, root string) { put(t, root, "main_test.go", "package main\n\n") }, ""},
		"a changed document":  {func(t *testing.T, root string) { put(t, root, "docs/something.md", "other") }, ""},
		"a test unknown":      {func(t *testing.T, root string) { put(t, root, "part/scratch_test.go", "package part\n") }, ""},
		"a program unknown":   {func(t *testing.T, root string) { put(t, root, "scratch/main.go", "package main\n") }, ""},
		"a file like a magic": {func(t *testing.T, root string) { put(t, root, ":(top)", "x") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := clone(t, small)
			change.do(t, p.Root)
			_, err := stage(t, p)
			want := ""
			if change.says != "" {
				want = "not as committed, and what is published must be: commit, or take away\n" + change.says
			}
			if got := text(err); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			p.Dirty = true
			if _, err := stage(t, p); err != nil {
				t.Errorf("where that is allowed: %v", err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestVersions: the engine takes the version of PulumiPolicy.yaml and people see the pack's.
func TestVersions(t *testing.T) {
	p := clone(t, small)
	p.Dirty = true
	for _, c := range []struct{ file, content, want string }{
		{"PulumiPolicy.yaml", "runtime: go\nversion: 1.2.4\n", `the version is "1.2.3" in main.go, and "1.2.4" in PulumiPolicy.yaml; make them one`},
		{"PulumiPolicy.yaml", "runtime: go\n", "PulumiPolicy.yaml does not say the version, as " + compile.InProject.Says.String()},
	} {
		put(t, p.Root, c.file, c.content)
		if _, err := stage(t, p); text(err) != c.want {
			t.Errorf("%s with %q: %q, want %q", c.file, c.content, text(err), c.want)
		}
	}
}

// TestFolder: nothing that lies in a folder already is sent, and nothing that is written is left out.
func TestFolder(t *testing.T) {
	full := t.TempDir()
	put(t, full, ".env", "secret")
	below := filepath.Join(t.TempDir(), "a")
	put(t, below, ".gitignore", "bin/\n")
	for _, c := range []struct{ folder, want string }{
		{full, full + " is not empty: it holds .env; name a folder that is, or that does not exist"},
		{filepath.Join(below, "b", "c"), "pulumi policy publish leaves out what " + filepath.Join(below, ".gitignore") +
			" names; name a folder that no .gitignore is above"},
		{t.TempDir(), ""},
	} {
		if got := text(prepare(c.folder)); got != c.want {
			t.Errorf("%s: %q, want %q", c.folder, got, c.want)
		}
	}
}

// TestNoPlatform: a launcher of no binary is of no use.
func TestNoPlatform(t *testing.T) {
	err := clone(t, small).Binary(context.Background(), filepath.Join(t.TempDir(), "new"), nil)
	if want := "there is no platform to publish for"; text(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestBinary: the launcher is compiled for each platform, with the binary of that or without any, and by Go 1.18.
func TestBinary(t *testing.T) {
	p, folder := clone(t, small), filepath.Join(t.TempDir(), "new")
	if err := p.Binary(t.Context(), folder, []compile.Platform{{OS: "linux", Arch: "amd64"}, {OS: "windows", Arch: "arm64"}}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"LICENSE", "PulumiPolicy.yaml", "README.md", "THIRD-PARTY-LICENSES.md",
		"bin/pulumi-analyzer-dynamoguard-linux-amd64", "bin/pulumi-analyzer-dynamoguard-windows-arm64.exe",
		"binary_linux_amd64.go", "binary_none.go", "binary_windows_arm64.go",
		"exit_posix.go", "exit_windows.go", "go.mod", "main.go", "memory_linux.go", "memory_other.go", "platforms.go",
	}
	if got := files(t, folder); !slices.Equal(got, want) {
		t.Errorf("it holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	offline := []string{"GOPROXY=off", "GOMODCACHE=" + t.TempDir()}
	for _, platform := range []compile.Platform{{OS: "linux", Arch: "amd64"}, {OS: "windows", Arch: "arm64"}, {OS: "darwin", Arch: "arm64"}} {
		if _, err := run(t.Context(), folder, append([]string{"GOOS=" + platform.OS, "GOARCH=" + platform.Arch}, offline...), "go", "vet", "."); err != nil {
			t.Errorf("%s: %v", platform, err)
		}
	}
}

// TestStandardLibrary holds the launcher to what there was of the standard library in Go 1.18, which lists since then what
// each version adds.
func TestStandardLibrary(t *testing.T) {
	root, err := run(t.Context(), ".", nil, "go", "env", "GOROOT")
	if err != nil {
		t.Fatal(err)
	}
	lists, err := filepath.Glob(filepath.Join(strings.TrimSpace(root), "api", "go1*.txt"))
	if err != nil || len(lists) == 0 {
		t.Fatalf("Go lists nothing of what its versions have: %v", err)
	}
	until := regexp.MustCompile(`go1(\.(\d|1[0-8]))?\.txt$`)
	added := regexp.MustCompile(`(?m)^pkg ([\w/]+)(?: \([^)]*\))?, (?:func|const|var|type) (\w+)`)
	older, newer := map[string]bool{}, map[string]bool{}
	for _, list := range lists {
		content, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		names := newer
		if until.MatchString(list) {
			names = older
		}
		for _, match := range added.FindAllSubmatch(content, -1) {
			names[path.Base(string(match[1]))+"."+string(match[2])] = true
		}
	}
	for name := range older { // which a version may add to another system
		delete(newer, name)
	}
	if !newer["context.AfterFunc"] {
		t.Fatal("the lists do not tell of context.AfterFunc, which is of Go 1.21")
	}
	used := regexp.MustCompile(`\b[a-z]+\.[A-Z]\w*`)
	entries, err := launcher.ReadDir("launcher")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			continue // it is not published
		}
		content, err := launcher.ReadFile("launcher/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range used.FindAllString(string(content), -1) {
			found++
			if newer[name] {
				t.Errorf("%s uses %s, which Go 1.18 does not have", entry.Name(), name)
			}
		}
	}
	if found == 0 {
		t.Error("the launcher uses nothing")
	}
}
