package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/text"
)

// mostMarkdown is what a comment on a pull request of GitHub may have, in characters; here it is of bytes, which are more. GitLab takes
// a million, and Azure DevOps 150,000.
//
// Source: https://github.com/dead-claudia/github-limits#comment-body
const mostMarkdown = 65_536

// unmarked is what no name of a stack has. It would end the mark.
var unmarked = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\w./-]`) })

// mark is the first line, by which a job finds the comment that it wrote before: one comment for each stack.
func (m *markdown) mark() string {
	if len(m.Stacks) != 1 {
		return "<!-- dynamoguard -->\n"
	}
	return "<!-- dynamoguard " + unmarked().ReplaceAllString(text.Short(m.Stacks[0].Name), "_") + " -->\n"
}

// writeMarkdown writes the report for a comment on a pull request: what stops it first. What there is no room for is counted at the end.
func writeMarkdown(w io.Writer, r *Report, o Options) error {
	m := &markdown{Report: r, on: o.FailOn}
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
	on   FailOn
	left int // entries that there was no room for
}

// add writes what must be there.
func (m *markdown) add(s string) { _, _ = m.WriteString(s) }

// entry writes what may be left out, and reports whether there was room for it. What is smaller may have room where it had none.
func (m *markdown) entry(s string) bool {
	const end = 1 << 10 // for what must be there
	if m.Len()+len(s) > mostMarkdown-end {
		m.left++
		return false
	}
	m.add(s)
	return true
}

// under writes an entry with the head that it stands under, if that is not there yet.
func (m *markdown) under(head *string, s string) {
	if m.entry(*head + s) {
		*head = ""
	}
}

func (m *markdown) basis() string {
	if m.Configuration == "" {
		return ""
	}
	return ", configuration " + m.Configuration
}

// head says what came of it, and what was judged.
func (m *markdown) head() {
	t, fresh := m.Totals(), m.fresh()
	m.add(m.mark() + "## DynamoGuard\n\n" + m.verdict())
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

// verdict says whether the job fails. It is well where nothing is to be done, and everything was judged.
func (m *markdown) verdict() string {
	mandatory := "no " + m.fresh() + "mandatory finding"
	if n := m.Totals().Mandatory; n > 0 { // --fail-on none
		mandatory = text.Count(n, m.fresh()+"mandatory finding", m.fresh()+"mandatory findings")
	}
	known := m.knownBefore()
	switch by := m.blocked(m.on); {
	case len(by) > 0:
		return "⛔ **Blocked** by " + text.And(by)
	case m.cut():
		return "⚠️ **Could not be judged** as a whole: " + mandatory + " in what was judged"
	case known != "":
		return "⚠️ **Not blocked**: " + mandatory + ", and " + known
	case m.Totals().Mandatory > 0:
		return "⚠️ **Not blocked**, since the job fails on none: " + mandatory
	default:
		return "✅ **Not blocked**: " + mandatory
	}
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

// findings writes those that are open, what stops a run first.
func (m *markdown) findings() {
	groups := m.groups((*Finding).Open)
	for _, level := range []struct {
		mandatory   bool
		title, mark string
	}{{true, "Mandatory", "❌"}, {false, "Advisory", "⚠️"}} {
		title := "\n### " + level.title + "\n"
		for _, g := range groups {
			first := g.Findings[0]
			if first.Mandatory() != level.mandatory {
				continue
			}
			alike := g.alike(sameWrite)
			// With the remedy, so that a finding never stands there without.
			head := title + "\n" + level.mark + " **" + code(g.Policy) + "** (" + m.evidence(g.Policy, first.Severity) + ")" + instead(g.Remedy)
			if alike {
				head += written(first.Write)
			}
			head += "\n"
			for i, f := range g.Findings {
				if i == mostAlike {
					m.under(&head, fmt.Sprintf("- … and %d more\n", len(g.Findings)-mostAlike))
					break
				}
				entry := "- " + m.where(f) + prose(f.Wrong) + m.doubt(f) + "\n"
				if !alike {
					entry += indented(written(f.Write))
				}
				m.under(&head, entry+proposed(f.Proposal))
			}
			if head == "" {
				title = ""
			}
		}
	}
}

// mostWritten is how many bytes of what to write a comment has: more of it nobody reads there.
const mostWritten = 4 << 10

// instead is what to write, as text.
func instead(remedy string) string {
	if remedy == "" { // an event has none of what was said often enough
		return "\n"
	}
	return "\n\n**Instead:** " + prose(remedy) + "\n"
}

// written is what to write as values, where they are known. Half of a value is none.
func written(write []string) string {
	switch values := strings.Join(write, "\n"); {
	case values == "":
		return ""
	case len(values) > mostWritten:
		return "(the values are long; another format has them)\n"
	default:
		return fenced("yaml", values)
	}
}

// indented is what belongs to an item of a list, below it.
func indented(s string) string {
	return strings.TrimRight(strings.ReplaceAll(s, "\n", "\n  "), " ")
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
		s += indented(fenced("json", statement))
	}
	return s + "\n"
}

func (m *markdown) where(f *Finding) string {
	s := m.placed(f.URN, f.Stack, code)
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
	head := "\n### Not judged\n\n"
	for _, g := range m.Gaps() {
		m.under(&head, "- "+m.names(g.Resources, code)+": "+prose(g.Reason)+" _(by "+escaped(strings.Join(g.Policies, ", "))+")_\n")
	}
}

// mostItems is how many items of a notice are listed.
const mostItems = 20

func (m *markdown) notices() {
	head := "\n### Notices\n\n"
	for _, n := range m.told() {
		s := "- "
		if len(m.Stacks) > 1 {
			s += text.ListOf(n.Stacks, ", ", code) + ": "
		}
		s += prose(n.Text) + "\n"
		for i, item := range n.Items {
			if i == mostItems {
				s += fmt.Sprintf("  - … and %d more\n", len(n.Items)-mostItems)
				break
			}
			s += "  - " + prose(item) + "\n"
		}
		m.under(&head, s)
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
	head := fmt.Sprintf("\n<details><summary>%s (%d)</summary>\n\n", title, len(lines))
	for _, line := range lines {
		m.under(&head, line)
	}
	if head == "" {
		m.add("\n</details>\n")
	}
}

var (
	quoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"(?:[^"\\]|\\.)*"`) })
	ticked = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("`[^`]+`") })
)

// prose is a text of the pack's with values of programs in it: what is in quotation marks is code, where Markdown has no say, and
// the rest is escaped.
func prose(s string) string { return marked(text.Message(s), quoted(), code) }

// help is a text that a policy has of itself, which has code in backticks, and no other Markdown: there are patterns in it.
func help(s string) string { return marked(s, ticked(), bare) }

// marked is a text as Markdown: spans as they are written, and the rest escaped.
func marked(s string, spans *regexp.Regexp, write func(string) string) string {
	var b strings.Builder
	at := 0
	for _, span := range spans.FindAllStringIndex(s, -1) {
		b.WriteString(escaped(s[at:span[0]]))
		b.WriteString(write(s[span[0]:span[1]]))
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
