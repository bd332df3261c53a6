package e2e

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// violations declares one resource for each policy to stop, one after the
// other. With corrected, the same resources pass.
func violations(corrected bool) pulumi.RunFunc {
	bad := func(change func(*dynamodb.TableArgs)) func(*dynamodb.TableArgs) {
		if corrected {
			return nil
		}
		return change
	}
	document := func(good, bad pulumi.String) pulumi.String {
		if corrected {
			return good
		}
		return bad
	}
	return stack(func(p program) {
		orders := p.table("orders", nil)
		user := must(iam.NewUser(p.Context, "clerk", &iam.UserArgs{}, after(orders)))
		role := must(iam.NewRole(p.Context, "checkout", &iam.RoleArgs{
			AssumeRolePolicy: pulumi.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", ` +
				`"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`),
		}, after(user)))

		carts := p.table("carts", bad(unrecoverable), after(role))
		bills := p.table("bills", bad(awsOwnedKey), after(carts))
		twins := p.table("twins", bad(func(args *dynamodb.TableArgs) { args.Name = pulumi.String("orders") }), after(bills))
		replica := must(dynamodb.NewTableReplica(p.Context, "replica", &dynamodb.TableReplicaArgs{
			GlobalTableArn:      pulumi.String("arn:aws:dynamodb:eu-west-1:111122223333:table/global"),
			PointInTimeRecovery: pulumi.Bool(corrected),
		}, after(twins)))
		everything := p.policy("everything", document(
			allow("dynamodb:GetItem dynamodb:Query", ordersARN),
			allow("dynamodb:*", ordersARN)), after(replica))
		everywhere := must(iam.NewRolePolicy(p.Context, "everywhere", &iam.RolePolicyArgs{
			Name: pulumi.String("everywhere"),
			Role: role.Name,
			Policy: document(
				allow("dynamodb:GetItem", ordersARN),
				allow("dynamodb:GetItem", "*")),
		}, after(everything)))
		must(iam.NewUserPolicy(p.Context, "misspelt", &iam.UserPolicyArgs{
			Name: pulumi.String("misspelt"),
			User: user.Name,
			Policy: document(
				allow("dynamodb:GetItem", ordersARN),
				`{"Version": "2012-10-17", "Statement": [{"Efect": "Allow", "Action": "dynamodb:GetItem", "Resource": "`+ordersARN+`"}]}`),
		}, after(everywhere)))
	})
}

// violated are the policies that violations is about.
var violated = harness.About{
	"iam-document", "iam-unscoped-resource", "iam-wildcard-action",
	"table-encryption", "table-name-collision", "table-point-in-time-recovery",
}

// violationEvents are the events of all violations, at a level.
func violationEvents(level string) []string {
	return []string{
		level + " high iam-unscoped-resource aws:iam/rolePolicy:RolePolicy::everywhere: " + everyTable,
		level + " high iam-wildcard-action aws:iam/policy:Policy::everything: " + everyAction,
		level + " high table-encryption aws:dynamodb/table:Table::bills: " + ownedKey,
		level + " high table-name-collision aws:dynamodb/table:Table::twins: " +
			twoOwners("name", "orders", "us-east-1", tableOrders, "aws:dynamodb/table:Table::twins"),
		level + " high table-point-in-time-recovery " + tableCarts + ": " + noRecovery,
		level + " high table-point-in-time-recovery aws:dynamodb/tableReplica:TableReplica::replica: " +
			"pointInTimeRecovery is false: the replica cannot be restored to a point in time; set it to true. " +
			"SOC 2: A1.2, CC7.4, CC7.5",
		level + " medium iam-document aws:iam/userPolicy:UserPolicy::misspelt: " +
			`policy.Statement[0] "Efect" is not an element of a statement, which are Sid, Effect, Principal, NotPrincipal, ` +
			"Action, NotAction, Resource, NotResource, Condition, and policy.Statement[0] has no Effect; " +
			`write "Allow" or "Deny"; IAM refuses the document as it is. SOC 2: CC6.1`,
	}
}

var everyResource = []string{
	"aws:dynamodb/table:Table::bills",
	"aws:dynamodb/table:Table::carts",
	"aws:dynamodb/table:Table::orders",
	"aws:dynamodb/table:Table::twins",
	"aws:dynamodb/tableReplica:TableReplica::replica",
	"aws:iam/policy:Policy::everything",
	"aws:iam/role:Role::checkout",
	"aws:iam/rolePolicy:RolePolicy::everywhere",
	"aws:iam/user:User::clerk",
	"aws:iam/userPolicy:UserPolicy::misspelt",
}

func TestViolations(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		s := harness.NewStack(t, violated, violations(false), cli)
		check(t, "preview", s.Preview(), stopped(violationEvents("mandatory")...))
		check(t, "up", s.Up(), stoppedUp(
			"mandatory high table-point-in-time-recovery "+tableCarts+": "+noRecovery,
			tableOrders, "aws:iam/role:Role::checkout", "aws:iam/user:User::clerk"))
	})
}

// TestViolationsAdvisory deploys all of it, and says all of it.
func TestViolationsAdvisory(t *testing.T) {
	s := harness.NewStack(t, violated, violations(false), harness.PackConfig(`{"all": "advisory"}`))
	check(t, "preview", s.Preview(), harness.Result{Policy: violationEvents("advisory")})
	check(t, "up", s.Up(), harness.Result{Policy: violationEvents("advisory"), Created: everyResource})
}

func TestCorrected(t *testing.T) {
	s := harness.NewStack(t, violated, violations(true))
	check(t, "preview", s.Preview(), passes())
	check(t, "up", s.Up(), passes(everyResource...))
}
