package report

import (
	"encoding/json"
	"io"
)

// A Format writes a report in one form.
type Format struct {
	Name      string
	Extension string // of files of it; no two formats have the same
	Write     func(w io.Writer, r *Report, o Options) error
}

// Options are what a format may take account of. The zero Options are those of a file.
type Options struct {
	Colour bool // it is for a terminal that shows colours
	Width  int  // of that terminal, in columns; 0 where there is none

	Sources Sources // where the sources of projects are in the repository
	FailOn  FailOn  // what makes the report one of a failure
}

// Formats are all of them. The first is for people who look at a terminal.
var Formats = []Format{
	{"text", "txt", writeText},
	{"json", "json", writeJSON},
	{"sarif", "sarif", writeSARIF},
	{"junit", "junit.xml", writeJUnit},
	{"gitlab", "gitlab.json", writeGitLab},
	{"markdown", "md", writeMarkdown},
	{"html", "html", writeHTML},
}

// writeJSON writes the report as docs/report.schema.json has it.
func writeJSON(w io.Writer, r *Report, _ Options) error { return encode(w, r) }

// encode writes a value as JSON for people and programs.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(printableWriter{w})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
