package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

var (
	//go:embed html/report.gohtml
	htmlSource string
	//go:embed html/report.css
	htmlStyle string
	//go:embed html/report.js
	htmlScript string

	// Parsed where it is needed: every run starts the pack, and few write a page.
	htmlPage = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("report").Funcs(template.FuncMap{
			"name": policy.Name, "join": soc2.Join, "count": text.Count, "bar": barOf,
		}).Parse(htmlSource))
	})
)

// hash names a script or style in a Content-Security-Policy, so that the browser runs that one and no other.
func hash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// writeHTML writes the report as one file for people: an auditor, a reviewer, on a screen, a phone or paper. It loads nothing.
func writeHTML(w io.Writer, r *Report, _ Options) error {
	buffered := bufio.NewWriter(w)
	if err := htmlPage().Execute(printableWriter{buffered}, pageOf(r)); err != nil {
		return err
	}
	return buffered.Flush()
}

// A printableWriter makes printable what is written to it, but for the ends of lines. The template writes each value at once, so
// that no character is cut in two.
type printableWriter struct{ io.Writer }

func (w printableWriter) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		of := strings.TrimSuffix(line, "\n")
		if _, err := io.WriteString(w.Writer, text.Printable(of)+line[len(of):]); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// A page is what the template writes of a report.
type page struct {
	*Report
	Title, Made, Of             string
	Framework, FrameworkVersion string
	Style                       template.CSS
	Script                      template.JS
	StyleHash, ScriptHash       string
	Verdict                     verdict
	Tiles                       []tile
	StackLines                  []stackLine
	Groups                      []*findingGroup
	Levels, Found               []string // that findings have: levels, and names of policies
	HasStatements               bool
	Access                      *accessData
	Reach                       reach
	Places                      []*placeOfTables
	Homeless                    []string // names of stacks
	Shared                      []sharedName
	Excepted                    []*excepted
	Checked                     bool
	Cut                         []string // names of stacks
	Lacks                       []lack
	Scope                       []*outOfScope
	Off                         []string // names of policies
	MatrixUnknown               []string
	Told                        []toldNotice
	PolicyLines                 []policyLine
}

// A verdict is the answer in a sentence or two.
type verdict struct {
	Class string
	Lines []string
}

// A tile is a number to be seen at once.
type tile struct {
	N     int
	What  string
	Class string
}

type stackLine struct {
	*Stack
	Mandatory, Advisory int
}

// From is what the stack was read from, where that is not its name.
func (s stackLine) From() string {
	if s.Source == s.Name {
		return ""
	}
	return s.Source
}

// A findingGroup is a group as the template writes it.
type findingGroup struct {
	*group
	Policy *Policy
	// Wrong and Write are what all of several findings have alike; of others each has its own.
	Wrong  string
	Write  []string
	Opened bool
}

// Class is how the level is shown.
func (g *findingGroup) Class() string {
	switch g.Level {
	case policy.Mandatory.String():
		return "is-fail"
	case policy.Advisory.String():
		return "is-warn"
	case string(Exempt):
		return "is-exempt"
	default:
		return "is-scope"
	}
}

type excepted struct {
	Exception
	Policies []string
	Findings int
}

type lack struct {
	Gap
	By    string
	Where []string
}

type outOfScope struct {
	Policy, Reason string
	N              int
}

type toldNotice struct {
	sharedNotice
	Where string // the names of its stacks, where there are several
}

type policyLine struct {
	*Policy
	Class, Result string
}

func pageOf(r *Report) *page {
	p := &page{
		Report: r, Made: r.Time.Format("2006-01-02 15:04 UTC"), Of: kinds[r.Kind], Framework: soc2.Framework, FrameworkVersion: soc2.Version,
		Style: template.CSS(htmlStyle), Script: template.JS(htmlScript), StyleHash: hash(htmlStyle), ScriptHash: hash(htmlScript),
	}
	p.Title = text.Count(len(r.Stacks), "stack", "stacks")
	if len(r.Stacks) == 1 {
		p.Title = r.Stacks[0].Name
	}
	totals := r.Totals()
	p.Verdict = r.verdict(totals)
	p.Tiles = tilesOf(totals)
	p.findings()
	p.unchecked()
	p.policies()
	if m := r.Matrix; m != nil {
		p.MatrixUnknown = m.Unknown
		if len(m.Tables) > 0 && len(m.Principals) > 0 {
			p.Access, p.Reach = accessDataOf(m), reachOf(m)
		}
		p.tables(m)
	}
	p.Checked = len(r.Unread)+len(p.Cut)+len(p.Lacks)+len(p.Scope)+len(p.Off)+len(p.MatrixUnknown)+len(p.Told) == 0
	return p
}

