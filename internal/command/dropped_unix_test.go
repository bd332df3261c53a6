//go:build unix

package command_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDropped: whatever ends check while it writes, the files are what they were, and nothing is left beside them.
func TestDropped(t *testing.T) {
	program := compiled(t)
	states, err := filepath.Abs(filepath.Join("..", "..", "testdata", "states"))
	if err != nil {
		t.Fatal(err)
	}
	start := func(t *testing.T, stdout *os.File, outputs ...string) (folder string, command *exec.Cmd) {
		folder = t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "a.json"), []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"check", states, "--format", "json", "--output", "a.json", "--format", "html"}
		command = exec.Command(program, append(args, outputs...)...)
		command.Dir, command.Stdout, command.Stderr = folder, stdout, new(strings.Builder)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		return folder, command
	}
	left := func(t *testing.T, folder string) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if text, err := os.ReadFile(filepath.Join(folder, "a.json")); string(text) != "before" || err != nil || !slices.Equal(names, []string{"a.json", "pipe"}) {
			t.Errorf("%q are left, a.json with %.40q, %v", names, text, err)
		}
	}
	// What is ignored here would be in the program too: SIGHUP under nohup, SIGINT in the background of a script. What is caught is not.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			folder, command := start(t, nil, "--output", "pipe") // which nobody reads
			for {
				if begun, _ := filepath.Glob(filepath.Join(folder, ".dynamoguard-*")); len(begun) > 0 {
					if info, err := os.Stat(begun[0]); err == nil && info.Size() > 0 { // the first is written, the second waits
						break
					}
				}
				time.Sleep(time.Millisecond)
			}
			if err := command.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			_ = command.Wait()
			if status := command.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != s {
				t.Errorf("it ended with %v, not with %v", command.ProcessState, s)
			}
			left(t, folder)
		})
	}
	t.Run("a closed pipe", func(t *testing.T) {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = read.Close()
		folder, command := start(t, write)
		_ = write.Close()
		var ended *exec.ExitError
		if err := command.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 2 {
			t.Errorf("it ended with %v", err)
		}
		const want = "dynamoguard: the html report could not be written to standard output: broken pipe\n"
		if got := command.Stderr.(*strings.Builder).String(); got != want {
			t.Errorf("it says %q", got)
		}
		left(t, folder)
	})
}
