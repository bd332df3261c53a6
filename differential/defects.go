package main

import (
	"regexp"
	"slices"
)

// defect is a way to make a document one that IAM refuses, by a change of its text.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html for the elements, their types
// and the characters; reference_policies_elements_sid.html, _action.html, _resource.html, _principal.html, _notprincipal.html and
// _condition_operators.html beside it for their values.
type defect struct {
	name     string
	old, new string // old is a regular expression; a document that does not match it cannot have this defect
	where    defective
}

// defective says in which documents something is a defect.
type defective int

const (
	anywhere defective = iota
	notInTablePolicy
	inTablePolicy
)

const (
	statement = `"Effect":`
	actions   = `"Action":("[^"]*"|\[[^]]*\])`
	resources = `"Resource":("[^"]*"|\[[^]]*\])`
)

var defects = []defect{
	{"unknown element", statement, `"Efect":"Allow","Effect":`, anywhere},
	{"element in another case", `"(Not)?Action":`, `"action":`, anywhere},
	{"duplicate element", statement, `"Effect":"Allow","Effect":`, anywhere},
	{"null element", actions, `"Action":null`, anywhere},
	{"number as a value", resources, `"Resource":5`, anywhere},
	{"object as a value", actions, `"Action":{"a":"b"}`, anywhere},
	{"unknown version", `^\{("Version":"[^"]*",)?`, `{"Version":"2012-10-18",`, anywhere},
	{"version as a number", `^\{("Version":"[^"]*",)?`, `{"Version":20121017,`, anywhere},
	{"no statement", `^\{.*$`, `{"Version":"2012-10-17"}`, anywhere},
	{"empty list of statements", `^\{.*$`, `{"Version":"2012-10-17","Statement":[]}`, anywhere},
	{"list as a document", `^\{.*$`, `[]`, anywhere},
	{"effect in another case", statement + `"Allow"`, `"Effect":"allow"`, anywhere},
	{"no effect", statement + `"(Allow|Deny)",`, ``, anywhere},
	{"empty list of actions", actions, `"Action":[]`, anywhere},
	{"empty list of resources", resources, `"Resource":[]`, anywhere},
	{"empty action", actions, `"Action":""`, anywhere},
	{"no action", actions + `,`, ``, anywhere},
	{"no resource", `,` + resources, ``, notInTablePolicy},
	{"Action with NotAction", actions, `"Action":$1,"NotAction":"iam:*"`, anywhere},
	{"Resource with NotResource", resources, `"Resource":$1,"NotResource":"arn:aws:s3:::b"`, anywhere},
	{"Principal in an identity policy", statement, `"Principal":"*","Effect":`, notInTablePolicy},
	{"no principal in a table's policy", `"(Not)?Principal":("\*"|\{[^}]*\}),`, ``, inTablePolicy},
	{"NotPrincipal in an Allow", `"Effect":"Allow","Principal":`, `"Effect":"Allow","NotPrincipal":`, inTablePolicy},
	{"duplicate Sid", `\[\{("Sid":"[^"]*",)?`, `[{"Sid":"S","Effect":"Deny","Action":"s3:*","Resource":"*"},{"Sid":"S",`, notInTablePolicy},
	{"character not allowed in a Sid", `\[\{("Sid":"[^"]*",)?`, `[{"Sid":"a b",`, notInTablePolicy},
	{"action without a service", actions, `"Action":"GetItem"`, anywhere},
	{"action of two colons", actions, `"Action":"dynamodb:Get:Item"`, anywhere},
	{"blank before an action", actions, `"Action":" dynamodb:GetItem"`, anywhere},
	{"resource that is no ARN", resources, `"Resource":"table/orders"`, anywhere},
	{"wildcard in part of a partition", resources, `"Resource":"arn:aws*:dynamodb:*:*:table/*"`, anywhere},
	{"unknown operator", `"Condition":\{"[^"]*"`, `"Condition":{"StringMatches"`, anywhere},
	{"operator in another case", `"Condition":\{"[^"]*"`, `"Condition":{"stringequals"`, anywhere},
	{"unknown set operator", `"Condition":\{"[^"]*"`, `"Condition":{"ForSomeValues:StringEquals"`, anywhere},
	{"Null with IfExists", `"Condition":\{"[^"]*"`, `"Condition":{"NullIfExists"`, anywhere},
	{"null as a condition's value", `"Condition":\{`, `"Condition":{"StringEquals":{"aws:userid":null},`, anywhere},
	{"empty list of a condition's values", `"Condition":\{`, `"Condition":{"StringEquals":{"aws:userid":[]},`, anywhere},
	{"condition keys that differ in case", `"Condition":\{`, `"Condition":{"StringEquals":{"aws:userid":"a","AWS:userid":"b"},`, anywhere},
	{"list as a condition", statement, `"Condition":[],"Effect":`, anywhere},
	{"character beyond U+00FF", actions, `"Action":"dynamodb:G\u0435tItem"`, anywhere},
}

// spoil makes one document of the case one that IAM refuses.
func (g *generator) spoil(c *Case) {
	docs := c.documents()
	if len(docs) == 0 {
		return
	}
	d := pick(g, docs...)
	text, err := encode(d)
	if err != nil {
		panic(err)
	}
	for _, i := range g.Perm(len(defects)) {
		f := defects[i]
		if f.where == notInTablePolicy && d == c.ResourcePolicy || f.where == inTablePolicy && d != c.ResourcePolicy {
			continue
		}
		pattern := regexp.MustCompile(f.old)
		at := pattern.FindSubmatchIndex(text)
		if at == nil {
			continue
		}
		spoiled := pattern.Expand(slices.Clone(text[:at[0]]), []byte(f.new), text, at)
		d.Text = string(append(spoiled, text[at[1]:]...))
		c.Defect = f.name
		return
	}
}
