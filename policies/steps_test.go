package policies_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/policies"
)

// counted counts what a policy makes others look at.
type counted struct {
	others
	places, tables *int
}

func (c counted) Matching(pattern string, in func(tables.Entry) bool) iter.Seq[tables.Entry] {
	return func(yield func(tables.Entry) bool) {
		for e := range c.others.Matching(pattern, func(of tables.Entry) bool { *c.places++; return in(of) }) {
			if *c.tables++; !yield(e) {
				return
			}
		}
	}
}

// TestManyGrants judges a document of 100 wildcards against 100,000 tables of other stacks. What it takes is a few tables for
// each wildcard, and not all of them: none of a stack of its own environment, nor of another account.
func TestManyGrants(t *testing.T) {
	entries := make([]tables.Entry, 100_000)
	for i := range entries {
		stack := []string{"dev", "staging", "main"}[i%3]
		account := []string{"111122223333", "444455556666"}[i/3%2]
		entries[i] = tables.Entry{
			Partition: "aws", Account: account, Region: "us-east-1", Name: fmt.Sprintf("table-%d", i),
			Organization: "acme", Project: fmt.Sprintf("project-%d", i%50), Stack: stack,
			URN: fmt.Sprintf("urn:pulumi:%s::project-%d::aws:dynamodb/table:Table::t%d", stack, i%50, i),
		}
	}
	lookup := tables.NewLookup(tables.New(today, entries, nil, 0))
	const grants, places, enough = 100, 300, 101
	for resources, most := range map[string]int{
		"arn:aws:dynamodb:us-east-1:111122223333:table/*":     grants * enough, // as many as a finding needs
		"arn:aws:dynamodb:us-east-1:*:table/*":                grants * 1000,   // nothing says whose account: of one more stack until it is left
		"arn:aws:dynamodb:us-east-1:999988887777:table/*":     0,               // of an account that no stack is in
		"arn:aws:dynamodb:eu-west-1:111122223333:table/*":     0,
		"arn:aws:dynamodb:*:111122223333:table/nobody-%d-*":   0,
		"arn:aws:dynamodb:*:111122223333:table/table-5000%d*": grants,
	} {
		var statements []string
		for i := range grants {
			statements = append(statements, `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"`+strings.ReplaceAll(resources, "%d", fmt.Sprint(i))+`"}`)
		}
		all := counted{others{Lookup: lookup}, new(int), new(int)}
		e := engine.New([]*policy.Policy{policies.IAMCrossEnvironmentGrant}, time.Now).In(engine.World{
			Load: func(policy.IndexSettings, policy.StackContext) (policy.Others, func()) { return all, func() {} },
		})
		e.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "dev"})
		j := e.Analyze(&resource.Resource{
			URN: "urn:pulumi:dev::shop::aws:iam/policy:Policy::p", Type: facts.ManagedPolicy, Name: "p",
			Properties: resource.ObjectValue(map[string]resource.Value{
				"policy": resource.StringValue(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)}),
		})[0]
		if (j.Outcome == policy.Failed) != (most > 0) || *all.places > grants*places || *all.tables > most {
			t.Errorf("%s: %v; %d stacks and places, %d tables, want at most %d and %d", resources, j.Outcome, *all.places, *all.tables, grants*places, most)
		}
	}
}
