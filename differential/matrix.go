package main

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
)

// matrices compares the access matrix of n worlds with what the oracle allows, and reports whether a cell differs.
func (r *runner) matrices(n int) (failed bool, err error) {
	var (
		started  = time.Now()
		cells    = map[string]int{}
		wrong    []string
		requests int
		chosen   sample
	)
	for i := r.first; i < r.first+n; i++ {
		w := GenerateWorld(r.seed, uint64(i))
		asked, err := w.ask(func(cases []*Case) ([]Answer, error) {
			told := make([]*Case, len(cases))
			for i, c := range cases {
				told[i] = tell(c)
			}
			return r.oracle(told)
		})
		if err != nil {
			return false, err
		}
		requests += asked
		for _, row := range w.Cells {
			for _, cell := range row {
				for _, right := range cell {
					cells[string(right)]++
				}
			}
		}
		wrong = append(wrong, w.differences()...)
		chosen.chosen = append(chosen.chosen, w)
	}
	fmt.Fprintf(r.out, "Cells of the access matrix, of which the oracle was asked %d requests:\n", requests)
	for _, right := range slices.Sorted(maps.Keys(cells)) {
		words := map[string]string{"a": "allowed", "c": "allowed under conditions", "n": "not allowed"}
		fmt.Fprintf(r.out, "%8d %s\n", cells[right], words[right])
	}
	for _, d := range wrong[:min(len(wrong), r.show*10)] {
		fmt.Fprintf(r.out, "  %s\n", d)
	}
	fmt.Fprintf(r.out, "%d cells differ; %d worlds of seed %d in %s\n", len(wrong), n, r.seed, time.Since(started).Round(time.Second))
	if r.record != "" && n > 0 && len(wrong) == 0 {
		err = chosen.write(filepath.Join(r.record, "matrix.jsonl.gz"))
	}
	return len(wrong) > 0, err
}

// rights are the classes of actions of each right of the matrix.
var rights = [][]iam.Class{
	{iam.DataRead}, {iam.DataWrite}, {iam.Control, iam.Tagging, iam.Exfiltration, iam.Destructive}, {iam.Permissions},
}

// ask asks the oracle for all cells.
func (w *World) ask(oracle judge) (asked int, err error) {
	type cell struct{ principal, table, right int }
	type question struct {
		cell
		action, resource string
		cases            int // how many requests
	}
	var questions []question
	var cases []*Case
	for p, h := range w.Principals {
		for t, of := range w.Tables {
			for right, classes := range rights {
				for _, action := range w.actions(h, of, classes) {
					for _, on := range of.resources(action) {
						q := question{cell{p, t, right}, action.String(), on, 0}
						for _, context := range w.contexts(h, of, action) {
							c := w.request(h, of, action, on, context)
							c.ID = fmt.Sprintf("%s-%d", w.ID, len(cases))
							cases = append(cases, c)
							q.cases++
						}
						questions = append(questions, q)
					}
				}
			}
		}
	}
	answers, err := oracle(cases)
	if err != nil {
		return 0, err
	}
	some, all := map[cell]bool{}, map[cell]bool{}
	at := 0
	for _, q := range questions {
		allowed := 0
		for range q.cases {
			a := answers[at]
			if a.Verdict == "Error" || a.Verdict == "Invalid" || a.Ignored != nil {
				return 0, fmt.Errorf("the oracle does not know the request: %s %s %v: %s", a.Verdict, a.Detail, a.Ignored, cases[at].Line())
			}
			if a.Verdict == "Allowed" {
				allowed++
			}
			at++
		}
		some[q.cell] = some[q.cell] || allowed > 0
		all[q.cell] = all[q.cell] || allowed == q.cases
	}
	w.Cells = nil
	for p := range w.Principals {
		var row []string
		for t := range w.Tables {
			var letters strings.Builder
			for right := range rights {
				switch c := (cell{p, t, right}); {
				case all[c]:
					letters.WriteByte('a')
				case some[c]:
					letters.WriteByte('c')
				default:
					letters.WriteByte('n')
				}
			}
			row = append(row, letters.String())
		}
		w.Cells = append(w.Cells, row)
	}
	return len(cases), nil
}

