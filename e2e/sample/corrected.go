package sample

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Corrected is the same shop: each table has its name, can be restored, and is
// encrypted under a key that the account sees; the checkout does to one table
// what it has to.
func Corrected(ctx *pulumi.Context) error {
	_, err := dynamodb.NewTable(ctx, "orders", &dynamodb.TableArgs{
		Name:                 pulumi.String("shop-orders"),
		BillingMode:          pulumi.String("PAY_PER_REQUEST"),
		HashKey:              pulumi.String("orderId"),
		Attributes:           stringAttribute("orderId"),
		PointInTimeRecovery:  recoverable,
		ServerSideEncryption: encrypted,
	})
	if err != nil {
		return err
	}

	_, err = dynamodb.NewTable(ctx, "invoices", &dynamodb.TableArgs{
		Name:                 pulumi.String("shop-invoices"),
		BillingMode:          pulumi.String("PAY_PER_REQUEST"),
		HashKey:              pulumi.String("invoiceId"),
		Attributes:           stringAttribute("invoiceId"),
		PointInTimeRecovery:  recoverable,
		ServerSideEncryption: encrypted,
	})
	if err != nil {
		return err
	}

	checkout, err := iam.NewRole(ctx, "checkout", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(lambdaTrust),
	})
	if err != nil {
		return err
	}
	// The ARN is written out, so that a preview can judge the document already.
	// With the table's Arn output it is judged during the update, before the
	// policy is created.
	_, err = iam.NewRolePolicy(ctx, "checkout", &iam.RolePolicyArgs{
		Role: checkout.Name,
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
				"Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/shop-orders"
			}]
		}`),
	})
	return err
}

var (
	recoverable = &dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(true)}

	// Without a key ARN this is the account's AWS-managed key.
	encrypted = &dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true)}
)
