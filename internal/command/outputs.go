package command

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"dynamoguard/internal/files"
	"dynamoguard/internal/report"
	"dynamoguard/internal/text"
)

// An output is a form that a report is to have, and where.
type output struct {
	format report.Format
	path   string // empty of standard output
}

// outputsOf pairs formats with files: the first with the first. What has no file goes to standard output, which has one format: text
// where no other is asked for.
func outputsOf(formats, paths []string) (outputs []output, err error) {
	if len(paths) > len(formats) {
		return nil, fmt.Errorf("there are %s and %s: each --output has a --format of its own",
			text.Count(len(formats), "--format", "--format"), text.Count(len(paths), "--output", "--output"))
	}
	onStandardOutput := ""
	for i, name := range formats {
		at := slices.IndexFunc(report.Formats, func(f report.Format) bool { return f.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("--format %q is not one of %s", text.Short(name), text.ListOf(report.Formats, ", ", func(f report.Format) string { return f.Name }))
		}
		o := output{format: report.Formats[at]}
		if i < len(paths) && paths[i] != standardInput {
			o.path = paths[i]
		}
		switch same := func(other output) bool { return other.path == o.path }; {
		case o.path == "" && onStandardOutput != "":
			return nil, fmt.Errorf("--format %s and --format %s both go to standard output; name an --output for each", onStandardOutput, name)
		case o.path == "":
			onStandardOutput = name
		case slices.ContainsFunc(outputs, same):
			return nil, fmt.Errorf("--output %s is there twice", o.path)
		}
		outputs = append(outputs, o)
	}
	if onStandardOutput == "" {
		outputs = append(outputs, output{format: report.Formats[0]})
	}
	return outputs, nil
}

// write writes a report everywhere it is to go. The files take their places once all of them are written; after an error they are
// what they were.
func write(r *report.Report, outputs []output, stdout io.Writer, o report.Options) error {
	var written []*files.Replacement
	drop := func() {
		for _, f := range written {
			f.Drop()
		}
	}
	for _, to := range outputs {
		if to.path == "" {
			continue
		}
		f, err := files.Replace(to.path)
		if err == nil {
			written = append(written, f)
			err = to.format.Write(f, r, report.Options{Sources: o.Sources, FailOn: o.FailOn})
		}
		if err == nil {
			err = f.Finish()
		}
		if err != nil {
			drop()
			return notWritten(to, err)
		}
	}
	for _, to := range outputs {
		if to.path != "" {
			continue
		}
		out := bufio.NewWriter(stdout)
		err := to.format.Write(out, r, o)
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			drop()
			return notWritten(to, err)
		}
	}
	for _, f := range written {
		if err := f.Commit(); err != nil {
			drop()
			return fmt.Errorf("the report could not be written: %w", err)
		}
	}
	return nil
}

func notWritten(to output, err error) error {
	place := to.path
	if place == "" {
		place = "standard output"
	}
	return fmt.Errorf("the %s report could not be written to %s: %w", strings.ToLower(to.format.Name), place, plain(err))
}
