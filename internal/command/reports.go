package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/files"
	"dynamoguard/internal/preview"
	"dynamoguard/internal/report"
	"dynamoguard/internal/text"
)

// reportPatience is how long reports on a run may take. The engine ends a pack that lives for longer than five seconds after it was told
// to end.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/host/host.go
const reportPatience = 3 * time.Second

// reportRun writes the reports on a run that has ended, where the environment names a folder for them, and says on stderr why it could
// not. They take the places of those before together, when all of them are whole. A run of an engine that judged nothing leaves what was there.
func reportRun(rules *engine.Engine, version, folder string, now func() time.Time, stderr io.Writer) {
	if folder == "" {
		return
	}
	written, batch := make(chan error, 1), new(files.Batch)
	go func() { written <- writeReports(batch, rules.Run(), version, folder, now()) }()
	var err error
	select {
	case err = <-written:
	case <-time.After(reportPatience):
		batch.Drop()
		err = fmt.Errorf("%v were over", reportPatience)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "dynamoguard: the reports were not written to %s, of %s: %s\n",
			text.Printable(folder), preview.ReportVariable, text.Error(err))
	}
}

// writeReports writes a report in every format to the folder of its kind of run: an update runs one pack for its preview and one for
// itself.
func writeReports(batch *files.Batch, run *engine.Run, version, folder string, now time.Time) error {
	if run.First == "" {
		return nil
	}
	kind := report.OfUpdate
	if run.Stack.Preview {
		kind = report.OfPreview
	}
	m := report.New(kind, version, now, run.Policies, run.Config)
	m.Add(report.Source{Run: run})
	r := m.Report()
	folder = filepath.Join(folder, string(kind))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	outputs := make([]output, len(report.Formats))
	for i, f := range report.Formats {
		outputs[i] = output{format: f, path: filepath.Join(folder, reportName(f))}
	}
	return write(batch, r, outputs, io.Discard, report.Options{FailOn: report.FailOn{Mandatory: true}})
}

// reportName is the name of a report on a run.
func reportName(f report.Format) string { return "report." + f.Extension }

// clearReports removes the reports of the run before from the folder for them, so that none passes for one of a run that ends before
// anything is judged. What else is there stays.
func clearReports(folder string) error {
	for _, kind := range []report.Kind{report.OfPreview, report.OfUpdate} {
		for _, f := range report.Formats {
			if err := os.Remove(filepath.Join(folder, string(kind), reportName(f))); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
