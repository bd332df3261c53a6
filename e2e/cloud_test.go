package e2e

import (
	"testing"
	"time"

	"dynamoguard/e2e/internal/cloud"
	"dynamoguard/e2e/internal/harness"
)

// organization starts an organization of Pulumi Cloud, and returns it with the token of one who governs it.
func organization(t *testing.T) (service *cloud.Service, admin string) {
	t.Helper()
	service, stop := cloud.Start("acme", time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))
	t.Cleanup(func() {
		stop()
		if unanswered := service.Unanswered(); unanswered != nil {
			t.Errorf("the CLI asked what the service has no answer to: %q", unanswered)
		}
	})
	return service, service.Token("alice", cloud.Admin)
}

func TestCloud(t *testing.T) {
	service, admin := organization(t)
	developer := service.Token("bob", cloud.Member)
	s := harness.NewGoverned(t, harness.About{"table-encryption"}, service, admin,
		stack(func(p program) { p.table("bills", awsOwnedKey) }), harness.Newest)
	folder := sourceForm(t)
	run := func(args ...string) {
		t.Helper()
		out, errOut, code := s.RunIn(folder, args...)
		t.Logf("%q: %d\n%s%s", args, code, out, errOut)
	}
	run("policy", "publish", "acme")
	run("policy", "ls", "acme")
	run("policy", "validate-config", "acme/dynamoguard", "0.1.0", "--config", "$CONFIG")
	run("policy", "enable", "acme/dynamoguard", "latest", "--config", "$CONFIG")
	run("policy", "group", "ls", "acme")
	s.As(developer)
	r := s.Preview()
	t.Log(r.ExitCode, r.Policy, r.Errors, r.Output)
	r = s.Up()
	t.Log(r.ExitCode, r.Policy, r.Errors, r.Output)
}
