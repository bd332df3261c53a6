//go:build unix

package command_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// compiled is the pack as a program.
func compiled(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "pulumi-analyzer-dynamoguard")
	if out, err := exec.Command("go", "build", "-o", program, "dynamoguard").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// TestSignal: the first signal ends a command, whatever it waits for.
func TestSignal(t *testing.T) {
	program := compiled(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PULUMI_HOME", t.TempDir())
	t.Setenv("PULUMI_ACCESS_TOKEN", "pul-0123456789abcdef")
	for _, c := range []struct {
		name  string
		start func(t *testing.T, command *exec.Cmd) (waits <-chan struct{})
		args  []string
	}{
		{"a request that does not come", afterAnswer, []string{"simulate"}},
		{"a service that does not answer", askedForTables, []string{"index", "show", "--organization", "acme"}},
	} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(s.String()+", "+c.name, func(t *testing.T) {
				command := exec.Command(program, c.args...)
				waits := c.start(t, command)
				const patience = 5 * time.Minute // which only a program that hangs takes
				hung := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
				defer hung.Stop()
				select {
				case <-waits:
				case <-time.After(patience):
					t.Fatal("it does not get there")
				}
				if err := command.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				_ = command.Wait()
				if status := command.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != s {
					t.Errorf("it ended with %v, not with %v", command.ProcessState, s)
				}
			})
		}
	}
}

// afterAnswer starts a simulation that has answered one request and waits for the next.
func afterAnswer(t *testing.T, command *exec.Cmd) <-chan struct{} {
	t.Helper()
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	waits := make(chan struct{})
	go func() {
		_, _ = io.WriteString(stdin, `{"action":"dynamodb:GetItem"}`+"\n")
		if line, _ := bufio.NewReader(stdout).ReadString('\n'); strings.Contains(line, "verdict") {
			close(waits)
		}
	}()
	return waits
}

// askedForTables starts a command that waits for Pulumi Cloud.
func askedForTables(t *testing.T, command *exec.Cmd) <-chan struct{} {
	t.Helper()
	waits := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case waits <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	command.Env = append(os.Environ(), "PULUMI_BACKEND_URL="+server.URL)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return waits
}
