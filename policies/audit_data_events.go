package policies

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// AuditDataEvents asks that it can be told who read and wrote which items. CloudTrail records that of a table only where a trail
// selects its data events.
var AuditDataEvents = &policy.Policy{
	Name:  "audit-data-events",
	Title: "CloudTrail records who reads and writes the items of tables",
	Doc: `
		Reports a table of whose items no trail or event data store of the stack records all reads and writes, by basic and
		advanced event selectors. One that is off, or works in another account or region, records nothing. Most trails stand
		elsewhere: where nothing is configured, it reports only a table of which nothing is recorded and that no
		selector leaves out, in a stack whose trail selects others. With roles or tags it judges the tables that those
		roles reach, with everyTable all tables of each stack. Replicas are not judged.`,
	Before: `
s3BucketName: shop-trail
isMultiRegionTrail: true
eventSelectors:
  - dataResources:
      - type: AWS::DynamoDB::Table
        values: ["arn:aws:dynamodb:us-east-1:111122223333:table/customers"]`,
	After: `
s3BucketName: shop-trail
isMultiRegionTrail: true
eventSelectors:
  - dataResources:
      - type: AWS::DynamoDB::Table
        values: ["arn:aws:dynamodb"]`,
	Why: "CloudTrail records what is done with items only where a trail asks for data events: without, nobody can tell who read what.",
	Silent: [][2]string{
		{"A stack whose trails select no data events of tables", "Most trails are those of an organization, and stand elsewhere: everyTable, roles and tags ask for it."},
		{"What a selector leaves out, or records in part", "Where nothing is configured, somebody meant that."},
		{"Replicas", "Where they are recorded is the business of trails in their regions."},
		{"Selectors that are not known yet", "They may select the table: the outcome is unknown."},
	},
	Remediation: "Add the table's ARN to a selector of data events with the type AWS::DynamoDB::Table.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC7.2"},
	Config:      AuditConfig{},
	Settings: map[string]string{
		"everyTable": `Whether all tables are judged, of stacks without a trail as well.`,
		"roles":      `Names or URNs of roles, such as those of agents, with * and ? as wildcards: the tables that they reach are judged, and no others.`,
		"tags":       `Tags of such roles: the key, or key=value, with * and ? as wildcards. One of roles and tags is enough.`,
	},
	Reads: facts.Reads(facts.TrailReads, facts.DocumentReads(iam.Identity), facts.LinkReads),

	CheckStack: checkDataEvents,
}

// AuditConfig are the settings of AuditDataEvents.
type AuditConfig struct {
	EveryTable bool     `json:"everyTable"`
	Roles      []string `json:"roles" form:"principals"`
	Tags       []string `json:"tags" form:"tag"`
}

func checkDataEvents(p *policy.StackPass) {
	config := policy.Settings[AuditConfig](p)
	trails, problems := p.Graph.Trails(p.Around)
	selects := facts.No
	for _, trail := range trails {
		selects = max(selects, trail.Selects)
	}
	byRole := len(config.Roles) > 0 || len(config.Tags) > 0
	var roles []*auditedRole
	if byRole && !config.EveryTable {
		roles = auditedRoles(p, config)
	}
	tagged := facts.AllTagReads()
	for _, r := range p.Graph.Resources {
		if tagged[r.Type] == nil || r.Type == facts.TableReplica {
			continue
		}
		who := ""
		switch {
		case config.EveryTable:
		case byRole:
			i := slices.IndexFunc(roles, func(role *auditedRole) bool { return role.reaches(p, r) })
			if i < 0 {
				continue
			}
			who = ", which " + policy.Name(roles[i].urn) + " reaches"
		case selects == facts.No:
			p.NotApplicable("no trail of the stack selects data events of tables, and one elsewhere may; set everyTable, roles or tags to judge them")
			continue
		}
		checkRecorded(p, r, trails, who, config.EveryTable || byRole)
	}
	for _, problem := range problems {
		p.On(problem.URN).Errorf("%s", problem.Message)
	}
}

