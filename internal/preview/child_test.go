package preview

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestBefore: a signal that came when there was no CLI to hear of it keeps one from being started.
func TestBefore(t *testing.T) {
	told := make(chan os.Signal, 1)
	told <- syscall.SIGINT
	folder := t.TempDir()
	p := &preview{
		Streams: Streams{Out: io.Discard, Err: io.Discard},
		pulumi:  filepath.Join(folder, "which is not there"),
		real:    filepath.Join(folder, "home"),
		folder:  &scratch{path: folder},
		signals: &signals{told: told, foreground: true},
	}
	if code, again, err := p.run(t.Context()); code != 130 || again || err != nil {
		t.Errorf("exit code %d, again %v, %v", code, again, err)
	}
}
