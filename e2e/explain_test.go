package e2e

import (
	"regexp"
	"strings"
	"testing"

	"dynamoguard/e2e/internal/harness"
)

// TestExplain asks the pack itself, after a preview that it stopped, about
// what the CLI showed of a finding, and what a run in the project knows.
func TestExplain(t *testing.T) {
	s := harness.NewStack(t, harness.About{"iam-wildcard-action"}, stack(func(p program) {
		p.policy("app", allow("dynamodb:*", ordersARN))
	}))
	const message = `policy.Statement[0].Action[0] "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them; ` +
		"list the actions the workload calls. SOC 2: CC6.1, CC6.3"
	check(t, "preview", s.Preview(), stopped("mandatory high iam-wildcard-action aws:iam/policy:Policy::app: "+message))

	for _, c := range []struct {
		args []string
		code int
		want string // a pattern of the whole output, white space squeezed
	}{
		{[]string{"explain", message}, 0, regexp.QuoteMeta(`iam-wildcard-action: Allow statements name the DynamoDB and DAX actions they grant `+
			`The finding resource urn:pulumi:`) + `\S+` + regexp.QuoteMeta(`::aws:iam/policy:Policy::app at policy.Statement[0].Action[0] `+
			`wrong policy.Statement[0].Action[0] "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them instead list the actions the workload calls `+
			`enforced mandatory, the policy's default exemption none The statement { "Effect": "Allow", "Action": [ > "dynamodb:*" ], "Resource": "`+ordersARN+`" } `+
			`The rule Reports a wildcard`) + `.* found in the preview of \S+ at \S+ \S+ UTC, dynamoguard \S+( which did not reach the end of the stack)?`},
		{[]string{"explain", "no such finding"}, 1, `dynamoguard: no finding matches; searched was the preview of .*`},
		{[]string{"doctor"}, 0, `The stack project shop, by \S+Pulumi.yaml stack dev, by the workspace, where it is selected ` +
			`organization none, since the backend is not Pulumi Cloud The configuration .* environment dev, by the name of the stack ` +
			`Tables of other stacks from the stacks in the folder \S+ read 0 tables of 0 stacks, 0 of them this stack's own ` +
			`The last run recorded preview of shop/dev at .* judgements 1 fail, .* All in all Nothing keeps a mandatory policy from judging.`},
	} {
		command := s.Sandbox().Command(t.Context(), harness.Tools(t).Pack, c.args...)
		out, err := command.CombinedOutput()
		squeezed := strings.Join(strings.Fields(string(out)), " ")
		if code := command.ProcessState.ExitCode(); code != c.code || !regexp.MustCompile("^"+c.want+"$").MatchString(squeezed) {
			t.Errorf("%q: exit code %d, %v\n%s", c.args, code, err, out)
		}
	}
}
