package overlay

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestMoveAcross: a folder that is copied from another file system is the same folder, and nothing else is left beside it.
func TestMoveAcross(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "plugin"), filepath.Join(t.TempDir(), "plugin")
	if err := os.MkdirAll(filepath.Join(from, "lib"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "lib", "program"), []byte("program"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("lib/program", filepath.Join(from, "link")); err != nil {
		t.Fatal(err)
	}
	if err := moveAcross(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(to, "lib", "program"))
	if err != nil || info.Mode() != 0o700 || info.Size() != 7 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if target, err := os.Readlink(filepath.Join(to, "link")); target != "lib/program" || err != nil {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	if left, err := fs.Glob(os.DirFS(filepath.Dir(to)), "*"); len(left) != 1 || err != nil {
		t.Errorf("beside it there is %q, %v", left, err)
	}
	// A folder does not take the place of one that is there.
	if err := os.WriteFile(filepath.Join(from, "lib", "program"), []byte("other"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := moveAcross(t.Context(), from, to); err == nil {
		t.Error("it replaced a folder")
	}
	if left, err := fs.Glob(os.DirFS(filepath.Dir(to)), "*"); len(left) != 1 || err != nil {
		t.Errorf("beside it there is %q, %v", left, err)
	}
	file := filepath.Join(filepath.Dir(to), "file")
	if err := moveAcross(t.Context(), filepath.Join(from, "lib", "program"), file); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(file); string(content) != "other" || err != nil {
		t.Errorf("a file: %q, %v", content, err)
	}
}
