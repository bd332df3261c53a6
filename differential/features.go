package main

import (
	"maps"
	"slices"
	"strings"

	"dynamoguard/internal/iam"
)

// features are the parts of the policy language that the case uses, in alphabetical order.
func (c *Case) features() []string {
	set := map[string]bool{}
	has := func(name string, is bool) {
		if is {
			set[name] = true
		}
	}
	action := iam.LookupAction(c.Action)
	has("request for "+action.String(), true)
	has("defect: "+c.Defect, c.Defect != "")
	has("no identity policy", len(c.Identity) == 0)
	has("permissions boundary", c.Boundary != nil)
	has("service control policy", c.SCP != nil)
	has("table of another account", c.AccountID == foreign)
	has("resource "+kindOf(c.Resource), true)
	principal := c.Principal
	if principal == "" {
		principal = defaultPrincipal
	}
	has("principal "+strings.SplitN(strings.SplitN(principal, ":", 6)[5], "/", 2)[0], true)
	if p := c.ResourcePolicy; p != nil {
		has("table policy", true)
		for _, s := range p.Statement {
			has("NotPrincipal", s.NotPrincipal != nil)
			for _, named := range []*Principal{s.Principal, s.NotPrincipal} {
				if named == nil {
					continue
				}
				has(`principal "*"`, named.Anyone)
				for kind := range named.Types {
					has("principals of type "+kind, true)
				}
				how := " named by the table policy"
				if named == s.NotPrincipal {
					how = " named by NotPrincipal"
				}
				if c.Boundary != nil {
					how += ", with a boundary"
				}
				for _, id := range named.Types["AWS"].Values {
					has("caller"+how, id == principal)
					has("role of the caller"+how, strings.HasSuffix(id, "/app") && strings.Contains(principal, ":assumed-role/app/"))
					has("account of the caller"+how, id == home || strings.HasSuffix(id, home+":root"))
				}
				has("everybody"+how, named.everybody())
			}
		}
	}
	for _, d := range c.documents() {
		if d.Text != "" {
			continue
		}
		has("version "+d.Version, d.Version != "")
		has("no version", d.Version == "")
		for _, s := range d.Statement {
			has(s.Effect, true)
			has("NotAction", s.NotAction != nil)
			has("NotResource", s.NotResource != nil)
			has("no Resource", s.Resource == nil && s.NotResource == nil)
			has("no Resource, "+kindOf(c.Resource), s.Resource == nil && s.NotResource == nil)
			has("Deny of NotResource with a variable without a value", s.Effect == "Deny" && s.NotResource != nil &&
				d.Version == "2012-10-17" && slices.ContainsFunc(s.NotResource.Values, func(v string) bool { return !c.resolves(v) }))
			for _, l := range []*List{s.Action, s.NotAction} {
				if l != nil {
					for _, v := range l.Values {
						has(`action with "*"`, strings.Contains(v, "*"))
						has(`action with "?"`, strings.Contains(v, "?"))
						has(`action of service "*"`, strings.HasPrefix(v, "*:"))
						has("action that ends with a blank", strings.HasSuffix(v, " "))
						has("action in another case", v != c.Action && strings.EqualFold(v, c.Action))
					}
				}
			}
			d.resourceLists(func(_ *Statement, l *List) {
				for _, v := range l.Values {
					has(`resource with "*"`, strings.Contains(v, "*"))
					has(`resource with "?"`, strings.Contains(v, "?"))
					has("resource with a variable", strings.Contains(v, "${"))
					has("resource with a variable's default", strings.Contains(v, ", '"))
					has("resource with a variable whose value has wildcards", wild(c.resolve(v)) > wild(v))
					for k, l := range c.Context {
						has("resource with a variable of a list of one", !l.Bare && len(l.Values) == 1 && strings.HasSuffix(c.Resource, "/"+l.Values[0]) && strings.Contains(v, "${"+k+"}"))
					}
					has("short ARN", v != "*" && strings.Count(v, ":") < 5)
					has("short ARN in a table policy", v != "*" && strings.Count(v, ":") < 5 && d == c.ResourcePolicy)
					has("resource in another case", v != c.Resource && strings.EqualFold(v, c.Resource))
				}
			})
			for operator, keys := range s.Condition {
				set, base, found := strings.Cut(operator, ":")
				if !found {
					set, base = "", operator
				}
				base, optional := strings.CutSuffix(base, "IfExists")
				for key, l := range keys {
					name := base
					if set != "" {
						name = set + ":" + name
					}
					has("condition "+name, true)
					has("IfExists", optional)
					has("values without quotes", l.Plain && slices.ContainsFunc(l.Values, plain))
					has("condition with a variable", slices.ContainsFunc(l.Values, func(v string) bool { return strings.Contains(v, "${") }))
					has("pattern with a variable whose value has wildcards", strings.Contains(base, "Like") &&
						slices.ContainsFunc(l.Values, func(v string) bool { return wild(c.resolve(v)) > wild(v) }))
					has("Null in another case", base == "Null" && strings.ToLower(l.Values[0]) != l.Values[0])
					for k, v := range c.Context {
						has("condition with a variable of a list", !v.Bare && slices.ContainsFunc(l.Values, func(v string) bool { return strings.Contains(v, "${"+k+"}") }))
					}
					state := "absent"
					for k, v := range c.Context {
						if strings.EqualFold(k, key) {
							state = "present"
							has("several values of the request", len(v.Values) > 1)
							has("several different values of the request for "+set, len(v.Values) > 1 && v.Values[0] != v.Values[1])
						}
					}
					has("key "+state+" for "+strings.TrimPrefix(set+" ", " ")+family(base), true)
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// wild is the number of wildcards in a text.
func wild(text string) int { return strings.Count(text, "*") + strings.Count(text, "?") }

// family is what an operator compares.
func family(operator string) string {
	for name, members := range operators {
		if name != "ARN" && slices.Contains(members, operator) {
			return name
		}
	}
	if strings.HasPrefix(operator, "Arn") {
		return "ARN"
	}
	return operator
}

// kindOf is the type of a resource: "table", "index".
func kindOf(arn string) string {
	if arn == "*" {
		return arn
	}
	parts := strings.Split(strings.SplitN(arn, ":", 6)[5], "/")
	if len(parts) > 2 {
		return parts[2]
	}
	return parts[0]
}
