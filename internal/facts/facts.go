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
	NativeTable   = "aws-native:dynamodb:Table"
	Cluster       = "aws:dax/cluster:Cluster"
	NativeGlobal  = "aws-native:dynamodb:GlobalTable"
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
	DAXCluster           = "aws:dax/cluster:Cluster"
	ScalingTarget        = "aws:appautoscaling/target:Target"
	ScalingPolicy        = "aws:appautoscaling/policy:Policy"
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
	return newFacts(r, func(_ resource.Property, text string, kind iam.Kind) *iam.Document { return iam.Parse(text, kind) })
}

func newFacts(r *resource.Resource, parse parseFunc) *Facts {
	f := &Facts{resource: r}
	list := holders[r.Type]
	if len(list) == 0 {
		return f
	}
	for kind := range f.documents {
		f.documents[kind] = sync.OnceValue(func() []*Document {
			var documents []*Document
			for i := range list {
				if list[i].kind == iam.Kind(kind) {
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
