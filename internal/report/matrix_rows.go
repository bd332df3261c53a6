package report

import (
	"encoding/binary"
	"slices"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/tables"
)

// A granting works out the rows.
type granting struct {
	*matrixMaker
	names *iam.Names
	all   []block
}

// A block is a run of tables that are in one place.
type block struct {
	first, last int // indexes of the tables, the last of them included
	of          *column
	names       []int // of the tables, as iam.Names has them, in order
	own         []int // tables that are asked about by themselves: they have a policy of their own
	named       []int // tables that are only named, so their policies are not known
}

// blocks puts the tables into blocks.
func (g *granting) blocks() {
	for i, c := range g.columns {
		last := len(g.all) - 1
		if last < 0 || g.columns[g.all[last].first].Environment != c.Environment || placeOf(g.all[last].of) != placeOf(c) {
			g.all = append(g.all, block{first: i, of: c})
			last++
		}
		b := &g.all[last]
		b.last = i
		b.names = append(b.names, g.names.Index(c.identity.Name))
		switch {
		case c.table != nil || c.stream != nil || c.Unknown != "":
			b.own = append(b.own, i)
		case c.named():
			b.named = append(b.named, i)
		}
	}
}

// row works out the access of a principal.
func (g *granting) row(h *holder) {
	h.Account = shown(h.account)
	of := &rowOf{granting: g, holder: h, kinds: map[string]int{}}
	of.sources = [...][]attached{iam.IdentityPolicy: h.documents, iam.BoundaryPolicy: h.boundary}
	is := iam.Holder{ARN: h.arn, Account: h.account.Known, Identity: documents(h.documents), Outside: h.kind == ""}
	if h.kind == facts.KindGroup || h.kind == facts.KindPermissionSet {
		is.ARN = ""
	}
	if h.bounded && h.boundary != nil {
		is.Boundary = documents(h.boundary)
	}
	of.access = iam.NewAccess(is, g.now)
	if h.shares != nil {
		of.shared()
		return
	}
	for i := range g.all {
		of.block(&g.all[i])
	}
	of.beyond()
}

func documents(list []attached) []*iam.Document {
	documents := make([]*iam.Document, len(list))
	for i, d := range list {
		documents[i] = d.Document
	}
	return documents
}

// A rowOf is a row that is being made.
type rowOf struct {
	*granting
	*holder
	access  *iam.Access
	sources [3][]attached  // the documents of the sources but for resource policies
	kinds   map[string]int // of Access, by what they say
}

// block works out the access to the tables of a block: of those that policies have something to say of, and what the others have in
// common.
func (r *rowOf) block(b *block) {
	match := matchAccounts(r.holder.account, b.of.identity.Account)
	if r.Kind == "service" {
		match = tables.Same // it is of no account
	}
	if match == tables.Different && len(b.own) == 0 && len(b.named) == 0 {
		return
	}
	division := r.access.Divide(r.names, b.of.ref())
	known := make([]*int, division.Groups) // the access of each group; nil where it was not worked out
	at := func(table int) int {
		c := r.columns[table]
		if c.Unknown != "" || r.concerned(c, iam.Allow) {
			return r.on(c, c.table, c.stream, match)
		}
		if match == tables.Different && !c.named() {
			return nothing // the policies of the one account do not reach the tables of the other by themselves
		}
		of := &known[division.Group[b.names[table-b.first]]]
		if *of == nil {
			access := r.on(c, nil, nil, match)
			*of = &access
		}
		if **of != nothing && r.concerned(c, iam.Deny) {
			return r.on(c, c.table, c.stream, match)
		}
		return **of
	}
	special := slices.Clone(b.own)
	if match == tables.Different {
		special = append(special, b.named...)
	} else {
		for _, name := range division.Touched {
			i, _ := slices.BinarySearch(b.names, name)
			for ; i < len(b.names) && b.names[i] == name; i++ {
				special = append(special, b.first+i)
			}
		}
	}
	slices.Sort(special)
	next := b.first
	for _, table := range append(slices.Compact(special), b.last+1) {
		if next < table && match != tables.Different {
			r.span(next, table-1, at(next))
		}
		if table <= b.last {
			r.span(table, table, at(table))
		}
		next = table + 1
	}
}

// concerned reports whether the policy of a table, or of its stream, has a statement of an effect that is about the principal.
func (r *rowOf) concerned(c *column, effect iam.Effect) bool {
	concerns := func(d attached) bool { return r.access.Concerns(d.Document, effect) }
	return slices.ContainsFunc(c.table, concerns) || slices.ContainsFunc(c.stream, concerns)
}

// nothing is the index of no access.
const nothing = -1

// span gives tables their access.
func (r *rowOf) span(first, last, access int) {
	if access == nothing {
		return
	}
	if before := len(r.Spans) - 1; before >= 0 && r.Spans[before].Last == first-1 && r.Spans[before].Access == access {
		r.Spans[before].Last = last
		return
	}
	r.Spans = append(r.Spans, MatrixSpan{first, last, access})
}

