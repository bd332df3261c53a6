package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

type keyConfig struct {
	Minimum string   `json:"minimumKey" oneof:"aws-managed customer" doc:"The least key."`
	Days    int      `json:"days" min:"1" max:"35" doc:"Days."`
	On      bool     `json:"on" doc:"On."`
	Keys    []string `json:"keys" doc:"Keys."`
}

var (
	tableKey = &policy.Policy{Name: "table-key", Level: policy.Mandatory, Config: keyConfig{Minimum: "aws-managed", Days: 7}}
	plain    = &policy.Policy{Name: "table-plain", Level: policy.Advisory}
	pack     = &policy.Policy{Name: policy.PackPolicy, Level: policy.Advisory, Config: policy.PackSettings{}}
	all      = []*policy.Policy{tableKey, plain, pack}
)

// obj, list and str write configuration as the engine hands it over.
func obj(pairs ...any) resource.Value {
	m := map[string]resource.Value{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = val(pairs[i+1])
	}
	return resource.ObjectValue(m)
}

func list(values ...any) resource.Value {
	l := make([]resource.Value, len(values))
	for i, v := range values {
		l[i] = val(v)
	}
	return resource.ArrayValue(l)
}

func val(v any) resource.Value {
	switch v := v.(type) {
	case resource.Value:
		return v
	case string:
		return resource.StringValue(v)
	case bool:
		return resource.BoolValue(v)
	case int:
		return resource.NumberValue(float64(v))
	case float64:
		return resource.NumberValue(v)
	default:
		return resource.NullValue()
	}
}

