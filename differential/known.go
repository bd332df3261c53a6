package main

import (
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"dynamoguard/internal/iam"
)

// known is a way in which the oracle differs from AWS's documentation. Its rewrite says the same in words that the oracle
// reads as AWS does: a disagreement is explained by it only if the oracle agrees with package iam on the rewritten case.
type known struct {
	name   string
	source string // the page of the documentation that decides
	wide   bool   // the page does not: package iam reads an Allow wide and a Deny narrow
	// rewrite changes the case, and reports whether there was anything to change.
	rewrite func(*Case) bool
}

const guide = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"

var knowns = []known{
	{
		name:    "variables are literal text before version 2012-10-17; the oracle replaces them",
		source:  guide + "reference_policies_elements_version.html",
		rewrite: literalVariables,
	},
	{
		name:    "${*}, ${?} and ${$} stand for a character in every value; for the oracle they are texts where an operator has no wildcards",
		source:  guide + "reference_policies_variables.html#policy-vars-specialchars",
		rewrite: characters,
	},
	{
		name:    "a default of no characters is one; for the oracle such a variable has no value",
		source:  guide + "reference_policies_variables.html#policy-vars-default-values",
		rewrite: emptyDefaults,
	},
	{
		name:    "a variable is literal text in operators other than those of strings and ARNs; the oracle replaces it in Bool",
		source:  guide + "reference_policies_variables.html#policy-vars-wheretouse",
		rewrite: variablesInBool,
	},
	{
		name:    "the policy of a table that names no resource is about the table; for the oracle about its indexes as well",
		source:  "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html",
		rewrite: tableItself,
	},
	{
		name:    "a wildcard that ends a field of an ARN runs on over the next fields; the oracle stops it at the colon",
		source:  guide + "reference_policies_elements_resource.html",
		rewrite: shortARNs,
	},
	{
		name:    "an ARN of fewer than six fields in NotResource leaves all that it does not match; for the oracle such a statement is about nothing",
		source:  guide + "reference_policies_elements_notresource.html",
		rewrite: shortNotResource,
	},
	{
		name:    `a service of "*" in an action; the oracle refuses it`,
		source:  guide + "reference_policies_elements_action.html",
		rewrite: anyService,
	},
	{
		name:    "the network 0.0.0.0/0 holds every IPv4 address; for the oracle it holds 0.0.0.0",
		source:  guide + "reference_policies_elements_condition_operators.html#Conditions_IPAddress",
		rewrite: wholeNetwork,
	},
	{
		name:    "addresses are the same in every notation, and one of IPv4 is none of IPv6; for the oracle they are texts",
		source:  guide + "reference_policies_elements_condition_operators.html#Conditions_IPAddress",
		rewrite: addresses,
	},
	{
		name:    "epoch time is in seconds; the oracle reads it as milliseconds",
		source:  guide + "reference_policies_elements_condition_operators.html#Conditions_Date",
		rewrite: epochTime,
	},
	{
		name:    "ForAllValues:Null is always true and ForAnyValue:Null always false; the oracle ignores the prefix",
		source:  guide + "access-analyzer-reference-policy-checks.html",
		rewrite: nullOfSet,
	},
	{
		name:    "a list that holds nothing but an empty string is no list to a set operator; to the oracle it has one value",
		source:  guide + "reference_policies_condition-single-vs-multi-valued-context-keys.html",
		rewrite: emptyStrings,
	},
	{
		name:    "IfExists is true for a missing key, with ForAnyValue as well; for the oracle it is false then",
		source:  guide + "reference_policies_elements_condition_operators.html#Conditions_IfExists",
		rewrite: anyValueIfExists,
	},
	{
		name:    "a variable without a value is equal to nothing, which makes negated operators true; for the oracle they are false",
		source:  guide + "reference_policies_variables.html#policy-vars-no-value",
		rewrite: variablesWithoutValue,
	},
	{
		name:    "a wildcard within a field of an ARN may stand for any of its characters; for the oracle not for those before its first slash",
		source:  guide + "reference_policies_elements_resource.html",
		rewrite: wildcardBeforeSlash,
	},
	{
		name:    "a variable is replaced in an ARN operator; the oracle takes its colon for one of the ARN's",
		source:  guide + "reference_policies_variables.html#policy-vars-wheretouse",
		rewrite: variablesInARNs,
	},
	{
		name:    "an ARN is matched in its case; the oracle ignores the case of all fields but the last",
		source:  guide + "reference_policies_elements_condition_operators.html#Conditions_ARN",
		rewrite: upperCaseFields,
	},
	{
		name:    "a variable cannot stand before the last field of an ARN: package iam reads an Allow wide and a Deny narrow there, for the oracle it is literal text",
		source:  guide + "reference_policies_variables.html#policy-vars-wheretouse",
		wide:    true,
		rewrite: earlyVariables,
	},
	{
		name:    "the name of a federated user is chosen by who asks for the session; for the oracle it is a user's",
		source:  "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html",
		rewrite: federatedUsers,
	},
	{
		name:    "the account that NotPrincipal lists beside one of its users or roles spares these only; for the oracle all of the account",
		source:  guide + "reference_policies_elements_notprincipal.html",
		rewrite: accountBesideUser,
	},
	{
		name:    "everybody under a condition on aws:PrincipalArn is the role to one of its sessions, whose boundary then holds; for the oracle it is the session",
		source:  guide + "access_policies_boundaries.html#access_policies_boundaries-eval-logic",
		rewrite: everybodyIsTheRole,
	},
	{
		name:    "a Deny whose NotResource holds a variable without a value does not count: package iam reads a Deny as narrow as possible",
		source:  guide + "reference_policies_variables.html#policy-vars-no-value",
		wide:    true,
		rewrite: denyNotResource,
	},
	{
		name:    "package iam lets any wildcard stand for a colon where a statement grants, to read an Allow as wide as possible; the oracle does not",
		source:  guide + "reference_policies_elements_resource.html",
		wide:    true,
		rewrite: wildcardForColon,
	},
	{
		name:    "the policy of a table cannot grant every action, nor all that it can to another account; for the oracle it can",
		source:  "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html",
		rewrite: notGrantable,
	},
}

