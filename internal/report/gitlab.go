package report

import (
	"fmt"
	"io"
	"strings"

	"dynamoguard/internal/text"
)

type (
	gitlabIssue struct {
		Description string         `json:"description"`
		Check       string         `json:"check_name"`
		Fingerprint string         `json:"fingerprint"`
		Severity    string         `json:"severity"`
		Location    gitlabLocation `json:"location"`
	}
	gitlabLocation struct {
		Path  string      `json:"path"`
		Lines gitlabLines `json:"lines"`
	}
	gitlabLines struct {
		Begin int `json:"begin"`
	}
)

// writeGitLab writes the open findings, and what could not be judged, as a report of GitLab's Code Quality. GitLab compares it with the
// one of the branch that a change goes to by the fingerprints, and shows nothing that is in no file.
//
// Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
func writeGitLab(w io.Writer, r *Report, o Options) error {
	issues := []gitlabIssue{}
	add := func(description, check, fingerprint, severity string, at *Position) {
		issues = append(issues, gitlabIssue{
			text.Message(description), check, fingerprint, severity, gitlabLocation{text.Printable(at.File), gitlabLines{at.Line}},
		})
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Open() {
			add(f.sentence(), f.Policy, f.Fingerprint, gitlabSeverity(f), o.Sources.file(f.URN.Project(), f.Position))
		}
	}
	for _, g := range r.Gaps() {
		first := g.Resources[0]
		add(fmt.Sprintf("not judged by %s, of %s: %s", strings.Join(g.Policies, ", "), r.names(g.Resources, bare), g.Reason),
			strings.Join(g.Policies, ", "), digest(g.Reason, strings.Join(g.Policies, ","), string(first.URN)), "info",
			o.Sources.file(first.URN.Project(), first.Position))
	}
	return encode(w, issues)
}

// gitlabSeverity is info, minor, major or critical: what stops nothing weighs less.
func gitlabSeverity(f *Finding) string {
	weight := map[string]int{"high": 2, "medium": 1, "low": 0}[f.Severity]
	if f.Mandatory() {
		weight++
	}
	return [...]string{"info", "minor", "major", "critical"}[weight]
}
