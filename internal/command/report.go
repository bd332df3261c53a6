package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"dynamoguard/internal/files"
	"dynamoguard/internal/report"
	"dynamoguard/internal/state"
	"dynamoguard/internal/text"
)

// mostEvents is more than the events of any run take, in bytes.
const mostEvents = 16 << 30

func reportCommand(p program) *cobra.Command {
	var r reporting
	var events, config string
	command := &cobra.Command{
		Use:   "report FILE|--events FILE",
		Short: "Write a report in other formats, or make one of the events of the engine",
		Long: `Write a report in other formats: FILE is one as json, such as preview --report leaves, or - for standard input. It may be compared with
a baseline, such as the report on the branch that a change goes to.

  pulumi-analyzer-dynamoguard preview --report reports
  pulumi-analyzer-dynamoguard report reports/preview/report.json --sources infra --format sarif --output dynamoguard.sarif

With --events, make one of the lines that Pulumi's engine wrote of a run, exceptions of Pulumi's own included. They have what the CLI
shows and nothing else: what was unknown, and the exemptions of the configuration, they leave out.

  PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json --policy-pack PACK > events.jsonl
  pulumi-analyzer-dynamoguard report --events events.jsonl --format markdown --output comment.md

The exit code is 0 where nothing was found that --fail-on names, 1 where something was, and 2 where something could not be read, judged
or written.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return notJudged(errors.New("name one report"))
			case len(args) == 0 && events == "":
				return notJudged(errors.New("name a report as json, or the engine's events with --events FILE; - stands for standard input"))
			case len(args) == 1 && events != "":
				return notJudged(fmt.Errorf("%s and --events %s are two; name one of them", args[0], events))
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stdin, stdout := command.Context(), command.InOrStdin(), command.OutOrStdout()
			if err := r.read(ctx); err != nil {
				return notJudged(err)
			}
			say := sayTo(command.ErrOrStderr())
			var of *report.Report
			var err error
			if events != "" {
				of, err = p.ofEvents(ctx, events, config, stdin, say)
			} else {
				of, err = readReport(ctx, args[0], stdin)
			}
			if err != nil {
				return notJudged(err)
			}
			return r.conclude(of, stdout, optionsFor(stdout, p.system.Getenv), say)
		},
	}
	command.Flags().StringVar(&events, "events", "", "file of the engine's events, or - for standard input")
	command.Flags().StringVar(&config, "config", "", "file of --policy-pack-config of the run: for levels and environments, which events do not have")
	r.flags(command)
	return command
}

// readReport reads a report as JSON.
func readReport(ctx context.Context, path string, stdin io.Reader) (*report.Report, error) {
	in, err := input(ctx, path, mostBaseline, stdin)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, plain(err))
	}
	defer func() { _ = in.Close() }()
	of, err := report.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return of, nil
}

// ofEvents makes a report of events. One that is cut off has a report as far as it goes.
func (p program) ofEvents(ctx context.Context, path, config string, stdin io.Reader, say func(string, ...any)) (*report.Report, error) {
	configuration, _, remarks, err := inForce(ctx, config, p.policies)
	if err != nil {
		return nil, err
	}
	for _, remark := range remarks {
		say("%s", remark)
	}
	in, err := input(ctx, path, mostEvents, stdin)
	if err != nil {
		return nil, fmt.Errorf("--events %s: %w", path, plain(err))
	}
	defer func() { _ = in.Close() }()
	m := report.New(report.OfEvents, p.version, p.now(), p.policies, configuration)
	if err := m.Events(in); err != nil {
		if len(m.Report().Stacks) == 0 {
			return nil, fmt.Errorf("--events %s: %w", path, err)
		}
		m.Unread(path, text.Error(err))
	}
	return m.Report(), nil
}

// input opens a file, or standard input, as UTF-8.
func input(ctx context.Context, path string, most int64, stdin io.Reader) (io.ReadCloser, error) {
	in := io.NopCloser(stdin)
	if path != standardInput {
		file, err := files.Open(ctx, path, most)
		if err != nil {
			return nil, err
		}
		in = file
	}
	return struct {
		io.Reader
		io.Closer
	}{state.Unmarked(in), in}, nil
}