// documents are those that decide on a principal and a table.
func (w *World) documents(h *Holder, t *WorldTable) []*Document {
	docs := slices.Clone(w.identity(h))
	if h.Boundary != nil {
		docs = append(docs, w.Managed[*h.Boundary])
	}
	for _, d := range []*Document{t.Policy, t.Stream} {
		if d != nil {
			docs = append(docs, d)
		}
	}
	return docs
}

func (w *World) identity(h *Holder) []*Document {
	docs := slices.Clone(h.Inline)
	for _, i := range h.Attached {
		docs = append(docs, w.Managed[i])
	}
	for _, g := range h.Groups {
		docs = append(docs, w.identity(w.Groups[g])...)
	}
	return docs
}

// actions are those of some classes that the documents tell apart, one for all of which they say the same. Of those that no Allow names
// one is enough.
func (w *World) actions(h *Holder, t *WorldTable, classes []iam.Class) (list []*iam.Action) {
	seen := map[string]bool{}
	for _, a := range iam.Actions() {
		if a.Service != "dynamodb" || !slices.Contains(classes, a.Class) {
			continue
		}
		said := fmt.Sprint(a.Types(), a.TablePolicy, slices.Contains(itemActions, a.Name))
		allowed := false
		for d, doc := range w.documents(h, t) {
			for i, s := range doc.Statement {
				if s.names(a) {
					said += fmt.Sprint(" ", d, i)
					allowed = allowed || s.Effect == "Allow"
				}
			}
		}
		if !allowed {
			said = ""
		}
		if !seen[said] {
			seen[said] = true
			list = append(list, a)
		}
	}
	return list
}

// names reports whether the statement is about an action.
func (s *Statement) names(a *iam.Action) bool {
	named := func(l *List) bool {
		return slices.ContainsFunc(l.Values, func(pattern string) bool { return like(pattern, a.String()) })
	}
	if s.NotAction != nil {
		return !named(s.NotAction)
	}
	return named(s.Action)
}

// resources are those of the table that an action is done to, enough to tell all patterns apart.
func (t *WorldTable) resources(a *iam.Action) (list []string) {
	add := func(typ iam.ResourceTypes, below ...string) {
		if a.Types()&typ != 0 {
			for _, b := range below {
				list = append(list, t.arn()+b)
			}
		}
	}
	add(iam.Table, "")
	add(iam.Index, "/index/day-0", "/index/day-1", "/index/zz9")
	add(iam.Stream, "/stream/"+streamLabel)
	add(iam.Backup, "/backup/01489602797149-73d8d5bc")
	add(iam.Export, "/export/01489602797149-73d8d5bc")
	add(iam.Import, "/import/01489602797149-73d8d5bc")
	return list
}

// contexts are requests that differ in all ways which the conditions on an action tell apart.
func (w *World) contexts(h *Holder, t *WorldTable, a *iam.Action) (list []map[string]List) {
	list = []map[string]List{{}}
	for _, k := range worldKeys {
		if k.actions != nil && !slices.Contains(k.actions, a.Name) {
			continue
		}
		asked := slices.ContainsFunc(w.documents(h, t), func(d *Document) bool {
			return slices.ContainsFunc(d.Statement, func(s *Statement) bool { return s.names(a) && s.conditionOn(k.name) })
		})
		if !asked {
			continue
		}
		var more []map[string]List
		for _, context := range list {
			more = append(more, context)
			values := k.values
			if k.family != "Bool" {
				values = append(slices.Clip(values), "another")
			}
			for _, v := range values {
				with := maps.Clone(context)
				with[k.name] = List{Values: []string{v}, Bare: !k.multivalued}
				more = append(more, with)
			}
		}
		list = more
	}
	return list
}

// request is a request of a principal, with what it says itself.
func (w *World) request(h *Holder, t *WorldTable, a *iam.Action, on string, context map[string]List) *Case {
	c := &Case{
		Action: a.String(), Resource: on, Principal: h.caller(), AccountID: t.Account, Context: maps.Clone(context), Identity: w.identity(h),
	}
	say := func(key, value string) { c.Context[key] = List{Values: []string{value}, Bare: true} }
	if h.Kind != "service" {
		say("aws:PrincipalArn", h.arn())
		say("aws:PrincipalAccount", h.Account)
	}
	say("aws:ResourceAccount", t.Account)
	say("aws:RequestedRegion", t.Region)
	if h.Kind == "user" {
		say("aws:username", h.Name)
	}
	if h.Outside && h.Kind != "service" && h.Account != t.Account {
		c.Identity = []*Document{{Version: "2012-10-17", Statement: []*Statement{{Effect: "Allow", Action: bare("*"), Resource: bare("*")}}}}
	}
	if h.Boundary != nil {
		c.Boundary = []*Document{w.Managed[*h.Boundary]}
	}
	switch below := strings.TrimPrefix(on, t.arn()); {
	case strings.HasPrefix(below, "/stream/"):
		c.ResourcePolicy = t.Stream
	case below == "" || strings.HasPrefix(below, "/index/"):
		c.ResourcePolicy = t.Policy
	}
	return c
}

