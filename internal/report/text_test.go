package report_test

import (
	"bytes"
	"strings"
	"testing"

	"dynamoguard/internal/report"
)

// asText is a report as it is written for people.
func asText(t *testing.T, r *report.Report, o report.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.Formats[0].Write(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestText writes a report with one of everything: for a file, and for a terminal, in colour and with lines that are broken.
func TestText(t *testing.T) {
	r, _ := aReport(t)
	r.Stacks = append(r.Stacks,
		report.Stack{Name: "shop/dev", Project: "shop", Stack: "dev", Environment: "dev", Resources: 3, Ended: true}, report.Stack{Name: "empty.json", Source: "empty.json", Ended: true})
	add := func(change func(*report.Finding)) {
		f := r.Findings[0]
		change(&f)
		r.Findings = append(r.Findings, f)
	}
	add(func(f *report.Finding) { f.Mended = true })
	add(func(f *report.Finding) { f.Known = true })
	add(func(f *report.Finding) {
		f.Outcome, f.Exceptions = report.Exempt, []report.Exception{{ID: "EXC-7", Reason: "moves"}}
	})
	add(func(f *report.Finding) {
		f.Exemption = &report.Exemption{Expires: "2026-11-01", Owner: "platform", Expired: true}
		f.Wrong = "it fails in a sentence that is longer than a line of the terminal, so that it goes on in another one"
	})
	r.Notices = []report.Notice{
		{Stack: "shop/prod", Text: "1 exemption was used: it"}, {Stack: "shop/prod", Text: "not read:", Items: []string{"a", "b"}},
		{Stack: "shop/dev", Text: "not read:", Items: []string{"a", "b"}},
	}
	r.Unread = []report.Unread{{Source: "broken.json", Reason: "it is empty"}}
	for golden, o := range map[string]report.Options{"text.txt": {}, "terminal.txt": {Colour: true, Width: 60}} {
		holdTo(t, golden, asText(t, r, o))
	}
}

// TestTextIsPrintable: nothing of a program, a state or a file can control the terminal, or begin a line of its own.
func TestTextIsPrintable(t *testing.T) {
	const hostile = "a\x1b[31m\r\nb\u202ec"
	r, _ := aReport(t)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Wrong, f.Remedy, f.Doubt = hostile, hostile, hostile
		f.URN += hostile
		f.Position = &report.Position{File: hostile, Line: 1}
		if f.Exemption != nil {
			f.Exemption.Reason, f.Exemption.Owner, f.Exemption.Expires = hostile, hostile, hostile
		}
	}
	for i := range r.Resources {
		r.Resources[i].URN += hostile
		for j := range r.Resources[i].Judgements {
			r.Resources[i].Judgements[j].Reason = hostile
		}
	}
	r.Stacks[0].Environment, r.Stacks[0].Source = hostile, hostile
	r.Notices = []report.Notice{{Stack: "shop/prod", Text: hostile, Items: []string{hostile}}}
	r.Unread = []report.Unread{{Source: hostile, Reason: hostile}}
	for _, o := range []report.Options{{}, {Width: 80}} {
		got := asText(t, r, o)
		if i := strings.IndexAny(got, "\x1b\r\u202e"); i >= 0 {
			t.Errorf("%q", got[max(0, i-40):i+1])
		}
		if strings.Contains(got, "\nb") {
			t.Errorf("a line begins in the middle of a text:\n%s", got)
		}
	}
}

// TestFails says what makes a report one of a failure.
func TestFails(t *testing.T) {
	whole, _ := aReport(t)
	only := func(keep func(*report.Finding) bool) *report.Report {
		r := *whole
		r.Findings, r.Policies = nil, nil
		for i := range whole.Findings {
			if f := whole.Findings[i]; keep(&f) {
				r.Findings = append(r.Findings, f)
			}
		}
		return &r
	}
	known := only(func(f *report.Finding) bool { f.Known = true; return true })
	gaps := *whole
	gaps.Findings = nil
	for _, c := range []struct {
		name                               string
		r                                  *report.Report
		none, mandatory, advisory, unknown bool
	}{
		{name: "everything", r: whole, mandatory: true, advisory: true, unknown: true},
		{name: "advisory", r: only(func(f *report.Finding) bool { return !f.Mandatory() }), advisory: true},
		{name: "exempt", r: only(func(f *report.Finding) bool { return f.Outcome == report.Exempt })},
		{name: "mended", r: only(func(f *report.Finding) bool { f.Mended = true; return true })},
		{name: "known", r: known},
		{name: "not judged", r: &gaps, unknown: true},
	} {
		for words, want := range map[string]bool{
			"none": c.none, "mandatory": c.mandatory, "advisory": c.advisory, "unknown": c.unknown, "mandatory,advisory": c.advisory,
		} {
			on, err := report.ParseFailOn(strings.Split(words, ","))
			if got := c.r.Fails(on); got != want || err != nil {
				t.Errorf("%s on %s: %v, %v", c.name, words, got, err)
			}
		}
	}
}
