package policies

import (
	"fmt"
	"strings"

	"dynamoguard/internal/policy"
)

// DynamoGuard finds nothing itself: it tells the stack what the other policies could not judge or were told not to, and
// carries the settings of the whole pack.
var DynamoGuard = &policy.Policy{
	Name:  policy.PackPolicy,
	Title: "What the pack could not judge, or was told not to, is said",
	Doc: "One notice of each kind at the end of the stack: what is not known before it is created, exemptions that " +
		"were used, exemptions that have expired, names in the configuration that no policy has, and tables of other " +
		"stacks that could not be read. Its properties " +
		"are the settings of the whole pack. Notices are advisory whatever the level; disabled, there are none.",
	Remediation: "Read the notice; nothing has to be done about it.",
	URL:         "https://www.pulumi.com/docs/insights/policy/",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Config:      policy.DefaultPackSettings(),
	CheckStack:  checkNotices,
}

func checkNotices(p *policy.StackPass) {
	if n := len(p.Run.Unknown); n > 0 {
		p.Notice(unknownNotice(p.Run.Unknown, p.Stack))
	}
	if exempted := p.Run.Exempted; len(exempted) > 0 {
		p.Notice(fmt.Sprintf("%s: %s", count(len(exempted), "exemption was used", "exemptions were used"), exemptions(exempted)))
	}
	if expired := p.Run.Expired; len(expired) > 0 {
		p.Notice(fmt.Sprintf("%s; renew or remove: %s",
			count(len(expired), "exemption has expired and no longer holds", "exemptions have expired and no longer hold"),
			exemptions(expired)))
	}
	if names := p.Run.UnknownPolicies; len(names) > 0 {
		p.Notice(fmt.Sprintf("the configuration has names that no policy of this version has, and they were left out: %s",
			policy.List(names, ", ")))
	}
	if unread := p.Run.Unread; len(unread) > 0 {
		p.Notice("not all tables of other stacks were compared with this one's; not read: " + strings.Join(unread, "; "))
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// unknownNotice lists what was not known, each resource once with the properties in the way and the policies that wait
// for them.
func unknownNotice(unknown []policy.Judgement, stack *policy.StackContext) string {
	type place struct{ resource, property string }
	var order []place
	waiting := map[place][]string{}
	for _, j := range unknown {
		for _, path := range j.Unknown {
			at := place{resource: fmt.Sprintf("%s %q", shortType(j.URN.Type()), j.URN.Name()), property: string(path)}
			if _, ok := waiting[at]; !ok {
				order = append(order, at)
			}
			waiting[at] = append(waiting[at], j.Policy.Name)
		}
	}
	items := make([]string, len(order))
	for i, at := range order {
		items[i] = fmt.Sprintf("%s of %s (%s)", at.property, at.resource, strings.Join(waiting[at], ", "))
	}
	yet, end := "", ""
	if stack.Preview {
		yet, end = " yet", "; `pulumi up` will judge each before it is created"
	}
	return fmt.Sprintf("%s not known%s and could not be judged: %s%s",
		count(len(items), "value is", "values are"), yet, policy.List(items, "; "), end)
}

// shortType is a type token as people write it: aws:iam:Policy for aws:iam/policy:Policy.
func shortType(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return token
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return parts[0] + ":" + module + ":" + parts[2]
}

func exemptions(list []policy.Exempted) string {
	items := make([]string, len(list))
	for i, x := range list {
		items[i] = fmt.Sprintf("%s on %s: %v", x.Policy.Name, x.URN, x.Exemption)
	}
	return policy.List(items, "; ")
}
