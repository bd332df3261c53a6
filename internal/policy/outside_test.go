package policy_test

import (
	"testing"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// TestPackSettings refuses settings that could not work.
func TestPackSettings(t *testing.T) {
	pack := &policy.Policy{Name: policy.PackPolicy, Config: policy.DefaultPackSettings(), CheckStack: func(*policy.StackPass) {}}
	text := resource.StringValue
	object := func(pairs ...any) resource.Value {
		m := map[string]resource.Value{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1].(resource.Value)
		}
		return resource.ObjectValue(m)
	}
	list := func(vs ...resource.Value) resource.Value { return resource.ArrayValue(vs) }
	const refused = "dynamoguard cannot use its configuration:\n  dynamoguard."
	for _, c := range []struct {
		name  string
		value resource.Value
		want  string
	}{
		{"index", object("source", text("https://example.com/index.json?x=1"), "sha256", text("0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD")), ""},
		{"index", object("source", text("/path/index.json"), "maxAgeDays", resource.NumberValue(1)), ""},
		{"index", object("source", text(`C:\path\index.json`)), ""},
		{"index", object("source", text("http://example.com/index.json")), refused + `index.source "http://example.com/index.json" is not a path or an https URL`},
		{"index", object("source", text("s3://bucket/index.json").AsSecret()), refused + `index.source [secret] is not a path or an https URL`},
		{"index", object("sha256", text("abc")), refused + `index.sha256 "abc" is not 64 hexadecimal digits`},
		{"index", object("budgetSeconds", resource.NumberValue(0)), refused + `index.budgetSeconds 0 is not a whole number from 1 to 120`},
		{"index", object("url", text("x")), refused + `index.url is not a property; there are: budgetSeconds, maxAgeDays, sha256, source`},
		{"accounts", list(object("stacks", text("*"), "account", text("12"))), refused + `accounts[0].account "12" is not 12 digits`},
		{"accounts", list(object("account", text("111122223333"))), refused + `accounts[0].stacks is required`},
		{"environments", list(object("stacks", text("*"))), refused + `environments[0].environment is required`},
	} {
		_, err := policy.Configure([]*policy.Policy{pack}, map[string]policy.Given{
			policy.PackPolicy: {Level: policy.Advisory, Properties: object(c.name, c.value)},
		})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %v:\n got %s\nwant %s", c.name, c.value, got, c.want)
		}
	}
}
