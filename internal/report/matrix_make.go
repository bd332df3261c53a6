package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/account"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/partition"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// The actions of each kind of right, in the order of Access.Rights.
var rightActions = [...]iam.ActionSet{
	iam.Classed(iam.DataRead), iam.Classed(iam.DataWrite),
	iam.Classed(iam.Control, iam.Tagging, iam.Exfiltration, iam.Destructive), iam.Classed(iam.Permissions),
}

var anyRight = rightActions[0].Or(rightActions[1]).Or(rightActions[2]).Or(rightActions[3])

// A matrixMaker collects what stacks say of tables and principals, and makes a matrix of all of it.
type matrixMaker struct {
	now        time.Time
	matrix     Matrix
	columns    []*column
	byName     map[string][]*column
	placed     map[placedName]*column // those whose account and region are known
	adrift     map[string][]*column   // the others, by name
	holders    []*holder
	of         map[*facts.Principal]*holder // those that stacks know; of one that another stack declares, its holder
	policies   []tablePolicy
	customer   map[string][]attached // the managed policies that stacks declare, by ARN
	others     []named               // tables that policies name
	managed    map[string][]attached // the documents that stand for those of AWS, by ARN
	statements map[statementKey]int
	lists      map[iam.ActionSet][]string
}

// A column is a table that is to be one of the matrix.
type column struct {
	MatrixTable
	identity tables.Identity
	table    []attached
	stream   []attached
}

func (c *column) ref() iam.TableRef {
	return iam.TableRef{Partition: c.Partition, Region: c.identity.Region.Known, Account: c.identity.Account.Known, Name: c.identity.Name}
}

// policies are those of the table and its stream.
func (c *column) policies() []attached { return slices.Concat(c.table, c.stream) }

// named reports whether policies name the table, and nothing is known of its own.
func (c *column) named() bool { return c.URN == "" && c.table == nil && c.stream == nil }

// A holder is a principal that is to be a row.
type holder struct {
	MatrixPrincipal
	kind      facts.Kind
	account   tables.Part
	arn       string     // also one that may not be shown
	named     string     // as IAM knows it, empty where that is not known
	documents []attached // without those of its groups, until they are joined
	principal *facts.Principal
	groups    []*facts.Principal
	bounded   bool
	boundary  []attached // nil where it is not known
	shares    []shared   // of who is no principal
}

// An attached is a policy document with where it is from.
type attached struct {
	*iam.Document
	at     facts.Place // of the document; the zero Place of a policy that AWS manages
	arn    string      // of that
	secret bool
	scoped bool // it stands for a document that AWS keeps to resources of certain names
}

// A tablePolicy is a document of a table's or a stream's policy.
type tablePolicy struct {
	attached
	table  tables.Identity
	hidden bool // the name of the table is a secret
	stream bool
	// unknown says why it is not known; empty where it is.
	unknown string
}

// A named is a table as a policy names it, and the account of the principal.
type named struct {
	iam.TableRef
	account tables.Part
	frame   policy.Frame
}

func newMatrixMaker(now time.Time) *matrixMaker {
	return &matrixMaker{
		now: now, of: map[*facts.Principal]*holder{},
		byName: map[string][]*column{}, placed: map[placedName]*column{}, adrift: map[string][]*column{},
		customer: map[string][]attached{}, managed: map[string][]attached{},
		statements: map[statementKey]int{}, lists: map[iam.ActionSet][]string{},
	}
}

// A stackOf tells of which stack a resource is.
type stackOf func(resource.URN) *Stack

// add collects what a stack says that was judged to its end.
func (m *matrixMaker) add(run *policy.Run, stack stackOf) {
	frame := policy.Frame{Stack: run.Stack, Config: run.Config, Outside: run.Outside, Seen: run.Seen, Now: m.now}
	for _, r := range run.Graph.Resources {
		f := run.Graph.Facts(r)
		m.addTables(frame, r, f, stack)
		if facts.IsManagedPolicy(r) {
			documents := f.Documents(iam.Identity)
			unread := func(d *facts.Document) bool { return !d.Known || d.Part || d.Document == nil }
			if arn, _ := facts.ARN(r); arn != "" && !slices.ContainsFunc(documents, unread) {
				m.customer[arn] = documentsOf(r.URN, documents)
			}
		}
	}
	principals := run.Graph.Principals()
	for _, p := range principals.List {
		m.addPrincipal(frame, run.Graph, p, stack)
	}
	for _, at := range principals.Unknown {
		m.unknown("%s, which names a principal, is not known", policy.Placed(at))
	}
	for _, p := range principals.Problems {
		m.unknown("%s: %s", policy.Name(p.URN), p.Message)
	}
}

