package main

import (
	"fmt"
	"path"
	"reflect"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssoadmin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// kind describes one resource type. Its schema and what a preview leaves
// unknown follow from it.
type kind struct {
	args   reflect.Type // struct of the inputs, named by pulumi tags
	result reflect.Type // struct of the outputs; a field that is no pointer is always filled

	name       resource.PropertyKey   // input that is automatic where the program does not give it; "" for none
	documents  []resource.PropertyKey // inputs that hold an IAM policy document as JSON text
	replacedBy []resource.PropertyKey // inputs whose change replaces the resource
	defaults   resource.PropertyMap   // inputs that Check fills
	// lists are the outputs among lists and maps that AWS fills where the
	// program does not: result says so only of other types.
	lists []resource.PropertyKey

	// id returns the identifier AWS would give; nil for a made-up one.
	id func(p *provider, inputs resource.PropertyMap) string
	// outputs returns what AWS fills with anything but a zero value, also
	// within objects of the program; nil for none.
	outputs func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap
}

// The facts below are those of internal/service/{dynamodb,iam,kms,ssoadmin} in
// hashicorp/terraform-provider-aws v5.100.0, which version 6 of the AWS
// provider is made from.
var awsKinds = map[tokens.Type]kind{
	"aws:dynamodb/table:Table": {
		args:       dynamodb.TableArgs{}.ElementType(),
		result:     reflect.TypeFor[dynamodb.Table](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "hashKey", "rangeKey", "localSecondaryIndexes", "importTable"},
		defaults:   resource.PropertyMap{"billingMode": resource.NewProperty("PROVISIONED")},
		lists:      []resource.PropertyKey{"attributes", "tagsAll"},
		id:         byProperty("name"),
		outputs:    tableOutputs,
	},
	"aws:dynamodb/tableReplica:TableReplica": {
		args:       dynamodb.TableReplicaArgs{}.ElementType(),
		result:     reflect.TypeFor[dynamodb.TableReplica](),
		replacedBy: []resource.PropertyKey{"globalTableArn", "kmsKeyArn"},
		defaults:   resource.PropertyMap{"pointInTimeRecovery": resource.NewProperty(false)},
		lists:      []resource.PropertyKey{"tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return tableOf(inputs["globalTableArn"]) + ":" + p.region
		},
		outputs: func(p *provider, _ string, inputs resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.tableARN(p.region, tableOf(inputs["globalTableArn"]))}
		},
	},
	"aws:dynamodb/globalTable:GlobalTable": {
		args:       dynamodb.GlobalTableArgs{}.ElementType(),
		result:     reflect.TypeFor[dynamodb.GlobalTable](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name"},
		id:         byProperty("name"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.arn("dynamodb", "", "global-table/"+id)}
		},
	},
	"aws:dynamodb/resourcePolicy:ResourcePolicy": {
		args:       dynamodb.ResourcePolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[dynamodb.ResourcePolicy](),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"resourceArn"},
		id:         byProperty("resourceArn"),
		outputs: func(*provider, string, resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"revisionId": resource.NewProperty("1")}
		},
	},

	"aws:iam/policy:Policy": {
		args:       iam.PolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[iam.Policy](),
		name:       "name",
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"name", "namePrefix", "path", "description"},
		defaults:   resource.PropertyMap{"path": resource.NewProperty("/")},
		lists:      []resource.PropertyKey{"tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return asText(p.principalARN("policy", inputs, asText(inputs["name"])))
		},
		outputs: func(_ *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": resource.NewProperty(id), "policyId": resource.NewProperty(policyID)}
		},
	},
	"aws:iam/role:Role": {
		args:       iam.RoleArgs{}.ElementType(),
		result:     reflect.TypeFor[iam.Role](),
		name:       "name",
		documents:  []resource.PropertyKey{"assumeRolePolicy"},
		replacedBy: []resource.PropertyKey{"name", "namePrefix", "path"},
		defaults: resource.PropertyMap{
			"forceDetachPolicies": resource.NewProperty(false),
			"maxSessionDuration":  resource.NewProperty(3600.0),
			"path":                resource.NewProperty("/"),
		},
		lists: []resource.PropertyKey{"inlinePolicies", "managedPolicyArns", "tagsAll"},
		id:    byProperty("name"),
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{
				"arn":        p.principalARN("role", inputs, id),
				"createDate": resource.NewProperty(created),
				"uniqueId":   resource.NewProperty(principalID),
			}
		},
	},
	"aws:iam/user:User": {
		args:     iam.UserArgs{}.ElementType(),
		result:   reflect.TypeFor[iam.User](),
		name:     "name",
		defaults: resource.PropertyMap{"forceDestroy": resource.NewProperty(false), "path": resource.NewProperty("/")},
		lists:    []resource.PropertyKey{"tagsAll"},
		id:       byProperty("name"),
		outputs:  principalOutputs("user"),
	},
	"aws:iam/group:Group": {
		args:     iam.GroupArgs{}.ElementType(),
		result:   reflect.TypeFor[iam.Group](),
		name:     "name",
		defaults: resource.PropertyMap{"path": resource.NewProperty("/")},
		id:       byProperty("name"),
		outputs:  principalOutputs("group"),
	},
	"aws:iam/rolePolicy:RolePolicy":   inlinePolicy[iam.RolePolicy](iam.RolePolicyArgs{}.ElementType(), "role"),
	"aws:iam/userPolicy:UserPolicy":   inlinePolicy[iam.UserPolicy](iam.UserPolicyArgs{}.ElementType(), "user"),
	"aws:iam/groupPolicy:GroupPolicy": inlinePolicy[iam.GroupPolicy](iam.GroupPolicyArgs{}.ElementType(), "group"),

	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": attachment[iam.RolePolicyAttachment](
		iam.RolePolicyAttachmentArgs{}.ElementType(), "role"),
	"aws:iam/userPolicyAttachment:UserPolicyAttachment": attachment[iam.UserPolicyAttachment](
		iam.UserPolicyAttachmentArgs{}.ElementType(), "user"),
	"aws:iam/groupPolicyAttachment:GroupPolicyAttachment": attachment[iam.GroupPolicyAttachment](
		iam.GroupPolicyAttachmentArgs{}.ElementType(), "group"),
	"aws:iam/policyAttachment:PolicyAttachment": {
		args:       iam.PolicyAttachmentArgs{}.ElementType(),
		result:     reflect.TypeFor[iam.PolicyAttachment](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "policyArn"},
		id:         byProperty("name"),
	},

	"aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": {
		args:       ssoadmin.PermissionSetInlinePolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[ssoadmin.PermissionSetInlinePolicy](),
		documents:  []resource.PropertyKey{"inlinePolicy"},
		replacedBy: []resource.PropertyKey{"instanceArn", "permissionSetArn"},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return asText(inputs["permissionSetArn"]) + "," + asText(inputs["instanceArn"])
		},
	},
	"aws:kms/key:Key": {
		args:      kms.KeyArgs{}.ElementType(),
		result:    reflect.TypeFor[kms.Key](),
		documents: []resource.PropertyKey{"policy"},
		defaults: resource.PropertyMap{
			"bypassPolicyLockoutSafetyCheck": resource.NewProperty(false),
			"customerMasterKeySpec":          resource.NewProperty("SYMMETRIC_DEFAULT"),
			"isEnabled":                      resource.NewProperty(true),
			"keyUsage":                       resource.NewProperty("ENCRYPT_DECRYPT"),
		},
		lists: []resource.PropertyKey{"tagsAll"},
		id: func(*provider, resource.PropertyMap) string {
			return keyID
		},
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.arn("kms", p.region, "key/"+id), "keyId": resource.NewProperty(id)}
		},
	},
}

