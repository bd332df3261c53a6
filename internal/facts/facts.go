// Package facts holds what is worked out once of resources and shared by the policies: the policy documents of a resource,
// the copies of tables it declares and the table identities it claims, and what the resources of a stack say of each other.
package facts

import (
	"sync"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// The resource types that policies judge.
const (
	Table         = "aws:dynamodb/table:Table"
	TableReplica  = "aws:dynamodb/tableReplica:TableReplica"
	GlobalTable   = "aws:dynamodb/globalTable:GlobalTable"
	Cluster       = "aws:dax/cluster:Cluster"
	TablePolicy   = "aws:dynamodb/resourcePolicy:ResourcePolicy"
	ManagedPolicy = "aws:iam/policy:Policy"
	RolePolicy    = "aws:iam/rolePolicy:RolePolicy"
	UserPolicy    = "aws:iam/userPolicy:UserPolicy"
	GroupPolicy   = "aws:iam/groupPolicy:GroupPolicy"
	Role          = "aws:iam/role:Role"
	PermissionSet = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"

	TableExport          = "aws:dynamodb/tableExport:TableExport"
	StreamingDestination = "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination"
	TableIndex           = "aws:dynamodb/globalSecondaryIndex:GlobalSecondaryIndex"
	ScalingTarget        = "aws:appautoscaling/target:Target"
	ScalingPolicy        = "aws:appautoscaling/policy:Policy"
)

// Those of aws-native, which have the properties of CloudFormation's. A principal and its policies are one resource there, and so
// are a table and its own policy.
const (
	NativeTable         = "aws-native:dynamodb:Table"
	NativeGlobal        = "aws-native:dynamodb:GlobalTable"
	NativeManagedPolicy = "aws-native:iam:ManagedPolicy"
	NativeRole          = "aws-native:iam:Role"
	NativeUser          = "aws-native:iam:User"
	NativeGroup         = "aws-native:iam:Group"
	NativeRolePolicy    = "aws-native:iam:RolePolicy"
	NativeUserPolicy    = "aws-native:iam:UserPolicy"
	NativeGroupPolicy   = "aws-native:iam:GroupPolicy"
	NativePermissionSet = "aws-native:sso:PermissionSet"

	NativeInstanceProfile = "aws-native:iam:InstanceProfile"
	NativeScalingTarget   = "aws-native:applicationautoscaling:ScalableTarget"
	NativeScalingPolicy   = "aws-native:applicationautoscaling:ScalingPolicy"
)

// A Place is a property of a resource.
type Place struct {
	URN  resource.URN
	Path resource.Path
}

// Facts are the facts of one resource. They are worked out when first asked for.
type Facts struct {
	resource  *resource.Resource
	documents [iam.Kinds]func() []*Document
}

// New returns the facts of a resource.
func New(r *resource.Resource) *Facts {
	return newFacts(r, parse)
}

func newFacts(r *resource.Resource, parse parseFunc) *Facts {
	f := &Facts{resource: r}
	list := holders[r.Type]
	if len(list) == 0 {
		return f
	}
	for _, h := range list {
		kind := h.kind
		if f.documents[kind] != nil {
			continue
		}
		f.documents[kind] = sync.OnceValue(func() []*Document {
			var documents []*Document
			for i := range list {
				if list[i].kind == kind {
					documents = append(documents, list[i].documents(r, parse)...)
				}
			}
			return documents
		})
	}
	return f
}

// Documents returns the policy documents of the resource of some kinds, those that are not set left out.
func (f *Facts) Documents(kinds ...iam.Kind) []*Document {
	var documents []*Document
	for _, kind := range kinds {
		if list := f.documents[kind]; list != nil {
			documents = append(documents, list()...)
		}
	}
	return documents
}
