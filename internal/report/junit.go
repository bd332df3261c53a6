package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		junitCounts
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Time       string           `xml:"timestamp,attr"`
		Properties *junitProperties `xml:"properties"`
		Cases      []junitCase      `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	junitProperties struct {
		List []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		File    string       `xml:"file,attr,omitempty"`
		Line    int          `xml:"line,attr,omitempty"`
		Failure *junitResult `xml:"failure"`
		Error   *junitResult `xml:"error"`
		Skipped *junitResult `xml:"skipped"`
		Out     string       `xml:"system-out,omitempty"`
	}
	junitResult struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes a test of each policy on each resource that it had something to judge of. One fails as --fail-on has it; what is
// exempt, out of scope, known or unknown is skipped, and other findings are the output of a test that passes.
//
// Source: https://github.com/testmoapp/junitxml
func writeJUnit(w io.Writer, r *Report, o Options) error {
	type key struct {
		policy string
		urn    resource.URN
		stack  string
	}
	findings := map[key][]*Finding{}
	for i := range r.Findings {
		f := &r.Findings[i]
		k := key{f.Policy, f.URN, f.Stack}
		findings[k] = append(findings[k], f)
	}
	all := junitSuites{Name: "DynamoGuard"}
	suites := map[string]int{}
	for _, s := range r.Stacks {
		suites[s.Name] = len(all.Suites)
		suite := junitSuite{Name: text.Printable(s.Name), Time: r.Time.Format("2006-01-02T15:04:05"), Properties: &junitProperties{}}
		for _, p := range []junitProperty{{"version", r.Version}, {"environment", s.Environment}, {"source", s.Source}} {
			if p.Value != "" {
				suite.Properties.List = append(suite.Properties.List, junitProperty{p.Name, text.Printable(p.Value)})
			}
		}
		if !s.Ended {
			suite.add(junitCase{Class: "dynamoguard", Name: "the stack as a whole", Skipped: skipped(notEnded(&s))})
		}
		all.Suites = append(all.Suites, suite)
	}
	for i := range r.Resources {
		resource := &r.Resources[i]
		at := o.Sources.place(resource.URN.Project(), resource.Position)
		for _, j := range resource.Judgements {
			if j.Outcome == NotApplicable {
				continue
			}
			c := junitCase{Class: j.Policy, Name: text.Printable(policy.Name(resource.URN))}
			if at != nil {
				c.File, c.Line = text.Printable(at.File), at.Line
			}
			c.judged(&j, findings[key{j.Policy, resource.URN, resource.Stack}], o.FailOn)
			all.Suites[suites[resource.Stack]].add(c)
		}
	}
	if len(r.Unread) > 0 {
		unread := junitSuite{Name: "not read", Time: r.Time.Format("2006-01-02T15:04:05")}
		for _, u := range r.Unread {
			unread.add(junitCase{Class: "dynamoguard", Name: text.Printable(u.Source), Error: &junitResult{Message: text.Message(u.Reason), Type: "unread"}})
		}
		all.Suites = append(all.Suites, unread)
	}
	for _, s := range all.Suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
	}
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(xml.Header)
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, _ = out.WriteString("\n")
	return out.Flush()
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// judged says what came of a test.
func (c *junitCase) judged(j *Judgement, findings []*Finding, on FailOn) {
	var failing, other, permitted []string
	level := policy.Advisory.String()
	for _, f := range findings {
		switch {
		case !f.Open():
			permitted = append(permitted, f.state()+": "+f.sentence())
		case f.fails(on):
			failing = append(failing, f.sentence())
			if f.Mandatory() {
				level = f.Level
			}
		default:
			other = append(other, f.Level+": "+f.sentence())
		}
	}
	switch {
	case len(failing) > 0:
		c.Failure = result(failing, level)
	case j.Outcome == Errored:
		c.Error = &junitResult{Message: text.Message(j.Reason), Type: string(j.Outcome)}
	case j.Outcome == Unknown && on.Unknown:
		c.Failure = &junitResult{Message: text.Message(j.Reason), Type: string(j.Outcome)}
	case j.Outcome == Unknown, j.Outcome == OutOfScope:
		c.Skipped = skipped(j.Reason)
	case len(other) == 0 && len(permitted) > 0:
		c.Skipped = result(permitted, "")
		permitted = nil
	}
	c.Out = strings.Join(append(other, permitted...), "\n")
}

func skipped(reason string) *junitResult { return &junitResult{Message: text.Message(reason)} }

// result has the first of several sentences as its message, and all of them as its text.
func result(sentences []string, kind string) *junitResult {
	r := &junitResult{Message: text.Message(sentences[0]), Type: kind}
	if len(sentences) > 1 {
		r.Message += fmt.Sprintf(" (and %d more)", len(sentences)-1)
		r.Text = strings.Join(sentences, "\n")
	}
	return r
}
