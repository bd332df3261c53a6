package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"dynamoguard/internal/files"
	"dynamoguard/internal/report"
	"dynamoguard/internal/text"
)

// A reporting is what is asked of a report: its forms, and what it is compared with.
type reporting struct {
	formats, paths, failing, folders []string
	baseline, writeBaseline          string // paths

	outputs []output
	failOn  report.FailOn
	sources report.Sources
	entries []report.Entry // of the baseline; nil where there is none
}

// mostBaseline is more than any baseline has, in bytes.
const mostBaseline = 512 << 20

// flags gives a command the flags of a report.
func (r *reporting) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&r.formats, "format", nil,
		"format of the report: "+text.ListOf(report.Formats, ", ", func(f report.Format) string { return f.Name })+"; once for each --output")
	flags.StringArrayVar(&r.paths, "output", nil, "file for the format of the same place; text goes to standard output where no other format does")
	flags.StringSliceVar(&r.failing, "fail-on", []string{"mandatory"}, "what makes the exit code 1: mandatory, advisory and unknown too, or none")
	flags.StringVar(&r.baseline, "baseline", "", "file of --write-baseline, or a report as json: what it has fails nothing")
	flags.StringVar(&r.writeBaseline, "write-baseline", "", "file for what is found now, to be the --baseline of later; without --baseline none of it fails this time either")
	flags.StringArrayVar(&r.folders, "sources", nil,
		"folder of the project in the repository, or PROJECT=FOLDER where there are several: for the places in sarif, junit and gitlab")
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return notJudged(err) })
}

// read reads what the flags name, before anything is judged.
func (r *reporting) read(ctx context.Context) (err error) {
	if r.outputs, err = outputsOf(r.formats, r.paths); err != nil {
		return err
	}
	if r.failOn, err = report.ParseFailOn(r.failing); err != nil {
		return fmt.Errorf("--fail-on %w", err)
	}
	if r.sources, err = sourcesOf(r.folders); err != nil {
		return fmt.Errorf("--sources %w", err)
	}
	if r.baseline != "" {
		if r.entries, err = readBaseline(ctx, r.baseline); err != nil {
			return fmt.Errorf("--baseline %s: %w", r.baseline, plain(err))
		}
	}
	if r.writeBaseline != "" {
		for _, o := range r.outputs {
			if samePlace(o.path, r.writeBaseline) {
				return fmt.Errorf("--output and --write-baseline are both %s", o.path)
			}
		}
		r.outputs = append(r.outputs, output{format: report.WriteBaseline, path: r.writeBaseline})
	}
	return nil
}

func readBaseline(ctx context.Context, path string) ([]report.Entry, error) {
	in, err := input(ctx, path, mostBaseline, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return report.ReadBaseline(in)
}

// sourcesOf reads FOLDER and PROJECT=FOLDER.
func sourcesOf(folders []string) (report.Sources, error) {
	sources := report.Sources{}
	for _, given := range folders {
		project, folder, ok := strings.Cut(given, "=")
		if !ok {
			project, folder = "", given
		}
		folder = path.Clean(filepath.ToSlash(folder))
		switch _, twice := sources[project]; {
		case twice && project == "":
			return nil, errors.New("is there twice without a project; write PROJECT=FOLDER")
		case twice:
			return nil, fmt.Errorf("has two folders for project %s", project)
		case path.IsAbs(folder), filepath.IsAbs(folder), folder == "..", strings.HasPrefix(folder, "../"):
			return nil, fmt.Errorf("%s is not a folder below the root of the repository", given)
		}
		sources[project] = folder
	}
	return sources, nil
}

// sayTo returns what tells something to people on standard error.
func sayTo(stderr io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) {
		_, _ = fmt.Fprintln(stderr, "dynamoguard: "+text.Message(fmt.Sprintf(format, args...)))
	}
}

// conclude compares a report, writes it, and returns what the command ends with.
func (r *reporting) conclude(of *report.Report, stdout io.Writer, o report.Options, say func(format string, args ...any)) error {
	switch {
	case r.entries != nil:
		of.Compare(r.entries)
	case r.writeBaseline != "" && len(of.Unread) == 0:
		of.Compare(of.Entries())
	}
	o.Sources, o.FailOn = r.sources, r.failOn
	outputs := r.outputs
	if r.writeBaseline != "" && len(of.Unread) > 0 {
		outputs = outputs[:len(outputs)-1]
		say("%s is not written: a baseline of what could be read alone would miss the rest", r.writeBaseline)
	}
	batch := new(files.Batch)
	if onDisk, _ := partition(outputs); len(onDisk) > 0 {
		defer droppedBySignals(batch)()
	}
	if err := write(batch, of, outputs, stdout, o); err != nil {
		return notJudged(err)
	}
	switch {
	case len(of.Unread) > 0:
		for _, u := range of.Unread {
			say("not judged: %s: %s", u.Source, u.Reason)
		}
		return codeNotJudged
	case of.Fails(r.failOn):
		return codeFails
	default:
		return nil
	}
}
