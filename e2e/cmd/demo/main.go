// Command demo shows what the policy pack does, on this machine alone. In its
// first act the real Pulumi CLI previews the sample project twice, first
// insecure, which the pack stops, then corrected, which passes. In the second
// it previews a program whose violation hangs on the ARN of a new table: it
// passes `pulumi preview`, and `dynamoguard preview` stops it. The demo needs no
// AWS account, no login, and leaves nothing behind but Go's caches.
//
// It exits with 0 when all previews end as they should.
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
	"dynamoguard/internal/text"
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

	for _, act := range []struct {
		title   string
		preview preview
		stopped bool
		verdict string // what follows the outcome
	}{
		{"1. The shop as it is often written (e2e/sample/insecure.go)",
			preview{stack: "insecure", program: sample.Insecure}, true, ": nothing would have been deployed"},
		{"2. The same shop, corrected (e2e/sample/corrected.go)",
			preview{stack: "corrected", program: sample.Corrected}, false, ""},
		{"3. The same shop, with the ARN of a new table in a policy (e2e/sample/interpolated.go)",
			preview{stack: "interpolated", program: sample.Interpolated}, false,
			": the ARN is not known yet, so only `pulumi up` would stop, half-way, with two tables created"},
		{"4. The same program, with what is to be created foreseen",
			preview{stack: "foreseen", program: sample.Interpolated, foreseen: true}, true, ": nothing would have been deployed"},
	} {
		fmt.Fprintf(out, "\n%s\n\n", act.title)
		violations, err := act.preview.run(ctx, box, tools.Pack, out)
		if err != nil {
			return err
		}
		if (box.ExitCode != 0) != act.stopped || (violations != 0) != act.stopped {
			return fmt.Errorf("the preview of stack %s ended otherwise than it should: exit code %d, %s",
				act.preview.stack, box.ExitCode, text.Count(violations, "violation", "violations"))
		}
		if act.stopped {
			fmt.Fprintf(out, "=> stopped by %s, exit code %d%s\n",
				text.Count(violations, "violation", "violations"), box.ExitCode, act.verdict)
		} else {
			fmt.Fprintf(out, "=> passed, exit code 0%s\n", act.verdict)
		}
	}
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

// preview is one preview of a variant of the sample.
type preview struct {
	stack    string
	program  pulumi.RunFunc
	foreseen bool // by `dynamoguard preview`, else `pulumi preview`
}

// run previews the program in a new stack, showing the output, and returns how
// many mandatory violations the CLI's events tell of. The pack is the path of
// its binary.
func (p preview) run(ctx context.Context, box *sandbox.Sandbox, pack string, out io.Writer) (violations int, err error) {
	stack, err := box.NewStack(ctx, "shop", p.stack, p.program)
	if err != nil {
		return 0, err
	}

	// The Automation API adds flags to attach the program and the event stream.
	options := []optpreview.Option{optpreview.ProgressStreams(out), optpreview.ErrorProgressStreams(out), optpreview.Color(color())}
	if p.foreseen {
		box.Through = []string{pack, "preview"}
		defer func() { box.Through = nil }()
		fmt.Fprintf(out, "$ %s preview --stack %s\n\n", filepath.Base(pack), p.stack)
	} else {
		options = append(options, optpreview.PolicyPacks(pack))
		fmt.Fprintf(out, "$ pulumi preview --stack %s --policy-pack %s\n\n", p.stack, filepath.Base(pack))
	}

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
	box.ExitCode = -1
	_, err = stack.Preview(ctx, append(options, optpreview.EventStreams(stream))...)
	close(returned)
	<-counted
	if box.ExitCode > 0 {
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
