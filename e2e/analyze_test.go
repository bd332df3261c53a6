package e2e

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// TestAnalyzeState judges the exported state of a stack that was updated
// without enforcement, as `pulumi policy analyze` does without an engine run:
// ConfigureStack is never called.
func TestAnalyzeState(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		deployed := harness.NewStack(t, nil, violations(false), cli)
		check(t, "up", deployed.Up(), passes(everyResource...))

		judged := harness.NewStack(t, violated, violations(false), cli)
		check(t, "analyze", judged.Alike(deployed.Export()), harness.Result{
			ExitCode: 1,
			Policy:   append([]string{"advisory low dynamoguard " + rootStack + ofNoStack}, violationEvents("mandatory")...),
			Errors:   []string{"one or more mandatory policy violations were found"},
		})
	})
}

// ofNoStack is the notice of a run that does not say which stack it is of.
const ofNoStack = ": the run does not say which stack it is of, as `pulumi policy analyze` never does: without an organization " +
	"Pulumi Cloud was not asked for tables of other stacks, and nothing was concluded from the stack's own state before the run"

// TestAnalyzeAcross judges the state of a stack that was updated without the
// pack, and has a table whose name a stack of another project has.
func TestAnalyzeAcross(t *testing.T) {
	program := stack(func(p program) {
		p.table("orders", nil)
	})
	first := harness.NewStack(t, collision, program)
	check(t, "up of the first", first.Up(), passes(tableOrders))
	second := first.Beside("billing", "dev", program)
	second.Sandbox().Env = []string{"AWS_ACCESS_KEY_ID=" + keyOf(otherAccount)} // the stand-in does not look
	check(t, "up of the second", second.Up(), passes("urn:pulumi:dev::billing::"+tableOrders))
	second.Sandbox().Env = []string{"AWS_ACCESS_KEY_ID=" + keyOf(ownAccount)}
	check(t, "analyze", second.Alike(second.Export()), harness.Result{
		ExitCode: 1,
		Policy: []string{
			"advisory low dynamoguard urn:pulumi:dev::billing::pulumi:pulumi:Stack::billing-dev" + ofNoStack,
			"mandatory high table-name-collision urn:pulumi:dev::billing::" + tableOrders + `: name: the table name "orders" is taken in ` +
				"account 111122223333 (by AWS_ACCESS_KEY_ID) and region us-east-1 by stack shop/dev, urn:pulumi:dev::shop::" + tableOrders + byState +
				"; give one of the two another name, or let one stack own the table and the other refer to it. SOC 2: CC8.1, A1.2",
		},
		Errors: []string{"one or more mandatory policy violations were found"},
	})
}

func TestAnalyzeStateCorrected(t *testing.T) {
	s := harness.NewStack(t, violated, violations(true))
	check(t, "up", s.Up(), passes(everyResource...))
	check(t, "analyze", s.Alike(s.Export()), harness.Result{Policy: []string{"advisory low dynamoguard " + rootStack + ofNoStack}})
}

// TestAnalyzeRedactedState judges a state without its passphrase: the CLI puts
// the text "[secret]" for what it cannot decrypt, which says nothing of the
// document and is no finding.
func TestAnalyzeRedactedState(t *testing.T) {
	program := stack(func(p program) {
		p.policy("clerk", pulumi.ToSecret(allow("dynamodb:GetItem", ordersARN)).(pulumi.StringOutput))
	})
	deployed := harness.NewStack(t, lonePolicies, program)
	check(t, "up", deployed.Up(), passes("aws:iam/policy:Policy::clerk"))

	stranger := harness.NewStack(t, lonePolicies, program)
	stranger.Sandbox().Env = []string{"PULUMI_CONFIG_PASSPHRASE=another"}
	check(t, "analyze", stranger.Alike(deployed.Export()), harness.Result{Policy: []string{
		"advisory low dynamoguard " + rootStack + ": 0 of 1 policy document was judged; the rest is not known: " +
			`policy of aws:iam:Policy "clerk"`,
		"advisory low dynamoguard " + rootStack + ofNoStack,
	}})
}

// TestCheckExceptions: an exception of Pulumi's own, which the engine applies to
// what the pack has answered, holds for `dynamoguard check` as well.
func TestCheckExceptions(t *testing.T) {
	const orders = "urn:pulumi:dev::shop::" + tableOrders
	program := stack(func(p program) {
		p.table("orders", func(args *dynamodb.TableArgs) { args.PointInTimeRecovery, args.ServerSideEncryption = nil, nil })
	})
	exceptions := func(policies string) harness.Option {
		return harness.Version2(`{"EXC-7":{"reason":"moves","match":[{"policies":[` + policies + `],"targets":["` + orders + `"]}]}}`)
	}
	about := harness.About{"table-encryption", "table-point-in-time-recovery"}
	deployed := harness.NewStack(t, nil, program)
	check(t, "up", deployed.Up(), passes(tableOrders))
	for policies, code := range map[string]int{
		`"table-encryption"`: 1,
		`"table-encryption","table-point-in-time-recovery"`: 0,
	} {
		judged := harness.NewStack(t, about, program, harness.Newest, exceptions(policies))
		if result := judged.Alike(deployed.Export()); result.ExitCode != code || len(result.Policy) != 3 {
			t.Errorf("%s: exit code %d: %q", policies, result.ExitCode, result.Policy)
		}
	}
}
