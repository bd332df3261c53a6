package main

import (
	"maps"
	"math/rand/v2"
	"path"
	"reflect"
	"strings"

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

	name resource.PropertyKey // input that is automatic where the program does not give it; "" for none
	// named returns the automatic name as this type takes it; nil for as it is.
	named      func(inputs resource.PropertyMap, name string) string
	documents  []resource.PropertyKey // inputs that hold an IAM policy document as JSON text
	replacedBy []resource.PropertyKey // inputs whose change replaces the resource
	defaults   resource.PropertyMap   // inputs that Check fills
	// lists are the outputs among lists and maps that AWS fills where the
	// program does not: result says so only of other types.
	lists []resource.PropertyKey
	// follow holds, by input, the outputs that get another value when it
	// changes: the preview of an update does not know them.
	follow map[resource.PropertyKey][]resource.PropertyKey

	// id returns the identifier AWS would give; nil for a made-up one.
	id func(p *provider, inputs resource.PropertyMap) string
	// outputs returns what AWS fills with anything but a zero value, also
	// within objects of the program; nil for none.
	outputs func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap
}

// awsKinds are the types of the classic provider.
var awsKinds = func() map[tokens.Type]kind {
	all := maps.Clone(accessKinds)
	maps.Copy(all, serviceKinds)
	return all
}()

