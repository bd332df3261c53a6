package facts_test

import (
	"fmt"
	"math"
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// TestSharedProperties: what is remembered of tables is kept once, and stays what it was: a value that JSON has no word for, and
// a secret, are no others.
func TestSharedProperties(t *testing.T) {
	var seen facts.Stack
	values := []resource.Value{
		val(map[string]resource.Value{"enabled": resource.BoolValue(true)}), resource.NullValue(), resource.AssetValue(),
		resource.UnknownValue(), resource.BoolValue(true).AsSecret(), val("on"), resource.NumberValue(math.NaN()),
	}
	for again := range 2 {
		for i, v := range values {
			name := fmt.Sprint(again, i)
			seen.See(facts.New(res(facts.Table, name, "name", name, "serverSideEncryption", v)), resource.Value{})
			got := seen.Table(tables.Identity{Name: name}).Properties.Get("serverSideEncryption")
			if got.Kind() != v.Kind() || got.Secret() != v.Secret() || fmt.Sprint(got) != fmt.Sprint(v) {
				t.Errorf("%v is remembered as %v", v, got)
			}
		}
	}
}

// TestSeenAgain: a table that is seen again takes the place of what was remembered of it, under another name as well.
func TestSeenAgain(t *testing.T) {
	var seen facts.Stack
	see := func(logical, name string, properties ...any) {
		r := res(facts.Table, logical, append(properties, "name", name, "region", "us-east-1")...)
		seen.See(facts.New(r), resource.Value{})
	}
	find := func(name string) string {
		r := seen.Table(tables.Identity{Name: name, Region: tables.Part{Known: "us-east-1"}})
		if r == nil {
			return "none"
		}
		text, _ := r.Properties.Get("serverSideEncryption").Text()
		return r.URN.Name() + ": " + text
	}
	see("orders", "orders", "serverSideEncryption", "before")
	see("orders", "orders", "serverSideEncryption", "after")
	if find("orders") != "orders: after" {
		t.Error("seen twice, a table counts as two, or as what it was")
	}
	see("orders", "invoices")
	if find("orders") != "none" || find("invoices") != "orders: " {
		t.Error("a table is still found by the name it had")
	}
	see("others", "invoices")
	if find("invoices") != "none" {
		t.Error("of two tables of one name, one is taken for it")
	}

	checked := func(defaults ...string) *resource.Resource {
		return res(facts.Table, "orders", "__defaults", defaults)
	}
	for _, c := range []struct {
		r    *resource.Resource
		want bool
	}{{checked("name"), true}, {checked("billingMode"), false}, {checked("billingMode", "name"), true}} {
		seen.SeeChecked(c.r)
		if byPulumi, known := seen.NamedByPulumi(c.r.URN); byPulumi != c.want || !known {
			t.Errorf("%v: %v, %v", c.r.Properties, byPulumi, known)
		}
	}
	if _, known := seen.NamedByPulumi("urn:pulumi:dev::shop::x::y"); known {
		t.Error("who named a table that was not seen is known")
	}
}

// TestStackTable: of two tables of one name, a replica is of the one in the account of its ARN, else of the one of its
// provider; where neither tells, of none.
func TestStackTable(t *testing.T) {
	provider := func(name, inputs string) *resource.Provider {
		v, ok := resource.DecodeJSON(inputs)
		if !ok {
			t.Fatal(inputs)
		}
		return &resource.Provider{URN: resource.URN("urn:pulumi:dev::shop::pulumi:providers:aws::" + name), Properties: v}
	}
	declared := func(typ, name, property, value string, p *resource.Provider) *resource.Resource {
		return &resource.Resource{
			URN: resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name), Type: typ, Name: name, Provider: p,
			Properties: resource.ObjectValue(map[string]resource.Value{property: resource.StringValue(value)}),
		}
	}
	one := provider("one", `{"region":"us-east-1","profile":"one"}`)
	two := provider("two", `{"region":"us-east-1","profile":"two"}`)
	three := provider("three", `{"region":"us-east-1","allowedAccountIds":["111122223333"]}`)
	const ofNone, ofThree, ofStandIn = "arn:aws:dynamodb:us-east-1::table/orders", "arn:aws:dynamodb:us-east-1:111122223333:table/orders",
		"arn:aws:dynamodb:us-east-1:000000000000:table/orders"
	for name, c := range map[string]struct {
		tables   []*resource.Provider
		arn      string
		provider *resource.Provider
		want     string // the provider of the table
	}{
		"the account of its ARN":            {[]*resource.Provider{one, three}, ofThree, two, "three"},
		"a stand-in's":                      {[]*resource.Provider{one, three}, ofStandIn, one, "one"},
		"a stand-in's, of another provider": {[]*resource.Provider{three}, ofStandIn, two, "three"},
		"the same provider":                 {[]*resource.Provider{one, two}, ofNone, two, "two"},
		"neither":                           {[]*resource.Provider{one, two}, ofThree, nil, ""},
		"the only one, perhaps":             {[]*resource.Provider{one}, ofThree, two, "one"},
		"two of the same account":           {[]*resource.Provider{one, one}, ofNone, one, ""},
	} {
		var stack facts.Stack
		for i, p := range c.tables {
			stack.See(facts.New(declared(facts.Table, string(rune('a'+i)), "name", "orders", p)), resource.Value{})
		}
		var log resource.Log
		identity, ok := facts.New(declared(facts.TableReplica, "replica", "globalTableArn", c.arn, c.provider)).ReplicatedTable(&log)
		if !ok {
			t.Errorf("%s: %s is no table", name, c.arn)
		}
		got := ""
		if r := stack.Table(identity); r != nil {
			got = c.tables[r.Name[0]-'a'].URN.Name()
		}
		if got != c.want {
			t.Errorf("%s: the table of provider %q, not of %q", name, got, c.want)
		}
	}
}

