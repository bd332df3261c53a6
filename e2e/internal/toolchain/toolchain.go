// Package toolchain builds the programs of an end-to-end run: the Pulumi CLI,
// the policy pack, the stand-in providers, the language host for YAML and the
// stand-in for that of Go.
// Everything comes from source, at the versions that go.mod files name, and
// lands in Go's own build cache.
//
// The working directory of the process must lie within the module
// dynamoguard/e2e, as it does for a test and for `go run`.
package toolchain

import (
	"bytes"
	"context"
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
	ownModule  = "dynamoguard/e2e" // lies in a folder of the pack's module
	cliModule  = "github.com/pulumi/pulumi/pkg/v3"
	awsModule  = "github.com/pulumi/pulumi-aws/sdk/v6"
	yamlModule = "github.com/pulumi/pulumi-yaml"

	providerPackage = ownModule + "/provider"
	goHostPackage   = ownModule + "/gohost"

	// The linker sets these; a CLI without one has no version.
	cliVersionVariable  = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
	yamlVersionVariable = "github.com/pulumi/pulumi-yaml/pkg/version.Version"
)

// nativeVersion is that of npm's @pulumi/aws-native, whose types the stand-in
// has. No go.mod can name it: the module proxy refuses its Go SDK.
var nativeVersion = semver.MustParse("1.79.0")

// Line is a version of the CLI, by the folder of the module that names it.
type Line string

const (
	Oldest Line = "."      // the oldest that the pack is tested with, and its tests are compiled with
	Newest Line = "newest" // the newest
)

// CLI is a Pulumi command line.
type CLI struct {
	Path    string
	Version semver.Version
}

// Plugin is a plugin as the CLI finds it: in its plugin folder, by kind, name
// and version.
type Plugin struct {
	Kind    string // "resource" or "language"
	Name    string // of the package or language
	Version semver.Version
	Path    string
}

// Tools are the programs of an end-to-end run.
type Tools struct {
	CLI     CLI
	Pack    string   // path of pulumi-analyzer-dynamoguard
	Plugins []Plugin // the stand-in providers, and language hosts
}

// At returns a plugin of the tools, by its package, as another version. The
// stand-in provider is the version that its folder's name says.
func (t Tools) At(name, version string) (Plugin, error) {
	for _, plugin := range t.Plugins {
		if plugin.Kind == "resource" && plugin.Name == name {
			parsed, err := semver.Parse(version)
			plugin.Version = parsed
			return plugin, err
		}
	}
	return Plugin{}, fmt.Errorf("there is no plugin for the package %s", name)
}

// Build builds the pack and the stand-in providers into dir. The CLI is cli
// where that has a path, and else the oldest line; building that takes minutes
// in a cold cache, during which compilers write to progress.
func Build(ctx context.Context, cli CLI, dir string, progress io.Writer) (Tools, error) {
	tools := Tools{CLI: cli, Pack: filepath.Join(dir, "pulumi-analyzer-dynamoguard")}
	root, err := ownFolder(ctx)
	if err != nil {
		return Tools{}, err
	}
	awsVersion, err := versionOf(ctx, root, awsModule)
	if err != nil {
		return Tools{}, err
	}

	if err := BuildPack(ctx, tools.Pack, progress); err != nil {
		return Tools{}, err
	}
	// The engine warns of a provider older than the typed SDK.
	provider := filepath.Join(dir, "provider")
	versions := fmt.Sprintf("-X=main.awsVersion=%s -X=main.nativeVersion=%s", awsVersion, nativeVersion)
	if _, err := run(ctx, progress, "build", "-v", "-o", provider, "-ldflags="+versions, providerPackage); err != nil {
		return Tools{}, err
	}
	tools.Plugins = []Plugin{
		{"resource", "aws", awsVersion, provider},
		{"resource", "aws-native", nativeVersion, provider},
	}
	if tools.CLI.Path == "" {
		if tools.CLI, err = BuildCLI(ctx, Oldest, progress); err != nil {
			return Tools{}, err
		}
	}
	return tools, nil
}

