package report

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// mostResults is how many results GitHub takes of a run; one with more it refuses as a whole. Of these it keeps mostKept.
//
// Source: https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
const (
	mostResults = 25_000
	mostKept    = 5_000
)

type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Automation  sarifAutomation   `json:"automationDetails"`
		Invocations []sarifInvocation `json:"invocations"`
		Taxonomies  []sarifComponent  `json:"taxonomies,omitempty"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifComponent `json:"driver"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifComponent struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules,omitempty"`
		Taxa    []sarifRule `json:"taxa,omitempty"`
	}
	sarifRule struct {
		ID            string               `json:"id"`
		Short         sarifText            `json:"shortDescription"`
		Full          *sarifText           `json:"fullDescription,omitempty"`
		HelpURI       string               `json:"helpUri,omitempty"`
		Help          *sarifText           `json:"help,omitempty"`
		Default       *sarifConfiguration  `json:"defaultConfiguration,omitempty"`
		Relationships []sarifRelationship  `json:"relationships,omitempty"`
		Properties    *sarifRuleProperties `json:"properties,omitempty"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifConfiguration struct {
		Enabled bool   `json:"enabled"`
		Level   string `json:"level,omitempty"`
	}
	sarifRelationship struct {
		Target sarifReference `json:"target"`
		Kinds  []string       `json:"kinds"`
	}
	sarifReference struct {
		ID        string     `json:"id"`
		Component *sarifName `json:"toolComponent,omitempty"`
	}
	sarifName struct {
		Name string `json:"name"`
	}
	sarifRuleProperties struct {
		Tags     []string `json:"tags"`
		Severity string   `json:"security-severity"`
		Problem  string   `json:"problem.severity"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		End           string              `json:"endTimeUtc"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Rule      *sarifReference `json:"associatedRule,omitempty"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifResult struct {
		Rule         string            `json:"ruleId"`
		Index        int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Baseline     string            `json:"baselineState,omitempty"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"fingerprints"`
		Partial      map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
	sarifRegion struct {
		Line int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Full string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// writeSARIF writes the open and the known findings for code scanning, as SARIF 2.1.0. What is exempt is a notification, and no result:
// GitHub takes no notice of suppressions, and opens an alert (https://github.com/github/codeql-action/issues/1230). What could not be
// judged is a notification too.
//
// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
func writeSARIF(w io.Writer, r *Report, o Options) error {
	s := &sarifWriter{Report: r, sources: o.Sources, rules: map[string]int{}}
	run := sarifRun{
		Tool:       sarifTool{sarifComponent{Name: "DynamoGuard", Version: r.Version, Rules: s.policies()}},
		Automation: sarifAutomation{s.automation()},
		Taxonomies: s.taxonomies(),
		ColumnKind: "unicodeCodePoints",
		Results:    s.results(),
	}
	run.Invocations = []sarifInvocation{{
		Successful: len(r.Unread) == 0, End: r.Time.Format("2006-01-02T15:04:05Z"), Notifications: s.notifications(),
	}}
	return encode(w, sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

type sarifWriter struct {
	*Report
	sources Sources
	rules   map[string]int // indexes of policies
	found   int            // results, those that there is no room for among them
}

// automation tells the uploads of several stacks of one commit from each other. What follows the last slash would be of one run alone.
func (s *sarifWriter) automation() string {
	if len(s.Stacks) == 1 {
		return "dynamoguard/" + text.Printable(s.Stacks[0].Name) + "/"
	}
	return "dynamoguard/"
}

func (s *sarifWriter) policies() []sarifRule {
	var rules []sarifRule
	for i, p := range s.Policies {
		s.rules[p.Name] = i
		level, problem := "warning", "warning"
		if p.Level != policy.Advisory.String() {
			level, problem = "error", "error"
		}
		rule := sarifRule{
			ID: p.Name, Short: sarifText{Text: p.Title}, Full: &sarifText{Text: p.Description}, HelpURI: p.URL,
			Help: &sarifText{
				Text:     p.Description + "\n\n" + p.Remediation,
				Markdown: help(p.Description) + "\n\n**Instead:** " + help(p.Remediation) + "\n\n" + s.more(&p),
			},
			Default: &sarifConfiguration{Enabled: p.Level != policy.Disabled.String(), Level: level},
			Properties: &sarifRuleProperties{
				// GitHub shows what is tagged security by security-severity: over 7.0 is high, over 4.0 is medium.
				Tags: []string{"security"}, Severity: map[string]string{"high": "8.0", "medium": "5.5", "low": "2.0"}[p.Severity], Problem: problem,
			},
		}
		for _, id := range p.Criteria {
			rule.Properties.Tags = append(rule.Properties.Tags, soc2.Framework+": "+string(id))
			rule.Relationships = append(rule.Relationships, sarifRelationship{
				Target: sarifReference{ID: string(id), Component: &sarifName{soc2.Framework}}, Kinds: []string{"relevant"},
			})
		}
		rules = append(rules, rule)
	}
	return rules
}

// more ends the help of a policy.
func (s *sarifWriter) more(p *Policy) string {
	var parts []string
	if len(p.Criteria) > 0 {
		parts = append(parts, soc2.Framework+": "+soc2.Join(p.Criteria))
	}
	if p.URL != "" {
		parts = append(parts, "[read more]("+p.URL+")")
	}
	return strings.Join(parts, " · ")
}

func (s *sarifWriter) taxonomies() []sarifComponent {
	if len(s.Criteria) == 0 {
		return nil
	}
	criteria := sarifComponent{Name: soc2.Framework, Version: soc2.Version}
	for _, c := range s.Criteria {
		criteria.Taxa = append(criteria.Taxa, sarifRule{ID: string(c.ID), Short: sarifText{Text: c.Summary}})
	}
	return []sarifComponent{criteria}
}

// results are the findings that nothing permits, what stops a run first and the most severe of that.
func (s *sarifWriter) results() []sarifResult {
	var found []*Finding
	for i := range s.Findings {
		if f := &s.Findings[i]; !f.Mended && f.Outcome != Exempt {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b *Finding) int { return cmp.Compare(weight(b), weight(a)) })
	s.found = len(found)
	results := []sarifResult{}
	for _, f := range found[:min(len(found), mostResults)] {
		results = append(results, s.result(f))
	}
	return results
}

// weight orders findings: by what they do to a run, and by severity.
func weight(f *Finding) int {
	weight := map[string]int{"high": 2, "medium": 1}[f.Severity]
	if f.Mandatory() {
		weight += 3
	}
	return weight
}

func (s *sarifWriter) result(f *Finding) sarifResult {
	level := "warning"
	if f.Mandatory() {
		level = "error"
	}
	r := sarifResult{
		Rule: f.Policy, Index: s.rules[f.Policy], Level: level, Message: said(f.sentence()),
		Locations:    []sarifLocation{s.location(f.URN, f.Stack, f.Position)},
		Fingerprints: map[string]string{"dynamoguard/v1": f.Fingerprint},
		// The one that GitHub reads. It makes one of its own of the line otherwise, which changes with what stands above.
		Partial: map[string]string{"primaryLocationLineHash": f.Fingerprint},
	}
	switch {
	case s.Baseline == nil:
	case f.Known:
		r.Baseline = "unchanged"
	default:
		r.Baseline = "new"
	}
	return r
}

// said is a message without a link: [text](place) is one also in what is plain text, and the text is of a program.
func said(message string) sarifText {
	return sarifText{Text: strings.ReplaceAll(text.Message(message), "](", "] (")}
}

// sentence says what is wrong and what to write instead, on one line.
func (f *Finding) sentence() string {
	sentence := policy.Name(f.URN) + ": " + f.Wrong
	if f.Remedy != "" {
		sentence += "; " + f.Remedy
	}
	return text.Message(sentence + ".")
}

// location is a place in a file, and the resource. GitHub refuses all of an upload for one result that is in no file.
//
// Source: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning#location-object
func (s *sarifWriter) location(urn resource.URN, stack string, at *Position) sarifLocation {
	l := sarifLocation{Logical: []sarifLogical{{
		Name: text.Printable(urn.Name()), Full: text.Printable(string(urn)), Kind: "resource",
	}}}
	place := s.sources.file(urn.Project(), at)
	l.Physical = sarifPhysical{
		Artifact: sarifArtifact{URI: (&url.URL{Path: place.File}).EscapedPath(), Base: "%SRCROOT%"}, Region: sarifRegion{place.Line},
	}
	return l
}

// notifications are what an auditor must not miss, and what is no alert.
func (s *sarifWriter) notifications() []sarifNotification {
	var list []sarifNotification
	add := func(level, rule, message string, resources ...*Resource) {
		n := sarifNotification{Level: level, Message: said(message)}
		if rule != "" {
			n.Rule = &sarifReference{ID: rule}
		}
		for _, r := range resources {
			n.Locations = append(n.Locations, s.location(r.URN, r.Stack, r.Position))
		}
		list = append(list, n)
	}
	for _, u := range s.Unread {
		add("error", "", "not read: "+u.Source+": "+u.Reason)
	}
	for _, g := range s.Gaps() {
		level := "warning"
		if g.Outcome == Errored {
			level = "error"
		}
		rule := ""
		if len(g.Policies) == 1 {
			rule = g.Policies[0]
		}
		add(level, rule, fmt.Sprintf("not judged by %s: %s", strings.Join(g.Policies, ", "), g.Reason), g.Resources...)
	}
	for _, stack := range s.Stacks {
		if !stack.Ended {
			add("warning", "", notEnded(&stack))
		}
	}
	for _, n := range s.told() {
		add("note", "", text.List(n.Stacks, ", ")+": "+strings.Join(append([]string{n.Text}, n.Items...), "; "))
	}
	for i := range s.Findings {
		if f := &s.Findings[i]; f.Outcome == Exempt {
			add("note", f.Policy, f.state()+": "+f.sentence(), &Resource{URN: f.URN, Stack: f.Stack, Position: f.Position})
		}
	}
	if n := s.found - mostResults; n > 0 {
		add("warning", "", fmt.Sprintf("%d findings are left out, since GitHub takes %d; other formats have them", n, mostResults))
	}
	if s.found > mostKept {
		add("warning", "", fmt.Sprintf("GitHub keeps %d of %d findings, the most severe ones; other formats show all", mostKept, s.found))
	}
	return slices.Clip(list)
}

// notEnded says what a report lacks of a stack whose run was stopped.
func notEnded(s *Stack) string {
	return s.Name + ": the run ended before the stack was judged as a whole, so what only several resources show is missing"
}