// resourceLists calls do with every Resource and NotResource.
func (d *Document) resourceLists(do func(s *Statement, l *List)) {
	for _, s := range d.Statement {
		for _, l := range []*List{s.Resource, s.NotResource} {
			if l != nil {
				do(s, l)
			}
		}
	}
}

// conditions replaces the values of every condition by what do makes of them.
func (d *Document) conditions(do func(operator, key string, values []string) []string) (changed bool) {
	for _, s := range d.Statement {
		for operator, keys := range s.Condition {
			for key, l := range keys {
				values := do(operator, key, slices.Clone(l.Values))
				if !slices.Equal(values, l.Values) {
					l.Values, l.Bare = values, false
					keys[key] = l
					changed = true
				}
			}
		}
	}
	return changed
}

// literalVariables writes "${" as "${$}{".
func literalVariables(c *Case) (changed bool) {
	literal := func(s string) string { return strings.ReplaceAll(s, "${", "${$}{") }
	for _, d := range c.documents() {
		if d.Version == "2012-10-17" {
			continue
		}
		d.resourceLists(func(_ *Statement, l *List) {
			for i, v := range l.Values {
				l.Values[i] = literal(v)
				changed = changed || l.Values[i] != v
			}
		})
		if d.conditions(func(_, _ string, values []string) []string {
			for i, v := range values {
				values[i] = literal(v)
			}
			return values
		}) {
			changed = true
		}
	}
	return changed
}

// characters writes the characters that such values stand for.
func characters(c *Case) (changed bool) {
	for _, d := range c.documents() {
		if d.Version == "2012-10-17" && d.conditions(func(operator, _ string, values []string) []string {
			for i, v := range values {
				if !strings.Contains(operator, "Like") && !strings.Contains(operator, "Arn") {
					values[i] = strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$").Replace(v)
				}
			}
			return values
		}) {
			changed = true
		}
	}
	return changed
}

// emptyDefaults takes out the variables that come to nothing.
func emptyDefaults(c *Case) (changed bool) {
	nothing := func(v string) string {
		return variable.ReplaceAllStringFunc(v, func(one string) string {
			if parts := variable.FindStringSubmatch(one); parts[2] != "" && c.resolve(one) == "" {
				return ""
			}
			return one
		})
	}
	for _, d := range c.documents() {
		if d.Version != "2012-10-17" {
			continue
		}
		d.resourceLists(func(_ *Statement, l *List) {
			for i, v := range l.Values {
				l.Values[i] = nothing(v)
				changed = changed || l.Values[i] != v
			}
		})
		if d.conditions(func(_, _ string, values []string) []string {
			for i, v := range values {
				values[i] = nothing(v)
			}
			return values
		}) {
			changed = true
		}
	}
	return changed
}

