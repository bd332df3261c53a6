package sample

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Interpolated is the corrected shop as most write it: what a role may do, and
// with which table, is part of the role, and the table is named by its ARN. No
// preview of Pulumi's knows that of a new table, and with it the document, which
// grants too much; an update stops there, with both tables created.
func Interpolated(ctx *pulumi.Context) error {
	orders, err := dynamodb.NewTable(ctx, "orders", &dynamodb.TableArgs{
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

	invoices, err := dynamodb.NewTable(ctx, "invoices", &dynamodb.TableArgs{
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

	_, err = iam.NewRole(ctx, "checkout", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(lambdaTrust),
		InlinePolicies: iam.RoleInlinePolicyArray{&iam.RoleInlinePolicyArgs{
			Name: pulumi.String("orders"),
			Policy: pulumi.JSONMarshal(pulumi.Map{
				"Version": pulumi.String("2012-10-17"),
				"Statement": pulumi.Array{pulumi.Map{
					"Effect":   pulumi.String("Allow"),
					"Action":   pulumi.String("dynamodb:*"),
					"Resource": pulumi.Array{orders.Arn},
				}},
			}),
		}},
	}, pulumi.DependsOn([]pulumi.Resource{invoices}))
	return err
}