// shared works out the access of who is no principal: what the policies of tables let anybody do.
func (r *rowOf) shared() {
	rights := map[*column]*iam.Rights{}
	for _, s := range r.shares {
		of := rights[s.column]
		if of == nil {
			of = &iam.Rights{}
			rights[s.column] = of
		}
		d := s.column.policies()[s.document]
		i := slices.IndexFunc(d.Statements, func(st iam.Statement) bool { return st.Index == s.Statement })
		open := s.Abroad.And(anyRight)
		of.Open, of.Always = of.Open.Or(open), of.Always.Or(open.Minus(d.Statements[i].Narrowed(s.reader.Key, r.now)))
		of.Ground = append(of.Ground, iam.Ground{Source: iam.ResourcePolicy, Document: s.document, Statement: &d.Statements[i], Actions: open})
	}
	for i, c := range r.columns {
		if of := rights[c]; of != nil {
			r.span(i, i, r.add(r.rights(*of, c.policies(), false, tables.Same)))
		}
	}
}

// on is the index of the access to a table that has some policies, and its stream others. Of several each may be the one that holds.
func (r *rowOf) on(c *column, table, stream []attached, match tables.Match) int {
	ref := c.ref()
	var access Access
	for _, table := range orNone(table) {
		for _, stream := range orNone(stream) {
			rights := r.access.On(ref, anyRight, table.Document, stream.Document)
			by := r.rights(rights, []attached{table, stream}, ref.Account == "" || ref.Region == "", match)
			access.raise(&by)
		}
	}
	if c.Unknown != "" || match == tables.Different && c.named() {
		perhaps := r.rights(r.access.On(ref, anyRight, openPolicy, openPolicy), make([]attached, 2), true, tables.Possible)
		access.raise(&perhaps)
	}
	return r.add(access)
}

// orNone are the documents of a policy; one that is none where there is none.
func orNone(list []attached) []attached {
	if len(list) == 0 {
		return make([]attached, 1)
	}
	return list
}

// add adds an access to those of the row; it returns its index.
func (r *rowOf) add(access Access) int {
	if access.None() {
		return nothing
	}
	key := access.key()
	i, ok := r.kinds[key]
	if !ok {
		i = len(r.holder.Access)
		r.kinds[key] = i
		r.holder.Access = append(r.holder.Access, access)
	}
	return i
}

// rights are the rights of a row. vague: where the table is is not known, so what is not open always may be open on another table alone.
func (r *rowOf) rights(rights iam.Rights, policies []attached, vague bool, match tables.Match) (access Access) {
	if rights.Open.Empty() && len(r.Unknown) == 0 {
		return access
	}
	var sure, within iam.ActionSet // by documents that are known, and by those of the boundary
	for _, g := range rights.Ground {
		switch {
		case g.Statement.Effect == iam.Deny:
		case g.Source == iam.ResourcePolicy:
			sure, within = sure.Or(g.Actions), within.Or(g.Actions)
		case r.sources[g.Source][g.Document].scoped:
		case g.Source == iam.BoundaryPolicy:
			within = within.Or(g.Actions)
		default:
			sure = sure.Or(g.Actions)
		}
	}
	if r.boundary != nil {
		sure = sure.And(within)
	}
	i := 0
	for _, right := range access.Rights() {
		open := rights.Open.And(rightActions[i])
		switch i++; {
		case open.Empty():
		case match == tables.Possible, r.bounded && r.boundary == nil, open.And(sure).Empty():
			right.Level = UnknownAccess
		case !open.And(sure).And(rights.Always).Empty():
			right.Level = FullAccess
		case vague:
			right.Level = UnknownAccess
		default:
			right.Level = ConditionalAccess
		}
		right.Actions = r.actions(open)
		for _, g := range rights.Ground {
			if g.Actions.And(open).Empty() {
				continue
			}
			of := attached{}
			if g.Source == iam.ResourcePolicy {
				of = policies[g.Document]
			} else {
				of = r.sources[g.Source][g.Document]
			}
			if of.Document != nil {
				right.By = append(right.By, r.statement(g, of))
			}
		}
	}
	if len(r.Unknown) > 0 {
		access.atLeast(UnknownAccess)
	}
	return access
}

// raise takes each right of another access that is greater.
func (a *Access) raise(to *Access) {
	for _, right := range []struct{ of, to *Right }{
		{&a.Read, &to.Read}, {&a.Write, &to.Write}, {&a.Admin, &to.Admin}, {&a.Policy, &to.Policy},
	} {
		if right.to.Level > right.of.Level {
			*right.of = *right.to
		}
	}
}

// atLeast raises the levels that are lower.
func (a *Access) atLeast(level AccessLevel) {
	for _, right := range a.Rights() {
		right.Level = max(right.Level, level)
	}
}

// key is equal for accesses that say the same.
func (a *Access) key() string {
	var key []byte
	for _, right := range a.Rights() {
		key = append(key, byte(right.Level), 0)
		for _, name := range right.Actions {
			key = append(append(key, name...), ' ')
		}
		key = append(key, 0)
		for _, by := range right.By {
			key = binary.AppendUvarint(key, uint64(by))
		}
		key = append(key, 0)
	}
	return string(key)
}

// beyond adds the patterns by which the principal reaches tables that may be there besides those of the matrix.
func (r *rowOf) beyond() {
	for _, p := range r.access.Patterns(anyRight) {
		of := r.holder.documents[p.Document]
		pattern := MatrixPattern{
			Text: p.Element.Text, Not: p.Not, Access: r.rights(p.Rights, nil, false, tables.Same),
			Statement: r.statement(iam.Ground{Source: iam.IdentityPolicy, Statement: p.Statement}, of),
		}
		if of.secret {
			pattern.Text = ""
		}
		r.Beyond = append(r.Beyond, pattern)
	}
}