// accessKinds are the types of tables and of access to them. The facts below
// are those of internal/service/{dynamodb,iam,kms,ssoadmin} in
// hashicorp/terraform-provider-aws v5.100.0, which version 6 of the AWS
// provider is made from.
var accessKinds = map[tokens.Type]kind{
	"aws:dynamodb/table:Table": {
		args:       dynamodb.TableArgs{}.ElementType(),
		result:     reflect.TypeFor[dynamodb.Table](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "hashKey", "rangeKey", "localSecondaryIndexes", "importTable"},
		defaults:   resource.PropertyMap{"billingMode": resource.NewProperty("PROVISIONED")},
		lists:      []resource.PropertyKey{"attributes", "tagsAll"},
		follow: map[resource.PropertyKey][]resource.PropertyKey{
			// https://github.com/hashicorp/terraform-provider-aws/pull/27664: of both, the ARN alone
			"streamEnabled":  {"streamArn"},
			"streamViewType": {"streamArn"},
		},
		id:      byProperty("name"),
		outputs: tableOutputs,
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
			return filled{"arn": p.tableARN(p.region, tableOf(inputs["globalTableArn"]))}.properties()
		},
	},
	"aws:dynamodb/globalTable:GlobalTable": {
		args:       dynamodb.GlobalTableArgs{}.ElementType(),
		result:     reflect.TypeFor[dynamodb.GlobalTable](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name"},
		id:         byProperty("name"),
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.arn("dynamodb", "", "global-table/"+id)}.properties()
		},
	},
	"aws:dynamodb/tableExport:TableExport": {
		args:   dynamodb.TableExportArgs{}.ElementType(),
		result: reflect.TypeFor[dynamodb.TableExport](),
		replacedBy: []resource.PropertyKey{
			"exportFormat", "exportTime", "exportType", "incrementalExportSpecification", "s3Bucket", "s3BucketOwner", "s3Prefix",
			"s3SseAlgorithm", "s3SseKmsKeyId", "tableArn",
		},
		defaults: filled{"exportFormat": "DYNAMODB_JSON"}.properties(),
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return asText(inputs["tableArn"]) + "/export/" + made(digits, 14) + "-" + made(digits, 8)
		},
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn": id, "exportStatus": "COMPLETED", "exportType": "FULL_EXPORT",
				"s3BucketOwner": p.account, "s3SseAlgorithm": "AES256",
			}.properties()
		},
	},
	"aws:dynamodb/resourcePolicy:ResourcePolicy": {
		args:       dynamodb.ResourcePolicyArgs{}.ElementType(),
		result:     reflect.TypeFor[dynamodb.ResourcePolicy](),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"resourceArn"},
		id:         byProperty("resourceArn"),
		outputs: func(*provider, string, resource.PropertyMap) resource.PropertyMap {
			return filled{"revisionId": "1"}.properties()
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
			return p.principalARN("policy", inputs, asText(inputs["name"]))
		},
		outputs: func(_ *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": id, "policyId": policyID}.properties()
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
			return filled{"arn": p.principalARN("role", inputs, id), "createDate": created, "uniqueId": principalID}.properties()
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
		id:    keyIdentifier,
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{"arn": p.arn("kms", p.region, "key/"+id), "keyId": id}.properties()
		},
	},
	"aws:kms/replicaKey:ReplicaKey": {
		args:       kms.ReplicaKeyArgs{}.ElementType(),
		result:     reflect.TypeFor[kms.ReplicaKey](),
		documents:  []resource.PropertyKey{"policy"},
		replacedBy: []resource.PropertyKey{"primaryKeyArn"},
		defaults: resource.PropertyMap{
			"bypassPolicyLockoutSafetyCheck": resource.NewProperty(false),
			"deletionWindowInDays":           resource.NewProperty(30.0),
			"enabled":                        resource.NewProperty(true),
		},
		lists: []resource.PropertyKey{"tagsAll"},
		id: func(_ *provider, inputs resource.PropertyMap) string {
			return path.Base(asText(inputs["primaryKeyArn"])) // every copy of a key has its id
		},
		outputs: func(p *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn": p.arn("kms", p.region, "key/"+id), "keyId": id, "keySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT",
			}.properties()
		},
	},
	"aws:kms/alias:Alias": {
		args:       kms.AliasArgs{}.ElementType(),
		result:     reflect.TypeFor[kms.Alias](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "namePrefix"},
		follow:     map[resource.PropertyKey][]resource.PropertyKey{"targetKeyId": {"targetKeyArn"}},
		id:         byProperty("name"),
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			key := path.Base(asText(inputs["targetKeyId"])) // an id or an ARN
			return filled{"arn": p.arn("kms", p.region, id), "targetKeyArn": p.arn("kms", p.region, "key/"+key)}.properties()
		},
	},
	"aws:iam/instanceProfile:InstanceProfile": {
		args:       iam.InstanceProfileArgs{}.ElementType(),
		result:     reflect.TypeFor[iam.InstanceProfile](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name", "namePrefix", "path"},
		defaults:   resource.PropertyMap{"path": resource.NewProperty("/")},
		lists:      []resource.PropertyKey{"tagsAll"},
		id:         byProperty("name"),
		outputs: func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
			return filled{
				"arn": p.principalARN("instance-profile", inputs, id), "createDate": created, "uniqueId": principalID,
			}.properties()
		},
	},
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
		args:       iam.OpenIdConnectProviderArgs{}.ElementType(),
		result:     reflect.TypeFor[iam.OpenIdConnectProvider](),
		replacedBy: []resource.PropertyKey{"url"},
		lists:      []resource.PropertyKey{"tagsAll", "thumbprintLists"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("iam", "", "oidc-provider/"+strings.TrimPrefix(asText(inputs["url"]), "https://"))
		},
		outputs: arnIsID,
	},
	"aws:iam/samlProvider:SamlProvider": {
		args:       iam.SamlProviderArgs{}.ElementType(),
		result:     reflect.TypeFor[iam.SamlProvider](),
		name:       "name",
		replacedBy: []resource.PropertyKey{"name"},
		lists:      []resource.PropertyKey{"tagsAll"},
		id: func(p *provider, inputs resource.PropertyMap) string {
			return p.arn("iam", "", "saml-provider/"+asText(inputs["name"]))
		},
		outputs: arnIsID,
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
			return asText(inputs[principal]) + "-" + made("0123456789", 26) // the time, in fact
		},
	}
}

func byProperty(key resource.PropertyKey) func(*provider, resource.PropertyMap) string {
	return func(_ *provider, inputs resource.PropertyMap) string { return asText(inputs[key]) }
}

// keyIdentifier returns the id of a key, which differs where it may be copied
// to other regions.
func keyIdentifier(_ *provider, inputs resource.PropertyMap) string {
	if plain(inputs["multiRegion"]).V == true {
		return "mrk-" + strings.ReplaceAll(uuid(), "-", "")
	}
	return uuid()
}

