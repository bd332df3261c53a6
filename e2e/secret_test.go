package e2e

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// hidden is text that must appear nowhere.
const hidden = "zebra-7f3a"

// TestSecretDocument stops violations in secret documents, and shows nothing
// of them: no element, and no list that a wildcard in them stands for. That
// goes for what the CLI prints, its events, its logs and the state.
func TestSecretDocument(t *testing.T) {
	secret := func(document pulumi.String) pulumi.StringInput {
		return pulumi.ToSecret(document).(pulumi.StringOutput)
	}
	program := stack(func(p program) {
		everything := p.policy("everything", secret(allow("dynamodb:Batch* s3:"+hidden, "arn:aws:dynamodb:us-east-1:111122223333:table/"+hidden)))
		everywhere := p.policy("everywhere", secret(allow("dynamodb:GetItem s3:"+hidden, "*")), after(everything))
		p.policy("broken", secret(`{"Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "`+
			ordersARN+`", "`+hidden+`": 1}]}`), after(everywhere))
	})
	s := harness.NewStack(t, program)
	preview := s.Preview()
	const wildcard = "mandatory high iam-wildcard-action aws:iam/policy:Policy::everything: policy.Statement[0].Action " +
		"has a wildcard; list the actions the workload calls. SOC 2: CC6.1, CC6.3"
	check(t, "preview", preview, stopped(
		"mandatory high iam-unscoped-resource aws:iam/policy:Policy::everywhere: policy.Statement[0].Resource reaches every "+
			"table; name the tables, such as "+ordersARN+". SOC 2: CC6.1, CC6.3",
		wildcard,
		"mandatory medium iam-document aws:iam/policy:Policy::broken: policy.Statement[0] [secret] is not an element of a "+
			"statement, which are Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition; "+
			"IAM refuses the document as it is. SOC 2: CC6.1"))
	up := s.Up()
	check(t, "up", up, stoppedUp(wildcard))
	files, err := s.Sandbox().Holding(hidden)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Errorf("%s holds %q", file, hidden)
	}
	for run, result := range map[string]harness.Result{"preview": preview, "up": up} {
		for _, text := range []string{hidden, "BatchGetItem", "Batch*"} {
			if i := strings.Index(result.Output, text); i >= 0 {
				t.Errorf("%s shows %q: ...%s...", run, text, result.Output[max(0, i-200):min(len(result.Output), i+200)])
			}
		}
	}
}
