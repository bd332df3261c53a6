package e2e

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
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
	s := harness.NewStack(t, harness.About{"iam-document", "iam-unscoped-resource", "iam-wildcard-action"}, program)
	preview := s.Preview()
	const wildcard = "mandatory high iam-wildcard-action aws:iam/policy:Policy::everything: policy.Statement[0].Action " +
		"has a wildcard; list the actions the workload calls" + orBoundary + ". SOC 2: CC6.1, CC6.3"
	check(t, "preview", preview, stopped(
		"mandatory high iam-unscoped-resource aws:iam/policy:Policy::everywhere: policy.Statement[0].Resource reaches every "+
			"table; name the tables, such as arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"+orBoundary+". SOC 2: CC6.1, CC6.3",
		wildcard,
		"mandatory medium iam-document aws:iam/policy:Policy::broken: policy.Statement[0] [secret] is not an element of a "+
			"statement, which are Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition; "+
			"IAM refuses the document as it is. SOC 2: CC6.1"))
	up := s.Up()
	check(t, "up", up, stoppedUp(wildcard))
	hides(t, s, preview, hidden, "BatchGetItem", "Batch*")
	hides(t, s, up, hidden, "BatchGetItem", "Batch*")
}

// TestSecretProperty shows nothing of a secret key, though the message is
// about the key.
func TestSecretProperty(t *testing.T) {
	program := stack(func(p program) {
		p.table("carts", func(args *dynamodb.TableArgs) {
			args.ServerSideEncryption = &dynamodb.TableServerSideEncryptionArgs{
				Enabled:   pulumi.Bool(true),
				KmsKeyArn: pulumi.ToSecret(pulumi.String("arn:aws:kms:us-east-1:111122223333:key/" + hidden)).(pulumi.StringOutput),
			}
		})
	})
	s := harness.NewStack(t, harness.About{"table-encryption"}, program, harness.PackConfig(`{"all": "advisory", "table-encryption": {"allowedKeys": ["*:key/shop"]}}`))
	want := harness.Result{Policy: []string{"advisory high table-encryption " + tableCarts +
		": serverSideEncryption.kmsKeyArn [secret] is not one of the keys that the table may be encrypted with; " +
		"use one that matches *:key/shop. SOC 2: C1.1, CC6.1"}}
	preview := s.Preview()
	check(t, "preview", preview, want)
	hides(t, s, preview, hidden)
	up := s.Up()
	check(t, "up", up, asUp(want, tableCarts))
	hides(t, s, up, hidden)
}

// hides looks for texts in the output and events of a run, and for the first
// of them in every file that runs of the stack left.
func hides(t *testing.T, s *harness.Stack, result harness.Result, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if i := strings.Index(result.Output, text); i >= 0 {
			t.Errorf("the output shows %q: ...%s...", text, result.Output[max(0, i-200):min(len(result.Output), i+200)])
		}
	}
	files, err := s.Sandbox().Holding(texts[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Errorf("%s holds %q", file, texts[0])
	}
}
