package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/text"
)

// writeText writes the report for a terminal, or for a log. Nothing in it can control the terminal.
func writeText(w io.Writer, r *Report, o Options) error {
	p := &printer{Writer: bufio.NewWriter(w), Options: o}
	for i := range r.Stacks {
		p.stack(r, &r.Stacks[i])
	}
	p.access(r.Matrix)
	p.gaps(r)
	p.notices(r)
	p.unread(r)
	p.summary(r)
	return p.Flush()
}

// A printer writes paragraphs in colour, and breaks their lines where there is a terminal.
type printer struct {
	*bufio.Writer
	Options
}

// A style is how a terminal shows a text.
type style string

const (
	plain  style = ""
	bold   style = "1"
	red    style = "31"
	yellow style = "33"
	green  style = "32"
	dim    style = "2"
)

func (p *printer) styled(s style, of string) string {
	if !p.Colour || s == plain {
		return of
	}
	return "\x1b[" + string(s) + "m" + of + "\x1b[0m"
}

// paragraph writes a text with an indent, its beginning in a style.
func (p *printer) paragraph(indent int, s style, start, rest string) {
	start, rest = text.Printable(start), text.Printable(rest)
	space, from := strings.Repeat(" ", indent), 0
	for _, line := range p.lines(start+rest, indent) {
		styled := max(min(len(start)-from, len(line)), 0)
		_, _ = p.WriteString(space)
		if styled > 0 {
			_, _ = p.WriteString(p.styled(s, line[:styled]))
		}
		_, _ = p.WriteString(strings.TrimRight(line[styled:], " ") + "\n")
		if from == 0 {
			space += "  "
		}
		from += len(line) + 1 // the blank that it was broken at
	}
}

// lines breaks a text at blanks, where there is a terminal that it is too long for.
func (p *printer) lines(s string, indent int) (lines []string) {
	for room := p.Width - indent; p.Width > 0 && utf8.RuneCountInString(s) > room; room = p.Width - indent - 2 {
		at, runes := -1, 0
		for i, r := range s {
			if runes++; r == ' ' && i > 0 && (runes <= room+1 || at < 0) {
				at = i
			}
			if runes > room && at > 0 {
				break
			}
		}
		if at < 0 {
			break
		}
		lines, s = append(lines, s[:at]), s[at+1:]
	}
	return append(lines, s)
}

// section begins a section.
func (p *printer) section(s style, title string) {
	_, _ = p.WriteString(p.styled(s, text.Printable(title)) + "\n")
}

// stack writes the findings of a stack: those of one policy with one remedy stand together, what stops a run first.
func (p *printer) stack(r *Report, s *Stack) {
	open := r.groups(func(f *Finding) bool { return f.Stack == s.Name && f.Open() })
	var settled []*Finding
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Stack == s.Name && !f.Open() {
			settled = append(settled, f)
		}
	}
	p.section(bold, s.Name+s.about())
	if !s.Ended {
		p.paragraph(2, yellow, "the run did not come to its end: what only several resources together show is missing", "")
	}
	switch {
	case s.Resources == 0 && s.Source != "":
		p.paragraph(2, plain, "it has no resources; nothing to judge", "")
	case len(open) == 0 && len(settled) == 0:
		p.paragraph(2, green, "nothing was found", "")
	}
	for _, g := range open {
		first := g.Findings[0]
		colour := yellow
		if first.Mandatory() {
			colour = red
		}
		p.paragraph(2, colour, g.Level, "  "+g.Policy+" ("+r.evidence(g.Policy, first.Severity)+")")
		for _, f := range g.Findings {
			p.paragraph(4, plain, f.where(), "")
			p.paragraph(6, plain, f.Wrong, "")
			if f.Doubt != "" {
				p.paragraph(6, dim, "advisory only: "+f.Doubt, "")
			}
			if f.Proposal != nil {
				for _, statement := range f.Proposal.Statements {
					p.paragraph(6, dim, "could be: ", statement)
				}
			}
			if f.Exemption != nil {
				p.paragraph(6, plain, "its exemption has expired on "+f.Exemption.Expires+" (owner "+f.Exemption.Owner+")", "")
			}
		}
		if g.Remedy != "" { // an event has none of what was said often enough
			p.paragraph(4, bold, "instead:", " "+g.Remedy)
		}
	}
	for _, f := range settled {
		p.paragraph(2, dim, f.state(), "  "+f.Policy+"  "+f.where()+": "+f.Wrong)
	}
	_, _ = p.WriteString("\n")
}

