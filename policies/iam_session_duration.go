package policies

import (
	"fmt"
	"slices"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// IAMSessionDuration bounds how long what leaked of a session is of use.
var IAMSessionDuration = &policy.Policy{
	Name:  "iam-session-duration",
	Title: "Sessions of a role that reaches tables end in time",
	Doc: `
		Reports a role with access to tables or DAX clusters whose sessions may last longer than the limit. Roles that are
		matched by name or by tag, such as those of agents, may have a limit of their own. A role that only AWS services
		may assume is not judged, since IAM does not hold their sessions to it, nor is one that says nothing: its sessions
		last an hour at most.`,
	Before: `
name: agent-orders
maxSessionDuration: 43200
assumeRolePolicy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Principal: {AWS: "arn:aws:iam::111122223333:root"}
      Action: sts:AssumeRole
managedPolicyArns: ["arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"]`,
	After: `
name: agent-orders
maxSessionDuration: 3600
assumeRolePolicy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Principal: {AWS: "arn:aws:iam::111122223333:root"}
      Action: sts:AssumeRole
managedPolicyArns: ["arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"]`,
	Why: "Credentials that leak are good until their session ends.",
	Silent: [][2]string{
		{"Roles that say nothing", "Their sessions last an hour at most."},
		{"Roles that only services of AWS may assume", "IAM does not hold the sessions of services to the setting."},
		{"Roles that reach no table and no cluster", "They are no concern of this pack."},
		{"Role chaining", "IAM ends such sessions after an hour, whatever the setting."},
	},
	Remediation: "Set maxSessionDuration to what a session is needed for, at most the limit.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html",
	Mends:       `Sets maxSessionDuration to the limit, of a role whose own policies reach tables.`,
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.1"},
	Config:      SessionDurationConfig{MaxSeconds: 4 * 3600},
	Settings: map[string]string{
		"maxSeconds":          `How long sessions of a role may last, in seconds.`,
		"limits":              `Limits of certain roles, such as those of agents, in place of maxSeconds. The first that matches a role counts.`,
		"limits[].roles":      `Names or URNs of roles, with * and ? as wildcards.`,
		"limits[].tags":       `Tags of roles: the key, or key=value, with * and ? as wildcards. One of roles and tags is enough.`,
		"limits[].maxSeconds": `How long their sessions may last, in seconds.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Identity, iam.Trust), facts.LinkReads, facts.SessionReads),

	CheckResource: checkSessionDuration,
	CheckStack:    checkSessionDurations,
}

// SessionDurationConfig are the settings of IAMSessionDuration.
type SessionDurationConfig struct {
	MaxSeconds int            `json:"maxSeconds" min:"3600" max:"43200"`
	Limits     []SessionLimit `json:"limits"`
}

// A SessionLimit is the limit of the roles that a name or a tag matches.
type SessionLimit struct {
	Roles      []string `json:"roles" form:"principals"`
	Tags       []string `json:"tags" form:"tag"`
	MaxSeconds int      `json:"maxSeconds" required:"" min:"3600" max:"43200"`
}

// Check refuses a limit of no roles.
func (l SessionLimit) Check(fail func(path, format string, args ...any)) {
	if len(l.Roles) == 0 && len(l.Tags) == 0 {
		fail("roles", "or tags is required")
	}
}

// checkSessionDuration judges a role by what it holds itself, before it is created or changed.
func checkSessionDuration(p *policy.Pass) {
	role, ok := alone(p)
	if !ok {
		p.NotApplicable("only roles have sessions")
		return
	}
	checkSessions(p, role)
}

func checkSessionDurations(p *policy.StackPass) {
	roles(p, func(role *facts.Principal) {
		if !checkSessions(p.On(role.URN), role) {
			awaits(p, role)
		}
	})
}

// checkSessions judges a role by what it is known to reach, and reports whether it is known to reach something, where that decides.
func checkSessions(pass *policy.Pass, principal *facts.Principal) (decided bool) {
	duration := pass.Property(facts.SessionDuration)
	limit, by := policy.Settings[SessionDurationConfig](pass).of(principal, pass.Resource)
	if seconds, ok := duration.Value.Number(); duration.Unset() || ok && seconds <= float64(limit) {
		return true // whatever the role may do
	}
	open, known := reachOf(principal, pass.Now)
	switch {
	case open.Empty():
		pass.NotApplicable(reachesNothing)
		return false
	case !duration.Known():
		return true // which is noted
	}
	switch services, unknown := ofServices(pass.Facts.Documents(iam.Trust)); {
	case unknown != "":
		pass.Log.NoteUnknown(unknown)
		return true
	case services:
		pass.NotApplicable("services alone may assume it, and IAM does not hold their sessions to maxSessionDuration")
		return true
	}
	may := ""
	if !known {
		may = ", where its permissions boundary lets it"
	}
	pass.Report(policy.Finding{
		Path: duration.Path,
		Wrong: fmt.Sprintf("%s %v is more than the %d seconds of %s, and role %s may use %s%s", duration.Path, duration.Value,
			limit, by, resource.Quote(principal.Name), actions(open.List(), open.Worst(), nil), may),
		Remedy: fmt.Sprintf("set it to %d at most", limit),
		Edits:  []policy.Edit{{Path: duration.Path, Value: resource.NumberValue(float64(limit))}},
	})
	return true
}

// of is the limit of a role, in seconds, and the setting that says so.
func (c SessionDurationConfig) of(principal *facts.Principal, role *resource.Resource) (seconds int, by string) {
	for i, limit := range c.Limits {
		tagged := func(tag string) bool { return facts.Tagged(role, tag) }
		if matches(principal, limit.Roles) || slices.ContainsFunc(limit.Tags, tagged) {
			return limit.MaxSeconds, fmt.Sprintf("limits[%d].maxSeconds", i)
		}
	}
	return c.MaxSeconds, "maxSeconds"
}

// ofServices reports whether services of AWS alone may assume a role by its trust policies. Where that depends on one that is not all
// known, it returns its path.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
func ofServices(trust []*facts.Document) (services bool, unknown resource.Path) {
	for _, d := range trust {
		if d.Part || !d.Known {
			unknown = d.Path
		}
		if d.Document == nil {
			continue
		}
		for _, st := range d.Statements {
			for _, by := range st.Principal.List {
				if st.Effect == iam.Allow && by.Type != "Service" {
					return false, ""
				}
				services = services || st.Effect == iam.Allow
			}
		}
	}
	return services, unknown
}
