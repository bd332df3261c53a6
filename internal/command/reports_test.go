package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
)

// TestReportRun: a preview and an update each leave reports in every format, in a folder of their own, and those of a run that was
// stopped say what they lack.
func TestReportRun(t *testing.T) {
	p := aProgram(t, nil)
	run := func(preview, ended bool) *engine.Engine {
		rules := engine.New(p.policies, p.now)
		rules.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "prod", Preview: preview})
		table := &resource.Resource{
			URN: "urn:pulumi:prod::shop::aws:dynamodb/table:Table::orders", Type: "aws:dynamodb/table:Table", Name: "orders",
			Properties: resource.ObjectValue(map[string]resource.Value{"name": resource.StringValue("orders")}),
		}
		rules.Analyze(table)
		if ended {
			rules.AnalyzeStack([]*resource.Resource{{URN: "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", Type: resource.StackType}, table})
		}
		return rules
	}
	var stderr bytes.Buffer
	reportRun(run(true, true), p.version, "reports", p.now, &stderr)
	reportRun(run(false, false), p.version, "reports", p.now, &stderr)
	reportRun(engine.New(p.policies, p.now), p.version, "none", p.now, &stderr)
	reportRun(run(false, false), p.version, "", p.now, &stderr)
	if stderr.Len() > 0 {
		t.Error(stderr.String())
	}
	read := func(kind report.Kind, name string) string {
		content, err := os.ReadFile(filepath.Join("reports", string(kind), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	for kind, want := range map[report.Kind]struct {
		ended     bool
		resources int
		text      string
	}{
		report.OfPreview: {true, 2, "acme/shop/prod (prod, 2 resources)\n  mandatory  table-point-in-time-recovery "},
		report.OfUpdate:  {false, 0, "acme/shop/prod (prod)\n  the run did not come to its end: what only several resources together show is missing\n  mandatory  table-point-in-time-recovery "},
	} {
		var r report.Report
		if err := json.Unmarshal([]byte(read(kind, "report.json")), &r); err != nil {
			t.Fatal(err)
		}
		stack := r.Stacks[0]
		if r.Kind != kind || len(r.Findings) < 3 || len(r.Stacks) != 1 || stack.Ended != want.ended || stack.Resources != want.resources {
			t.Errorf("%s: %d findings of %+v", r.Kind, len(r.Findings), r.Stacks)
		}
		if text := read(kind, "report.txt"); !strings.HasPrefix(text, want.text) {
			t.Errorf("%s: %s", kind, text)
		}
		files, err := os.ReadDir(filepath.Join("reports", string(kind)))
		if err != nil || len(files) != len(report.Formats) {
			t.Errorf("%s: %v, %v", kind, files, err)
		}
	}
	if _, err := os.Stat("none"); !os.IsNotExist(err) {
		t.Errorf("a run that judged nothing leaves reports: %v", err)
	}

	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	reportRun(run(false, true), p.version, "file", p.now, &stderr)
	if want := "dynamoguard: the reports were not written to file, of DYNAMOGUARD_REPORT_DIR: mkdir file: not a directory\n"; stderr.String() != want {
		t.Errorf("%s, not %s", stderr.String(), want)
	}
}
