package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFailure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "index.json")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	err := Write(file, 0o644, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("the error is %v, not %v", err, full)
	}
	if text, err := os.ReadFile(file); string(text) != "old" {
		t.Errorf("the file has %q, %v", text, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestReaders reads a file while it is replaced over and over.
func TestReaders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "index.json")
	contents := []string{strings.Repeat("a", 1<<20), strings.Repeat("b", 1<<19)}
	write := func(text string) error {
		return Write(file, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	if err := write(contents[0]); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		defer close(done)
		for i := range 50 {
			if err := write(contents[i%2]); err != nil {
				done <- err
				return
			}
		}
	}()
	for finished := false; !finished; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			finished = true
		default:
		}
		if text, err := os.ReadFile(file); string(text) != contents[0] && string(text) != contents[1] {
			t.Fatalf("%d bytes in the middle of a write, %v", len(text), err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestRefused: what is no regular file is not replaced, and nothing is left beside it.
func TestRefused(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "target"), filepath.Join(folder, "link")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{link, "write " + link + ": it is a link, which is not followed; name the file itself"},
		{folder, "write " + folder + ": it is not a regular file"},
		{os.DevNull, "write " + os.DevNull + ": it is not a regular file"},
	} {
		err := Write(c.path, 0o600, func(io.Writer) error { return errors.New("nothing is to be written") })
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if text, err := os.ReadFile(target); string(text) != "old" {
		t.Errorf("the file has %q, %v", text, err)
	}
	if left, err := os.ReadDir(folder); len(left) != 2 {
		t.Errorf("%v is left, %v", left, err)
	}
}
