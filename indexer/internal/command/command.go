// Package command is the command line of dynamoguard-index.
package command

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"dynamoguard/indexer/internal/build"
	"dynamoguard/indexer/internal/regular"
	"dynamoguard/indexer/internal/stacks"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// Exit codes.
const (
	ok          = 0
	failed      = 1   // what was asked for was not done
	incomplete  = 3   // the index was written, without all that it should hold
	interrupted = 130 // as a shell tells of SIGINT
)

// Errors that were told of where they came up.
var (
	errIncomplete  = errors.New("the index is not complete")
	errInterrupted = errors.New("interrupted")
)

// grace is how long a command may take to end after a signal, to say what it leaves behind.
const grace = time.Second

// Run runs the program with its arguments and returns its exit code. What it has to say goes to stderr. The first SIGINT or
// SIGTERM ends it, also where it waits for what does not come.
func Run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	root := rootCommand(stderr)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(grace):
			err = ctx.Err()
		}
	}
	switch {
	case err == nil:
		return ok
	case errors.Is(err, errIncomplete):
		return incomplete
	case errors.Is(err, errInterrupted):
		return interrupted
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		_ = say(stderr, "%v", errInterrupted)
		return interrupted
	default:
		for i, line := range strings.Split(text.Error(err), "\n") {
			if i == 0 {
				line = "dynamoguard-index: " + line
			}
			_ = say(stderr, "%s", line)
		}
		return failed
	}
}

func rootCommand(stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "dynamoguard-index",
		Short: "Make the table index of DynamoGuard",
		Long: `dynamoguard-index makes the table index of DynamoGuard, which tells a preview of one stack about the DynamoDB tables
of all others.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(buildCommand(stderr), mergeCommand(), validateCommand())
	return root
}

func buildCommand(stderr io.Writer) *cobra.Command {
	var backend, organization string
	var key signingKey
	options := build.Options{Now: time.Now}
	c := &cobra.Command{
		Use:   "build",
		Short: "Read every stack of a backend, and write the index of their tables",
		Long: `build reads every stack of a backend, and writes the index of their tables.

A stack that has not changed since the last build is not read again: what was read of each is kept beside the index, in
a file named like it with .stacks at the end. It also holds what an interrupted build has read; run it again to go on.

The exit code is 3 where the index was written, but a stack could not be read; what an earlier build read of it stays.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if options.Parallel < 1 {
				return fmt.Errorf("--parallel is %d; it must be at least 1", options.Parallel)
			}
			var err error
			if options.Key, err = key.read(); err != nil {
				return err
			}
			if backend == "" {
				if backend, err = stacks.CurrentURL(); err != nil {
					return err
				}
			}
			opened, err := stacks.Open(c.Context(), backend, organization)
			if err != nil {
				return err
			}
			bar := newProgress(stderr)
			options.Backend, options.Progress = opened, bar.show
			result, err := build.Run(c.Context(), options)
			bar.close()
			err = errors.Join(err, opened.Close())
			return report(stderr, c.Context(), opened.URL(), options.Output, result, err)
		},
	}
	flags := c.Flags()
	flags.StringVar(&backend, "backend", "", "URL of the backend (default: the CLI's own, as PULUMI_BACKEND_URL, Pulumi.yaml or a login say)")
	flags.StringVar(&organization, "organization", "", "of Pulumi Cloud, read the stacks of one organization (default: all that the token can see)")
	flags.StringVarP(&options.Output, "output", "o", "dynamoguard-index.json", "file of the index")
	flags.BoolVar(&options.All, "all", false, "read the unchanged stacks too")
	flags.IntVar(&options.Parallel, "parallel", 8, "number of stacks read at the same time")
	flags.DurationVar(&options.Timeout, "timeout", 2*time.Minute, "time after which a stack counts as one that cannot be read")
	flags.DurationVar(&options.ListTimeout, "list-timeout", 10*time.Minute, "time after which the backend counts as one that cannot be listed")
	key.register(c)
	return c
}

// report says what came of a build, each stack that could not be read by name.
func report(w io.Writer, ctx context.Context, backend, output string, r build.Result, err error) error {
	for _, f := range r.Failed {
		kept := "the index has nothing of it"
		if !f.Earlier.IsZero() {
			kept = "the index has what was read of it at " + f.Earlier.UTC().Format(time.RFC3339)
		}
		_ = say(w, "%s could not be read: %v (%s)", f.Stack, f.Err, kept)
	}
	switch {
	case err != nil && ctx.Err() == nil:
		return err
	case err != nil && r.Listed == 0:
		_ = say(w, "interrupted; the index is as it was")
		return errInterrupted
	case err != nil:
		_ = say(w, "interrupted with %d of %d stacks read; the index is as it was, and the same command goes on from here",
			r.Unchanged+r.Read, r.Listed)
		return errInterrupted
	}
	_ = say(w, "%s: %s of %s in %s (%d read, %d unchanged, %d failed)", output,
		count(r.Tables, "table"), count(r.Listed, "stack"), backend, r.Read, r.Unchanged, len(r.Failed))
	if r.Secret > 0 {
		_ = say(w, "%s left out, whose name is secret", count(r.Secret, "table"))
	}
	if len(r.Failed) > 0 {
		return errIncomplete
	}
	return nil
}

