package policy_test

import (
	"testing"

	"dynamoguard/internal/policy"
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
