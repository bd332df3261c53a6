package files_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"dynamoguard/internal/files"
)

// TestReplace: a file is what it was until another one is whole and takes its place, by whatever path; what was there for its mode
// stays so.
func TestReplace(t *testing.T) {
	folder := t.TempDir()
	old := write(t, filepath.Join(folder, "old"), "old")
	linked := link(t, "old", filepath.Join(folder, "link"))
	content := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			return cause(err)
		}
		return string(text)
	}
	for _, path := range []string{old, linked, filepath.Join(folder, "new")} {
		before := content(path)
		var dropped, batch files.Batch
		given, err := dropped.Replace(path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(given, "dropped")
		dropped.Drop()
		if _, err := dropped.Replace(path); err == nil || dropped.Commit() == nil {
			t.Errorf("%s: what was dropped goes on", path)
		}
		r, err := batch.Replace(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(r, "of "+path); err != nil {
			t.Fatal(err)
		}
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		if now := content(path); now != before {
			t.Errorf("%s is %s before it is replaced, and was %s", path, now, before)
		}
		if err := batch.Commit(); err != nil {
			t.Fatal(err)
		}
		if now := content(path); now != "of "+path {
			t.Errorf("%s is %s", path, now)
		}
	}
	if content(old) != "of "+linked {
		t.Error("the link was not followed")
	}
	info, err := os.Stat(old)
	if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("the mode has become %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, []string{"link", "new", "old"}) {
		t.Errorf("%q are left", names)
	}
	for path, want := range map[string]string{
		folder: "is a folder", filepath.Join(folder, "missing", "file"): "no such file or directory",
	} {
		if _, err := new(files.Batch).Replace(path); cause(err) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}