// variablesInBool replaces values of Bool with a variable by one that is no boolean.
func variablesInBool(c *Case) (changed bool) {
	for _, d := range c.documents() {
		if d.conditions(func(operator, _ string, values []string) []string {
			for i, v := range values {
				if strings.Contains(operator, "Bool") && strings.Contains(v, "${") {
					values[i] = "neither"
				}
			}
			return values
		}) {
			changed = true
		}
	}
	return changed
}

// tableItself names the table or stream in a policy that names no resource.
func tableItself(c *Case) (changed bool) {
	if c.ResourcePolicy == nil || c.Resource == "*" {
		return false
	}
	table, below, _ := strings.Cut(strings.TrimPrefix(c.Resource, strings.SplitAfter(c.Resource, "/")[0]), "/")
	own := strings.SplitAfter(c.Resource, "/")[0] + table
	if strings.HasPrefix(below, "stream/") {
		own = c.Resource // a stream has a policy of its own
	}
	for _, s := range c.ResourcePolicy.Statement {
		if s.Resource == nil && s.NotResource == nil {
			s.Resource, changed = bare(own), true
		}
	}
	return changed
}

// shortARNs adds the patterns that come about when a wildcard that ends a field stands for further fields as well, as long
// as there are fewer than the request's resource has.
func shortARNs(c *Case) (changed bool) {
	most := strings.Count(c.Resource, ":") + 1
	for _, d := range c.documents() {
		d.resourceLists(func(_ *Statement, l *List) {
			all := slices.Clone(l.Values)
			for i := 0; i < len(all); i++ { // what is added may be lengthened again
				fields := fieldsOf(all[i], most)
				for j := 1; j < len(fields)-1 && len(fields) < most; j++ {
					longer := strings.Join(slices.Insert(slices.Clone(fields), j+1, "*"), ":")
					if strings.HasSuffix(fields[j], "*") && !slices.Contains(all, longer) {
						all = append(all, longer)
					}
				}
			}
			if len(all) > len(l.Values) {
				l.Values, l.Bare, changed = all, false, true
			}
		})
	}
	return changed
}

// shortNotResource gives an ARN in NotResource its missing fields.
func shortNotResource(c *Case) (changed bool) {
	for _, d := range c.documents() {
		d.resourceLists(func(s *Statement, l *List) {
			for i, v := range l.Values {
				if missing := 6 - len(fieldsOf(v, 6)); l == s.NotResource && v != "*" && missing > 0 {
					l.Values[i], changed = v+strings.Repeat(":*", missing), true
				}
			}
		})
	}
	return changed
}

// anyService writes the request's service for "*".
func anyService(c *Case) (changed bool) {
	service, _, _ := strings.Cut(strings.ToLower(c.Action), ":")
	for _, d := range c.documents() {
		for _, s := range d.Statement {
			for _, l := range []*List{s.Action, s.NotAction} {
				if l == nil {
					continue
				}
				for i, v := range l.Values {
					if name, found := strings.CutPrefix(v, "*:"); found {
						l.Values[i], changed = service+":"+name, true
					}
				}
			}
		}
	}
	return changed
}

// wholeNetwork writes 0.0.0.0/0 as its two halves.
func wholeNetwork(c *Case) (changed bool) {
	for _, d := range c.documents() {
		if d.conditions(func(_, _ string, values []string) []string {
			if i := slices.Index(values, "0.0.0.0/0"); i >= 0 {
				values[i] = "0.0.0.0/1"
				values = append(values, "128.0.0.0/1")
			}
			return values
		}) {
			changed = true
		}
	}
	return changed
}

// addresses writes an address as the network that holds it alone.
func addresses(c *Case) (changed bool) {
	for _, d := range c.documents() {
		if d.conditions(func(operator, _ string, values []string) []string {
			for i, v := range values {
				if address, err := netip.ParseAddr(v); err == nil && strings.Contains(operator, "IpAddress") {
					values[i] = netip.PrefixFrom(address, address.BitLen()).String()
				}
			}
			return values
		}) {
			changed = true
		}
	}
	return changed
}

