package iam

import (
	"slices"
	"strings"

	"dynamoguard/internal/glob"
)

// Request is a request for one action on one resource, and the policies that decide on it.
type Request struct {
	Action    string              // "dynamodb:GetItem", in any case
	Resource  string              // an ARN; "" or "*" for an action that takes no resource
	Principal string              // the ARN of a user, role, role session or account root; a service name
	Account   string              // the account that owns the resource; "" for the one in its ARN, or else the principal's
	Context   map[string][]string // condition keys, in any case, and their values; what the other fields say is added

	Identity       []*Document   // policies of the principal and its groups
	ResourcePolicy *Document     // of the table or stream; nil for none
	Boundary       []*Document   // the permissions boundary of the principal; nil for none
	Session        []*Document   // session policies, passed when the session began; nil for none
	Control        [][]*Document // service control policies, a list for each level of the organization; nil for none
	// ResourceControl are the resource control policies, a list for each level of the organization above the resource. Each level
	// has RCPFullAWSAccess besides, which nobody can detach. Those that are about DynamoDB hold since February 2026.
	//
	// Source: https://aws.amazon.com/about-aws/whats-new/2026/02/aws-expands-resource-control-policies-amazon/
	ResourceControl [][]*Document
}

// Verdict is the answer to a request.
type Verdict uint8

const (
	ImplicitlyDenied Verdict = iota // nothing allows it, or a limit does not
	Allowed
	ExplicitlyDenied // a Deny matches
	Invalid          // IAM would have refused one of the documents
)

func (v Verdict) String() string {
	return [...]string{"ImplicitlyDenied", "Allowed", "ExplicitlyDenied", "Invalid"}[v]
}

// Source is the role of a document in a decision.
type Source uint8

const (
	IdentityPolicy Source = iota
	ResourcePolicy
	BoundaryPolicy
	SessionPolicy
	ControlPolicy
	ResourceControlPolicy
)

func (s Source) String() string {
	return [...]string{
		"identity policy", "resource policy", "permissions boundary", "session policy", "service control policy", "resource control policy",
	}[s]
}

// Decision is a verdict with its reasons.
type Decision struct {
	Verdict Verdict

	rule   string   // that decides, where no document does
	action string   // of the request
	causes [3]cause // the first of them
	count  uint8
}

// cause is what of one document decides; the zero cause is the rule of the decision.
type cause struct {
	document  *Document
	statement *Statement // nil where the document is not valid
	source    Source
	index     int // of the document
	resource  int // see Reason
}

// Reasons are what decides: the Deny, the Allows that a request needs together, or a rule. They are made where they are asked for,
// since most ask for the verdict alone.
func (d *Decision) Reasons() []Reason {
	reasons := make([]Reason, d.count)
	for i := range reasons {
		c := &d.causes[i]
		r := Reason{Source: c.source, Document: c.index, Statement: -1, resource: c.resource, document: c.document, action: d.action}
		switch {
		case c.document == nil:
			r = Reason{Rule: d.rule, Document: -1, Statement: -1, resource: -1}
		case c.statement == nil:
			r.Rule, r.Error = "the document is not valid", &c.document.Errors[0]
		case c.statement.Effect == Deny:
			r.Rule, r.Statement = "a Deny matches", c.statement.Index
		default:
			r.Rule, r.Statement = "an Allow matches", c.statement.Index
		}
		reasons[i] = r
	}
	return reasons
}

// Reason is a statement that decides a request, or a rule that does where no statement matches.
type Reason struct {
	Rule      string // in words
	Source    Source // of the document, where there is one
	Document  int    // index among the documents of this source; -1 where no document decides
	Statement int    // index in the document; -1 where no statement decides
	Error     *Error // of an invalid document
	document  *Document
	action    string // of the request
	resource  int    // index of the element that matches; -1 for NotResource or none
}

