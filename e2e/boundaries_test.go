package e2e

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// TestAttachedBoundary stops an update before it attaches, as a policy of a role,
// what passes for a permission boundary by its name. Only a preview that does
// not know the ARN yet tells at the end.
func TestAttachedBoundary(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		const boundary = "aws:iam/policy:Policy::team-boundary"
		bounded := func(attach bool) pulumi.RunFunc {
			return stack(func(p program) {
				policy := p.policy("team-boundary", allow("dynamodb:*", ordersARN))
				role := must(iam.NewRole(p.Context, "janitor", &iam.RoleArgs{
					AssumeRolePolicy: pulumi.String(trust), PermissionsBoundary: policy.Arn,
				}))
				if attach {
					must(iam.NewRolePolicyAttachment(p.Context, "janitor", &iam.RolePolicyAttachmentArgs{
						Role: role.Name, PolicyArn: policy.Arn,
					}))
				}
			})
		}
		s := harness.NewStack(t, harness.About{"iam-wildcard-action"}, bounded(true), cli,
			harness.PackConfig(`{"dynamoguard": {"enforcementLevel": "advisory", "boundaries": ["*boundary*"]}}`))
		finding := func(on string) string {
			return "mandatory high iam-wildcard-action " + on + `: aws:iam:RolePolicyAttachment "janitor" attaches aws:iam:Policy ` +
				`"team-boundary" as a grant: ` + strings.Replace(everyAction, orBoundary, "", 1)
		}
		check(t, "preview", s.Preview(), stopped(finding(boundary)))
		check(t, "up", s.Up(), stoppedUp(finding(attachmentJanitor), boundary, roleJanitor))
		check(t, "preview of what is there", s.Preview(), stopped(finding(attachmentJanitor)))
		s.Become(bounded(false))
		check(t, "preview without the attachment", s.Preview(), passes())
		s.Become(stack(func(p program) { p.policy("team-boundary", allow("dynamodb:*", ordersARN)) }))
		check(t, "preview without the role", s.Preview(), harness.Result{Policy: []string{
			"advisory low dynamoguard " + rootStack + ": 1 policy document counts as a permission boundary, by its name and the " +
				"setting boundaries, and was not judged as a grant; it bounds no principal of the stack: " +
				`aws:iam:Policy "team-boundary"`,
		}})
	})
}
