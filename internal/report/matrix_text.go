package report

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// production is the environment that people ask about first.
const production = "prod"

// mostReaching is how many principals the text names of an environment.
const mostReaching = 20

// A Reaching is what one principal reaches of the tables of one environment.
type Reaching struct {
	Principal *MatrixPrincipal
	Access    Access // the most of each right on any of the tables, with what is behind it there
	Tables    int    // how many it has some access to, or may have
	First     []int  // the first of them
}

// mostNamed is how many tables a Reaching names.
const mostNamed = 4

// Within are the tables of an environment: those from first on, up to last but without it.
func (m *Matrix) Within(environment string) (first, last int) {
	at := func(environment string) func(MatrixTable, string) int {
		return func(t MatrixTable, _ string) int { return strings.Compare(t.Environment, environment) }
	}
	first, _ = slices.BinarySearchFunc(m.Tables, environment, at(environment))
	last, _ = slices.BinarySearchFunc(m.Tables, environment, at(environment+"\x00"))
	return first, last
}

// Reaching are the principals that have access to tables of an environment, or may have, those that may do most first: what is open
// counts by the most that it is of policy, admin, write and read.
func (m *Matrix) Reaching(environment string) (list []Reaching) {
	first, last := m.Within(environment)
	for i := range m.Principals {
		p := &m.Principals[i]
		of := Reaching{Principal: p}
		for _, s := range p.Spans {
			from, to := max(s.First, first), min(s.Last+1, last)
			if from >= to {
				continue
			}
			of.Tables += to - from
			for table := from; table < to && len(of.First) < mostNamed; table++ {
				of.First = append(of.First, table)
			}
			of.Access.raise(&p.Access[s.Access])
		}
		if of.Tables > 0 {
			list = append(list, of)
		}
	}
	slices.SortStableFunc(list, func(a, b Reaching) int { return b.Access.weight() - a.Access.weight() })
	return list
}

// weight is greater for who may do more.
func (a *Access) weight() (weight int) {
	for _, right := range []*Right{&a.Policy, &a.Admin, &a.Write, &a.Read} {
		weight = weight*len(levels) + int(right.Level)
	}
	return weight
}

// From is the environment of a principal, where it is another one than that of the tables that it reaches, or of an account that no
// stack tells of.
func (r *Reaching) From(environment string) string {
	p := r.Principal
	switch {
	case p.Environment != "" && p.Environment != environment:
		return p.Environment
	case p.Outside && p.Account != "":
		return "account " + p.Account
	}
	return ""
}

// access writes who may do what on tables, by the environment of these: who reaches production, first of all.
func (p *printer) access(m *Matrix) {
	if m == nil {
		return
	}
	environments := m.Environments()
	slices.SortStableFunc(environments, func(a, b string) int { return order(a) - order(b) })
	for _, environment := range environments {
		list := m.Reaching(environment)
		if list == nil {
			continue
		}
		first, last := m.Within(environment)
		tables := last - first
		of := environment
		if of == "" {
			of = "tables of no known environment"
		}
		counts := text.Count(tables, "table", "tables") + ", " + text.Count(len(list), "principal", "principals")
		p.section(bold, fmt.Sprintf("Who reaches %s (%s)", of, counts))
		for _, r := range list[:min(len(list), mostReaching)] {
			colour, from := plain, r.From(environment)
			if from != "" {
				colour, from = yellow, " ("+from+")"
			}
			p.paragraph(2, colour, r.Principal.title()+from, "  "+r.Access.words()+" on "+m.named(&r, tables))
		}
		if more := len(list) - mostReaching; more > 0 {
			p.paragraph(2, dim, fmt.Sprintf("and %d more", more), "")
		}
		_, _ = p.WriteString("\n")
	}
	for _, unknown := range m.Unknown {
		p.paragraph(2, yellow, "unknown", "  "+unknown)
	}
}

// order puts production first, and what has no known environment last.
func order(environment string) int {
	switch {
	case ofProduction(environment):
		return 0
	case environment == "":
		return 2
	}
	return 1
}

// ofProduction reports whether an environment is one of production: prod, also one of several, as prod-eu is.
func ofProduction(environment string) bool {
	rest, ok := strings.CutPrefix(environment, production)
	return ok && (rest == "" || rest[0] < 'a' || rest[0] > 'z')
}

// title names the principal: role "orders" of shop/prod.
func (p *MatrixPrincipal) title() string {
	title := p.Kind + " " + resource.Quote(p.Name)
	if p.Stack != "" {
		title += " of " + p.Stack
	}
	return title
}

// words say what is open: read and write, admin under conditions.
func (a *Access) words() string {
	said := [len(levels)]string{UnknownAccess: "perhaps ", ConditionalAccess: " under conditions"}
	var groups []string
	for level := FullAccess; level > NoAccess; level-- {
		var names []string
		for name, right := range a.Rights() {
			if right.Level == level {
				names = append(names, name)
			}
		}
		switch {
		case names == nil:
		case level == UnknownAccess:
			groups = append(groups, said[level]+text.And(names))
		default:
			groups = append(groups, text.And(names)+said[level])
		}
	}
	return strings.Join(groups, ", ")
}

// named names the tables, the first of many, or says that they are all there are.
func (m *Matrix) named(r *Reaching, all int) string {
	if r.Tables == all && all > 1 {
		return fmt.Sprintf("all %d", all)
	}
	var names []string
	for _, t := range r.First {
		names = append(names, m.Tables[t].Name)
	}
	if more := r.Tables - len(r.First); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return text.And(names)
}
