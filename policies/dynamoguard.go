package policies

import (
	"fmt"
	"strings"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// DynamoGuard finds nothing itself: it tells the stack what the other policies could not judge or were told not to, and
// carries the settings of the whole pack.
var DynamoGuard = &policy.Policy{
	Name:  policy.PackPolicy,
	Title: "What the pack could not judge, or was told not to, is said",
	Doc: `
		One notice of each kind at the end of the stack: what is not known before it is created, exemptions that were
		used, exemptions that have expired, permission boundaries that were left out, names in the configuration that no
		policy has, and tables of other stacks that could not be read. Its properties are the settings of the whole pack. Notices are advisory whatever the
		level; disabled, there are none.`,
	Before: `
name: orders
serverSideEncryption:
  enabled: true`,
	After: `
name: orders
serverSideEncryption:
  enabled: true
pointInTimeRecovery:
  enabled: true`,
	Remediation: "Read the notice; nothing has to be done about it.",
	URL:         "https://www.pulumi.com/docs/insights/policy/",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Config:      policy.DefaultPackSettings(),
	Settings: map[string]string{
		"boundaries": `
			URNs or logical names, with * and ? as wildcards, of the managed policies that are permission boundaries: these
			grant nothing, so the policies on grants leave them out, and one notice names them. One that the stack attaches
			as a policy as well is judged. Inline, group, user and table policies are no boundaries, whatever their names.`,
		"index": `Where the tables of other stacks are read from.`,
		"index.source": `
			Path or https URL of an index that dynamoguard-index made. Without it the stack's own backend is read, if it is a
			folder (file://) or Pulumi Cloud.`,
		"index.sha256":        `SHA-256 of that index; another one is not used.`,
		"index.maxAgeDays":    `An index that is older is said to be.`,
		"index.budgetSeconds": `How long a run may be kept waiting for the tables of other stacks.`,
		"accounts": `
			The AWS accounts of stacks, for where neither the stack nor the credentials tell. The first match counts.`,
		"accounts[].stacks": `
			The stacks, as project/stack or organization/project/stack, with * and ? as wildcards.`,
		"accounts[].account": `The account, 12 digits.`,
		"environments": `
			The environments of stacks. The first match counts; without one it is the word dev, test, qa, staging, stage, prod
			or production in the name of the stack.`,
		"environments[].stacks": `
			The stacks, as project/stack or organization/project/stack, with * and ? as wildcards.`,
		"environments[].environment": `The environment, such as prod.`,
	},

	Notices: notices,
}

// notices are one of each kind.
func notices(run *policy.Run) []string {
	var list []string
	var exempted, expired []string
	unknown := unknownValues{waiting: map[unknownValue][]string{}}
	for _, j := range run.Judgements {
		switch {
		case j.Outcome == policy.Exempt:
			exempted = append(exempted, exemption(j))
			continue
		case j.Exemption != nil:
			expired = append(expired, exemption(j))
		}
		if run.Config.Of(j.Policy).Unknown == policy.UnknownAdvisory {
			unknown.add(j)
		}
	}
	if len(unknown.order) > 0 {
		list = append(list, unknown.notice(run.Stack))
	}
	if len(exempted) > 0 {
		list = append(list, fmt.Sprintf("%s: %s",
			text.Count(len(exempted), "exemption was used", "exemptions were used"), text.List(exempted, "; ")))
	}
	if len(expired) > 0 {
		list = append(list, fmt.Sprintf("%s; renew or remove: %s",
			text.Count(len(expired), "exemption has expired and no longer holds", "exemptions have expired and no longer hold"),
			text.List(expired, "; ")))
	}
	if boundaries := boundariesLeftOut(run.Judgements); len(boundaries) > 0 {
		list = append(list, boundariesNotice(boundaries))
	}
	if names := run.Config.UnknownPolicies; len(names) > 0 {
		list = append(list, "the configuration has names that no policy of this version has, and they were left out: "+text.List(names, ", "))
	}
	if run.Outside.Others != nil {
		if unread := run.Outside.Others.Unread(); len(unread) > 0 {
			list = append(list, "not all tables of other stacks were compared with this one's; not read: "+strings.Join(unread, "; "))
		}
	}
	return list
}

// boundariesLeftOut returns the permission boundaries that some policy on grants left out, each once.
func boundariesLeftOut(judgements []policy.Judgement) (urns []resource.URN) {
	met := map[resource.URN]bool{}
	for _, j := range judgements {
		if j.Boundary && !met[j.URN] {
			met[j.URN] = true
			urns = append(urns, j.URN)
		}
	}
	return urns
}

func boundariesNotice(urns []resource.URN) string {
	return text.Count(len(urns), "policy document counts as a permission boundary and was not judged as a grant",
		"policy documents count as permission boundaries and were not judged as grants") + ": " + text.ListOf(urns, "; ", policy.Name)
}

func exemption(j policy.Judgement) string {
	return fmt.Sprintf("%s on %s: %v", j.Policy.Name, j.URN, *j.Exemption)
}

// unknownValues are values that were not known, each once with the policies that wait for it.
type unknownValues struct {
	order   []unknownValue
	waiting map[unknownValue][]string
}

type unknownValue struct {
	resource string
	path     resource.Path
}

func (u *unknownValues) add(j policy.Judgement) {
	for _, path := range j.Unknown {
		v := unknownValue{policy.Name(j.URN), path}
		if _, ok := u.waiting[v]; !ok {
			u.order = append(u.order, v)
		}
		u.waiting[v] = append(u.waiting[v], j.Policy.Name)
	}
}

func (u *unknownValues) notice(stack *policy.StackContext) string {
	items := make([]string, len(u.order))
	for i, v := range u.order {
		items[i] = fmt.Sprintf("%s of %s (%s)", v.path, v.resource, strings.Join(u.waiting[v], ", "))
	}
	yet, end := "", ""
	if stack.Preview {
		yet, end = " yet", "; `pulumi up` will judge each before it is created"
	}
	return fmt.Sprintf("%s not known%s and could not be judged: %s%s",
		text.Count(len(items), "value is", "values are"), yet, text.List(items, "; "), end)
}
