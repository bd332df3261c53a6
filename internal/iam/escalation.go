package iam

import (
	"slices"
	"strings"
	"sync"
	"time"

	"dynamoguard/internal/glob"
)

// A Gain is what comes of an escalation.
type Gain uint8

const (
	GainPolicies    Gain = iota // policies, put on a principal
	GainDocument                // another document in a managed policy
	GainVersion                 // an earlier version of a managed policy
	GainBoundary                // no permissions boundary, or another one
	GainMembership              // the policies of a group
	GainCredentials             // those of a user
	GainTrust                   // a role, by its trust policy
	GainCode                    // code that runs as a role
)

// An Escalation is a way to more than a principal was granted: an action of IAM, and what it takes besides.
type Escalation struct {
	Action string   // "iam:PassRole"
	With   []string // the other actions it takes, each on anything: "ec2:RunInstances"
	On     string   // the type of the resource of Action: "role", "user", "group", "policy"
	Gain   Gain
}

// escalations are the ways that are taken for granted by those who research them, by what comes of them. Left out are those that only
// change what runs already, such as lambda:UpdateFunctionCode and ssm:SendCommand: as what it runs, a document does not say.
//
// Sources: https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/,
// https://github.com/RhinoSecurityLabs/Security-Research/blob/master/tools/aws-pentest-tools/aws_escalate.py,
// https://github.com/DataDog/pathfinding.cloud and
// https://github.com/prowler-cloud/prowler/blob/master/prowler/providers/aws/services/iam/lib/privilege_escalation.py; of boundaries
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
var escalations = []Escalation{
	{Action: "iam:PutRolePolicy", On: "role", Gain: GainPolicies},
	{Action: "iam:AttachRolePolicy", On: "role", Gain: GainPolicies},
	{Action: "iam:PutUserPolicy", On: "user", Gain: GainPolicies},
	{Action: "iam:AttachUserPolicy", On: "user", Gain: GainPolicies},
	{Action: "iam:PutGroupPolicy", On: "group", Gain: GainPolicies},
	{Action: "iam:AttachGroupPolicy", On: "group", Gain: GainPolicies},
	{Action: "iam:CreatePolicyVersion", On: "policy", Gain: GainDocument},
	{Action: "iam:SetDefaultPolicyVersion", On: "policy", Gain: GainVersion},
	{Action: "iam:DeleteRolePermissionsBoundary", On: "role", Gain: GainBoundary},
	{Action: "iam:PutRolePermissionsBoundary", On: "role", Gain: GainBoundary},
	{Action: "iam:DeleteUserPermissionsBoundary", On: "user", Gain: GainBoundary},
	{Action: "iam:PutUserPermissionsBoundary", On: "user", Gain: GainBoundary},
	{Action: "iam:AddUserToGroup", On: "group", Gain: GainMembership},
	{Action: "iam:CreateAccessKey", On: "user", Gain: GainCredentials},
	{Action: "iam:CreateLoginProfile", On: "user", Gain: GainCredentials},
	{Action: "iam:UpdateLoginProfile", On: "user", Gain: GainCredentials},
	{Action: "iam:UpdateAssumeRolePolicy", On: "role", Gain: GainTrust},
	passing("lambda:CreateFunction", "lambda:InvokeFunction"),
	passing("lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
	passing("lambda:CreateFunction", "lambda:AddPermission"),
	passing("ec2:RunInstances"),
	passing("ec2:RequestSpotInstances"),
	passing("ecs:RunTask"),
	passing("ecs:RegisterTaskDefinition", "ecs:StartTask"),
	passing("ecs:RegisterTaskDefinition", "ecs:CreateService"),
	passing("cloudformation:CreateStack"),
	passing("cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
	passing("codebuild:CreateProject", "codebuild:StartBuild"),
	passing("codebuild:CreateProject", "codebuild:StartBuildBatch"),
	passing("glue:CreateDevEndpoint"),
	passing("glue:CreateJob", "glue:StartJobRun"),
	passing("glue:CreateJob", "glue:CreateTrigger"),
	passing("glue:UpdateJob", "glue:StartJobRun"),
	passing("glue:UpdateJob", "glue:CreateTrigger"),
	passing("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"),
	passing("autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
	passing("autoscaling:CreateLaunchConfiguration", "autoscaling:UpdateAutoScalingGroup"),
	passing("sagemaker:CreateNotebookInstance"),
	passing("sagemaker:CreateTrainingJob"),
	passing("sagemaker:CreateProcessingJob"),
	passing("apprunner:CreateService"),
	passing("bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:InvokeCodeInterpreter"),
}

// passing is to pass a role to what runs code as that role.
func passing(with ...string) Escalation {
	return Escalation{Action: "iam:PassRole", With: with, On: "role", Gain: GainCode}
}

// An EscalationHolder is the principal whose documents are judged.
type EscalationHolder struct {
	Type    string // "role", "user" or "group"; "" for one that cannot change itself, as the roles that IAM Identity Center makes
	Name    string
	Managed bool // a managed policy of the account is attached to it, and not only policies of its own or of AWS
	Bounded bool // it has a permissions boundary
}

// An EscalationFinding is an Allow by which its holder escalates. Elements are the resources that it does so on.
type EscalationFinding struct {
	Document, Statement int // the index of the document, and that of the statement in it
	Ways                []EscalationWay
	Elements            []Element
	Certain             bool // one of the ways is Own, whatever the session
}

// An EscalationWay is one that is open. Own, it changes the holder itself; else there must be another one that is granted more.
type EscalationWay struct {
	Escalation
	Own bool
}

// Escalations are the Allows of identity policies, those of all groups and attachments of one principal together, by which it gives
// itself or takes more, from a time on: on a resource that can be any of its type or the holder itself, after all Denies and within
// the permissions boundary, nil for none. A condition on what is changed, given or passed confines an Allow: it is no finding then,
// and nor is what a Deny with such a condition is about. An Allow for an administrator, on the actions of all services by * or
// NotAction, hides no way to more. Documents with errors grant nothing.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
func Escalations(identity, boundary []*Document, holder EscalationHolder, now time.Time) (findings []EscalationFinding) {
	e := &escalator{holder: holder, now: now, bounded: boundary != nil, left: maxWork, anywhere: map[string]bool{}}
	for i, d := range identity {
		e.allows = e.add(e.allows, i, d, Allow)
		e.denies = e.add(e.denies, i, d, Deny)
	}
	for i, d := range boundary {
		e.boundary = e.add(e.boundary, i, d, Allow)
		e.denies = e.add(e.denies, i, d, Deny)
	}
	for i := range e.allows {
		if f := e.finding(&e.allows[i]); len(f.Ways) > 0 && len(findings) < maxFindings {
			findings = append(findings, f)
		}
	}
	if e.left < 0 {
		return nil // not all Denies were considered
	}
	return findings
}

// escalator looks for the escalations of one holder.
type escalator struct {
	allows, denies, boundary []escalationRule
	bounded                  bool
	holder                   EscalationHolder
	now                      time.Time
	left                     work
	anywhere                 map[string]bool // whether an action is open on anything
}

// An escalationRule is a statement on actions of escalations, and the patterns of its resources.
type escalationRule struct {
	*Statement
	document int
	actions  uint64 // bits of escalationActions
	patterns []string
}

// escalationActions are the actions of all escalations, each once.
var escalationActions = sync.OnceValue(func() (actions []string) {
	for _, x := range escalations {
		for _, action := range append([]string{x.Action}, x.With...) {
			if !slices.Contains(actions, action) {
				actions = append(actions, action)
			}
		}
	}
	return actions
})

// of reports whether the rule is about an action of escalationActions.
func (r *escalationRule) of(action string) bool {
	return r.actions&(1<<slices.Index(escalationActions(), action)) != 0
}

// add adds the statements of a document that count: Allows whose conditions leave open what is changed, given and passed, and Denies
// whose conditions do not leave it to another session.
func (e *escalator) add(rules []escalationRule, document int, d *Document, effect Effect) []escalationRule {
	if effect == Allow && len(d.Errors) > 0 {
		return rules
	}
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect != effect || st.void || st.empty() {
			continue
		}
		var actions uint64
		for j, action := range escalationActions() {
			if st.matchesAction(action) {
				actions |= 1 << j
			}
		}
		if actions != 0 && st.counts(e.now) {
			rules = append(rules, escalationRule{st, document, actions, st.withoutAccount()})
		}
	}
	return rules
}

// ofAllServices reports whether an Allow names no service.
func (r *escalationRule) ofAllServices() bool {
	return r.Action.Not || slices.ContainsFunc(r.Action.Texts, func(text string) bool { return text == "*" || strings.HasPrefix(text, "*:") })
}

// finding is what one Allow opens.
func (e *escalator) finding(r *escalationRule) EscalationFinding {
	f := EscalationFinding{Document: r.document, Statement: r.Index}
	reached := make([]bool, len(r.patterns))
	for _, x := range escalations {
		way, on := e.way(r, x)
		if on == "" {
			continue
		}
		f.Ways = append(f.Ways, way)
		f.Certain = f.Certain || way.Own && r.whateverSession(e.now)
		for i, pattern := range r.patterns {
			reached[i] = reached[i] || r.Resource.Not || includes(pattern, on, &e.left)
		}
	}
	for i := range reached {
		if reached[i] {
			f.Elements = append(f.Elements, r.element("Resource", &r.Resource, i))
		}
	}
	return f
}

// way is an escalation by an Allow, and the resource that it is on, "" where it is not open.
func (e *escalator) way(r *escalationRule, x Escalation) (way EscalationWay, on string) {
	way.Escalation = x
	if e.left.spend(passWork); e.left < 0 || !r.of(x.Action) || r.ofAllServices() {
		return way, ""
	}
	if x.Gain == GainPolicies || x.Gain == GainBoundary && e.holder.Bounded {
		for _, own := range e.holder.own(x.On) {
			if e.open(r, x.Action, own) {
				way.Own = true
				return way, own
			}
		}
	}
	every := anyOf(x.On)
	switch {
	case x.Gain == GainBoundary, x.Gain == GainPolicies && x.On == e.holder.Type, !e.open(r, x.Action, every):
		return way, ""
	case slices.ContainsFunc(x.With, func(action string) bool { return !e.somewhere(action) }):
		return way, ""
	}
	way.Own = x.Gain == GainDocument && e.holder.Managed
	return way, every
}

// The resources of IAM are of the account of whoever makes the request, so that neither partition nor account tells them apart.
const ofAccount = "arn:aws:iam::1:"

// anyOf is the text of every resource of a type. It stands for one that nobody has named.
func anyOf(typ string) string { return ofAccount + typ + "/\xff" }

// own are the resources of a type that the holder itself is. The variable stands for the user who makes the request.
func (h EscalationHolder) own(typ string) []string {
	switch {
	case typ == "user" && h.Type == "user":
		return []string{ofAccount + "user/" + h.Name, ofAccount + "user/${aws:username}"}
	case typ == "user" && h.Type == "group":
		return []string{ofAccount + "user/${aws:username}"}
	case typ == h.Type:
		return []string{ofAccount + typ + "/" + h.Name}
	}
	return nil
}

// open reports whether what an Allow is about is open on a resource.
func (e *escalator) open(r *escalationRule, action, text string) bool {
	has := func(r *escalationRule) bool { return r.includes(text, &e.left) }
	return has(r) && !e.denied(action, text, includes) && e.within(action, has)
}

// somewhere reports whether an action is open on any resource.
func (e *escalator) somewhere(action string) bool {
	known, ok := e.anywhere[action]
	if !ok {
		known = slices.ContainsFunc(e.allows, func(r escalationRule) bool { return r.of(action) && e.openOnSome(&r, action) })
		e.anywhere[action] = known
	}
	return known
}

// openOnSome reports whether an action that an Allow is about is open on what one of its patterns matches.
func (e *escalator) openOnSome(r *escalationRule, action string) bool {
	patterns := r.patterns
	if r.Resource.Not {
		patterns = []string{"*"}
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		text := asText(pattern)
		has := func(r *escalationRule) bool { return r.meets(text, &e.left) }
		return pattern != Unknown && !e.denied(action, text, meets) && e.within(action, has)
	})
}

// denied reports whether a Deny takes an action away on all that a text stands for. One by NotResource leaves what it lists, which
// spares tells by that and the text.
func (e *escalator) denied(action, text string, spares match) bool {
	return slices.ContainsFunc(e.denies, func(r escalationRule) bool {
		e.left.spend(passWork)
		if r.Resource.Not {
			return r.of(action) && !r.listed(text, spares, &e.left)
		}
		return r.of(action) && r.listed(text, includes, &e.left)
	})
}

// within reports whether the permissions boundary allows an action on what its statement has.
func (e *escalator) within(action string, has func(*escalationRule) bool) bool {
	return !e.bounded || slices.ContainsFunc(e.boundary, func(r escalationRule) bool {
		e.left.spend(passWork)
		return r.of(action) && has(&r)
	})
}

// A match is includes or meets.
type match func(pattern, text string, left *work) bool

// listed reports whether one of the patterns matches a text.
func (r *escalationRule) listed(text string, by match, left *work) bool {
	return slices.ContainsFunc(r.patterns, func(pattern string) bool {
		left.spend(compareWork)
		return *left >= 0 && by(pattern, text, left)
	})
}

// includes reports whether an Allow is about all that a text stands for, of a NotResource whether it is about most of that.
func (r *escalationRule) includes(text string, left *work) bool {
	return r.listed(text, includes, left) != r.Resource.Not
}

// meets reports whether an Allow is about some of what a text stands for.
func (r *escalationRule) meets(text string, left *work) bool {
	return r.Resource.Not && !r.listed(text, includes, left) || !r.Resource.Not && r.listed(text, meets, left)
}

// withoutAccount are the patterns of the resources, with any partition and account.
func (s *Statement) withoutAccount() []string {
	patterns := make([]string, len(s.Resource.Texts))
	for i, text := range s.Resource.Texts {
		text = trimBlanks(text)
		if !s.variables {
			text = strings.ReplaceAll(text, "${", "\xf8") // literal text, and no name
		}
		if fields := strings.SplitN(text, ":", 6); len(fields) == 6 && fields[4] != "" {
			fields[1], fields[4] = "*", "*"
			text = strings.Join(fields, ":")
		}
		patterns[i] = starsLast(text)
	}
	return patterns
}

// counts reports whether the statement holds as far as its conditions tell. Of an Allow they may ask who makes the request, and from
// where: a condition that is not known to be about that may be about what is changed, given or passed. A Deny about the session
// leaves it to another one.
func (s *Statement) counts(now time.Time) bool {
	return !slices.ContainsFunc(s.Conditions, func(c Condition) bool {
		switch truth := c.dateTruth(now); {
		case truth == Never || truth == Sometimes && s.Effect == Deny && c.aboutSession():
			return true
		case s.Effect == Deny:
			return false
		}
		return !c.aboutSession() && !c.aboutPrincipal() && !c.anyService()
	})
}

// whateverSession reports whether an Allow that counts does so whoever makes the request, and from where.
func (s *Statement) whateverSession(now time.Time) bool {
	return !slices.ContainsFunc(s.Conditions, func(c Condition) bool { return c.dateTruth(now) != Always && !c.anyService() })
}

// keysOfSessions say where a request comes from, when and how. A condition on one of them leaves open what may be asked for.
var keysOfSessions = []string{
	"aws:CurrentTime", "aws:EpochTime", "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:Referer",
	"aws:RequestedRegion", "aws:SecureTransport", "aws:SourceIdentity", "aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce",
	"aws:TokenIssueTime", "aws:UserAgent", "aws:VpcSourceIp",
}

func (c *Condition) aboutSession() bool {
	return slices.ContainsFunc(keysOfSessions, func(known string) bool { return glob.EqualFold(c.Key, known) })
}

// keysOfAccounts say which account a resource is in: in IAM, that of the principal.
var keysOfAccounts = []string{"aws:ResourceAccount", "aws:ResourceOrgID", "aws:userid", "aws:username"}

// aboutPrincipal reports whether the condition asks who makes the request.
func (c *Condition) aboutPrincipal() bool {
	_, ok := cutPrefixFold(c.Key, "aws:Principal")
	return ok && !glob.EqualFold(c.Key, "aws:PrincipalIsAWSService") ||
		slices.ContainsFunc(keysOfAccounts, func(known string) bool { return glob.EqualFold(c.Key, known) })
}

// anyService reports whether the condition lets a role be passed to every service.
func (c *Condition) anyService() bool {
	return glob.EqualFold(c.Key, "iam:PassedToService") && !c.Operator.Negated() && slices.ContainsFunc(c.Values, c.matchesAll)
}
