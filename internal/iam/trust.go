package iam

import (
	"cmp"
	"slices"
	"strings"
)

// TrustGap is one way in which an Allow of a trust policy does not pin who takes the role through an identity provider.
type TrustGap struct {
	Statement int
	Problem   TrustProblem
	Path      string  // relative to the document: of the condition that does not pin, else of the principals
	Operator  string  // of that condition, as written; "" where none is to blame
	Value     string  // that does not pin, of that condition
	Provider  string  // who signs what is presented, as people call it: "GitHub Actions"
	Key       string  // the condition key that would pin it: "token.actions.githubusercontent.com:sub"
	Pin       string  // a value for the key that does; "" where it is the account's own to choose
	Breadth   Breadth // of those who are let in; 0 where that is pinned by other means
	Admits    string  // the same in words: "any repository of acme"
	Refused   bool    // IAM takes no new or changed role with such a trust policy
}

// TrustProblem says why a condition of a trust policy does not pin.
type TrustProblem uint8

const (
	Unpinned    TrustProblem = iota // there is no condition on the key
	TooWide                         // a value is a pattern that matches others than it names
	AnyAudience                     // there is no condition on the audience, which a token may be meant for
	Guests                          // identities that nobody has signed in
	Vacuous                         // ForAllValues and IfExists hold as well where the token lacks the key
	NoMatch                         // a wildcard under an operator that compares literally: no token has that value
	OpenToAll                       // the principal is "*"
)

// TrustGaps are the ways in which the Allows of a trust policy let in identities of a provider (OIDC, SAML, or IAM's own) that
// they do not pin by audience and subject, in the order of the document. A Deny with one condition pins as well. Documents of
// other kinds have none.
//
// A provider that one organization has for itself lets in nobody else, so no subject is asked of it but where its subjects are
// workloads; of one that many share the subject, or the audience, is all that tells them apart.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
func (d *Document) TrustGaps() (gaps []TrustGap) {
	if d.Kind != Trust {
		return nil
	}
	var denies []*Statement
	for i := range d.Statements {
		if st := &d.Statements[i]; st.Effect == Deny && !st.void && !st.Principal.Not && len(st.Conditions) <= 1 && len(denies) < maxTrust {
			denies = append(denies, st)
		}
	}
	principals := 0
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Deny || st.Principal.Not {
			continue
		}
		for _, p := range st.Principal.List {
			if principals++; principals > maxTrust {
				return gaps
			}
			f := federation{statement: st, principal: p}
			gaps = append(gaps, f.gaps(denies)...)
		}
	}
	return gaps
}

// maxTrust bounds the principals, the Denies and the conditions of one principal that are considered, since all are compared with
// all. The longest trust policy that IAM takes, of 4,096 characters, has room for fewer.
const maxTrust = 200

// A federation is one principal of one Allow of a trust policy.
type federation struct {
	statement *Statement
	principal Principal
	asked     []asked
}

// asked is a condition that must hold for the principal to take the role, and the statement that it stands in.
type asked struct {
	*Condition
	in *Statement
}

func (a asked) path() string {
	return place{a.in.Index, a.in.bare, "Condition." + a.Operator.String(), -1}.String()
}

// optional reports whether the condition holds as well where the request lacks the key.
func (a asked) optional() bool { return a.Operator.IfExists || a.Operator.Set == "ForAllValues" }

// literal reports whether the operator takes wildcards for letters.
func (a asked) literal() bool {
	return a.Operator.Base != "StringLike" && a.Operator.Base != "ArnLike" && a.Operator.Base != "ArnEquals"
}

// values are those of the condition that a token can have. No claim that anybody gives out has a star in it.
func (a asked) values() []string {
	return slices.DeleteFunc(slices.Clone(a.Values), func(v string) bool { return a.literal() && strings.Contains(v, "*") })
}

func (f *federation) gaps(denies []*Statement) []TrustGap {
	id := f.principal.ID
	anyone := f.principal.Anyone() || id == "*"
	saml := strings.Contains(id, ":saml-provider/")
	action := "sts:AssumeRoleWithWebIdentity"
	switch {
	case f.principal.Type != "Federated" && !anyone:
		return nil
	case f.principal.Anyone():
		action = "sts:AssumeRole"
	case saml:
		action = "sts:AssumeRoleWithSAML"
	}
	if !f.ask(action, denies) || anyone && slices.ContainsFunc(f.asked, asked.confines) {
		return nil
	}
	switch {
	case anyone:
		admits := "whoever has a token of any provider"
		if f.principal.Anyone() {
			admits = "everyone in every account of AWS"
		}
		return []TrustGap{f.gap(TrustGap{Problem: OpenToAll, Breadth: Anyone, Admits: admits})}
	case saml:
		return f.saml()
	}
	if _, url, ok := strings.Cut(id, ":oidc-provider/"); ok {
		id = url
	}
	return f.oidc(id)
}