var kinds = map[Kind]string{
	OfState: "the states of stacks", OfPreview: "a preview", OfUpdate: "an update", OfEvents: "the events of a run",
}

// verdict says first what people ask first. It never says that all is well where something could not be judged, or only was known.
func (r *Report) verdict(t Totals) verdict {
	v := verdict{Lines: []string{"No " + r.fresh() + "mandatory finding is open."}}
	lacking := r.cut() || t.Gaps > 0
	switch {
	case t.Mandatory > 0:
		v.Lines = []string{text.Count(t.Mandatory, r.fresh()+"mandatory finding is open.", r.fresh()+"mandatory findings are open.")}
		v.Class = "fail"
	case t.MandatoryBefore > 0 && r.Kind != OfState:
		v.Class = "fail"
	case t.MandatoryBefore+t.Advisory > 0 || lacking:
		v.Class = "warn"
	}
	if known := r.knownBefore(); known != "" {
		known += "."
		if r.Kind != OfState {
			known += " That stops a run all the same: the engine knows no baseline."
		}
		v.Lines = append(v.Lines, known)
	}
	if t.DocumentsKnown < t.Documents {
		v.Lines = append(v.Lines, fmt.Sprintf("%d of %s were known, so that they could be judged.", t.DocumentsKnown, text.Count(t.Documents, "policy document", "policy documents")))
	}
	if lacking {
		v.Lines = append(v.Lines, "Not everything could be judged: see what was not checked.")
	}
	return v
}

func tilesOf(t Totals) []tile {
	tiles := []tile{
		{t.Mandatory, "mandatory", "is-fail"}, {t.Advisory, "advisory", "is-warn"}, {t.Gaps, "could not be judged", "is-unknown"},
		{t.Exempt, "exempt", "is-exempt"}, {t.Before, "known before", "is-scope"}, {t.Mended, "mended", "is-pass"},
	}
	tiles = slices.DeleteFunc(tiles, func(t tile) bool { return t.N == 0 && (t.What == "known before" || t.What == "mended") })
	for i := range tiles {
		if tiles[i].N == 0 {
			tiles[i].Class = ""
		}
	}
	return append(tiles, tile{t.Resources, "resources", ""}, tile{t.Policies, "policies in force", ""})
}

// findings groups the findings, those of a policy together, and counts them by stack and by exception.
func (p *page) findings() {
	policies := map[string]int{}
	for i := range p.Report.Policies {
		policies[p.Report.Policies[i].Name] = i
	}
	stacks := map[string]int{}
	for i := range p.Stacks {
		stacks[p.Stacks[i].Name] = i
		p.StackLines = append(p.StackLines, stackLine{Stack: &p.Stacks[i]})
	}
	exceptions := map[Exception]*excepted{}
	for i := range p.Findings {
		f := &p.Findings[i]
		p.HasStatements = p.HasStatements || f.Statement != ""
		if s, ok := stacks[f.Stack]; ok && f.Open() {
			if f.Mandatory() {
				p.StackLines[s].Mandatory++
			} else {
				p.StackLines[s].Advisory++
			}
		}
		for _, x := range f.Exceptions {
			e := exceptions[x]
			if e == nil {
				e = &excepted{Exception: x}
				exceptions[x] = e
				p.Excepted = append(p.Excepted, e)
			}
			e.Findings++
			if !slices.Contains(e.Policies, f.Policy) {
				e.Policies = append(e.Policies, f.Policy)
			}
		}
	}
	const shown = 50 // of a group that is open from the beginning
	groups := p.groups(func(*Finding) bool { return true })
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(byLevel(a, b), cmp.Compare(policies[a.Policy], policies[b.Policy]))
	})
	for _, of := range groups {
		g := &findingGroup{group: of, Policy: &p.Report.Policies[policies[of.Policy]]}
		first := g.Findings[0]
		if len(g.Findings) > 1 && g.alike(func(a, b *Finding) bool { return a.Wrong == b.Wrong }) {
			g.Wrong = first.Wrong
		}
		if len(g.Findings) > 1 && g.alike(sameWrite) {
			g.Write = first.Write
		}
		g.Opened = len(g.Findings) <= shown && first.Open()
		if !slices.Contains(p.Levels, g.Level) {
			p.Levels = append(p.Levels, g.Level)
		}
		if !slices.Contains(p.Found, of.Policy) {
			p.Found = append(p.Found, of.Policy)
		}
		p.Groups = append(p.Groups, g)
	}
	slices.Sort(p.Found)
}

