package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/backup"
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		tmpJSON0, err := json.Marshal(map[string]interface{}{
			"Version": "2012-10-17",
			"Statement": []map[string]interface{}{
				map[string]interface{}{
					"Effect": "Allow",
					"Action": "sts:AssumeRole",
					"Principal": map[string]interface{}{
						"Service": "backup.amazonaws.com",
					},
				},
			},
		})
		if err != nil {
			return err
		}
		json0 := string(tmpJSON0)
		backupRole, err := iam.NewRole(ctx, "backupRole", &iam.RoleArgs{
			Name:             pulumi.String("orders-backup"),
			AssumeRolePolicy: pulumi.String(json0),
		})
		if err != nil {
			return err
		}
		backups, err := backup.NewPlan(ctx, "backups", &backup.PlanArgs{
			Name: pulumi.String("daily"),
			Rules: backup.PlanRuleArray{
				&backup.PlanRuleArgs{
					RuleName:        pulumi.String("daily"),
					TargetVaultName: pulumi.String("Default"),
					Schedule:        pulumi.String("cron(0 3 * * ? *)"),
					Lifecycle: &backup.PlanRuleLifecycleArgs{
						DeleteAfter: pulumi.Int(35),
					},
				},
			},
		})
		if err != nil {
			return err
		}
		_, err = backup.NewSelection(ctx, "selection", &backup.SelectionArgs{
			Name:       pulumi.String("tagged"),
			PlanId:     backups.ID(),
			IamRoleArn: backupRole.Arn,
			SelectionTags: backup.SelectionSelectionTagArray{
				&backup.SelectionSelectionTagArgs{
					Type:  pulumi.String("STRINGEQUALS"),
					Key:   pulumi.String("backup"),
					Value: pulumi.String("daily"),
				},
			},
		})
		if err != nil {
			return err
		}
		_, err = dynamodb.NewTable(ctx, "orders", &dynamodb.TableArgs{
			Name:        pulumi.String("orders"),
			BillingMode: pulumi.String("PAY_PER_REQUEST"),
			HashKey:     pulumi.String("id"),
			Attributes: dynamodb.TableAttributeArray{
				&dynamodb.TableAttributeArgs{
					Name: pulumi.String("id"),
					Type: pulumi.String("S"),
				},
			},
			Tags: pulumi.StringMap{
				"owner":  pulumi.String("shop"),
				"backup": pulumi.String("daily"),
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
		return nil
	})
}
