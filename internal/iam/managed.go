package iam

import (
	"slices"
	"strings"
)

// ManagedPolicy is what an AWS managed policy grants on DynamoDB and DAX.
type ManagedPolicy struct {
	Name        string
	Tier        Tier
	Unscoped    ActionSet // on every table or cluster
	Conditional ActionSet // on every table or cluster, under conditions
	Scoped      ActionSet // on tables whose names match patterns of AWS
}

// Tier says how broad a managed policy is. A greater tier is broader.
type Tier uint8

const (
	TierMetadata    Tier = iota // descriptions only
	TierScoped                  // tables whose names match patterns of AWS
	TierConditional             // writes on every table, under conditions
	TierControl                 // settings of every table
	TierDataRead                // items of every table
	TierDataWrite               // items or permissions of every table
	TierAdmin                   // everything
)

func (t Tier) String() string {
	return [...]string{
		"metadata", "tables by name", "every table under conditions", "settings of every table", "reading every table", "writing every table",
		"administration of DynamoDB",
	}[t]
}

// LookupManagedPolicy finds what is known of an AWS managed policy by its ARN, of any partition, such as
// arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess. It is nil for a policy that AWS does not manage, and for one that
// grants nothing on DynamoDB, or is newer than this list.
//
// Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
func LookupManagedPolicy(arn string) *ManagedPolicy {
	before, path, ok := strings.Cut(arn, ":iam::aws:policy/")
	if partition, found := strings.CutPrefix(before, "arn:"); !ok || !found || partition == "" || strings.Contains(partition, ":") {
		return nil
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	i, ok := slices.BinarySearchFunc(managedPolicies[:], name, func(p ManagedPolicy, name string) int { return strings.Compare(p.Name, name) })
	if !ok {
		return nil
	}
	return &managedPolicies[i]
}