// epochTime writes numbers that are dates as dates, in the documents and in the request.
func epochTime(c *Case) (changed bool) {
	date := func(v string) string {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return v
		}
		return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	for _, d := range c.documents() {
		if d.conditions(func(operator, _ string, values []string) []string {
			if strings.Contains(operator, "Date") {
				for i, v := range values {
					values[i] = date(v)
				}
			}
			return values
		}) {
			changed = true
		}
	}
	for key, l := range c.Context {
		if strings.EqualFold(key, "aws:EpochTime") {
			if now := date(l.Values[0]); now != l.Values[0] {
				c.Context[key], changed = List{Values: []string{now}, Bare: true}, true
			}
		}
	}
	return changed
}

// nullOfSet removes ForAllValues:Null, and makes ForAnyValue:Null a condition that no request meets.
func nullOfSet(c *Case) (changed bool) {
	for _, d := range c.documents() {
		for _, s := range d.Statement {
			if _, found := s.Condition["ForAllValues:Null"]; found {
				delete(s.Condition, "ForAllValues:Null")
				changed = true
			}
			if _, found := s.Condition["ForAnyValue:Null"]; found {
				delete(s.Condition, "ForAnyValue:Null")
				if s.Condition["StringEquals"] == nil {
					s.Condition["StringEquals"] = map[string]List{}
				}
				s.Condition["StringEquals"]["aws:PrincipalOrgID"] = List{Values: []string{"no organization"}}
				changed = true
			}
		}
	}
	return changed
}

// emptyStrings takes keys with such lists out of the request. Without a set operator a list matches nothing, so a condition
// of that kind becomes one that no request meets.
func emptyStrings(c *Case) (changed bool) {
	for key, l := range sorted(c.Context) {
		if l.Bare || strings.Join(l.Values, "") != "" {
			continue
		}
		delete(c.Context, key)
		changed = true
		for _, d := range c.documents() {
			for _, s := range d.Statement {
				for operator, keys := range sorted(s.Condition) {
					for k := range keys {
						if strings.EqualFold(k, key) && operator != "Null" && !strings.Contains(operator, ":") {
							s.addCondition("StringEquals", "aws:PrincipalOrgID", List{Values: []string{"no organization"}})
						}
					}
				}
			}
		}
	}
	return changed
}

// anyValueIfExists removes such a condition where the request lacks the key, and its IfExists where not.
func anyValueIfExists(c *Case) (changed bool) {
	for _, d := range c.documents() {
		for _, s := range d.Statement {
			for operator, keys := range sorted(s.Condition) {
				base, optional := strings.CutSuffix(operator, "IfExists")
				if !optional || !strings.HasPrefix(operator, "ForAnyValue:") {
					continue
				}
				for key, l := range sorted(keys) {
					if c.carries(key) {
						s.addCondition(base, key, l)
					}
				}
				delete(s.Condition, operator)
				changed = true
			}
		}
	}
	return changed
}

// variablesWithoutValue replaces values with such a variable in negated operators by one that nothing is equal to, and in
// the NotResource of an Allow by a resource that does not exist.
func variablesWithoutValue(c *Case) (changed bool) {
	for _, d := range c.documents() {
		if d.Version != "2012-10-17" {
			continue
		}
		if d.conditions(func(operator, _ string, values []string) []string {
			for i, v := range values {
				switch {
				case !strings.Contains(operator, "Not") || c.resolves(v):
				case strings.Contains(operator, "Arn"):
					values[i] = "arn:no:such:resource::name"
				default:
					values[i] = "no such value"
				}
			}
			return values
		}) {
			changed = true
		}
		for _, s := range d.Statement {
			if s.NotResource == nil || s.Effect != "Allow" {
				continue
			}
			for i, v := range s.NotResource.Values {
				if !c.resolves(v) {
					s.NotResource.Values[i], changed = "arn:aws:dynamodb:no-region:000000000000:table/none", true
				}
			}
		}
	}
	return changed
}

// variablesInARNs writes the values of variables into the values of Arn operators, where they have one.
func variablesInARNs(c *Case) (changed bool) {
	for _, d := range c.documents() {
		if d.Version == "2012-10-17" && d.conditions(func(operator, _ string, values []string) []string {
			for i, v := range values {
				if strings.Contains(operator, "Arn") {
					values[i] = c.resolve(v)
				}
			}
			return values
		}) {
			changed = true
		}
	}
	return changed
}

