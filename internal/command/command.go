// Package command is the binary: the analyzer plugin where the engine starts it, a command line where a person does.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/index"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/preview"
	"dynamoguard/internal/provider"
	"dynamoguard/internal/record"
	"dynamoguard/internal/session"
	"dynamoguard/internal/text"
)

// Run runs the binary with its arguments and returns its exit code. What a person runs, the first SIGINT or SIGTERM ends as
// it does any program that does not ask for signals: whatever it waits for.
func Run(args []string, version string, policies []*policy.Policy, stdin io.Reader, stdout, stderr io.Writer) int {
	if provider.Forwards(os.Args[0]) {
		return provider.Serve(os.Args[0], args, stdin, stdout, stderr)
	}
	var err error
	hint := "" // for people
	system := index.System()
	address, serving := engineAddress(args)
	switch {
	case isShim():
		err = ended(preview.Shim(context.Background(), args, preview.Streams{In: stdin, Out: stdout, Err: stderr}))
	case serving:
		if system.Getenv("GOGC") == "" {
			debug.SetGCPercent(gcPercent)
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		around := world(ctx, system)
		around.Session = join(system.Getenv(session.Variable), os.Args[0]) // before the engine hears of us, and so before any pack judges
		rules := engine.New(policies, time.Now).In(around)
		ended := sync.OnceFunc(func() {
			rules.Tell()
			keep(rules, version, record.In(system.Cache))
			reportRun(rules, version, system.Getenv(preview.ReportVariable), time.Now, stderr)
		})
		err = analyzer.Serve(ctx, address, version, rules, ended, stdout, stderr)
		ended() // of an engine that has gone without a word
	default:
		hint = "Run it with help for what it does.\n"
		root := rootCommand(version, policies)
		p := program{version: version, policies: policies, system: system, now: time.Now}
		root.AddCommand(
			checkCommand(p), reportCommand(p), explainCommand(p), policiesCommand(p), doctorCommand(p), previewCommand(), execCommand(),
			guardCommand(),
		)
		root.SetArgs(args)
		root.SetIn(stdin)
		root.SetOut(stdout)
		root.SetErr(stderr)
		err = root.ExecuteContext(context.Background())
	}
	return end(err, stderr, hint)
}

// gcPercent is GOGC of a pack that serves. What it keeps of a resource is little beside what it makes to judge one, so at Go's own 100
// a sixth of its time is that of the garbage collector. At 200 a stack of 10,000 resources takes a quarter more memory at its end.
const gcPercent = 200

// end returns the exit code for what a command returned, and says why unless the command has.
func end(err error, stderr io.Writer, hint string) int {
	code := exitCode(1)
	coded := codedError{}
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &coded):
		code, err, hint = coded.code, coded.error, ""
	}
	_, _ = fmt.Fprintf(stderr, "dynamoguard: %s\n%s", text.Error(err), hint)
	return int(code)
}

// A program is what the commands on runs work with.
type program struct {
	version  string
	policies []*policy.Policy
	system   index.Machine
	now      func() time.Time
}

// keep keeps what was judged, for explain. It takes no longer than a second, and where it fails nothing is kept: the run is what
// matters.
func keep(rules *engine.Engine, version string, store record.Store) {
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		for _, r := range record.Of(rules.Run(), version, time.Now()) {
			if store.Save(r) != nil {
				return
			}
		}
	}()
	select {
	case <-kept:
	case <-time.After(time.Second):
	}
}

// engineAddress tells the engine, which ends its arguments with its own address after flags of its choosing, from a
// person, who starts with a command.
func engineAddress(args []string) (string, bool) {
	if len(args) == 0 || len(args) > 1 && !strings.HasPrefix(args[0], "-") {
		return "", false
	}
	last := args[len(args)-1]
	_, port, err := net.SplitHostPort(last)
	if err != nil {
		return "", false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", false
	}
	return last, true
}

func rootCommand(version string, policies []*policy.Policy) *cobra.Command {
	root := &cobra.Command{
		Use:   "pulumi-analyzer-dynamoguard",
		Short: "DynamoGuard, a Pulumi policy pack for Amazon DynamoDB",
		Long: fmt.Sprintf(`DynamoGuard is a Pulumi policy pack for Amazon DynamoDB: %d policies on who may touch which table, on how tables
are named, recovered and encrypted, and on the SOC 2 criteria that each is evidence for.

Pulumi runs it; pass it this file:

  pulumi preview --policy-pack path/to/pulumi-analyzer-dynamoguard`, len(policies)),
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	info, _ := debug.ReadBuildInfo()
	root.SetVersionTemplate(about(version, commit, committed, info))
	root.AddCommand(simulateCommand(), &cobra.Command{
		Use:   "version",
		Short: "Print the version of the pack",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), version)
			return err
		},
	})
	root.AddCommand(indexCommand())
	return root
}
