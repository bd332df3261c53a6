package main

import (
	"fmt"
	"path"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// kind says how one resource type differs from an echo of its inputs.
type kind struct {
	named      bool                   // carries a name, automatic where none is given
	documents  []resource.PropertyKey // inputs that hold an IAM policy document
	replacedBy []resource.PropertyKey // inputs whose change replaces the resource

	// id returns the identifier AWS would give; nil for a made-up one.
	id func(p *provider, inputs resource.PropertyMap) string
	// computed returns the outputs beyond the inputs; nil for none.
	computed func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap
}

var kinds = map[tokens.Type]kind{
	"aws:dynamodb/table:Table": {
		named:      true,
		replacedBy: []resource.PropertyKey{"name", "hashKey", "rangeKey", "localSecondaryIndexes", "importTable"},
		id:         byName,
		computed:   tableOutputs,
	},
	"aws:dynamodb/tableReplica:TableReplica": {
		replacedBy: []resource.PropertyKey{"globalTableArn", "kmsKeyArn"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return tableOf(inputs["globalTableArn"]) + ":" + p.region
		},
		computed: func(p *provider, _ string, inputs resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{
				"arn":                 p.tableARN(p.region, tableOf(inputs["globalTableArn"])),
				"pointInTimeRecovery": resource.NewProperty(false),
			}
		},
	},
	"aws:dynamodb/globalTable:GlobalTable": {
		named:      true,
		replacedBy: []resource.PropertyKey{"name"},
		id:         byName,
		computed: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.arn("dynamodb", "", "global-table/"+id)}
		},
	},
	"aws:dynamodb/resourcePolicy:ResourcePolicy": {
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"resourceArn"},
		id:         byProperty("resourceArn"),
		computed: func(*provider, string, resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"revisionId": resource.NewProperty("1")}
		},
	},

	"aws:iam/policy:Policy": {
		named:      true,
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"name", "namePrefix", "path", "description"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.principalARN("policy", inputs, byName(p, inputs)).StringValue()
		},
		computed: func(_ *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": resource.NewProperty(id), "path": resource.NewProperty("/")}
		},
	},
	"aws:iam/role:Role": {
		named:      true,
		documents:  []resource.PropertyKey{"assumeRolePolicy"},
		replacedBy: []resource.PropertyKey{"name", "namePrefix", "path"},
		id:         byName,
		computed:   principalOutputs("role"),
	},
	"aws:iam/user:User": {
		named: true, id: byName, computed: principalOutputs("user"),
	},
	"aws:iam/group:Group": {
		named: true, id: byName, computed: principalOutputs("group"),
	},
	"aws:iam/rolePolicy:RolePolicy":   inlinePolicy("role"),
	"aws:iam/userPolicy:UserPolicy":   inlinePolicy("user"),
	"aws:iam/groupPolicy:GroupPolicy": inlinePolicy("group"),

	"aws:iam/rolePolicyAttachment:RolePolicyAttachment":   attachment("role"),
	"aws:iam/userPolicyAttachment:UserPolicyAttachment":   attachment("user"),
	"aws:iam/groupPolicyAttachment:GroupPolicyAttachment": attachment("group"),
	"aws:iam/policyAttachment:PolicyAttachment": {
		named: true, replacedBy: []resource.PropertyKey{"name", "policyArn"}, id: byName,
	},

	"aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": {
		documents:  []resource.PropertyKey{"inlinePolicy"},
		replacedBy: []resource.PropertyKey{"instanceArn", "permissionSetArn"},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return asText(inputs["permissionSetArn"]) + "," + asText(inputs["instanceArn"])
		},
	},
	"aws:kms/key:Key": {
		documents: []resource.PropertyKey{"policy"},
		id: func(*provider, resource.PropertyMap) string {
			return "1234abcd-12ab-34cd-56ef-1234567890ab" // the identifier of AWS KMS's own examples
		},
		computed: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"arn": p.arn("kms", p.region, "key/"+id), "keyId": resource.NewProperty(id)}
		},
	},
}

func inlinePolicy(principal resource.PropertyKey) kind {
	return kind{
		named:      true,
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"name", "namePrefix", principal},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return asText(inputs[principal]) + ":" + byName(p, inputs)
		},
	}
}

func attachment(principal resource.PropertyKey) kind {
	return kind{
		replacedBy: []resource.PropertyKey{principal, "policyArn"},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return asText(inputs[principal]) + "/" + path.Base(asText(inputs["policyArn"]))
		},
	}
}

func byName(_ *provider, inputs resource.PropertyMap) string { return asText(inputs["name"]) }

func byProperty(key resource.PropertyKey) func(*provider, resource.PropertyMap) string {
	return func(_ *provider, inputs resource.PropertyMap) string { return asText(inputs[key]) }
}

// tableOutputs fills what DynamoDB reports of a table that does not ask for
// it, and the ARNs of the table, its stream and its replicas.
func tableOutputs(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
	outputs := resource.PropertyMap{
		"arn":                       p.tableARN(p.region, id),
		"billingMode":               resource.NewProperty("PROVISIONED"),
		"deletionProtectionEnabled": resource.NewProperty(false),
		"pointInTimeRecovery": resource.NewProperty(resource.PropertyMap{
			"enabled": resource.NewProperty(false),
		}),
		"replicas":             resource.NewProperty([]resource.PropertyValue{}),
		"serverSideEncryption": resource.NewNullProperty(),
		"streamArn":            resource.NewProperty(""),
		"streamLabel":          resource.NewProperty(""),
		"tableClass":           resource.NewProperty("STANDARD"),
	}
	if stream := inputs["streamEnabled"]; stream.IsBool() && stream.BoolValue() {
		const label = "2024-01-01T00:00:00.000"
		outputs["streamLabel"] = resource.NewProperty(label)
		outputs["streamArn"] = p.arn("dynamodb", p.region, "table/"+id+"/stream/"+label)
	}
	if replicas := plain(inputs["replicas"]); replicas.IsArray() {
		var filled []resource.PropertyValue
		for _, replica := range replicas.ArrayValue() {
			if replica = plain(replica); !replica.IsObject() {
				continue
			}
			object := replica.ObjectValue().Copy()
			object["arn"] = p.tableARN(asText(object["regionName"]), id)
			filled = append(filled, resource.NewProperty(object))
		}
		outputs["replicas"] = resource.NewProperty(filled)
	}
	return outputs
}

func principalOutputs(class string) func(*provider, string, resource.PropertyMap) resource.PropertyMap {
	return func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
		return resource.PropertyMap{
			"arn":      p.principalARN(class, inputs, id),
			"path":     resource.NewProperty("/"),
			"uniqueId": resource.NewProperty("AIDACKCEVSQ6C2EXAMPLE"), // IAM's own example identifier
		}
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