func TestConfigureRefuses(t *testing.T) {
	exemption := func(pairs ...any) resource.Value { return obj("exemptions", list(obj(pairs...))) }
	for _, c := range []struct {
		name  string
		props resource.Value
		want  string // lines after the heading, or "" where it is accepted
	}{
		{"table-key", obj("minimumKey", "customer", "days", 35, "on", true, "keys", list("a")), ""},
		{"table-key", resource.Value{}, ""},
		{"table-key", obj("minimumKey", nil), "table-key.minimumKey is null"},
		{"table-key", obj("minimumKey", "custmer"), `table-key.minimumKey "custmer" is not one of aws-managed, customer; did you mean "customer"?`},
		{"table-key", obj("minimumKey", "kms"), `table-key.minimumKey "kms" is not one of aws-managed, customer`},
		{"table-key", obj("minimumKey", val("hush").AsSecret()), `table-key.minimumKey [secret] is not one of aws-managed, customer`},
		{"table-key", obj("minimumKey", true), "table-key.minimumKey is a boolean, not a string"},
		{"table-key", obj("minimumkey", "customer"), `table-key.minimumkey is not a property; did you mean "minimumKey"?`},
		{"table-key", obj("somethingElse", 1), "table-key.somethingElse is not a property; there are: days, exemptions, keys, minimumKey, on, outOfScope, unknown"},
		{"table-key", obj("days", 0), "table-key.days 0 is not a whole number from 1 to 35"},
		{"table-key", obj("days", 36), "table-key.days 36 is not a whole number from 1 to 35"},
		{"table-key", obj("days", 1.5), "table-key.days 1.5 is not a whole number from 1 to 35"},
		{"table-key", obj("days", 1e300), "table-key.days 1e+300 is not a whole number from 1 to 35"},
		{"table-key", obj("days", "seven"), "table-key.days is a string, not a number"},
		{"table-key", obj("keys", "a"), "table-key.keys is a string, not a list"},
		{"table-key", obj("keys", list("a", 2, nil)), "table-key.keys[1] is a number, not a string\n  table-key.keys[2] is null"},
		{"table-key", obj("unknown", "mandatroy"), `table-key.unknown "mandatroy" is not one of ignore, advisory, mandatory; did you mean "mandatory"?`},
		{"table-plain", obj("minimumKey", "customer"), "table-plain.minimumKey is not a property; there are: exemptions, outOfScope, unknown"},
		{"dynamoguard", obj("boundaries", list("b-*"), "unknown", "ignore"), ""},
		{"dynamoguard", obj("boundary", list()), `dynamoguard.boundary is not a property; did you mean "boundaries"?`},

		{"table-key", exemption("resource", "*", "reason", "r", "owner", "o", "expires", "2027-01-31", "ticket", "t"), ""},
		{"table-key", exemption("resource", "*", "reason", "r", "owner", "o", "expires", "2027-01-31T00:00:00+01:00"), ""},
		{"table-key", exemption("resource", "*"),
			"table-key.exemptions[0].reason is required\n  table-key.exemptions[0].owner is required\n  table-key.exemptions[0].expires is required"},
		{"table-key", exemption("resource", " ", "reason", "r", "owner", "", "expires", "2027-01-31"),
			"table-key.exemptions[0].resource is blank\n  table-key.exemptions[0].owner is required"},
		{"table-key", exemption("tag", "purpose=cache", "reason", "r", "owner", "o", "expires", "2027-01-31"), ""},
		{"table-key", exemption("tag", "=cache", "reason", "r", "owner", "o", "expires", "2027-01-31"),
			`table-key.exemptions[0].tag "=cache" is neither the key of a tag nor key=value, with * and ? as wildcards`},
		{"table-key", exemption("reason", "r", "owner", "o", "expires", "2027-01-31"),
			"table-key.exemptions[0].resource or tag is required, one of the two"},
		{"table-key", exemption("resource", "*", "tag", "a", "reason", "r", "owner", "o", "expires", "2027-01-31"),
			"table-key.exemptions[0].resource or tag is required, one of the two"},
		{"table-key", obj("outOfScope", list(obj("tag", "purpose", "reason", "r"))), ""},
		{"table-key", obj("outOfScope", list(obj("reason", "r"))), "table-key.outOfScope[0].resource or tag is required, one of the two"},
		{"table-key", obj("outOfScope", list(obj("resource", "*"))), "table-key.outOfScope[0].reason is required"},
		{"table-key", obj("outOfScope", list(obj("resource", "*", "reason", "r", "expires", "2027-01-31"))),
			"table-key.outOfScope[0].expires is not a property; there are: reason, resource, tag"},
		{"table-key", exemption("resource", "*", "reason", "r", "owner", "o", "expires", "soon"),
			`table-key.exemptions[0].expires "soon" is not a date such as 2027-01-31`},
		{"table-key", exemption("resource", "*", "reason", "r", "owner", "o", "expires", "2027-02-30"),
			`table-key.exemptions[0].expires "2027-02-30" is not a date such as 2027-01-31`},
		{"table-key", exemption("resource", "*", "reason", "r", "owner", "o", "expires", "2027-01-31", "expiry", "2027-01-31"),
			`table-key.exemptions[0].expiry is not a property; did you mean "expires"?`},
		{"table-key", obj("exemptions", list("legacy")), "table-key.exemptions[0] is a string, not an object"},

		{"tabel-key", obj("days", 7), `tabel-key is not a policy of this pack; did you mean "table-key"?`},
		{"dynamoguard:tabel-key", obj("days", 7), ""}, // may be of a newer version
		{"dynamoguard:table-key", obj("day", 7), `table-key.day is not a property; did you mean "days"?`},
		{"table-key", obj("days", 0, "on\nx", 1), "table-key.days 0 is not a whole number from 1 to 35\n  table-key.on\\u000ax is not a property; did you mean \"on\"?"},
		{"s3-bucket-logging", obj("anything", true), ""},
		{"s3", resource.Value{}, ""},
		{"", resource.Value{}, ""},
		{"All", resource.Value{}, `All is not a policy of this pack; did you mean "all"?`},
		{"ALL", resource.Value{}, `ALL is not a policy of this pack; did you mean "all"?`},
		{"TABLE-KEY", resource.Value{}, `TABLE-KEY is not a policy of this pack; did you mean "table-key"?`},
		{"tabel-key\nerror: x", resource.Value{}, ""},
		{"tabel-key\n", resource.Value{}, `tabel-key\u000a is not a policy of this pack; did you mean "table-key"?`},
		{"dynamoguard:all", resource.Value{}, ""}, // to the engine it is no level of anything
		{"table-key", obj("o", 1), "table-key.o is not a property; there are: days, exemptions, keys, minimumKey, on, outOfScope, unknown"},
		{"table-key", obj("", 1), `table-key."" is not a property; there are: days, exemptions, keys, minimumKey, on, outOfScope, unknown`},
		{"table-key", obj("MINIMUMKEY", "customer"), `table-key.MINIMUMKEY is not a property; did you mean "minimumKey"?`},
		{"table-key", obj(strings.Repeat("k", 1<<20), 1), "table-key." + strings.Repeat("k", 100) +
			"... is not a property; there are: days, exemptions, keys, minimumKey, on, outOfScope, unknown"},
		{"table-key", obj("minimumKey", ""), `table-key.minimumKey "" is not one of aws-managed, customer`},
		{"table-key", obj("minimumKey", "k"), `table-key.minimumKey "k" is not one of aws-managed, customer`},
		{"table-key", obj("keys", list("a", "b", "a")), "table-key.keys[2] is the same as table-key.keys[0]"},
		{"table-key", obj("keys", list("a", " ")), `table-key.keys[1] is blank`},
		{"all", resource.Value{}, ""},
		{"all", obj(), ""},
		{"all", obj("days", 7), `all.days is not allowed: "all" carries a level only`},
	} {
		_, err := policy.Configure(all, map[string]policy.Given{c.name: {Level: policy.Advisory, Properties: c.props}})
		want := c.want
		if want != "" {
			want = "dynamoguard cannot use its configuration:\n  " + want
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s %v\n got %s\nwant %s", c.name, c.props, got, want)
		}
	}
}

