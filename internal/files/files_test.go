package files_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/files"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, to, path string) string {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// cause is the text of the cause of an error about a path.
func cause(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return fmt.Sprint(err)
}

func TestRead(t *testing.T) {
	folder := t.TempDir()
	file := write(t, filepath.Join(folder, "file"), "12345678")
	for _, c := range []struct {
		name, path string
		most       int64
		text, err  string
	}{
		{"a file", file, 8, "12345678", "<nil>"},
		{"a link", link(t, "file", filepath.Join(folder, "link")), 8, "12345678", "<nil>"},
		{"an empty file", write(t, filepath.Join(folder, "empty"), ""), 0, "", "<nil>"},
		{"a larger file", file, 7, "", "is larger than 7 bytes"},
		{"a folder", folder, 8, "", "is a directory"},
		{"nothing", filepath.Join(folder, "nothing"), 8, "", "no such file or directory"},
		{"a link to itself", link(t, "self", filepath.Join(folder, "self")), 8, "", "too many levels of symbolic links"},
	} {
		text, err := files.Read(t.Context(), c.path, c.most)
		if string(text) != c.text || cause(err) != c.err {
			t.Errorf("%s: %q, %v", c.name, text, err)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		most int64
		text string
		err  string
	}{
		{6, "12345", "<nil>"},
		{5, "12345", "<nil>"},
		{4, "1234", "is larger than 4 bytes"},
		{0, "", "is larger than 0 bytes"},
	} {
		text, err := io.ReadAll(files.Limit(strings.NewReader("12345"), c.most))
		if string(text) != c.text || fmt.Sprint(err) != c.err {
			t.Errorf("%d: %q, %v", c.most, text, err)
		}
	}
	for most, want := range map[int64]string{
		1000: "1000 bytes", 1 << 10: "1 KB", 3 << 19: "1536 KB", 4 << 20: "4 MB", 1 << 30: "1 GB", 1 << 42: "4096 GB",
	} {
		if got := (&files.TooLargeError{Most: most}).Error(); got != "is larger than "+want {
			t.Errorf("%d: %s", most, got)
		}
	}
}

// TestBlocked: what waits for bytes that never come ends with its context, and once more bytes come or the end, nothing
// is left of it.
func TestBlocked(t *testing.T) {
	in, out := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	closed := make(chan struct{})
	r := files.Interruptible(ctx, closer{in, func() { close(closed) }})
	_, _ = out.Write([]byte("12"))
	text := make([]byte, 2)
	if _, err := io.ReadFull(r, text); err != nil || string(text) != "12" {
		t.Fatalf("%q, %v", text, err)
	}
	stop()
	if n, err := r.Read(text); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d bytes, %v", n, err)
	}
	_, _ = out.Write([]byte("34"))
	<-closed

	never := make(chan struct{})
	defer close(never)
	_, err := files.Within(ctx, func() (int, error) {
		<-never
		return 1, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("within: %v", err)
	}
}

type closer struct {
	io.Reader
	close func()
}

func (c closer) Close() error {
	c.close()
	return nil
}

func TestEach(t *testing.T) {
	folder := t.TempDir()
	for i := range 2000 {
		write(t, filepath.Join(folder, fmt.Sprintf("%04d", i)), "")
	}
	var names []string
	if err := files.Each(t.Context(), folder, func(e fs.DirEntry) error {
		names = append(names, e.Name())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != 2000 || names[0] != "0000" || names[1999] != "1999" {
		t.Errorf("%d names from %s to %s", len(names), names[0], names[len(names)-1])
	}
	enough := errors.New("enough")
	n := 0
	err := files.Each(t.Context(), folder, func(fs.DirEntry) error {
		if n++; n == 10 {
			return enough
		}
		return nil
	})
	if n != 10 || err != enough {
		t.Errorf("%d entries, %v", n, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	n = 0
	err = files.Each(ctx, folder, func(fs.DirEntry) error {
		n++
		stop()
		return nil
	})
	if n != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d entries under a context that has ended, %v", n, err)
	}
}
