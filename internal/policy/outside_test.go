package policy_test

import (
	"testing"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

func TestEnvironmentOf(t *testing.T) {
	settings := policy.PackSettings{Environments: []policy.StackEnvironment{
		{Stacks: "shop/live-*", Environment: "prod"},
		{Stacks: "acme/bank/*", Environment: "vault"},
		{Stacks: "organization/diy/*", Environment: "home"},
	}}
	for _, c := range []struct{ organization, project, stack, want string }{
		{"acme", "shop", "dev", "dev"},
		{"acme", "shop", "prod", "prod"},
		{"acme", "shop", "production", "prod"},
		{"acme", "shop", "eu-west-1-stage", "staging"},
		{"acme", "shop", "team_QA.2", "qa"},
		{"acme", "shop", "test", "test"},
		{"acme", "shop", "prod-production", "prod"}, // twice the same
		{"acme", "shop", "dev-for-prod", ""},        // both
		{"acme", "shop", "non-prod", ""},
		{"acme", "shop", "not_production", ""},
		{"acme", "shop", "eu-pre-prod", ""},
		{"acme", "shop", "post.prod", ""},
		{"acme", "shop", "no-prod", ""},
		{"acme", "shop", "nonprod", ""},
		{"acme", "shop", "preprod-2", ""},
		{"acme", "shop", "dev-nonprod", ""},
		{"acme", "shop", "non-eu-prod", "prod"}, // of another word
		{"acme", "shop", "pre-1-dev", "dev"},
		{"acme", "shop", "developer", ""}, // part of a word
		{"acme", "prod", "main", ""},      // the project's name says nothing
		{"acme", "shop", "", ""},
		{"acme", "shop", "live-dev", "prod"}, // configured
		{"acme", "bank", "dev", "vault"},
		{"evil", "bank", "dev", "dev"},
		{"", "diy", "dev", "home"},
	} {
		if got := settings.EnvironmentOf(c.organization, c.project, c.stack); got != c.want {
			t.Errorf("%s/%s/%s is of %q, not %q", c.organization, c.project, c.stack, got, c.want)
		}
	}
}

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
		{"index", object("url", text("x")), refused + `index.url is not a property; there are: allowUnread, budgetSeconds, headerFromEnv, maxAgeDays, publicKey, required, sha256, source`},
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