// TestConfigureEnds tells no more mistakes than anybody reads.
func TestConfigureEnds(t *testing.T) {
	wrong := make([]any, 1000)
	for i := range wrong {
		wrong[i] = i
	}
	_, err := policy.Configure(all, map[string]policy.Given{"table-key": {Properties: obj("keys", list(wrong...))}})
	lines := strings.Split(err.Error(), "\n")
	if got := lines[len(lines)-1]; len(lines) != 52 || got != "  and 950 more mistakes" {
		t.Errorf("%d lines, the last of them %q", len(lines), got)
	}
}

// TestTwoSpellings gives a policy by its plain name and by its prefixed one. What the engine makes up under the plain name does
// not count for one.
func TestTwoSpellings(t *testing.T) {
	prefixed := policy.Given{Level: policy.Disabled, Properties: obj("days", 3)}
	for _, c := range []struct {
		name      string
		plain     policy.Given
		all       string
		want      policy.PolicySettings
		overruled string
	}{
		{"of the engine", policy.Given{Level: policy.Mandatory, Properties: obj("minimumKey", "aws-managed", "days", 7)}, "",
			policy.PolicySettings{Level: policy.Disabled, Properties: keyConfig{Minimum: "aws-managed", Days: 3}}, ""},
		{"of the engine, by all", policy.Given{Level: policy.Advisory, Properties: obj("minimumKey", "aws-managed", "days", 7)}, "all",
			policy.PolicySettings{Level: policy.Disabled, Properties: keyConfig{Minimum: "aws-managed", Days: 3}}, ""},
		{"a level", policy.Given{Level: policy.Advisory}, "",
			policy.PolicySettings{Level: policy.Advisory, Properties: keyConfig{Minimum: "aws-managed", Days: 7}}, "dynamoguard:table-key"},
		{"a property", policy.Given{Level: policy.Mandatory, Properties: obj("days", 9)}, "",
			policy.PolicySettings{Level: policy.Mandatory, Properties: keyConfig{Minimum: "aws-managed", Days: 9}}, "dynamoguard:table-key"},
		{"a shared property", policy.Given{Level: policy.Mandatory, Properties: obj("unknown", "ignore")}, "",
			policy.PolicySettings{Level: policy.Mandatory, Properties: keyConfig{Minimum: "aws-managed", Days: 7}, Unknown: "ignore"},
			"dynamoguard:table-key"},
	} {
		given := map[string]policy.Given{"dynamoguard:table-key": prefixed, "table-key": c.plain}
		if c.all != "" {
			given[c.all] = policy.Given{Level: policy.Advisory}
		}
		got, err := policy.Configure(all, given)
		if err != nil {
			t.Fatal(err)
		}
		if c.want.Unknown == "" {
			c.want.Unknown = policy.UnknownAdvisory
		}
		if diff := cmp.Diff(c.want, got.Of(tableKey)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if overruled := strings.Join(got.Overruled, " "); overruled != c.overruled {
			t.Errorf("%s: %q is overruled, not %q", c.name, overruled, c.overruled)
		}
	}
}

// TestHash gives configurations that are the same one hash, and those that differ in anything that counts another.
func TestHash(t *testing.T) {
	packOf := func(pairs ...any) map[string]policy.Given {
		return map[string]policy.Given{policy.PackPolicy: {Level: policy.Advisory, Properties: obj(pairs...)}}
	}
	levels := func(level policy.Level, properties resource.Value) map[string]policy.Given {
		return map[string]policy.Given{"table-key": {Level: level, Properties: properties}}
	}
	source := func(source string) map[string]policy.Given { return packOf("index", obj("source", source)) }
	headers := func(pairs ...any) map[string]policy.Given {
		return packOf("index", obj("source", "https://example.com/i", "headerFromEnv", obj(pairs...)))
	}
	account := func(stacks, account string) resource.Value { return obj("stacks", stacks, "account", account) }
	shop, bank := account("shop/*", "111122223333"), account("bank/*", "444455556666")
	x := obj("resource", "a", "reason", "r", "owner", "o", "expires", "2027-01-31")
	classes := [][]map[string]policy.Given{
		{nil, {}, levels(policy.Mandatory, resource.Value{}), levels(policy.Mandatory, obj("minimumKey", "aws-managed", "days", 7)),
			packOf("boundaries", list()), packOf("exemptions", list()), packOf("unknown", "advisory"), {"zebra": {}}},
		{levels(policy.Disabled, resource.Value{})},
		{levels(policy.Mandatory, obj("days", 8))},
		{levels(policy.Mandatory, obj("keys", list("a", "b"))), levels(policy.Mandatory, obj("keys", list("b", "a")))},
		{levels(policy.Mandatory, obj("unknown", "ignore"))},
		{packOf("exemptions", list(x))},
		{levels(policy.Mandatory, obj("exemptions", list(x)))},
		{packOf("boundaries", list("a", "b")), packOf("boundaries", list("b", "a"))},
		{packOf("accounts", list(shop, bank))},
		{packOf("accounts", list(bank, shop))}, // the first match counts
		{source("none")},
		{source("https://example.com/i"), source("https://example.com/i?X-Amz-Signature=1"), source("https://u:hush@example.com/i?2")},
		{source("https://example.com/j")},
		{source("/i")},
		{headers("A", "ONE", "B", "TWO"), headers("B", "TWO", "A", "ONE")},
		{headers("A", "TWO", "B", "ONE")},
	}
	seen := map[string]int{}
	for i, class := range classes {
		for _, given := range class {
			c, err := policy.Configure(all, given)
			if err != nil {
				t.Fatal(err)
			}
			hash := c.Hash()
			if j, ok := seen[hash]; ok && j != i || len(hash) != 12 {
				t.Errorf("%v has the hash %s, which is that of class %d", given, hash, j)
			}
			seen[hash] = i
		}
	}
	if len(seen) != len(classes) {
		t.Errorf("%d hashes for %d configurations", len(seen), len(classes))
	}
}

func TestConfigureResolves(t *testing.T) {
	x := func(resource string) resource.Value {
		return obj("resource", resource, "reason", "r", "owner", "o", "expires", "2027-01-31")
	}
	c, err := policy.Configure(all, map[string]policy.Given{
		"dynamoguard:table-key": {Level: policy.Disabled, Properties: obj("days", 3, "exemptions", list(x("own")))},
		"dynamoguard":           {Level: policy.Advisory, Properties: obj("exemptions", list(x("pack")), "unknown", "ignore")},
		"zebra":                 {},
		"aardvark":              {},
		"all":                   {Level: policy.Mandatory},
	})
	if err != nil {
		t.Fatal(err)
	}
	exemption := func(resource string) []policy.Exemption {
		return []policy.Exemption{{Resource: resource, Reason: "r", Owner: "o", Expires: "2027-01-31"}}
	}
	for p, want := range map[*policy.Policy]policy.PolicySettings{
		tableKey: {
			Level: policy.Disabled, Properties: keyConfig{Minimum: "aws-managed", Days: 3},
			Exemptions: exemption("own"), Unknown: policy.UnknownIgnore,
		},
		plain: {
			Level: policy.Advisory, Properties: struct{}{}, // the engine resolves "all", so it changes nothing here
			Exemptions: exemption("pack"), Unknown: policy.UnknownIgnore,
		},
	} {
		if diff := cmp.Diff(want, c.Of(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.Name, diff)
		}
	}
	if got := strings.Join(c.UnknownPolicies, " "); got != "aardvark zebra" {
		t.Errorf("unknown policies: %s", got)
	}
}

func TestExemption(t *testing.T) {
	at := func(s string) time.Time {
		instant, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	for _, c := range []struct {
		expires, now string
		want         bool
	}{
		{"2026-11-22", "2026-11-22T23:59:59Z", false},
		{"2026-11-22", "2026-11-23T00:00:00Z", true},
		{"2026-11-22", "2026-11-23T00:30:00+01:00", false}, // a day is one in UTC
		{"2026-11-22T12:00:00Z", "2026-11-22T11:59:59Z", false},
		{"2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z", true},
		{"never", "2026-11-22T12:00:00Z", true},
	} {
		if got := (policy.Exemption{Expires: c.expires}).Expired(at(c.now)); got != c.want {
			t.Errorf("expires %s: expired at %s is %v", c.expires, c.now, got)
		}
	}
	const urn = resource.URN("urn:pulumi:dev::shop::my:Component$aws:dynamodb/table:Table::orders")
	for pattern, want := range map[string]bool{
		"orders": true, "ord*": true, "order?": true, "*": true, string(urn): true,
		"urn:pulumi:dev::shop::*::orders": true, "urn:pulumi:*::aws:dynamodb/table:Table::orders": false,
		"Orders": false, "order": false, "": false, "urn:pulumi:prod::*": false,
	} {
		if got := (policy.Exemption{Resource: pattern}).Covers(&resource.Resource{URN: urn}); got != want {
			t.Errorf("%q covers %s: %v", pattern, urn, got)
		}
	}
}
