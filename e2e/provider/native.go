package main

import (
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

type nativeProviderArgs struct {
	AllowedAccountIDs []string `pulumi:"allowedAccountIds"`
	Profile           *string  `pulumi:"profile"`
	Region            string   `pulumi:"region"`
}

var nativeKinds = map[tokens.Type]kind{
	"aws-native:dynamodb:Table": {
		args:       reflect.TypeFor[nativeTableArgs](),
		result:     reflect.TypeFor[nativeTable](),
		name:       "tableName",
		replacedBy: []resource.PropertyKey{"tableName"},
		id:         byProperty("tableName"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.tableARN(p.region, id)}
		},
	},
	"aws-native:dynamodb:GlobalTable": {
		args:       reflect.TypeFor[nativeGlobalTableArgs](),
		result:     reflect.TypeFor[nativeGlobalTable](),
		name:       "tableName",
		replacedBy: []resource.PropertyKey{"tableName"},
		id:         byProperty("tableName"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.tableARN(p.region, id), "tableId": resource.NewProperty(keyID)}
		},
	},
	"aws-native:iam:Role": {
		args:       reflect.TypeFor[nativeRoleArgs](),
		result:     reflect.TypeFor[nativeRole](),
		name:       "roleName",
		replacedBy: []resource.PropertyKey{"path", "roleName"},
		id:         byProperty("roleName"),
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.principalARN("role", inputs, id), "roleId": resource.NewProperty(principalID)}
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
			return asText(p.principalARN("policy", inputs, asText(inputs["managedPolicyName"])))
		},
		outputs: func(_ *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{
				"createDate":       resource.NewProperty(created),
				"defaultVersionId": resource.NewProperty("v1"),
				"isAttachable":     resource.NewProperty(true),
				"policyArn":        resource.NewProperty(id),
				"policyId":         resource.NewProperty(policyID),
				"updateDate":       resource.NewProperty(created),
			}
		},
	},
}
