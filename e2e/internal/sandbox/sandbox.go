// Package sandbox runs the Pulumi CLI apart from everything a machine has of
// its own: the home folder, the Pulumi home, the backend, AWS credentials.
package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/toolchain"
)

// Sandbox is a folder with all that a run of the CLI may touch. It implements
// [auto.PulumiCommand].
type Sandbox struct {
	dir string
	cli toolchain.CLI

	// Env holds further environment variables of the CLI, as "NAME=value", and Always those that what is installed needs.
	Env, Always []string
	// Through, where set, is run in the place of `pulumi preview`, its path and first arguments. What the preview's
	// arguments are is added to them.
	Through []string
	// Started, where set, is called with each process of the CLI.
	Started func(*os.Process, []string)
	// ExitCode and Stderr are those of the CLI's last run. The exit code is -1
	// where the CLI was ended by a signal or did not start.
	ExitCode int
	Stderr   string
}

// New prepares dir, an existing folder, with the plugins installed.
func New(dir string, tools toolchain.Tools) (*Sandbox, error) {
	s := &Sandbox{dir: dir, cli: tools.CLI}
	for _, folder := range []string{"bin", "home", "tmp", "backend", "project"} {
		if err := os.MkdirAll(s.path(folder), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.Symlink(tools.CLI.Path, filepath.Join(s.path("bin"), "pulumi")); err != nil {
		return nil, err
	}
	for _, plugin := range tools.Plugins {
		if err := s.Install(plugin); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Dir returns the folder.
func (s *Sandbox) Dir() string { return s.dir }

// Install puts a plugin into the plugin folder, as the CLI would.
func (s *Sandbox) Install(plugin toolchain.Plugin) error {
	folder := s.PluginFolder(plugin)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.Symlink(plugin.Path, filepath.Join(folder, "pulumi-"+plugin.Kind+"-"+plugin.Name))
}

// PluginFolder returns the folder of an installed plugin: the root and program
// directory that the engine tells it.
func (s *Sandbox) PluginFolder(plugin toolchain.Plugin) string {
	return filepath.Join(s.Home(), "plugins", fmt.Sprintf("%s-%s-v%s", plugin.Kind, plugin.Name, plugin.Version))
}

// Home returns the Pulumi home.
func (s *Sandbox) Home() string { return s.path("pulumi") }

func (s *Sandbox) path(name string) string { return filepath.Join(s.dir, name) }

// NewStack creates a stack of a project whose program is the given function,
// through the Automation API. Its region is us-east-1.
func (s *Sandbox) NewStack(ctx context.Context, project, stack string, program pulumi.RunFunc) (auto.Stack, error) {
	return s.inline(ctx, auto.NewStackInlineSource, project, stack, program)
}

// SelectStack is NewStack for one that the backend has already.
func (s *Sandbox) SelectStack(ctx context.Context, project, stack string, program pulumi.RunFunc) (auto.Stack, error) {
	return s.inline(ctx, auto.SelectStackInlineSource, project, stack, program)
}

func (s *Sandbox) inline(
	ctx context.Context,
	get func(_ context.Context, stack, project string, _ pulumi.RunFunc, _ ...auto.LocalWorkspaceOption) (auto.Stack, error),
	project, stack string, program pulumi.RunFunc,
) (auto.Stack, error) {
	got, err := get(ctx, stack, project, program,
		auto.Pulumi(s),
		auto.WorkDir(s.path("project")),
		auto.Project(workspace.Project{
			Name:    tokens.PackageName(project),
			Runtime: workspace.NewProjectRuntimeInfo("go", nil),
		}))
	if err != nil {
		return auto.Stack{}, err
	}
	return got, got.SetConfig(ctx, "aws:region", auto.ConfigValue{Value: "us-east-1"})
}

// NewProjectStack creates a stack of the project in a folder, which is copied to
// the sandbox.
func (s *Sandbox) NewProjectStack(ctx context.Context, folder, stack string) (auto.Stack, error) {
	if err := os.CopyFS(s.path("project"), os.DirFS(folder)); err != nil {
		return auto.Stack{}, err
	}
	return auto.NewStackLocalSource(ctx, stack, s.path("project"), auto.Pulumi(s))
}

// Operation is one line of the stand-in provider's log; the provider's own
// type event says what the fields are.
type Operation struct {
	Operation        string // "start", "handshake", "configure", "invoke", "read", "create", "update", "delete", "fault"
	Process          int
	Version          string
	URN, Token, ID   string
	Account, Region  string
	Values           map[string]any
	RootDirectory    string
	ProgramDirectory string
	Command          []string
	Home             string
	Variables        []string
}

// Operations returns what the processes of the stand-in provider were asked
// for, and did, in order.
func (s *Sandbox) Operations() ([]Operation, error) {
	file, err := os.Open(s.path("operations"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []Operation
	for decoder := json.NewDecoder(file); ; {
		var next Operation
		if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("the provider's log: %w", err)
		}
		all = append(all, next)
	}
}

// Exists has the stand-in provider find a resource that no run created.
func (s *Sandbox) Exists(o Operation) error {
	o.Operation = "create"
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(s.path("operations"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// Holding returns the files in the sandbox that hold a text, but for what AWS
// itself knows.
func (s *Sandbox) Holding(text string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || path == s.path("operations") {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	return found, err
}

// environment returns all variables of the CLI, which is first on PATH. Of the
// machine's own it has PATH and what a process needs to start at all.
func (s *Sandbox) environment() []string {
	env := []string{
		"HOME=" + s.path("home"),
		"USERPROFILE=" + s.path("home"),
		"TMPDIR=" + s.path("tmp"),
		"TMP=" + s.path("tmp"),
		"PULUMI_HOME=" + s.Home(),
		"PULUMI_BACKEND_URL=file://" + filepath.ToSlash(s.path("backend")),
		"PULUMI_CONFIG_PASSPHRASE=passphrase",
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PULUMI_IGNORE_AMBIENT_PLUGINS=true", // a real provider on PATH
		"PULUMI_AUTOMATION_API=true",
		"STANDIN_AWS_LOG=" + s.path("operations"),
	}
	if value, ok := os.LookupEnv("SYSTEMROOT"); ok {
		env = append(env, "SYSTEMROOT="+value)
	}
	env = append(env, "PATH="+s.path("bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return slices.Concat(env, s.Always, s.Env)
}

// Version returns the CLI's version.
func (s *Sandbox) Version() semver.Version { return s.cli.Version }

// Run runs the CLI without a terminal and returns what it wrote to stdout and
// stderr, and its exit code. When ctx ends, the CLI is interrupted first.
func (s *Sandbox) Run(
	ctx context.Context, workdir string, stdin io.Reader, stdout, stderr []io.Writer, env []string, args ...string,
) (string, string, int, error) {
	if workdir == "" {
		workdir = s.path("project")
	}
	name, args := s.cli.Path, append([]string{"--non-interactive"}, args...)
	if s.Through != nil && args[1] == "preview" {
		name, args = s.Through[0], slices.Concat(s.Through[1:], args[2:], args[:1])
	}
	command := exec.CommandContext(ctx, name, args...)
	command.Dir, command.Stdin = workdir, stdin
	command.Env = append(s.environment(), env...)
	var out, errOut bytes.Buffer
	command.Stdout = io.MultiWriter(append(stdout, &out)...)
	command.Stderr = io.MultiWriter(append(stderr, &errOut)...)
	inOwnGroup(command)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 20 * time.Second

	err := command.Start()
	if err == nil {
		if s.Started != nil {
			s.Started(command.Process, args)
		}
		err = command.Wait()
	}
	s.ExitCode, s.Stderr = command.ProcessState.ExitCode(), errOut.String()
	return out.String(), s.Stderr, s.ExitCode, err
}

// Command is another program in the project's folder, with the variables of
// the CLI.
func (s *Sandbox) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir, command.Env = s.path("project"), s.environment()
	return command
}

// Pulumi runs the CLI with the given arguments in the project's folder.
func (s *Sandbox) Pulumi(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	stdout, stderr, _, err = s.Run(ctx, "", nil, nil, nil, nil, args...)
	if err != nil {
		err = fmt.Errorf("pulumi %s: %w", strings.Join(args, " "), err)
	}
	return stdout, stderr, err
}
