// Package facts holds what is worked out once of a resource and shared by the policies: its policy documents and the
// table identities it claims.
package facts

import (
	"sync"

	"dynamoguard/internal/resource"
)

// The resource types that policies judge.
const (
	Table         = "aws:dynamodb/table:Table"
	TableReplica  = "aws:dynamodb/tableReplica:TableReplica"
	GlobalTable   = "aws:dynamodb/globalTable:GlobalTable"
	NativeTable   = "aws-native:dynamodb:Table"
	NativeGlobal  = "aws-native:dynamodb:GlobalTable"
	TablePolicy   = "aws:dynamodb/resourcePolicy:ResourcePolicy"
	ManagedPolicy = "aws:iam/policy:Policy"
	RolePolicy    = "aws:iam/rolePolicy:RolePolicy"
	UserPolicy    = "aws:iam/userPolicy:UserPolicy"
	GroupPolicy   = "aws:iam/groupPolicy:GroupPolicy"
	Role          = "aws:iam/role:Role"
	PermissionSet = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
)

// Facts are the facts of one resource. They are worked out when first asked for.
type Facts struct {
	resource  *resource.Resource
	documents func() []*Document
}

// New returns the facts of a resource.
func New(r *resource.Resource) *Facts {
	return &Facts{resource: r, documents: sync.OnceValue(func() []*Document { return documents(r) })}
}

// Documents returns the policy documents of the resource, those that are not set left out.
func (f *Facts) Documents() []*Document { return f.documents() }
