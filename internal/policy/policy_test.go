package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// TestValidate breaks a policy in every way there is, one at a time.
func TestValidate(t *testing.T) {
	good := func() *policy.Policy {
		return &policy.Policy{
			Name: "table-key", Title: "T", Doc: "D", Remediation: "R", URL: "https://example.com", Criteria: []soc2.ID{"CC6.1"},
			Reads:         facts.TypeReads(facts.Table, "name"),
			CheckResource: func(*policy.Pass) {},
			Why:           "W", Silent: [][2]string{{"A", "B"}},
			Before: "name: orders", After: "name: invoices",
			Config: keyConfig{}, Settings: map[string]string{"minimumKey": "M", "days": "D", "on": "O", "keys": "K"},
		}
	}
	other := good()
	other.Name = "table-other"
	for _, c := range []struct {
		name  string
		spoil func(*policy.Policy)
		want  string
	}{
		{"nothing", func(*policy.Policy) {}, ""},
		{"a policy on stacks", func(p *policy.Policy) {
			p.CheckResource, p.CheckStack = nil, func(*policy.StackPass) {}
		}, ""},
		{"one on stacks that reads nothing", func(p *policy.Policy) {
			p.CheckResource, p.CheckStack, p.Reads = nil, func(*policy.StackPass) {}, nil
		}, "table-key: it reads nothing"},
		{"notices, which read no resource", func(p *policy.Policy) {
			p.CheckResource, p.Notices, p.Reads = nil, func(*policy.Run) []policy.Notice { return nil }, nil
		}, ""},
		{"no name", func(p *policy.Policy) { p.Name = "" }, ": the name is not in kebab-case"},
		{"upper case", func(p *policy.Policy) { p.Name = "table-Key" }, "table-Key: the name is not in kebab-case"},
		{"a dash at the end", func(p *policy.Policy) { p.Name = "table-" }, "table-: the name is not in kebab-case"},
		{"an underscore", func(p *policy.Policy) { p.Name = "table_key" }, "table_key: the name is not in kebab-case"},
		{"two lines", func(p *policy.Policy) { p.Name = "table\nkey" }, "table\nkey: the name is not in kebab-case"},
		{"the engine's word", func(p *policy.Policy) { p.Name = "all" }, "all: the name is reserved by the engine"},
		{"a name twice", func(p *policy.Policy) { p.Name = "table-other" }, "table-other: the name is taken"},
		{"no title", func(p *policy.Policy) { p.Title = "" }, "table-key: Title is empty"},
		{"no doc", func(p *policy.Policy) { p.Doc = "" }, "table-key: Doc is empty"},
		{"no reason", func(p *policy.Policy) { p.Why = "" }, "table-key: Why is empty"},
		{"nothing considered", func(p *policy.Policy) { p.Silent = nil }, "table-key: Silent names no false alarm that was considered"},
		{"no remediation", func(p *policy.Policy) { p.Remediation = "" }, "table-key: Remediation is empty"},
		{"no URL", func(p *policy.Policy) { p.URL = "" }, "table-key: URL is empty"},
		{"no example", func(p *policy.Policy) { p.Before, p.After = "", "" }, "table-key: Before is empty\ntable-key: After is empty"},
		{"a setting that is not described", func(p *policy.Policy) { delete(p.Settings, "days") },
			"table-key: Settings does not describe days"},
		{"settings of settings", func(p *policy.Policy) {
			p.Config = policy.PackSettings{}
			p.Settings = map[string]string{
				"boundaries": "B", "index": "I", "index.source": "S", "index.sha256": "S", "index.publicKey": "P",
				"index.headerFromEnv": "H", "index.maxAgeDays": "M", "index.required": "R", "index.allowUnread": "A",
				"accounts": "A", "accounts[].stacks": "S", "environments": "E", "environments[].stacks": "S", "environments[].other": "O",
				"defaultEnvironment": "D",
			}
		}, "table-key: Settings does not describe accounts[].account\ntable-key: Settings does not describe environments[].environment\n" +
			"table-key: Settings does not describe index.budgetSeconds\n" +
			"table-key: Settings describes environments[].other, which Config does not have"},
		{"settings without a configuration", func(p *policy.Policy) { p.Config = nil; p.Settings = map[string]string{"days": "D"} },
			"table-key: Settings describes days, which Config does not have"},
		{"no check", func(p *policy.Policy) { p.CheckResource = nil },
			"table-key: one of CheckResource, CheckStack and Notices must be set, or the first two"},
		{"a check and notices", func(p *policy.Policy) { p.Notices = func(*policy.Run) []policy.Notice { return nil } },
			"table-key: one of CheckResource, CheckStack and Notices must be set, or the first two"},
		{"nothing read", func(p *policy.Policy) { p.Reads = nil }, "table-key: it reads nothing"},
		{"a made-up criterion", func(p *policy.Policy) { p.Criteria = []soc2.ID{"CC6.1", "CC99.9"} },
			"table-key: CC99.9 is not a known criterion"},
		{"no criterion", func(p *policy.Policy) { p.Criteria = nil }, "table-key: it has either Criteria or NoCriteria"},
		{"no criterion, with the reason", func(p *policy.Policy) { p.Criteria, p.NoCriteria = nil, "N" }, ""},
		{"a criterion, and why there is none", func(p *policy.Policy) { p.NoCriteria = "N" }, "table-key: it has either Criteria or NoCriteria"},
		{"several things", func(p *policy.Policy) { p.Name, p.URL = "Key", "" }, "Key: the name is not in kebab-case\nKey: URL is empty"},
	} {
		p := good()
		c.spoil(p)
		got := ""
		if err := policy.Validate([]*policy.Policy{other, p}); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
