package report_test

import (
	"fmt"
	"runtime"
	"testing"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"

	"time"
)

// largeRun is a run of a stack with as many tables, and three times as many roles that have a document each: one in ten on
// everything, one in ten each on names that begin or end in a way, the others on two tables.
func largeRun(tables int) *engine.Run {
	var stack []*resource.Resource
	add := func(typ, name string, properties map[string]string) {
		members := map[string]resource.Value{}
		for k, v := range properties {
			members[k] = resource.StringValue(v)
		}
		stack = append(stack, &resource.Resource{
			URN: resource.URN("urn:pulumi:prod::shop::" + typ + "::" + name), Type: typ, Name: name, Properties: resource.ObjectValue(members),
		})
	}
	name := func(i int) string { return fmt.Sprintf("team%d-table%d", i%50, i) }
	for i := range tables {
		add(facts.Table, name(i), map[string]string{"name": name(i), "arn": "arn:aws:dynamodb:eu-west-1:111122223333:table/" + name(i)})
	}
	for i := range 3 * tables {
		on := fmt.Sprintf(`["arn:aws:dynamodb:eu-west-1:111122223333:table/%s", "arn:aws:dynamodb:eu-west-1:111122223333:table/%s/index/*"]`,
			name(i%tables), name(i*7%tables))
		switch i % 10 {
		case 0:
			on = `"*"`
		case 1:
			on = fmt.Sprintf(`"arn:aws:dynamodb:*:*:table/team%d-*"`, i%50)
		case 2:
			on = fmt.Sprintf(`"arn:aws:dynamodb:*:*:table/*%d"`, i%100)
		}
		role := fmt.Sprintf("role%d", i)
		add(facts.Role, role, map[string]string{"name": role, "arn": "arn:aws:iam::111122223333:role/" + role})
		add(facts.RolePolicy, role, map[string]string{"role": role, "policy": `{"Version":"2012-10-17","Statement":[` +
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:PutItem"],"Resource":` + on + `},` +
			`{"Effect":"Deny","Action":"dynamodb:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`})
	}
	e := engine.New(nil, func() time.Time { return now })
	e.AnalyzeStack(stack)
	return e.Run()
}

func BenchmarkMatrix(b *testing.B) {
	for _, tables := range []int{100, 200, 1000, 10000} {
		run := largeRun(tables)
		run.Graph.Principals()
		b.Run(fmt.Sprintf("%dtables", tables), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := report.New(report.OfState, "", now, []*policy.Policy{}, run.Config)
				m.Add(report.Source{Run: run})
				matrix := m.Report().Matrix
				if len(matrix.Principals) != 3*tables || len(matrix.Tables) != tables {
					b.Fatalf("%d principals, %d tables", len(matrix.Principals), len(matrix.Tables))
				}
				runtime.KeepAlive(matrix)
			}
		})
	}
}
