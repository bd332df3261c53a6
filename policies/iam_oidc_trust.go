package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// IAMOIDCTrust asks who may take a role that reaches tables with what an identity provider signs: most providers sign for others
// as well.
var IAMOIDCTrust = &policy.Policy{
	Name:  "iam-oidc-trust",
	Title: "A role that reaches tables is taken through an identity provider by those it names",
	Doc: `
		Reports a role with access to tables or DAX clusters whose trust policy lets in more identities of an OIDC or SAML
		provider than it names: no condition on the subject or the audience, a pattern that any organization, repository
		or service account matches, a condition that holds as well where a token lacks the claim, a wildcard under an
		operator that compares literally; and one that lets in everyone. Known are GitHub, GitLab, HCP Terraform, Amazon
		EKS, Amazon Cognito, Google, CircleCI, Bitbucket, Buildkite, Vercel, Pulumi Cloud and what else AWS lists as
		shared; other providers are an organization's own, of which the audience is asked. Strangers and the whole of an
		organization are reported at the policy's level; any branch of one repository, any service account of one
		namespace, guests of a Cognito identity pool and a missing audience are advisory. IAM itself refuses a new or
		changed role that does not look at the claim by which a shared provider tells its customers apart; roles of
		before keep their trust. Subjects of GitHub's repositories that are younger than July 2026 have numbers in them, as
		in repo:acme@123456/shop@456789:ref:refs/heads/main; write those that the repository has.`,
	Before: `
name: deploy
assumeRolePolicy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Principal:
        Federated: arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com
      Action: sts:AssumeRoleWithWebIdentity
      Condition:
        StringEquals:
          token.actions.githubusercontent.com:aud: sts.amazonaws.com
        StringLike:
          token.actions.githubusercontent.com:sub: repo:acme/*
inlinePolicies:
  - name: orders
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: [dynamodb:PutItem, dynamodb:UpdateItem]
          Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	After: `
name: deploy
assumeRolePolicy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Principal:
        Federated: arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com
      Action: sts:AssumeRoleWithWebIdentity
      Condition:
        StringEquals:
          token.actions.githubusercontent.com:aud: sts.amazonaws.com
          token.actions.githubusercontent.com:sub: repo:acme/shop:environment:production
inlinePolicies:
  - name: orders
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: [dynamodb:PutItem, dynamodb:UpdateItem]
          Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "A token of an identity provider tells who asks; a role that does not look lets in strangers.",
	Silent: [][2]string{
		{"Roles that reach no table and no cluster", "They are no concern of this pack."},
		{"Audiences of providers that this pack does not know", "Such a provider is an organization's own; it is asked for an audience, and not for a subject."},
		{"Subjects that the organization means", "The setting subjects names them."},
		{"A trust policy that IAM refuses", "iam-document reports it."},
	},
	Remediation: "Compare the subject and the audience of the provider's tokens with those that the role is for.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.1", "CC6.2"},
	Config:      OIDCTrustConfig{},
	Settings: map[string]string{
		"subjects": `
			Subjects that are meant as they stand in trust policies, such as repo:acme/*, with * and ? as wildcards: whom
			such a value lets in is not reported.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Identity, iam.Trust), facts.LinkReads),

	CheckResource: checkOIDCTrust,
	CheckStack:    checkOIDCTrusts,
}

// OIDCTrustConfig are the settings of IAMOIDCTrust.
type OIDCTrustConfig struct {
	Subjects []string `json:"subjects"`
}

// checkOIDCTrust judges a role by what it holds itself, and what attaches something to a role by the trust policy of that: this is
// what would open the tables, and must not be created.
func checkOIDCTrust(p *policy.Pass) {
	trust := p.Facts.Documents(iam.Trust)
	if len(trust) > 0 && pins(trust) {
		return
	}
	if role, ok := alone(p); ok {
		switch open, known := reachOf(role, p.Now); {
		case !known || open.Empty():
			p.NotApplicable("nothing that it holds itself is known to grant it access to a table or a cluster")
		case judgeTrust(p, role, trust, open, known):
			p.Seen.First(trustOf(role), p.Resource.URN)
		}
		return
	}
	for _, role := range p.Seen.Opened(p.Resource) {
		open, known := reachOf(role.Principal, p.Now)
		if known && !open.Empty() && !p.Seen.SaidOfOther(trustOf(role.Principal), p.Resource.URN) && !excused(p, role.Resource) {
			if judgeTrust(p, role.Principal, role.Trust, open, known) {
				p.Seen.First(attachedTo(role.Principal), p.Resource.URN)
			}
			return
		}
		for _, at := range role.Unknown {
			if at.URN == p.Resource.URN {
				p.Log.NoteUnknown(at.Path)
			}
		}
	}
	p.NotApplicable("nothing that is known yet attaches it to a role whose trust policy lets in others than it names")
}

// excused reports whether an exemption or the scope covers a role: it is judged at the end of the stack then, which says so.
func excused(p *policy.Pass, role *resource.Resource) bool {
	own := p.Config.Of(p.Policy)
	return slices.ContainsFunc(own.Exemptions, func(x policy.Exemption) bool { return x.Covers(role) && !x.Expired(p.Now) }) ||
		slices.ContainsFunc(own.OutOfScope, func(s policy.Scope) bool { return s.Covers(role) })
}

// trustOf and attachedTo are what is said of a role, and of what is attached to it.
func trustOf(role *facts.Principal) string { return "whom " + string(role.URN) + " lets in" }
func attachedTo(role *facts.Principal) string {
	return "what opens tables to those whom " + string(role.URN) + " lets in"
}

func checkOIDCTrusts(p *policy.StackPass) {
	roles(p, func(role *facts.Principal) {
		pass := p.On(role.URN)
		trust := pass.Facts.Documents(iam.Trust)
		if pins(trust) {
			return
		}
		open, known := reachOf(role, p.Now)
		switch {
		case p.Seen.SaidOfOther(attachedTo(role), ""):
			pass.NotApplicable("what gives it access is reported")
		case open.Empty():
			pass.NotApplicable(reachesNothing)
			awaits(p, role)
		default:
			judgeTrust(pass, role, trust, open, known)
		}
	})
}

// pins reports whether trust policies pin who takes their role, whatever that may do.
func pins(trust []*facts.Document) bool {
	return !slices.ContainsFunc(trust, func(d *facts.Document) bool {
		return !d.Known || d.Part || d.Document == nil || len(d.Errors) > 0 || len(d.TrustGaps()) > 0
	})
}

// judgeTrust judges the trust policies of a role that may use some actions, and reports whether it found something.
func judgeTrust(p *policy.Pass, role *facts.Principal, trust []*facts.Document, open iam.ActionSet, known bool) (found bool) {
	for _, d := range trust {
		if d.Part || !d.Known {
			p.Log.NoteUnknown(d.Path)
		}
		switch {
		case !d.Known:
		case d.Document == nil || len(d.Errors) > 0:
			p.NotApplicable(fmt.Sprintf("IAM refuses %s as it is, which iam-document reports", d.Path))
		default:
			found = reportTrust(p, d, role, open, known) || found
		}
	}
	return found
}

// reportTrust reports the statements of a trust policy that let in more than they name, if there are some.
func reportTrust(p *policy.Pass, d *facts.Document, role *facts.Principal, open iam.ActionSet, known bool) (found bool) {
	meant := policy.Settings[OIDCTrustConfig](p).Subjects
	gaps := slices.DeleteFunc(d.TrustGaps(), func(g iam.TrustGap) bool {
		return g.Problem == iam.TooWide && slices.ContainsFunc(meant, func(pattern string) bool { return glob.Match(pattern, g.Value) })
	})
	found = len(gaps) > 0
	for len(gaps) > 0 {
		n := 1
		for n < len(gaps) && gaps[n].Statement == gaps[0].Statement {
			n++
		}
		reportStatement(p, d, gaps[:n], role, open, known)
		gaps = gaps[n:]
	}
	return found
}

// reportStatement reports what one statement does not pin.
func reportStatement(p *policy.Pass, d *facts.Document, gaps []iam.TrustGap, role *facts.Principal, open iam.ActionSet, known bool) {
	gaps = slices.SortedStableFunc(slices.Values(gaps), func(a, b iam.TrustGap) int { return cmp.Compare(b.Breadth, a.Breadth) })
	f := policy.Finding{Path: d.Path.Key(gaps[0].Path), Limit: policy.Advisory}
	var wrong, remedies []string
	for _, g := range gaps {
		if g.Breadth > iam.Project || g.Refused {
			f.Limit = policy.Disabled // which caps nothing
		}
		w, r := gapWords(d, g)
		if wrong = append(wrong, w); !slices.Contains(remedies, r) {
			remedies = append(remedies, r)
		}
	}
	name := resource.Quote(role.Name)
	may := fmt.Sprintf("role %s may use %s", name, actions(open.List(), open.Worst(), nil))
	if !known {
		may += ", where its permissions boundary lets it"
		f.Limit = policy.Advisory
	}
	f.Wrong, f.Remedy = strings.Join(append(wrong, may), ", and "), strings.Join(remedies, ", and ")
	if d.Secret {
		f.Wrong = fmt.Sprintf("%s.Statement[%d] does not pin who of its identity provider assumes role %s, which reaches tables",
			d.Path, gaps[0].Statement, name)
		f.Remedy = "compare the subject and the audience of the provider's tokens with those that the role is for"
	}
	if p.Resource.URN != role.URN {
		f.Path, f.Basis = "", policy.OnResource
		f.Wrong = fmt.Sprintf("of %s, %s with this", policy.Name(role.URN), f.Wrong)
	}
	p.Report(f)
}

// gapWords says what is wrong with a statement of a trust policy, and what to write instead.
func gapWords(d *facts.Document, g iam.TrustGap) (wrong, remedy string) {
	path := fmt.Sprintf("%s.%s", d.Path, g.Path)
	if g.Value != "" {
		path += " " + resource.Quote(g.Value)
	}
	lets := fmt.Sprintf("%s lets %s assume the role", path, g.Admits)
	without := fmt.Sprintf("%s has no condition on %s", path, g.Key)
	require := "compare " + g.Key + " with the one that it is for"
	if g.Pin != "" {
		require = fmt.Sprintf("require %q: {%q: %q}", requiredBy(g), g.Key, g.Pin)
	}
	if g.Refused {
		require += ", without which IAM takes no new or changed role"
	}
	switch g.Problem {
	case iam.Unpinned, iam.Guests:
		switch {
		case g.Value != "":
			return lets, require
		case g.Breadth == 0:
			return without, require
		}
		return lets + ", without a condition on " + g.Key, require
	case iam.TooWide:
		if g.Pin == "" {
			return lets, "write in full who it is for"
		}
		return lets, fmt.Sprintf("write who it is for, as in %q", g.Pin)
	case iam.AnyAudience:
		return without + ", so that tokens for any audience of the provider will do", require
	case iam.Vacuous:
		operator := strings.TrimSuffix(strings.TrimPrefix(g.Operator, "ForAllValues:"), "IfExists")
		return fmt.Sprintf("%s holds as well where a token lacks %s", path, g.Key), "write " + operator
	case iam.NoMatch:
		return fmt.Sprintf("%s matches nobody, since %s takes * for a letter", path, g.Operator), "write StringLike, or the value in full"
	default:
		return lets, "name the principals, or require aws:PrincipalOrgID"
	}
}

// requiredBy is the operator by which a value of a claim is required.
func requiredBy(g iam.TrustGap) string {
	switch {
	case g.Problem == iam.Guests:
		return "ForAnyValue:StringLike"
	case strings.ContainsAny(g.Pin, "*?"):
		return "StringLike"
	}
	return "StringEquals"
}
