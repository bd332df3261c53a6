package iam

import (
	"slices"
	"strings"

	"dynamoguard/internal/glob"
)

// Breadth is how far a trust policy lets identities of a provider in.
type Breadth uint8

const (
	Project      Breadth = 1 << iota // any branch, environment or pull request of one project, or any user that the provider sends
	Organization                     // any project of one organization, or any workload of one cluster
	Anyone                           // anyone who has an account with the provider
)

// widest is the widest of several.
func (r Breadth) widest() Breadth {
	for _, one := range []Breadth{Anyone, Organization} {
		if r&one != 0 {
			return one
		}
	}
	return r
}

// An issuer is an OIDC provider whose tokens are understood.
type issuer struct {
	url  string // as the ARN of a provider and condition keys have it, without the slash at its end; a pattern of package glob
	name string // as people call it
	site string // where its projects are, to follow "any project on"

	// required is the claim that IAM wants a new or changed trust policy to look at, since many organizations share the issuer; a
	// whole condition key where it is no claim. It is empty for an issuer that one organization has for itself.
	required string
	// named: IAM wants a value of that claim that is more than wildcards.
	named bool
	// tenant is the claim, beside the subject, that tells the organization.
	tenant string
	// builtin: IAM knows the provider by itself, so no list of audiences of the account's own stands before it.
	builtin bool
	// many organizations share an issuer that AWS does not list.
	many bool

	audience string // that its tokens have for AWS; "" where it is the account's own to choose

	subject *subject           // the grammar of its subjects, nil where none is known
	claims  map[string]Breadth // further claims, and what of a subject that is left open they pin
}

// A subject is a grammar of subjects: parts, each of which may be pinned or left open.
type subject struct {
	pin      string // one that names all
	audience string // of tokens with such subjects, "" where all of the issuer have the same
	parts    []part
	// open are the texts of the last part that name nobody either: pull_request is any of them. scaffold are those that say of which
	// kind the rest is: ref:refs/heads/* is any branch.
	open, scaffold []string
}

// A part is a name in a subject.
type part struct {
	before  string  // what stands before it
	breadth Breadth // of a subject that leaves it open; 0 for what every token has another of
	admits  string  // whom such a one admits; %s is what stands before in the subject, or the site of the issuer
	whose   string  // to stand for %s where the subject does not say
	closes  string  // where its name ends, and a number of no interest begins
}

