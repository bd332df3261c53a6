package facts_test

import (
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// TestSeenAgain: a table that is seen again takes the place of what was remembered of it, under another name as well.
func TestSeenAgain(t *testing.T) {
	var seen facts.Stack
	see := func(logical, name string) *resource.Resource {
		r := res(facts.Table, logical, "name", name, "region", "us-east-1")
		seen.See(facts.New(r), resource.Value{})
		return r
	}
	find := func(name string) *resource.Resource {
		return seen.Table(tables.Identity{Name: name, Region: tables.Part{Known: "us-east-1"}})
	}
	see("orders", "orders")
	again := see("orders", "orders")
	if find("orders") != again {
		t.Error("seen twice, a table counts as two, or as what it was")
	}
	renamed := see("orders", "invoices")
	if find("orders") != nil || find("invoices") != renamed {
		t.Error("a table is still found by the name it had")
	}
	see("others", "invoices")
	if find("invoices") != nil {
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