// unchecked collects what was not judged.
func (p *page) unchecked() {
	for i := range p.Stacks {
		if !p.Stacks[i].Ended {
			p.Cut = append(p.Cut, p.Stacks[i].Name)
		}
	}
	for _, g := range p.Gaps() {
		l := lack{Gap: g, By: strings.Join(g.Policies, ", ")}
		for _, of := range g.Resources {
			l.Where = append(l.Where, p.placed(of.URN, of.Stack, bare))
		}
		p.Lacks = append(p.Lacks, l)
	}
	type key struct{ policy, reason string }
	scope := map[key]*outOfScope{}
	for i := range p.Resources {
		for _, j := range p.Resources[i].Judgements {
			if j.Outcome != OutOfScope {
				continue
			}
			k := key{j.Policy, j.Reason}
			if scope[k] == nil {
				scope[k] = &outOfScope{Policy: j.Policy, Reason: j.Reason}
				p.Scope = append(p.Scope, scope[k])
			}
			scope[k].N++
		}
	}
	for _, n := range p.told() {
		t := toldNotice{sharedNotice: n}
		if len(p.Stacks) > 1 {
			t.Where = strings.Join(n.Stacks, ", ")
		}
		p.Told = append(p.Told, t)
	}
}

// policies says of each policy what it comes to.
func (p *page) policies() {
	for i := range p.Report.Policies {
		of := &p.Report.Policies[i]
		line := policyLine{Policy: of}
		c := &of.Counts
		switch n := c.Judged(); {
		case of.Level == policy.Disabled.String():
			line.Class, line.Result = "is-scope", "disabled"
			p.Off = append(p.Off, of.Name)
		case c.Failed > 0:
			line.Class, line.Result = "is-fail", fmt.Sprintf("fails on %d of %d", c.Failed, n)
		case c.Unknown+c.Errored > 0:
			line.Class, line.Result = "is-unknown", fmt.Sprintf("not known of %d of %d", c.Unknown+c.Errored, n)
		case c.Exempt > 0:
			line.Class, line.Result = "is-exempt", fmt.Sprintf("%d of %d exempt", c.Exempt, n)
		case c.Passed > 0:
			line.Class, line.Result = "is-pass", fmt.Sprintf("passes on all %d", n)
		default:
			line.Class, line.Result = "is-scope", "nothing to judge"
		}
		p.PolicyLines = append(p.PolicyLines, line)
	}
}

// A bar draws numbers of resources by outcome.
type bar struct {
	Label string
	Parts []barPart
}

type barPart struct {
	Outcome  Outcome
	X, Width float64 // of 100
}

// barOf draws the outcomes but those that had nothing to judge; nil where there are none.
func barOf(c Counts) *bar {
	all := c.Judged() + c.OutOfScope
	if all == 0 {
		return nil
	}
	b := &bar{}
	var said []string
	x := 0.0
	for _, o := range []Outcome{Passed, Failed, Unknown, Errored, Exempt, OutOfScope} {
		n := *c.Of(o)
		if n == 0 {
			continue
		}
		width := 100 * float64(n) / float64(all)
		b.Parts = append(b.Parts, barPart{o, x, width})
		x += width
		said = append(said, fmt.Sprintf("%d %s", n, o))
	}
	b.Label = strings.Join(said, ", ")
	return b
}