// The grammars of subjects.
//
// Sources: https://docs.github.com/en/actions/reference/security/oidc,
// https://docs.gitlab.com/ci/cloud_services/aws/,
// https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/aws-configuration,
// https://developer.hashicorp.com/terraform/language/stacks/deploy/authenticate,
// https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html,
// https://circleci.com/docs/openid-connect-tokens/,
// https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/,
// https://buildkite.com/docs/pipelines/security/oidc/aws,
// https://vercel.com/docs/oidc/aws, https://www.pulumi.com/docs/deployments/guides/oidc/aws/,
// https://www.pulumi.com/docs/esc/guides/configuring-oidc/aws/ and https://www.pulumi.com/docs/esc/providers/login/oidc/
var (
	githubSubject = &subject{
		pin: "repo:ORGANIZATION/REPOSITORY:ref:refs/heads/main",
		parts: []part{
			{"repo:", Anyone, "any repository on %s", "", "@"},
			{"/", Organization, "any repository of %s", "the organization", "@"},
			{":", Project, "any branch, environment and pull request of %s", "the repository", ""},
		},
		open:     []string{"pull_request"},
		scaffold: []string{"ref:refs/heads/", "ref:refs/tags/", "ref:refs/", "ref:", "environment:"},
	}
	gitlabSubject = &subject{
		pin: "project_path:GROUP/PROJECT:ref_type:branch:ref:main",
		parts: []part{
			{"project_path:", Anyone, "any project on %s", "", ""},
			{"/", Organization, "any project of the group %s", "", ""},
			{":", Project, "any branch and tag of %s", "the project", ""},
		},
		scaffold: []string{"ref_type:branch", "ref_type:tag", "ref_type:*", "ref_type:", ":ref:"},
	}
	terraformSubject = &subject{
		pin: "organization:ORGANIZATION:project:PROJECT:workspace:WORKSPACE:run_phase:apply",
		parts: []part{
			{"organization:", Anyone, "any organization on %s", "", ""},
			{":project:", Organization, "any project of the organization %s", "", ""},
			{":workspace:", Organization, "any workspace of %s", "the project", ""},
			{":run_phase:", 0, "", "", ""},
		}}
	terraformStackSubject = &subject{
		pin: "organization:ORGANIZATION:project:PROJECT:stack:STACK:deployment:DEPLOYMENT:operation:apply",
		parts: []part{
			{"organization:", Anyone, "any organization on %s", "", ""},
			{":project:", Organization, "any project of the organization %s", "", ""},
			{":stack:", Organization, "any stack of %s", "the project", ""},
			{":deployment:", Project, "any deployment of %s", "the stack", ""},
			{":operation:", 0, "", "", ""},
		}}
	buildkiteSubject = &subject{
		pin: "organization:ORGANIZATION:pipeline:PIPELINE:ref:refs/heads/main:commit:*:step:*",
		parts: []part{
			{"organization:", Anyone, "any organization on %s", "", ""},
			{":pipeline:", Organization, "any pipeline of the organization %s", "", ""},
			{":ref:", Project, "any branch of %s", "the pipeline", ""},
			{":commit:", 0, "", "", ""},
		},
	}
	vercelSubject = &subject{
		pin: "owner:TEAM:project:PROJECT:environment:production",
		parts: []part{
			{"owner:", Anyone, "any team on %s", "", ""},
			{":project:", Organization, "any project of %s", "the team", ""},
			{":environment:", Project, "any environment of %s", "the project", ""},
		}}
	pulumiSubject = &subject{
		pin: "pulumi:deploy:org:ORGANIZATION:project:PROJECT:stack:STACK:operation:update:scope:write",
		parts: []part{
			{"pulumi:deploy:org:", Anyone, "any organization on %s", "", ""},
			{":project:", Organization, "any project of %s", "the organization", ""},
			{":stack:", Project, "any stack of %s", "the project", ""},
			{":operation:", 0, "", "", ""},
		}}
	pulumiEnvironmentSubject = &subject{
		pin: "pulumi:environments:org:ORGANIZATION:env:PROJECT/ENVIRONMENT", audience: "aws:ORGANIZATION",
		parts: []part{
			{"pulumi:environments:org:", Anyone, "any organization on %s", "", ""},
			{":env:", Organization, "any environment of %s", "the organization", ""},
			{"/", Project, "any environment of %s", "the project", ""},
		}}
	pulumiTokenSubject = &subject{
		pin: "pulumi:org:ORGANIZATION-ID:env:ENVIRONMENT-ID",
		parts: []part{
			{"pulumi:org:", Anyone, "any organization on %s", "", ""},
			{":env:", Organization, "any environment of %s", "the organization", ""},
		}}
	kubernetesSubject = &subject{
		pin: "system:serviceaccount:NAMESPACE:NAME",
		parts: []part{
			{"system:serviceaccount:", Organization, "any service account of the cluster", "", ""},
			{":", Project, "any service account of the namespace %s", "", ""},
		}}
	circleSubject = &subject{
		pin: "org/ORGANIZATION-ID/project/PROJECT-ID/user/*",
		parts: []part{
			{"org/", Organization, "any project of the organization", "", ""},
			{"/project/", Organization, "any project of the organization", "", ""},
			{"/user/", 0, "", "", ""},
		}}
	bitbucketSubject = &subject{
		pin: "{REPOSITORY-UUID}:*",
		parts: []part{
			{"", Organization, "any repository of the workspace", "", "}"},
			{":", 0, "", "", ""},
		}}
)

// subjects are the grammars that also issuers have which organizations run for themselves, and whose subjects tell which it is.
var subjects = []*subject{githubSubject, gitlabSubject, terraformSubject, kubernetesSubject}

// The claim workflow is a name that any branch may give its own.
var githubClaims = map[string]Breadth{
	"enterprise_id": Anyone, "repository_owner_id": Anyone, "repository_owner": Anyone,
	"repository_id": Anyone | Organization, "repository": Anyone | Organization,
	"ref": Project, "environment": Project, "job_workflow_ref": Project, "actor": Project, "actor_id": Project,
}