// arnIsID fills the ARN of what is identified by it.
func arnIsID(_ *provider, id string, _ resource.PropertyMap) resource.PropertyMap {
	return filled{"arn": id}.properties()
}

// filled are outputs with a value that JSON has.
type filled map[string]any

func (f filled) properties() resource.PropertyMap { return resource.NewPropertyMapFromMap(f) }

// uuid returns an identifier as AWS makes up: another each time.
func uuid() string {
	const digits = "0123456789abcdef"
	return strings.Join([]string{made(digits, 8), made(digits, 4), made(digits, 4), made(digits, 4), made(digits, 12)}, "-")
}

// made returns a made-up text of a length.
func made(of string, length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = of[rand.IntN(len(of))]
	}
	return string(text)
}

// tableOutputs fills what DynamoDB reports of a table that does not ask for
// it, and the ARNs of the table, its stream, its key and its replicas.
func tableOutputs(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
	outputs := filled{
		"arn":                       p.tableARN(p.region, id),
		"deletionProtectionEnabled": false,
		"replicas":                  []any{},
		"serverSideEncryption":      nil,
		"tableClass":                "STANDARD",
	}.properties()
	if plain(inputs["streamEnabled"]).V == true {
		outputs["streamLabel"] = resource.NewProperty(streamLabel)
		outputs["streamArn"] = resource.NewProperty(p.tableARN(p.region, id) + "/stream/" + streamLabel)
	}
	if encryption := plain(inputs["serverSideEncryption"]); encryption.IsObject() {
		key := ""
		if plain(encryption.ObjectValue()["enabled"]).V == true {
			key = p.arn("kms", p.region, "key/"+keyID) // alias/aws/dynamodb, unless the program gives one
		}
		outputs["serverSideEncryption"] = resource.NewProperty(filled{"kmsKeyArn": key}.properties())
	}
	if replicas := plain(inputs["replicas"]); replicas.IsArray() {
		copies := make([]resource.PropertyValue, len(replicas.ArrayValue()))
		for i, replica := range replicas.ArrayValue() {
			if replica = plain(replica); replica.IsObject() {
				copies[i] = resource.NewProperty(filled{
					"arn":       p.tableARN(asText(replica.ObjectValue()["regionName"]), id),
					"kmsKeyArn": "", "streamArn": "", "streamLabel": "",
				}.properties())
			}
		}
		outputs["replicas"] = resource.NewProperty(copies)
	}
	return outputs
}

func principalOutputs(class string) func(*provider, string, resource.PropertyMap) resource.PropertyMap {
	return func(p *provider, id string, inputs resource.PropertyMap) resource.PropertyMap {
		return filled{"arn": p.principalARN(class, inputs, id), "uniqueId": principalID}.properties()
	}
}

// arn returns an ARN of the provider's partition and account.
func (p *provider) arn(service, region, resourcePart string) string {
	return strings.Join([]string{"arn", p.partition().name, service, region, p.account, resourcePart}, ":")
}

func (p *provider) tableARN(region, table string) string {
	return p.arn("dynamodb", region, "table/"+table)
}

// principalARN returns the ARN of an IAM entity, its path included.
func (p *provider) principalARN(class string, inputs resource.PropertyMap, name string) string {
	return p.arn("iam", "", path.Join(class, asText(inputs["path"]), name))
}

// tableOf returns the table's name in a table ARN.
func tableOf(arn resource.PropertyValue) string { return path.Base(asText(arn)) }

// partition is a part of AWS that shares nothing with the others.
type partition struct{ name, suffix string }

// partition returns that of the provider's region:
// https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
func (p *provider) partition() partition {
	for prefix, found := range map[string]partition{
		"cn-":      {"aws-cn", "amazonaws.com.cn"},
		"us-gov-":  {"aws-us-gov", "amazonaws.com"},
		"us-iso-":  {"aws-iso", "c2s.ic.gov"},
		"us-isob-": {"aws-iso-b", "sc2s.sgov.gov"},
		"eusc-":    {"aws-eusc", "amazonaws.eu"},
	} {
		if strings.HasPrefix(p.region, prefix) {
			return found
		}
	}
	return partition{"aws", "amazonaws.com"}
}