// checkRecorded judges what is recorded of a table. who ends the sentence, and asked says that the configuration asks for all of it.
func checkRecorded(p *policy.StackPass, r *resource.Resource, trails []*facts.Recorder, who string, asked bool) {
	pass := p.On(r.URN)
	u := p.Graph.Unrecorded(r, trails, pass.Around())
	switch {
	case len(u.Events) == 0:
		for _, at := range u.Unknown {
			p.Awaits(r.URN, at)
		}
		return
	case !asked && (u.LeftOut || !u.Reads || !u.Writes):
		return // somebody meant that
	}
	var what string
	switch {
	case u.Reads && u.Writes:
		what = "what is read and written in the table"
	case u.Reads:
		what = "reads of the table"
	case u.Writes:
		what = "writes to the table"
	default:
		what = text.List(u.Events, ", ") + " on the table"
	}
	f := policy.Finding{
		Basis:  policy.OnResource,
		Wrong:  fmt.Sprintf("no trail of the stack records %s%s", what, who),
		Remedy: fmt.Sprintf("add an %s that records data events of the type AWS::DynamoDB::Table", resource.ShortType(facts.Trail)),
	}
	if u.Near != nil {
		f.Remedy = fmt.Sprintf("have a selector of data events of %s select it, of the type AWS::DynamoDB::Table", policy.Name(u.Near.URN))
	}
	if claims := pass.Facts.TableClaims(pass.Around(), new(resource.Log)); len(claims) > 0 {
		f.Path = resource.Path(claims[0].Path)
	}
	pass.Report(f)
}

// An auditedRole is one whose access to items is to be recorded.
type auditedRole struct {
	urn    resource.URN
	all    bool // a policy of AWS grants access to every table
	grants *iam.Grants
}

// auditedRoles are the roles that the configuration names. What is not known of them yet, the pass awaits.
func auditedRoles(p *policy.StackPass, config AuditConfig) (list []*auditedRole) {
	for _, principal := range p.Graph.Principals().List {
		if principal.Kind != facts.KindRole || !config.names(principal, p.Graph.Resource(principal.URN)) {
			continue
		}
		for _, at := range principal.Unknown {
			p.Awaits(principal.URN, at)
		}
		for _, d := range principal.Documents {
			if !d.Known {
				p.Awaits(principal.URN, facts.Place{URN: d.By, Path: d.Path})
			}
		}
		list = append(list, newAuditedRole(principal, p.Now))
	}
	return list
}

func (c AuditConfig) names(role *facts.Principal, r *resource.Resource) bool {
	named := func(pattern string) bool {
		return glob.Match(pattern, role.Name) || glob.Match(pattern, role.URN.Name()) || glob.Match(pattern, string(role.URN))
	}
	return slices.ContainsFunc(c.Roles, named) ||
		role.Declared && slices.ContainsFunc(c.Tags, func(tag string) bool { return facts.Tagged(r, tag) })
}

func newAuditedRole(principal *facts.Principal, now time.Time) *auditedRole {
	role := &auditedRole{urn: principal.URN}
	var identity, boundary []*iam.Document
	for _, d := range principal.Documents {
		if d.Document.Document != nil {
			identity = append(identity, d.Document.Document)
		}
	}
	if b := principal.Boundary; b != nil && b.Document.Document != nil {
		boundary = append(boundary, b.Document.Document)
	}
	role.grants = iam.NewGrantsAt(identity, boundary, now)
	for _, m := range principal.Managed {
		aws, _ := managed.Lookup(m.ARN)
		role.all = role.all || len(boundary) == 0 && !aws.Grants().And(itemActions()).Empty()
	}
	return role
}

// itemActions are those that read and write items.
var itemActions = sync.OnceValue(func() (set iam.ActionSet) {
	for _, name := range []string{
		"GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQL*",
	} {
		set = set.Or(iam.MatchActions("dynamodb:" + name))
	}
	return set
})

// reaches reports whether the role may read or write items of a table.
func (a *auditedRole) reaches(p *policy.StackPass, r *resource.Resource) bool {
	if a.all {
		return true
	}
	for _, claim := range p.Graph.Facts(r).TableClaims(p.Around(r.URN), new(resource.Log)) {
		unconditional, conditional := a.grants.On(refOf(claim.Identity))
		if !unconditional.Or(conditional).And(itemActions()).Empty() {
			return true
		}
	}
	return false
}

func refOf(i tables.Identity) iam.TableRef {
	return iam.TableRef{Region: i.Region.Known, Account: i.Account.Known, Name: i.Name}
}