// issuers are those that are known by their URLs. The claims that IAM requires are of AWS's list; other condition keys than
// subject and audience of the list of keys.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
var issuers = []issuer{
	{
		url: "token.actions.githubusercontent.com", name: "GitHub Actions", site: "GitHub", audience: "sts.amazonaws.com", required: "sub", named: true,
		subject: githubSubject, claims: githubClaims,
	},
	{ // of one enterprise, which chose that
		url: "token.actions.githubusercontent.com/*", name: "GitHub Actions", site: "GitHub of the enterprise", audience: "sts.amazonaws.com",
		subject: githubSubject, claims: githubClaims,
	},
	{ // of one enterprise, whose data are where it wants them
		url: "token.actions.*.ghe.com*", name: "GitHub Actions", site: "GitHub of the enterprise", audience: "sts.amazonaws.com",
		subject: githubSubject, claims: githubClaims,
	},
	{
		url: "gitlab.com", name: "GitLab", site: "gitlab.com", audience: "https://gitlab.com", required: "sub",
		subject: gitlabSubject,
	},
	{
		url: "app.terraform.io", name: "HCP Terraform", site: "HCP Terraform", audience: "aws.workload.identity", required: "sub",
		subject: terraformSubject,
	},
	{
		url: "agent.buildkite.com", name: "Buildkite", site: "Buildkite", audience: "sts.amazonaws.com", required: "sub",
		subject: buildkiteSubject,
	},
	{
		url: "oidc.vercel.com", name: "Vercel", site: "Vercel", audience: "https://vercel.com/TEAM", required: "aud", tenant: "aud",
		subject: vercelSubject,
	},
	{ // of one team
		url: "oidc.vercel.com/*", name: "Vercel", site: "Vercel", audience: "https://vercel.com/TEAM", tenant: "aud",
		subject: vercelSubject,
	},
	{
		url: "api.pulumi.com/oidc", name: "Pulumi Cloud", site: "Pulumi Cloud", audience: "ORGANIZATION", required: "aud", tenant: "aud",
		subject: pulumiSubject,
	},
	{
		url: "api.pulumi.com/oidc/v2", name: "Pulumi Cloud", site: "Pulumi Cloud", many: true,
		subject: pulumiTokenSubject,
	},
	{
		url: "oidc.eks.*.amazonaws.com*/id/*", name: "the EKS cluster", site: "the cluster", audience: "sts.amazonaws.com",
		subject: kubernetesSubject,
	},
	{ // that has addresses of both kinds
		url: "oidc-eks.*.api.*/id/*", name: "the EKS cluster", site: "the cluster", audience: "sts.amazonaws.com",
		subject: kubernetesSubject,
	},
	{
		url: "oidc.circleci.com/org/*", name: "CircleCI", site: "CircleCI", audience: "ORGANIZATION-ID",
		subject: circleSubject, claims: map[string]Breadth{"oidc.circleci.com/project-id": Organization},
	},
	{
		url: "api.bitbucket.org/2.0/workspaces/*", name: "Bitbucket Pipelines", site: "Bitbucket", audience: "ari:cloud:bitbucket::workspace/WORKSPACE-UUID",
		subject: bitbucketSubject,
	},
	{url: "cognito-identity*.amazonaws.com*", name: "Amazon Cognito", audience: "IDENTITY-POOL-ID", required: "aud", tenant: "aud", builtin: true},
	{url: "accounts.google.com", name: "Google", tenant: "aud", builtin: true},
	{url: "graph.facebook.com", name: "Facebook", tenant: "app_id", builtin: true},
	{url: "www.amazon.com", name: "Login with Amazon", tenant: "app_id", builtin: true},

	// Of these IAM wants to see a claim, and their subjects are not taken apart.
	{url: "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d", name: "Microsoft Sentinel", required: "sts:RoleSessionName"},
	{url: "oidc.codefresh.io", name: "Codefresh", required: "sub"},
	{url: "studio.datachain.ai/api", name: "DVC Studio", required: "sub"},
	{url: "oidc-configuration.audit-log.githubusercontent.com", name: "GitHub's audit log", required: "sub"},
	{url: "vstoken.actions.githubusercontent.com", name: "GitHub", required: "sub"},
	{url: "sandboxes.cloud", name: "sandboxes.cloud", required: "aud", tenant: "aud"},
	{url: "scalr.io", name: "Scalr", required: "sub"},
	{url: "tokens.cloud.shisho.dev", name: "Shisho Cloud", required: "sub"},
	{url: "proidc.upbound.io", name: "Upbound", required: "sub"},
	{url: "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb", name: "IBM Turbonomic", required: "sub"},
	{url: "oidc.op1.openshiftapps.com/2c51blsaqa9gkjt0o9rt11mle8mmropu", name: "IBM Turbonomic", required: "sub"},
	{url: "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7", name: "IBM Turbonomic", required: "sub"},
	{url: "rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr", name: "IBM Turbonomic", required: "sub"},
	{url: "rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg", name: "IBM Turbonomic", required: "sub"},
	{url: "rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26", name: "IBM Turbonomic", required: "sub"},
}

// issuerOf returns the issuer with a URL. One that is not known is an organization's own.
func issuerOf(url string) issuer {
	url = strings.TrimSuffix(url, "/")
	i := slices.IndexFunc(issuers, func(known issuer) bool { return glob.Match(known.url, url) })
	if i < 0 {
		return issuer{url: url, name: url, site: url}
	}
	return issuers[i]
}

// shared reports whether the issuer signs for many organizations.
func (i *issuer) shared() bool { return i.required != "" || i.builtin || i.many }

// An opening is what a statement leaves open of the subjects of an issuer.
type opening struct {
	breadth Breadth  // the parts that are open, together
	first   *part    // the first of them
	names   []string // of the parts before that, of all where none is open
	subject *subject // nil where the grammar is not known
}

