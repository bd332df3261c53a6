package regular

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	folder := t.TempDir()
	file, link := filepath.Join(folder, "file"), filepath.Join(folder, "link")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		most       int64
		want       string // or the error
	}{
		{"a file", file, 5, "12345"},
		{"a link", link, 5, "12345"},
		{"a file that is too long", file, 4, "read " + file + ": it has more than 4 bytes"},
		{"a folder", folder, 5, "open " + folder + ": it is not a regular file"},
		{"a device without an end", os.DevNull, 5, "open " + os.DevNull + ": it is not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := Read(c.path, c.most)
			got := string(text)
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if _, err := OpenItself(link, os.O_RDONLY); !errors.Is(err, ErrNot) {
		t.Errorf("a link that is not to be followed: %v", err)
	}
}