// about is what is known of a stack, behind its name.
func (s *Stack) about() string {
	var parts []string
	if s.Environment != "" {
		parts = append(parts, s.Environment)
	}
	if s.Resources > 0 {
		parts = append(parts, text.Count(s.Resources, "resource", "resources"))
	}
	if s.Source != "" && s.Source != s.Name {
		parts = append(parts, s.Source)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// where is the resource of a finding, and where that was declared.
func (f *Finding) where() string {
	where := policy.Name(f.URN)
	if f.Position != nil {
		where += fmt.Sprintf("  %s:%d", f.Position.File, f.Position.Line)
	}
	return where
}

// state is why a finding is not open.
func (f *Finding) state() string {
	switch {
	case f.Mended:
		return "mended"
	case len(f.Exceptions) > 0:
		return "exempt by " + f.Exceptions[0].ID + " (" + f.Exceptions[0].Reason + ")"
	case f.Exemption != nil && f.Outcome == Exempt:
		return fmt.Sprintf("exempt until %s (%s, owner %s)", f.Exemption.Expires, f.Exemption.Reason, f.Exemption.Owner)
	default:
		return "known"
	}
}

func (p *printer) gaps(r *Report) {
	gaps := r.Gaps()
	if len(gaps) == 0 {
		return
	}
	p.section(bold, "Not judged")
	for _, g := range gaps {
		p.paragraph(2, yellow, string(g.Outcome), "  "+r.names(g.Resources, bare))
		p.paragraph(4, plain, g.Reason, "")
		p.paragraph(4, dim, "by "+strings.Join(g.Policies, ", "), "")
	}
	_, _ = p.WriteString("\n")
}

func (p *printer) notices(r *Report) {
	told := r.told()
	if len(told) == 0 {
		return
	}
	p.section(bold, "Notices")
	for _, n := range told {
		stacks := ""
		if len(r.Stacks) > 1 {
			stacks = text.List(n.Stacks, ", ") + ": "
		}
		p.paragraph(2, plain, "- "+stacks+n.Text, "")
		for _, item := range n.Items {
			p.paragraph(6, plain, item, "")
		}
	}
	_, _ = p.WriteString("\n")
}

func (p *printer) unread(r *Report) {
	if len(r.Unread) == 0 {
		return
	}
	p.section(bold, "Not read")
	for _, u := range r.Unread {
		p.paragraph(2, red, u.Source, ": "+u.Reason)
	}
	_, _ = p.WriteString("\n")
}

func (p *printer) summary(r *Report) {
	t := r.Totals()
	found := text.Count(t.Mandatory, "mandatory finding", "mandatory findings") + ", " + fmt.Sprintf("%d advisory", t.Advisory)
	for _, more := range []struct {
		n    int
		word string
	}{{t.Exempt, "exempt"}, {t.Before, "known before"}, {t.Mended, "mended"}} {
		if more.n > 0 {
			found += fmt.Sprintf(", %d %s", more.n, more.word)
		}
	}
	if r.Baseline != nil && len(r.Baseline.Gone) > 0 {
		found += fmt.Sprintf(", %d of the baseline gone", len(r.Baseline.Gone))
	}
	if t.Gaps > 0 {
		found += "; " + text.Count(t.Gaps, "judgement that could not be made", "judgements that could not be made")
	}
	known := r.knownBefore()
	colour := green
	switch {
	case t.Mandatory > 0:
		colour = red
	case t.Advisory+t.Gaps+t.MandatoryBefore > 0 || r.cut():
		colour = yellow
	}
	of := []string{text.Count(len(r.Stacks), "stack", "stacks")}
	if t.Resources > 0 {
		of = append(of, text.Count(t.Resources, "resource", "resources"))
	}
	if t.Documents > 0 {
		of = append(of, fmt.Sprintf("%d of %s", t.DocumentsKnown, text.Count(t.Documents, "policy document", "policy documents")))
	}
	of = append(of, text.Count(t.Policies, "policy", "policies"))
	p.paragraph(0, plain, strings.Join(of, ", "), "")
	p.paragraph(0, colour, found, "")
	if known != "" {
		p.paragraph(0, colour, "of what is mandatory, "+known, "")
	}
	if r.cut() {
		p.paragraph(0, colour, "not everything could be judged", "")
	}
}