// Elements are the patterns of the statement that match the request; of a NotAction or NotResource, or where the
// statement has no such element, there are none.
func (r Reason) Elements() []Element {
	if r.Statement < 0 {
		return nil
	}
	var out []Element
	st := r.document.StatementAt(r.Statement)
	match := func(text string) bool { return matchesAction(text, r.action) }
	if i := slices.IndexFunc(st.Action.Texts, match); i >= 0 && !st.Action.Not {
		out = append(out, st.element("Action", &st.Action, i))
	}
	if r.resource >= 0 {
		out = append(out, st.element("Resource", &st.Resource, r.resource))
	}
	return out
}

// StatementAt returns the statement at an index in the document, nil where none is there that can be read: Statements leaves out the others.
func (d *Document) StatementAt(index int) *Statement {
	if i := slices.IndexFunc(d.Statements, func(st Statement) bool { return st.Index == index }); i >= 0 {
		return &d.Statements[i]
	}
	return nil
}

// request is a Request made ready.
type request struct {
	Request
	action *Action // nil if the catalogue has none
	target target  // the resource, without wildcards
	owner  string  // the resource's account
	caller caller
	folded map[string][]string // the context by lower case, where it is large
}

// Evaluate decides on a request as IAM does: a Deny anywhere wins; otherwise every service control policy level must allow
// it, and either
//
//   - an identity policy, the permissions boundary and a session policy, as far as there are some;
//   - or, in the resource's own account, the resource policy: for a user or a role session that it names even against the
//     boundary, for a role only within it. A policy that names the account leaves the decision to identity policies. Against
//     the session policies it grants only to a session that it names.
//
// Service control policies do not touch service-linked roles, nor services themselves; resource control policies, which have
// nothing but Denies to say, do not touch service-linked roles.
//
// The root user of an account is allowed what no Deny and no service control policy keeps from it.
//
// Another account's principal needs both its own policies and the resource policy, for an action that AWS lets cross
// accounts. The documents are read as Parse says, but one that has errors makes the request Invalid.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session,
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html and
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
func Evaluate(req Request) Decision {
	if invalid, ok := req.invalid(); ok {
		return Decision{Verdict: Invalid, causes: [3]cause{invalid}, count: 1}
	}
	r := request{Request: req}
	r.caller.read(req.Principal)
	if len(req.Context) > fewKeys {
		r.folded = make(map[string][]string, len(req.Context))
		for name, values := range req.Context {
			r.folded[foldASCII(name)] = values
		}
	}
	r.action = LookupAction(req.Action)
	r.target.read(req.Resource)
	if r.owner = req.Account; r.owner == "" {
		r.owner = r.target.arn.account
	}
	if r.action != nil && r.action.Types() == 0 {
		r.target = target{types: NoResource}
	}
	foreign := r.owner != "" && r.caller.account != "" && r.owner != r.caller.account

	var identity, named, boundary, session opinion
	for i, d := range req.Identity {
		if deny := identity.add(&r, IdentityPolicy, i, d); deny {
			return r.denied(&identity)
		}
	}
	if req.ResourcePolicy != nil {
		if deny := named.add(&r, ResourcePolicy, 0, req.ResourcePolicy); deny {
			return r.denied(&named)
		}
	}
	for i, d := range req.Boundary {
		if deny := boundary.add(&r, BoundaryPolicy, i, d); deny {
			return r.denied(&boundary)
		}
	}
	for i, d := range req.Session {
		if deny := session.add(&r, SessionPolicy, i, d); deny {
			return r.denied(&session)
		}
	}
	identity.allows = identity.allows || r.caller.root
	controlled := true
	for _, level := range req.Control {
		if r.caller.account == "" || r.caller.serviceLinked() {
			break
		}
		var control opinion
		for i, d := range level {
			if deny := control.add(&r, ControlPolicy, i, d); deny {
				return r.denied(&control)
			}
		}
		controlled = controlled && control.allows
	}
	for _, level := range req.ResourceControl {
		if r.caller.serviceLinked() {
			break
		}
		var control opinion
		for i, d := range level {
			if deny := control.add(&r, ResourceControlPolicy, i, d); deny {
				return r.denied(&control)
			}
		}
	}

	bounded := boundary.allows || req.Boundary == nil
	inSession := session.allows || req.Session == nil
	within := bounded && inSession
	own := identity.allows && within
	switch {
	case !controlled:
		return implicit("no service control policy of some level allows the action on the resource")
	case foreign && own && named.allows && !r.crosses():
		return implicit("AWS lets no resource policy grant the action to another account")
	case foreign && own && named.allows:
		return r.allowed(&identity, &named)
	case foreign && own:
		return implicit("the resource belongs to another account, and no resource policy allows the action")
	case foreign && named.allows && !identity.allows:
		return implicit("the resource belongs to another account, and no identity policy allows the action")
	case own:
		return r.allowed(&identity, &boundary, &session)
	case !foreign && named.allows && named.match == matchDirect && (inSession || r.caller.session):
		return r.allowed(&named)
	case !foreign && named.allows && named.match == matchRole && within:
		return r.allowed(&named)
	case !inSession && (identity.allows || named.allows):
		return implicit("no session policy allows the action on the resource")
	case !bounded && (identity.allows || named.allows):
		return implicit("the permissions boundary does not allow the action on the resource")
	case named.allows:
		return implicit("the resource policy names the account, which leaves the decision to identity policies, and none allows the action on the resource")
	}
	return implicit("no statement allows the action on the resource")
}

