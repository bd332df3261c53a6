//go:build unix

package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dynamoguard/indexer/internal/testbackend"
)

// TestSignal: the first signal ends a build, whatever it waits for.
func TestSignal(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t)
	cloud.Write("acme/shop/dev", testbackend.State("shop/dev"), 1767225600)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		for _, c := range []struct{ name, path, want string }{
			{"while the stacks are listed", "/api/user/stacks", "interrupted; the index is as it was\n"},
			{"while a state is read", "/export", "interrupted with 0 of 1 stacks read; the index is as it was, and the same command goes on from here\n"},
		} {
			t.Run(s.String()+" "+c.name, func(t *testing.T) {
				reached := make(chan struct{})
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !strings.HasSuffix(r.URL.Path, c.path) {
						cloud.ServeHTTP(w, r)
						return
					}
					close(reached)
					<-r.Context().Done()
				}))
				defer server.Close()
				command, wait := start(t, "build", "--backend", server.URL, "-o", filepath.Join(t.TempDir(), "index.json"))
				ended := signalled(t, command.Process, s, reached, wait)
				equal(t, ended, end{ExitCode: 130, Stderr: c.want})
			})
		}
	}
}

// TestSignalDeaf: a signal also ends what listens to none: the driver of PostgreSQL, while it waits for a server that has
// accepted it and says nothing.
func TestSignalDeaf(t *testing.T) {
	testbackend.Isolate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	reached := make(chan struct{})
	go func() {
		if connection, err := listener.Accept(); err == nil {
			close(reached)
			<-t.Context().Done()
			_ = connection.Close()
		}
	}()
	command, wait := start(t, "build", "--backend", "postgres://pulumi@"+listener.Addr().String()+"/states?sslmode=disable",
		"-o", filepath.Join(t.TempDir(), "index.json"))
	equal(t, signalled(t, command.Process, syscall.SIGTERM, reached, wait), end{ExitCode: 130, Stderr: "interrupted\n"})
}

// signalled signals a process once it has got where it waits, and returns what came of it.
func signalled(t *testing.T, process *os.Process, s syscall.Signal, reached <-chan struct{}, wait func() end) end {
	t.Helper()
	select {
	case <-reached:
	case <-time.After(patience):
		_ = process.Kill()
		t.Fatalf("it does not get there: %+v", wait())
	}
	if err := process.Signal(s); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(patience, func() { _ = process.Kill() }) // then its exit code says so
	defer hung.Stop()
	return wait()
}