func (m *matrixMaker) unknown(format string, args ...any) {
	m.matrix.Unknown = append(m.matrix.Unknown, fmt.Sprintf(format, args...))
}

// documentsOf are those of a resource that can be read.
func documentsOf(by resource.URN, documents []*facts.Document) (list []attached) {
	for _, d := range documents {
		if d.Document != nil {
			list = append(list, attached{Document: d.Document, at: facts.Place{URN: by, Path: d.Path}, secret: d.Secret})
		}
	}
	return list
}

// unreadable reports whether a document says nothing for it is no JSON, or none of a policy.
func unreadable(d *iam.Document) bool { return len(d.Statements) == 0 && len(d.Errors) > 0 }

// addTables adds the tables that a resource claims, and the policies of tables that it holds.
func (m *matrixMaker) addTables(frame policy.Frame, r *resource.Resource, f *facts.Facts, stack stackOf) {
	around := frame.Around(r.URN)
	arn, secret := facts.ARN(r)
	own, isOwn := tables.ParseARN(arn)
	witness := func(id tables.Identity) tables.Identity { // the ARN of a table tells better than its provider
		if known := account.Known(own.Account); isOwn && known != "" {
			id.Account = tables.Part{Known: known, Secret: secret || id.Account.Secret}
		}
		if isOwn && id.Region.Known == "" {
			id.Region = tables.Part{Known: own.Region, Secret: secret || id.Region.Secret}
		}
		return id
	}
	for _, c := range f.TableClaims(around, new(resource.Log)) {
		s := stack(r.URN)
		column := &column{identity: witness(c.Identity), MatrixTable: MatrixTable{
			Name: c.Shown, Environment: s.Environment, Stack: s.Name, URN: r.URN,
		}}
		if !c.Secret {
			column.Name = c.Identity.Name
		}
		same := m.fitting(column.identity, tables.Same)
		if same == nil {
			m.addColumn(column)
		}
		for _, same := range same {
			if same.Stack != s.Name && !slices.Contains(same.Shared, s.Name) {
				same.Shared, same.Environment = append(same.Shared, s.Name), cmp.Or(same.Environment, s.Environment)
			}
		}
	}
	for _, d := range f.Documents(iam.Resource) {
		p := tablePolicy{table: witness(f.GovernedTable(d, around, new(resource.Log)))}
		p.at = facts.Place{URN: r.URN, Path: d.Path}
		if arn, ok := facts.Governs(r, new(resource.Log)); ok {
			text, _ := arn.Text()
			p.stream, p.hidden = strings.Contains(text, "/stream/"), arn.Value.Secret()
		} else {
			p.stream = strings.Contains(strings.ToLower(string(d.Path)), "streamspecification")
		}
		switch {
		case !d.Known || d.Part:
			p.unknown = policy.Placed(p.at) + " is not known"
		case d.Document == nil:
			p.unknown = fmt.Sprintf("%s: %s", policy.Name(r.URN), d.Mistyped)
		case unreadable(d.Document):
			p.unknown = policy.Placed(p.at) + " cannot be read"
		}
		if d.Document != nil {
			p.attached = documentsOf(r.URN, []*facts.Document{d})[0]
		}
		m.policies = append(m.policies, p)
	}
}

// A placedName is what is unique of a table in AWS, where all of it is known.
type placedName struct{ account, region, name string }

func placedNameOf(id tables.Identity) (of placedName, ok bool) {
	return placedName{id.Account.Known, id.Region.Known, id.Name}, id.Account.Known != "" && id.Region.Known != ""
}

func (m *matrixMaker) addColumn(c *column) {
	m.columns = append(m.columns, c)
	m.byName[c.identity.Name] = append(m.byName[c.identity.Name], c)
	if of, ok := placedNameOf(c.identity); ok {
		m.placed[of] = c
	} else {
		m.adrift[c.identity.Name] = append(m.adrift[c.identity.Name], c)
	}
}

