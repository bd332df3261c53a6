package iam

import (
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// Share is what one Allow of a table's or a stream's policy leaves open after the document's own Denies that hold for everyone,
// whatever the request, and to whom. Where Denies of everyone but some are about part of it, the Allow has a share for each part.
type Share struct {
	Statement int
	Actions   ActionSet // open to principals of the owner's account
	Abroad    ActionSet // of those what AWS lets other accounts do
	Readers   []Reader  // whom it lets in, each once; none where nobody meets its conditions
}

// Open is what a reader may do, whose account may be another than the owner's.
func (s Share) Open(r Reader, owner string) ActionSet {
	if r.Account != "" && owner != "" && r.Account != owner {
		return s.Abroad
	}
	return s.Actions
}

// Reader is whom an Allow lets in: a principal, or what a condition leaves of everyone.
type Reader struct {
	Text     string // as written: the principal, or the value of the condition
	Key      string // of the condition, as written; "" for a principal
	Type     string // of a Principal; "*" for everyone
	Account  string // the one that it is of, or that a service works for; "" where it can be any
	Bound    bool   // to certain organizations, or parts of them
	Confined bool   // by something that DynamoDB trusts as well and that tells no account: a network, the ID of a user
}

// Everyone is the Type of a Reader that may be anybody.
const Everyone = "*"

// Public reports whether DynamoDB counts the Allow as a public one for this reader: it refuses the policy then.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-bpa-rbp.html
func (r Reader) Public() bool { return r.Type == Everyone && !r.Confined }

// A ReaderKind is what a Reader is.
type ReaderKind uint8

const (
	NoReader           ReaderKind = iota // it makes no requests, such as a provider of identities, or nothing tells who it is
	PrincipalReader                      // a user, a role or a session of one, by its ARN
	AccountReader                        // who the account gives its own part of the permission
	ServiceReader                        // a service of AWS, or services for whom they work
	OrganizationReader                   // whoever is of certain organizations, or parts of them
	EveryoneReader                       // anybody, or who meets a condition that tells no more
)

// Kind is what the reader is. A service is of no account, also where it may work for one alone.
func (r Reader) Kind() ReaderKind {
	switch {
	case r.Type == service:
		return ServiceReader
	case r.Type == "Federated":
		return NoReader
	case r.Account != "":
		if fields, ok := splitARN(r.Text); ok && fields[4] != "root" {
			return PrincipalReader
		}
		return AccountReader
	case r.Bound:
		return OrganizationReader
	case r.Type == Everyone || r.Key != "":
		return EveryoneReader
	}
	return NoReader
}

// Shares are the Allows of a table's policy that leave something open from a time on; nil for other documents.
//
// A condition of the Allow confines its readers, and so does a Deny for all but some. AWS says that its own analysis of what is
// public verifies access across all statements.
func (d *Document) Shares(now time.Time) (shares []Share) {
	if d.Kind != Resource {
		return nil
	}
	a := d.analyse(now)
	exceptions := d.exceptions()
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Deny {
			continue
		}
		open := a.open(st, st.actions.Minus(st.excluded(now)))
		if open.Empty() {
			continue
		}
		readers := st.Principal.readers()
		for j := range st.Conditions {
			if c := &st.Conditions[j]; c.trusted(false) {
				readers = a.within(readers, c.leaves())
			}
		}
		parts := []Share{{Statement: st.Index, Actions: open, Readers: readers}}
		for _, e := range exceptions {
			if a.work > 0 {
				parts = a.but(st, parts, e)
			}
		}
		for _, s := range parts {
			for action := range s.Actions.All() {
				if action.TablePolicy != SameAccount {
					s.Abroad = s.Abroad.Or(action.Of())
				}
			}
			shares = append(shares, s)
		}
	}
	return shares
}

// readers are those that the principals of an Allow let in. NotPrincipal lets in everyone but some.
func (p Principals) readers() []Reader {
	if p.Not {
		return []Reader{{Text: "*", Type: Everyone}}
	}
	list := make([]Reader, 0, len(p.List))
	for _, principal := range p.List {
		r := Reader{Text: principal.ID, Type: principal.Type, Account: principal.account()}
		if principal.Anyone() {
			r.Type = Everyone
		}
		list = append(list, r)
	}
	return list
}

