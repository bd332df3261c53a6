package facts_test

import (
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

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
			got = r.Provider.URN.Name()
		}
		if got != c.want {
			t.Errorf("%s: the table of provider %q, not of %q", name, got, c.want)
		}
	}
}
