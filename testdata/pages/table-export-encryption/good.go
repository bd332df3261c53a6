package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/kms"
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
		key, err := kms.NewKey(ctx, "key", &kms.KeyArgs{
			Description:       pulumi.String("of the orders"),
			EnableKeyRotation: pulumi.Bool(true),
		})
		if err != nil {
			return err
		}
		_, err = dynamodb.NewTableExport(ctx, "export", &dynamodb.TableExportArgs{
			TableArn:       orders.Arn,
			S3Bucket:       pulumi.String("orders-exports"),
			S3BucketOwner:  pulumi.String("111122223333"),
			S3SseAlgorithm: pulumi.String("KMS"),
			S3SseKmsKeyId:  key.Arn,
		})
		if err != nil {
			return err
		}
		return nil
	})
}