// What AWS makes up for itself: the identifiers are those of its own examples.
const (
	keyID       = "1234abcd-12ab-34cd-56ef-1234567890ab"
	policyID    = "ANPACKCEVSQ6C2EXAMPLE"
	principalID = "AIDACKCEVSQ6C2EXAMPLE"
	created     = "2024-01-01T00:00:00Z"
	streamLabel = "2024-01-01T00:00:00.000"
)

func inlinePolicy[Result any](args reflect.Type, principal resource.PropertyKey) kind {
	return kind{
		args:       args,
		result:     reflect.TypeFor[Result](),
		name:       "name",
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"name", "namePrefix", principal},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return asText(inputs[principal]) + ":" + asText(inputs["name"])
		},
	}
}

func attachment[Result any](args reflect.Type, principal resource.PropertyKey) kind {
	return kind{
		args:       args,
		result:     reflect.TypeFor[Result](),
		replacedBy: []resource.PropertyKey{principal, "policyArn"},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return asText(inputs[principal]) + "/" + path.Base(asText(inputs["policyArn"]))
		},
	}
}

func byProperty(key resource.PropertyKey) func(*provider, resource.PropertyMap) string {
	return func(_ *provider, inputs resource.PropertyMap) string { return asText(inputs[key]) }
}

// tableOutputs fills what DynamoDB reports of a table that does not ask for
// it, and the ARNs of the table, its stream, its key and its replicas.
func tableOutputs(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
	outputs := resource.PropertyMap{
		"arn":                       p.tableARN(p.region, id),
		"deletionProtectionEnabled": resource.NewProperty(false),
		"replicas":                  resource.NewProperty([]resource.PropertyValue{}),
		"serverSideEncryption":      resource.NewNullProperty(),
		"tableClass":                resource.NewProperty("STANDARD"),
	}
	if plain(inputs["streamEnabled"]).V == true {
		outputs["streamLabel"] = resource.NewProperty(streamLabel)
		outputs["streamArn"] = p.arn("dynamodb", p.region, "table/"+id+"/stream/"+streamLabel)
	}
	if encryption := plain(inputs["serverSideEncryption"]); encryption.IsObject() {
		key := resource.NewProperty("")
		if plain(encryption.ObjectValue()["enabled"]).V == true {
			key = p.arn("kms", p.region, "key/"+keyID) // alias/aws/dynamodb, unless the program gives one
		}
		outputs["serverSideEncryption"] = resource.NewProperty(resource.PropertyMap{"kmsKeyArn": key})
	}
	if replicas := plain(inputs["replicas"]); replicas.IsArray() {
		filled := make([]resource.PropertyValue, len(replicas.ArrayValue()))
		for i, replica := range replicas.ArrayValue() {
			if replica = plain(replica); replica.IsObject() {
				filled[i] = resource.NewProperty(resource.PropertyMap{
					"arn":         p.tableARN(asText(replica.ObjectValue()["regionName"]), id),
					"kmsKeyArn":   resource.NewProperty(""),
					"streamArn":   resource.NewProperty(""),
					"streamLabel": resource.NewProperty(""),
				})
			}
		}
		outputs["replicas"] = resource.NewProperty(filled)
	}
	return outputs
}

func principalOutputs(class string) func(*provider, string, resource.PropertyMap) resource.PropertyMap {
	return func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
		return resource.PropertyMap{"arn": p.principalARN(class, inputs, id), "uniqueId": resource.NewProperty(principalID)}
	}
}

// arn returns an ARN of the provider's account and the partition aws.
func (p *provider) arn(service, region, resourcePart string) resource.PropertyValue {
	return resource.NewProperty(fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, region, p.account, resourcePart))
}

func (p *provider) tableARN(region, table string) resource.PropertyValue {
	return p.arn("dynamodb", region, "table/"+table)
}

// principalARN returns the ARN of an IAM entity, its path included.
func (p *provider) principalARN(class string, inputs resource.PropertyMap, name string) resource.PropertyValue {
	return p.arn("iam", "", path.Join(class, asText(inputs["path"]), name))
}

// tableOf returns the table's name in a table ARN.
func tableOf(arn resource.PropertyValue) string { return path.Base(asText(arn)) }
