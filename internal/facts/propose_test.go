package facts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
)

// known reads a value of JSON; the texts "unknown" and "secret:..." are what they say.
func known(v any) resource.Value {
	switch v := v.(type) {
	case string:
		hidden, secret := strings.CutPrefix(v, "secret:")
		switch {
		case v == "unknown":
			return resource.UnknownValue()
		case secret:
			return resource.StringValue(hidden).AsSecret()
		}
		return resource.StringValue(v)
	case bool:
		return resource.BoolValue(v)
	case []any:
		list := make([]resource.Value, len(v))
		for i, e := range v {
			list[i] = known(e)
		}
		return resource.ArrayValue(list)
	case map[string]any:
		members := map[string]resource.Value{}
		for key, m := range v {
			members[key] = known(m)
		}
		return resource.ObjectValue(members)
	}
	return resource.NullValue()
}

// declared is a resource of a type and a name with properties as JSON, and URNs by the property they are of.
func declared(typ, name, properties string, dependencies ...string) *resource.Resource {
	var v map[string]any
	if err := json.Unmarshal([]byte(properties), &v); err != nil {
		panic(err)
	}
	r := &resource.Resource{URN: urn(typ, name), Type: typ, Name: name, Properties: known(v)}
	for i := 0; i < len(dependencies); i += 2 {
		if r.PropertyDependencies == nil {
			r.PropertyDependencies = map[string][]resource.URN{}
		}
		property := dependencies[i]
		r.PropertyDependencies[property] = append(r.PropertyDependencies[property], resource.URN(dependencies[i+1]))
	}
	return r
}

