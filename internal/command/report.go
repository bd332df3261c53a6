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
		Use:   "report --events FILE",
		Short: "Report on a run by the events that the engine wrote of it",
		Long: `Report on a run of Pulumi by the lines that its engine wrote of it, exceptions of Pulumi's own included: a file, or - for standard
input. They have what the CLI shows and nothing else: what was unknown, and the exemptions of the configuration, they leave out.

  PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json --policy-pack PACK > events.jsonl
  pulumi-analyzer-dynamoguard report --events events.jsonl --format markdown --output comment.md

The exit code is 0 where nothing is found that --fail-on names, 1 where something is, and 2 where something could not be read or
written.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return notJudged(fmt.Errorf("%s is not asked for; name the file of events with --events", args[0]))
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error {
			if events == "" {
				return notJudged(errors.New("name the events to report on: --events FILE, or --events - for standard input"))
			}
			ctx := command.Context()
			if err := r.read(ctx); err != nil {
				return notJudged(err)
			}
			configuration, _, remarks, err := inForce(ctx, config, p.policies)
			if err != nil {
				return notJudged(err)
			}
			say := func(format string, args ...any) {
				_, _ = fmt.Fprintln(command.ErrOrStderr(), "dynamoguard: "+text.Message(fmt.Sprintf(format, args...)))
			}
			for _, remark := range remarks {
				say("%s", remark)
			}
			m := report.New(report.OfEvents, p.version, p.now(), p.policies, configuration)
			if err := readEvents(ctx, m, events, command.InOrStdin()); err != nil {
				if len(m.Report().Stacks) == 0 {
					return notJudged(fmt.Errorf("--events %s: %w", events, plain(err)))
				}
				m.Unread(events, text.Error(err))
			}
			out := command.OutOrStdout()
			return r.conclude(m.Report(), out, optionsFor(out, p.system.Getenv), say)
		},
	}
	command.Flags().StringVar(&events, "events", "", "file of the engine's events, or - for standard input")
	command.Flags().StringVar(&config, "config", "", "file of --policy-pack-config of the run: for levels and environments, which events do not have")
	r.flags(command)
	return command
}

func readEvents(ctx context.Context, m *report.Maker, path string, stdin io.Reader) error {
	in := io.NopCloser(stdin)
	if path != standardInput {
		file, err := files.Open(ctx, path, mostEvents)
		if err != nil {
			return err
		}
		in = file
	}
	defer func() { _ = in.Close() }()
	return m.Events(state.Unmarked(in))
}