// account is the account of the principal: of its ARN, or the ID that it is. It is "" where it has none, as a service.
func (p Principal) account() string { return accountOf(p.ID) }

func accountOf(text string) string {
	if len(text) == 12 && strings.Trim(text, "0123456789") == "" {
		return text
	}
	if fields, ok := splitARN(text); ok {
		return fields[3]
	}
	return ""
}

// An exception is a Deny of everyone but some.
type exception struct {
	denial
	but []Reader
}

// exceptions are the Denies of everyone but of principals that they name, or that differ in a key which DynamoDB trusts. Where
// there are several such keys, to differ in one of them is enough.
func (d *Document) exceptions() (list []exception) {
	for i := range d.Statements {
		st := &d.Statements[i]
		var but []Reader
		switch {
		case st.Effect == Allow:
			continue
		case d.deniesAnyone(st):
		case st.Principal.Not:
			but = Principals{List: st.Principal.List}.readers()
		default:
			continue
		}
		actions := st.actions
		for j := range st.Conditions {
			if c := &st.Conditions[j]; c.trusted(true) {
				but = append(but, c.leaves()...)
			} else {
				actions = actions.And(c.always())
			}
		}
		if len(but) > 0 && !actions.Empty() {
			list = append(list, exception{denial{Statement: st, actions: actions}, but})
		}
	}
	return list
}

// but takes from the parts of an Allow what one more Deny denies to all but some.
func (a *analysis) but(st *Statement, parts []Share, e exception) (list []Share) {
	with := *a
	with.denies = []denial{e.denial}
	for _, s := range parts {
		open := with.open(st, s.Actions)
		if !open.Empty() {
			list = append(list, Share{Statement: s.Statement, Actions: open, Readers: s.Readers})
		}
		if denied := s.Actions.Minus(open); !denied.Empty() {
			list = append(list, Share{Statement: s.Statement, Actions: denied, Readers: with.within(s.Readers, e.but)})
		}
	}
	a.work = with.work
	return list
}

// within are the readers that are among others as well, each once.
func (a *analysis) within(readers, among []Reader) (list []Reader) {
	seen := map[Reader]bool{}
	for _, r := range readers {
		if a.work.spend(compareWork * len(among)); a.work < 0 {
			return readers
		}
		for _, other := range among {
			if both, ok := r.and(other); ok && !seen[both] {
				seen[both] = true
				list = append(list, both)
			}
		}
	}
	return list
}

// and is who is both; ok is false where nobody can be. A service works for an account, and is of none.
func (r Reader) and(other Reader) (both Reader, ok bool) {
	if r.Type == Everyone || r.Key != "" && r.Account == "" && other.Account != "" {
		r, other = other, r // which says more
	}
	switch {
	case other.Type == Everyone:
	case (r.Type == service) != (other.Type == service), r.Account != "" && other.Account != "" && r.Account != other.Account:
		return Reader{}, false
	case r.Account == "":
		r.Account = other.Account
	}
	r.Bound, r.Confined = r.Bound || other.Bound, r.Confined || other.Confined
	return r, true
}

// service is the Type of a principal that is a service of AWS.
const service = "Service"

// A trustedKey is a condition key by which DynamoDB counts a statement for everyone as one that is not public.
type trustedKey struct {
	name string
	tell Reader // what it tells of a reader, but for the account
}

// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-bpa-rbp.html
var trustedKeys = []trustedKey{
	{"aws:PrincipalAccount", Reader{Type: "AWS"}},
	{"aws:PrincipalArn", Reader{Type: "AWS"}},
	{"aws:PrincipalOrgID", Reader{Type: "AWS", Bound: true}},
	{"aws:PrincipalOrgPaths", Reader{Type: "AWS", Bound: true}},
	{"aws:UserId", Reader{Type: "AWS", Confined: true}},
	{"aws:SourceAccount", Reader{Type: service}},
	{"aws:SourceArn", Reader{Type: service, Confined: true}},
	{"aws:SourceOrgID", Reader{Type: service, Bound: true}},
	{"aws:SourceOrgPaths", Reader{Type: service, Bound: true}},
	{"aws:PrincipalServiceName", Reader{Type: service}},
	{"aws:PrincipalServiceNamesList", Reader{Type: service}},
	{principalIsService, Reader{Type: service}},
	{"aws:SourceVpc", Reader{Type: Everyone, Confined: true}},
	{"aws:SourceVpce", Reader{Type: Everyone, Confined: true}},
	{"aws:Ec2InstanceSourceVpc", Reader{Type: Everyone, Confined: true}},
}