// wildcardBeforeSlash writes each type of resource that such a pattern may begin with.
func wildcardBeforeSlash(c *Case) (changed bool) {
	for _, d := range c.documents() {
		d.resourceLists(func(_ *Statement, l *List) {
			var more []string
			for _, v := range l.Values {
				fields := strings.SplitN(v, ":", 6)
				if len(fields) < 6 {
					continue
				}
				kind, name, slash := strings.Cut(fields[5], "/")
				if !slash || !strings.ContainsAny(kind, "*?") || strings.Contains(kind, "${") {
					continue
				}
				for _, literal := range []string{"table", "global-table", "cache"} {
					add := func(rest string) {
						fields[5] = literal + "/" + rest
						more = append(more, strings.Join(fields, ":"))
					}
					if matches(kind, literal) {
						add(name)
					}
					for i, w := range kind { // the wildcard stands for the first slash, and more
						switch {
						case w == '*' && matches(kind[:i+1], literal):
							add("*" + kind[i+1:] + "/" + name)
						case w == '?' && matches(kind[:i], literal):
							add(kind[i+1:] + "/" + name)
						}
					}
				}
			}
			if more != nil {
				l.Values, l.Bare, changed = append(l.Values, more...), false, true
			}
		})
	}
	return changed
}

// wildcardForColon names the request's resource where a pattern that grants, taken as one text, matches it.
func wildcardForColon(c *Case) (changed bool) {
	for _, d := range c.documents() {
		d.resourceLists(func(s *Statement, l *List) {
			if (s.Effect == "Allow") != (l == s.Resource) {
				return
			}
			for _, v := range l.Values {
				if v == "*" || strings.Count(v, ":") >= strings.Count(c.Resource, ":") {
					continue
				}
				pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(v))
				if !slices.Contains(l.Values, c.Resource) && regexp.MustCompile("^"+pattern+"$").MatchString(c.Resource) {
					l.Values, l.Bare, changed = append(l.Values, c.Resource), false, true
				}
			}
		})
	}
	return changed
}

// matches matches text without slashes.
func matches(pattern, text string) bool {
	ok, err := path.Match(pattern, text)
	return ok && err == nil
}

// upperCaseFields replaces such fields before the last by one that no request has: theirs are in lower case.
func upperCaseFields(c *Case) bool {
	return c.earlyFields(func(_ *Statement, _ *List, field string) string {
		if !strings.Contains(field, "${") && strings.ToLower(field) != field {
			return "none"
		}
		return field
	})
}

// earlyVariables replaces such fields by "*" where the list grants, and by one that no request has where it takes away.
func earlyVariables(c *Case) bool {
	return c.earlyFields(func(s *Statement, l *List, field string) string {
		switch {
		case !strings.Contains(field, "${"):
			return field
		case (s.Effect == "Allow") == (l == s.Resource):
			return "*"
		}
		return "none"
	})
}

// earlyFields replaces the fields of resources between the first and the last.
func (c *Case) earlyFields(by func(s *Statement, l *List, field string) string) (changed bool) {
	for _, d := range c.documents() {
		d.resourceLists(func(s *Statement, l *List) {
			for i, v := range l.Values {
				fields := fieldsOf(v, 6)
				for j := 1; j < len(fields) && j < 5; j++ {
					if !strings.Contains(fields[j], "/") { // in a short ARN that is the last one
						fields[j] = by(s, l, fields[j])
					}
				}
				l.Values[i] = strings.Join(fields, ":")
				changed = changed || l.Values[i] != v
			}
		})
	}
	return changed
}

// fieldsOf splits an ARN at its colons, at most into so many fields. The colon of a variable is none.
func fieldsOf(arn string, most int) (fields []string) {
	start, variable := 0, false
	for i := range len(arn) {
		switch {
		case strings.HasPrefix(arn[i:], "${"):
			variable = true
		case arn[i] == '}':
			variable = false
		case arn[i] == ':' && !variable && len(fields) < most-1:
			fields = append(fields, arn[start:i])
			start = i + 1
		}
	}
	return append(fields, arn[start:])
}

// federatedUsers gives the users of a table's policy other names than the request's federated user.
func federatedUsers(c *Case) (changed bool) {
	if c.ResourcePolicy == nil || !strings.Contains(c.Principal, ":federated-user/") {
		return false
	}
	for _, s := range c.ResourcePolicy.Statement {
		for _, p := range []*Principal{s.Principal, s.NotPrincipal} {
			if p == nil {
				continue
			}
			for i, id := range p.Types["AWS"].Values {
				if strings.HasSuffix(id, ":user/alice") {
					p.Types["AWS"].Values[i], changed = id+"-the-user", true
				}
			}
		}
	}
	return changed
}

