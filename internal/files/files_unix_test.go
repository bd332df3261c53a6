//go:build unix

package files_test

import (
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"testing"

	"dynamoguard/internal/files"
)

// TestNotRegular opens what is not a file: without waiting for the other end of a pipe, and without reading from what
// never ends.
func TestNotRegular(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for path, want := range map[string]string{
		pipe: "is not a regular file",
		link(t, pipe, filepath.Join(folder, "link")): "is not a regular file",
		"/dev/null": "is not a regular file",
		link(t, "/dev/zero", filepath.Join(folder, "zero")): "is not a regular file",
		socket: syscall.ENXIO.Error(),
	} {
		if text, err := files.Read(t.Context(), path, 8); text != nil || cause(err) != want {
			t.Errorf("%s: %q, %v", filepath.Base(path), text, err)
		}
	}
	if err := files.Each(t.Context(), pipe, func(fs.DirEntry) error { return nil }); cause(err) != "not a directory" {
		t.Errorf("the entries of a pipe: %v", err)
	}
}
