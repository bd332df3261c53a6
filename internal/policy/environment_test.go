package policy_test

import (
	"testing"

	"dynamoguard/internal/policy"
)

func TestEnvironmentOf(t *testing.T) {
	settings := policy.PackSettings{Environments: []policy.StackEnvironment{
		{Stacks: "shop/live-dev", Environment: " Production "},
		{Stacks: "shop/eu-*", Environment: "prod-EU"},
		{Stacks: "acme/bank/*", Environment: "The Vault"},
		{Stacks: "organization/diy/*", Environment: "home"},
	}}
	for _, c := range []struct{ organization, project, stack, want string }{
		{"acme", "shop", "dev", "dev"},
		{"acme", "shop", "", ""},
		{"acme", "prod", "main", ""},         // the project's name says nothing
		{"acme", "shop", "live-dev", "prod"}, // configured
		{"acme", "shop", "eu-prod", "prod-eu"},
		{"acme", "bank", "dev", "thevault"},
		{"evil", "bank", "dev", "dev"},
		{"", "diy", "dev", "home"},
	} {
		if got := settings.EnvironmentOf(c.organization, c.project, c.stack); got != c.want {
			t.Errorf("%s/%s/%s is of %q, not %q", c.organization, c.project, c.stack, got, c.want)
		}
	}
}

// TestEnvironmentWords: what the name of a stack says of its environment.
func TestEnvironmentWords(t *testing.T) {
	const nothing, unclear = "default", ""
	settings := policy.PackSettings{DefaultEnvironment: nothing}
	for stack, want := range map[string]string{
		"dev": "dev", "develop": "dev", "development": "dev", "test": "test", "team_QA.2": "qa", "uat": "uat",
		"sandbox": "sandbox", "alice-sandbox": "sandbox", "preview": "preview", "preview-12": "preview",
		"stg": "staging", "stage": "staging", "eu-west-1-stage": "staging",
		"prod": "prod", "prd": "prod", "production": "prod", "live": "prod",
		// with digits or a region, set off or glued
		"prod-1": "prod", "prod1": "prod", "1prod": "prod", "prod01": "prod", "staging2": "staging", "uat3": "uat", "preview12": "preview",
		"prod-eu": "prod", "prod-us-east-1": "prod", "us-gov-west-1-prod": "prod", "prodeu": "prod", "euprod": "prod", "PRODUS": "prod",
		"produseast1": "prod", "produse1": "prod", "apse2prd": "prod", "stgapsoutheast2": "staging", "prod2eu": "prod", "prodeu2": "prod",
		// two words of one environment are one
		"prod-production": "prod", "prod-live": "prod", "live-prod": "prod", "dev-development": "dev",
		// live is prod, unless another word follows, which it may be a part of
		"shop-live": "prod", "live-2": "prod", "live2": "prod", "live-eu": "prod", "live-us-east-1": "prod", "live-euw1": "prod",
		"live-demo": nothing, "live-chat-2": nothing, "live-demo-dev": "dev",
		// two are none
		"dev-for-prod": unclear, "test-prod": unclear, "live-dev": unclear, "dev1-prod1": unclear, "qa-uat": unclear,
		// said to be another
		"non-prod": unclear, "not_production": unclear, "eu-pre-prod": unclear, "post.prod": unclear, "no-prod": unclear,
		"nonprod": unclear, "preprod-2": unclear, "preprod2": unclear, "nonprodeu": unclear, "pre-prod1": unclear, "prelive": unclear,
		"non-live": unclear, "preprd": unclear, "pre-preview": unclear, "dev-nonprod": unclear,
		"non-eu-prod": "prod", "pre-1-dev": "dev", // of another word
		// no word of its own
		"main": nothing, "pr-7": nothing, "alice": nothing, "developer": nothing, "developer-portal": nothing, "devil": nothing,
		"devops": nothing, "product": nothing, "reproduction": nothing, "previews": nothing, "livestream": nothing, "alive": nothing,
		"deliver": nothing, "contest": nothing, "testing": nothing, "latest": nothing, "usage": nothing, "eu-west-1": nothing, "prods": nothing,
		"": nothing, "-": nothing,
	} {
		if got := settings.EnvironmentOf("acme", "shop", stack); got != want {
			t.Errorf("%q is of %q, not %q", stack, got, want)
		}
	}
	settings.DefaultEnvironment = "Develop"
	if got := settings.EnvironmentOf("acme", "shop", "main"); got != "dev" {
		t.Errorf("a default that is a word: %q", got)
	}
	if got := (policy.PackSettings{}).EnvironmentOf("acme", "shop", "main"); got != "" {
		t.Errorf("without a default: %q", got)
	}
}

// TestEnvironmentOnce: the environment of a stack is worked out once, however often it is asked for.
func TestEnvironmentOnce(t *testing.T) {
	c, err := policy.Configure(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	anew := testing.AllocsPerRun(100, func() { c.Pack().EnvironmentOf("acme", "shop", "prod-eu-1") })
	again := testing.AllocsPerRun(100, func() {
		if e := c.EnvironmentOf("acme", "shop", "prod-eu-1"); e != "prod" {
			t.Fatal(e)
		}
	})
	if again > 1 || anew <= again {
		t.Errorf("%v allocations, anew %v", again, anew)
	}
}

func TestEnvironmentsIn(t *testing.T) {
	const account = "111122223333"
	for _, c := range []struct {
		stacks string // of the accounts entry
		want   string
	}{
		{"shop/prod", "prod"},
		{"acme/shop/prod", "prod"},
		{"*/staging", "staging"},
		{"*/qa-*", "qa"},
		{"*/dev?", "dev"},
		{"*/*prod", ""},      // nonprod as well
		{"shop/*", ""},       // whose default holds for some of them only
		{"shop/main", "uat"}, // the default
		{"shop/non-prod", ""},
		{"tools/*", "tools"},
		{"tools/prod", "tools"},
	} {
		settings := policy.PackSettings{
			Accounts:           []policy.StackAccount{{Stacks: "x/dev", Account: "444455556666"}, {Stacks: c.stacks, Account: account}},
			Environments:       []policy.StackEnvironment{{Stacks: "tools/*", Environment: "Tools"}},
			DefaultEnvironment: "uat",
		}
		if got := settings.EnvironmentsIn(account); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: got %q, want %q", c.stacks, got, c.want)
		}
	}
}
