// Command demo shows what the policy pack does, on this machine alone: the
// real Pulumi CLI previews the sample project twice, first insecure, which the
// pack stops, then corrected, which passes. It needs no AWS account, no login,
// and leaves nothing behind but Go's caches.
//
// It exits with 0 when both previews end as they should.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/sandbox"
	"dynamoguard/e2e/internal/toolchain"
	"dynamoguard/e2e/sample"
)

// minimumCLI is the first version that takes a policy pack's binary.
var minimumCLI = semver.MustParse("3.255.0")

func main() {
	// A reader of stdout that goes away is one more reason to tidy up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	err := demo(ctx, os.Stdout)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "demo: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "dynamoguard-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	tools, err := build(ctx, dir, out)
	if err != nil {
		return err
	}
	box, err := sandbox.New(dir, tools)
	if err != nil {
		return err
	}

	insecure := preview{sandbox: box, pack: tools.Pack, stack: "insecure", program: sample.Insecure}
	fmt.Fprint(out, "\n1. The shop as it is often written (e2e/sample/insecure.go)\n\n")
	violations, err := insecure.run(ctx, out)
	if err != nil {
		return err
	}
	if box.ExitCode == 0 || violations == 0 {
		return fmt.Errorf("the insecure sample was not stopped: exit code %d, %d violations", box.ExitCode, violations)
	}
	fmt.Fprintf(out, "=> stopped by %d violations, exit code %d: nothing would have been deployed\n", violations, box.ExitCode)

	corrected := preview{sandbox: box, pack: tools.Pack, stack: "corrected", program: sample.Corrected}
	fmt.Fprint(out, "\n2. The same shop, corrected (e2e/sample/corrected.go)\n\n")
	violations, err = corrected.run(ctx, out)
	if err != nil {
		return err
	}
	if box.ExitCode != 0 || violations != 0 {
		return fmt.Errorf("the corrected sample did not pass: exit code %d, %d violations", box.ExitCode, violations)
	}
	fmt.Fprintln(out, "=> passed, exit code 0")
	return nil
}

// build builds what the demo runs, and says how far it is.
func build(ctx context.Context, dir string, out io.Writer) (toolchain.Tools, error) {
	cli, found := toolchain.FindCLI(ctx, minimumCLI, filepath.Join(dir, "pulumi"))
	if found {
		fmt.Fprintf(out, "Pulumi CLI: %s, version %s\n", cli.Path, cli.Version)
		fmt.Fprintln(out, "Building the policy pack and a stand-in for the AWS provider ...")
	} else {
		fmt.Fprintf(out, "Pulumi CLI: none on PATH of version %s or newer, so it is built too.\n", minimumCLI)
		fmt.Fprintln(out, "Building the policy pack, a stand-in for the AWS provider and the CLI ...")
		fmt.Fprintln(out, "(the first time takes several minutes, later times seconds)")
	}
	progress := startProgress(out)
	defer progress.stop()
	return toolchain.Build(ctx, cli, dir, progress)
}

// preview is one `pulumi preview` of a variant of the sample.
type preview struct {
	sandbox *sandbox.Sandbox
	pack    string // path of the policy pack's binary
	stack   string
	program pulumi.RunFunc
}

// run previews the program in a new stack, showing the CLI's output, and
// returns how many mandatory violations the CLI's events tell of.
func (p preview) run(ctx context.Context, out io.Writer) (violations int, err error) {
	stack, err := p.sandbox.NewStack(ctx, "shop", p.stack, p.program)
	if err != nil {
		return 0, err
	}

	// The Automation API adds flags to attach the program and the event stream.
	fmt.Fprintf(out, "$ pulumi preview --stack %s --policy-pack %s\n\n", p.stack, filepath.Base(p.pack))

	stream := make(chan events.EngineEvent)
	returned, counted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(counted)
		for {
			select {
			case event, ok := <-stream:
				if !ok {
					return
				}
				if event.PolicyEvent != nil && event.PolicyEvent.EnforcementLevel == "mandatory" {
					violations++
				}
			case <-returned:
				return
			}
		}
	}()
	p.sandbox.ExitCode = -1
	_, err = stack.Preview(ctx, optpreview.PolicyPacks(p.pack), optpreview.EventStreams(stream),
		optpreview.ProgressStreams(out), optpreview.ErrorProgressStreams(out), optpreview.Color(color()))
	close(returned)
	<-counted
	if p.sandbox.ExitCode > 0 {
		return violations, nil // the preview's own verdict, shown above
	}
	return violations, err
}

// color tells the CLI, which writes to a pipe, whether a person reads it.
func color() string {
	info, err := os.Stdout.Stat()
	if err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" {
		return "always"
	}
	return "never"
}

// progress counts the lines that compilers write and says so now and then.
type progress struct {
	lines chan int
	done  chan struct{}
}

func startProgress(out io.Writer) *progress {
	p := &progress{lines: make(chan int), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		start, ticker, packages := time.Now(), time.NewTicker(5*time.Second), 0
		defer ticker.Stop()
		for {
			select {
			case lines, ok := <-p.lines:
				if !ok {
					return
				}
				packages += lines
			case <-ticker.C:
				fmt.Fprintf(out, "  %d packages compiled, %s\n", packages, time.Since(start).Round(time.Second))
			}
		}
	}()
	return p
}

// Write counts lines: `go build -v` writes one for each package.
func (p *progress) Write(text []byte) (int, error) {
	p.lines <- strings.Count(string(text), "\n")
	return len(text), nil
}

func (p *progress) stop() {
	close(p.lines)
	<-p.done
}
