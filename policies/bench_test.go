package policies_test

import (
	"fmt"
	"testing"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/policies"
)

// BenchmarkStack judges a stack at its end: n roles with 10 policies each, inline and attached, on n tables.
func BenchmarkStack(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("roles=%d", n), func(b *testing.B) {
			stack := largeStack(n)
			for b.Loop() {
				e := engine.New(policies.All(), time.Now)
				judgements, _ := e.AnalyzeStack(stack)
				if found := len(judgements); found < n {
					b.Fatalf("%d judgements of %d roles", found, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/role")
		})
	}
}

// largeStack makes roles that may delete a table each.
func largeStack(n int) []*resource.Resource {
	object := func(pairs ...string) resource.Value {
		members := map[string]resource.Value{}
		for i := 0; i < len(pairs); i += 2 {
			members[pairs[i]] = resource.StringValue(pairs[i+1])
		}
		return resource.ObjectValue(members)
	}
	var stack []*resource.Resource
	add := func(typ, name string, properties resource.Value) {
		urn := resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name)
		stack = append(stack, &resource.Resource{URN: urn, Type: typ, Name: name, Properties: properties})
	}
	document := func(i int) string {
		table := fmt.Sprintf("arn:aws:dynamodb:us-east-1:111122223333:table/table-%d", i)
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:PutItem"],"Resource":["%s","%s/index/*"]},
			{"Effect":"Allow","Action":["dynamodb:DeleteTable"],"Resource":"%s"},
			{"Effect":"Deny","Action":"dynamodb:DeleteItem","Resource":"*"}]}`, table, table, table)
	}
	for i := range n {
		role := fmt.Sprintf("role-%d", i)
		add(facts.Table, fmt.Sprintf("table-%d", i), object("name", fmt.Sprintf("table-%d", i)))
		add(facts.Role, role, object("name", role))
		for j := range 5 {
			policy := fmt.Sprintf("%s-policy-%d", role, j)
			arn := "arn:aws:iam::111122223333:policy/" + policy
			add(facts.RolePolicy, fmt.Sprintf("%s-inline-%d", role, j), object("role", role, "policy", document((i+j)%n)))
			add(facts.ManagedPolicy, policy, object("arn", arn, "policy", document((i+5+j)%n)))
			add(facts.RoleAttachment, policy, object("role", role, "policyArn", arn))
		}
	}
	return stack
}

// BenchmarkAcross judges a policy document against 100,000 tables of other stacks, a third of them of another environment.
func BenchmarkAcross(b *testing.B) {
	entries := make([]tables.Entry, 100_000)
	for i := range entries {
		stack := []string{"dev", "staging", "main"}[i%3]
		entries[i] = tables.Entry{
			Partition: "aws", Account: "111122223333", Region: "us-east-1", Name: fmt.Sprintf("table-%d", i),
			Organization: "acme", Project: fmt.Sprintf("project-%d", i%500), Stack: stack,
			URN: fmt.Sprintf("urn:pulumi:%s::project-%d::aws:dynamodb/table:Table::t%d", stack, i%500, i),
		}
	}
	all := others{tables.New(today, entries, nil, 0), nil, ""}
	for name, arn := range map[string]string{
		"exact":  "arn:aws:dynamodb:us-east-1:111122223333:table/table-1000",
		"prefix": "arn:aws:dynamodb:*:*:table/table-10*",
		"nobody": "arn:aws:dynamodb:*:*:table/nobody-*",
		"all":    "*",
	} {
		b.Run(name, func(b *testing.B) {
			e := engine.New([]*policy.Policy{policies.IAMCrossEnvironmentGrant}, time.Now).In(engine.World{
				Load: func(policy.IndexSettings, policy.StackContext) (policy.Others, func()) { return all, func() {} },
			})
			e.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "dev"})
			r := &resource.Resource{
				URN: "urn:pulumi:dev::shop::aws:iam/policy:Policy::p", Type: facts.ManagedPolicy, Name: "p",
				Properties: resource.ObjectValue(map[string]resource.Value{"policy": resource.StringValue(
					`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"` + arn + `"}]}`)}),
			}
			for b.Loop() {
				if j := e.Analyze(r)[0]; (j.Outcome == policy.Passed) != (name == "nobody") {
					b.Fatal(j)
				}
			}
		})
	}
}
