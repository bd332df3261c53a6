package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"dynamoguard/internal/engine"
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
// not. Each takes the place of the one before when it is whole. A run of an engine that judged nothing leaves what was there.
func reportRun(rules *engine.Engine, version, folder string, now func() time.Time, stderr io.Writer) {
	if folder == "" {
		return
	}
	written := make(chan error, 1)
	go func() { written <- writeReports(rules.Run(), version, folder, now()) }()
	var err error
	select {
	case err = <-written:
	case <-time.After(reportPatience):
		err = fmt.Errorf("%v were over", reportPatience)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "dynamoguard: not all reports were written to %s, of %s: %s\n",
			text.Printable(folder), preview.ReportVariable, text.Error(err))
	}
}

// writeReports writes a report in every format to the folder of its kind of run: an update runs one pack for its preview and one for
// itself.
func writeReports(run *engine.Run, version, folder string, now time.Time) error {
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
	var errs []error
	for _, f := range report.Formats {
		to := []output{{format: f, path: filepath.Join(folder, "report."+f.Extension)}}
		errs = append(errs, write(r, to, io.Discard, report.Options{FailOn: report.FailOn{Mandatory: true}}))
	}
	return errors.Join(errs...)
}
