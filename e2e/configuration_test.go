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
			notice+"1 exemption has expired and no longer holds; renew or remove"+on+"expires 2001-12-31, SHOP-7)", finding)},
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
		{"value that is none of the choices", `{"table-encryption": {"minimumKey": "custom"}}`,
			[]string{ours + `table-encryption.minimumKey "custom" is not one of aws-managed, customer; did you mean "customer"?`}},
		{"exemption without an owner", exemption(`"expires": "2999-12-31"`),
			[]string{ours + `table-encryption.exemptions[0].owner is required`}},
		{"exemption until no date", exemption(`"owner": "o", "expires": "soon"`),
			[]string{ours + `table-encryption.exemptions[0].expires "soon" is not a date such as 2027-01-31`}},
		{"exemption with a misspelt property", exemption(`"owner": "o", "expires": "2999-12-31", "tickt": "T"`),
			[]string{ours + `table-encryption.exemptions[0].tickt is not a property; did you mean "ticket"?`}},

		// These the engine refuses by itself.
		{"misspelt policy without a level", `{"table-encription": {"minimumKey": "customer"}}`,
			[]string{pack + `invalid enforcement level ""`}},
		{"wrong JSON type", `{"table-encryption": {"allowedKeys": "alias/shop"}}`, []string{
			"validating policy config: dynamoguard " + packVersion(t) + "  table-encryption: allowedKeys: Invalid type. " +
				"Expected: array, given: string",
			"validating policy config",
		}},
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

// packVersion returns the version that the pack has of itself.
func packVersion(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), harness.Tools(t).Pack, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
