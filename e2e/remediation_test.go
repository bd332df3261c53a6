package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// TestRemediation has an update create a table that the program leaves
// unprotected as it is to be, in one go, and the next change nothing. What is
// secret, and what a preview does not know, stays so; a foreseen preview changes
// what a plain one does. Without remediation the same program is stopped.
func TestRemediation(t *testing.T) {
	about := harness.About{"table-point-in-time-recovery", "table-encryption", "table-deletion-protection", "table-required-tags"}
	program := stack(func(p program) {
		role := p.role("checkout", nil)
		p.table("orders", func(args *dynamodb.TableArgs) {
			unrecoverable(args)
			awsOwnedKey(args)
			args.Name = nil // Pulumi chooses it
			args.Tags = pulumi.StringMap{"role": role.Arn, "owner": pulumi.ToSecret(pulumi.String(hidden)).(pulumi.StringOutput)}
		})
	})
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		s := harness.NewStack(t, about, program, cli, harness.PackConfig(`{
			"table-point-in-time-recovery": "remediate", "table-encryption": "remediate", "table-deletion-protection": "remediate",
			"table-required-tags": {"enforcementLevel": "remediate", "required": [{"key": "stage", "values": ["dev"]}]}
		}`))
		mended := []string{
			"table-point-in-time-recovery " + tableOrders, "table-encryption " + tableOrders, "table-deletion-protection " + tableOrders,
			"table-required-tags " + tableOrders,
		}
		preview := s.Preview()
		check(t, "preview", preview, harness.Result{Remediated: mended})
		if !s.Older() {
			check(t, "foreseen preview", s.Foresee(), harness.Result{Remediated: mended})
		}
		up := s.Up()
		check(t, "up", up, harness.Result{Remediated: mended, Created: []string{tableOrders, "aws:iam/role:Role::checkout"}})
		hides(t, s, preview, hidden)
		hides(t, s, up, hidden)

		inputs := inputsOf(t, s.Export(), tableOrders)
		owner, _ := inputs["tags"].(map[string]any)["owner"].(map[string]any)
		if owner["ciphertext"] == nil {
			t.Errorf("the secret tag is %v", owner)
		}
		enabled := map[string]any{"enabled": true}
		for name, want := range map[string]any{
			"pointInTimeRecovery": enabled, "serverSideEncryption": enabled, "deletionProtectionEnabled": true, "__defaults": []any{"name"},
		} {
			if diff := cmp.Diff(want, inputs[name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for _, name := range []string{"tags", "tagsAll"} {
			tags, _ := inputs[name].(map[string]any)
			role, _ := tags["role"].(string)
			if tags["stage"] != "dev" || !strings.HasPrefix(role, "arn:aws:iam::") || len(tags) != 3 {
				t.Errorf("%s are %v", name, tags)
			}
		}

		again := s.Up()
		check(t, "up again", again, harness.Result{Remediated: mended})
		changes := func(step string) bool { return !strings.HasPrefix(step, "same ") }
		if !slices.Contains(again.Steps, "same "+tableOrders) || slices.ContainsFunc(again.Steps, changes) {
			t.Errorf("up again comes to %v", again.Steps)
		}
		if s.Older() {
			return
		}
		check(t, "analyze", s.Analyze(s.Export()), harness.Result{Policy: []string{"advisory low dynamoguard " + rootStack + ofNoStack}})
	})

	s := harness.NewStack(t, about, program)
	check(t, "preview without remediation", s.Plain(), stopped(
		"advisory medium table-deletion-protection "+tableOrders+": deletionProtectionEnabled is not set: whoever may delete tables deletes the "+
			"table at once; set it to true. SOC 2: A1.2",
		"mandatory high table-encryption "+tableOrders+": "+ownedKey,
		"mandatory high table-point-in-time-recovery "+tableOrders+": "+noRecovery))
}

// inputsOf returns the inputs of a resource as an exported state has them.
func inputsOf(t *testing.T, exported []byte, resource string) map[string]any {
	t.Helper()
	var state struct {
		Deployment struct {
			Resources []struct {
				URN    string
				Inputs map[string]any
			}
		}
	}
	if err := json.Unmarshal(exported, &state); err != nil {
		t.Fatal(err)
	}
	for _, r := range state.Deployment.Resources {
		if harness.Short(r.URN) == resource {
			return r.Inputs
		}
	}
	t.Fatalf("the state has no %s", resource)
	return nil
}