// denied is the decision of a Deny.
func (r *request) denied(by *opinion) Decision {
	return Decision{Verdict: ExplicitlyDenied, action: r.Action, causes: [3]cause{by.cause}, count: 1}
}

// allowed is the decision of Allows that are needed together, at most three. Only the first may be by no document, for the root user;
// of the limits there are those that a document sets.
func (r *request) allowed(by ...*opinion) Decision {
	d := Decision{Verdict: Allowed, action: r.Action, rule: "the root user needs no policy in its own account"}
	for i, o := range by {
		if i == 0 || o.document != nil {
			d.causes[d.count] = o.cause
			d.count++
		}
	}
	return d
}

func implicit(rule string) Decision { return Decision{rule: rule, count: 1} }

// Owner is the account that the resource is in, "" where neither the request nor the ARN says.
func (req *Request) Owner() string {
	if req.Account != "" {
		return req.Account
	}
	return parseTarget(req.Resource).arn.account
}

// invalid is the first of the documents that has errors, if one has.
func (req *Request) invalid() (c cause, ok bool) {
	check := func(source Source, documents []*Document) bool {
		for i, d := range documents {
			if len(d.Errors) > 0 {
				c, ok = cause{document: d, source: source, index: i, resource: -1}, true
				return true
			}
		}
		return false
	}
	if check(IdentityPolicy, req.Identity) {
		return c, ok
	}
	if req.ResourcePolicy != nil && check(ResourcePolicy, []*Document{req.ResourcePolicy}) || check(BoundaryPolicy, req.Boundary) || check(SessionPolicy, req.Session) {
		return c, ok
	}
	for _, level := range req.Control {
		if check(ControlPolicy, level) {
			return c, ok
		}
	}
	for _, level := range req.ResourceControl {
		if check(ResourceControlPolicy, level) {
			return c, ok
		}
	}
	return c, ok
}

// crosses reports whether a resource policy can grant the action to another account.
func (r *request) crosses() bool {
	return r.action == nil || r.action.TablePolicy == CrossAccount || r.action.TablePolicy == GrantableUnknown
}

// opinion is what the documents of one source say of a request.
type opinion struct {
	allows bool
	match  principalMatch // the closest of the Allows, in a resource policy

	cause // the Allow, or the Deny that ends the search; none for the root user
}

