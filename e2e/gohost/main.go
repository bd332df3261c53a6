// Command gohost is a stand-in for pulumi-language-go, the language host of Go: the module proxy refuses that module. It
// does for policy packs what the real one does, by its public source (sdk/go/pulumi-language-go/main.go of
// github.com/pulumi/pulumi): it installs a pack's dependencies with `go mod tidy -compat=1.18`, and compiles the pack for
// each run, to a temporary file. It asks for the same Go, 1.14, and words what it reports as the real one does. It says
// what it is where it speaks for itself: in what an installation prints, and as its version.
//
// Left out are programs, which the tests run through the Automation API or in YAML, debuggers, pseudo-terminals and the
// generation of code.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/executable"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// version is that of the CLI it stands beside, which the linker sets.
var version string

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "stand-in for pulumi-language-go:", err)
		os.Exit(1)
	}
}

// serve answers the engine until that is gone, or interrupts.
func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 1 {
		engine := os.Args[len(os.Args)-1]
		if err := rpcutil.Healthcheck(ctx, engine, 5*time.Minute, stop); err != nil {
			return err
		}
	}
	ended := make(chan bool)
	context.AfterFunc(ctx, func() { close(ended) })
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: ended,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host{})
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
}

func (host) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version + "-standin"}, nil
}

func (host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil // a pack needs no provider
}

// InstallDependencies is called in the folder of a pack that was downloaded, once.
func (host) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	stdout := writer(func(b []byte) error { return server.Send(&pulumirpc.InstallDependenciesResponse{Stdout: b}) })
	stderr := writer(func(b []byte) error { return server.Send(&pulumirpc.InstallDependenciesResponse{Stderr: b}) })
	fmt.Fprint(stdout, "stand-in for pulumi-language-go: Installing dependencies...\n\n")
	gobin, err := executable.FindExecutable("go")
	if err != nil {
		return err
	}
	if err := recent(server.Context(), gobin); err != nil {
		return err
	}
	tidy := exec.CommandContext(server.Context(), gobin, "mod", "tidy", "-compat=1.18")
	tidy.Dir, tidy.Stdout, tidy.Stderr = request.Info.ProgramDirectory, stdout, stderr
	if err := tidy.Run(); err != nil {
		return fmt.Errorf("`go mod tidy` failed to install dependencies: %w", err)
	}
	fmt.Fprint(stdout, "Finished installing dependencies\n\n")
	return nil
}

// RunPlugin is called for each run of a pack, which it compiles.
func (host) RunPlugin(request *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer) error {
	stdout := writer(func(b []byte) error {
		return server.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: b}})
	})
	stderr := writer(func(b []byte) error {
		return server.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: b}})
	})
	program, err := compile(server.Context(), request.Info.ProgramDirectory, stdout, stderr)
	if err != nil {
		return fmt.Errorf("error in compiling Go: %w", err)
	}
	defer os.Remove(program)

	command := exec.CommandContext(server.Context(), program, request.Args...)
	command.Dir, command.Env, command.Stdout, command.Stderr = request.Pwd, request.Env, stdout, stderr
	err = command.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return server.Send(&pulumirpc.RunPluginResponse{
			Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(exit.ExitCode())},
		})
	}
	if err != nil {
		return fmt.Errorf("problem executing plugin program (could not run language executor): %w", err)
	}
	return nil
}

// compile compiles the package in a folder, and returns the temporary file with the program. The options binary and
// buildTarget of a project are of no effect to plugins.
func compile(ctx context.Context, folder string, stdout, stderr io.Writer) (string, error) {
	pattern := filepath.Join(folder, "*.go")
	if files, err := filepath.Glob(pattern); err != nil || len(files) == 0 {
		//lint:ignore ST1005 the real one's words
		return "", fmt.Errorf("Failed to find go files for 'go build' matching %s", pattern)
	}
	file, err := os.CreateTemp("", "pulumi-go.*")
	if err != nil {
		return "", fmt.Errorf("unable to create go program temp file: %w", err)
	}
	if err := file.Close(); err != nil {
		return "", fmt.Errorf("unable to close go program temp file: %w", err)
	}
	gobin, err := executable.FindExecutable("go")
	if err != nil {
		os.Remove(file.Name())
		return "", fmt.Errorf("unable to find 'go' executable: %w", err)
	}
	build := exec.CommandContext(ctx, gobin, "build", "-buildvcs=false", "-o", file.Name(), "-trimpath", "-ldflags", "-w -s")
	build.Dir, build.Stdout, build.Stderr = folder, stdout, stderr
	if err := build.Run(); err != nil {
		os.Remove(file.Name())
		return "", fmt.Errorf("unable to run `go build`: %w", err)
	}
	return file.Name(), nil
}

var goVersion = regexp.MustCompile(`go(\d+(?:\.\d+)*)`)

// recent returns an error where a go command is older than the language host supports.
func recent(ctx context.Context, gobin string) error {
	out, err := exec.CommandContext(ctx, gobin, "version").Output()
	if err != nil {
		return fmt.Errorf("determining go version: %w", err)
	}
	match := goVersion.FindSubmatch(out)
	if match == nil {
		return fmt.Errorf("unexpected output for go version %q", out)
	}
	found, err := semver.ParseTolerant(string(match[1]))
	if err != nil {
		return fmt.Errorf("parsing go version: %w", err)
	}
	if minimum := semver.MustParse("1.14.0"); found.LT(minimum) {
		return errors.New("go version must be " + minimum.String() + " or higher (" + strconv.Quote(found.String()) + " detected)")
	}
	return nil
}

// A writer sends what is written.
type writer func([]byte) error

func (w writer) Write(b []byte) (int, error) {
	if err := w(b); err != nil {
		return 0, err
	}
	return len(b), nil
}
