package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPublish: the folder is named, and a new one that came to nothing is gone.
func TestPublish(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	var out strings.Builder
	if err := publish(t.Context(), "", func(_ context.Context, folder string) error {
		return os.WriteFile(filepath.Join(folder, "a"), make([]byte, 1_500_000), 0o600)
	}, &out); err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("there are %v, %v", folders, err)
	}
	if want := "1 files, 1.5 MB. To publish them:\ncd " + folders[0] + " && pulumi policy publish ORGANIZATION\n"; out.String() != want {
		t.Errorf("it says %q, want %q", out.String(), want)
	}
	failed := errors.New("failed")
	if err := publish(t.Context(), "", func(context.Context, string) error { return failed }, &out); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "*")); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
}
