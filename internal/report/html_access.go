package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/text"
)

// The access matrix as the script of the page reads it: as the Matrix is, but with each list of actions there once, because there are
// few of them and thousands of principals.
type (
	accessData struct {
		Tables     []dataTable       `json:"tables"`
		Principals []dataPrincipal   `json:"principals"`
		Statements []MatrixStatement `json:"statements"`
		Actions    []string          `json:"actions"`
	}
	dataTable struct {
		MatrixTable
		Production bool `json:"production,omitempty"`
	}
	dataPrincipal struct {
		MatrixPrincipal
		Production bool          `json:"production,omitempty"`
		Access     []dataAccess  `json:"access"`
		Spans      []int         `json:"spans"` // of each the first, the last and the index in Access
		Beyond     []dataPattern `json:"beyond,omitempty"`
	}
	dataPattern struct {
		Text   string     `json:"text"`
		Not    bool       `json:"not,omitempty"`
		Access dataAccess `json:"access"`
	}
	// A dataAccess has for each right its level, the index of its actions and the statements behind it.
	dataAccess [4][]any
)

// accessDataOf makes everything printable itself: JSON hides from the writer of the page what the script will show.
func accessDataOf(m *Matrix) *accessData {
	d := &accessData{Statements: make([]MatrixStatement, 0, len(m.Statements))}
	actions := map[string]int{}
	access := func(a *Access) (of dataAccess) {
		i := 0
		for _, r := range a.Rights() {
			of[i] = []any{int(r.Level)}
			if len(r.Actions) > 0 {
				joined := strings.Join(r.Actions, ", ")
				n, ok := actions[joined]
				if !ok {
					n = len(d.Actions)
					actions[joined] = n
					d.Actions = append(d.Actions, text.Printable(joined))
				}
				of[i] = append(of[i], n)
				if len(r.By) > 0 {
					of[i] = append(of[i], r.By)
				}
			}
			i++
		}
		return of
	}
	for _, t := range m.Tables {
		t.Shared = printables(t.Shared)
		printable(&t.Name, &t.Partition, &t.Account, &t.Region, &t.Environment, &t.Stack, &t.Unknown, (*string)(&t.URN))
		d.Tables = append(d.Tables, dataTable{t, ofProduction(t.Environment)})
	}
	for i := range m.Principals {
		p := dataPrincipal{MatrixPrincipal: m.Principals[i], Spans: []int{}, Access: []dataAccess{}}
		printable(&p.Kind, &p.Name, &p.ARN, &p.Account, &p.Environment, &p.Stack, (*string)(&p.URN))
		p.Unknown = printables(p.Unknown)
		p.Production = ofProduction(p.Environment)
		for _, s := range p.MatrixPrincipal.Spans {
			p.Spans = append(p.Spans, s.First, s.Last, s.Access)
		}
		for i := range p.MatrixPrincipal.Access {
			p.Access = append(p.Access, access(&p.MatrixPrincipal.Access[i]))
		}
		for i := range p.MatrixPrincipal.Beyond {
			b := &p.MatrixPrincipal.Beyond[i]
			p.Beyond = append(p.Beyond, dataPattern{text.Printable(b.Text), b.Not, access(&b.Access)})
		}
		d.Principals = append(d.Principals, p)
	}
	for _, s := range m.Statements {
		printable((*string)(&s.URN), &s.Path, &s.Policy, &s.Source, &s.Effect, &s.Sid)
		s.Conditions = printables(s.Conditions)
		d.Statements = append(d.Statements, s)
	}
	return d
}

func printable(texts ...*string) {
	for _, t := range texts {
		*t = text.Printable(*t)
	}
}

func printables(texts []string) (list []string) {
	for _, t := range texts {
		list = append(list, text.Printable(t))
	}
	return list
}

// A reach is who may do something on tables of production.
type reach struct {
	Summary string
	Rights  []string
	Lines   []reachLine
	More    string
}

type reachLine struct {
	Kind, Name, Environment, Account string
	Class                            string // how the environment is shown: as another one than production, or as none that is known
	Cells                            []reachCell
	weight                           int
}

// A reachCell is one right on all tables of production: the most that there is on any of them, and on how many.
type reachCell struct {
	Right, Letter, Text string
	Level               AccessLevel
}