// mostLine is how long a line for people may be, in bytes: a service may answer with any text, and name a stack by it.
const mostLine = 4 << 10

// say writes one line for people.
func say(w io.Writer, format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	if len(line) > mostLine {
		line = strings.ToValidUTF8(line[:mostLine], "") + "..."
	}
	_, err := fmt.Fprintln(w, text.Printable(line))
	return err
}

func mergeCommand() *cobra.Command {
	var output string
	var key signingKey
	var signedBy verifyingKey
	c := &cobra.Command{
		Use:   "merge INDEX...",
		Short: "Write one index with the tables of several",
		Long: `merge writes one index with the tables of several, such as those of several backends. Of a stack that more than
one was made of, the newest index has the say. Stacks of the same name in different backends are different stacks. An index
from the future is refused: it would have the say over all others.

The signatures of the indexes do not go into what is written: sign it anew with --sign. With --public-key, all of them must
be signed by that key.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			signWith, err := key.read()
			if err != nil {
				return err
			}
			publicKey, err := signedBy.parse()
			if err != nil {
				return err
			}
			indexes := make([]*tables.Index, len(files))
			for i, file := range files {
				if indexes[i], err = readIndex(file, publicKey); err != nil {
					return err
				}
			}
			return build.WriteIndex(output, tables.Merge(indexes...), signWith)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "file of the merged index")
	_ = c.MarkFlagRequired("output") // fails for a flag that is not there
	signedBy.register(c)
	key.register(c)
	return c
}

func validateCommand() *cobra.Command {
	var signedBy verifyingKey
	c := &cobra.Command{
		Use:   "validate INDEX...",
		Short: "Say what indexes hold, and whether they can be used",
		Long: `validate says of each index how many tables it holds, how old it is and what it lacks. The exit code is 1 where one
cannot be used, and else 3 where one is not complete. With --public-key, one that is not signed by that key cannot be used.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			publicKey, err := signedBy.parse()
			if err != nil {
				return err
			}
			var unusable []error
			complete := true
			for _, file := range files {
				index, err := readIndex(file, publicKey)
				if err != nil {
					unusable = append(unusable, err)
					continue
				}
				complete = complete && index.Complete()
				if err := describe(c.OutOrStdout(), file, index); err != nil {
					return err
				}
			}
			if len(unusable) > 0 {
				return errors.Join(unusable...)
			}
			if !complete {
				return errIncomplete
			}
			return nil
		},
	}
	signedBy.register(c)
	return c
}

func describe(w io.Writer, file string, index *tables.Index) error {
	lines := []string{fmt.Sprintf("%s: %s, generated at %s", file,
		count(len(index.Tables), "table"), index.GeneratedAt.Format(time.RFC3339))}
	if index.Secret > 0 {
		lines = append(lines, fmt.Sprintf("%s: %s left out, whose name is secret", file, count(index.Secret, "table")))
	}
	for _, wrong := range index.Wrong {
		lines = append(lines, fmt.Sprintf("%s: left out: %s", file, wrong))
	}
	for _, stack := range index.Unread {
		lines = append(lines, fmt.Sprintf("%s: %s could not be read when it was generated", file, stack))
	}
	for _, line := range lines {
		if err := say(w, "%s", line); err != nil {
			return err
		}
	}
	return nil
}

const (
	// mostIndex is what the pack reads of an index.
	mostIndex = 512 << 20
	// tolerance is how far the clocks of two machines may be apart.
	tolerance = 5 * time.Minute
)

// readIndex reads an index that is not from the future and, where there is a public key, is signed by it.
func readIndex(file string, publicKey ed25519.PublicKey) (*tables.Index, error) {
	text, err := regular.Read(file, mostIndex)
	if err != nil {
		return nil, err
	}
	index, err := decodeIndex(text, publicKey, time.Now())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return index, nil
}

func decodeIndex(text []byte, publicKey ed25519.PublicKey, now time.Time) (*tables.Index, error) {
	if publicKey != nil {
		if err := tables.Verify(text, publicKey); err != nil {
			return nil, err
		}
	}
	index, err := tables.Decode(text)
	if err != nil {
		return nil, err
	}
	if index.GeneratedAt.After(now.Add(tolerance)) {
		return nil, fmt.Errorf("generated at %s, which is in the future", index.GeneratedAt.Format(time.RFC3339))
	}
	return index, nil
}

func count(n int, of string) string { return text.Count(n, of, of+"s") }
