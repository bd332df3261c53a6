package report_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
)

// embedded is the style and the script of the page, which files of their own hold.
var embedded = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|sha256-[^']*`)

// htmlOf is a report as a page, without its style and script.
func htmlOf(t *testing.T, r *report.Report) string {
	t.Helper()
	for _, f := range report.Formats {
		if f.Name == "html" {
			var out bytes.Buffer
			if err := f.Write(&out, r, report.Options{}); err != nil {
				t.Fatal(err)
			}
			return embedded.ReplaceAllString(out.String(), "")
		}
	}
	t.Fatal("there is no format html")
	return ""
}

// TestHTML holds the page of a report with every outcome, exemptions, exceptions, and access to tables of several environments.
func TestHTML(t *testing.T) {
	r, _ := aReport(t)
	r.Stacks = append(r.Stacks, report.Stack{Name: "shop/next", Project: "shop", Stack: "next", Source: "next.json", Resources: 3})
	r.Findings = append(r.Findings, r.Findings[0], r.Findings[0], r.Findings[1])
	known, mended, excepted := &r.Findings[len(r.Findings)-3], &r.Findings[len(r.Findings)-2], &r.Findings[len(r.Findings)-1]
	known.Known, mended.Mended, mended.Write = true, true, []string{"first: true"}
	excepted.Outcome, excepted.Exceptions = report.Exempt, []report.Exception{{ID: "x-1", Reason: "agreed"}}
	r.Findings[0].Statement = `{"Effect":"Allow","Action":"dynamodb:*"}`
	r.Findings[0].Proposal = &report.Proposal{Statements: []string{`{"Effect":"Allow","Action":"dynamodb:GetItem"}`}, LeftOut: []string{"dynamodb:PutItem"}}
	r.Notices = []report.Notice{{Stack: "shop/prod", Text: "1 of 2 was judged", Items: []string{"the other"}}, {Stack: "shop/next", Text: "1 of 2 was judged", Items: []string{"the other"}}}
	r.Unread = []report.Unread{{Source: "odd.json", Reason: "it is no state"}}
	r.Matrix = aMatrix()
	golden := "testdata/report.html"
	got := htmlOf(t, r)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run go test ./internal/report -update and read what changes:\n%s", diff)
	}
}

// aMatrix has principals within and across environments, and one of whom it is not known.
func aMatrix() *report.Matrix {
	read := report.Access{Read: report.Right{Level: report.FullAccess, Actions: []string{"GetItem", "Query"}, By: []int{0}}}
	write := report.Access{Write: report.Right{Level: report.ConditionalAccess, Actions: []string{"PutItem"}, By: []int{1}}}
	open := report.Right{Level: report.UnknownAccess}
	unknown := report.Access{Read: open, Write: open, Admin: open, Policy: open}
	return &report.Matrix{
		Tables: []report.MatrixTable{
			{Name: "orders", Account: "111122223333", Region: "eu-west-1", Environment: "dev", Stack: "shop/dev"},
			{Name: "orders", Account: "444455556666", Region: "eu-west-1", Environment: "prod", Stack: "shop/prod", URN: urn("orders"), Shared: []string{"billing/main"}},
			{Name: "sales", Account: "444455556666", Region: "eu-central-1", Environment: "prod-eu"},
			{Name: "drafts", Region: "eu-west-1", Environment: "product"},
		},
		Principals: []report.MatrixPrincipal{
			{Kind: "role", Name: "reader", Account: "444455556666", Environment: "prod", Access: []report.Access{read}, Spans: []report.MatrixSpan{{First: 1, Last: 2}}},
			{Kind: "role", Name: "tester", Account: "111122223333", Environment: "dev", Access: []report.Access{write, read}, Spans: []report.MatrixSpan{{First: 0, Last: 0, Access: 1}, {First: 1, Last: 1}},
				Beyond: []report.MatrixPattern{{Text: "orders*", Access: write}}},
			{Kind: "user", Name: "drafter", Environment: "dev", Access: []report.Access{read}, Spans: []report.MatrixSpan{{First: 3, Last: 3}}},
			{Kind: "role", Name: "exporter", Unknown: []string{"a document is not known"}, Access: []report.Access{unknown}, Spans: []report.MatrixSpan{{First: 0, Last: 3}}},
		},
		Statements: []report.MatrixStatement{
			{URN: urn("reader"), Path: "policy.Statement[0]", Source: "identity policy", Effect: "Allow", Sid: "Items"},
			{URN: urn("tester"), Path: "policy.Statement[0]", Source: "identity policy", Effect: "Allow", Conditions: []string{`Bool aws:MultiFactorAuthPresent "true"`}},
		},
		Unknown: []string{"an attachment names nobody"},
	}
}

// TestHTMLBlocked says of a run that was stopped what its report lacks.
func TestHTMLBlocked(t *testing.T) {
	r, _ := aReport(t)
	r.Kind, r.Stacks[0].Ended, r.Matrix = report.OfUpdate, false, nil
	got := htmlOf(t, r)
	for _, want := range []string{
		"<p>Not everything could be judged: see what was not checked.</p>",
		"<p>shop/prod: the run was stopped or failed before the stack was judged as a whole. What only several resources together show is missing, and so is its part of the access matrix.</p>",
		"<p>The matrix needs a stack that was judged to its end, and none was.</p>",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestHTMLHostile holds that a text of a program is no element, no script and no control of what is shown, wherever it stands.
func TestHTMLHostile(t *testing.T) {
	const evil = "</script><img src=x onerror=alert(1)>\"'\x1b[31m\u202e"
	r, _ := aReport(t)
	r.Matrix = aMatrix()
	r.Stacks[0].Name, r.Version, r.Policies[0].URL = evil, evil, "javascript:alert(1)"
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Wrong, f.Remedy, f.Write, f.Stack, f.Statement, f.URN = evil, evil, []string{evil}, evil, evil, resource.URN(evil)
	}
	for i := range r.Matrix.Principals {
		p := &r.Matrix.Principals[i]
		p.Name, p.Environment, p.Unknown, p.Beyond = evil, evil, []string{evil}, []report.MatrixPattern{{Text: evil}}
		r.Matrix.Tables[i].Name, r.Matrix.Tables[i].Unknown = evil, evil
	}
	for i := range r.Matrix.Statements {
		s := &r.Matrix.Statements[i]
		s.Path, s.Sid, s.Conditions = evil, evil, []string{evil}
	}
	got := htmlOf(t, r)
	for _, bad := range []string{"<img", "\x1b", "\u202e", `"javascript:`} {
		if at := strings.Index(got, bad); at >= 0 {
			t.Errorf("the page has %q: %s", bad, got[max(0, at-80):min(len(got), at+80)])
		}
	}
	if n := strings.Count(got, "</script>"); n != 1 { // that of the data; the other was left out
		t.Errorf("the page ends %d scripts", n)
	}
}
