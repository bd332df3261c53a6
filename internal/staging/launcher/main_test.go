//go:build !windows

package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// role is the variable that has this test's binary be the launcher, or what that launches.
const role = "LAUNCHER_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "launched":
		launched()
	case "tampered":
		embedSelf()
		binary[len(binary)-1]++
		main()
	case "memory":
		embedSelf()
		os.Setenv(role, "launched")
		main()
	case "file":
		embedSelf()
		os.Setenv(role, "launched")
		code, err := runFile()
		if err != nil {
			panic(err)
		}
		os.Exit(code)
	case "none":
		platforms = []string{"plan9/mips", "linux/s390x"}
		main()
	}
}

// embedSelf has this binary be what the launcher embeds.
func embedSelf() {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if binary, err = os.ReadFile(path); err != nil {
		panic(err)
	}
	file, sum = "bin/pack", fmt.Sprintf("%x", sha256.Sum256(binary))
}

// launched says what it was started with, and ends at a signal, or with the exit code that it reads.
func launched() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	fmt.Println(os.Args[1:], os.Getenv("VARIABLE"))
	fmt.Fprintln(os.Stderr, "to stderr")
	var code int
	if n, _ := fmt.Scan(&code); n == 1 {
		os.Exit(code)
	}
	fmt.Println(<-signals)
	os.Exit(3)
}

// start starts the launcher in a role, with a folder for temporary files.
func start(t *testing.T, as, temporary string) (command *exec.Cmd, stdin io.WriteCloser, stdout *bufio.Reader, stderr *strings.Builder) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command = exec.CommandContext(t.Context(), path, "-v=9", "127.0.0.1:1", "")
	command.Env = append(os.Environ(), role+"="+as, "VARIABLE=value", "TMPDIR="+temporary)
	stderr = &strings.Builder{}
	command.Stderr = stderr
	if stdin, err = command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, stdin, bufio.NewReader(out), stderr
}

// TestLaunch: whichever way the binary is run, it has the launcher's arguments, environment, streams and signals, and the
// launcher its exit code. No file is left, nor there while it runs.
func TestLaunch(t *testing.T) {
	for _, as := range []string{"memory", "file"} {
		for _, c := range []struct {
			how  string
			tell func(*exec.Cmd, io.WriteCloser) error
			says string
			code int
		}{
			{"by itself", func(_ *exec.Cmd, in io.WriteCloser) error { _, err := io.WriteString(in, "7\n"); return err }, "", 7},
			{"SIGTERM", func(c *exec.Cmd, in io.WriteCloser) error {
				return errors.Join(in.Close(), c.Process.Signal(syscall.SIGTERM))
			}, "terminated\n", 3},
			{"SIGINT", func(c *exec.Cmd, in io.WriteCloser) error {
				return errors.Join(in.Close(), c.Process.Signal(os.Interrupt))
			}, "interrupt\n", 3},
		} {
			t.Run(as+" "+c.how, func(t *testing.T) {
				temporary := t.TempDir()
				command, stdin, stdout, stderr := start(t, as, temporary)
				if line, err := stdout.ReadString('\n'); line != "[-v=9 127.0.0.1:1 ] value\n" {
					t.Errorf("it was started with %q, %v", line, err)
				}
				if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
					t.Errorf("there is a file while it runs: %v, %v", left, err)
				}
				if err := c.tell(command, stdin); err != nil {
					t.Fatal(err)
				}
				rest, err := io.ReadAll(stdout)
				if string(rest) != c.says || err != nil {
					t.Errorf("it says %q, %v; want %q", rest, err, c.says)
				}
				if err := command.Wait(); command.ProcessState.ExitCode() != c.code {
					t.Errorf("it ends with %v, want exit code %d", err, c.code)
				}
				if stderr.String() != "to stderr\n" {
					t.Errorf("stderr is %q", stderr)
				}
			})
		}
	}
}

// TestRefused: what is not as published is not run, and what is missing is named.
func TestRefused(t *testing.T) {
	for as, want := range map[string]string{
		"tampered": "dynamoguard: this is not what was published: the SHA-256 of bin/pack is ",
		"none":     "dynamoguard: this pack was published without a binary for ",
	} {
		command, _, stdout, stderr := start(t, as, t.TempDir())
		if out, err := io.ReadAll(stdout); len(out) > 0 || err != nil {
			t.Errorf("%s: it says %q, %v", as, out, err)
		}
		if err := command.Wait(); command.ProcessState.ExitCode() != 1 || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%s: %v, %s", as, err, stderr)
		}
	}
}
