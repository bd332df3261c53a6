package sample

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Insecure works on the day it is deployed. Nothing in it can be restored,
// the checkout may delete every table of the account, and a second table
// waits to take the place of the first.
func Insecure(ctx *pulumi.Context) error {
	orders, err := dynamodb.NewTable(ctx, "orders", &dynamodb.TableArgs{
		Name:        pulumi.String("shop-orders"),
		BillingMode: pulumi.String("PAY_PER_REQUEST"),
		HashKey:     pulumi.String("orderId"),
		Attributes:  stringAttribute("orderId"),
	})
	if err != nil {
		return err
	}

	// Written for another team, with the name copied along.
	_, err = dynamodb.NewTable(ctx, "invoices", &dynamodb.TableArgs{
		Name:        pulumi.String("shop-orders"),
		BillingMode: pulumi.String("PAY_PER_REQUEST"),
		HashKey:     pulumi.String("invoiceId"),
		Attributes:  stringAttribute("invoiceId"),
		PointInTimeRecovery: &dynamodb.TablePointInTimeRecoveryArgs{
			Enabled: pulumi.Bool(true),
		},
		ServerSideEncryption: &dynamodb.TableServerSideEncryptionArgs{
			Enabled: pulumi.Bool(true),
		},
	}, pulumi.DependsOn([]pulumi.Resource{orders}))
	if err != nil {
		return err
	}

	checkout, err := iam.NewRole(ctx, "checkout", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(lambdaTrust),
	})
	if err != nil {
		return err
	}
	_, err = iam.NewRolePolicy(ctx, "checkout", &iam.RolePolicyArgs{
		Role: checkout.Name,
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]
		}`),
	})
	return err
}

// stringAttribute declares a key attribute that holds text.
func stringAttribute(name string) dynamodb.TableAttributeArray {
	return dynamodb.TableAttributeArray{
		&dynamodb.TableAttributeArgs{Name: pulumi.String(name), Type: pulumi.String("S")},
	}
}

// lambdaTrust lets AWS Lambda functions take on a role.
const lambdaTrust = `{
	"Version": "2012-10-17",
	"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}`