// TestReplicated: a table is known to have replicas by its own declaration, and by that of a TableReplica.
func TestReplicated(t *testing.T) {
	var stack facts.Stack
	see := func(r *resource.Resource) { stack.See(facts.New(r), resource.StringValue("us-east-1")) }
	// The replica first: nothing was seen before it.
	see(res(facts.TableReplica, "carts-in-ireland",
		"globalTableArn", "arn:aws:dynamodb:us-east-1:111122223333:table/carts", "region", "eu-west-1"))
	see(res(facts.Table, "users", "name", "users"))
	see(res(facts.Table, "orders", "name", "orders", "replicas",
		[]resource.Value{val(map[string]resource.Value{"regionName": val("eu-west-1")})}))
	for arn, want := range map[string]bool{
		"arn:aws:dynamodb:us-east-1:111122223333:table/carts":  true,
		"arn:aws:dynamodb:eu-west-1:111122223333:table/carts":  true,
		"arn:aws:dynamodb:eu-west-2:111122223333:table/carts":  false,
		"arn:aws:dynamodb:us-east-1:444455556666:table/carts":  false,
		"arn:aws:dynamodb:us-east-1:111122223333:table/orders": true,
		"arn:aws:dynamodb:eu-west-1:111122223333:table/orders": true,
		"arn:aws:dynamodb:us-east-1:111122223333:table/users":  false,
	} {
		identity := facts.New(res(facts.TablePolicy, "policy", "resourceArn", arn)).PolicyTable(place.Around{}, new(resource.Log))
		if got := stack.Replicated(identity); got != want {
			t.Errorf("%s: %v, want %v", arn, got, want)
		}
	}
}

func TestPolicyTable(t *testing.T) {
	for _, c := range []struct{ arn, account, region, name string }{
		{"arn:aws:dynamodb:us-east-1:111122223333:table/orders", "111122223333", "us-east-1", "orders"},
		{"arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000", "111122223333", "us-east-1", "orders"},
		{"arn:aws:dynamodb:us-east-1:000000000000:table/orders", "999999999999", "us-east-1", "orders"}, // a stand-in's
		{"orders", "999999999999", "", ""},
	} {
		policy := facts.New(res(facts.TablePolicy, "policy", "resourceArn", c.arn))
		got := policy.PolicyTable(place.Around{Configured: "999999999999"}, new(resource.Log))
		if got.Account.Known != c.account || got.Region.Known != c.region || got.Name != c.name {
			t.Errorf("%s: %+v", c.arn, got)
		}
	}
}
