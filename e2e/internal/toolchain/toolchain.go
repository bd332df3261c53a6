// Package toolchain builds the programs of an end-to-end run: the Pulumi CLI,
// the policy pack, and the stand-in provider. Everything comes from source,
// at the versions that go.mod names, and lands in Go's own build cache.
//
// The working directory of the process must lie within the module
// dynamoguard/e2e, as it does for a test and for `go run`.
package toolchain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/blang/semver"
)

const (
	ownModule = "dynamoguard/e2e" // lies in a folder of the pack's module
	cliModule = "github.com/pulumi/pulumi/pkg/v3"
	awsModule = "github.com/pulumi/pulumi-aws/sdk/v6"

	cliPackage      = cliModule + "/cmd/pulumi"
	providerPackage = ownModule + "/provider"

	// cliVersionVariable is set by the linker; a CLI without it has no version.
	cliVersionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
)

// CLI is a Pulumi command line.
type CLI struct {
	Path    string
	Version semver.Version
}

// Tools are the programs of an end-to-end run.
type Tools struct {
	CLI             CLI
	Pack            string         // path of pulumi-analyzer-dynamoguard
	Provider        string         // path of the stand-in pulumi-resource-aws
	ProviderVersion semver.Version // the version that the typed SDK asks the engine for
}

// Build builds the pack and the stand-in provider into dir. The CLI is cli
// where that has a path, and else the one that go.mod names; building that
// takes minutes in a cold cache, during which compilers write to progress.
func Build(ctx context.Context, cli CLI, dir string, progress io.Writer) (Tools, error) {
	tools := Tools{
		CLI:      cli,
		Pack:     filepath.Join(dir, "pulumi-analyzer-dynamoguard"),
		Provider: filepath.Join(dir, "pulumi-resource-aws"),
	}
	aws, err := findModule(ctx, awsModule)
	if err != nil {
		return Tools{}, err
	}
	if tools.ProviderVersion, err = semver.ParseTolerant(aws.Version); err != nil {
		return Tools{}, fmt.Errorf("version of %s: %w", awsModule, err)
	}

	if err := BuildPack(ctx, tools.Pack, progress); err != nil {
		return Tools{}, err
	}
	// The engine warns of a provider older than the typed SDK.
	if _, err := run(ctx, progress, "build", "-v", "-o", tools.Provider,
		"-ldflags=-X=main.version="+tools.ProviderVersion.String(), providerPackage); err != nil {
		return Tools{}, err
	}
	if tools.CLI.Path == "" {
		if tools.CLI, err = BuildCLI(ctx, progress); err != nil {
			return Tools{}, err
		}
	}
	return tools, nil
}

// BuildPack builds the pack to a file, in its own module, with the versions
// that its users get.
func BuildPack(ctx context.Context, file string, progress io.Writer) error {
	own, err := findModule(ctx, ownModule)
	if err != nil {
		return err
	}
	_, err = run(ctx, progress, "-C", filepath.Dir(own.Dir), "build", "-v", "-o", file, ".")
	return err
}

// BuildPackage builds a command of the module dynamoguard/e2e to a file.
func BuildPackage(ctx context.Context, importPath, file string, progress io.Writer) error {
	_, err := run(ctx, progress, "build", "-v", "-o", file, importPath)
	return err
}

// BuildCLI returns the Pulumi CLI of the version in go.mod, which it builds
// unless Go's build cache holds it.
func BuildCLI(ctx context.Context, progress io.Writer) (CLI, error) {
	module, err := findModule(ctx, cliModule)
	if err != nil {
		return CLI{}, err
	}
	version, err := semver.ParseTolerant(module.Version)
	if err != nil {
		return CLI{}, fmt.Errorf("version of %s: %w", cliModule, err)
	}

	// `go run` caches the executable, and -exec tells where it is. The run
	// that builds it names a temporary copy, gone by now; the next, the cache.
	for range 2 {
		path, err := run(ctx, progress, "run", "-v", "-exec=echo",
			"-ldflags=-X="+cliVersionVariable+"="+module.Version, cliPackage)
		if err != nil {
			return CLI{}, err
		}
		if _, err := os.Stat(path); err == nil {
			return CLI{Path: path, Version: version}, nil
		}
	}
	return CLI{}, errors.New("the build cache does not keep the Pulumi CLI")
}

// FindCLI returns the pulumi on PATH, and whether it is there and no older
// than minimum. Asked for its version, the CLI writes to the folder home.
func FindCLI(ctx context.Context, minimum semver.Version, home string) (CLI, bool) {
	path, err := exec.LookPath("pulumi")
	if err != nil {
		return CLI{}, false
	}
	command := exec.CommandContext(ctx, path, "version")
	command.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_HOME="+home)
	out, err := command.Output()
	if err != nil {
		return CLI{}, false
	}
	version, err := semver.ParseTolerant(strings.TrimSpace(string(out)))
	if err != nil || version.LT(minimum) {
		return CLI{}, false
	}
	return CLI{Path: path, Version: version}, true
}

// module is what `go list -m -json` says of a module.
type module struct{ Dir, Version string }

func findModule(ctx context.Context, path string) (module, error) {
	out, err := run(ctx, io.Discard, "list", "-m", "-json", path)
	if err != nil {
		return module{}, err
	}
	var found module
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		return module{}, fmt.Errorf("go list -m %s: %w", path, err)
	}
	return found, nil
}

// run runs the go command and returns what it prints, without the final
// newline; what it reports goes to progress, and into the error.
func run(ctx context.Context, progress io.Writer, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, "go", args...)
	command.Stdout, command.Stderr = &stdout, io.MultiWriter(progress, &stderr)
	// Interrupted, the go command ends its compilers and removes its files.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(stdout.String()), nil
}