// fitting are the columns that match an identity so well at least: the one that is the same, else all that may be.
func (m *matrixMaker) fitting(id tables.Identity, least tables.Match) (list []*column) {
	among := m.byName[id.Name]
	if of, ok := placedNameOf(id); ok {
		if c := m.placed[of]; c != nil {
			return []*column{c}
		}
		among = m.adrift[id.Name] // those of other places are others
	}
	for _, c := range among {
		match := c.identity.Match(id)
		if match == tables.Same {
			return []*column{c}
		}
		if match >= least {
			list = append(list, c)
		}
	}
	return list
}

// addPrincipal adds a principal as its stack knows it.
func (m *matrixMaker) addPrincipal(frame policy.Frame, graph *facts.Graph, p *facts.Principal, stack stackOf) {
	r := graph.Resource(p.URN)
	s := stack(p.URN)
	h := &holder{kind: p.Kind, account: graph.Facts(r).Account(frame.Around(p.URN)), bounded: p.Bounded, MatrixPrincipal: MatrixPrincipal{
		Kind: string(p.Kind), Name: p.Name, URN: p.URN, Environment: s.Environment, Stack: s.Name, Outside: !p.Declared,
	}}
	h.named = p.IAMName
	if p.Kind == facts.KindPermissionSet {
		h.account = tables.Part{} // it holds in the accounts that it is assigned to, not in that of IAM Identity Center
	}
	if p.Declared {
		var secret bool
		h.arn, secret = facts.ARN(r)
		if known := account.OfRole(h.arn); known != "" { // or of a user or group
			h.account = tables.Part{Known: known, Secret: secret || h.account.Secret}
		}
		if hidden := p.IAMName != "" && p.Name != p.IAMName; !hidden && !secret && !h.account.Secret {
			h.ARN = h.arn
		}
		if known := h.account.Known; h.arn == "" && known != "" && p.IAMName != "" {
			// It is not created yet. What the policies of tables say of roles goes by their names.
			in := cmp.Or(partition.Of(graph.Facts(r).Region(frame.Around(p.URN)).Known), "aws")
			h.arn = "arn:" + in + ":iam::" + known + ":" + string(p.Kind) + facts.Path(r) + p.IAMName
		}
	} else {
		h.Environment, h.Stack = "", ""
	}
	for _, d := range p.Documents {
		if d.Inherited {
			continue // the group has it, and what other stacks give the group
		}
		if unreadable(d.Document.Document) {
			h.Unknown = append(h.Unknown, policy.Placed(facts.Place{URN: d.By, Path: d.Path})+" cannot be read")
		}
		h.documents = append(h.documents, attached{Document: d.Document.Document, at: facts.Place{URN: d.By, Path: d.Path}, secret: d.Secret})
		for _, t := range d.Document.Document.Tables() {
			if !d.Secret {
				m.others = append(m.others, named{t, h.account, frame})
			}
		}
	}
	for _, a := range p.Managed {
		if !a.Inherited {
			h.documents = append(h.documents, attached{at: a.Place, arn: a.ARN, secret: a.Secret}) // to be found by its ARN
		}
	}
	h.principal, h.groups = p, p.Groups()
	switch b := p.Boundary; {
	case !p.Bounded:
	case b != nil && b.Document.Document != nil && !b.Part && !unreadable(b.Document.Document):
		h.boundary = []attached{{Document: b.Document.Document, at: facts.Place{URN: b.By, Path: b.Path}, secret: b.Secret}}
	case b == nil && p.BoundaryARN != "":
		h.boundary = []attached{{arn: p.BoundaryARN, secret: p.BoundarySecret}}
	}
	for _, at := range p.Unknown {
		h.Unknown = append(h.Unknown, policy.Placed(at)+" is not known")
	}
	for _, problem := range p.Problems {
		h.Unknown = append(h.Unknown, fmt.Sprintf("%s: %s", policy.Name(problem.URN), problem.Message))
	}
	m.holders = append(m.holders, h)
	m.of[p] = h
}

