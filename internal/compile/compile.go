// Package compile compiles the pack for whoever releases or publishes it: the same commit and the same Go come to the same bytes,
// wherever that is.
package compile

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Name is the name by which the engine finds an analyzer.
const Name = "pulumi-analyzer-dynamoguard"

// A Platform is a GOOS and a GOARCH.
type Platform struct{ OS, Arch string }

// Platforms are those that the pack is made for.
var Platforms = []Platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Suffix is that of programs.
func (p Platform) Suffix() string {
	if p.OS == "windows" {
		return ".exe"
	}
	return ""
}

// Named returns the platforms of names such as linux/amd64, which commas separate.
func Named(names string) ([]Platform, error) {
	var named []Platform
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(Platforms, func(p Platform) bool { return p.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("platform %q is not one of %s", name, List())
		}
		named = append(named, Platforms[i])
	}
	return named, nil
}

// List is the names of all platforms, separated by commas.
func List() string {
	var names []string
	for _, p := range Platforms {
		names = append(names, p.String())
	}
	return strings.Join(names, ",")
}

// Go runs the go command for the platform and returns what it prints. Nothing of the caller's environment decides what is compiled but
// which Go it is.
func (p Platform) Go(ctx context.Context, root string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = root
	deciding := []string{"GOEXPERIMENT", "GODEBUG", "GOWORK"}
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(deciding, name)
	})
	command.Env = append(command.Env, "GOOS="+p.OS, "GOARCH="+p.Arch, "GOAMD64=v1", "GOARM64=v8.0",
		"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOFIPS140=off", "GOWORK=off")
	return Output(command)
}

// Output runs a command and returns what it prints; what it says of an error is part of that.
func Output(command *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, stderr.String())
	}
	return out, nil
}

// A Commit is what a binary is made of; the zero Commit is none.
type Commit struct {
	Hash string
	Time time.Time // in UTC
}

// Head returns the commit that is checked out in a folder.
func Head(root string) (Commit, error) {
	out, err := Output(exec.Command("git", "-C", root, "log", "-1", "--format=%H %ct"))
	if err != nil {
		return Commit{}, err
	}
	hash, seconds, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return Commit{}, fmt.Errorf("git log: %w", err)
	}
	return Commit{hash, time.Unix(unix, 0).UTC()}, nil
}

// Binary returns the binary of the sources in a folder, which tells the commit that they are of.
func (p Platform) Binary(ctx context.Context, source string, of Commit) ([]byte, error) {
	folder, err := os.MkdirTemp("", "dynamoguard-compile-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file, flags := filepath.Join(folder, Name+p.Suffix()), "-ldflags=-s -w"
	if of.Hash != "" {
		const variables = " -X=dynamoguard/internal/command."
		flags += variables + "commit=" + of.Hash + variables + "committed=" + of.Time.Format(time.RFC3339)
	}
	// The version control of wherever this is run would decide otherwise: by a tag that one clone has and another has not.
	if _, err := p.Go(ctx, source, "build", "-trimpath", "-buildvcs=false", "-o", file, flags, "."); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}
