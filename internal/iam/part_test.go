package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// found is what the document leads to, each by its question and its place.
func found(d *Document) (all []string) {
	add := func(question string, path string) { all = append(all, question+" "+path) }
	for _, f := range d.WildcardActions(WildcardOptions{}) {
		for _, e := range f.Elements {
			add("wildcard", e.Path)
		}
	}
	for _, f := range d.UnscopedResources(UnscopedOptions{}) {
		for _, e := range f.Elements {
			add("unscoped", e.Path)
		}
	}
	for _, f := range d.SensitiveActions() {
		for _, e := range f.Elements {
			add("sensitive", e.Path)
		}
	}
	for _, f := range d.IneffectiveStatements() {
		for _, v := range f.Idle {
			add("ineffective", fmt.Sprint(v.Path, ", of all: ", f.Whole))
		}
	}
	for _, s := range d.Shares(time.Time{}) {
		add("share", fmt.Sprint(s.Statement))
	}
	for _, e := range d.Errors {
		add("error", e.String())
	}
	return all
}

// replacements are what a value of a document is replaced with, each time in a copy of the document.
func replacements(v any, with ...any) (documents [][]any) {
	versions := func(replaced func(any) any) (list []any) {
		for _, w := range with {
			list = append(list, replaced(w))
		}
		return list
	}
	below := func(of any, put func(any) any) {
		for _, list := range replacements(of, with...) {
			for i := range list {
				list[i] = put(list[i])
			}
			documents = append(documents, list)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			put := func(m any) any {
				other := map[string]any{}
				for n, of := range v {
					other[n] = of
				}
				other[name] = m
				return other
			}
			documents = append(documents, versions(put))
			below(member, put)
		}
	case []any:
		for i, element := range v {
			put := func(e any) any {
				other := slices.Clone(v)
				other[i] = e
				return other
			}
			documents = append(documents, versions(put))
			below(element, put)
		}
	}
	return documents
}

// ofNothing reports whether a Resource of a document is none of DynamoDB's, so that DynamoDB's actions grant nothing: what is not known
// yet of a statement that has no others is taken for one of DynamoDB's.
func ofNothing(document string, found []string) bool {
	refused := func(f string) bool { return strings.HasPrefix(f, "error ") && strings.Contains(f, ".Resource ") }
	return strings.Contains(document, `"Resource":"arn:aws:iam:`) || slices.ContainsFunc(found, refused)
}

// TestPartHolds: whatever a value turns out to be, what was found of the rest of the document is found of all of it.
func TestPartHolds(t *testing.T) {
	const table = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
	values := []any{
		Unknown, "*", table, table + "/index/by-date", table + "/stream/2015-06-27T00:48:05.899", table + "-2", "111122223333",
		"arn:aws:iam::111122223333:role/app", "dynamodb:*", "dynamodb:DeleteTable", "dynamodb:Get*", "Allow", "Deny", "2012-10-17", "x",
		[]any{}, []any{"*"}, []any{table, "dynamodb:Scan"}, map[string]any{}, map[string]any{"AWS": "*"},
		map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/team": "a"}},
		map[string]any{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"},
	}
	documents := map[string]Kind{
		`{"Version":"2012-10-17","Statement":[
			{"Sid":"one","Effect":"Allow","Action":["dynamodb:*","dynamodb:GetItem"],"Resource":["` + table + `","arn:aws:dynamodb:*:*:table/*"]},
			{"Effect":"Allow","Action":"dynamodb:DeleteTable","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["a"]}}},
			{"Effect":"Allow","NotAction":["iam:*"],"NotResource":["` + table + `"]},
			{"Effect":"Allow","Action":["s3:*","dynamodb:P*","GetItem"],"Resource":["arn:aws:s3:::b","` + table + `"]},
			{"Effect":"Allow","Action":"dynamodb:DeleteTables","Resource":"` + table + `"},
			{"Effect":"Allow","Action":["dynamodb:DeleteTables","dynamodb:GetItem"],"Resource":"` + table + `"}]}`: Identity,
		`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"},
			{"Effect":"Deny","Action":["dynamodb:Delete*"],"Resource":["*"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}},
			{"Effect":"Deny","NotAction":"dynamodb:*","Resource":"*"}]}`: Identity,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"` + table + `"}}`: Identity,
		`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"AWS":["444455556666","orders"],"Service":"replication.dynamodb.amazonaws.com"},"Action":"dynamodb:*","Resource":"*"},
			{"Effect":"Allow","Principal":"*","Action":["dynamodb:GetItem"]}]}`: Resource,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"x"},"Action":"sts:AssumeRole","Condition":{"Bool":{"a:b":"c"}}}]}`: Trust,
	}
	text := func(v any) string {
		written, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(written)
	}
	judged := 0
	for document, kind := range documents {
		var v any
		if err := json.Unmarshal([]byte(document), &v); err != nil {
			t.Fatal(err)
		}
		for _, versions := range replacements(v, values...) {
			part := ParsePart(text(versions[0]), kind)
			if part == nil {
				continue
			}
			certain := found(part)
			judged += len(certain)
			for _, version := range versions[1:] {
				whole := found(Parse(text(version), kind))
				for _, f := range certain {
					if !slices.Contains(whole, f) && !ofNothing(text(version), whole) {
						t.Errorf("%s: %s, but not of %s", text(versions[0]), f, text(version))
					}
				}
			}
		}
	}
	if judged == 0 {
		t.Error("nothing was certain of any document")
	}
}

// TestParsePart: what is certain of a document while a value is not known.
func TestParsePart(t *testing.T) {
	const table = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }
	for _, c := range []struct {
		document string
		want     []string // nil: too little is known
	}{
		{statement(`{"Effect":"Allow","Action":"dynamodb:*","Resource":"` + Unknown + `"}`), []string{"wildcard Statement[0].Action"}},
		{statement(`{"Effect":"Allow","Action":["dynamodb:Get*"],"Resource":["` + Unknown + `","` + table + `"]}`), []string{"wildcard Statement[0].Action[0]"}},
		{statement(`{"Effect":"Allow","Action":"dynamodb:Get*","Resource":"` + Unknown + `"}`), []string{}},
		{statement(`{"Effect":"Allow","Action":["` + Unknown + `","dynamodb:Scan"],"Resource":"*"}`), []string{"unscoped Statement[0].Resource"}},
		{statement(`{"Sid":"` + Unknown + `","Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"}`), []string{"unscoped Statement[0].Resource"}},
		{statement(`{"Effect":"Allow","Action":"` + Unknown + `","Resource":"*"},{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"}`),
			[]string{"unscoped Statement[1].Resource"}},
		{statement(`{"Effect":"Allow","Action":"` + Unknown + `","Resource":"*"}`), nil},
		{statement(`{"Effect":"Allow","Action":"dynamodb:Scan","NotResource":"` + Unknown + `"}`), nil},
		{statement(`{"Effect":"` + Unknown + `","Action":"dynamodb:Scan","Resource":"*"}`), nil},
		{statement(`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"},{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"` + Unknown + `"}`), nil},
		{statement(`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"},"` + Unknown + `"`), nil},
		{`{"Version":"` + Unknown + `","Statement":[{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"}]}`, nil},
		{`{"Version":"2012-10-17","Statement":"` + Unknown + `"}`, nil},
	} {
		var got []string
		if part := ParsePart(c.document, Identity); part != nil {
			got = append([]string{}, found(part)...)
		}
		if (got == nil) != (c.want == nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.document, got, c.want)
		}
	}
}
