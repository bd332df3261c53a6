package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/compile"
)

// aPack returns the folder of a small pack, in a repository with one commit.
func aPack(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for file, text := range map[string]string{
		"go.mod":                      "module dynamoguard\n\ngo 1.25.11\n",
		"main.go":                     "package main\n\nimport (\n\t\"runtime\"\n\n\t\"dynamoguard/internal/command\"\n)\n\nconst version = \"1.2.3\"\n\nfunc main() { println(version, command.Commit(), runtime.GOARCH) }\n",
		"internal/command/command.go": "package command\n\nvar commit, committed string\n\nfunc Commit() string { return commit + \" \" + committed }\n",
		"LICENSE":                     "the licence\n", "README.md": "the page\n", "PulumiPolicy.yaml": "runtime: go\nversion: 1.2.3\n",
	} {
		write(t, text, folder, file)
	}
	modules, err := thirdParty(folder, compile.Platforms)
	if err != nil {
		t.Fatal(err)
	}
	write(t, string(thirdPartyPage(modules)), folder, thirdPartyFile)
	git(t, folder, "init", "-q")
	git(t, folder, "add", ".")
	git(t, folder, "commit", "-q", "-m", "first")
	return folder
}

// here is the platform that the tests run on.
var here = compile.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}

// unpack returns the files of an archive, and its headers.
func unpack(t *testing.T, archive []byte) (files map[string]string, headers []tar.Header) {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for reader := tar.NewReader(compressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, headers
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(text)
		headers = append(headers, *header)
	}
}

