package e2e

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssoadmin"

	"dynamoguard/internal/facts"
	"dynamoguard/policies"
)

// arguments are the inputs of the types that policies judge, as the typed SDK
// declares them: plain structs whose pulumi tags name the properties.
var arguments = map[string]reflect.Type{
	facts.Table:                 dynamodb.TableArgs{}.ElementType(),
	facts.TableReplica:          dynamodb.TableReplicaArgs{}.ElementType(),
	facts.GlobalTable:           dynamodb.GlobalTableArgs{}.ElementType(),
	facts.TablePolicy:           dynamodb.ResourcePolicyArgs{}.ElementType(),
	facts.ManagedPolicy:         iam.PolicyArgs{}.ElementType(),
	facts.Role:                  iam.RoleArgs{}.ElementType(),
	facts.User:                  iam.UserArgs{}.ElementType(),
	facts.Group:                 iam.GroupArgs{}.ElementType(),
	facts.RolePolicy:            iam.RolePolicyArgs{}.ElementType(),
	facts.UserPolicy:            iam.UserPolicyArgs{}.ElementType(),
	facts.GroupPolicy:           iam.GroupPolicyArgs{}.ElementType(),
	facts.RoleAttachment:        iam.RolePolicyAttachmentArgs{}.ElementType(),
	facts.UserAttachment:        iam.UserPolicyAttachmentArgs{}.ElementType(),
	facts.GroupAttachment:       iam.GroupPolicyAttachmentArgs{}.ElementType(),
	facts.Attachment:            iam.PolicyAttachmentArgs{}.ElementType(),
	facts.RoleAttachments:       iam.RolePolicyAttachmentsExclusiveArgs{}.ElementType(),
	facts.UserAttachments:       iam.UserPolicyAttachmentsExclusiveArgs{}.ElementType(),
	facts.GroupAttachments:      iam.GroupPolicyAttachmentsExclusiveArgs{}.ElementType(),
	facts.UserMemberships:       iam.UserGroupMembershipArgs{}.ElementType(),
	facts.GroupMembers:          iam.GroupMembershipArgs{}.ElementType(),
	facts.PermissionSet:         ssoadmin.PermissionSetInlinePolicyArgs{}.ElementType(),
	facts.SSOPermissionSet:      ssoadmin.PermissionSetArgs{}.ElementType(),
	facts.SSOAttachment:         ssoadmin.ManagedPolicyAttachmentArgs{}.ElementType(),
	facts.SSOCustomerAttachment: ssoadmin.CustomerManagedPolicyAttachmentArgs{}.ElementType(),
	facts.SSOBoundaryAttachment: ssoadmin.PermissionsBoundaryAttachmentArgs{}.ElementType(),
}

// newer are properties that policies read and only version 7 of the provider
// has: https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/
var newer = []string{"region", "assumeRoles", "assumeRoles[].roleArn"}

// TestJoinReads finds every property that the join of principals reads, and every input of a provider that tells its
// account, in the typed SDK.
func TestJoinReads(t *testing.T) {
	reads := facts.LinkReads()
	for typ, patterns := range reads {
		declared, ok := arguments[typ]
		if !ok {
			t.Errorf("the join reads %s, which this test does not know: add it to arguments", typ)
			continue
		}
		for _, pattern := range patterns {
			if !slices.Contains(patternsOf(declared), pattern) {
				t.Errorf("the join reads %s of %s, which the SDK does not have", pattern, typ)
			}
		}
	}
	inputs := patternsOf(aws.ProviderArgs{}.ElementType())
	for _, pattern := range facts.ProviderReads() {
		if !slices.Contains(inputs, pattern) && !slices.Contains(newer, pattern) {
			t.Errorf("%s of a provider is read, which the SDK does not have", pattern)
		}
	}
	if len(reads) == 0 {
		t.Error("nothing is read")
	}
}

