// Package managed knows what the policies that AWS manages grant on Amazon DynamoDB and DynamoDB Accelerator (DAX).
//
// Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
package managed

import (
	"slices"
	"strings"

	"dynamoguard/internal/iam"
)

//go:generate go run ./gen

// Policy is a policy that AWS manages, and what its default version grants on DynamoDB and DAX.
type Policy struct {
	Name       string // "AmazonDynamoDBFullAccess"
	Path       string // "service-role/": what stands between "policy/" and the name in its ARN
	Version    string // "v15"
	Deprecated bool   // AWS does not let it be attached any more; the path is not known

	// The sets share no action. Denies of the document that do not depend on a request are taken out.
	Unscoped    iam.ActionSet // on every table, stream, index or cluster, or actions that take no resource
	Conditional iam.ActionSet // so as well, but each Allow has conditions
	Scoped      iam.ActionSet // on resources of certain names only, with or without conditions
}

// Grants are all actions that the policy allows on some resource.
func (p Policy) Grants() iam.ActionSet { return p.Unscoped.Or(p.Conditional).Or(p.Scoped) }

// Tier is how much a policy grants. A greater tier grants more; from UnscopedControl on it grants more than to look, on
// every table, whoever asks.
type Tier uint8

const (
	None              Tier = iota
	MetadataOnly           // descriptions and lists of every table, no data
	ScopedByName           // some actions on resources of certain names, nothing on every table
	UnderConditions        // actions on every table, each under conditions
	UnscopedControl        // creates, changes or deletes any table
	UnscopedDataRead       // reads the data of every table
	UnscopedDataWrite      // writes the data of every table, or its permissions
	Admin                  // all actions of DynamoDB on every table
)

func (t Tier) String() string {
	return [...]string{
		"nothing", "metadata of every table", "resources of certain names", "every table under conditions",
		"control of every table", "reading the data of every table", "writing the data of every table", "all of DynamoDB",
	}[t]
}

// Tier is the policy's tier.
func (p Policy) Tier() Tier {
	unscoped, conditional := classes(p.Unscoped), classes(p.Conditional)
	switch {
	case slices.Contains(p.Unscoped.Services(), "dynamodb"):
		return Admin
	case unscoped[iam.DataWrite] || unscoped[iam.Permissions]:
		return UnscopedDataWrite
	case unscoped[iam.DataRead]:
		return UnscopedDataRead
	case unscoped[iam.Control] || unscoped[iam.Tagging] || unscoped[iam.Exfiltration] || unscoped[iam.Destructive]:
		return UnscopedControl
	case conditional[iam.DataWrite] || conditional[iam.Permissions]:
		return UnderConditions
	case unscoped[iam.Metadata] || unscoped[iam.Inspection]:
		return MetadataOnly
	case !p.Scoped.Empty():
		return ScopedByName
	case !p.Conditional.Empty():
		return UnderConditions
	}
	return None
}

// classes are the classes of the actions of a set.
func classes(set iam.ActionSet) (has [iam.Permissions + 1]bool) {
	for a := range set.All() {
		has[a.Class] = true
	}
	return has
}

// Lookup finds a policy by its ARN, in any partition: AWS manages the same policies in China and GovCloud. It does not find
// a policy that grants nothing on DynamoDB and DAX, nor one that is newer than the table.
func Lookup(arn string) (Policy, bool) {
	path, ok := ownPath(arn)
	if !ok {
		return Policy{}, false
	}
	path, name := path[:strings.LastIndexByte(path, '/')+1], path[strings.LastIndexByte(path, '/')+1:]
	i, ok := slices.BinarySearchFunc(policies[:], name, func(p Policy, name string) int { return strings.Compare(p.Name, name) })
	if !ok || path != policies[i].Path && !policies[i].Deprecated {
		return Policy{}, false
	}
	return policies[i], true
}

// Own reports whether an ARN is of a policy that AWS manages. One that Lookup does not find grants nothing on DynamoDB and DAX, as
// far as the table knows, which has all that were there when it was made.
func Own(arn string) bool {
	_, ok := ownPath(arn)
	return ok
}

// ownPath is the path and the name in the ARN of a policy that AWS manages.
func ownPath(arn string) (path string, ok bool) {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 || fields[0] != "arn" || fields[2] != "iam" || fields[3] != "" || fields[4] != "aws" {
		return "", false
	}
	return strings.CutPrefix(fields[5], "policy/")
}