const principalIsService = "aws:PrincipalIsAWSService"

// trusted reports whether the condition asks for certain values of one of the trusted keys: without a wildcard or a variable, and
// not of requests that lack the key. Of a Deny it must ask for all other values, and of requests that lack the key.
func (c *Condition) trusted(deny bool) bool {
	op := c.Operator
	isService := c.Is(principalIsService)
	switch {
	case !slices.ContainsFunc(trustedKeys, func(k trustedKey) bool { return c.Is(k.name) }):
		return false
	case isService:
		want := "true"
		if deny {
			want = "false"
		}
		return op.Base == "Bool" && (deny || !op.IfExists) && !slices.ContainsFunc(c.Values, func(v string) bool { return !glob.EqualFold(v, want) })
	case op.Negated() != deny, !deny && (op.IfExists || op.Set == "ForAllValues"):
		return false
	case deny && (op.Set == "ForAnyValue" || op.Set == "" && multivalued(c.Key)):
		return false // it is not true of a missing key, or of one with values
	}
	switch op.positive() {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnLike":
	default:
		return false
	}
	return !slices.ContainsFunc(c.Values, func(v string) bool { return strings.ContainsAny(v, "*?") || strings.Contains(v, "${") })
}

// leaves are the readers that a trusted condition leaves of everyone.
func (c *Condition) leaves() []Reader {
	at := slices.IndexFunc(trustedKeys, func(k trustedKey) bool { return c.Is(k.name) })
	list := make([]Reader, 0, len(c.Values))
	for _, value := range c.Values {
		r := trustedKeys[at].tell
		r.Text, r.Key, r.Account = value, c.Key, accountOf(value)
		list = append(list, r)
	}
	return list
}

// Is reports whether the condition is on a key. Keys are the same in any case.
func (c *Condition) Is(key string) bool { return glob.EqualFold(c.Key, key) }

// Lockout is a Deny of a table's policy that takes from every principal of the table's account, whatever the request, what the
// account cannot do without.
type Lockout struct {
	Statement int
	Read      bool // of a table: GetItem, Query and Scan
	Change    bool // the policy itself
}

// LocksOut are the Denies that keep every principal of an account, "" where it is not known, from reading the table or the stream
// that the policy is of, or from changing the policy. resource is its ARN, "" where it is not known.
func (d *Document) LocksOut(resource, account string, now time.Time) (list []Lockout) {
	if d.Kind != Resource {
		return nil
	}
	change := MatchActions("dynamodb:PutResourcePolicy").Or(MatchActions("dynamodb:DeleteResourcePolicy"))
	read := MatchActions("dynamodb:GetItem").Or(MatchActions("dynamodb:Query")).Or(MatchActions("dynamodb:Scan"))
	r := d.requestOf(resource, account, "root")
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Allow || !st.Principal.everyoneOf(account) {
			continue
		}
		denied := st.denies(r, now, func(c *Condition) bool {
			return account != "" && (c.Is("aws:PrincipalAccount") || c.Is(principalIsService) || c.Is("aws:PrincipalArn") && c.tellsAccounts(account))
		})
		if l := (Lockout{st.Index, denied.Contains(read), denied.Contains(change)}); l.Read || l.Change {
			list = append(list, l)
		}
	}
	return list
}

// everyoneOf reports whether principals have every one of an account among them.
func (p Principals) everyoneOf(account string) bool {
	if p.Not {
		of := func(p Principal) bool { return p.Anyone() || p.account() == account }
		return account != "" && !slices.ContainsFunc(p.List, of)
	}
	return slices.ContainsFunc(p.List, func(p Principal) bool {
		return p.Anyone() || p.Type == "AWS" && account != "" && (p.ID == account || p.account() == account && parseCaller(p.ID).root)
	})
}

