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
		{"table-key", obj("minimumKey", nil), ""},
		{"table-key", obj("minimumKey", "custmer"), `table-key.minimumKey "custmer" is not one of aws-managed, customer; did you mean "customer"?`},
		{"table-key", obj("minimumKey", "kms"), `table-key.minimumKey "kms" is not one of aws-managed, customer`},
		{"table-key", obj("minimumKey", val("hush").AsSecret()), `table-key.minimumKey [secret] is not one of aws-managed, customer`},
		{"table-key", obj("minimumKey", true), "table-key.minimumKey is a boolean, not a string"},
		{"table-key", obj("minimumkey", "customer"), `table-key.minimumkey is not a property; did you mean "minimumKey"?`},
		{"table-key", obj("somethingElse", 1), "table-key.somethingElse is not a property; there are: days, exemptions, keys, minimumKey, on, unknown"},
		{"table-key", obj("days", 0), "table-key.days 0 is not a whole number from 1 to 35"},
		{"table-key", obj("days", 36), "table-key.days 36 is not a whole number from 1 to 35"},
		{"table-key", obj("days", 1.5), "table-key.days 1.5 is not a whole number from 1 to 35"},
		{"table-key", obj("days", 1e300), "table-key.days 1e+300 is not a whole number from 1 to 35"},
		{"table-key", obj("days", "seven"), "table-key.days is a string, not a number"},
		{"table-key", obj("keys", "a"), "table-key.keys is a string, not a list"},
		{"table-key", obj("keys", list("a", 2, nil)), "table-key.keys[1] is a number, not a string\n  table-key.keys[2] is null"},
		{"table-key", obj("unknown", "mandatroy"), `table-key.unknown "mandatroy" is not one of ignore, advisory, mandatory; did you mean "mandatory"?`},
		{"table-plain", obj("minimumKey", "customer"), "table-plain.minimumKey is not a property; there are: exemptions, unknown"},
		{"dynamoguard", obj("boundaries", list("b-*"), "unknown", "ignore"), ""},
		{"dynamoguard", obj("boundary", list()), `dynamoguard.boundary is not a property; did you mean "boundaries"?`},

		{"table-key", exemption("resource", "*", "reason", "r", "owner", "o", "expires", "2027-01-31", "ticket", "t"), ""},
		{"table-key", exemption("resource", "*", "reason", "r", "owner", "o", "expires", "2027-01-31T00:00:00+01:00"), ""},
		{"table-key", exemption("resource", "*"),
			"table-key.exemptions[0].reason is required\n  table-key.exemptions[0].owner is required\n  table-key.exemptions[0].expires is required"},
		{"table-key", exemption("resource", " ", "reason", "r", "owner", "", "expires", "2027-01-31"),
			"table-key.exemptions[0].resource is required\n  table-key.exemptions[0].owner is required"},
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
		{"table-key", obj("days", 0, "on\nx", 1), "table-key.days 0 is not a whole number from 1 to 35\n  table-key.on\nx is not a property; did you mean \"on\"?"},
		{"s3-bucket-logging", obj("anything", true), ""},
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
		if got := (policy.Exemption{Resource: pattern}).Covers(urn); got != want {
			t.Errorf("%q covers %s: %v", pattern, urn, got)
		}
	}
}
