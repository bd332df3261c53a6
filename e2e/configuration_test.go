package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"dynamoguard/e2e/internal/harness"
)

// TestLevels sets enforcement levels, of one policy and of all.
func TestLevels(t *testing.T) {
	program := stack(func(p program) {
		p.table("carts", unrecoverable)
	})
	const finding = " high table-point-in-time-recovery " + tableCarts + ": " + noRecovery
	advisory := harness.Result{Policy: []string{"advisory" + finding}}
	mandatory := stopped("mandatory" + finding)
	tests := []struct {
		name, config string
		want         harness.Result // of the preview
	}{
		{"default", `{}`, mandatory},
		{"one advisory", `{"table-point-in-time-recovery": "advisory"}`, advisory},
		{"one advisory, as an object", `{"table-point-in-time-recovery": {"enforcementLevel": "advisory"}}`, advisory},
		{"one disabled", `{"table-point-in-time-recovery": "disabled"}`, passes()},
		{"all advisory", `{"all": "advisory"}`, advisory},
		{"all disabled", `{"all": "disabled"}`, passes()},
		{"all advisory but one", `{"all": "advisory", "table-point-in-time-recovery": "mandatory"}`, mandatory},
		{"all disabled but one", `{"all": "disabled", "table-point-in-time-recovery": "advisory"}`, advisory},
		{"another disabled", `{"table-encryption": "disabled"}`, mandatory},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := harness.NewStack(t, harness.About{"table-encryption", "table-point-in-time-recovery"}, program, harness.PackConfig(test.config))
			check(t, "preview", s.Preview(), test.want)
			check(t, "up", s.Up(), asUp(test.want, tableCarts))
		})
	}
}

// asUp returns what an update comes to, by its preview: it stops without a
// summary of its own, or creates the resource.
func asUp(preview harness.Result, resource string) harness.Result {
	if preview.ExitCode != 0 {
		return stoppedUp(preview.Policy[len(preview.Policy)-1])
	}
	preview.Created = []string{resource}
	return preview
}

// TestExemptions lets a table fail a policy: by name, by URN, for a time.
func TestExemptions(t *testing.T) {
	program := stack(func(p program) { p.table("carts", unrecoverable) })
	exemption := func(resource, expires string) string {
		return `{"table-point-in-time-recovery": {"exemptions": [{"resource": "` + resource + `", "expires": "` + expires + `",
			"reason": "rebuilt every night", "owner": "shop team", "ticket": "SHOP-7"}]}}`
	}
	const finding = "mandatory high table-point-in-time-recovery " + tableCarts + ": " + noRecovery
	const notice = "advisory low dynamoguard " + rootStack + ": "
	const on = ": table-point-in-time-recovery on urn:pulumi:dev::shop::" + tableCarts + ": rebuilt every night (owner shop team, "
	used := func(until string) harness.Result {
		return harness.Result{Policy: []string{notice + "1 exemption was used" + on + until}}
	}
	tests := []struct {
		name, config string
		want         harness.Result // of the preview
	}{
		{"by name", exemption("carts", "2999-12-31"), used("expires 2999-12-31, SHOP-7)")},
		{"by pattern of the URN", exemption("urn:pulumi:dev::shop::*::cart?", "2999-12-31"), used("expires 2999-12-31, SHOP-7)")},
		{"of another resource", exemption("orders", "2999-12-31"), stopped(finding)},
		{"expired", exemption("carts", "2001-12-31"), stopped(
			notice+"1 exemption has expired and no longer holds; renew or remove it"+on+"expires 2001-12-31, SHOP-7)", finding)},
		{"for every policy", `{"dynamoguard": {"exemptions": [{"resource": "carts", "expires": "2999-12-31",
			"reason": "rebuilt every night", "owner": "shop team"}]}}`, used("expires 2999-12-31)")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := harness.NewStack(t, harness.About{"table-point-in-time-recovery"}, program, harness.PackConfig(test.config))
			check(t, "preview", s.Preview(), test.want)
			check(t, "up", s.Up(), asUp(test.want, tableCarts))
		})
	}
}

