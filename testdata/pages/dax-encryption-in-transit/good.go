package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v7/go/aws/dax"
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
						"Service": "dax.amazonaws.com",
					},
				},
			},
		})
		if err != nil {
			return err
		}
		json0 := string(tmpJSON0)
		cacheRole, err := iam.NewRole(ctx, "cacheRole", &iam.RoleArgs{
			Name:             pulumi.String("orders-cache"),
			AssumeRolePolicy: pulumi.String(json0),
		})
		if err != nil {
			return err
		}
		_, err = dax.NewCluster(ctx, "cache", &dax.ClusterArgs{
			ClusterName:                   pulumi.String("orders"),
			IamRoleArn:                    cacheRole.Arn,
			NodeType:                      pulumi.String("dax.r5.large"),
			ReplicationFactor:             pulumi.Int(3),
			ClusterEndpointEncryptionType: pulumi.String("TLS"),
			ServerSideEncryption: &dax.ClusterServerSideEncryptionArgs{
				Enabled: pulumi.Bool(true),
			},
		})
		if err != nil {
			return err
		}
		return nil
	})
}
