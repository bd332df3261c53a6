package largestack

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"dynamoguard/e2e/internal/wire"
)

// service declares the i-th service, in the order of its dependencies.
func service(i int) []declared {
	secure := i%20 != 0
	name := fmt.Sprintf("service-%04d", i)
	physical := name + "-8f3c2d1" // as Pulumi names what has no name
	arn := func(service, region, resource string) string {
		return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, region, account, resource)
	}
	tags := object{"Service": name, "Team": fmt.Sprintf("team-%02d", i%40), "Environment": "dev", "DataClass": "internal"}
	tagsAll := object{"CostCenter": "4711", "ManagedBy": "pulumi", "Repository": "github.com/acme/shop"}
	for k, v := range tags {
		tagsAll[k] = v
	}

	tableName := "orders-" + name
	tableARN := arn("dynamodb", region, "table/"+tableName)
	queueARN, bucketARN := arn("sqs", region, physical), "arn:aws:s3:::"+physical
	roleARN, policyARN := arn("iam", "", "role/"+physical), arn("iam", "", "policy/"+physical)
	groupARN, functionARN := arn("logs", region, "log-group:/aws/lambda/"+physical), arn("lambda", region, "function:"+physical)
	streamARN := tableARN + "/stream/2024-05-17T09:21:44.412"
	on := func(typ string) []string { return []string{wire.URN(typ, name)} }

	actions := []string{"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
	if !secure {
		actions = []string{"dynamodb:*"}
	}
	return []declared{
		{
			typ: table, name: name,
			inputs: object{
				"name": tableName, "billingMode": "PAY_PER_REQUEST", "hashKey": "pk", "rangeKey": "sk",
				"attributes": []any{
					object{"name": "pk", "type": "S"}, object{"name": "sk", "type": "S"},
					object{"name": "gsi1pk", "type": "S"}, object{"name": "gsi1sk", "type": "S"}, object{"name": "createdAt", "type": "N"},
				},
				"globalSecondaryIndexes": []any{
					object{"name": "by-customer", "hashKey": "gsi1pk", "rangeKey": "gsi1sk", "projectionType": "ALL"},
					object{
						"name": "by-date", "hashKey": "gsi1pk", "rangeKey": "createdAt", "projectionType": "INCLUDE",
						"nonKeyAttributes": []any{"status", "total", "currency"},
					},
				},
				"pointInTimeRecovery":       object{"enabled": secure},
				"serverSideEncryption":      object{"enabled": true, "kmsKeyArn": arn("kms", region, "key/1234abcd-12ab-34cd-56ef-1234567890ab")},
				"deletionProtectionEnabled": secure,
				"streamEnabled":             true, "streamViewType": "NEW_AND_OLD_IMAGES",
				"ttl":  object{"attributeName": "expiresAt", "enabled": true},
				"tags": tags, "tagsAll": tagsAll,
			},
			outputs: object{
				"id": tableName, "arn": tableARN, "streamArn": streamARN, "streamLabel": "2024-05-17T09:21:44.412",
				"localSecondaryIndexes": []any{}, "replicas": []any{}, "tableClass": "STANDARD", "readCapacity": 0, "writeCapacity": 0,
				"importTable": nil, "onDemandThroughput": nil, "restoreDateTime": nil, "restoreSourceName": nil,
				"restoreSourceTableArn": nil, "restoreToLatestTime": nil,
			},
		},
		{
			typ: queue, name: name, defaults: []any{"name"},
			inputs: object{
				"name": physical, "visibilityTimeoutSeconds": 180, "messageRetentionSeconds": 1209600, "sqsManagedSseEnabled": true,
				"redrivePolicy": document(object{"deadLetterTargetArn": queueARN + "-dead", "maxReceiveCount": 5}),
				"tags":          tags, "tagsAll": tagsAll,
			},
			outputs: object{
				"id": "https://sqs." + region + ".amazonaws.com/" + account + "/" + physical, "arn": queueARN,
				"url":                       "https://sqs." + region + ".amazonaws.com/" + account + "/" + physical,
				"contentBasedDeduplication": false, "deduplicationScope": "", "delaySeconds": 0, "fifoQueue": false,
				"fifoThroughputLimit": "", "kmsDataKeyReusePeriodSeconds": 300, "kmsMasterKeyId": "", "maxMessageSize": 262144,
				"namePrefix": "", "policy": "", "receiveWaitTimeSeconds": 0, "redriveAllowPolicy": "",
			},
		},
		{
			typ: bucket, name: name, defaults: []any{"bucket", "forceDestroy"},
			inputs: object{"bucket": physical, "forceDestroy": false, "tags": tags, "tagsAll": tagsAll},
			outputs: object{
				"id": physical, "arn": bucketARN, "accelerationStatus": "", "acl": nil, "bucketDomainName": physical + ".s3.amazonaws.com",
				"bucketPrefix": "", "bucketRegionalDomainName": physical + ".s3." + region + ".amazonaws.com", "corsRules": []any{},
				"grants": []any{object{
					"id": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", "permissions": []any{"FULL_CONTROL"},
					"type": "CanonicalUser", "uri": "",
				}},
				"hostedZoneId": "Z3AQBSTGFYJSTF", "lifecycleRules": []any{}, "loggings": []any{}, "objectLockConfiguration": nil,
				"objectLockEnabled": false, "policy": "", "region": region, "replicationConfigurations": []any{}, "requestPayer": "BucketOwner",
				"serverSideEncryptionConfigurations": []any{object{"rules": []any{object{
					"applyServerSideEncryptionByDefaults": []any{object{"kmsMasterKeyId": "", "sseAlgorithm": "AES256"}}, "bucketKeyEnabled": false,
				}}}},
				"versionings": []any{object{"enabled": false, "mfaDelete": false}}, "websiteDomain": nil, "websiteEndpoint": nil, "websites": []any{},
			},
		},
		{
			typ: role, name: name, defaults: []any{"name", "forceDetachPolicies", "maxSessionDuration", "path"},
			inputs: object{
				"name": physical, "description": "What " + name + " runs as", "forceDetachPolicies": false, "maxSessionDuration": 3600, "path": "/",
				"assumeRolePolicy": document(policy(object{
					"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": object{"Service": "lambda.amazonaws.com"},
					"Condition": object{"StringEquals": object{"aws:SourceAccount": account}},
				})),
				"inlinePolicies": []any{object{"name": "telemetry", "policy": document(policy(
					object{
						"Sid": "Logs", "Effect": "Allow", "Action": []string{"logs:CreateLogStream", "logs:PutLogEvents"},
						"Resource": groupARN + ":*",
					},
					object{
						"Sid": "Traces", "Effect": "Allow",
						"Action":   []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"},
						"Resource": "*",
					},
					object{
						"Sid": "Metrics", "Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
						"Condition": object{"StringEquals": object{"cloudwatch:namespace": "shop/" + name}},
					},
				))}},
				"tags": tags, "tagsAll": tagsAll,
			},
			outputs: object{
				"id": physical, "arn": roleARN, "createDate": "2024-05-17T09:21:31Z", "managedPolicyArns": []any{policyARN},
				"namePrefix": "", "permissionsBoundary": "", "uniqueId": fmt.Sprintf("AROACKCEVSQ6C2EX%04d", i),
			},
			dependencies: map[string][]string{"inlinePolicies": on(table)},
		},
		{
			typ: managedPolicy, name: name, defaults: []any{"name", "path"},
			inputs: object{
				"name": physical, "path": "/", "description": "What " + name + " may do with its data",
				"policy": document(policy(
					object{
						"Sid": "ReadAndWrite", "Effect": "Allow", "Action": actions,
						"Resource": []string{tableARN, tableARN + "/index/by-customer", tableARN + "/index/by-date"},
					},
					object{
						"Sid": "OwnItems", "Effect": "Allow", "Action": []string{"dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"},
						"Resource": tableARN,
						"Condition": object{
							"ForAllValues:StringEquals": object{"dynamodb:LeadingKeys": []string{"${aws:PrincipalTag/tenant}", "shared"}},
							"Null":                      object{"aws:PrincipalTag/tenant": "false"},
						},
					},
					object{
						"Sid": "Stream", "Effect": "Allow",
						"Action":   []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
						"Resource": streamARN,
					},
					object{
						"Sid": "Queue", "Effect": "Allow",
						"Action":   []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"},
						"Resource": []string{queueARN, queueARN + "-dead"},
					},
					object{
						"Sid": "Bucket", "Effect": "Allow", "Action": []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
						"Resource":  []string{bucketARN, bucketARN + "/*"},
						"Condition": object{"Bool": object{"aws:SecureTransport": "true"}},
					},
					object{
						"Sid": "NoOneDeletes", "Effect": "Deny", "Action": []string{"dynamodb:DeleteTable", "dynamodb:DeleteBackup"},
						"Resource": "*",
					},
				)),
				"tags": tags, "tagsAll": tagsAll,
			},
			outputs: object{
				"id": policyARN, "arn": policyARN, "attachmentCount": 1, "namePrefix": "", "policyId": fmt.Sprintf("ANPACKCEVSQ6C2EX%04d", i),
			},
			dependencies: map[string][]string{"policy": {
				wire.URN(bucket, name), wire.URN(queue, name), wire.URN(table, name),
			}},
		},
		{
			typ: attachment, name: name,
			inputs:       object{"role": physical, "policyArn": policyARN},
			outputs:      object{"id": physical + "-20240517092146012300000001"},
			dependencies: map[string][]string{"role": on(role), "policyArn": on(managedPolicy)},
		},
		{
			typ: inlinePolicy, name: name, defaults: []any{"name"},
			inputs: object{
				"name": physical, "role": physical,
				"policy": document(policy(
					object{
						"Effect": "Allow", "Action": []string{"kms:Decrypt", "kms:GenerateDataKey"},
						"Resource":  arn("kms", region, "key/1234abcd-12ab-34cd-56ef-1234567890ab"),
						"Condition": object{"StringEquals": object{"kms:ViaService": "dynamodb." + region + ".amazonaws.com"}},
					},
					object{
						"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
						"Resource": arn("secretsmanager", region, "secret:shop/"+name+"/*"),
					},
					object{
						"Effect": "Allow", "Action": []string{"dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"}, "Resource": tableARN,
					},
					object{
						"Effect": "Allow", "Action": []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"},
						"Resource": arn("ssm", region, "parameter/shop/"+name+"/*"),
					},
				)),
			},
			outputs:      object{"id": physical + ":" + physical, "namePrefix": ""},
			dependencies: map[string][]string{"role": on(role), "policy": on(table)},
		},
		{
			typ: securityGroup, name: name, defaults: []any{"name", "description", "revokeRulesOnDelete"},
			inputs: object{
				"name": physical, "description": "Managed by Pulumi", "revokeRulesOnDelete": false, "vpcId": "vpc-0a1b2c3d4e5f60718",
				"ingress": []any{object{
					"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": []any{"10.0.0.0/16"}, "description": "HTTPS within the VPC", "self": false,
				}},
				"egress": []any{
					object{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": []any{"0.0.0.0/0"}, "description": "AWS APIs", "self": false},
					object{"protocol": "udp", "fromPort": 53, "toPort": 53, "cidrBlocks": []any{"10.0.0.2/32"}, "description": "DNS", "self": false},
				},
				"tags": tags, "tagsAll": tagsAll,
			},
			outputs: object{
				"id": fmt.Sprintf("sg-0a1b2c3d4e5f6%04d", i), "arn": arn("ec2", region, fmt.Sprintf("security-group/sg-0a1b2c3d4e5f6%04d", i)),
				"namePrefix": "", "ownerId": account,
			},
		},
		{
			typ: logGroup, name: name, defaults: []any{"skipDestroy"},
			inputs: object{"name": "/aws/lambda/" + physical, "retentionInDays": 30, "skipDestroy": false, "tags": tags, "tagsAll": tagsAll},
			outputs: object{
				"id": "/aws/lambda/" + physical, "arn": groupARN, "kmsKeyId": "", "logGroupClass": "STANDARD", "namePrefix": "",
			},
		},
		{
			typ: function, name: name, defaults: []any{"name", "packageType", "publish", "reservedConcurrentExecutions", "skipDestroy"},
			inputs: object{
				"name": physical, "role": roleARN, "runtime": "nodejs20.x", "handler": "index.handler", "memorySize": 512, "timeout": 30,
				"architectures": []any{"arm64"}, "packageType": "Zip", "publish": false, "reservedConcurrentExecutions": -1, "skipDestroy": false,
				"s3Bucket": "shop-artifacts-dev", "s3Key": name + "/4e1243bd22c66e76c2ba9eddc1f91394e57f9f83.zip",
				"environment": object{"variables": object{
					"TABLE_NAME": tableName, "QUEUE_URL": "https://sqs." + region + ".amazonaws.com/" + account + "/" + physical,
					"BUCKET_NAME": physical, "LOG_LEVEL": "info", "STAGE": "dev", "NODE_OPTIONS": "--enable-source-maps",
					"API_KEY": resource.MakeSecret(resource.NewProperty("not-a-real-key-" + name)),
				}},
				"loggingConfig": object{"logFormat": "JSON", "logGroup": "/aws/lambda/" + physical},
				"tracingConfig": object{"mode": "Active"},
				"vpcConfig": object{
					"securityGroupIds": []any{fmt.Sprintf("sg-0a1b2c3d4e5f6%04d", i)},
					"subnetIds":        []any{"subnet-0a1b2c3d4e5f60718", "subnet-0b1c2d3e4f5a60718", "subnet-0c1d2e3f4a5b60718"},
				},
				"tags": tags, "tagsAll": tagsAll,
			},
			outputs: object{
				"id": physical, "arn": functionARN, "codeSha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
				"codeSigningConfigArn": "", "deadLetterConfig": nil, "description": "", "ephemeralStorage": object{"size": 512},
				"fileSystemConfig": nil, "imageConfig": nil, "imageUri": "",
				"invokeArn": "arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + functionARN + "/invocations", "kmsKeyArn": "",
				"lastModified": "2024-05-17T09:22:03.000+0000", "layers": []any{}, "qualifiedArn": functionARN + ":$LATEST",
				"qualifiedInvokeArn": "arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + functionARN + ":$LATEST/invocations",
				"signingJobArn":      "", "signingProfileVersionArn": "", "snapStart": nil, "sourceCodeHash": "", "sourceCodeSize": 184213, "version": "$LATEST",
			},
			dependencies: map[string][]string{
				"role": on(role), "environment": {wire.URN(bucket, name), wire.URN(queue, name), wire.URN(table, name)},
				"vpcConfig": on(securityGroup), "loggingConfig": on(logGroup),
			},
		},
	}
}

func policy(statements ...object) object {
	return object{"Version": "2012-10-17", "Statement": statements}
}

// document is JSON in a property, as the provider keeps it.
func document(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it is made of maps, lists and strings
	}
	return string(text)
}