// TestRelease makes a release, and another in a clone elsewhere, by a compiler that has nothing of the first in its cache, for one who has
// set what would otherwise decide. Both come to the same, of what is committed alone.
func TestRelease(t *testing.T) {
	first := aPack(t)
	second := filepath.Join(t.TempDir(), "deeper", "elsewhere")
	git(t, first, "clone", "-q", ".", second)
	git(t, second, "tag", "v1.2.3")
	// What nobody committed.
	write(t, "package main\n\nimport \"os\"\n\nfunc init() { os.Exit(7) }\n", second, "stray.go")
	write(t, "changed\n", second, "LICENSE")

	on := []compile.Platform{here}
	var out strings.Builder
	if err := release(first, filepath.Join(first, "dist"), "v1.2.3", on, &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "not in it") {
		t.Error(out.String())
	}
	out.Reset()
	t.Setenv("GOCACHE", filepath.Join(t.TempDir(), "cache"))
	for name, value := range map[string]string{
		"GOFLAGS": "-gcflags=-N", "GOAMD64": "v3", "CGO_ENABLED": "1", "GOFIPS140": "latest", "GOEXPERIMENT": "noswissmap", "GODEBUG": "madvdontneed=1",
	} {
		t.Setenv(name, value)
	}
	if err := release(second, filepath.Join(second, "dist"), "", on, &out); err != nil {
		t.Fatal(err)
	}
	if want := "not in it, since not committed:\n M LICENSE\n?? stray.go\n"; !strings.Contains(out.String(), want) {
		t.Errorf("%s\nwant %s", out.String(), want)
	}
	contents := func(folder string) map[string]string {
		files := map[string]string{}
		entries, err := os.ReadDir(filepath.Join(folder, "dist"))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			files[entry.Name()] = read(t, folder, "dist", entry.Name())
		}
		return files
	}
	files, again := contents(first), contents(second)
	for name, content := range files {
		if again[name] != content {
			t.Errorf("%s is otherwise the second time", name)
		}
	}
	if len(files) != len(again) || len(files) != 3 {
		t.Errorf("%d files, and %d the second time", len(files), len(again))
	}

	// What sha256sum says of them.
	sums := regexp.MustCompile(`(?m)^([0-9a-f]{64})  (\S+)$`).FindAllStringSubmatch(files["SHA256SUMS"], -1)
	for _, line := range sums {
		if got := checksum([]byte(files[line[2]])); got != line[1] {
			t.Errorf("the sum of %s is %s, and SHA256SUMS has %s", line[2], got, line[1])
		}
	}
	if len(sums) != 2 || !slices.IsSortedFunc(sums, func(a, b []string) int { return strings.Compare(a[2], b[2]) }) {
		t.Errorf("SHA256SUMS is\n%s", files["SHA256SUMS"])
	}

	name := compile.Name + "-v1.2.3-" + here.OS + "-" + here.Arch
	archived, headers := unpack(t, []byte(files[name+".tar.gz"]))
	var listed []string
	for _, h := range headers {
		listed = append(listed, h.FileInfo().Mode().String()+" "+h.Name+" "+h.ModTime.UTC().Format("2006-01-02T15:04:05Z"))
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.PAXRecords != nil {
			t.Errorf("%+v", h)
		}
	}
	const at = " 2026-02-03T04:05:06Z"
	if diff := cmp.Diff([]string{
		"-rwxr-xr-x " + compile.Name + here.Suffix() + at, "-rw-r--r-- LICENSE" + at, "-rw-r--r-- README.md" + at, "-rw-r--r-- " + thirdPartyFile + at,
	}, listed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if archived["LICENSE"] != "the licence\n" {
		t.Errorf("LICENSE is %q", archived["LICENSE"])
	}
	if got := (compile.Platform{OS: "windows", Arch: "arm64"}).Suffix(); got != ".exe" {
		t.Errorf("for windows, a binary ends in %q", got)
	}
	file := filepath.Join(t.TempDir(), compile.Name+here.Suffix())
	if err := os.WriteFile(file, []byte(archived[compile.Name+here.Suffix()]), 0o755); err != nil {
		t.Fatal(err)
	}
	told, err := exec.Command(file).CombinedOutput()
	if want := "1.2.3 " + git(t, first, "rev-parse", "HEAD") + at + " " + here.Arch + "\n"; err != nil || string(told) != want {
		t.Errorf("%v, %s, want %s", err, told, want)
	}

	var bill struct {
		SerialNumber string
		Metadata     struct {
			Timestamp string
			Component struct{ Version, PURL string }
		}
		Components   []struct{ Name, Version, PURL string }
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal([]byte(files[name+".cdx.json"]), &bill); err != nil {
		t.Fatal(err)
	}
	pack, std := "pkg:golang/dynamoguard@v1.2.3?goarch="+here.Arch+"&goos="+here.OS, "pkg:golang/std@"+strings.TrimPrefix(runtime.Version(), "go")
	if len(bill.Components) != 1 || bill.Components[0].PURL != std || bill.Metadata.Component.PURL != pack || bill.Metadata.Timestamp != at[1:] {
		t.Errorf("%+v", bill)
	}
	if len(bill.Dependencies) != 2 || bill.Dependencies[0].Ref != pack || !slices.Equal(bill.Dependencies[0].DependsOn, []string{std}) || len(bill.Dependencies[1].DependsOn) != 0 {
		t.Errorf("%+v", bill.Dependencies)
	}
}

func TestReleaseRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		tag    string
		change func(folder string) // of what is committed or lies there
		want   string
	}{
		{"the tag of another version", "v1.2.4", func(string) {}, "the tag is v1.2.4, and main.go says that the version is 1.2.3"},
		{"files of an earlier release", "", func(folder string) { write(t, "", folder, "dist", "old.tar.gz") }, "DIST is not empty; what it holds might be taken for the release's"},
		{"licences of other modules", "", func(folder string) {
			write(t, "# Licences\n", folder, thirdPartyFile)
			git(t, folder, "commit", "-q", "-a", "-m", "second")
		}, thirdPartyFile + " is not of what is compiled; run go test ./internal/release -run TestThirdParty -update"},
		{"no version", "", func(folder string) {
			write(t, "package main\n\nconst version = \"next\"\n", folder, "main.go")
			git(t, folder, "commit", "-q", "-a", "-m", "second")
		}, "main.go does not say the version, as " + compile.InMain.Says.String()},
		{"two versions", "", func(folder string) {
			write(t, "runtime: go\nversion: 1.2.4\n", folder, "PulumiPolicy.yaml")
			git(t, folder, "commit", "-q", "-a", "-m", "second")
		}, `the version is "1.2.3" in main.go, and "1.2.4" in PulumiPolicy.yaml; make them one`},
		{"a link", "", func(folder string) {
			if err := os.Symlink("LICENSE", filepath.Join(folder, "COPYING")); err != nil {
				t.Fatal(err)
			}
			git(t, folder, "add", ".")
			git(t, folder, "commit", "-q", "-m", "second")
		}, "COPYING in the commit is neither a file nor a folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := aPack(t)
			dist := filepath.Join(folder, "dist")
			c.change(folder)
			err := release(folder, dist, c.tag, []compile.Platform{here}, io.Discard)
			if err == nil || strings.ReplaceAll(err.Error(), dist, "DIST") != c.want {
				t.Errorf("%v\nwant %s", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(dist, "SHA256SUMS")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("there is a release all the same: %v", err)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-platforms", "linux/amd64,plan9/arm"}, `platform "plan9/arm" is not one of linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64`},
		{[]string{"publish"}, `"publish" is no flag; the other command is version, with the version`},
		{[]string{"version"}, `"version" is no flag; the other command is version, with the version`},
	} {
		if err := run(c.args, io.Discard, io.Discard); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v", c.args, err)
		}
	}
}
