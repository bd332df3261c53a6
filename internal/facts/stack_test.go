package facts_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// keyed is a table's block on encryption with a key.
func keyed(key any) map[string]resource.Value {
	return map[string]resource.Value{"kmsKeyArn": val(key)}
}

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
			seen.See(facts.New(res(facts.Table, name, "name", name, "serverSideEncryption", keyed(v))), resource.Value{})
			table, ok := seen.Table(tables.Identity{Name: name})
			if !ok {
				t.Fatalf("%s is not remembered", name)
			}
			got := table.Get(facts.EncryptionKey).Value
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
		table, ok := seen.Table(tables.Identity{Name: name, Region: tables.Part{Known: "us-east-1"}})
		if !ok {
			return "none"
		}
		text, _ := table.Get(facts.EncryptionKey).Text()
		return text
	}
	see("orders", "orders", "serverSideEncryption", keyed("before"))
	see("orders", "orders", "serverSideEncryption", keyed("after"))
	if find("orders") != "after" {
		t.Error("seen twice, a table counts as two, or as what it was")
	}
	see("orders", "invoices", "serverSideEncryption", keyed("moved"))
	if find("orders") != "none" || find("invoices") != "moved" {
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
	declared := func(p *resource.Provider, typ, name string, pairs ...any) *facts.Facts {
		r := res(typ, name, pairs...)
		r.Provider = p
		return facts.New(r)
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
			key := string(rune('a' + i))
			stack.See(declared(p, facts.Table, key, "name", "orders", "serverSideEncryption", keyed(key)), resource.Value{})
		}
		var log resource.Log
		identity, ok := declared(c.provider, facts.TableReplica, "replica", "globalTableArn", c.arn).ReplicatedTable(&log)
		if !ok {
			t.Errorf("%s: %s is no table", name, c.arn)
		}
		got := ""
		if table, ok := stack.Table(identity); ok {
			key, _ := table.Get(facts.EncryptionKey).Text()
			got = c.tables[key[0]-'a'].URN.Name()
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
		identity := governed(t, res(facts.TablePolicy, "policy", "resourceArn", arn, "policy", "{}"), place.Around{})[0]
		if got := stack.Replicated(identity); got != want {
			t.Errorf("%s: %v, want %v", arn, got, want)
		}
	}
}

// governed are the tables that the documents of a resource are the policies of.
func governed(t *testing.T, r *resource.Resource, around place.Around) (list []tables.Identity) {
	t.Helper()
	f := facts.New(r)
	for _, d := range f.Documents(iam.Resource) {
		list = append(list, f.GovernedTable(d, around, new(resource.Log)))
	}
	if len(list) == 0 {
		t.Fatalf("%s has no document", r.URN)
	}
	return list
}

func TestGovernedTable(t *testing.T) {
	policy := func(arn string) *resource.Resource {
		return res(facts.TablePolicy, "policy", "resourceArn", arn, "policy", "{}")
	}
	embedded := object("policyDocument", object("Statement", []resource.Value{}))
	for _, c := range []struct {
		of   *resource.Resource
		want []string // account, region and name of each
	}{
		{policy("arn:aws:dynamodb:us-east-1:111122223333:table/orders"), []string{"111122223333 us-east-1 orders"}},
		{policy("arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000"), []string{"111122223333 us-east-1 orders"}},
		{policy("arn:aws:dynamodb:us-east-1:000000000000:table/orders"), []string{"999999999999 us-east-1 orders"}}, // a stand-in's
		{policy("orders"), []string{"999999999999  "}},
		{res(facts.NativeTable, "orders", "tableName", "orders", "resourcePolicy", embedded, "streamSpecification",
			object("resourcePolicy", embedded)), []string{"999999999999  orders", "999999999999  orders"}},
		{res(facts.NativeTable, "orders", "resourcePolicy", embedded), []string{"999999999999  "}},
		{res(facts.NativeGlobal, "orders", "tableName", "orders", "replicas", []resource.Value{
			object("region", "us-east-1"), object("region", "eu-west-1", "resourcePolicy", embedded),
		}), []string{"999999999999 eu-west-1 orders"}},
	} {
		var got []string
		for _, table := range governed(t, c.of, place.Around{Configured: "999999999999"}) {
			got = append(got, fmt.Sprintf("%s %s %s", table.Account.Known, table.Region.Known, table.Name))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.of.Properties, got, c.want)
		}
	}
}
