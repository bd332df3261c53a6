package command

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
		if i < len(paths) {
			if paths[i] == "" {
				return nil, fmt.Errorf("the --output of --format %s is empty; - stands for standard output", name)
			}
			if paths[i] != standardInput && paths[i] != "/dev/stdout" {
				o.path = paths[i]
			}
		}
		switch same := slices.IndexFunc(outputs, func(other output) bool { return samePlace(other.path, o.path) }); {
		case o.path == "" && onStandardOutput != "":
			return nil, fmt.Errorf("--format %s and --format %s both go to standard output; name an --output for each", onStandardOutput, name)
		case o.path == "":
			onStandardOutput = name
		case same >= 0 && outputs[same].path != o.path:
			return nil, fmt.Errorf("--output %s and --output %s are one file", outputs[same].path, o.path)
		case same >= 0:
			return nil, fmt.Errorf("--output %s is there twice", o.path)
		}
		outputs = append(outputs, o)
	}
	if onStandardOutput == "" {
		outputs = append(outputs, output{format: report.Formats[0]})
	}
	return outputs, nil
}

// samePlace reports whether two paths are of one file, by a link as well where it exists.
func samePlace(a, b string) bool {
	absolute := func(path string) string {
		if whole, err := filepath.Abs(path); err == nil && path != "" {
			return whole
		}
		return path
	}
	if absolute(a) == absolute(b) {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// write writes a report everywhere it is to go. The files take their places once all of them are written; until then, and after an
// error, they are what they were.
func write(batch *files.Batch, r *report.Report, outputs []output, stdout io.Writer, o report.Options) error {
	defer batch.Drop()
	onDisk, onStandardOutput := partition(outputs)
	for _, to := range onDisk {
		f, err := batch.Replace(to.path)
		if err == nil {
			err = to.format.Write(f, r, report.Options{Sources: o.Sources, FailOn: o.FailOn})
		}
		if err == nil {
			err = f.Finish()
		}
		if err != nil {
			return notWritten(to, err)
		}
	}
	for _, to := range onStandardOutput {
		out := bufio.NewWriter(stdout)
		err := to.format.Write(out, r, o)
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			return notWritten(to, err)
		}
	}
	if err := batch.Commit(); err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	return nil
}

// partition tells the files from standard output.
func partition(outputs []output) (onDisk, onStandardOutput []output) {
	for _, to := range outputs {
		if to.path == "" {
			onStandardOutput = append(onStandardOutput, to)
		} else {
			onDisk = append(onDisk, to)
		}
	}
	return onDisk, onStandardOutput
}

func notWritten(to output, err error) error {
	place := to.path
	if place == "" {
		place = "standard output"
	}
	return fmt.Errorf("the %s report could not be written to %s: %w", strings.ToLower(to.format.Name), place, plain(err))
}
