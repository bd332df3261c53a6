package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		orders, err := dynamodb.NewTable(ctx, "orders", &dynamodb.TableArgs{
			Name:        pulumi.String("orders"),
			BillingMode: pulumi.String("PAY_PER_REQUEST"),
			HashKey:     pulumi.String("id"),
			Attributes: dynamodb.TableAttributeArray{
				&dynamodb.TableAttributeArgs{
					Name: pulumi.String("id"),
					Type: pulumi.String("S"),
				},
			},
			DeletionProtectionEnabled: pulumi.Bool(true),
			PointInTimeRecovery: &dynamodb.TablePointInTimeRecoveryArgs{
				Enabled: pulumi.Bool(true),
			},
			ServerSideEncryption: &dynamodb.TableServerSideEncryptionArgs{
				Enabled: pulumi.Bool(true),
			},
		})
		if err != nil {
			return err
		}
		tmpJSON0, err := json.Marshal(map[string]interface{}{
			"Version": "2012-10-17",
			"Statement": []map[string]interface{}{
				map[string]interface{}{
					"Effect": "Allow",
					"Action": "sts:AssumeRole",
					"Principal": map[string]interface{}{
						"Service": "lambda.amazonaws.com",
					},
				},
			},
		})
		if err != nil {
			return err
		}
		json0 := string(tmpJSON0)
		checkoutRole, err := iam.NewRole(ctx, "checkoutRole", &iam.RoleArgs{
			Name:             pulumi.String("checkout"),
			AssumeRolePolicy: pulumi.String(json0),
		})
		if err != nil {
			return err
		}
		_, err = iam.NewRolePolicy(ctx, "checkoutAccess", &iam.RolePolicyArgs{
			Name: pulumi.String("orders"),
			Role: checkoutRole.Name,
			Policy: orders.Arn.ApplyT(func(arn string) (pulumi.String, error) {
				var _zero pulumi.String
				tmpJSON1, err := json.Marshal(map[string]interface{}{
					"Version": "2012-10-17",
					"Statement": []map[string]interface{}{
						map[string]interface{}{
							"Effect": "Allow",
							"Action": []string{
								"dynamodb:GetItem",
								"dynamodb:PutItem",
							},
							"Resource": arn,
						},
					},
				})
				if err != nil {
					return _zero, err
				}
				json1 := string(tmpJSON1)
				return pulumi.String(json1), nil
			}).(pulumi.StringOutput),
		})
		if err != nil {
			return err
		}
		checkout, err := lambda.NewFunction(ctx, "checkout", &lambda.FunctionArgs{
			Name:     pulumi.String("checkout"),
			Role:     checkoutRole.Arn,
			Runtime:  pulumi.String("provided.al2023"),
			Handler:  pulumi.String("bootstrap"),
			S3Bucket: pulumi.String("shop-code"),
			S3Key:    pulumi.String("checkout.zip"),
		})
		if err != nil {
			return err
		}
		tmpJSON2, err := json.Marshal(map[string]interface{}{
			"Version": "2012-10-17",
			"Statement": []map[string]interface{}{
				map[string]interface{}{
					"Effect": "Allow",
					"Action": "sts:AssumeRole",
					"Principal": map[string]interface{}{
						"Service": "lambda.amazonaws.com",
					},
				},
			},
		})
		if err != nil {
			return err
		}
		json2 := string(tmpJSON2)
		searchRole, err := iam.NewRole(ctx, "searchRole", &iam.RoleArgs{
			Name:             pulumi.String("search"),
			AssumeRolePolicy: pulumi.String(json2),
		})
		if err != nil {
			return err
		}
		_, err = iam.NewRolePolicy(ctx, "searchAccess", &iam.RolePolicyArgs{
			Name: pulumi.String("orders"),
			Role: searchRole.Name,
			Policy: orders.Arn.ApplyT(func(arn string) (pulumi.String, error) {
				var _zero pulumi.String
				tmpJSON3, err := json.Marshal(map[string]interface{}{
					"Version": "2012-10-17",
					"Statement": []map[string]interface{}{
						map[string]interface{}{
							"Effect":   "Allow",
							"Action":   "dynamodb:Query",
							"Resource": arn,
						},
					},
				})
				if err != nil {
					return _zero, err
				}
				json3 := string(tmpJSON3)
				return pulumi.String(json3), nil
			}).(pulumi.StringOutput),
		})
		if err != nil {
			return err
		}
		_, err = lambda.NewFunction(ctx, "search", &lambda.FunctionArgs{
			Name:     pulumi.String("search"),
			Role:     searchRole.Arn,
			Runtime:  pulumi.String("provided.al2023"),
			Handler:  pulumi.String("bootstrap"),
			S3Bucket: pulumi.String("shop-code"),
			S3Key:    pulumi.String("search.zip"),
			Environment: &lambda.FunctionEnvironmentArgs{
				Variables: pulumi.StringMap{
					"CHECKOUT": checkout.Name,
				},
			},
		})
		if err != nil {
			return err
		}
		return nil
	})
}
