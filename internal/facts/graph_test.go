package facts_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

// TestResolve joins a property with what it refers to: by name, ARN, pattern or dependency, whichever provider declares it.
func TestResolve(t *testing.T) {
	const tableARN = "arn:aws:dynamodb:us-east-1:111122223333:table/"
	orders := res(facts.Table, "orders", "name", "orders", "arn", tableARN+"orders")
	carts := res(facts.NativeTable, "carts", "tableName", "carts", "arn", tableARN+"carts")
	later := res(facts.Table, "later", "name", unknown, "arn", unknown)
	planned := res(facts.NativeTable, "planned", "tableName", "planned", "arn", unknown)
	role := res(facts.Role, "orders", "name", "orders", "arn", "arn:aws:iam::111122223333:role/orders")
	stack := []*resource.Resource{orders, carts, later, planned, role}

	for _, c := range []struct {
		name    string
		value   any
		depends []resource.URN
		want    string
	}{
		{"a name", "orders", nil, "table: orders = orders"},
		{"a name of the other provider", "carts", nil, "table: carts = carts"},
		{"an ARN", tableARN + "carts", nil, "table: carts = carts"},
		{"an ARN that is not known yet, by its name", tableARN + "planned", nil, "table: planned = planned"},
		{"a name of another kind only", "app", nil, "table: app elsewhere"},
		{"a pattern of ARNs", tableARN + "*", nil, "table: * = orders, table: * = carts"},
		{"a pattern that matches none", "arn:aws:dynamodb:eu-*:111122223333:table/*", nil, "table: * elsewhere"},
		{"a list", []string{"orders", tableARN + "carts", "none"}, nil, "table[0]: orders = orders, table[1]: carts = carts, table[2]: none elsewhere"},
		{"a secret", val("orders").AsSecret(), nil, "table: [secret] = orders"},
		{"unknown, by the one dependency of its kind", unknown, []resource.URN{role.URN, later.URN}, "table:  = later"},
		{"unknown, with two candidates", unknown, []resource.URN{orders.URN, later.URN}, "something unknown"},
		{"one of a list unknown", []resource.Value{val("orders"), unknown}, []resource.URN{orders.URN, later.URN},
			"table[0]: orders = orders, table[1]:  = later"},
		{"a number", resource.NumberValue(7), nil, "table is a number, not a string"},
		{"not set", nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := res("test:index:Refers", "r")
			if c.value != nil {
				r = res("test:index:Refers", "r", "table", c.value, "table <-", c.depends)
			}
			var log resource.Log
			targets, missing := facts.NewGraph(append(stack, r), nil).Resolve(r, facts.Reference{Property: "table", Kind: facts.KindTable}, &log)
			var parts []string
			for _, x := range targets {
				part := fmt.Sprintf("%s: %s", x.Path, x.Shown)
				if x.Declared != nil {
					part += " = " + x.Declared.Name
				} else {
					part += " elsewhere"
				}
				parts = append(parts, part)
			}
			if missing {
				parts = append(parts, "something unknown")
			}
			parts = append(parts, log.Mistyped...)
			if diff := cmp.Diff(c.want, strings.Join(parts, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestResourceOfGraph: a URN that the stack does not have is that of a resource that says nothing.
func TestResourceOfGraph(t *testing.T) {
	role := res(facts.Role, "app", "name", "app")
	g := facts.NewGraph([]*resource.Resource{role}, nil)
	if g.Resource(role.URN) != role {
		t.Error("a resource of the stack is not found")
	}
	other := g.Resource(urn(facts.User, "nobody"))
	if other.Type != facts.User || other.Name != "nobody" || !other.Properties.Empty() {
		t.Errorf("of a URN that is not there: %+v", other)
	}
	if first := g.Facts(role); g.Facts(role) != first {
		t.Error("the facts of a resource are worked out twice")
	}
	if again := res(facts.Role, "app", "name", "app"); g.Facts(again) == g.Facts(role) {
		t.Error("two resources of one URN have the same facts")
	}
}

// TestResolveIsLinear: a stack of resources of one name is not searched for each reference to it. What is allocated tells, since
// who searches collects.
func TestResolveIsLinear(t *testing.T) {
	allocated := func(n int) uint64 {
		provider := &resource.Provider{URN: "urn:pulumi:dev::shop::pulumi:providers:aws::p"}
		var stack []*resource.Resource
		for i := range n {
			role := res(facts.Role, fmt.Sprint("role", i), "name", "app")
			inline := res(facts.RolePolicy, fmt.Sprint("policy", i), "role", "app", "policy", doc)
			if i%2 == 0 {
				role.Provider, inline.Provider = provider, provider
			}
			if i%3 == 0 {
				inline.PropertyDependencies["role"] = []resource.URN{role.URN}
			}
			stack = append(stack, role, inline)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if got := len(facts.NewGraph(stack, nil).Principals().List); got != n {
			t.Fatalf("%d principals, want %d", got, n)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := allocated(1000), allocated(8000); many > 12*few {
		t.Errorf("%d bytes for 1,000 roles of one name, %d for 8,000", few, many)
	}
}

// TestGraphOfOneURN: of two resources of one URN, which make soak sends and no engine does, there is the last one.
func TestGraphOfOneURN(t *testing.T) {
	const urn = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"
	table := &resource.Resource{URN: urn, Type: facts.Table, Properties: resource.ObjectValue(nil)}
	other := &resource.Resource{URN: urn, Type: facts.TableReplica, Properties: resource.ObjectValue(nil)}
	g := facts.NewGraph([]*resource.Resource{table, other}, new(facts.Stack))
	if len(g.Resources) != 1 || g.Resources[0] != g.Resource(urn) || g.Resources[0].Type != facts.TableReplica {
		t.Errorf("%v, and by its URN %v", g.Resources, g.Resource(urn))
	}
}