// BuildPack builds the pack to a file, in its own module, with the versions
// that its users get.
func BuildPack(ctx context.Context, file string, progress io.Writer) error {
	root, err := ownFolder(ctx)
	if err != nil {
		return err
	}
	_, err = run(ctx, progress, "-C", filepath.Dir(root), "build", "-v", "-o", file, ".")
	return err
}

// BuildPackage builds a command of the module dynamoguard/e2e to a file.
func BuildPackage(ctx context.Context, importPath, file string, progress io.Writer) error {
	_, err := run(ctx, progress, "build", "-v", "-o", file, importPath)
	return err
}

// BuildCLI returns the Pulumi CLI of a line, which it builds unless Go's build
// cache holds it.
func BuildCLI(ctx context.Context, line Line, progress io.Writer) (CLI, error) {
	path, version, err := buildTool(ctx, string(line), cliModule, "cmd/pulumi", cliVersionVariable, progress)
	return CLI{path, version}, err
}

// BuildYAMLHost returns the language host for programs in YAML, which it builds
// unless Go's build cache holds it.
func BuildYAMLHost(ctx context.Context, progress io.Writer) (Plugin, error) {
	path, version, err := buildTool(ctx, "yamlhost", yamlModule, "cmd/pulumi-language-yaml", yamlVersionVariable, progress)
	return Plugin{"language", "yaml", version, path}, err
}

// BuildGoHost builds to a file the stand-in for the language host of Go. It has
// the version of the CLI.
func BuildGoHost(ctx context.Context, file string, cli semver.Version, progress io.Writer) (Plugin, error) {
	_, err := run(ctx, progress, "build", "-v", "-o", file, "-ldflags=-X=main.version="+cli.String(), goHostPackage)
	return Plugin{"language", "go", cli, file}, err
}

// BuildEject builds to a file the command that writes programs in YAML in other
// languages.
func BuildEject(ctx context.Context, file string, progress io.Writer) error {
	root, err := ownFolder(ctx)
	if err != nil {
		return err
	}
	_, err = run(ctx, progress, "-C", filepath.Join(root, "yamlhost"), "build", "-v", "-o", file, "./eject")
	return err
}

// buildTool returns a command in Go's build cache, and its version, which the
// module in a folder of dynamoguard/e2e names and the linker writes into a
// variable of the command.
func buildTool(
	ctx context.Context, folder, module, command, variable string, progress io.Writer,
) (string, semver.Version, error) {
	root, err := ownFolder(ctx)
	if err != nil {
		return "", semver.Version{}, err
	}
	folder = filepath.Join(root, folder)
	version, err := versionOf(ctx, folder, module)
	if err != nil {
		return "", semver.Version{}, err
	}
	// `go run` caches the executable, and -exec tells where it is. The run
	// that builds it names a temporary copy, gone by now; the next, the cache.
	for range 2 {
		path, err := run(ctx, progress, "-C", folder, "run", "-v", "-exec=echo",
			"-ldflags=-X="+variable+"=v"+version.String(), module+"/"+command)
		if err != nil {
			return "", semver.Version{}, err
		}
		if _, err := os.Stat(path); err == nil {
			return path, version, nil
		}
	}
	return "", semver.Version{}, fmt.Errorf("the build cache does not keep %s/%s", module, command)
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

// Caches returns the variables that lead the go command to the caches of this
// machine, whatever its home.
func Caches(ctx context.Context) ([]string, error) {
	out, err := run(ctx, io.Discard, "env", "GOCACHE", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	build, modules, _ := strings.Cut(out, "\n")
	return []string{"GOCACHE=" + build, "GOMODCACHE=" + modules}, nil
}

// ownFolder returns the folder of the module dynamoguard/e2e.
func ownFolder(ctx context.Context) (string, error) {
	return run(ctx, io.Discard, "list", "-m", "-f={{.Dir}}", ownModule)
}

// versionOf returns the version of a module that the go.mod in a folder names.
func versionOf(ctx context.Context, folder, module string) (semver.Version, error) {
	out, err := run(ctx, io.Discard, "-C", folder, "list", "-m", "-f={{.Version}}", module)
	if err != nil {
		return semver.Version{}, err
	}
	found, err := semver.ParseTolerant(out)
	if err != nil {
		return semver.Version{}, fmt.Errorf("version of %s: %w", module, err)
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
