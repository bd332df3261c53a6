//go:build unix

package regular

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFIFO: nobody writes to it, so a reader would wait for good.
func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	regularFile := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(regularFile, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := os.Stat(regularFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() error{
		"Open":       func() error { _, err := Open(path); return err },
		"OpenItself": func() error { _, err := OpenItself(path, os.O_RDONLY); return err },
		"came to the place of a regular file": func() error {
			_, _, err := open(path, os.O_RDONLY, found)
			return err
		},
	} {
		if err := open(); !errors.Is(err, ErrNot) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
