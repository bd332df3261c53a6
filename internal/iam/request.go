package iam

import (
	"slices"
	"strconv"
	"strings"

	"dynamoguard/internal/glob"
)

// parseTarget takes the resource of a request apart.
func parseTarget(resource string) (t target) {
	t.read(resource)
	return t
}

func (t *target) read(resource string) {
	if resource == "" || resource == "*" {
		t.types = NoResource
		return
	}
	if fields, ok := splitARN(resource); ok {
		t.arn.partition, t.arn.service, t.arn.region, t.arn.account, t.arn.resource = fields[0], fields[1], fields[2], fields[3], fields[4]
	}
}

// splitARN takes the five fields of an ARN after "arn:" apart; only the last may hold colons.
func splitARN(text string) (fields [5]string, ok bool) {
	rest, ok := strings.CutPrefix(text, "arn:")
	if !ok {
		return fields, false
	}
	for i := range 4 {
		if fields[i], rest, ok = cutColon(rest); !ok {
			return fields, false
		}
	}
	fields[4] = rest
	return fields, true
}

// cutColon is strings.Cut at the first colon. The fields of ARNs are short, so that a loop is faster than a search.
func cutColon(text string) (before, after string, found bool) {
	for i := range len(text) {
		if text[i] == ':' {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// fewKeys are compared one by one sooner than folded.
const fewKeys = 8

// value finds the values of a condition key: in the context, or among those that the request says itself.
func (r *request) value(key string) (values []string, present bool) {
	if values, ok := r.Context[key]; ok {
		return values, len(values) > 0
	}
	if r.folded != nil {
		if values, ok := r.folded[foldASCII(key)]; ok {
			return values, len(values) > 0
		}
	} else {
		for name, values := range r.Context {
			if glob.EqualFold(name, key) {
				return values, len(values) > 0
			}
		}
	}
	name, ok := cutPrefixFold(key, "aws:")
	if !ok {
		return nil, false
	}
	value := ""
	switch foldASCII(name) {
	case "principalarn":
		value = r.caller.arn()
	case "principalaccount":
		value = r.caller.account
	case "username":
		value = r.caller.user
	case "resourceaccount":
		value = r.owner
	case "requestedregion":
		value = r.target.arn.region
	case "principaltype":
		value = r.caller.principalType()
	case "principalisawsservice":
		value = strconv.FormatBool(r.caller.service())
	case "principalservicename":
		if r.caller.service() {
			value = r.caller.text
		}
	}
	return []string{value}, value != ""
}

// resource replaces the variables of a resource by their values; ok is false if one has none. A variable before the last
// field is not supported: it is any text where the resource grants, and makes it match nothing where it takes away.
func (r *request) resource(text string, wide bool) (resolved string, ok bool) {
	coded := codeVariables(text)
	fields := strings.SplitAfterN(coded, ":", 6)
	early := strings.Join(fields[:len(fields)-1], "")
	before := strings.Count(early, "\xf8")
	if before > 0 && !wide {
		return "", false
	}
	last := text
	for colons := len(fields) - 1; colons > 0; colons-- {
		last = afterColon(last)
	}
	last, ok = r.resolve(last, true)
	return strings.ReplaceAll(early, "\xf8", "*") + last, ok
}

// afterColon is what follows the first colon that is not part of a variable.
func afterColon(text string) string {
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "${") {
			if end := strings.IndexByte(text[i:], '}'); end > 0 {
				i += end
				continue
			}
		}
		if text[i] == ':' {
			return text[i+1:]
		}
	}
	return text
}

// resolve replaces variables by their values; ok is false if one has none, nor a default. For a pattern, the wildcards in
// values are coded: they are literal.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (r *request) resolve(text string, pattern bool) (resolved string, ok bool) {
	var out strings.Builder
	literal := func(value string) {
		if pattern {
			value = literals.Replace(value)
		}
		out.WriteString(value)
	}
	for {
		before, after, found := strings.Cut(text, "${")
		name, rest, closed := strings.Cut(after, "}")
		if !found || !closed {
			out.WriteString(text)
			return out.String(), true
		}
		out.WriteString(before)
		text = rest
		if name == "*" || name == "?" || name == "$" {
			literal(name)
			continue
		}
		key, fallback, hasFallback := cutDefault(name)
		switch values, present := r.value(key); {
		case present && len(values) == 1 && !multivalued(key):
			literal(values[0])
		case !present && hasFallback:
			literal(fallback)
		default:
			return "", false
		}
	}
}

// literals codes what would be wildcards in a pattern.
var literals = strings.NewReplacer("*", "\xf9", "?", "\xfa")