// TestReads finds every property that a policy reads in the typed SDK. A name
// that is misspelt there would make the policy pass whatever it is given.
func TestReads(t *testing.T) {
	checked := 0
	for _, policy := range policies.All() {
		for typ, patterns := range policy.Reads {
			if strings.HasPrefix(typ, "aws-native:") {
				continue // has an SDK of its own, generated from CloudFormation's schemas
			}
			declared, ok := arguments[typ]
			if !ok {
				t.Errorf("%s reads %s, which this test does not know: add it to arguments", policy.Name, typ)
				continue
			}
			properties := patternsOf(declared)
			for _, pattern := range patterns {
				checked++
				if !slices.Contains(properties, pattern) && !slices.Contains(newer, pattern) {
					t.Errorf("%s reads %s of %s, which the SDK does not have", policy.Name, pattern, typ)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no policy says what it reads")
	}
}

// ungoverned are the properties of table types that no policy has to read, since
// they decide nothing of recovery, encryption or who owns a table's name. One
// that is new in the SDK is to be read by a policy, or added here.
var ungoverned = map[string][]string{
	"aws:dynamodb/table:Table": {
		// Keys and indexes
		"attributes", "attributes[].name", "attributes[].type", "hashKey", "rangeKey",
		"globalSecondaryIndexes", "globalSecondaryIndexes[].hashKey", "globalSecondaryIndexes[].name",
		"globalSecondaryIndexes[].nonKeyAttributes", "globalSecondaryIndexes[].projectionType",
		"globalSecondaryIndexes[].rangeKey", "globalSecondaryIndexes[].readCapacity",
		"globalSecondaryIndexes[].writeCapacity", "globalSecondaryIndexes[].onDemandThroughput",
		"globalSecondaryIndexes[].onDemandThroughput.maxReadRequestUnits",
		"globalSecondaryIndexes[].onDemandThroughput.maxWriteRequestUnits",
		"localSecondaryIndexes", "localSecondaryIndexes[].name", "localSecondaryIndexes[].nonKeyAttributes",
		"localSecondaryIndexes[].projectionType", "localSecondaryIndexes[].rangeKey",
		// Capacity and storage
		"billingMode", "readCapacity", "writeCapacity", "onDemandThroughput",
		"onDemandThroughput.maxReadRequestUnits", "onDemandThroughput.maxWriteRequestUnits", "tableClass",
		// Contents
		"importTable", "importTable.inputCompressionType", "importTable.inputFormat", "importTable.inputFormatOptions",
		"importTable.inputFormatOptions.csv", "importTable.inputFormatOptions.csv.delimiter",
		"importTable.inputFormatOptions.csv.headerLists", "importTable.s3BucketSource",
		"importTable.s3BucketSource.bucket", "importTable.s3BucketSource.bucketOwner", "importTable.s3BucketSource.keyPrefix",
		"restoreDateTime", "restoreSourceName", "restoreSourceTableArn", "restoreToLatestTime",
		"streamEnabled", "streamViewType", "ttl", "ttl.attributeName", "ttl.enabled",
		// Protection from deletion, not from loss of data
		"deletionProtectionEnabled",
		// Tags, and what AWS computes
		"tags", "replicas[].propagateTags", "replicas[].arn", "replicas[].streamArn", "replicas[].streamLabel",
	},
	"aws:dynamodb/tableReplica:TableReplica": {"deletionProtectionEnabled", "tableClassOverride", "tags"},
	"aws:dynamodb/globalTable:GlobalTable":   {"name", "replicas", "replicas[].regionName"},
}

// TestClassified finds every property of the table types either in what a
// policy reads or among the ungoverned.
func TestClassified(t *testing.T) {
	for typ, known := range ungoverned {
		governed := map[string]bool{}
		for _, policy := range policies.All() {
			for _, pattern := range policy.Reads[typ] {
				governed[pattern] = true
			}
		}
		declared := patternsOf(arguments[typ])
		for _, pattern := range declared {
			if !governed[pattern] && !slices.Contains(known, pattern) {
				t.Errorf("%s of %s is new: let a policy read it, or list it as ungoverned", pattern, typ)
			}
		}
		for _, pattern := range known {
			if !slices.Contains(declared, pattern) {
				t.Errorf("%s of %s is listed as ungoverned, but the SDK does not have it", pattern, typ)
			}
		}
	}
}

// TestPatternsOf holds the walk over the SDK itself.
func TestPatternsOf(t *testing.T) {
	type leaf struct {
		On *bool `pulumi:"on"`
	}
	type args struct {
		Block  *leaf             `pulumi:"block"`
		List   []leaf            `pulumi:"list"`
		Texts  []string          `pulumi:"texts"`
		Tags   map[string]string `pulumi:"tags"`
		Policy any               `pulumi:"policy"`
	}
	got := patternsOf(reflect.TypeFor[args]())
	want := []string{"block", "block.on", "list", "list[].on", "policy", "tags", "texts"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// patternsOf returns the properties of an argument struct at every depth,
// sorted: "name", "replicas", "replicas[].kmsKeyArn".
func patternsOf(args reflect.Type) []string {
	found := map[string]bool{}
	var walk func(prefix string, typ reflect.Type)
	walk = func(prefix string, typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			if typ.Kind() == reflect.Slice {
				prefix += "[]"
			}
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for field := range typ.NumField() {
			name, ok := typ.Field(field).Tag.Lookup("pulumi")
			if !ok {
				continue
			}
			if prefix != "" {
				name = prefix + "." + name
			}
			found[name] = true
			walk(name, typ.Field(field).Type)
		}
	}
	walk("", args)
	return slices.Sorted(maps.Keys(found))
}

// TestArgumentsAreStructs guards the table above: a type of another shape has
// no properties to find.
func TestArgumentsAreStructs(t *testing.T) {
	for typ, declared := range arguments {
		if len(patternsOf(declared)) == 0 || !strings.HasPrefix(typ, "aws:") {
			t.Errorf("%s has no properties", typ)
		}
	}
}