// ask collects what must hold for the principal to call an action: the conditions of the Allow, and the opposites of those of
// Denies that have one. It reports whether the principal can call it at all.
func (f *federation) ask(action string, denies []*Statement) bool {
	st := f.statement
	if unread := slices.Contains(st.Action.Texts, "") && !st.Action.Not; !unread && !st.matchesAction(action) {
		return false
	}
	for i := range st.Conditions[:min(len(st.Conditions), maxTrust)] {
		f.asked = append(f.asked, asked{&st.Conditions[i], st})
	}
	about := func(p Principal) bool { return p == f.principal || p.Anyone() }
	for _, deny := range denies {
		if !slices.ContainsFunc(deny.Principal.List, about) || !deny.matchesAction(action) {
			continue
		}
		if len(deny.Conditions) == 0 {
			return false
		}
		if c, ok := deny.Conditions[0].opposite(); ok {
			f.asked = append(f.asked, asked{&c, deny})
		}
	}
	return true
}

// opposite is the positive condition that holds where a negated one does not. All values but some are denied where any value is
// another than these, and the other way round.
func (c Condition) opposite() (Condition, bool) {
	if !c.Operator.Negated() || c.Operator.Set == "ForAnyValue" && c.Operator.IfExists {
		return c, false
	}
	c.Operator = Operator{
		Base: c.Operator.positive(),
		Set:  map[string]string{"": "", "ForAnyValue": "ForAllValues", "ForAllValues": "ForAnyValue"}[c.Operator.Set],
	}
	return c, true
}

// on are the conditions that compare a key with certain values.
func (f *federation) on(key string) (list []asked) {
	for _, a := range f.asked {
		if a.Is(key) && !a.Operator.Negated() && (strings.HasPrefix(a.Operator.Base, "String") || strings.HasPrefix(a.Operator.Base, "Arn")) {
			list = append(list, a)
		}
	}
	return list
}

// confines reports whether a condition asks for certain callers.
func (a asked) confines() bool {
	return !a.Operator.Negated() && !a.optional() && a.Operator.Base != "Null" && a.Operator.Base != "Bool" && !a.loosely() &&
		!slices.ContainsFunc(a.Values, func(v string) bool { return strings.Trim(v, "*?") == "" })
}

// pinned reports whether the conditions on a key leave only values that are named, at least at their beginning.
func (f *federation) pinned(key string) bool {
	return slices.ContainsFunc(f.on(key), func(a asked) bool {
		return len(a.values()) > 0 && !slices.ContainsFunc(a.values(), func(v string) bool { return !a.literal() && strings.IndexAny(v, "*?") == 0 })
	})
}

// vacuous reports whether there are conditions on a key, and all of them hold as well where a token lacks it.
func (f *federation) vacuous(key string) bool {
	on := f.on(key)
	return len(on) > 0 && !slices.ContainsFunc(on, func(a asked) bool { return !a.optional() })
}

// gap fills in where a gap is.
func (f *federation) gap(g TrustGap) TrustGap {
	g.Statement = f.statement.Index
	if g.Path == "" {
		g.Path = place{f.statement.Index, f.statement.bare, "Principal", -1}.String()
	}
	return g
}

// blame is a gap of one of the conditions.
func (f *federation) blame(a asked, value string, g TrustGap) TrustGap {
	g.Path, g.Operator, g.Key, g.Value = a.path(), a.Operator.String(), a.Key, value
	return f.gap(g)
}

// idle are the gaps of conditions that hold of nobody, or of tokens that lack the key. nobody: one that must hold never does.
func (f *federation) idle(provider string, keys ...string) (gaps []TrustGap, nobody bool) {
	for _, key := range keys {
		on := f.on(key)
		for _, a := range on {
			i := slices.IndexFunc(a.Values, func(v string) bool { return a.literal() && strings.Contains(v, "*") })
			if i >= 0 {
				gaps = append(gaps, f.blame(a, a.Values[i], TrustGap{Problem: NoMatch, Provider: provider}))
				nobody = nobody || len(a.values()) == 0
			}
		}
		if f.vacuous(key) {
			gaps = append(gaps, f.blame(on[0], "", TrustGap{Problem: Vacuous, Provider: provider}))
		}
	}
	return gaps, nobody
}

// samlAudiences are where people sign in by SAML, by partition.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_relying-party.html,
// https://docs.amazonaws.cn/en_us/IAM/latest/UserGuide/id_roles_providers_create_saml_relying-party.html and
// https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-iam.html
var samlAudiences = map[string]string{
	"aws":        "https://signin.aws.amazon.com/saml",
	"aws-cn":     "https://signin.amazonaws.cn/saml",
	"aws-us-gov": "https://signin.amazonaws-us-gov.com/saml",
}

// saml are the gaps of a SAML provider. It names the role itself in what it signs, so that it pins the subject.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html
func (f *federation) saml() []TrustGap {
	const audience = "SAML:aud"
	gaps, nobody := f.idle("the SAML provider", audience, "SAML:sub", "SAML:iss")
	if !nobody && !f.pinned(audience) && !f.pinned("SAML:iss") && !f.pinned("SAML:sub") {
		_, arn, _ := strings.Cut(f.principal.ID, ":")
		partition, _, _ := strings.Cut(arn, ":")
		gaps = append(gaps, f.gap(TrustGap{
			Problem: AnyAudience, Provider: "the SAML provider", Key: audience, Pin: samlAudiences[partition],
		}))
	}
	return gaps
}

