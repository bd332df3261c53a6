package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// mostMarkdown is what a comment on a pull request of GitHub may have, in characters; here it is of bytes, which are more. GitLab takes
// a million, and Azure DevOps 150,000.
//
// Source: https://github.com/dead-claudia/github-limits#comment-body
const mostMarkdown = 65_536

// MarkdownMark begins the Markdown, so that a job finds the comment that it wrote before.
const MarkdownMark = "<!-- dynamoguard -->"

// writeMarkdown writes the report for a comment on a pull request: what stops it first. What there is no room for is counted at the end.
func writeMarkdown(w io.Writer, r *Report, _ Options) error {
	m := &markdown{Report: r}
	m.head()
	m.findings()
	m.gaps()
	m.notices()
	m.settled()
	m.gone()
	if m.left > 0 {
		m.add("\n_" + text.Count(m.left, "entry is", "entries are") + " left out: a comment has room for 65,536 characters. Another format has all of it._\n")
	}
	m.add(fmt.Sprintf("\n<sub>DynamoGuard %s, %s%s</sub>\n", escaped(r.Version), r.Time.Format("2006-01-02 15:04 UTC"), m.basis()))
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct {
	*Report
	strings.Builder
	left int // entries that there was no room for
}

// add writes what must be there.
func (m *markdown) add(s string) { _, _ = m.WriteString(s) }

// entry writes what may be left out. Where something was, so is all that follows, which weighs less.
func (m *markdown) entry(s string) {
	const end = 1 << 10 // for what must be there
	if m.left > 0 || m.Len()+len(s) > mostMarkdown-end {
		m.left++
		return
	}
	m.add(s)
}

func (m *markdown) basis() string {
	if m.Configuration == "" {
		return ""
	}
	return ", configuration " + m.Configuration
}

// head says what came of it, and what was judged.
func (m *markdown) head() {
	t := m.Totals()
	fresh := ""
	if m.Baseline != nil {
		fresh = "new "
	}
	m.add(MarkdownMark + "\n## DynamoGuard\n\n")
	switch known := m.knownMandatory(); {
	case t.Mandatory > 0:
		m.add("⛔ **Blocked** by " + text.Count(t.Mandatory, fresh+"mandatory finding", fresh+"mandatory findings"))
	case known > 0 && m.Kind != OfState: // the engine knows no baseline
		m.add("⛔ **Blocked** by " + text.Count(known, "mandatory finding that was known before", "mandatory findings that were known before"))
	default:
		m.add("✅ **Not blocked**: no " + fresh + "mandatory finding")
	}
	m.add(fmt.Sprintf("; %d %sadvisory", t.Advisory, fresh))
	for _, more := range []struct {
		n    int
		word string
	}{{t.Before, "known before"}, {t.Exempt, "exempt"}, {t.Mended, "mended"}} {
		if more.n > 0 {
			m.add(fmt.Sprintf(", %d %s", more.n, more.word))
		}
	}
	if m.Baseline != nil && len(m.Baseline.Gone) > 0 {
		m.add(fmt.Sprintf(", %d gone since", len(m.Baseline.Gone)))
	}
	m.add(".\n")
	if t.Documents > 0 {
		m.add(fmt.Sprintf("\nJudged: %d of %s.\n", t.DocumentsKnown, text.Count(t.Documents, "policy document", "policy documents")))
	}
	for _, u := range m.Unread {
		m.entry("\n⚠️ **Not read:** " + code(u.Source) + ": " + prose(u.Reason) + "\n")
	}
	for i := range m.Stacks {
		if s := &m.Stacks[i]; !s.Ended {
			m.entry("\n⚠️ " + prose(notEnded(s)) + ".\n")
		}
	}
	m.table()
}

func (m *markdown) knownMandatory() (n int) {
	for i := range m.Findings {
		if f := &m.Findings[i]; f.Known && f.Mandatory() {
			n++
		}
	}
	return n
}

// table has a line for each stack, and one that sums up those that are too many.
func (m *markdown) table() {
	type row struct{ judged, not, mandatory, advisory int }
	const most = 50
	if len(m.Stacks) == 0 {
		return
	}
	rows := make([]row, len(m.Stacks))
	at := map[string]int{}
	for i := range m.Stacks {
		at[m.Stacks[i].Name] = i
	}
	for i := range m.Resources {
		r := &m.Resources[i]
		if slices.ContainsFunc(r.Judgements, func(j Judgement) bool { return j.Outcome == Unknown || j.Outcome == Errored }) {
			rows[at[r.Stack]].not++
		} else {
			rows[at[r.Stack]].judged++
		}
	}
	for i := range m.Findings {
		switch f := &m.Findings[i]; {
		case !f.Open():
		case f.Mandatory():
			rows[at[f.Stack]].mandatory++
		default:
			rows[at[f.Stack]].advisory++
		}
	}
	m.add("\n| Stack | Environment | Resources judged | Not, or in part | Mandatory | Advisory |\n|---|---|--:|--:|--:|--:|\n")
	line := func(name, environment string, r row) string {
		return fmt.Sprintf("| %s | %s | %d | %d | %d | %d |\n", name, environment, r.judged, r.not, r.mandatory, r.advisory)
	}
	var rest row
	for i, s := range m.Stacks {
		if i < most {
			m.add(line(cell(code(text.Short(s.Name))), cell(escaped(text.Short(s.Environment))), rows[i]))
			continue
		}
		rest.judged, rest.not = rest.judged+rows[i].judged, rest.not+rows[i].not
		rest.mandatory, rest.advisory = rest.mandatory+rows[i].mandatory, rest.advisory+rows[i].advisory
	}
	if n := len(m.Stacks) - most; n > 0 {
		m.add(line(fmt.Sprintf("%d more", n), "", rest))
	}
}

// mostAlike is how many findings of one policy with one remedy are listed: more of the same sentence nobody reads, and they would leave no
// room for others.
const mostAlike = 25

// findings writes those that are open: of one policy with one remedy together, what stops a run first.
func (m *markdown) findings() {
	for _, level := range []struct {
		mandatory   bool
		title, mark string
	}{{true, "Mandatory", "❌"}, {false, "Advisory", "⚠️"}} {
		type group struct{ policy, severity, remedy, write string }
		var order []group
		of := map[group][]*Finding{}
		for i := range m.Findings {
			f := &m.Findings[i]
			if !f.Open() || f.Mandatory() != level.mandatory {
				continue
			}
			g := group{f.Policy, f.Severity, f.Remedy, strings.Join(f.Write, "\n")}
			if of[g] == nil {
				order = append(order, g)
			}
			of[g] = append(of[g], f)
		}
		for i, g := range order {
			title := ""
			if i == 0 {
				title = "\n### " + level.title + "\n"
			}
			first := true
			for i, f := range of[g] {
				if i == mostAlike {
					m.entry(fmt.Sprintf("- … and %d more\n", len(of[g])-mostAlike))
					break
				}
				entry := "- " + m.where(f) + prose(f.Wrong) + m.doubt(f) + "\n" + proposed(f.Proposal)
				if first {
					// With the remedy, so that a finding never stands there without.
					entry = title + "\n" + level.mark + " " + m.named(g.policy, g.severity) + m.instead(g.remedy, g.write) + "\n" + entry
				}
				m.entry(entry)
				first = false
			}
		}
	}
}

// named is a policy with what it is evidence for.
func (m *markdown) named(name, severity string) string {
	s := "**" + code(name) + "** (" + severity
	i := slices.IndexFunc(m.Policies, func(p Policy) bool { return p.Name == name })
	if i >= 0 && len(m.Policies[i].Criteria) > 0 {
		s += "; " + soc2.Framework + ": " + soc2.Join(m.Policies[i].Criteria)
	}
	return s + ")"
}

// mostWritten is how many bytes of what to write a comment has: more of it nobody reads there.
const mostWritten = 4 << 10

// instead is what to write, as text, and as values where they are known. Half of a value is none.
func (m *markdown) instead(remedy, write string) string {
	s := "\n"
	if remedy != "" { // an event has none of what was said often enough
		s = "\n\n**Instead:** " + prose(remedy) + "\n"
	}
	if write == "" {
		return s
	}
	if len(write) > mostWritten {
		return s + "(the values are long; another format has them)\n"
	}
	return s + fenced("yaml", write)
}

// proposed is what to write in place of the statement of a finding, below it.
func proposed(p *Proposal) string {
	if p == nil || len(p.Statements) == 0 {
		return ""
	}
	s := "\n  Proposed, by what the stack names"
	if len(p.LeftOut) > 0 {
		s += " (without " + prose(text.List(p.LeftOut, ", ")) + ")"
	}
	s += ":\n"
	for _, statement := range p.Statements {
		if len(statement) > mostWritten {
			return ""
		}
		s += strings.ReplaceAll(fenced("json", statement), "\n", "\n  ")
	}
	return strings.TrimRight(s, " ") + "\n"
}

func (m *markdown) where(f *Finding) string {
	s := code(policy.Name(f.URN))
	if len(m.Stacks) > 1 {
		s += " of " + code(f.Stack)
	}
	if f.Position != nil {
		s += " at " + code(fmt.Sprintf("%s:%d", f.Position.File, f.Position.Line))
	}
	return s + ": "
}

func (m *markdown) doubt(f *Finding) string {
	s := ""
	if f.Doubt != "" {
		s += " _(advisory only: " + escaped(f.Doubt) + ")_"
	}
	if f.Exemption != nil {
		s += " _(its exemption has expired on " + escaped(f.Exemption.Expires) + ", owner " + escaped(f.Exemption.Owner) + ")_"
	}
	return s
}

func (m *markdown) gaps() {
	for i, g := range m.Gaps() {
		s := ""
		if i == 0 {
			s = "\n### Not judged\n\n"
		}
		m.entry(s + "- " + m.names(g.Resources) + ": " + prose(g.Reason) + " _(by " + escaped(strings.Join(g.Policies, ", ")) + ")_\n")
	}
}

func (m *markdown) names(resources []*Resource) string {
	return text.ListOf(resources, ", ", func(r *Resource) string {
		if len(m.Stacks) == 1 {
			return code(policy.Name(r.URN))
		}
		return code(policy.Name(r.URN)) + " of " + code(r.Stack)
	})
}

func (m *markdown) notices() {
	for i, n := range m.told() {
		s := ""
		if i == 0 {
			s = "\n### Notices\n\n"
		}
		s += "- "
		if len(m.Stacks) > 1 {
			s += text.ListOf(n.Stacks, ", ", code) + ": "
		}
		s += prose(n.Text) + "\n"
		for _, item := range n.Items {
			s += "  - " + prose(item) + "\n"
		}
		m.entry(s)
	}
}

// settled writes what is permitted, known before or mended.
func (m *markdown) settled() {
	var lines []string
	for i := range m.Findings {
		if f := &m.Findings[i]; !f.Open() {
			lines = append(lines, "- "+m.where(f)+code(f.Policy)+", "+prose(f.state())+": "+prose(f.Wrong)+"\n")
		}
	}
	m.folded("Known before, exempt or mended", lines)
}

func (m *markdown) gone() {
	if m.Baseline == nil {
		return
	}
	var lines []string
	for _, e := range m.Baseline.Gone {
		lines = append(lines, "- "+code(policy.Name(e.URN))+" of "+code(e.Stack)+", "+code(e.Policy)+": "+prose(e.Wrong)+"\n")
	}
	m.folded("In the baseline, and gone", lines)
}

// folded writes lines that a reader opens.
func (m *markdown) folded(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	if m.left > 0 {
		m.left += len(lines)
		return
	}
	m.add(fmt.Sprintf("\n<details><summary>%s (%d)</summary>\n\n", title, len(lines)))
	for _, line := range lines {
		m.entry(line)
	}
	m.add("\n</details>\n")
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// prose is a text of the pack's with values of programs in it: what is in quotation marks is code, where Markdown has no say, and
// the rest is escaped.
func prose(s string) string {
	s = text.Message(s)
	var b strings.Builder
	at := 0
	for _, span := range quoted.FindAllStringIndex(s, -1) {
		b.WriteString(escaped(s[at:span[0]]))
		b.WriteString(code(s[span[0]:span[1]]))
		at = span[1]
	}
	b.WriteString(escaped(s[at:]))
	return b.String()
}

// escaped is a text as Markdown that shows it as it is. It is no link and no image, calls nobody (@name) and refers to nothing (#1):
// hosts look for these in what is shown, so an invisible word joiner breaks them.
func escaped(s string) string {
	const joiner = "\u2060"
	var b strings.Builder
	before := ' '
	s = text.Printable(s)
	for i, r := range s {
		switch {
		case r == ':' && (strings.HasPrefix(s[i:], ": ") || i == len(s)-1):
			b.WriteRune(r) // no address and no :name: of a picture
		case strings.ContainsRune("\\`*_[]<>&|~:$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '@' && !unicode.IsLetter(before) && !unicode.IsDigit(before):
			b.WriteString("@" + joiner)
		case r == '#', r == '!':
			b.WriteString("\\" + string(r) + joiner)
		case r == '.' && strings.HasSuffix(strings.ToLower(b.String()), "www"):
			b.WriteString(joiner + ".")
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// code is a text as code within a line.
func code(s string) string {
	s = text.Printable(s)
	if s == "" {
		return ""
	}
	ticks := fence(s, 1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// fenced is a text of several lines as code.
func fenced(language, s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = text.Printable(line)
	}
	s = strings.Join(lines, "\n")
	ticks := fence(s, 3)
	return "\n" + ticks + language + "\n" + s + "\n" + ticks + "\n"
}

// fence is backticks, at least as many as least, and more than stand together anywhere in a text.
func fence(s string, least int) string {
	run := 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		least = max(least, run+1)
	}
	return strings.Repeat("`", least)
}

// cell is Markdown in a table, where a bar ends a cell in code too.
func cell(s string) string {
	if utf8.RuneCountInString(s) == 0 {
		return " "
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, `\|`, "|"), "|", `\|`)
}
