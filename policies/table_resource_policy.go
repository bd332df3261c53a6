package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// TableResourcePolicy asks whom a table's own policy lets in. An identity policy cannot open a table to another account; this can.
var TableResourcePolicy = &policy.Policy{
	Name:  "table-resource-policy",
	Title: "A table's own policy lets in nobody but its account and those it trusts",
	Doc: `
		Reports an Allow of a table's or a stream's policy for everyone, unless a condition confines it that DynamoDB counts
		as trusted, with no wildcard or variable in its values, or a Deny of all but such values (AWS refuses a public
		policy when it is applied); for another account, its users or roles, or a service that works for it, whether a
		principal or a condition names it, unless the account is one of trustedAccounts or an organization is bound without
		a wildcard, by aws:PrincipalOrgID or aws:PrincipalOrgPaths (aws:SourceOrgID or aws:SourceOrgPaths of a service); for
		an account in which the configuration and the tables of other stacks know another environment alone, unless it is in
		trustedAccounts; for a service of AWS without one of the conditions aws:Source*. Where the account of the table, or
		of the principal, cannot be told, that is advisory, and so is a provider of identities: requests to DynamoDB are
		those of the roles that its users assume. What a condition confines to a network or to the ID of a user passes. A
		share with another account of a table whose key is the AWS-managed one is reported as well: nobody there can
		decrypt. So are a Deny that keeps every principal of the table's own account from changing the policy or from
		reading the table, and one that hits the role by which DynamoDB replicates a table that has replicas in the stack;
		advisory, where it does by a key that the requests of the role lack, such as aws:SourceVpce.`,
	Before: `
resourceArn: arn:aws:dynamodb:us-east-1:111122223333:table/orders
policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}]}'`,
	After: `
resourceArn: arn:aws:dynamodb:us-east-1:111122223333:table/orders
policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]}'`,
	Why: "A table's own policy opens it past the policies of whoever asks, to other accounts and to everyone.",
	Silent: [][2]string{
		{"The table's own account", "Its own policies decide what it may do."},
		{"Other accounts under aws:PrincipalOrgID or aws:PrincipalOrgPaths, or in trustedAccounts", "The organization is bound, or has said so."},
		{"Conditions on a network or on the ID of a user", "They confine whom the statement lets in."},
		{"Services of AWS with one of the conditions aws:Source*", "They work for a known account."},
	},
	Remediation: "Name principals of the table's own account, or bind others by aws:PrincipalOrgID.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-bpa-rbp.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.1", "CC6.6"},
	Config:      TableResourcePolicyConfig{},
	Settings: map[string]string{
		"trustedAccounts": `The other accounts that tables may be shared with, also those of another environment: 12 digits each.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Resource), facts.GovernedReads(facts.Encrypted, facts.EncryptionKey)),

	CheckResource: checkTableResourcePolicy,
}

// TableResourcePolicyConfig are the settings of TableResourcePolicy.
type TableResourcePolicyConfig struct {
	TrustedAccounts []string `json:"trustedAccounts" form:"account"`
}

func checkTableResourcePolicy(p *policy.Pass) {
	for _, d := range grants(p) {
		s := sharing{pass: p, document: d, table: p.Facts.GovernedTable(d, p.Around(), new(resource.Log)), neighbours: map[string]neighbour{}}
		for _, share := range d.Shares(p.Now) {
			s.check(share)
		}
		s.checkDenies()
	}
}

// A sharing judges whom the document of a table's policy lets in, and whom it keeps out.
type sharing struct {
	pass       *policy.Pass
	document   *facts.Document
	table      tables.Identity
	neighbours map[string]neighbour // by account, those that were asked for
}

// An outsider is what a reader is to the account of the table, from what there is nothing to say of to the worst.
type outsider uint8

const (
	insider   outsider = iota
	provider           // of identities, which lets nobody in
	forAnyone          // a service that works for any account
	unnamed            // of an account that nothing tells
	perhaps            // of an account that may be the table's own
	elsewhere          // of an account that another environment is in
	foreign            // of an account that is not trusted
	outsiders
)

// replicationService replicates between tables of several accounts, each of which must let it in for the others.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_MA_security.html
const replicationService = "replication.dynamodb.amazonaws.com"

// sort says what a reader is, in whose account another environment may be.
func (s *sharing) sort(r iam.Reader, environment string) outsider {
	match := s.match(r)
	sourced := r.Account != "" || r.Bound || r.Confined
	switch {
	case r.Type == "Federated":
		return provider
	case match == tables.Same, s.trusted(r), r.Text == replicationService && sourced:
		return insider
	case r.Bound && environment != "":
		return elsewhere
	case r.Bound:
		return insider
	case match == tables.Different:
		return foreign
	case r.Account != "":
		return perhaps
	case r.Confined:
		return insider
	case r.Type == "Service":
		return forAnyone
	}
	return unnamed
}

// match compares the account of a reader, which may be any, with that of the table.
func (s *sharing) match(r iam.Reader) tables.Match {
	account, _ := s.table.Compare(tables.Identity{Account: tables.Part{Known: r.Account}})
	return account
}

func (s *sharing) trusted(r iam.Reader) bool {
	return slices.Contains(policy.Settings[TableResourcePolicyConfig](s.pass).TrustedAccounts, r.Account)
}

// finding is what there is to say of a kind of outsiders.
func (s *sharing) finding(kind outsider) policy.Finding {
	const remedy = "name principals of the table's own account, bind them by aws:PrincipalOrgID, or name the account in trustedAccounts " +
		"of table-resource-policy"
	return [outsiders]policy.Finding{
		provider: {
			Wrong:  "lets in a provider of identities, which makes no requests to DynamoDB,",
			Remedy: "name the role that its users assume",
			Limit:  policy.Advisory,
		},
		forAnyone: {
			Wrong:  "lets a service of AWS in, whichever account it works for,",
			Remedy: "add a condition on aws:SourceAccount or aws:SourceArn",
		},
		unnamed: {
			Wrong:  "may let another account in, by a principal that tells none,",
			Remedy: "name the account by its 12 digits, or a role of it by the ARN",
			Limit:  policy.Advisory,
		},
		perhaps: {
			Wrong:  "may let another account in, since nothing says which one the table is in,",
			Remedy: remedy,
			Limit:  policy.Advisory,
		},
		elsewhere: {
			Wrong: "lets an account of another environment in,",
			Remedy: "name principals of " + s.pass.OwnEnvironment() + " only, or name the account in trustedAccounts of " +
				"table-resource-policy",
		},
		foreign: {Wrong: "lets another account in,", Remedy: remedy},
	}[kind]
}

// check reports a share with outsiders: once those of other accounts, of which it says the worst, and once each other kind.
func (s *sharing) check(share iam.Share) {
	var found [outsiders][]string
	var sources []*tables.Source
	onlyServices := true // of those of other accounts
	var others []string  // who cannot decrypt with the AWS-managed key, trusted ones as well
	for _, r := range share.Readers {
		isService := r.Type == "Service"
		if share.Abroad.Empty() && !isService {
			continue // they do nothing with what it lets the table's own account do
		}
		if r.Public() {
			s.report(share, nil, policy.Finding{
				Wrong:  "lets everyone in, of any account,",
				Remedy: "name the principals, since AWS refuses a public policy when it is applied, or confine them by a condition on aws:PrincipalOrgID",
			})
			return
		}
		match := s.match(r)
		var next neighbour
		if match == tables.Different && !s.trusted(r) {
			next = s.neighbour(r.Account)
		}
		kind := s.sort(r, next.environment)
		who := reader(r, next.environment)
		found[kind] = append(found[kind], who)
		if kind >= elsewhere {
			onlyServices = onlyServices && isService
			for _, source := range next.sources {
				sources = addOldest(sources, source)
			}
		}
		if r.Account != "" && match != tables.Same && !isService && kind != provider {
			others = append(others, who)
		}
	}
	ofAccounts := []outsider{foreign, elsewhere, perhaps, unnamed}
	worst := slices.IndexFunc(ofAccounts, func(kind outsider) bool { return found[kind] != nil })
	var key resource.Path // of the table, where nobody there can decrypt with it
	undecryptable := false
	if len(others) > 0 && readsItems(share.Abroad) {
		key, undecryptable = s.managedKey()
	}
	if worst >= 0 {
		kind := ofAccounts[worst]
		f := s.finding(kind)
		if onlyServices && kind == foreign {
			f.Remedy = "name the table's own account in the condition, bind others by aws:SourceOrgID, or name the account in trustedAccounts of " +
				"table-resource-policy"
		}
		if undecryptable {
			f.Remedy += fmt.Sprintf("; the table has the AWS-managed key, with which no other account can decrypt: "+
				"set %s of it to a customer managed key", key)
		}
		s.report(share, found[kind], f, sources...)
	} else if undecryptable {
		f := policy.Finding{
			Wrong:  "lets another account in that cannot decrypt with the table's key, the AWS-managed one,",
			Remedy: fmt.Sprintf("set %s of the table to a customer managed key, whose policy lets that account decrypt", key),
		}
		if s.table.Account.Known == "" {
			f.Limit = policy.Advisory // it may be the table's own
		}
		s.report(share, others, f)
	}
	for _, kind := range []outsider{forAnyone, provider} {
		if found[kind] != nil {
			s.report(share, found[kind], s.finding(kind))
		}
	}
}

// reader names a reader as the document does, of which environment it is, and by what: "444455556666" of staging by aws:PrincipalAccount.
func reader(r iam.Reader, environment string) string {
	who := resource.Quote(r.Text)
	if environment != "" {
		who += " of " + environment
	}
	switch {
	case r.Key != "":
		who += " by " + text.Printable(r.Key)
	case r.Type == "Service" && r.Account != "":
		who += " for account " + r.Account
	}
	return who
}

// report reports a share with whom it lets in, and to do what. Of a secret document it shows the place alone.
func (s *sharing) report(share iam.Share, whom []string, f policy.Finding, sources ...*tables.Source) {
	d := s.document
	f.Path = at(d, share.Statement, nil)
	place := fmt.Sprintf("%s.Statement[%d]", d.Path, share.Statement)
	wrong := strings.TrimSuffix(f.Wrong, ",")
	if d.Secret {
		f.Wrong = place + " " + wrong
	} else {
		if len(whom) > 0 {
			wrong += " (" + text.List(whom, ", ") + ")"
		}
		open := share.Abroad
		if open.Empty() {
			open = share.Actions
		}
		f.Wrong = fmt.Sprintf("%s %s, to use %s%s", place, wrong, actions(open.List(), open.Worst(), nil), by(sources...))
	}
	s.pass.Report(f)
}

// A neighbour is what is known of another account.
type neighbour struct {
	environment string // that is in it, where that is not the stack's, and no other is known to be in it
	sources     []*tables.Source
}

// neighbour asks the configuration and the tables of other stacks which environments are in an account.
func (s *sharing) neighbour(account string) neighbour {
	if known, ok := s.neighbours[account]; ok {
		return known
	}
	own, pack := s.pass.OwnEnvironment(), s.pass.Config.Pack()
	var n neighbour
	var environments []string
	if own != "" {
		environments = pack.EnvironmentsIn(account)
		if others := s.pass.Outside.Others; others != nil {
			for range others.Matching("*", func(of tables.Entry) bool {
				if of = pack.Located(of); of.Account == account {
					environments = append(environments, s.pass.Config.EnvironmentOf(of.Organization, of.Project, of.Stack))
					n.sources = addOldest(n.sources, of.Source)
				}
				return false
			}) {
			}
		}
	}
	if !slices.Contains(environments, own) && !slices.Contains(environments, "") {
		slices.Sort(environments)
		n.environment = text.And(slices.Compact(environments))
	}
	s.neighbours[account] = n
	return n
}

// readsItems reports whether the actions read or write items, which takes the table's key.
func readsItems(set iam.ActionSet) bool {
	for a := range set.All() {
		if a.Class == iam.DataRead || a.Class == iam.DataWrite {
			return true
		}
	}
	return false
}

// managedKey returns the property that names the key of the table, where that is one of the stack that has the AWS-managed one. Where
// that is not known, it notes why.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
func (s *sharing) managedKey() (property resource.Path, managed bool) {
	const reason = "whether the key of the table lets another account decrypt is not known: "
	table, ok := s.pass.Facts.GovernedCopy(s.document)
	if !ok {
		if arn, _ := facts.Governs(s.pass.Resource, &s.pass.Log); s.table.Name == "" {
			if text, ok := arn.Text(); ok && text != "" {
				s.pass.NotApplicable(reason + string(arn.Path) + " is not the ARN of a table or a stream")
			}
			return "", false
		}
		if table, ok = s.pass.Seen.Table(s.table); !ok {
			s.pass.NotApplicable(reason + "the stack has not declared the table before its policy")
			return "", false
		}
	}
	if restored := ofSource(table, " of the table"); restored != "" {
		s.pass.NotApplicable(reason + restored)
		return "", false
	}
	kind, decidedBy, known := keyOf(table)
	if !known {
		s.pass.NotApplicable(fmt.Sprintf("%s%s of the table is not known yet", reason, decidedBy.Path))
	}
	return table.Get(facts.EncryptionKey).Path, known && kind == awsManaged
}

// replicated reports whether the table is known to have replicas in the stack, or to be one.
func (s *sharing) replicated() bool {
	return len(s.pass.Copies()) > 1 || s.pass.Seen.Replicated(s.table)
}

// declared reports whether the stack has declared the table, as far as that was seen.
func (s *sharing) declared() bool {
	if _, ok := s.pass.Facts.GovernedCopy(s.document); ok {
		return true
	}
	_, ok := s.pass.Seen.Table(s.table)
	return ok
}

// replicationNeeds are the actions of the role by which DynamoDB replicates a table.
//
// Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/DynamoDBReplicationServiceRolePolicy.html
var replicationNeeds = sync.OnceValue(func() iam.ActionSet {
	role, _ := managed.Lookup("arn:aws:iam::aws:policy/aws-service-role/DynamoDBReplicationServiceRolePolicy")
	return role.Grants()
})

// checkDenies reports the Denies that keep out whom nobody would.
//
// AWS says of a replica whose replication is denied: after 20 hours it is a single-Region table, irreversibly; under strong consistency
// it fails writes and strongly consistent reads, and after seven days for good.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
func (s *sharing) checkDenies() {
	d := s.document
	arn := ""
	if governs, ok := facts.Governs(s.pass.Resource, new(resource.Log)); ok {
		arn, _ = governs.Text()
	}
	account := s.table.Account.Known
	type harm struct {
		what, remedy []string
		certain      bool
	}
	harms := map[int]*harm{}
	add := func(statement int, certain bool, what, remedy string) {
		h := harms[statement]
		if h == nil {
			h = &harm{}
			harms[statement] = h
		}
		h.what, h.remedy, h.certain = append(h.what, what), append(h.remedy, remedy), h.certain || certain
	}
	for _, l := range d.LocksOut(arn, account, s.pass.Now) {
		var keeps []string
		if l.Read {
			keeps = append(keeps, "to read the table")
		}
		if l.Change {
			keeps = append(keeps, "to change this policy")
		}
		add(l.Statement, true, "everyone in the table's account "+text.And(keeps),
			"name the principals that it is about, or leave out those that need the table by a condition on aws:PrincipalArn")
	}
	for _, i := range d.InterruptsReplication(arn, account, replicationNeeds(), s.pass.Now) {
		switch {
		case s.replicated():
			what := "DynamoDB's replication role"
			if !d.Secret {
				what += " to use " + actions(i.Actions.List(), i.Actions.Worst(), nil)
			}
			add(i.Statement, !i.Absent, what+", without which a replica is a table of its own after 20 hours, or under strong consistency "+
				"takes no writes and is lost after seven days",
				`leave the role out by StringNotLike on aws:PrincipalArn: "*:role/aws-service-role/replication.dynamodb.amazonaws.com/*"`)
		case !s.declared():
			s.pass.NotApplicable(fmt.Sprintf("%s.Statement[%d] denies DynamoDB's replication role, "+
				"and the stack has not declared the table before its policy, so whether it has replicas is not known", d.Path, i.Statement))
		}
	}
	for _, statement := range slices.Sorted(maps.Keys(harms)) {
		h := harms[statement]
		f := policy.Finding{
			Path:   at(d, statement, nil),
			Wrong:  fmt.Sprintf("%s.Statement[%d] denies %s", d.Path, statement, text.List(h.what, ", and ")),
			Remedy: text.List(h.remedy, ", and "),
		}
		if !h.certain {
			f.Limit = policy.Advisory
		}
		s.pass.Report(f)
	}
}