// join puts together what several stacks say of one principal: the one that declares it, and those that only name it.
func (m *matrixMaker) join() {
	type key struct {
		kind facts.Kind
		name string
	}
	declared := map[key][]*holder{}
	for _, h := range m.holders {
		if !h.Outside && h.named != "" {
			declared[key{h.kind, h.named}] = append(declared[key{h.kind, h.named}], h)
		}
	}
	find := func(kind facts.Kind, name string, where tables.Part) *holder {
		var found [tables.Same + 1][]*holder
		for _, h := range declared[key{kind, name}] {
			match := matchAccounts(h.account, where)
			found[match] = append(found[match], h)
		}
		for _, match := range []tables.Match{tables.Same, tables.Possible} {
			if len(found[match]) == 1 {
				return found[match][0]
			}
		}
		return nil
	}
	m.holders = slices.DeleteFunc(m.holders, func(h *holder) bool {
		if !h.Outside {
			return false
		}
		of := find(h.kind, h.named, h.account)
		if of == nil {
			return false
		}
		of.documents = append(of.documents, h.documents...)
		of.Unknown = append(of.Unknown, h.Unknown...)
		of.groups = append(of.groups, h.groups...)
		m.of[h.principal] = of
		if h.bounded && !of.bounded {
			of.bounded, of.boundary = true, h.boundary
		}
		return true
	})
	for _, h := range m.holders {
		for _, g := range h.groups {
			of := m.of[g]
			if of.Outside {
				h.Unknown = append(h.Unknown, "the policies of group "+resource.Quote(g.Name)+", which none of the stacks declares, are not known")
			}
			h.documents = append(h.documents, of.documents...)
			h.Unknown = append(h.Unknown, of.Unknown...)
		}
	}
	for _, h := range m.holders {
		h.Unknown = facts.Distinct(h.Unknown)
		var documents []attached
		met := map[*iam.Document]bool{}
		for _, d := range h.documents {
			resolved, ok := []attached{d}, true
			if d.Document == nil {
				resolved, ok = m.resolve(d)
			}
			if !ok {
				h.Unknown = append(h.Unknown, policy.Placed(d.at)+" names a policy whose document is not known")
			}
			for _, of := range resolved {
				if !met[of.Document] { // else it has it in more than one way
					met[of.Document] = true
					documents = append(documents, of)
				}
			}
		}
		h.documents = documents
		if len(h.boundary) == 1 && h.boundary[0].Document == nil {
			resolved, ok := m.resolve(h.boundary[0])
			if h.boundary = nil; ok {
				h.boundary = append([]attached{}, resolved...) // none where it lets nothing through
			}
		}
	}
}

func matchAccounts(a, b tables.Part) tables.Match {
	match, _ := tables.Identity{Account: a}.Compare(tables.Identity{Account: b})
	return match
}

// resolve finds the documents of a managed policy by its ARN; ok is false where they are not known. Where the ARN is a secret they are.
func (m *matrixMaker) resolve(by attached) (documents []attached, ok bool) {
	documents, ok = m.customer[by.arn]
	if !ok && managed.Own(by.arn) {
		documents, ok = m.ownOfAWS(by.arn), true
	}
	if by.secret {
		documents = slices.Clone(documents)
		for i := range documents {
			documents[i].secret = true
		}
	}
	return documents, ok
}

// ownOfAWS are documents that stand for a policy that AWS manages.
func (m *matrixMaker) ownOfAWS(arn string) []attached {
	documents, ok := m.managed[arn]
	if ok {
		return documents
	}
	p, _ := managed.Lookup(arn)
	for _, of := range []struct {
		actions     iam.ActionSet
		conditional bool
		scoped      bool
	}{{p.Unscoped, false, false}, {p.Conditional, true, false}, {p.Scoped, false, true}} {
		if of.actions.Empty() {
			continue
		}
		d := iam.Allowing(of.actions)
		if of.conditional {
			d = iam.AllowingSometimes(of.actions)
		}
		documents = append(documents, attached{Document: d, arn: arn, scoped: of.scoped})
	}
	m.managed[arn] = documents
	return documents
}

// addNamed adds the tables that policies name and no stack declares.
func (m *matrixMaker) addNamed() {
	for _, n := range m.others {
		id := tables.Identity{Name: n.Name, Account: tables.Part{Known: n.Account}, Region: tables.Part{Known: n.Region}}
		if n.Account == "" {
			id.Account = n.account
		}
		if m.fitting(id, tables.Possible) != nil {
			continue
		}
		c := &column{identity: id, MatrixTable: MatrixTable{Name: n.Name}}
		m.own(c, n.frame)
		m.addColumn(c)
	}
}