// TestConfigurationMistakes holds the messages for configuration that cannot
// be meant: the pack's own, and the engine's where it does not ask the pack.
func TestConfigurationMistakes(t *testing.T) {
	const pack = `configuring policy pack "dynamoguard" at "pulumi-analyzer-dynamoguard": `
	const ours = pack + "dynamoguard cannot use its configuration:\n  "
	version := packVersion(t)
	engines := func(mistakes ...string) []string {
		return []string{
			"validating policy config: dynamoguard " + version + "  " + strings.Join(mistakes, "\n  "), "validating policy config",
		}
	}
	exemption := func(members string) string {
		return `{"table-encryption": {"exemptions": [{"resource": "orders", "reason": "r", ` + members + `}]}}`
	}
	tests := []struct {
		name, config string
		want         []string
	}{
		{"misspelt policy with a level", `{"table-encription": "advisory"}`,
			[]string{ours + `table-encription is not a policy of this pack; did you mean "table-encryption"?`}},
		{"misspelt property", `{"table-encryption": {"minimunKey": "customer"}}`,
			[]string{ours + `table-encryption.minimunKey is not a property; did you mean "minimumKey"?`}},
		{"all in another case", `{"All": "advisory"}`, []string{ours + `All is not a policy of this pack; did you mean "all"?`}},
		{"rule across properties", `{"dynamoguard": {"index": {"source": "none", "required": true}}}`,
			[]string{ours + `dynamoguard.index.required cannot be had with the source none`}},
		{"exemption until no day", exemption(`"owner": "o", "expires": "2027-02-30"`),
			[]string{ours + `table-encryption.exemptions[0].expires "2027-02-30" is not a date such as 2027-01-31`}},

		// These the engine refuses by itself, by the schemas where there is one.
		{"value that is none of the choices", `{"table-encryption": {"minimumKey": "custmer"}}`,
			engines(`table-encryption: minimumKey: minimumKey must be one of the following: "aws-owned", "aws-managed", "customer"`)},
		{"number out of bounds", `{"table-point-in-time-recovery": {"minimumRecoveryPeriodInDays": 99}}`,
			engines("table-point-in-time-recovery: minimumRecoveryPeriodInDays: Must be less than or equal to 35")},
		{"misspelt property of a property", `{"dynamoguard": {"index": {"sorce": "none"}}}`,
			engines("dynamoguard: index: Additional property sorce is not allowed")},
		{"exemption without an owner", exemption(`"expires": "2999-12-31"`),
			engines("table-encryption: exemptions.0: owner is required")},
		{"exemption until no date", exemption(`"owner": "o", "expires": "soon"`),
			engines("table-encryption: exemptions.0.expires: Does not match pattern '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T\\S+)?$'")},
		{"exemption with a misspelt property", exemption(`"owner": "o", "expires": "2999-12-31", "tickt": "T"`),
			engines("table-encryption: exemptions.0: Additional property tickt is not allowed")},
		{"misspelt policy without a level", `{"table-encription": {"minimumKey": "customer"}}`,
			[]string{pack + `invalid enforcement level ""`}},
		{"wrong JSON type", `{"table-encryption": {"allowedKeys": "alias/shop"}}`,
			engines("table-encryption: allowedKeys: Invalid type. Expected: array, given: string")},
		{"level that is none", `{"table-encryption": "fatal"}`,
			[]string{`parsing enforcement level for "table-encryption": "fatal" is not a valid enforcement level`}},
	}
	program := stack(func(p program) { p.table("orders", nil) })
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := harness.NewStack(t, harness.About{"table-encryption"}, program, harness.PackConfig(test.config))
			want := harness.Result{ExitCode: 1, Errors: test.want}
			check(t, "preview", s.Preview(), want)
			check(t, "up", s.Up(), want)
		})
	}
}

// TestConfigurationNames gives policies by names that are not quite theirs,
// none of which stops a run.
func TestConfigurationNames(t *testing.T) {
	const finding = " high table-point-in-time-recovery " + tableCarts + ": " + noRecovery
	const notice = "advisory low dynamoguard " + rootStack + ": the configuration has "
	tests := []struct {
		name, config string
		want         harness.Result // of the preview
	}{
		{"of another pack", `{"s3": "mandatory", "table-point-in-time-recovery": "disabled"}`, harness.Result{Policy: []string{
			notice + "names that no policy of this version has, and they were left out: s3"}}},
		{"prefixed", `{"dynamoguard:table-point-in-time-recovery": "advisory"}`, harness.Result{Policy: []string{"advisory" + finding}}},
		{"prefixed, beside all", `{"all": "disabled", "dynamoguard:table-point-in-time-recovery": "mandatory"}`,
			stopped("mandatory" + finding)},
		{"prefixed and plain", `{"table-point-in-time-recovery": "advisory", "dynamoguard:table-point-in-time-recovery": "disabled"}`,
			harness.Result{Policy: []string{
				"advisory" + finding,
				"advisory low dynamoguard " + rootStack + ": policies are configured by two names, of which the plain one counts; " +
					"left out: dynamoguard:table-point-in-time-recovery",
			}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			program := stack(func(p program) { p.table("carts", unrecoverable) })
			s := harness.NewStack(t, harness.About{"table-point-in-time-recovery"}, program, harness.PackConfig(test.config))
			check(t, "preview", s.Preview(), test.want)
		})
	}
}

// TestConfigurationPasses runs with a configuration of everything, and with
// none.
func TestConfigurationPasses(t *testing.T) {
	program := stack(func(p program) { p.table("orders", nil) })
	for name, options := range map[string][]harness.Option{
		"none":  nil,
		"empty": {harness.PackConfig(`{}`)},
		"everything": {harness.PackConfig(`{
			"table-encryption": {"minimumKey": "aws-managed", "allowedKeys": ["arn:aws:kms:*"], "unknown": "ignore"},
			"table-name-pattern": {"pattern": "*", "allowRandomSuffixes": true},
			"table-point-in-time-recovery": {"minimumRecoveryPeriodInDays": 1},
			"dynamoguard": {
				"boundaries": ["*-boundary"], "accounts": [{"stacks": "shop/*", "account": "111122223333"}],
				"environments": [{"stacks": "shop/live*", "environment": "prod"}], "defaultEnvironment": "dev",
				"index": {"source": "none", "maxAgeDays": 1, "budgetSeconds": 1, "allowUnread": ["shop/broken"]},
				"exemptions": [{"resource": "legacy-*", "reason": "r", "owner": "o", "expires": "2999-12-31"}]
			}
		}`)},
	} {
		t.Run(name, func(t *testing.T) {
			s := harness.NewStack(t, harness.About{"table-encryption"}, program, options...)
			check(t, "preview", s.Preview(), passes())
		})
	}
}

// packVersion returns the version that the pack has of itself.
func packVersion(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), harness.Tools(t).Pack, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
