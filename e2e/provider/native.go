package main

import (
	"path"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// The types below are those of npm's @pulumi/aws-native 1.79.0, as far as the
// tests use them: CloudFormation's resources, whose documents are objects. A
// field that is no pointer is required, or among the outputs always filled.

type nativeTag struct {
	Key   string `pulumi:"key"`
	Value string `pulumi:"value"`
}

type nativeAttribute struct {
	AttributeName string `pulumi:"attributeName"`
	AttributeType string `pulumi:"attributeType"`
}

type nativeKey struct {
	AttributeName string `pulumi:"attributeName"`
	KeyType       string `pulumi:"keyType"`
}

type nativeRecovery struct {
	PointInTimeRecoveryEnabled *bool `pulumi:"pointInTimeRecoveryEnabled"`
	RecoveryPeriodInDays       *int  `pulumi:"recoveryPeriodInDays"`
}

type nativeStream struct {
	StreamViewType string `pulumi:"streamViewType"`
}

type nativeResourcePolicy struct {
	PolicyDocument any `pulumi:"policyDocument"`
}

type nativeTableEncryption struct {
	KmsMasterKeyID *string `pulumi:"kmsMasterKeyId"`
	SseEnabled     bool    `pulumi:"sseEnabled"`
	SseType        *string `pulumi:"sseType"`
}

type nativeTableArgs struct {
	AttributeDefinitions             []nativeAttribute      `pulumi:"attributeDefinitions"`
	BillingMode                      *string                `pulumi:"billingMode"`
	DeletionProtectionEnabled        *bool                  `pulumi:"deletionProtectionEnabled"`
	KeySchema                        []nativeKey            `pulumi:"keySchema"`
	PointInTimeRecoverySpecification *nativeRecovery        `pulumi:"pointInTimeRecoverySpecification"`
	ResourcePolicy                   *nativeResourcePolicy  `pulumi:"resourcePolicy"`
	SseSpecification                 *nativeTableEncryption `pulumi:"sseSpecification"`
	StreamSpecification              *nativeStream          `pulumi:"streamSpecification"`
	TableClass                       *string                `pulumi:"tableClass"`
	TableName                        *string                `pulumi:"tableName"`
	Tags                             []nativeTag            `pulumi:"tags"`
}

type nativeTable struct {
	nativeTableArgs
	Arn       string `pulumi:"arn"`
	StreamArn string `pulumi:"streamArn"`
}

type nativeGlobalEncryption struct {
	SseEnabled bool    `pulumi:"sseEnabled"`
	SseType    *string `pulumi:"sseType"`
}

type nativeReplicaEncryption struct {
	KmsMasterKeyID string `pulumi:"kmsMasterKeyId"`
}

type nativeReplica struct {
	DeletionProtectionEnabled        *bool                    `pulumi:"deletionProtectionEnabled"`
	PointInTimeRecoverySpecification *nativeRecovery          `pulumi:"pointInTimeRecoverySpecification"`
	Region                           string                   `pulumi:"region"`
	ResourcePolicy                   *nativeResourcePolicy    `pulumi:"resourcePolicy"`
	SseSpecification                 *nativeReplicaEncryption `pulumi:"sseSpecification"`
	TableClass                       *string                  `pulumi:"tableClass"`
	Tags                             []nativeTag              `pulumi:"tags"`
}

type nativeGlobalTableArgs struct {
	AttributeDefinitions []nativeAttribute       `pulumi:"attributeDefinitions"`
	BillingMode          *string                 `pulumi:"billingMode"`
	KeySchema            []nativeKey             `pulumi:"keySchema"`
	Replicas             []nativeReplica         `pulumi:"replicas"`
	SseSpecification     *nativeGlobalEncryption `pulumi:"sseSpecification"`
	StreamSpecification  *nativeStream           `pulumi:"streamSpecification"`
	TableName            *string                 `pulumi:"tableName"`
}

type nativeGlobalTable struct {
	nativeGlobalTableArgs
	Arn       string `pulumi:"arn"`
	StreamArn string `pulumi:"streamArn"`
	TableID   string `pulumi:"tableId"`
}

type nativeInlinePolicy struct {
	PolicyDocument any    `pulumi:"policyDocument"`
	PolicyName     string `pulumi:"policyName"`
}

type nativeRoleArgs struct {
	AssumeRolePolicyDocument any                  `pulumi:"assumeRolePolicyDocument"`
	Description              *string              `pulumi:"description"`
	ManagedPolicyArns        []string             `pulumi:"managedPolicyArns"`
	MaxSessionDuration       *int                 `pulumi:"maxSessionDuration"`
	Path                     *string              `pulumi:"path"`
	PermissionsBoundary      *string              `pulumi:"permissionsBoundary"`
	Policies                 []nativeInlinePolicy `pulumi:"policies"`
	RoleName                 *string              `pulumi:"roleName"`
	Tags                     []nativeTag          `pulumi:"tags"`
}

type nativeRole struct {
	nativeRoleArgs
	Arn    string `pulumi:"arn"`
	RoleID string `pulumi:"roleId"`
}

type nativeRolePolicyArgs struct {
	PolicyDocument any     `pulumi:"policyDocument"`
	PolicyName     *string `pulumi:"policyName"`
	RoleName       string  `pulumi:"roleName"`
}

type nativeManagedPolicyArgs struct {
	Description       *string  `pulumi:"description"`
	Groups            []string `pulumi:"groups"`
	ManagedPolicyName *string  `pulumi:"managedPolicyName"`
	Path              *string  `pulumi:"path"`
	PolicyDocument    any      `pulumi:"policyDocument"`
	Roles             []string `pulumi:"roles"`
	Users             []string `pulumi:"users"`
}

type nativeManagedPolicy struct {
	nativeManagedPolicyArgs
	AttachmentCount               int    `pulumi:"attachmentCount"`
	CreateDate                    string `pulumi:"createDate"`
	DefaultVersionID              string `pulumi:"defaultVersionId"`
	IsAttachable                  bool   `pulumi:"isAttachable"`
	PermissionsBoundaryUsageCount int    `pulumi:"permissionsBoundaryUsageCount"`
	PolicyArn                     string `pulumi:"policyArn"`
	PolicyID                      string `pulumi:"policyId"`
	UpdateDate                    string `pulumi:"updateDate"`
}

type nativeBucketArgs struct {
	BucketName *string     `pulumi:"bucketName"`
	Tags       []nativeTag `pulumi:"tags"`
}

type nativeBucket struct {
	nativeBucketArgs
	Arn                string `pulumi:"arn"`
	DomainName         string `pulumi:"domainName"`
	RegionalDomainName string `pulumi:"regionalDomainName"`
}

type nativeFunctionCode struct {
	S3Bucket *string `pulumi:"s3Bucket"`
	S3Key    *string `pulumi:"s3Key"`
	ZipFile  *string `pulumi:"zipFile"`
}

type nativeFunctionArgs struct {
	Code         nativeFunctionCode `pulumi:"code"`
	FunctionName *string            `pulumi:"functionName"`
	Handler      *string            `pulumi:"handler"`
	Role         string             `pulumi:"role"`
	Runtime      *string            `pulumi:"runtime"`
	Tags         []nativeTag        `pulumi:"tags"`
}

type nativeFunction struct {
	nativeFunctionArgs
	Arn string `pulumi:"arn"`
}

type nativeKeyArgs struct {
	Description *string     `pulumi:"description"`
	KeyPolicy   any         `pulumi:"keyPolicy"`
	MultiRegion *bool       `pulumi:"multiRegion"`
	Tags        []nativeTag `pulumi:"tags"`
}

type nativeKmsKey struct {
	nativeKeyArgs
	Arn   string `pulumi:"arn"`
	KeyID string `pulumi:"keyId"`
}

type nativeQueueArgs struct {
	FifoQueue      *bool       `pulumi:"fifoQueue"`
	KmsMasterKeyID *string     `pulumi:"kmsMasterKeyId"`
	QueueName      *string     `pulumi:"queueName"`
	Tags           []nativeTag `pulumi:"tags"`
}

type nativeQueue struct {
	nativeQueueArgs
	Arn      string `pulumi:"arn"`
	QueueURL string `pulumi:"queueUrl"`
}

type nativeTopicArgs struct {
	FifoTopic      *bool       `pulumi:"fifoTopic"`
	KmsMasterKeyID *string     `pulumi:"kmsMasterKeyId"`
	Tags           []nativeTag `pulumi:"tags"`
	TopicName      *string     `pulumi:"topicName"`
}

type nativeTopic struct {
	nativeTopicArgs
	TopicArn string `pulumi:"topicArn"`
}

type nativeKinesisStreamArgs struct {
	Name       *string     `pulumi:"name"`
	ShardCount *int        `pulumi:"shardCount"`
	Tags       []nativeTag `pulumi:"tags"`
}

type nativeKinesisStream struct {
	nativeKinesisStreamArgs
	Arn string `pulumi:"arn"`
}

type nativeProviderArgs struct {
	AllowedAccountIDs []string `pulumi:"allowedAccountIds"`
	Profile           *string  `pulumi:"profile"`
	Region            string   `pulumi:"region"`
}

// An identifier is CloudFormation's primary identifier of the type:
// https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html
var nativeKinds = map[tokens.Type]kind{
	"aws-native:dynamodb:Table": {
		args:       reflect.TypeFor[nativeTableArgs](),
		result:     reflect.TypeFor[nativeTable](),
		name:       "tableName",
		replacedBy: []resource.PropertyKey{"tableName"},
		id:         byProperty("tableName"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.tableARN(p.region, id)}.properties()
		},
	},
	"aws-native:dynamodb:GlobalTable": {
		args:       reflect.TypeFor[nativeGlobalTableArgs](),
		result:     reflect.TypeFor[nativeGlobalTable](),
		name:       "tableName",
		replacedBy: []resource.PropertyKey{"tableName"},
		id:         byProperty("tableName"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.tableARN(p.region, id), "tableId": keyID}.properties()
		},
	},
	"aws-native:iam:Role": {
		args:       reflect.TypeFor[nativeRoleArgs](),
		result:     reflect.TypeFor[nativeRole](),
		name:       "roleName",
		replacedBy: []resource.PropertyKey{"path", "roleName"},
		id:         byProperty("roleName"),
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.principalARN("role", inputs, id), "roleId": principalID}.properties()
		},
	},
	"aws-native:iam:RolePolicy": {
		args:       reflect.TypeFor[nativeRolePolicyArgs](),
		result:     reflect.TypeFor[nativeRolePolicyArgs](),
		name:       "policyName",
		replacedBy: []resource.PropertyKey{"policyName", "roleName"},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return asText(inputs["policyName"]) + "|" + asText(inputs["roleName"])
		},
	},
	"aws-native:iam:ManagedPolicy": {
		args:       reflect.TypeFor[nativeManagedPolicyArgs](),
		result:     reflect.TypeFor[nativeManagedPolicy](),
		name:       "managedPolicyName",
		replacedBy: []resource.PropertyKey{"description", "managedPolicyName", "path"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.principalARN("policy", inputs, asText(inputs["managedPolicyName"]))
		},
		outputs: func(_ *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{
				"createDate":       created,
				"defaultVersionId": "v1",
				"isAttachable":     true,
				"policyArn":        id,
				"policyId":         policyID,
				"updateDate":       created,
			}.properties()
		},
	},
	"aws-native:kinesis:Stream": {
		args:       reflect.TypeFor[nativeKinesisStreamArgs](),
		result:     reflect.TypeFor[nativeKinesisStream](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name"},
		id:         byProperty("name"),
		outputs:    named("kinesis", "stream/"),
	},
	"aws-native:kms:Key": {
		args:   reflect.TypeFor[nativeKeyArgs](),
		result: reflect.TypeFor[nativeKmsKey](),
		id:     keyIdentifier,
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.arn("kms", p.region, "key/"+id), "keyId": id}.properties()
		},
	},
	"aws-native:lambda:Function": {
		args:       reflect.TypeFor[nativeFunctionArgs](),
		result:     reflect.TypeFor[nativeFunction](),
		name:       "functionName",
		replacedBy: []resource.PropertyKey{"functionName"},
		id:         byProperty("functionName"),
		outputs:    named("lambda", "function:"),
	},
	"aws-native:s3:Bucket": {
		args:       reflect.TypeFor[nativeBucketArgs](),
		result:     reflect.TypeFor[nativeBucket](),
		name:       "bucketName",
		replacedBy: []resource.PropertyKey{"bucketName"},
		id:         byProperty("bucketName"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn":                p.bucketARN(id),
				"domainName":         id + ".s3." + p.partition().suffix,
				"regionalDomainName": id + ".s3." + p.region + "." + p.partition().suffix,
			}.properties()
		},
	},
	"aws-native:sns:Topic": {
		args:       reflect.TypeFor[nativeTopicArgs](),
		result:     reflect.TypeFor[nativeTopic](),
		name:       "topicName",
		named:      firstInFirstOut("fifoTopic"),
		replacedBy: []resource.PropertyKey{"fifoTopic", "topicName"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("sns", p.region, asText(inputs["topicName"]))
		},
		outputs: func(_ *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"topicArn": id}.properties()
		},
	},
	"aws-native:sqs:Queue": {
		args:       reflect.TypeFor[nativeQueueArgs](),
		result:     reflect.TypeFor[nativeQueue](),
		name:       "queueName",
		named:      firstInFirstOut("fifoQueue"),
		replacedBy: []resource.PropertyKey{"fifoQueue", "queueName"},
		id:         func(p *provider, inputs resource.PropertyMap) string { return p.queueURL(asText(inputs["queueName"])) },
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.arn("sqs", p.region, path.Base(id)), "queueUrl": id}.properties()
		},
	},
}
