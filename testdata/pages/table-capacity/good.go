package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		orders, err := dynamodb.NewTable(ctx, "orders", &dynamodb.TableArgs{
			Name:          pulumi.String("orders"),
			BillingMode:   pulumi.String("PROVISIONED"),
			ReadCapacity:  pulumi.Int(5),
			WriteCapacity: pulumi.Int(5),
			HashKey:       pulumi.String("id"),
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
		readTarget, err := appautoscaling.NewTarget(ctx, "readTarget", &appautoscaling.TargetArgs{
			ServiceNamespace: pulumi.String("dynamodb"),
			ResourceId: orders.Name.ApplyT(func(name string) (string, error) {
				return fmt.Sprintf("table/%v", name), nil
			}).(pulumi.StringOutput),
			ScalableDimension: pulumi.String("dynamodb:table:ReadCapacityUnits"),
			MinCapacity:       pulumi.Int(5),
			MaxCapacity:       pulumi.Int(100),
		})
		if err != nil {
			return err
		}
		_, err = appautoscaling.NewPolicy(ctx, "readScaling", &appautoscaling.PolicyArgs{
			Name:              pulumi.String("orders-read"),
			PolicyType:        pulumi.String("TargetTrackingScaling"),
			ServiceNamespace:  readTarget.ServiceNamespace,
			ResourceId:        readTarget.ResourceId,
			ScalableDimension: readTarget.ScalableDimension,
			TargetTrackingScalingPolicyConfiguration: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
				TargetValue: pulumi.Float64(70),
				PredefinedMetricSpecification: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs{
					PredefinedMetricType: pulumi.String("DynamoDBReadCapacityUtilization"),
				},
			},
		})
		if err != nil {
			return err
		}
		writeTarget, err := appautoscaling.NewTarget(ctx, "writeTarget", &appautoscaling.TargetArgs{
			ServiceNamespace: pulumi.String("dynamodb"),
			ResourceId: orders.Name.ApplyT(func(name string) (string, error) {
				return fmt.Sprintf("table/%v", name), nil
			}).(pulumi.StringOutput),
			ScalableDimension: pulumi.String("dynamodb:table:WriteCapacityUnits"),
			MinCapacity:       pulumi.Int(5),
			MaxCapacity:       pulumi.Int(100),
		})
		if err != nil {
			return err
		}
		_, err = appautoscaling.NewPolicy(ctx, "writeScaling", &appautoscaling.PolicyArgs{
			Name:              pulumi.String("orders-write"),
			PolicyType:        pulumi.String("TargetTrackingScaling"),
			ServiceNamespace:  writeTarget.ServiceNamespace,
			ResourceId:        writeTarget.ResourceId,
			ScalableDimension: writeTarget.ScalableDimension,
			TargetTrackingScalingPolicyConfiguration: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
				TargetValue: pulumi.Float64(70),
				PredefinedMetricSpecification: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs{
					PredefinedMetricType: pulumi.String("DynamoDBWriteCapacityUtilization"),
				},
			},
		})
		if err != nil {
			return err
		}
		return nil
	})
}
