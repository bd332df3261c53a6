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
	Reaches   []Reach // those that are open the most first
	weight    int     // greater for who may do more
}

// A Reach is rights that are open as far, and on the same tables.
type Reach struct {
	Level  AccessLevel
	Rights []string
	Tables []int
}

// mostNamed is how many tables the text names of a Reach.
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
		var most Access
		for _, s := range p.Spans {
			if s.First < last && s.Last >= first {
				most.raise(&p.Access[s.Access])
			}
		}
		if !most.None() {
			list = append(list, Reaching{p, p.reaches(first, last), most.weight()})
		}
	}
	slices.SortStableFunc(list, func(a, b Reaching) int { return b.weight - a.weight })
	return list
}

// reaches are what the principal reaches of some tables.
func (p *MatrixPrincipal) reaches(first, last int) (list []Reach) {
	type key struct {
		level AccessLevel
		right string
	}
	on := map[key][]int{}
	for _, s := range p.Spans {
		for table := max(s.First, first); table <= min(s.Last, last-1); table++ {
			for name, right := range p.Access[s.Access].Rights() {
				k := key{right.Level, name}
				on[k] = append(on[k], table)
			}
		}
	}
	for level := FullAccess; level > NoAccess; level-- {
		before := len(list)
		for name := range new(Access).Rights() {
			tables := on[key{level, name}]
			same := slices.IndexFunc(list[before:], func(r Reach) bool { return slices.Equal(r.Tables, tables) })
			switch {
			case tables == nil:
			case same >= 0:
				list[before+same].Rights = append(list[before+same].Rights, name)
			default:
				list = append(list, Reach{level, []string{name}, tables})
			}
		}
	}
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
			p.paragraph(2, colour, r.Principal.title()+from, "  "+m.words(r.Reaches, tables))
		}
		if list == nil {
			p.paragraph(2, plain, "nobody, as far as these stacks say", "")
		}
		if more := len(list) - mostReaching; more > 0 {
			p.paragraph(2, dim, fmt.Sprintf("and %d more", more), "")
		}
		_, _ = p.WriteString("\n")
	}
	if m.Unknown == nil {
		return
	}
	p.section(bold, "Not known of who reaches what")
	for _, unknown := range m.Unknown {
		p.paragraph(2, yellow, "unknown", "  "+unknown)
	}
	_, _ = p.WriteString("\n")
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

// words say what is open, of as many tables: read and write on all 6, admin under conditions on orders.
func (m *Matrix) words(reaches []Reach, all int) string {
	before := [len(levels)]string{UnknownAccess: "perhaps "}
	after := [len(levels)]string{ConditionalAccess: " under conditions"}
	clauses := make([]string, len(reaches))
	for i, r := range reaches {
		clauses[i] = before[r.Level] + text.And(r.Rights) + after[r.Level] + " on " + m.named(r.Tables, all)
	}
	return strings.Join(clauses, "; ")
}

// named names tables, the first of many, or says that they are all there are.
func (m *Matrix) named(tables []int, all int) string {
	if len(tables) == all && all > 1 {
		return fmt.Sprintf("all %d", all)
	}
	var names []string
	for _, t := range tables[:min(len(tables), mostNamed)] {
		names = append(names, m.Tables[t].Name)
	}
	if more := len(tables) - mostNamed; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return text.And(names)
}
