package iam

import (
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// A Holder is a principal and the policies that decide what it may do.
type Holder struct {
	// ARN is that of a user or of a role, which acts through its sessions, of one of these, or the name of a service; empty of a group, of
	// an account, which stands for any of its principals, and where it is not known.
	ARN      string
	Account  string      // empty where it is not known
	Identity []*Document // its own and those of its groups
	Boundary []*Document // nil for none
	// Outside: what its own policies say is not known. They are taken to let it use what tables of other accounts open to it.
	Outside bool
}

// Access works out what one principal may do on tables, for all requests at once. It is what Evaluate says of one request, asked of
// every action, of all that belongs to a table, and of whatever else a request may carry. It is not safe for concurrent use.
//
// Of documents much larger than IAM takes, the last Denies and the boundary are not considered. Each question has a budget of its own.
type Access struct {
	holder   Holder
	now      time.Time
	caller   caller
	scopes   map[scope]*scoped
	analysis // with no Denies of its own
}

// Rights are what a principal may do.
type Rights struct {
	Open   ActionSet // some requests are allowed
	Always ActionSet // of those, all are, whatever they carry; see Loosely
	Ground []Ground  // the statements that decide
}

// A Ground is a statement behind rights: an Allow, also one of the boundary that lets another through, or a Deny that holds for some
// of the requests that are allowed without it.
type Ground struct {
	Source    Source
	Document  int // index among the documents of this source; of a resource policy 0 is the table's, 1 the stream's
	Statement *Statement
	Actions   ActionSet // that it opens, lets through, or denies to some
}

// A scope is where a table is, as far as conditions ask. Its fields are empty where they are not known.
type scope struct{ account, region string }

// scoped is an Access where all tables are of one scope: what is known of the requests there decides some of the conditions.
type scoped struct {
	request  request
	identity []rule
	boundary []rule
	denials
}

// A rule is a statement, as it is for the principal: the variables of its resources that are known are replaced.
type rule struct {
	*Statement // as written
	source     Source
	document   int
	resources  []resource
	some       ActionSet // for which its conditions may hold
	always     ActionSet // for which they do, whatever the request
	undecided  []*Condition
	match      principalMatch
	partly     bool // it is about some alone of those that the principal may be: one session of a role
}

// denials are the Denies that are about a principal.
type denials struct {
	denied  []rule
	certain []denial // those that hold whatever the request
	all     []denial // as if those that depend on the request held
	some    []rule   // those
}

// NewAccess prepares the questions about a principal, from a time on, which decides conditions on dates that have passed.
func NewAccess(h Holder, now time.Time) *Access {
	a := &Access{
		holder: h, now: now, caller: parseCaller(h.ARN), scopes: map[scope]*scoped{},
		analysis: analysis{doc: &Document{Kind: Identity, partition: commonPartition(slices.Concat(h.Identity, h.Boundary))}},
	}
	if c := &a.caller; c.role != "" && !c.session {
		// A session of it, of no name that any has.
		c.session, c.text = true, c.sessions()
	} else if c.account == "" {
		c.account = h.Account
	}
	return a
}

// SessionsOf is what the ARNs of all sessions of a role begin with; empty for the ARN of anything else.
func SessionsOf(role string) string {
	if c := parseCaller(role); c.role != "" && !c.session {
		return c.sessions()
	}
	return ""
}

func (c *caller) sessions() string {
	return "arn:" + c.partition + ":sts::" + c.account + ":assumed-role/" + c.role + "/"
}

// in is the access in a scope.
func (a *Access) in(s scope) *scoped {
	if of := a.scopes[s]; of != nil {
		return of
	}
	of := &scoped{request: request{
		Request: Request{Principal: a.holder.ARN, Boundary: a.holder.Boundary},
		caller:  a.caller, owner: s.account, target: target{arn: arn{region: s.region}},
	}}
	a.scopes[s] = of
	collect := func(source Source, documents []*Document) (allows []rule) {
		for i, d := range documents {
			for j := range d.Statements {
				r, ok := a.rule(&of.request, source, i, &d.Statements[j])
				switch {
				case !ok:
				case r.Effect == Deny:
					of.deny(r)
				default:
					allows = append(allows, r)
				}
			}
		}
		return allows
	}
	of.identity = collect(IdentityPolicy, a.holder.Identity)
	of.boundary = collect(BoundaryPolicy, a.holder.Boundary)
	return of
}

// rule makes a statement one for the principal; ok is false where it is about none of its requests.
func (a *Access) rule(r *request, source Source, document int, st *Statement) (made rule, ok bool) {
	made = rule{Statement: st, source: source, document: document, resources: st.resources, some: st.actions, always: st.actions}
	for i := range st.Conditions {
		c := &st.Conditions[i]
		if holds, known := r.decides(c, st.variables); known {
			if !holds {
				return rule{}, false
			}
			continue
		}
		if c.dateTruth(a.now) == Never || st.Effect == Deny && c.seldom() {
			return rule{}, false
		}
		made.undecided = append(made.undecided, c)
		if st.Effect == Allow || !ofOtherService(c.Key) {
			made.some = made.some.Minus(c.never())
		}
		if st.Effect == Deny || !c.loosely() {
			made.always = made.always.And(c.alwaysFrom(a.now))
		}
	}
	made.always = made.always.And(made.some)
	made.resources = slices.Clone(st.resources)
	for i, text := range st.Resource.Texts[:min(len(st.Resource.Texts), len(made.resources))] {
		of := &made.resources[i]
		if of.variable && r.knowsVariables(text) {
			value, known := r.resource(text, st.Effect == Allow)
			switch {
			case known:
				*of = parseResource(value, false, st.complete, nil)
			case st.Effect == Deny && st.Resource.Not:
				return rule{}, false // AWS does not say whether such a Deny matches: it does not count
			default:
				*of = resource{}
			}
		}
		if slices.ContainsFunc(of.readings, func(a arn) bool { return a.endsInName() }) {
			of.readings = slices.Clone(of.readings)
			for j := range of.readings {
				if a := &of.readings[j]; a.endsInName() {
					a.types &^= tableTypes &^ Table
				}
			}
		}
	}
	return made, !made.some.Empty()
}

// endsInName reports whether a pattern asks how names of tables end: table/*-orders is taken to be none of the indexes and backups
// that may have such names too.
func (a *arn) endsInName() bool {
	last := a.resource[max(0, len(a.resource)-1):]
	return a.types&tableTypes&^Table != 0 && strings.Count(a.resource, "/") <= 1 && last != "*" && last != "\xf8"
}

// seldom reports whether the condition is false for every request that anyone would make: one without TLS.
func (c *Condition) seldom() bool {
	return c.Is("aws:SecureTransport") && c.Operator.Base == "Bool" && c.Operator.Set == "" &&
		!slices.ContainsFunc(c.Values, func(v string) bool { return !glob.EqualFold(v, "false") })
}

// knows reports whether the request tells whether it carries a key, and its value.
func (r *request) knows(key string) bool {
	name, ok := cutPrefixFold(key, "aws:")
	if !ok {
		return false
	}
	switch foldASCII(name) {
	case "principalarn", "username", "principaltype", "principalisawsservice", "principalservicename":
		return r.caller.text != ""
	case "principalaccount":
		return r.caller.account != "" || r.caller.service() // which has none
	case "resourceaccount":
		return r.owner != ""
	case "requestedregion":
		return r.target.arn.region != ""
	}
	return false
}

// knowsVariables reports whether the request tells the values of all policy variables in a text.
func (r *request) knowsVariables(text string) bool {
	known := true
	replaceVariables(text, func(name string) string {
		key, _, _ := cutDefault(name)
		known = known && r.knows(key)
		return ""
	})
	return known
}

// decides reports whether a condition holds, where what is known of the request tells.
func (r *request) decides(c *Condition, variables bool) (holds, ok bool) {
	if !r.knows(c.Key) {
		return false, false
	}
	for _, value := range c.Values {
		if variables && !r.knowsVariables(value) {
			return false, false
		}
	}
	holds = c.holds(r, variables)
	if c.Is("aws:PrincipalArn") && r.caller.session && r.Principal != r.caller.arn() {
		// AWS does not say whether the key has the path of the role.
		long := *r
		long.Context = map[string][]string{"aws:PrincipalArn": {r.Principal}}
		return holds, c.holds(&long, variables) == holds
	}
	return holds, true
}

// deny adds a Deny.
func (d *denials) deny(r rule) {
	d.denied = append(d.denied, r)
	as := *r.Statement
	as.resources = r.resources
	if !r.always.Empty() {
		d.certain = append(d.certain, denial{Statement: &as, actions: r.always})
	}
	wide := as
	wide.resources = widest(r.resources, r.Resource.Not)
	d.all = append(d.all, denial{Statement: &wide, actions: r.some})
	if r.always != r.some || slices.ContainsFunc(r.resources, func(e resource) bool { return e.variable }) {
		d.some = append(d.some, r)
	}
}

// widest are the resources of a Deny as if its variables had whatever values make it deny the most.
func widest(resources []resource, not bool) []resource {
	wide := slices.Clone(resources)
	for i, r := range wide {
		switch {
		case !r.variable:
		case not:
			wide[i] = resource{}
		default:
			wide[i] = parseResource(strings.ReplaceAll(r.text, "\xf8", "*"), false, true, nil)
		}
	}
	return wide
}

// On is what the principal may do, of some actions, on a table and on what belongs to it. table and stream are the policies of these,
// nil where they have none. A field of the table that is not known can be any: what is open on some tables alone of those that it
// can be is not open always.
func (a *Access) On(t TableRef, want ActionSet, table, stream *Document) (rights Rights) {
	a.work = maxWork
	of := a.in(scope{t.Account, t.Region})
	foreign := a.caller.account != "" && t.Account != a.caller.account && (t.Account != "" || a.holder.Outside)
	with := map[*Document]*search{}
	tableTypes.each(func(typ ResourceTypes) {
		document, index := table, 0
		switch typ {
		case Table, Index:
		case Stream:
			document, index = stream, 1
		default:
			document = nil // what has no policy of its own
		}
		s := with[document]
		if s == nil {
			s = a.search(of, document, index, &rights)
			with[document] = s
		}
		to := t.target(typ, a.doc.partition)
		want := want.And(actionsOf(typ))
		if foreign {
			s.through(s.foreign(), to, want, want)
			return
		}
		for _, layers := range s.own() {
			s.through(layers, to, want, want)
		}
	})
	return rights
}

// Concerns reports whether a statement of a resource policy that has an effect is about the principal, if only among all others.
func (a *Access) Concerns(d *Document, effect Effect) bool {
	r := &a.in(scope{}).request
	return slices.ContainsFunc(d.Statements, func(st Statement) bool {
		if st.Effect != effect {
			return false
		}
		match, _ := r.names(&st)
		return match != matchNone
	})
}

// names says how the statement of a resource policy names the principal, as matches does; partly is set where it depends on who of those
// that the principal may be makes the request. Whoever assumes a role chooses the name of the session, and an account lets in whom it
// chooses, whatever Denies there are for some of its principals.
func (r *request) names(st *Statement) (match principalMatch, partly bool) {
	match = r.matches(st)
	c := &r.caller
	unnamed := c.session && strings.HasSuffix(c.text, "/") || c.text == "" && c.account != "" && st.Effect == Deny
	if !unnamed {
		return match, false
	}
	for _, p := range st.Principal.List {
		one := parseCaller(p.ID)
		if p.Type != "AWS" || one.account != c.account || one.root || c.session && (!one.session || one.role != c.role) {
			continue
		}
		as := *r
		as.caller = one
		if other := as.matches(st); (other == matchNone) != (match == matchNone) {
			match, partly = max(match, other), true
		}
	}
	return match, partly
}

// Pattern is an element of an Allow of the principal's own policies that matches tables by a wildcard, or all but some.
type Pattern struct {
	Document  int
	Statement *Statement
	Element   Element // of a NotResource the first
	Not       bool
	Rights    Rights // on some table that it matches
}

// Patterns are those that leave some of the actions open in the principal's own account. Policies of tables are not considered.
func (a *Access) Patterns(want ActionSet) (list []Pattern) {
	of := a.in(scope{account: a.caller.account})
	for _, r := range of.identity {
		for i := range r.Resource.Texts {
			one := r
			if !r.Resource.Not {
				if i >= len(r.resources) || r.resources[i].names() {
					continue
				}
				one.resources = r.resources[i : i+1]
			} else if i > 0 {
				break
			}
			a.work = maxWork
			p := Pattern{Document: r.document, Statement: r.Statement, Element: r.element("Resource", &r.Resource, i), Not: r.Resource.Not}
			s := a.search(of, nil, 0, &p.Rights)
			tableTypes.each(func(typ ResourceTypes) {
				want := want.And(actionsOf(typ))
				layers, to := s.within([]rule{one}), TableRef{Account: a.caller.account}.target(typ, a.doc.partition)
				if one.everywhere() {
					s.through(layers, to, want, want)
					return
				}
				for j := range one.resources[0].readings {
					if of := &one.resources[0].readings[j]; of.touches(to, &s.work) {
						s.through(layers, to.narrow(of), want, want) // where it says: it is not narrower than itself
					}
				}
			})
			if !p.Rights.Open.Empty() {
				list = append(list, p)
			}
		}
	}
	return list
}

// everywhere reports whether no element of the rule says where tables are.
func (r *rule) everywhere() bool { return r.Resource.Not || r.resources[0].every }

// names reports whether the element is about nothing but tables that it names.
func (r *resource) names() bool {
	return !r.every && !slices.ContainsFunc(r.readings, func(of arn) bool { return of.types&tableTypes != 0 && of.table().Name == "" })
}

// search goes through the policies that must all allow a request.
type search struct {
	*Access
	of    *scoped
	named []rule // Allows of the resource policy that are about the principal
	denials
	path   []*rule
	rights *Rights
}

func (a *Access) search(of *scoped, document *Document, index int, rights *Rights) *search {
	s := &search{Access: a, of: of, denials: of.denials, rights: rights}
	if document != nil {
		s.denied, s.certain, s.all, s.some = slices.Clip(s.denied), slices.Clip(s.certain), slices.Clip(s.all), slices.Clip(s.some)
		for i := range document.Statements {
			st := &document.Statements[i]
			match, partly := of.request.names(st)
			r, ok := a.rule(&of.request, ResourcePolicy, index, st)
			if partly {
				r.partly, r.always = true, ActionSet{}
			}
			switch {
			case match == matchNone, !ok:
			case st.Effect == Deny:
				s.deny(r)
			default:
				r.match = match
				if r = r.itself(); !r.only(grantable) {
					continue
				}
				s.named = append(s.named, r)
			}
		}
	}
	s.certain, s.all = byNotResource(s.certain), byNotResource(s.all)
	return s
}

// grantable are the actions that the policy of a table can grant, crossing those that it can grant to other accounts.
var grantable, crossing = func() (grantable, crossing ActionSet) {
	for a := range allActions.All() {
		if a.TablePolicy != NotGrantable {
			grantable = grantable.Or(a.Of())
		}
		if a.TablePolicy == CrossAccount || a.TablePolicy == GrantableUnknown {
			crossing = crossing.Or(a.Of())
		}
	}
	return grantable, crossing
}()

// only leaves of the rule's actions those of a set; it reports whether there are any.
func (r *rule) only(set ActionSet) bool {
	r.some, r.always = r.some.And(set), r.always.And(set)
	return !r.some.Empty()
}

// itself gives the Allow of a resource policy that names no resource the one it belongs to, and not what belongs to that.
func (r rule) itself() rule {
	if len(r.Resource.Texts) == 0 {
		own := anything
		own.types = Table | Stream
		r.resources = []resource{{readings: []arn{own}}}
	}
	return r
}

// own are the ways to be allowed in the table's own account. Each is a list of layers, of which all must allow a request.
func (s *search) own() [][][]rule {
	of := func(match principalMatch) (list []rule) {
		for _, r := range s.named {
			if r.match == match {
				list = append(list, r)
			}
		}
		return list
	}
	ways := [][][]rule{s.within(s.of.identity)}
	if direct := of(matchDirect); direct != nil {
		ways = append(ways, [][]rule{direct})
	}
	if role := of(matchRole); role != nil {
		ways = append(ways, s.within(role))
	}
	return ways
}

// foreign are the layers of another account's table.
func (s *search) foreign() [][]rule {
	var named []rule
	for _, r := range s.named {
		if r.only(crossing) {
			named = append(named, r)
		}
	}
	if s.holder.Outside {
		return [][]rule{named}
	}
	return append(s.within(s.of.identity), named)
}

// within puts Allows into the boundary.
func (s *search) within(allows []rule) [][]rule {
	if s.holder.Boundary == nil {
		return [][]rule{allows}
	}
	return [][]rule{allows, s.of.boundary}
}

// through finds what the layers leave open on the target. always are the actions that those before have allowed whatever the request.
func (s *search) through(layers [][]rule, t target, want, always ActionSet) {
	if len(layers) == 0 {
		s.end(t, want, always)
		return
	}
	left := &s.work
	if *left < 0 && len(s.path) > 0 {
		s.end(t, want, ActionSet{}) // the boundary is not considered any more
		return
	}
	for i := range layers[0] {
		r := &layers[0][i]
		more := want.And(r.some)
		if left.spend(passWork); more.Empty() {
			continue
		}
		s.path = append(s.path, r)
		next := always.And(r.always)
		if r.Resource.Not {
			if !r.leavesOut(t, left) {
				if slices.ContainsFunc(r.resources, func(e resource) bool { return e.variable && e.touches(t, left) }) {
					next = ActionSet{}
				}
				s.through(layers[1:], t, more, next)
			}
		} else {
			for j := range r.resources {
				s.element(&r.resources[j], layers[1:], t, more, next)
			}
		}
		s.path = s.path[:len(s.path)-1]
	}
}

// element goes through one element of a Resource.
func (s *search) element(e *resource, layers [][]rule, t target, want, always ActionSet) {
	if e.every {
		s.through(layers, t, want, always)
		return
	}
	for i := range e.readings {
		of := &e.readings[i]
		if s.work.spend(compareWork); !of.touches(t, &s.work) {
			continue
		}
		to, next := t.narrow(of), always
		if e.variable || to.arn.account != t.arn.account || to.arn.region != t.arn.region {
			next = ActionSet{}
		}
		s.through(layers, to, want, next)
	}
}

// leavesOut reports whether a NotResource lists all of the target.
func (r *rule) leavesOut(t target, left *work) bool {
	return slices.ContainsFunc(r.resources, func(e resource) bool {
		left.spend(compareWork)
		return e.covers(&t, left)
	})
}

// end takes off what is denied, and notes what is left.
func (s *search) end(t target, want, always ActionSet) {
	for _, r := range s.path {
		if r.Resource.Not && r.leavesOut(t, &s.work) {
			return // of a part of what it left
		}
	}
	if s.contradicted() {
		return
	}
	certain := s.certain
	for i := range s.some {
		if r := &s.some[i]; s.implied(r) {
			as := *r.Statement
			as.resources = r.resources
			certain = append(slices.Clip(certain), denial{Statement: &as, actions: r.some})
		}
	}
	if len(certain) > len(s.certain) {
		certain = byNotResource(certain)
	}
	open := s.leftBy(certain, want, t)
	if open.Empty() {
		return
	}
	free := open.And(always)
	narrowed := free
	if free = s.leftBy(s.all, free, t); free != narrowed {
		for i := range s.some {
			if r := &s.some[i]; r.touches(t, &s.work) {
				s.rights.add(r, r.some.And(open))
			}
		}
	}
	s.rights.Open, s.rights.Always = s.rights.Open.Or(open), s.rights.Always.Or(free)
	for _, r := range s.path {
		s.rights.add(r, open)
	}
}

// byNotResource puts Denies by NotResource first, see leftBy.
func byNotResource(list []denial) []denial {
	sorted := &analysis{denies: slices.Clone(list)}
	sorted.sortDenies()
	return sorted.denies
}

// contradicted reports whether no request meets the conditions of all statements on the path.
func (s *search) contradicted() bool {
	for i, r := range s.path {
		for _, other := range s.path[:i] {
			for _, c := range r.undecided {
				for _, d := range other.undecided {
					if c.Is(d.Key) && c.contradicts(d, r.variables || other.variables) {
						return true
					}
				}
			}
		}
	}
	return false
}

// implied reports whether a Deny holds for every request that meets the conditions of the statements on the path.
func (s *search) implied(deny *rule) bool {
	return !deny.partly && !slices.ContainsFunc(deny.undecided, func(d *Condition) bool {
		return !slices.ContainsFunc(s.path, func(r *rule) bool {
			return slices.ContainsFunc(r.undecided, func(c *Condition) bool { return c.implies(d, deny.variables || r.variables) })
		})
	})
}

// touches reports whether the rule may be about a part of the target.
func (r *rule) touches(t target, left *work) bool {
	if r.Resource.Not {
		return !r.leavesOut(t, left)
	}
	return len(r.resources) == 0 || slices.ContainsFunc(r.resources, func(e resource) bool { return e.touches(t, left) })
}

// add notes a statement behind rights.
func (rights *Rights) add(r *rule, actions ActionSet) {
	if actions.Empty() {
		return
	}
	for i := range rights.Ground {
		if g := &rights.Ground[i]; g.Statement == r.Statement && g.Source == r.source && g.Document == r.document {
			g.Actions = g.Actions.Or(actions)
			return
		}
	}
	rights.Ground = append(rights.Ground, Ground{r.source, r.document, r.Statement, actions})
}

// Narrowed are the actions that the statement's conditions narrow, from a time on, that on one key left out.
func (s *Statement) Narrowed(but string, now time.Time) (set ActionSet) {
	for i := range s.Conditions {
		if c := &s.Conditions[i]; !c.Is(but) && !c.loosely() {
			set = set.Or(s.actions.Minus(c.alwaysFrom(now)))
		}
	}
	return set
}

// Tables are the tables that Allows of the document name, as they name them, each once. What is no name in them is empty.
func (d *Document) Tables() (list []TableRef) {
	met := map[TableRef]bool{}
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Deny || st.Resource.Not || st.actions.WithoutMetadata().Empty() {
			continue
		}
		for _, r := range st.resources {
			for j := range r.readings {
				of := &r.readings[j]
				if t := of.table(); t.Name != "" && of.types&tableTypes != 0 && !met[t] {
					met[t] = true
					list = append(list, t)
				}
			}
		}
	}
	return list
}

// Classed are the actions of some classes.
func Classed(classes ...Class) (set ActionSet) {
	for a := range allActions.All() {
		if slices.Contains(classes, a.Class) {
			set = set.Or(a.Of())
		}
	}
	return set
}