// oidc are the gaps of an OIDC provider, by its URL.
func (f *federation) oidc(url string) []TrustGap {
	is := issuerOf(url)
	key := func(claim string) string {
		if strings.HasPrefix(claim, "sts:") {
			return claim
		}
		return url + ":" + claim
	}
	subject, audience := key("sub"), key(cmp.Or(is.tenant, "aud"))
	gaps, nobody := f.idle(is.name, subject, audience)
	if nobody {
		return gaps // and nothing else matters
	}
	refused := is.required != "" && !slices.ContainsFunc(f.on(key(is.required)), func(a asked) bool {
		return !is.named || slices.ContainsFunc(a.Values, func(v string) bool { return strings.Trim(v, "*?") != "" })
	})
	told := f.pinned(audience)

	open, wide := f.subject(&is, key)
	leaves := open.breadth
	if told && open.subject == nil && (is.builtin || !is.shared()) || is.required == "sts:RoleSessionName" && !refused {
		leaves = 0 // the application, the organization or the workspace is told by other means
	}
	if is.tenant != "" && told {
		leaves &^= Anyone
	}
	if open.subject != nil && open.subject.audience != "" {
		is.audience = open.subject.audience
	}
	byAudience := is.required == "aud" || is.builtin
	switch {
	case told:
	case byAudience && (refused || leaves != 0):
		gaps = append(gaps, f.gap(TrustGap{
			Problem: Unpinned, Provider: is.name, Key: audience, Pin: is.audience,
			Breadth: leaves & Anyone, Admits: is.strangers(), Refused: refused,
		}))
		leaves &^= Anyone
	default:
		gaps = append(gaps, f.gap(TrustGap{Problem: AnyAudience, Provider: is.name, Key: audience, Pin: is.audience}))
	}
	if is.builtin {
		if g, guests := f.guests(&is, key("amr")); guests {
			gaps = append(gaps, g)
		}
		return gaps
	}
	wide.Refused = refused && !byAudience
	if leaves == 0 && !wide.Refused {
		return gaps
	}
	if wide.Breadth = leaves.widest(); leaves != 0 {
		wide.Admits = is.admits(open, wide.Breadth)
	}
	if wide.Breadth == Anyone && !is.shared() {
		wide.Breadth = Organization // of the issuer, which has no others
	}
	wide.Provider, wide.Pin = is.name, open.pin()
	if wide.Key == "" {
		wide.Key = subject
		if wide.Refused {
			wide.Key = key(is.required)
		}
	}
	return append(gaps, f.gap(wide))
}

// subject returns what the conditions on the subject, and on claims that tell the same, leave open, and the condition that is to
// blame for it: of those that must all hold the narrowest, of its values the widest.
func (f *federation) subject(is *issuer, key func(string) string) (open opening, wide TrustGap) {
	pinned := Breadth(0)
	for claim, pins := range is.claims {
		if f.pinned(key(claim)) && !f.vacuous(key(claim)) {
			pinned |= pins
		}
	}
	open = is.anyone()
	open.breadth &^= pinned
	first := true
	for _, a := range f.on(key("sub")) {
		var widest opening
		var g TrustGap
		for k, value := range a.values() {
			o := is.opens(value, a.literal())
			if k == 0 {
				widest.subject = o.subject
			}
			if o.breadth &^= pinned; o.breadth.widest() > widest.breadth.widest() {
				widest, g = o, f.blame(a, value, TrustGap{Problem: TooWide})
			}
		}
		if len(a.values()) > 0 && (first || widest.breadth.widest() < open.breadth.widest()) {
			open, wide, first = widest, g, false
		}
	}
	return open, wide
}

// strangers are whom a provider signs for that is told apart by the audience.
func (i *issuer) strangers() string {
	if i.builtin {
		return "the users of anybody's application on " + i.name
	}
	return "any organization on " + i.name
}

// guests returns the gap of a role that identities of Cognito may take without signing in.
//
// Source: https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
func (f *federation) guests(is *issuer, methods string) (g TrustGap, ok bool) {
	if is.name != "Amazon Cognito" {
		return g, false
	}
	g = TrustGap{Problem: Guests, Provider: is.name, Key: methods, Breadth: Project, Admits: "guests who have not signed in", Pin: "authenticated"}
	for _, a := range f.asked {
		if !a.Is(methods) || a.Operator.Base == "Null" {
			continue
		}
		matches := func(v string) bool { return compare(a.Operator.positive(), v, "unauthenticated") }
		i := slices.IndexFunc(a.Values, matches)
		switch {
		case i >= 0 == a.Operator.Negated():
			return g, false
		case i >= 0:
			return f.blame(a, a.Values[i], g), true
		}
	}
	return f.gap(g), true
}
