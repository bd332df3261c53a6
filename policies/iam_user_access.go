package policies

import (
	"fmt"
	"slices"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// IAMUserAccess asks for sessions: what a user has does not end.
var IAMUserAccess = &policy.Policy{
	Name:  "iam-user-access",
	Title: "Table data is reached by roles, and not by users",
	Doc: `
		Reports a user or a group that may read, write, copy or delete what tables and DAX clusters hold, after all its
		Denies in the stack and within its permissions boundary, and says so where the stack makes an access key of the
		user, which does not expire. What a user has from a group alone is reported of the group, unless there is such a
		key. A user who signs in to the console and has no such access is not reported.`,
	Before: `
user: ci
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: [dynamodb:GetItem, dynamodb:PutItem]
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	After: `
role: ci
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: [dynamodb:GetItem, dynamodb:PutItem]
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "A password or an access key of a user does not expire by itself; a session of a role does, and tells who took it.",
	Silent: [][2]string{
		{"A user who signs in to the console", "Without access to what tables hold, there is nothing to protect here."},
		{"A user whose access comes from a group", "It is reported of the group, once, unless the stack makes an access key of the user."},
		{"Metadata", "It reads no items."},
		{"Users that are meant to have access", "The setting principals names them."},
	},
	Remediation: "Grant the access to a role, and let people and programs take it for a session.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-users-federation-idp",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.1", "CC6.2"},
	Config:      UserAccessConfig{},
	Settings: map[string]string{
		"principals": `Users and groups that are meant to have access: names or URNs, with * and ? as wildcards.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Identity), facts.LinkReads, facts.KeyReads),

	CheckStack: checkUserAccess,
}

// UserAccessConfig are the settings of IAMUserAccess.
type UserAccessConfig struct {
	Principals []string `json:"principals" form:"principals"`
}

func checkUserAccess(p *policy.StackPass) {
	meant := policy.Settings[UserAccessConfig](p).Principals
	keys := p.Graph.AccessKeys()
	for _, principal := range p.Graph.Principals().List {
		switch {
		case principal.Kind != facts.KindUser && principal.Kind != facts.KindGroup:
			p.On(principal.URN) // it passes: who takes it has it for a session
		case matches(principal, meant):
			p.On(principal.URN).NotApplicable("it is meant to have access, by principals")
		default:
			checkUser(p, principal, keys[principal.URN])
		}
	}
	notePrincipals(p)
}

func checkUser(p *policy.StackPass, principal *facts.Principal, keys []resource.URN) {
	pass := p.On(principal.URN)
	awaits(p, principal)
	open, known := reachOf(principal, p.Now)
	data := ofData(open)
	own := slices.ContainsFunc(principal.Documents, func(d facts.Attached) bool { return !d.Inherited }) ||
		slices.ContainsFunc(principal.Managed, func(m facts.Managed) bool { return !m.Inherited })
	switch {
	case data.Empty():
		pass.NotApplicable(reachesNothing)
		return
	case !own && len(keys) == 0:
		pass.NotApplicable("it has its access from a group, of which it is reported")
		return
	}
	who := fmt.Sprintf("%s %s", principal.Kind, resource.Quote(principal.Name))
	if principal.Kind == facts.KindGroup {
		who = "each user of " + who
	}
	wrong := fmt.Sprintf("%s may use %s", who, actions(data.List(), data.Worst(), nil))
	if !known {
		wrong += ", where its permissions boundary lets it"
	}
	if len(keys) > 0 {
		wrong += fmt.Sprintf(", and %s is a key to it that does not expire", text.ListOf(keys, " and ", policy.Name))
	}
	pass.Report(policy.Finding{
		Basis:  policy.OnResource,
		Wrong:  wrong,
		Remedy: "grant it to a role that people and programs take for a session, through an identity provider or the service that runs them",
	})
}

// ofData are the actions of a set that are done to what tables hold.
func ofData(set iam.ActionSet) (data iam.ActionSet) {
	for a := range set.All() {
		if a.Class >= iam.DataRead {
			data = data.Or(a.Of())
		}
	}
	return data
}