// own says which stack owns a table that is only named, where the tables of other stacks tell.
func (m *matrixMaker) own(c *column, frame policy.Frame) {
	if frame.Outside.Others == nil {
		return
	}
	var owners []tables.Entry
	for _, e := range frame.Outside.Others.Named(c.identity.Name) {
		if e = frame.Config.Pack().Located(e); c.identity.Match(e.Identity()) != tables.Different {
			owners = append(owners, e)
		}
	}
	if len(owners) != 1 {
		return
	}
	e := owners[0]
	c.Environment, c.Stack = frame.Config.EnvironmentOf(e.Organization, e.Project, e.Stack), e.Owner()
	if c.identity.Account.Known == "" && e.Account != "" {
		c.identity.Account = tables.Part{Known: e.Account}
	}
	if c.identity.Region.Known == "" && e.Region != "" {
		c.identity.Region = tables.Part{Known: e.Region}
	}
}

// govern gives the tables their policies.
func (m *matrixMaker) govern() {
	for _, p := range m.policies {
		if p.table.Name == "" {
			if p.unknown == "" {
				p.unknown = policy.Placed(p.at) + " is the policy of a table that is not known"
			}
			m.unknown("%s", p.unknown)
			continue
		}
		fitting := m.fitting(p.table, tables.Possible)
		if len(fitting) > 1 {
			for _, c := range fitting {
				c.Unknown = cmp.Or(c.Unknown, policy.Placed(p.at)+" may be its own, or that of another table of this name")
			}
			continue
		}
		if fitting == nil {
			c := &column{identity: p.table, MatrixTable: MatrixTable{Name: p.table.Name}}
			if p.hidden {
				c.Name = "the table of " + policy.Name(p.at.URN)
			}
			m.addColumn(c)
			fitting = []*column{c}
		}
		c := fitting[0]
		c.Unknown = cmp.Or(c.Unknown, p.unknown)
		switch {
		case p.Document == nil:
		case p.stream:
			c.stream = append(c.stream, p.attached)
		default:
			c.table = append(c.table, p.attached)
		}
	}
}

// finish makes the matrix; nil where nothing is said of tables or principals.
func (m *matrixMaker) finish() *Matrix {
	m.join()
	m.addNamed()
	m.govern()
	if len(m.columns) == 0 && len(m.holders) == 0 && len(m.matrix.Unknown) == 0 {
		return nil
	}
	for _, c := range m.columns {
		c.Account, c.Region = shown(c.identity.Account), shown(c.identity.Region)
		c.Partition = partition.Of(c.identity.Region.Known)
	}
	slices.SortStableFunc(m.columns, func(a, b *column) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(placeOf(a), placeOf(b)),
			cmp.Compare(a.identity.Name, b.identity.Name))
	})
	m.matrix.Tables, m.matrix.Principals = []MatrixTable{}, []MatrixPrincipal{} // in JSON lists as well where they are empty
	names := make([]string, len(m.columns))
	for i, c := range m.columns {
		m.matrix.Tables = append(m.matrix.Tables, c.MatrixTable)
		names[i] = c.identity.Name
	}
	m.holders = append(m.holders, m.outsiders()...)
	g := &granting{matrixMaker: m, names: iam.NewNames(names)}
	g.blocks()
	for _, h := range m.holders {
		g.row(h)
		if h.Outside && len(h.Spans) == 0 && len(h.Beyond) == 0 && len(h.Unknown) == 0 {
			continue // nothing is said of it
		}
		m.matrix.Principals = append(m.matrix.Principals, h.MatrixPrincipal)
	}
	slices.SortStableFunc(m.matrix.Principals, func(a, b MatrixPrincipal) int {
		if a.Outside != b.Outside {
			return map[bool]int{true: 1, false: -1}[a.Outside]
		}
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name))
	})
	return &m.matrix
}

// shown is a part of an identity as a report may show it.
func shown(p tables.Part) string {
	if p.Secret {
		return ""
	}
	return p.Known
}

// placeOf is equal for tables that are in one place, as far as is known.
func placeOf(c *column) string {
	part := func(p tables.Part) string { return p.Known + "\x00" + strings.Join(p.Among, " ") + "\x00" + p.Like }
	return part(c.identity.Account) + "\x00" + part(c.identity.Region)
}

