package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/archive"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/toolchain"
	"dynamoguard/e2e/internal/wire"
	"dynamoguard/internal/compile"
	"dynamoguard/internal/staging"
)

// here is the platform of this machine.
var here = compile.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}

// sourceForm writes the source form of what is published, of the code as it is,
// and returns its folder.
func sourceForm(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "pack")
	if err := (staging.Pack{Root: "..", Dirty: true}).Source(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// binaryForm writes the binary form for platforms.
func binaryForm(t testing.TB, platforms ...compile.Platform) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "pack")
	if err := (staging.Pack{Root: "..", Dirty: true}).Binary(t.Context(), folder, platforms); err != nil {
		t.Fatal(err)
	}
	return folder
}

// offline are the variables of a runner that can fetch no module and has none.
func offline(t testing.TB) []string {
	return []string{"GOPROXY=off", "GOFLAGS=-mod=mod", "GOMODCACHE=" + t.TempDir()}
}

// goFolder returns the folder of the go command of a version, which the module
// proxy has like any module.
func goFolder(t testing.TB, version string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "env", "GOROOT")
	command.Dir, command.Env = t.TempDir(), append(os.Environ(), "GOTOOLCHAIN=go"+version)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "bin")
}

// TestPublished has a stack governed by each of the forms, which the language
// host compiles: preview and up are stopped, and what is corrected passes.
func TestPublished(t *testing.T) {
	for _, form := range []struct {
		name string
		pack func(testing.TB) []harness.Option
	}{
		{"source", func(t testing.TB) []harness.Option {
			return []harness.Option{harness.Oldest, harness.Folder(sourceForm(t))}
		}},
		{"binary offline", func(t testing.TB) []harness.Option {
			return []harness.Option{harness.Newest, harness.Folder(binaryForm(t, here)), harness.Environment(offline(t)...)}
		}},
		{"binary offline Go 1.18", func(t testing.TB) []harness.Option {
			old := goFolder(t, "1.18.10") + string(os.PathListSeparator) + os.Getenv("PATH")
			return []harness.Option{harness.Newest, harness.Folder(binaryForm(t, here)), harness.Environment(append(offline(t), "PATH="+old)...)}
		}},
	} {
		t.Run(form.name, func(t *testing.T) {
			s := harness.NewStack(t, harness.About{"table-encryption"},
				stack(func(p program) { p.table("bills", awsOwnedKey) }), form.pack(t)...)
			violation := "mandatory high table-encryption aws:dynamodb/table:Table::bills: " + ownedKeyMessage
			check(t, "preview", s.Plain(), harness.Result{ExitCode: 1, Policy: []string{violation}, Errors: []string{"preview failed"}})
			up := s.Up()
			if up.ExitCode == 0 || up.Created != nil || !cmp.Equal(up.Policy, []string{violation}) {
				t.Errorf("up came to\n%s\n%s", describeResult(up), up.Output)
			}
			s.Become(stack(func(p program) { p.table("bills", nil) }))
			check(t, "preview, corrected", s.Plain(), passes())
		})
	}
}

const ownedKeyMessage = "serverSideEncryption is not set: the table is encrypted with the AWS-owned key, which nobody can audit or revoke; " +
	"set serverSideEncryption.enabled to true, and serverSideEncryption.kmsKeyArn to a customer managed key where another account reads the " +
	"table. SOC 2: C1.1, CC6.1"

// TestPublishedRefuses: what people see where a pack cannot be run. docs/publish.md
// explains each.
func TestPublishedRefuses(t *testing.T) {
	source, binary := sourceForm(t), binaryForm(t, here)
	elsewhere := compile.Platforms[0]
	if elsewhere == here {
		elsewhere = compile.Platforms[1]
	}
	changed := binaryForm(t, here)
	name := fmt.Sprintf("bin/pulumi-analyzer-dynamoguard-%s-%s", here.OS, here.Arch)
	content, err := os.ReadFile(filepath.Join(changed, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(changed, name), append(content, 0), 0o700); err != nil {
		t.Fatal(err)
	}
	const noGo = "could not read plugin [pack]: error in compiling Go: unable to find 'go' executable: "
	for _, c := range []struct {
		name, folder string
		environment  []string
		says         []string
	}{
		{"another binary", changed, nil, []string{"dynamoguard: this is not what was published: the SHA-256 of " + name + " is ", "Nothing of it was run."}},
		{"no binary", binaryForm(t, elsewhere), nil, []string{
			fmt.Sprintf("dynamoguard: this pack was published without a binary for %s. It holds %s. Have it published for this platform too", here, elsewhere)}},
		{"no Go", binary, []string{"PATH=" + t.TempDir()}, []string{noGo}},
		{"no Go for the sources", source, []string{"PATH=" + t.TempDir()}, []string{noGo}},
		{"no proxy for the sources", source, offline(t), []string{"module lookup disabled by GOPROXY=off"}},
		{"an old Go for the sources", source, []string{"PATH=" + goFolder(t, "1.18.10") + string(os.PathListSeparator) + os.Getenv("PATH")},
			[]string{"invalid go version '1.25.11': must match format 1.23"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := harness.NewStack(t, harness.About{"table-encryption"}, stack(func(p program) { p.table("bills", nil) }),
				harness.Newest, harness.Folder(c.folder), harness.Environment(c.environment...))
			result := s.Plain()
			if result.ExitCode == 0 || result.Policy != nil {
				t.Errorf("it came to\n%s", describeResult(result))
			}
			seen := strings.ReplaceAll(result.Output, c.folder, "pack")
			for _, says := range c.says {
				if !strings.Contains(seen, says) {
					t.Errorf("nothing says %q:\n%s", says, seen)
				}
			}
			t.Log(result.Errors)
		})
	}
}

// TestPublishedArchive: the archive that the CLI sends holds what was written and
// no more, and installing it fetches no more than twelve modules and changes
// nothing.
func TestPublishedArchive(t *testing.T) {
	folder := sourceForm(t)
	written := contents(t, folder)
	sent, err := archive.TGZ(folder, "package", true)
	if err != nil {
		t.Fatal(err)
	}
	installed := t.TempDir()
	if err := archive.ExtractTGZ(bytes.NewReader(sent), installed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, contents(t, filepath.Join(installed, "package"))); diff != "" {
		t.Errorf("sent is something else than what was written (-written +sent):\n%s", diff)
	}
	for name := range written {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata") || strings.Contains(name, "e2e") {
			t.Errorf("%s is published", name)
		}
	}
	modules := t.TempDir()
	if err := tidy(t, filepath.Join(installed, "package"), modules); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, contents(t, filepath.Join(installed, "package"))); diff != "" {
		t.Errorf("installing it changes it (-before +after):\n%s", diff)
	}
	if n := fetched(t, modules); n == 0 || n > 12 {
		t.Errorf("installing it fetches %d modules, want some, and at most 12", n)
	}
}