// add takes in one document; it reports whether a Deny matches.
func (o *opinion) add(r *request, source Source, index int, d *Document) (deny bool) {
	for i := range d.Statements {
		st := &d.Statements[i]
		if o.allows && st.Effect == Allow && source != ResourcePolicy {
			continue
		}
		if r.action == nil && !st.matchesAction(r.Action) || r.action != nil && !st.actions.Has(r.action) {
			continue
		}
		match := matchDirect
		if source == ResourceControlPolicy && r.matches(st) == matchNone {
			continue
		}
		if source == ResourcePolicy {
			if match = r.matches(st); match == matchNone {
				continue
			}
			if st.Effect == Allow && (match <= o.match || r.action != nil && r.action.TablePolicy == NotGrantable) {
				continue
			}
		}
		resource, ok := st.decide(r)
		if !ok {
			continue
		}
		o.cause = cause{d, st, source, index, resource}
		if st.Effect == Deny {
			return true
		}
		o.allows, o.match = true, match
	}
	return false
}

// decide reports whether the statement is about the request's resource and context, and by which element of Resource.
func (s *Statement) decide(r *request) (resource int, ok bool) {
	if resource, ok = s.matchResource(r); !ok {
		return resource, false
	}
	for i := range s.Conditions {
		if !s.Conditions[i].holds(r, s.variables) {
			return resource, false
		}
	}
	return resource, true
}

// matchesAction reports whether the statement is about an action that the catalogue does not have.
func (s *Statement) matchesAction(action string) bool {
	return slices.ContainsFunc(s.Action.Texts, func(text string) bool { return matchesAction(text, action) }) != s.Action.Not
}

// matchesAction matches the text of an Action with the name of an action of any service.
func matchesAction(pattern, action string) bool {
	if pattern == "*" {
		return true
	}
	service, name, ok := strings.Cut(pattern, ":")
	ofService, ofName, _ := strings.Cut(action, ":")
	return ok && (service == "*" || glob.EqualFold(service, ofService)) && glob.MatchFold(name, ofName)
}

// matchResource finds the element that matches the request's resource, -1 for NotResource or none.
func (s *Statement) matchResource(r *request) (index int, ok bool) {
	if len(s.Resource.Texts) == 0 {
		// The policy of a table or a stream, about what it belongs to: nothing below it.
		_, below, _ := strings.Cut(strings.TrimPrefix(r.target.arn.resource, "table/"), "/")
		return -1, below == "" || strings.HasPrefix(below, "stream/")
	}
	// What grants is read as wide as possible, and what takes away as narrow.
	wide := (s.Effect == Allow) != s.Resource.Not
	for i, text := range s.Resource.Texts {
		var element *resource
		if i < len(s.resources) {
			element = &s.resources[i]
		} else {
			// An action of another service: compile passes over the resources of statements without one of ours.
			parsed := parseResource(text, s.variables, s.complete, nil)
			element = &parsed
		}
		if element.variable {
			if r.target.types == NoResource {
				continue // no value makes it "*"
			}
			resolved, known := r.resource(text, wide)
			if !known && s.Effect == Deny && s.Resource.Not {
				return -1, false // AWS does not say whether such a Deny matches: it does not count
			}
			if !known {
				continue
			}
			parsed := parseResource(resolved, false, s.complete, nil)
			element = &parsed
		}
		if element.matches(r, wide) {
			if s.Resource.Not {
				return -1, false
			}
			return i, true
		}
	}
	return -1, s.Resource.Not
}

// matches reports whether the element, its variables resolved, matches the request's resource.
func (e *resource) matches(r *request, wide bool) bool {
	if e.plain.begin != "" {
		return e.plain.matches(r.Resource) && r.target.types != NoResource
	}
	return e.covers(&r.target, nil) || wide && r.target.types != NoResource && glob.Match(e.text, r.Resource)
}