// anyone is what a statement leaves open that looks at no subject.
func (i *issuer) anyone() (o opening) {
	switch {
	case i.subject != nil:
		for _, p := range i.subject.parts {
			o.breadth |= p.breadth
		}
		o.subject, o.first = i.subject, &i.subject.parts[0]
	case i.shared():
		o.breadth, o.first = Anyone, &part{admits: "any customer of " + i.name}
	default:
		o.breadth, o.first = Project, &part{admits: "everyone to whom " + i.name + " gives a token"}
	}
	return o
}

// opens is what a condition on the subject leaves open that has this value, literal where it is no pattern.
func (i *issuer) opens(value string, literal bool) opening {
	if s := i.grammar(value); s != nil {
		return s.opens(value, literal)
	}
	if !literal && strings.IndexAny(value, "*?") == 0 {
		return i.anyone()
	}
	return opening{}
}

// admits says whom an opening lets in, when claims have pinned all that is wider than this.
func (i *issuer) admits(o opening, breadth Breadth) string {
	p, before := o.first, strings.Join(o.names, "/")
	if o.subject != nil && p.breadth != breadth {
		narrower := slices.IndexFunc(o.subject.parts, func(p part) bool { return p.breadth == breadth })
		p, before = &o.subject.parts[narrower], ""
	}
	switch {
	case p.breadth == Anyone:
		before = i.site
	case before == "":
		before = p.whose
	}
	return strings.Replace(p.admits, "%s", before, 1)
}

// pin is a subject that names all, and what the opening names already.
func (o opening) pin() string {
	if o.subject == nil {
		return ""
	}
	pin := o.subject.pin
	for j, placeholder := range o.subject.opens(pin, true).names {
		if j < len(o.names) {
			pin = strings.Replace(pin, placeholder, o.names[j], 1)
		}
	}
	return pin
}

// grammar is that of a subject, nil where none is known.
func (i *issuer) grammar(pattern string) *subject {
	of := subjects
	switch {
	case i.subject == pulumiSubject:
		of = []*subject{pulumiEnvironmentSubject}
	case i.subject != nil:
		of = nil
	}
	found := i.subject
	if k := slices.IndexFunc(of, func(s *subject) bool { return strings.HasPrefix(pattern, s.parts[0].before) }); k >= 0 {
		found = of[k]
	}
	if found == terraformSubject && strings.Contains(pattern, ":stack:") {
		return terraformStackSubject // which begins alike
	}
	return found
}

// opens is what a pattern leaves open of a subject.
func (s *subject) opens(pattern string, literal bool) (o opening) {
	o.subject = s
	rest := pattern
	for i := 0; i < len(s.parts); i++ {
		p := &s.parts[i]
		wildcard := strings.IndexAny(rest, "*?")
		switch after, ok := strings.CutPrefix(rest, p.before); {
		case ok:
			rest = after
		case literal || wildcard < 0 || !strings.HasPrefix(p.before, rest[:wildcard]):
			return o // a subject of another form
		default:
			rest = rest[wildcard:]
		}
		name := rest
		if i+1 < len(s.parts) {
			name, _, _ = strings.Cut(rest, s.parts[i+1].before[:1])
		}
		if !s.leaves(p, name, literal) {
			if o.first == nil {
				o.names = append(o.names, name)
			}
			rest = rest[len(name):]
			continue
		}
		if o.breadth |= p.breadth; o.first == nil && p.breadth != 0 {
			o.first = p
		}
		// A wildcard may stand for several parts. The next one begins where something else that can stand before one does.
		rest = strings.TrimLeft(rest[max(0, strings.IndexAny(rest, "*?")):], "*?")
		next, at := len(s.parts), len(rest)
		for j := i + 1; j < len(s.parts); j++ {
			if found := strings.Index(rest, s.parts[j].before); found >= 0 && found < at {
				next, at = j, found
			}
		}
		for _, skipped := range s.parts[i+1 : next] {
			o.breadth |= skipped.breadth
		}
		rest, i = rest[at:], next-1
	}
	return o
}

// leaves reports whether the name of a part leaves open what it is.
func (s *subject) leaves(p *part, name string, literal bool) bool {
	last := p == &s.parts[len(s.parts)-1]
	if last && slices.Contains(s.open, name) {
		return true
	}
	wildcard := strings.IndexAny(name, "*?")
	switch {
	case literal || wildcard < 0:
		return false
	case p.closes != "" && strings.Contains(name[:wildcard], p.closes):
		return false
	case last && len(s.scaffold) > 0:
		for _, text := range s.scaffold {
			name = strings.TrimPrefix(name, text)
		}
		return strings.Trim(name, "*?") == ""
	}
	return true
}