// tell tells the oracle what it does not know, see knowns: what the policy of a table cannot grant it does not, and everybody under a
// condition on aws:PrincipalArn is the role to one of its sessions.
func tell(c *Case) *Case {
	if c.ResourcePolicy == nil {
		return c
	}
	c = c.clone()
	everybodyIsTheRole(c)
	grants := iam.LookupAction(c.Action).TablePolicy
	service := !strings.HasPrefix(c.Principal, "arn:") // of no account
	if grants != iam.NotGrantable && (grants != iam.SameAccount || service || c.AccountID == fieldsOf(c.Principal, 6)[4]) {
		return c
	}
	for _, s := range c.ResourcePolicy.Statement {
		if s.Effect == "Allow" {
			s.Action, s.NotAction = bare("s3:GetObject"), nil
		}
	}
	return c
}

// differences are the cells that the access matrix of the stacks has otherwise.
func (w *World) differences() (list []string) {
	m := w.matrix()
	for p, h := range w.Principals {
		i := slices.IndexFunc(m.Principals, func(row report.MatrixPrincipal) bool { return cmp.Or(row.ARN, row.Name) == h.arn() })
		row := new(report.MatrixPrincipal) // of who is let in nowhere there is none
		switch {
		case i >= 0:
			row = &m.Principals[i]
		case !h.Outside:
			list = append(list, fmt.Sprintf("world %s: no row of %s", w.ID, h.arn()))
			continue
		}
		for t, of := range w.Tables {
			if i < 0 && !of.letsIn(h) {
				continue // unless as anybody else
			}
			column := slices.IndexFunc(m.Tables, func(c report.MatrixTable) bool {
				return c.Name == of.Name && c.Region == of.Region && c.Account == of.Account
			})
			if column < 0 {
				list = append(list, fmt.Sprintf("world %s: no column of %s", w.ID, of.arn()))
				continue
			}
			right := 0
			for name, have := range row.At(column).Rights() {
				letter := map[report.AccessLevel]byte{
					report.NoAccess: 'n', report.UnknownAccess: '?', report.ConditionalAccess: 'c', report.FullAccess: 'a',
				}[have.Level]
				if want := w.Cells[p][t][right]; letter != want {
					list = append(list, fmt.Sprintf("world %s: %s %s on %s is %c, oracle %c", w.ID, h.arn(), name, of.arn(), letter, want))
				}
				right++
			}
		}
	}
	return list
}

// letsIn reports whether Allows of the policy of the table or its stream name a principal, and none names everyone.
func (t *WorldTable) letsIn(h *Holder) (named bool) {
	for _, d := range []*Document{t.Policy, t.Stream} {
		if d == nil {
			continue
		}
		for _, s := range d.Statement {
			if s.Effect != "Allow" {
				continue
			}
			if s.Principal.Anyone || slices.Contains(s.Principal.Types["AWS"].Values, "*") {
				return false
			}
			for _, ids := range s.Principal.Types {
				named = named || slices.Contains(ids.Values, h.arn())
			}
		}
	}
	return named
}

// matrix is the access matrix of the stacks.
func (w *World) matrix() *report.Matrix {
	var m *report.Maker
	for _, stack := range w.resources() {
		e := engine.New(nil, func() time.Time { return never })
		e.AnalyzeStack(append([]*resource.Resource{{URN: stack[0].URN.RootURN(), Type: resource.StackType}}, stack...))
		run := e.Run()
		if m == nil {
			m = report.New(report.OfState, "", never, []*policy.Policy{}, run.Config)
		}
		m.Add(report.Source{Run: run})
	}
	return m.Report().Matrix
}