// reachOf finds who reaches production, those of other environments first, and then those who reach most.
func reachOf(m *Matrix) reach {
	r := reach{Rights: []string{"Read", "Write", "Admin", "Policy"}}
	before := make([]int, len(m.Tables)+1) // tables of production before each
	for i, t := range m.Tables {
		before[i+1] = before[i]
		if ofProduction(t.Environment) {
			before[i+1]++
		}
	}
	all := before[len(m.Tables)]
	if all == 0 {
		r.Summary = "No table is one of production, as far as the environments of the stacks are known."
		return r
	}
	across, nowhere, unknown := 0, 0, 0 // principals
	for i := range m.Principals {
		p := &m.Principals[i]
		of := [4][len(levels)]int{} // tables by right and level
		for _, s := range p.Spans {
			n := before[s.Last+1] - before[s.First]
			k := 0
			for _, right := range p.Access[s.Access].Rights() {
				of[k][right.Level] += n
				k++
			}
		}
		line := reachLine{Kind: p.Kind, Name: p.Name, Environment: p.Environment, Account: p.Account}
		switch {
		case p.Environment == "":
			line.Environment, line.Class = "environment not known", "is-warn"
		case !ofProduction(p.Environment):
			line.Class = "is-fail"
		}
		any := false
		for k, name := range r.Rights {
			cell := reachCell{Right: strings.ToLower(name)}
			for level := FullAccess; level > NoAccess; level-- {
				if n := of[k][level]; n > 0 {
					cell.Level, cell.Text = level, fmt.Sprintf("%d of %d", n, all)
					break
				}
			}
			switch cell.Level {
			case FullAccess:
				cell.Letter = name[:1]
			case ConditionalAccess:
				cell.Letter = strings.ToLower(name[:1])
			case UnknownAccess:
				cell.Letter = "?"
			}
			any = any || cell.Level > UnknownAccess
			line.weight += int(cell.Level) * (of[k][FullAccess] + of[k][ConditionalAccess])
			line.Cells = append(line.Cells, cell)
		}
		switch {
		case any:
			r.Lines = append(r.Lines, line)
			switch {
			case p.Environment == "":
				nowhere++
			case line.Class != "":
				across++
			}
		case slices.ContainsFunc(line.Cells, func(c reachCell) bool { return c.Level != NoAccess }):
			unknown++
			r.Lines = append(r.Lines, line)
		}
	}
	known := len(r.Lines) - unknown
	r.Summary = fmt.Sprintf("%s %s of production", text.Count(known, "principal reaches", "principals reach"), text.Count(all, "table", "tables"))
	if across > 0 {
		r.Summary += fmt.Sprintf(", %d of them from another environment", across)
	}
	if nowhere > 0 {
		r.Summary += fmt.Sprintf(", %d from none that is known", nowhere)
	}
	r.Summary += "."
	if unknown > 0 {
		r.Summary += fmt.Sprintf(" Of %d more it is not known.", unknown)
	}
	first := func(l reachLine) int { // those from elsewhere; those of whom it is not known last
		switch {
		case l.weight == 0:
			return 2
		case l.Class != "":
			return 0
		default:
			return 1
		}
	}
	slices.SortStableFunc(r.Lines, func(a, b reachLine) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(b.weight, a.weight))
	})
	const most = 100
	if len(r.Lines) > most {
		r.More = fmt.Sprintf("And %d more: choose the environment of the table in the matrix.", len(r.Lines)-most)
		r.Lines = r.Lines[:most]
	}
	return r
}

// A placeOfTables is the tables of one environment and account.
type placeOfTables struct {
	Name   string
	Opened bool
	Tables []MatrixTable
}

// A sharedName is a name that several tables have.
type sharedName struct {
	Name  string
	Where []string
}

// tables says which tables there are, and what of them an organization should know.
func (p *page) tables(m *Matrix) {
	for _, s := range p.Stacks {
		if s.Environment == "" && s.Resources > 0 {
			p.Homeless = append(p.Homeless, s.Name)
		}
	}
	byName := map[string][]string{}
	var names []string
	var last *placeOfTables
	for _, t := range m.Tables {
		name := cmp.Or(t.Environment, "environment not known") + ", " + cmp.Or(t.Account, "account not known")
		if last == nil || last.Name != name {
			last = &placeOfTables{Name: name}
			p.Places = append(p.Places, last)
		}
		last.Tables = append(last.Tables, t)
		if byName[t.Name] == nil {
			names = append(names, t.Name)
		}
		for _, stack := range append([]string{cmp.Or(t.Stack, "declared elsewhere")}, t.Shared...) {
			byName[t.Name] = append(byName[t.Name], name+", "+cmp.Or(t.Region, "region not known")+", "+stack)
		}
	}
	const shown = 50 // of a list that is open from the beginning
	for _, place := range p.Places {
		place.Opened = len(place.Tables) <= shown
	}
	for _, name := range names {
		if where := byName[name]; len(where) > 1 {
			p.Shared = append(p.Shared, sharedName{name, where})
		}
	}
}
