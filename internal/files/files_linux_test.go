package files_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"dynamoguard/internal/files"
)

// TestUnsized: a file may say that it is empty and be none the less long, as those of /proc are, or grow while it is read.
func TestUnsized(t *testing.T) {
	if _, err := files.Read(t.Context(), "/proc/self/status", 8); cause(err) != "is larger than 8 bytes" {
		t.Error(err)
	}
}

// TestClosed: no file stays open under a context that has ended.
func TestClosed(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "file"), "text")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for range 100 {
		file, err := files.Open(ctx, path, 8)
		if err == nil { // it was opened before anybody looked
			_, err = io.ReadAll(file)
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	open := func() (n int) {
		descriptors, _ := os.ReadDir("/proc/self/fd")
		for _, d := range descriptors {
			if to, _ := os.Readlink("/proc/self/fd/" + d.Name()); to == path {
				n++
			}
		}
		return n
	}
	for open() > 0 { // what closes it is on its way
		runtime.Gosched()
	}
}

// TestReplaceDevice: a device is written to, and stays one; a full one says so.
func TestReplaceDevice(t *testing.T) {
	for path, want := range map[string]string{"/dev/null": "<nil>", "/dev/full": "no space left on device"} {
		var batch files.Batch
		r, err := batch.Replace(path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(r, "text")
		if err = r.Finish(); err == nil {
			err = batch.Commit()
		}
		if cause(err) != want {
			t.Errorf("%s: %v", path, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s is %v, %v", path, info.Mode(), err)
		}
	}
}

// TestReplaceOpened: what is open under a path of the process, a log that its output goes to, keeps what it has.
func TestReplaceOpened(t *testing.T) {
	log, err := os.OpenFile(write(t, filepath.Join(t.TempDir(), "log"), "before\n"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	var batch files.Batch
	r, err := batch.Replace(fmt.Sprintf("/dev/fd/%d", log.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(r, "report\n")
	if err := errors.Join(r.Finish(), batch.Commit()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(log.Name()); string(text) != "before\nreport\n" {
		t.Errorf("the log is %q, %v", text, err)
	}
}

// TestReplaceReadOnly: a file that may not be written is not replaced either, though its folder lets it be. Root may write any, but not
// a program that runs.
func TestReplaceReadOnly(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var batch files.Batch
	defer batch.Drop()
	if _, err := batch.Replace(self); cause(err) != "text file busy" {
		t.Error(err)
	}
}
