package e2e

import (
	"regexp"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

var sensitive = harness.About{"iam-sensitive-action"}

const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
	"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}`

// attached declares a role with a policy of the stack, attached by ARNs and
// names that a preview does not know.
func attached(document pulumi.StringInput) pulumi.RunFunc {
	return stack(func(p program) {
		role := must(iam.NewRole(p.Context, "janitor", &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trust)}))
		policy := p.policy("cleanup", document)
		must(iam.NewRolePolicyAttachment(p.Context, "janitor", &iam.RolePolicyAttachmentArgs{
			Role: role.ID(), PolicyArn: policy.Arn,
		}))
	})
}

const (
	roleJanitor       = "aws:iam/role:Role::janitor"
	policyCleanup     = "aws:iam/policy:Policy::cleanup"
	attachmentJanitor = "aws:iam/rolePolicyAttachment:RolePolicyAttachment::janitor"
)

// TestAttachedPolicy joins a role with its policy by what their references
// depend on, in a preview, and by ARN and name in an update.
func TestAttachedPolicy(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		s := harness.NewStack(t, sensitive, attached(allow("dynamodb:GetItem dynamodb:DeleteTable", ordersARN)), cli,
			harness.PackConfig(`{"iam-sensitive-action": {"enforcementLevel": "advisory", "principals": ["deploy-*"]}}`))
		// The role is named by the provider, with a random suffix.
		masked := func(result harness.Result) harness.Result {
			for i, event := range result.Policy {
				result.Policy[i] = roleName.ReplaceAllString(event, "janitor-SUFFIX")
			}
			return result
		}
		finding := "advisory medium iam-sensitive-action " + roleJanitor + `: role "janitor-SUFFIX" may use DynamoDB action DeleteTable, ` +
			`by policy.Statement[0] of "cleanup"; leave the actions to principals that are meant for them, and name those in the ` +
			"policy's principals. SOC 2: CC6.3, CC3.3"
		check(t, "preview", masked(s.Preview()), harness.Result{Policy: []string{finding}})
		check(t, "up", masked(s.Up()), harness.Result{
			Policy: []string{finding}, Created: []string{policyCleanup, roleJanitor, attachmentJanitor},
		})
		check(t, "preview of what is there", masked(s.Preview()), harness.Result{Policy: []string{finding}})
	})
}

// TestMeantPrincipal says nothing of a role that is meant for it.
func TestMeantPrincipal(t *testing.T) {
	s := harness.NewStack(t, sensitive, attached(allow("dynamodb:DeleteTable", ordersARN)),
		harness.PackConfig(`{"iam-sensitive-action": {"enforcementLevel": "mandatory", "principals": ["janitor*"]}}`))
	check(t, "preview", s.Preview(), passes())
}

// TestManagedPolicy stops a role that AWS lets do anything to any table.
func TestManagedPolicy(t *testing.T) {
	const full = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
	s := harness.NewStack(t, harness.About{"iam-broad-managed-policy"}, stack(func(p program) {
		role := must(iam.NewRole(p.Context, "janitor", &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trust)}))
		must(iam.NewRolePolicyAttachment(p.Context, "janitor", &iam.RolePolicyAttachmentArgs{
			Role: role.Name, PolicyArn: pulumi.String(full),
		}))
	}))
	finding := "mandatory high iam-broad-managed-policy " + attachmentJanitor + `: policyArn "` + full + `" grants all 79 ` +
		"DynamoDB actions and all 30 DAX actions, DeleteTable among them, on every table; attach a policy of your own that " +
		"names the actions and the tables. SOC 2: CC6.3"
	check(t, "preview", s.Preview(), stopped(finding))
	check(t, "up", s.Up(), stoppedUp(finding, roleJanitor))
}

// TestItemLevelCondition tells of a condition that Scan does not carry.
func TestItemLevelCondition(t *testing.T) {
	document := pulumi.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Scan"],
		"Resource": "` + ordersARN + `", "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}}]}`)
	s := harness.NewStack(t, harness.About{"iam-item-level-condition"}, stack(func(p program) { p.policy("own", document) }))
	finding := "advisory medium iam-item-level-condition aws:iam/policy:Policy::own: " +
		"policy.Statement[0].Condition.ForAllValues:StringEquals on dynamodb:LeadingKeys holds for every request of actions that " +
		"never carry its key (Scan); grant those actions in a statement of their own" + orBoundary + ". SOC 2: CC6.1"
	check(t, "preview", s.Preview(), harness.Result{Policy: []string{finding}})
	check(t, "up", s.Up(), harness.Result{Policy: []string{finding}, Created: []string{"aws:iam/policy:Policy::own"}})
}

var roleName = regexp.MustCompile(`janitor-[0-9a-f]{7}`)