// caller is the principal of a request.
type caller struct {
	text    string // as the request names it
	account string
	user    string // the name of a user
	role    string // the name of a role, without its path, of a role or one of its sessions
	session bool
	root    bool

	partition string
}

// service reports whether the caller is a service itself, not one of its roles.
func (c *caller) service() bool { return c.account == "" && c.text != "" }

// principalType is aws:PrincipalType, "" for a service.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func (c *caller) principalType() string {
	switch {
	case c.root:
		return "Account"
	case c.user != "":
		return "User"
	case c.role != "":
		return "AssumedRole"
	case c.account != "":
		return "FederatedUser"
	}
	return ""
}

// serviceLinked reports whether the caller is a role that AWS itself made for one of its services, or a session of one. The
// ARN of a session does not tell the path of its role, but no other role may have such a name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
func (c *caller) serviceLinked() bool {
	return strings.Contains(c.text, ":role/aws-service-role/") || c.session && strings.HasPrefix(c.role, "AWSServiceRoleFor")
}

// arn is aws:PrincipalArn: of a session, its role's.
func (c *caller) arn() string {
	switch {
	case c.account == "":
		return "" // a service
	case c.session:
		return "arn:" + c.partition + ":iam::" + c.account + ":role/" + c.role
	}
	return c.text
}

func parseCaller(text string) (c caller) {
	c.read(text)
	return c
}

func (c *caller) read(text string) {
	c.text = text
	fields, ok := splitARN(text)
	if !ok {
		return
	}
	c.partition, c.account = fields[0], fields[3]
	kind, name, _ := strings.Cut(fields[4], "/")
	switch last := name[strings.LastIndexByte(name, '/')+1:]; {
	case fields[4] == "root":
		c.root = true
	case fields[1] == "iam" && kind == "user":
		c.user = last
	case fields[1] == "iam" && kind == "role":
		c.role = last
	case fields[1] == "sts" && kind == "assumed-role":
		c.role, _, c.session = strings.Cut(name, "/")
	}
}

// principalMatch says how a resource policy names a caller; the closer, the greater.
type principalMatch uint8

const (
	matchNone    principalMatch = iota
	matchAccount                // by its account, which hands the decision to the account's own policies
	matchRole                   // by the role of the session: within the boundary
	matchDirect                 // by itself: even against the boundary
)

// matches says how the statement of a resource policy names the caller. A wildcard within an ARN is literal text.
//
// "*" names a role's session itself, unless a condition on aws:PrincipalArn picks the role. A Deny with NotPrincipal is for
// everyone who has a permissions boundary, whatever it lists.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func (r *request) matches(st *Statement) (closest principalMatch) {
	c := &r.caller
	anyone := matchDirect
	if c.role != "" && (!c.session || slices.ContainsFunc(st.Conditions, func(c Condition) bool { return glob.EqualFold(c.Key, "aws:PrincipalArn") })) {
		anyone = matchRole
	}
	if st.Principal.Not && st.Effect == Deny && r.Boundary != nil && (c.user != "" || c.role != "") {
		return anyone
	}
	for _, p := range st.Principal.List {
		if p.Anyone() {
			closest = max(closest, anyone)
		} else {
			closest = max(closest, c.named(p))
		}
	}
	switch {
	case !st.Principal.Not:
		return closest
	case closest == matchAccount && st.Effect == Deny && slices.ContainsFunc(st.Principal.List, c.beside):
		return anyone
	case closest != matchNone:
		return matchNone
	}
	return anyone
}

// beside reports whether a principal is another user or role of the caller's account. The account that a NotPrincipal
// lists beside one is there because AWS asks for it, and does not let the rest of the account off.
func (c *caller) beside(p Principal) bool {
	named := parseCaller(p.ID)
	return p.Type == "AWS" && named.account == c.account && !named.root
}

// named says how one principal other than "*" names the caller.
func (c *caller) named(p Principal) principalMatch {
	switch {
	case p.Type != "AWS":
		if c.account == "" && p.ID == c.text {
			return matchDirect
		}
		return matchNone
	case p.ID == c.text && c.role != "" && !c.session:
		return matchRole
	case p.ID == c.text:
		return matchDirect
	case p.ID == c.account && c.account != "":
		return c.ofAccount()
	}
	named := parseCaller(p.ID)
	switch {
	case named.account == "" || named.account != c.account:
		return matchNone
	case named.root:
		return c.ofAccount()
	case c.session && !named.session && named.role == c.role && c.role != "":
		return matchRole
	}
	return matchNone
}

func (c *caller) ofAccount() principalMatch {
	if c.root {
		return matchDirect
	}
	return matchAccount
}
