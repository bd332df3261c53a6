package e2e

import (
	"strings"
	"testing"

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
		check(t, "analyze", judged.Analyze(deployed.Export()), harness.Result{
			ExitCode: 1,
			Policy:   violationEvents("mandatory"),
			Errors:   []string{"one or more mandatory policy violations were found"},
		})
	})
}

func TestAnalyzeStateCorrected(t *testing.T) {
	s := harness.NewStack(t, violated, violations(true))
	check(t, "up", s.Up(), passes(everyResource...))
	check(t, "analyze", s.Analyze(s.Export()), passes())
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
	check(t, "analyze", stranger.Analyze(deployed.Export()), harness.Result{Policy: []string{
		"advisory low dynamoguard " + rootStack + `: 1 value is not known and could not be judged: ` +
			`policy of aws:iam:Policy "clerk" (` + strings.Join(lonePolicies, ", ") + ")",
	}})
}
