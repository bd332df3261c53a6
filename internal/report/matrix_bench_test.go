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

// governedRun is a run of a stack with as many tables, whose policies each deny everyone of other organizations, and roles of one table each.
func governedRun(tables int) *engine.Run {
	s := &matrixStack{project: "shop", stack: "prod"}
	for i := range tables {
		name := fmt.Sprintf("table%d", i)
		s.table(ours, name)
		s.add(facts.TablePolicy, name, map[string]any{"resourceArn": tableARN(ours, name), "policy": document(
			`{"Effect":"Deny","Principal":"*","Action":"dynamodb:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}`)})
		s.principal(ours, "role", name, nil)
		s.inline("role", name, document(allow("dynamodb:GetItem", "", tableARN(ours, name))))
	}
	e := engine.New(nil, func() time.Time { return now })
	e.AnalyzeStack(s.resources)
	return e.Run()
}

// allocated are the allocations that it takes to make a matrix.
func allocated(run *engine.Run) uint64 {
	run.Graph.Principals()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := report.New(report.OfState, "", now, []*policy.Policy{}, run.Config)
	m.Add(report.Source{Run: run})
	runtime.KeepAlive(m.Report())
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// accountsRun is a run of a stack with tables in as many accounts, all of one name, and in each a role for its own.
func accountsRun(accounts int) *engine.Run {
	s := &matrixStack{project: "shop", stack: "prod"}
	for i := range accounts {
		account, name := fmt.Sprintf("%012d", i+1), fmt.Sprintf("role%d", i)
		s.table(account, "orders")
		s.principal(account, "role", name, nil)
		s.inline("role", name, document(allow("dynamodb:GetItem", "", "arn:aws:dynamodb:*:*:table/orders")))
	}
	e := engine.New(nil, func() time.Time { return now })
	e.AnalyzeStack(s.resources)
	return e.Run()
}

// TestMatrixCost: four times as much takes four times the work, where the policies of all tables are about every principal and ask
// something of the few alone that have access, and where there are many accounts, each of which keeps to itself.
func TestMatrixCost(t *testing.T) {
	for name, run := range map[string]func(int) *engine.Run{"policies": governedRun, "accounts": accountsRun} {
		if few, many := allocated(run(100)), allocated(run(400)); many > 6*few {
			t.Errorf("%s: %d allocations for 400, %d for 100", name, many, few)
		}
	}
}

func BenchmarkGovernedMatrix(b *testing.B) {
	run := governedRun(1000)
	b.ReportAllocs()
	for b.Loop() {
		allocated(run)
	}
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