// contents returns the files below a folder.
func contents(t testing.TB, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		all[name] = string(content)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// tidy installs what a pack needs as the language host does, into an empty cache
// of modules. What this machine has of them is the proxy.
func tidy(t testing.TB, folder, modules string) error {
	t.Helper()
	caches, err := toolchain.Caches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, own, _ := strings.Cut(strings.Join(caches, "\n"), "GOMODCACHE=")
	command := exec.CommandContext(t.Context(), "go", "mod", "tidy", "-compat=1.18")
	command.Dir = folder
	command.Env = append(os.Environ(), "GOMODCACHE="+modules, "GOFLAGS=-modcacherw", "GOSUMDB=off",
		"GOPROXY=file://"+filepath.ToSlash(filepath.Join(own, "cache", "download")))
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, out)
	}
	return nil
}

// fetched returns how many modules there are in a cache.
func fetched(t testing.TB, modules string) (n int) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(modules), ".", func(name string, entry fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".zip") {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// BenchmarkPublished prints what each form costs: cold, on a runner that has Go and
// empty caches, with the modules nearby; warm, as from the second run on. Both are
// from nothing to the port that the engine connects to.
func BenchmarkPublished(b *testing.B) {
	bare := harness.Pack(b)
	report := func(name string, folder string, env []string, cold bool) {
		var row strings.Builder
		fmt.Fprintf(&row, "| %s |", name)
		if folder == "" {
			fmt.Fprintf(&row, " | %d ms |", typical(b, 9, func() { port(b, bare) }).Milliseconds())
			fmt.Println(row.String())
			return
		}
		all, size := contents(b, folder), 0
		for _, content := range all {
			size += len(content)
		}
		sent, err := archive.TGZ(folder, "package", true)
		if err != nil {
			b.Fatal(err)
		}
		build := b.TempDir()
		env = append(env, "GOCACHE="+build)
		if cold {
			start := time.Now()
			modules := b.TempDir()
			if err := tidy(b, folder, modules); err != nil {
				b.Fatal(err)
			}
			env = append(env, "GOMODCACHE="+modules)
			port(b, compiled(b, folder, env))
			fmt.Fprintf(&row, " %.0f s |", time.Since(start).Seconds())
		}
		fmt.Fprintf(&row, " %d ms |", typical(b, 9, func() { port(b, compiled(b, folder, env)) }).Milliseconds())
		fmt.Printf("%s %d files, %.1f MB, %.1f MB sent |\n", row.String(), len(all), float64(size)/1e6, float64(len(sent))/1e6)
	}
	for b.Loop() {
		report("the binary itself", "", nil, false)
		report("source form", sourceForm(b), nil, true)
		report("binary form, this platform", binaryForm(b, here), []string{"GOPROXY=off"}, true)
	}
}

// typical returns the median time of runs.
func typical(b *testing.B, runs int, run func()) time.Duration {
	var all []time.Duration
	for range runs {
		start := time.Now()
		run()
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// compiled compiles a folder as the language host does, to a new file.
func compiled(b *testing.B, folder string, env []string) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "program")
	build := exec.CommandContext(b.Context(), "go", "build", "-buildvcs=false", "-o", file, "-trimpath", "-ldflags", "-w -s")
	build.Dir, build.Env = folder, append(append(os.Environ(), "GOFLAGS="), env...)
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

// port starts a pack and returns once it has said its port.
func port(b *testing.B, pack string) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	command := exec.CommandContext(ctx, pack, wire.Engine(b))
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
	cancel()
	_ = command.Wait() // it was killed
}
