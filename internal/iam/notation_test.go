package iam

import (
	"encoding/json"
	"strings"
	"testing"
)

// policy writes a document from a short notation, a statement after the other, separated by semicolons:
//
//	Allow dynamodb:GetItem,dynamodb:Query on table/orders if {"StringEquals":{"aws:x":"y"}}; Deny !iam:* on !*
//
// "!" is NotAction or NotResource. A resource that begins with table/, cache/ or global-table/ is short for the ARN in
// account 111122223333 and region us-east-1. "by" before "on" names the principals of a resource policy: those of AWS, or of the
// type before the first of them, as in "by Service=dynamodb.amazonaws.com". "!" is NotPrincipal.
func policy(notation string) string {
	var statements []map[string]any
	for statement := range strings.SplitSeq(notation, "; ") {
		words := strings.SplitN(statement, " ", 3)
		st := map[string]any{"Effect": words[0]}
		put(st, "Action", words[1], func(s string) string { return s })
		rest := ""
		if len(words) == 3 {
			rest = words[2]
		}
		if after, ok := strings.CutPrefix(rest, "by "); ok {
			principal, after, _ := strings.Cut(after, " ")
			name := "Principal"
			if listed, not := strings.CutPrefix(principal, "!"); not {
				name, principal = "NotPrincipal", listed
			}
			kind, ids, ok := strings.Cut(principal, "=")
			if !ok {
				kind, ids = "AWS", principal
			}
			if st[name] = "*"; ids != "*" || ok {
				st[name] = map[string]any{kind: strings.Split(ids, ",")}
			}
			rest = " " + after
		}
		rest, condition, found := strings.Cut(rest, " if ")
		if found {
			st["Condition"] = json.RawMessage(condition)
		}
		rest = strings.TrimSpace(rest)
		if resources, ok := strings.CutPrefix(rest, "on "); ok {
			put(st, "Resource", resources, longARN)
		}
		statements = append(statements, st)
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(notation + ": " + err.Error())
	}
	return string(text)
}

func put(st map[string]any, name, values string, long func(string) string) {
	if after, ok := strings.CutPrefix(values, "!"); ok {
		name, values = "Not"+name, after
	}
	if !strings.Contains(values, ",") {
		st[name] = long(values)
		return
	}
	var list []string
	for value := range strings.SplitSeq(values, ",") {
		list = append(list, long(value))
	}
	st[name] = list
}

func longARN(resource string) string {
	switch kind, _, _ := strings.Cut(resource, "/"); kind {
	case "table":
		return "arn:aws:dynamodb:us-east-1:111122223333:" + resource
	case "cache":
		return "arn:aws:dax:us-east-1:111122223333:" + resource
	case "global-table":
		return "arn:aws:dynamodb::111122223333:" + resource
	}
	return resource
}

// parse reads a document in the short notation, which must be valid.
func parse(t testing.TB, notation string, kind Kind) *Document {
	t.Helper()
	d := Parse(policy(notation), kind)
	for _, e := range d.Errors {
		t.Errorf("%s: %s", notation, e)
	}
	return d
}

// names joins actions: "dynamodb:GetItem dynamodb:Query".
func names(actions []*Action) string {
	var out []string
	for _, a := range actions {
		out = append(out, a.String())
	}
	return strings.Join(out, " ")
}

// texts joins elements: "Statement[0].Action=dynamodb:*".
func texts(elements []Element) string {
	var out []string
	for _, e := range elements {
		out = append(out, e.Path+"="+e.Text)
	}
	return strings.Join(out, " ")
}