// outsiders are those whom policies of tables let in and no stack declares.
func (m *matrixMaker) outsiders() (list []*holder) {
	type key struct{ kind, name string }
	met := map[key]*holder{}
	own := map[string]bool{} // ARNs, and what those of the sessions of roles begin with
	for _, h := range m.holders {
		own[h.arn], own[iam.SessionsOf(h.arn)] = true, true
	}
	delete(own, "")
	for _, c := range m.columns {
		for i, d := range c.policies() {
			shares := d.Shares(m.now)
			if d.secret && len(shares) > 0 {
				m.unknown("%s is a secret, so whom it lets in from outside is not shown", policy.Placed(d.at))
				continue
			}
			for _, share := range shares {
				for _, reader := range share.Readers {
					h := outsider(reader, c)
					if h == nil || own[h.arn] || own[h.arn[:strings.LastIndexByte(h.arn, '/')+1]] {
						continue
					}
					if k := (key{h.Kind, h.Name}); met[k] == nil {
						met[k] = h
						list = append(list, h)
					} else {
						h = met[k]
					}
					if h.arn == "" && h.ARN == "" {
						h.shares = append(h.shares, shared{c, i, reader, share})
					}
				}
			}
		}
	}
	return list
}

// shared is what an Allow of a table's policy lets a reader do who is no principal, but anybody.
type shared struct {
	column   *column
	document int // of the column's policies
	reader   iam.Reader
	iam.Share
}

// openPolicy is that of a table which lets everyone in.
var openPolicy = iam.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`, iam.Resource)

// outsider is the row of a reader; nil of one that is let in nowhere: the account of the table, which leaves the decision to its own
// policies, and what makes no requests.
func outsider(r iam.Reader, c *column) *holder {
	h := &holder{MatrixPrincipal: MatrixPrincipal{Name: r.Text, Outside: true}}
	switch r.Kind() {
	case iam.PrincipalReader:
		h.Kind, h.ARN, h.arn, h.account.Known = "principal", r.Text, r.Text, r.Account
	case iam.AccountReader:
		h.Kind, h.Name, h.account.Known = "account", r.Account, r.Account
		h.ARN = "arn:" + cmp.Or(c.Partition, "aws") + ":iam::" + r.Account + ":root"
		if matchAccounts(h.account, c.identity.Account) == tables.Same {
			return nil
		}
	case iam.ServiceReader:
		if h.Kind = "service"; r.Key == "" {
			h.arn = r.Text
		} else {
			h.Name = r.Key + " " + r.Text
		}
	case iam.OrganizationReader:
		h.Kind = "organization"
	case iam.EveryoneReader:
		if h.Kind = "everyone"; r.Type == iam.Everyone {
			h.Name = "*"
		} else {
			h.Name = r.Key + " " + r.Text
		}
	default:
		return nil
	}
	return h
}

// statementKey is what a statement is known by.
type statementKey struct {
	statement *iam.Statement
	source    iam.Source
	secret    bool // one principal may name openly what another one does not
}

// statement is the index of a statement in the matrix.
func (m *matrixMaker) statement(g iam.Ground, of attached) int {
	key := statementKey{g.Statement, g.Source, of.secret}
	if i, ok := m.statements[key]; ok {
		return i
	}
	s := MatrixStatement{URN: of.at.URN, Source: g.Source.String(), Effect: g.Statement.Effect.String(), Index: g.Statement.Index}
	switch {
	case of.arn == "":
		s.Path = string(of.at.Path) + "." + g.Statement.Path()
		if !of.secret {
			s.Sid = g.Statement.Sid
			for _, c := range g.Statement.Conditions {
				s.Conditions = append(s.Conditions, c.Words())
			}
		}
	case !of.secret:
		s.Policy = of.arn
	}
	i := len(m.matrix.Statements)
	m.matrix.Statements = append(m.matrix.Statements, s)
	m.statements[key] = i
	return i
}

// actions are the names of a set, shared by all that have it.
func (m *matrixMaker) actions(set iam.ActionSet) []string {
	list, ok := m.lists[set]
	if !ok {
		for a := range set.All() {
			list = append(list, a.Name)
		}
		m.lists[set] = list
	}
	return list
}
