package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// check compares all of a result but the output.
func check(t *testing.T, run string, got, want harness.Result) {
	t.Helper()
	if want, result := describeResult(want), describeResult(got); result != want {
		t.Errorf("%s came to\n%s\n\nwant\n%s\n\nThe CLI's output:\n%s", run, result, want, got.Output)
	}
}

// byState stands for what names the state that tells of a table: its backend, which
// is another one in each test, and when it was written.
const byState = " (by the state in the backend)"

var stateOf = regexp.MustCompile(` \(by the state in file://[^ ]+ of [-0-9]+ [:0-9]+ UTC\)`)

// describeResult writes a result line by line.
func describeResult(r harness.Result) string {
	lines := []string{fmt.Sprintf("exit code %d", r.ExitCode)}
	for _, event := range r.Policy {
		lines = append(lines, "policy: "+stateOf.ReplaceAllString(event, byState))
	}
	for _, event := range r.Remediated {
		lines = append(lines, "remediated: "+event)
	}
	for _, message := range r.Errors {
		lines = append(lines, "error: "+message)
	}
	for _, resource := range r.Created {
		lines = append(lines, "created: "+resource)
	}
	return strings.Join(lines, "\n")
}

// eachCLI runs a case on the oldest and on the newest line of the CLI. The other
// cases run on one of them. With a flag for another engine, all run on that.
func eachCLI(t *testing.T, test func(t *testing.T, cli harness.Option)) {
	t.Run("oldest CLI", func(t *testing.T) { test(t, harness.Oldest) })
	if !harness.OneEngine() {
		t.Run("newest CLI", func(t *testing.T) { test(t, harness.Newest) })
	}
}

// passes is the result of a run that nothing is said about.
func passes(created ...string) harness.Result { return harness.Result{Created: created} }

// program declares the resources of a stack.
type program struct{ *pulumi.Context }

// stack returns the Pulumi program that declares the resources.
func stack(declare func(program)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		declare(program{ctx})
		return nil
	}
}

// must returns what the SDK created. The Automation API makes an error of a
// program's panic.
func must[T any](created T, err error) T {
	if err != nil {
		panic(err)
	}
	return created
}

// table declares a table that passes every policy, but for the changes.
func (p program) table(name string, change func(*dynamodb.TableArgs), options ...pulumi.ResourceOption) *dynamodb.Table {
	args := &dynamodb.TableArgs{
		Name:        pulumi.String(name),
		BillingMode: pulumi.String("PAY_PER_REQUEST"),
		HashKey:     pulumi.String("id"),
		Attributes: dynamodb.TableAttributeArray{
			&dynamodb.TableAttributeArgs{Name: pulumi.String("id"), Type: pulumi.String("S")},
		},
		PointInTimeRecovery:  &dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(true)},
		ServerSideEncryption: &dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true)},
	}
	if change != nil {
		change(args)
	}
	return must(dynamodb.NewTable(p.Context, name, args, options...))
}

// goodTable returns the checked inputs of such a table.
func goodTable(name string) resource.PropertyMap {
	enabled := resource.NewProperty(resource.PropertyMap{"enabled": resource.NewProperty(true)})
	return resource.PropertyMap{
		"name":        resource.NewProperty(name),
		"billingMode": resource.NewProperty("PAY_PER_REQUEST"),
		"hashKey":     resource.NewProperty("id"),
		"attributes": resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{
			"name": resource.NewProperty("id"), "type": resource.NewProperty("S"),
		})}),
		"pointInTimeRecovery":  enabled,
		"serverSideEncryption": enabled,
	}
}

func unrecoverable(args *dynamodb.TableArgs) { args.PointInTimeRecovery = nil }

func awsOwnedKey(args *dynamodb.TableArgs) { args.ServerSideEncryption = nil }

// policy declares a managed policy of a document.
func (p program) policy(name string, document pulumi.StringInput, options ...pulumi.ResourceOption) *iam.Policy {
	return must(iam.NewPolicy(p.Context, name, &iam.PolicyArgs{Policy: document}, options...))
}

// allow returns a document with one statement, its actions separated by
// spaces.
func allow(actions, resource string) pulumi.String {
	list := `"` + strings.Join(strings.Fields(actions), `", "`) + `"`
	return pulumi.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [` + list +
		`], "Resource": "` + resource + `"}]}`)
}

// after makes a resource wait for another, so that an update meets them in
// this order.
func after(resource pulumi.Resource) pulumi.ResourceOption {
	return pulumi.DependsOn([]pulumi.Resource{resource})
}

const ordersARN = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"

// The resources of several tests, as events name them.
const (
	tableOrders = "aws:dynamodb/table:Table::orders"
	tableCarts  = "aws:dynamodb/table:Table::carts"
	rootStack   = "pulumi:pulumi:Stack::shop-dev"
)

// The messages of several tests.
const (
	noRecovery = "pointInTimeRecovery is not set: the table cannot be restored to a point in time; " +
		"set pointInTimeRecovery.enabled to true. SOC 2: A1.2, CC7.4, CC7.5"
	ownedKey = "serverSideEncryption is not set: the table is encrypted with the AWS-owned key, which nobody can audit " +
		"or revoke; set serverSideEncryption.enabled to true, and serverSideEncryption.kmsKeyArn to a customer managed key where " +
		"another account reads the table. SOC 2: C1.1, CC6.1"
	orBoundary  = ", or name the policy in boundaries if it is a permission boundary" // of a managed policy
	everyAction = `policy.Statement[0].Action[0] "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them; ` +
		"list the actions the workload calls" + orBoundary + ". SOC 2: CC6.1, CC6.3"
	everyTable = `policy.Statement[0].Resource "*" opens every table to DynamoDB action GetItem; ` +
		`name the tables, such as the arn of aws:dynamodb:Table "orders". SOC 2: CC6.1, CC6.3`
)

// twoOwners is the message of a collision of names, which a property holds.
func twoOwners(property, name, region, first, second string) string {
	const urn = "urn:pulumi:" + harness.StackName + "::" + harness.Project + "::"
	return property + `: the table name "` + name + `" has two owners in one account and region ` + region + ", " +
		urn + first + " and " + urn + second + "; give one of the two another name. SOC 2: CC8.1, A1.2"
}

// stopped is the result of a preview with mandatory violations.
func stopped(policy ...string) harness.Result {
	return harness.Result{ExitCode: 1, Policy: policy, Errors: []string{"preview failed"}}
}

// stoppedUp is the result of an update that ended at a mandatory violation,
// after it created something.
func stoppedUp(violation string, created ...string) harness.Result {
	return harness.Result{ExitCode: 1, Policy: []string{violation}, Created: created}
}
