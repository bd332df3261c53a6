package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/internal/staging"
)

// published writes a form of what is published, of the code as it is, and
// returns its folder.
func published(t testing.TB, write func(staging.Pack, string) error) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "pack")
	if err := write(staging.Pack{Root: "..", Dirty: true}, folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// sourceForm writes the source form.
func sourceForm(t testing.TB) string {
	t.Helper()
	return published(t, func(p staging.Pack, folder string) error { return p.Source(t.Context(), folder) })
}

// binaryForm writes the binary form for platforms, or for all of them.
func binaryForm(t testing.TB, platforms ...staging.Platform) string {
	t.Helper()
	return published(t, func(p staging.Pack, folder string) error { return p.Binary(t.Context(), folder, platforms) })
}

func TestTry(t *testing.T) {
	var options []harness.Option
	switch os.Getenv("FORM") {
	case "source":
		options = append(options, harness.Folder(sourceForm(t)))
	case "binary":
		options = append(options, harness.Folder(binaryForm(t, here())), harness.Environment("GOPROXY=off", "GOFLAGS=-mod=mod", "GOMODCACHE="+t.TempDir()))
	case "tampered":
		f := binaryForm(t, here())
		name := filepath.Join(f, "bin", "pulumi-analyzer-dynamoguard-linux-amd64")
		c, _ := os.ReadFile(name)
		os.WriteFile(name, append(c, 0), 0o700)
		options = append(options, harness.Folder(f))
	case "missing":
		options = append(options, harness.Folder(binaryForm(t, staging.Platforms[0])))
	case "nogo":
		options = append(options, harness.Folder(binaryForm(t, here())), harness.Environment("PATH="+t.TempDir()))
	case "noproxy":
		options = append(options, harness.Folder(sourceForm(t)), harness.Environment("GOPROXY=off", "GOMODCACHE="+t.TempDir()))
	case "oldgo":
		options = append(options, harness.Folder(sourceForm(t)), harness.Environment("PATH=/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.18.10.linux-amd64/bin:/usr/bin:/bin"))
	}
	options = append([]harness.Option{harness.Newest}, options...)
	s := harness.NewStack(t, harness.About{"table-encryption"}, stack(func(p program) { p.table("bills", awsOwnedKey) }), options...)
	r := s.Plain()
	t.Log(describeResult(r))
	t.Log(strings.Join(strings.Split(r.Output, "\n"), "\n"))
}

// here is the platform of this machine.
func here() staging.Platform { return staging.Platform{OS: "linux", Arch: "amd64"} }