func inline(statements string) string {
	text, _ := json.Marshal(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
	return `{"role":"app","policy":` + string(text) + `}`
}

// TestProposer: what could be written in place of the first statement of a role's inline policy, and on what that rests.
func TestProposer(t *testing.T) {
	const (
		reads     = `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}`
		whatever  = `{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}`
		ofOrders  = `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"${orders.arn}"}`
		function  = facts.Function
		namesIt   = `{"name":"api","role":"arn:aws:iam::111122223333:role/app","environment":{"variables":{"TABLE":"orders-1a2b3c4","STAGE":"prod"}}}`
		unknownTo = "missing the tables that it is about"
	)
	role := declared(facts.Role, "app", `{"name":"app"}`)
	orders := declared(facts.Table, "orders", `{"name":"orders-1a2b3c4"}`)
	users := declared(facts.Table, "users", `{"name":"users"}`)
	policy := func(statements string) *resource.Resource {
		return declared(facts.RolePolicy, "app", inline(statements))
	}
	inRegion := func(r *resource.Resource, region string) *resource.Resource {
		r.Provider = &resource.Provider{
			URN: urn("pulumi:providers:aws", region), Type: "pulumi:providers:aws", Properties: known(map[string]any{"region": region}),
		}
		return r
	}
	byOrders := []string{ofOrders, `named by environment of aws:lambda/function:Function::api`, `${orders.arn} is arn of aws:dynamodb/table:Table::orders`}
	for _, c := range []struct {
		name string
		seen []*resource.Resource
		want []string
	}{
		{"the environment of a function names a table", []*resource.Resource{role, orders, users, policy(reads), declared(function, "api", namesIt)}, byOrders},
		{"by its ARN", []*resource.Resource{role, orders, policy(reads), declared(function, "api",
			`{"name":"api","role":"app","environment":{"variables":{"TABLE":"arn:aws:dynamodb:us-east-1:111122223333:table/orders-1a2b3c4"}}}`)}, byOrders},
		{"a table of another stack by its ARN", []*resource.Resource{role, orders, policy(reads), declared(function, "api",
			`{"name":"api","role":"app","environment":{"variables":{"TABLE":"arn:aws:dynamodb:us-east-1:111122223333:table/legacy"}}}`)},
			[]string{`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/legacy"}`,
				`named by environment of aws:lambda/function:Function::api`}},
		{"a secret", []*resource.Resource{role, orders, policy(reads), declared(function, "api",
			`{"name":"api","role":"app","environment":{"variables":{"TABLE":"secret:orders-1a2b3c4"}}}`)}, []string{unknownTo}},
		{"a function of another role", []*resource.Resource{role, orders, policy(reads), declared(function, "api", strings.Replace(namesIt, "role/app", "role/other", 1))},
			[]string{unknownTo}},
		{"one of a role that is not known", []*resource.Resource{role, orders, policy(reads), declared(function, "api", strings.Replace(namesIt, "arn:aws:iam::111122223333:role/app", "unknown", 1))},
			[]string{unknownTo, "not known role of aws:lambda/function:Function::api"}},
		{"what it was made of tells", []*resource.Resource{role, orders, policy(reads), declared(function, "api",
			`{"name":"api","role":"unknown","environment":{"variables":{"TABLE":"unknown"}}}`,
			"role", string(role.URN), "environment", string(orders.URN))}, byOrders},
		{"a table whose name is not known", []*resource.Resource{role, declared(facts.Table, "orders", `{"name":"unknown"}`), policy(reads), declared(function, "api",
			`{"name":"api","role":"app","environment":{"variables":{"TABLE":"unknown"}}}`, "environment", string(orders.URN))}, byOrders},
		{"a task", []*resource.Resource{role, orders, policy(reads), declared(facts.TaskDefinition, "api",
			`{"taskRoleArn":"app","containerDefinitions":"[{\"name\":\"api\",\"environment\":[{\"name\":\"TABLE\",\"value\":\"orders-1a2b3c4\"}]}]"}`)},
			[]string{ofOrders, `named by containerDefinitions of aws:ecs/taskDefinition:TaskDefinition::api`, byOrders[2]}},

		{"an event source names a stream", []*resource.Resource{role, orders, users, policy(whatever), declared(function, "api", `{"name":"api","role":"app"}`),
			declared(facts.EventSource, "changes", `{"functionName":"api","eventSourceArn":"arn:aws:dynamodb:us-east-1:111122223333:table/users/stream/2026-01-01T00:00:00.000"}`)},
			[]string{
				`{"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"],"Resource":"${users.arn}/stream/*"}`,
				`{"Effect":"Allow","Action":"dynamodb:ListStreams","Resource":"*"}`,
				`named by eventSourceArn of aws:lambda/eventSourceMapping:EventSourceMapping::changes`, `${users.arn} is arn of aws:dynamodb/table:Table::users`,
			}},
		{"of an alias, by what the stream was made of", []*resource.Resource{role, users, policy(`{"Effect":"Allow","Action":"dynamodb:GetRecords","Resource":"*"}`),
			declared(function, "api", `{"name":"api","role":"app"}`),
			declared(facts.EventSource, "changes", `{"functionName":"arn:aws:lambda:us-east-1:111122223333:function:api:live","eventSourceArn":"unknown"}`,
				"eventSourceArn", string(users.URN))},
			[]string{`{"Effect":"Allow","Action":"dynamodb:GetRecords","Resource":"${users.arn}/stream/*"}`,
				`named by eventSourceArn of aws:lambda/eventSourceMapping:EventSourceMapping::changes`, `${users.arn} is arn of aws:dynamodb/table:Table::users`}},
		{"an event source of another function", []*resource.Resource{role, users, policy(whatever), declared(function, "api", `{"name":"api","role":"app"}`),
			declared(facts.EventSource, "changes", `{"functionName":"apis","eventSourceArn":"arn:aws:dynamodb:us-east-1:111122223333:table/users/stream/2026-01-01T00:00:00.000"}`)},
			[]string{"missing the actions that it is to allow", unknownTo}},

		{"a statement beside it", []*resource.Resource{role, orders, policy(whatever + `,{"Effect":"Allow","Action":["dynamodb:GetItem"],"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders-1a2b3c4"}`)},
			[]string{ofOrders, "redundant", `named by policy.Statement[1] of aws:iam/rolePolicy:RolePolicy::app`, byOrders[2]}},
		{"another policy of the role", []*resource.Resource{role, orders, policy(whatever),
			declared(facts.ManagedPolicy, "read", strings.Replace(inline(`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:999999999999:table/items"}`),
				`"role":"app"`, `"name":"read"`, 1)),
			declared(facts.RoleAttachment, "read", `{"role":"app","policyArn":"arn:aws:iam::111122223333:policy/read"}`)},
			[]string{`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:999999999999:table/items"}`, "redundant",
				`named by policy.Statement[0] of aws:iam/policy:Policy::read`}},
		{"a policy of another role", []*resource.Resource{role, orders, policy(whatever),
			declared(facts.RolePolicy, "other", strings.Replace(inline(`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/items"}`),
				`"role":"app"`, `"role":"other"`, 1))},
			[]string{"missing the actions that it is to allow", unknownTo}},

		{"a copy, in the region of the function", []*resource.Resource{role,
			inRegion(declared(facts.Table, "orders", `{"name":"orders-1a2b3c4","replicas":[{"regionName":"eu-west-1"}]}`), "us-east-1"), policy(reads),
			inRegion(declared(function, "api", namesIt), "eu-west-1")},
			[]string{`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"${orders.replicas[0].arn}"}`, byOrders[1],
				`${orders.replicas[0].arn} is replicas[0].arn of aws:dynamodb/table:Table::orders`}},
		{"two tables of one name", []*resource.Resource{role, orders, declared(facts.Table, "again", `{"name":"orders-1a2b3c4"}`), policy(reads), declared(function, "api", namesIt)},
			[]string{unknownTo}},
		{"in two regions", []*resource.Resource{role, inRegion(declared(facts.Table, "orders", `{"name":"orders-1a2b3c4"}`), "us-east-1"),
			inRegion(declared(facts.Table, "again", `{"name":"orders-1a2b3c4"}`), "eu-west-1"), policy(reads), inRegion(declared(function, "api", namesIt), "us-east-1")}, byOrders},
		{"one logical name of two resources", []*resource.Resource{role, orders, declared(facts.NativeTable, "orders", `{"tableName":"users"}`), policy(reads), declared(function, "api", namesIt)},
			[]string{`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"${urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders.arn}"}`, byOrders[1],
				`${urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders.arn} is arn of aws:dynamodb/table:Table::orders`}},
		{"no more than the region of the statement", []*resource.Resource{role, orders,
			policy(`{"Effect":"Allow","Action":"dynamodb:Query","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/*"}`), declared(function, "api", namesIt)},
			[]string{`{"Effect":"Allow","Action":"dynamodb:Query","Resource":["arn:aws:dynamodb:us-east-1:111122223333:table/${orders.name}",` +
				`"arn:aws:dynamodb:us-east-1:111122223333:table/${orders.name}/index/*"]}`, byOrders[1],
				`${orders.name} is name of aws:dynamodb/table:Table::orders`}},
		{"a secret document", []*resource.Resource{role, orders, declared(facts.RolePolicy, "app", strings.Replace(inline(reads), `"policy":"`, `"policy":"secret:`, 1)),
			declared(function, "api", namesIt)}, nil},
		{"a statement that can stay", []*resource.Resource{role, orders,
			policy(`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/items"}`), declared(function, "api", namesIt)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen facts.Stack
			for _, r := range c.seen {
				f := seen.Facts(r)
				f.Documents(iam.Identity)
				seen.See(f, resource.Value{})
				seen.Sketch(r, r.PropertyDependencies != nil)
			}
			got := describe(propose(&seen))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func describe(p *facts.Proposal) []string {
	if p == nil {
		return nil
	}
	at := func(p facts.Place) string {
		return fmt.Sprintf("%s of %s", p.Path, strings.TrimPrefix(string(p.URN), "urn:pulumi:dev::shop::"))
	}
	lines := p.Statements
	if p.Redundant {
		lines = append(lines, "redundant")
	}
	for _, s := range p.Missing {
		lines = append(lines, "missing "+s)
	}
	for _, s := range p.Named {
		lines = append(lines, "for "+s)
	}
	for _, rests := range p.Rests {
		lines = append(lines, "named by "+at(rests))
	}
	for _, o := range p.Outputs {
		lines = append(lines, o.Reference+" is "+at(o.Place))
	}
	for _, awaited := range p.Awaited {
		lines = append(lines, "not known "+at(awaited))
	}
	return lines
}

// TestProposerNative: what aws-native declares says the same.
func TestProposerNative(t *testing.T) {
	var seen facts.Stack
	for _, r := range []*resource.Resource{
		declared(facts.NativeTable, "orders", `{"tableName":"orders"}`),
		declared(facts.NativeGlobal, "users", `{"tableName":"users","replicas":[{"region":"us-east-1"},{"region":"eu-west-1"}]}`),
		declared(facts.NativeRole, "app", `{"roleName":"app","policies":[{"policyName":"all","policyDocument":{"Version":"2012-10-17",
			"Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:GetRecords"],"Resource":"*"}]}}]}`),
		declared("aws-native:lambda:Function", "api", `{"functionName":"api","role":"arn:aws:iam::111122223333:role/app","environment":{"variables":{"TABLE":"orders"}}}`),
		declared(facts.NativeEventSource, "changes", `{"functionName":"api","eventSourceArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/users/stream/2026-01-01T00:00:00.000"}`),
	} {
		f := seen.Facts(r)
		f.Documents(iam.Identity)
		seen.See(f, resource.Value{})
		seen.Sketch(r, false)
	}
	around := place.Around{Region: resource.StringValue("us-east-1")}
	got := describe(seen.Proposer(func(resource.URN) place.Around { return around }, time.Time{}).Propose(
		facts.Place{URN: urn(facts.NativeRole, "app"), Path: "policies[0].policyDocument.Statement[0].Resource"}))
	want := []string{
		`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:GetRecords"],"Resource":["${orders.arn}","arn:aws:dynamodb:eu-west-1:*:table/${users.tableName}/stream/*"]}`,
		"named by environment of aws-native:lambda:Function::api",
		"named by eventSourceArn of aws-native:lambda:EventSourceMapping::changes",
		"${orders.arn} is arn of aws-native:dynamodb:Table::orders",
		"${users.tableName} is tableName of aws-native:dynamodb:GlobalTable::users",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestProposerSecrets: what was a secret as an input names nothing at the end of the stack either, where it is not marked as one.
func TestProposerSecrets(t *testing.T) {
	const statement = `{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}`
	beside := inline(`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/items"}`)
	function := `{"name":"api","role":"app","environment":{"variables":{"TABLE":"secret:orders"}}}`
	hidden := strings.Replace(beside, `"policy":"`, `"policy":"secret:`, 1)
	var seen facts.Stack
	see := func(r *resource.Resource, atEnd bool) {
		f := seen.Facts(r)
		f.Documents(iam.Identity)
		seen.Sketch(r, atEnd)
	}
	see(declared(facts.Role, "app", `{"name":"app"}`), false)
	see(declared(facts.Table, "orders", `{"name":"orders"}`), false)
	see(declared(facts.RolePolicy, "app", inline(statement)), false)
	see(declared(facts.RolePolicy, "hidden", hidden), false)
	see(declared(facts.Function, "api", function), false)
	see(declared(facts.RolePolicy, "hidden", beside), true)
	see(declared(facts.Function, "api", strings.Replace(function, "secret:", "", 1)), true)
	got := describe(propose(&seen))
	if diff := cmp.Diff([]string{"missing the actions that it is to allow", "missing the tables that it is about"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestProposerFull: of a stack with more than is kept nothing is said, for what is not kept might name others.
func TestProposerFull(t *testing.T) {
	var seen facts.Stack
	policy := declared(facts.RolePolicy, "app", inline(`{"Effect":"Allow","Action":"dynamodb:Query","Resource":"*"}`))
	f := seen.Facts(policy)
	f.Documents(iam.Identity)
	seen.Sketch(policy, false)
	for i := range 6000 {
		if i == 10 && propose(&seen) == nil {
			t.Error("nothing is said of a small stack")
		}
		seen.Sketch(declared(facts.Table, fmt.Sprint("orders-", i), `{"name":"orders"}`), false)
	}
	if p := propose(&seen); p != nil {
		t.Errorf("of a large one: %q", describe(p))
	}
}

// propose asks about the first statement of the inline policy of the role app.
func propose(seen *facts.Stack) *facts.Proposal {
	return seen.Proposer(func(resource.URN) place.Around { return place.Around{} }, time.Time{}).Propose(
		facts.Place{URN: urn(facts.RolePolicy, "app"), Path: "policy.Statement[0].Action"})
}