// accountBesideUser takes the caller's account out of such a NotPrincipal.
func accountBesideUser(c *Case) (changed bool) {
	if c.ResourcePolicy == nil {
		return false
	}
	for _, s := range c.ResourcePolicy.Statement {
		if s.NotPrincipal == nil {
			continue
		}
		account := func(id string) bool { return id == home || strings.HasSuffix(id, "::"+home+":root") }
		l := s.NotPrincipal.Types["AWS"]
		if slices.ContainsFunc(l.Values, account) &&
			slices.ContainsFunc(l.Values, func(id string) bool { return !account(id) && strings.Contains(id, "::"+home+":") }) {
			l.Values, changed = slices.DeleteFunc(l.Values, account), true
			s.NotPrincipal.Types["AWS"] = l
		}
	}
	return changed
}

// everybodyIsTheRole names the role where an Allow with such a condition names everybody.
func everybodyIsTheRole(c *Case) (changed bool) {
	role := strings.NewReplacer(":sts:", ":iam:", ":assumed-role/", ":role/", "/session", "").Replace(c.Principal)
	if c.ResourcePolicy == nil || c.Boundary == nil || role == c.Principal {
		return false
	}
	for _, s := range c.ResourcePolicy.Statement {
		if s.Effect != "Allow" || s.Principal == nil || !s.conditionOn("aws:PrincipalArn") {
			continue
		}
		if s.Principal.Anyone {
			s.Principal, changed = &Principal{Types: map[string]List{"AWS": {Values: []string{role}}}}, true
		}
		if i := slices.Index(s.Principal.Types["AWS"].Values, "*"); i >= 0 {
			s.Principal.Types["AWS"].Values[i], changed = role, true
		}
	}
	return changed
}

// denyNotResource makes such a Deny one of nothing.
func denyNotResource(c *Case) (changed bool) {
	for _, d := range c.documents() {
		if d.Version != "2012-10-17" {
			continue
		}
		for _, s := range d.Statement {
			if s.NotResource == nil || s.Effect != "Deny" {
				continue
			}
			if slices.ContainsFunc(s.NotResource.Values, func(v string) bool { return !c.resolves(v) }) {
				s.Action, s.NotAction, changed = bare("s3:GetObject"), nil, true
			}
		}
	}
	return changed
}

// notGrantable takes the grants out of the policy of a table for an action that it cannot grant.
func notGrantable(c *Case) (changed bool) {
	action := iam.LookupAction(c.Action)
	switch {
	case c.ResourcePolicy == nil, action.TablePolicy == iam.CrossAccount, action.TablePolicy == iam.GrantableUnknown,
		action.TablePolicy == iam.SameAccount && c.AccountID != foreign:
		return false
	}
	for _, s := range c.ResourcePolicy.Statement {
		if s.Effect == "Allow" {
			s.Action, s.NotAction, changed = bare("s3:GetObject"), nil, true
		}
	}
	return changed
}

// carries reports whether the request carries the key.
func (c *Case) carries(key string) bool {
	for k := range c.Context {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}

var variable = regexp.MustCompile(`\$\{([^},]*)(, *'([^']*)')?\}`)

// resolve replaces the variables of a value that have one: a single value in the request, or else a default.
func (c *Case) resolve(value string) string {
	return variable.ReplaceAllStringFunc(value, func(v string) string {
		parts := variable.FindStringSubmatch(v)
		for key, l := range c.Context {
			if strings.EqualFold(key, parts[1]) && l.Bare {
				return l.Values[0]
			}
		}
		if parts[2] != "" {
			return parts[3]
		}
		return v
	})
}

// resolves reports whether all variables of a value have a value.
func (c *Case) resolves(value string) bool {
	for _, v := range variable.FindAllString(value, -1) {
		if len(v) > len("${*}") && c.resolve(v) == v {
			return false
		}
	}
	return true
}

// conditionOn reports whether the statement has a condition on the key.
func (s *Statement) conditionOn(key string) bool {
	for _, keys := range s.Condition {
		for k := range keys {
			if strings.EqualFold(k, key) {
				return true
			}
		}
	}
	return false
}

func (s *Statement) addCondition(operator, key string, l List) {
	if s.Condition[operator] == nil {
		s.Condition[operator] = map[string]List{}
	}
	s.Condition[operator][key] = l
}
