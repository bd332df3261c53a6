package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/files"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// What check ends with.
const (
	codeFails     exitCode = 1 // what --fail-on names was found
	codeNotJudged exitCode = 2 // something could not be read, judged or written
)

func checkCommand(p program) *cobra.Command {
	c := checking{program: p}
	command := &cobra.Command{
		Use:   "check FILE|FOLDER|file://...|-",
		Short: "Judge the states of stacks, without a run",
		Long: `Judge stacks by their states: files that pulumi stack export wrote, or that a backend keeps (.json, .json.gz), folders of them,
a backend that is a folder (file://), or - for standard input. Of each state the outcome is that of pulumi policy analyze --file;
several are compared with each other as well. What a state keeps encrypted is not known.

  pulumi stack export | pulumi-analyzer-dynamoguard check -
  pulumi-analyzer-dynamoguard check states --format json --output dynamoguard.json
  pulumi-analyzer-dynamoguard check file:///srv/states --config dynamoguard.json --fail-on unknown

The exit code is 0 where nothing is found that --fail-on names, 1 where something is, and 2 where something could not be read, judged
or written.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return notJudged(errors.New("name what to check: a file, a folder, a file:// backend, or - for standard input"))
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.read(command.Context()); err != nil {
				return notJudged(err)
			}
			c.ctx, c.stdin, c.stdout, c.stderr = command.Context(), command.InOrStdin(), command.OutOrStdout(), command.ErrOrStderr()
			return c.run(args)
		},
	}
	command.Flags().StringVar(&c.config, "config", "", "file of --policy-pack-config to judge by; else what holds by default")
	c.flags(command)
	return command
}

// notJudged is an error that ends the process with that code.
func notJudged(err error) error { return codedError{err, codeNotJudged} }

// A codedError is said as it is, and has an exit code of its own.
type codedError struct {
	error
	code exitCode
}

func (e codedError) Unwrap() error { return e.error }

// A checking is one call of check.
type checking struct {
	program
	reporting
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	config         string // path

	configuration *policy.Configuration
	exceptions    exceptions
	together      *together // nil where one state is judged
	progress      *progress
}

func (c *checking) run(args []string) error {
	if err := c.configure(); err != nil {
		return notJudged(err)
	}
	states, unread, err := findStates(c.ctx, c.system, args)
	if err != nil {
		return notJudged(err)
	}
	r, err := c.judge(states)
	if err != nil {
		return notJudged(err)
	}
	r.Unread = append(unread, r.Unread...)
	if len(r.Stacks) == 0 && len(r.Unread) == 1 {
		return notJudged(fmt.Errorf("%s: %s", r.Unread[0].Source, r.Unread[0].Reason))
	}
	if len(r.Stacks) == 0 {
		for _, u := range r.Unread {
			c.say("%s: %s", u.Source, u.Reason)
		}
		return notJudged(errors.New("nothing could be judged"))
	}
	return c.conclude(r, c.stdout, optionsFor(c.stdout, c.system.Getenv), c.say)
}

// say tells something on standard error.
func (c *checking) say(format string, args ...any) { sayTo(c.stderr)(format, args...) }

// configure reads the configuration.
func (c *checking) configure() error {
	var remarks []string
	var err error
	if c.configuration, c.exceptions, remarks, err = inForce(c.ctx, c.config, c.policies); err != nil {
		return err
	}
	for _, remark := range remarks {
		c.say("%s", remark)
	}
	return nil
}

// A judged state is what came of one.
type judged struct {
	*engine.State
	run *engine.Run
	err error
}

// judge judges the states, as many at a time as there are processors, and reports on them in their order.
func (c *checking) judge(states []stateInput) (*report.Report, error) {
	var size int64
	for _, s := range states {
		size += s.size
	}
	if len(states) > 1 {
		size *= 2 // each is read once for its tables, and once to be judged
	}
	c.progress = startProgress(c.stderr, size)
	defer c.progress.end()
	if len(states) > 1 {
		if err := c.readTables(states); err != nil {
			return nil, err
		}
	}
	m := report.New(report.OfState, c.version, c.now(), c.policies, c.configuration)
	by := map[resource.URN]string{} // the states of stacks, by the root
	inParallel(states, c.judgeState, func(s stateInput, j judged) {
		if j.err == nil && j.run.First != "" {
			root := j.run.First.RootURN()
			if other := by[root]; other != "" {
				j.err = fmt.Errorf("it is a state of %s/%s, as %s is; name one of them", root.Project(), root.Stack(), other)
			}
			by[root] = s.name
		}
		switch {
		case j.err != nil:
			m.Unread(s.name, text.Error(j.err))
		case j.run.First == "":
			m.Empty(s.name)
		default:
			m.Add(report.Source{
				Run: j.run, Name: s.name, Positions: j.Positions, Resources: j.Resources, Said: j.Said, Except: c.exceptions.of,
			})
		}
	})
	return m.Report(), c.ctx.Err()
}

// inParallel works on a list, as much of it at a time as there are processors, and takes the results in its order. No more of them
// are there at a time either.
func inParallel[T, R any](list []T, work func(T) R, take func(T, R)) {
	workers := min(runtime.GOMAXPROCS(0), len(list))
	room := make(chan struct{}, workers)
	results := make([]chan R, len(list))
	for i := range results {
		results[i] = make(chan R, 1)
	}
	go func() {
		for i, item := range list {
			room <- struct{}{}
			go func() { results[i] <- work(item) }()
		}
	}()
	for i, item := range list {
		take(item, <-results[i])
		results[i] = nil
		<-room
	}
}

// readTables reads the tables of the states, so that each can be compared with those of the others. One that cannot be read says so
// when it is judged.
func (c *checking) readTables(states []stateInput) error {
	var entries, made []tables.Entry
	for i := range states {
		if s := &states[i]; s.path == "" {
			if err := s.keep(c.ctx, c.stdin); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			s.modified = c.now()
		}
	}
	inParallel(states, func(s stateInput) facts.Places {
		in, err := s.open(c.ctx, c.stdin, c.progress.seen)
		if err != nil {
			return facts.Places{}
		}
		defer func() { _ = in.Close() }()
		found, err := facts.ReadPlaces(in, tables.NoOrganization)
		if err != nil {
			return facts.Places{}
		}
		source := &tables.Source{Name: "the state in " + s.name, At: found.Written}
		if source.At.IsZero() {
			source.At = s.modified
		}
		for i := range found.Entries {
			found.Entries[i].Source = source
		}
		return found
	}, func(_ stateInput, found facts.Places) {
		entries, made = append(entries, found.Entries...), append(made, found.Made...)
	})
	beside, _ := world(c.ctx, c.system).Load(c.configuration.Pack().Index, policy.StackContext{})
	c.together = newTogether(entries, made, beside)
	return nil
}

// judgeState judges one state.
func (c *checking) judgeState(s stateInput) (j judged) {
	in, err := s.open(c.ctx, c.stdin, c.progress.seen)
	if err != nil {
		return judged{err: err}
	}
	defer func() { _ = in.Close() }()
	w := world(c.ctx, c.system)
	if c.together != nil {
		w = engine.World{Judged: c.together}
	}
	rules := engine.New(c.policies, c.now).In(w)
	rules.Use(c.configuration)
	var tooLarge *files.TooLargeError
	switch j.State, err = rules.JudgeState(in); {
	case errors.As(err, &tooLarge):
		j.err = fmt.Errorf("it %w", tooLarge) // not that it is no state
	case errors.Is(err, io.ErrUnexpectedEOF):
		j.err = errors.New("it is compressed, and ends in the middle")
	case err != nil:
		j.err = err
	default:
		j.run = rules.Run()
	}
	return j
}
