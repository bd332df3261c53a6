// Command launcher is what Pulumi's language host for Go compiles where the pack is published as a binary. It checks the
// binary of this platform, which it embeds, and becomes it. It needs the standard library of Go 1.18 and no module, so
// nothing is fetched.
//
// The language host runs the program that it compiled from a temporary file, with the project's folder as the working
// folder, and tells it nothing of the pack's folder. That is why the binary is embedded.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// program is what the binary is called where it has a name.
const program = "pulumi-analyzer-dynamoguard"

func main() {
	if file == "" {
		fail(fmt.Errorf("this pack was published without a binary for %s/%s. It holds %s. "+
			"Have it published for this platform too, or in its source form", runtime.GOOS, runtime.GOARCH, strings.Join(platforms, ", ")))
	}
	if err := execInMemory(); errors.Is(err, errTampered) {
		fail(err)
	}
	// What cannot be done in memory, can with a file.
	if err := check(bytes.NewReader(binary)); err != nil {
		fail(err)
	}
	code, err := runFile()
	if err != nil {
		fail(err)
	}
	os.Exit(code)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "dynamoguard:", err)
	os.Exit(1)
}

var errTampered = errors.New("this is not what was published")

// check returns an error where what is read is not the binary that was published.
func check(content io.Reader) error {
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != sum {
		return fmt.Errorf("%w: the SHA-256 of %s is %s, and was %s. Nothing of it was run. "+
			"Remove the pack's folder, so that the CLI installs it again, and tell whoever publishes it where that is of no help",
			errTampered, file, got, sum)
	}
	return nil
}

// runFile runs the binary from a temporary file in a folder that nobody else can enter, and returns its exit code.
// Signals that this process is sent go on to it.
func runFile() (code int, err error) {
	folder, err := os.MkdirTemp("", "dynamoguard-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, program+suffix)
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		return 0, err
	}
	command := exec.Command(path, os.Args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if err := command.Start(); err != nil {
		return 0, err
	}
	// A running program needs no name, where the system lets that go.
	os.RemoveAll(folder)
	go func() {
		for s := range signals {
			command.Process.Signal(s) // Windows has none, and tells every process of the console itself
		}
	}()
	if err := command.Wait(); err != nil && command.ProcessState == nil {
		return 0, err
	}
	return exitCode(command.ProcessState), nil
}