// tellsAccounts reports whether the condition, on aws:PrincipalArn, is true or false of all principals of an account alike: each value
// is another account's, or all of this one.
func (c *Condition) tellsAccounts(account string) bool {
	return !slices.ContainsFunc(c.Values, func(v string) bool {
		fields, ok := splitARN(v)
		return !ok || wild(fields[3]) || fields[3] == account && !onlyStars(fields[4])
	})
}

// Interruption is a Deny of a table's policy that keeps DynamoDB from replicating the table.
type Interruption struct {
	Statement int
	Actions   ActionSet // that replication needs
	// Absent: it denies requests that lack a key, as those of the role do, which come through no network of the account.
	Absent bool
}

// The role by which DynamoDB replicates the tables of an account, and its path.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
const (
	replicationRole = "AWSServiceRoleForDynamoDBReplication"
	replicationPath = "aws-service-role/replication.dynamodb.amazonaws.com/"
)

// absentFromReplication are the keys that no request of the replication role carries: it is a role, of no network of the account, and
// no service principal.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var absentFromReplication = []string{
	"aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp", "aws:Ec2InstanceSourceVpc", "aws:Ec2InstanceSourcePrivateIPv4",
	"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:PrincipalServiceName",
	"aws:PrincipalServiceNamesList", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:username",
}

// InterruptsReplication are the Denies that hit the replication role of an account, of the actions that it needs, on the table whose
// ARN is given.
func (d *Document) InterruptsReplication(resource, account string, needs ActionSet, now time.Time) (list []Interruption) {
	if d.Kind != Resource || account == "" {
		return nil
	}
	// AWS does not say whether the key has the path.
	r := d.requestOf(resource, account, "role/"+replicationPath+replicationRole)
	short := d.requestOf(resource, account, "role/"+replicationRole)
	r.Context = map[string][]string{"aws:SecureTransport": {"true"}}
	short.Context = r.Context
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Allow || r.matches(st) == matchNone || st.Principal.Not && short.matches(st) == matchNone {
			continue
		}
		absent := false
		known := func(c *Condition) bool {
			same := func(key string) bool { return c.Is(key) }
			if slices.ContainsFunc(absentFromReplication, same) {
				absent = true
				return true
			}
			return slices.ContainsFunc([]string{
				"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", principalIsService, "aws:SecureTransport",
			}, same)
		}
		denied := st.denies(r, now, known).And(st.denies(short, now, known)).And(needs)
		if !denied.Empty() {
			list = append(list, Interruption{st.Index, denied, absent})
		}
	}
	return list
}

// requestOf is a request of a principal of an account, given as the end of its ARN, for the table or stream that a policy is of.
func (d *Document) requestOf(resource, account, principal string) *request {
	r := &request{Request: Request{Resource: resource}, target: parseTarget(resource), owner: account}
	if resource == "" {
		r.target = TableRef{}.target(Table, d.partition)
	}
	if account != "" {
		partition := "aws"
		if fields, ok := splitARN(resource); ok {
			partition = fields[0]
		}
		r.caller = parseCaller("arn:" + partition + ":iam::" + account + ":" + principal)
	}
	return r
}

// denies are the actions that a Deny takes from the request's caller on its resource, from a time on, whatever else the request says
// than the keys of the conditions that are known.
func (s *Statement) denies(r *request, now time.Time, known func(*Condition) bool) ActionSet {
	if _, ok := s.matchResource(r); !ok {
		return ActionSet{}
	}
	actions := s.actions
	for i := range s.Conditions {
		c := &s.Conditions[i]
		variable := slices.ContainsFunc(c.Values, func(v string) bool { return s.variables && strings.Contains(v, "${") })
		switch {
		case c.dateTruth(now) == Always:
		case variable || !known(c):
			actions = actions.And(c.always())
		case !c.holds(r, s.variables):
			return ActionSet{}
		}
	}
	return actions
}
