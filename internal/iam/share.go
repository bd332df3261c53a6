package iam

import (
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// Share is one Allow of a table's or a stream's policy, and what it leaves open after the document's own Denies that hold
// for everyone, whatever the request.
type Share struct {
	Statement  int
	Principals Principals
	Actions    ActionSet   // open to principals of the owner's account
	Abroad     ActionSet   // of those what AWS lets other accounts do
	Trusted    []Condition // that keep the statement from being public, as DynamoDB's block-public-access counts them
}

// Shares are the Allows of a table's policy that leave something open; nil for other documents.
func (d *Document) Shares() (shares []Share) {
	if d.Kind != Resource {
		return nil
	}
	a := d.analyse(time.Time{})
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Deny {
			continue
		}
		open := a.open(st, st.actions)
		if open.Empty() {
			continue
		}
		s := Share{Statement: st.Index, Principals: st.Principal, Actions: open}
		for action := range open.All() {
			if action.TablePolicy != SameAccount {
				s.Abroad = s.Abroad.Or(action.Of())
			}
		}
		for _, c := range st.Conditions {
			if c.trusted() {
				s.Trusted = append(s.Trusted, c)
			}
		}
		shares = append(shares, s)
	}
	return shares
}

// trustedKeys are the condition keys by which DynamoDB counts a statement for everyone as one that is not public.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-bpa-rbp.html
var trustedKeys = []string{
	"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceAccount", "aws:SourceArn",
	"aws:SourceVpc", "aws:SourceVpce", "aws:UserId", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList",
	"aws:PrincipalIsAWSService", "aws:Ec2InstanceSourceVpc", "aws:SourceOrgID", "aws:SourceOrgPaths",
}

// trusted reports whether the condition asks for certain values of one of the trusted keys: without a wildcard or a variable, and
// not of requests that lack the key.
func (c *Condition) trusted() bool {
	same := func(key string) bool { return glob.EqualFold(key, c.Key) }
	op := c.Operator
	if !slices.ContainsFunc(trustedKeys, same) || op.Negated() || op.IfExists || op.Set == "ForAllValues" {
		return false
	}
	isService := glob.EqualFold(c.Key, "aws:PrincipalIsAWSService")
	switch op.Base {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "Bool":
	default:
		return false
	}
	return !slices.ContainsFunc(c.Values, func(v string) bool {
		return strings.ContainsAny(v, "*?") || strings.Contains(v, "${") || isService && !glob.EqualFold(v, "true")
	})
}

// Is reports whether the condition is on a key. Keys are the same in any case.
func (c *Condition) Is(key string) bool { return glob.EqualFold(c.Key, key) }

// Account is the account of the principal: of its ARN, or the ID that it is. It is empty where it has none, as a service.
func (p Principal) Account() string {
	if len(p.ID) == 12 && strings.Trim(p.ID, "0123456789") == "" {
		return p.ID
	}
	return parseCaller(p.ID).account
}

// LocksOut are the Denies of a table's policy that keep everyone, the table's own account as well, from changing the policy
// or from reading the table, whatever the request: the indexes of the statements.
func (d *Document) LocksOut() (statements []int) {
	if d.Kind != Resource {
		return nil
	}
	change := MatchActions("dynamodb:PutResourcePolicy").Or(MatchActions("dynamodb:DeleteResourcePolicy"))
	read := MatchActions("dynamodb:GetItem").Or(MatchActions("dynamodb:Query")).Or(MatchActions("dynamodb:Scan"))
	for _, deny := range d.analyse(time.Time{}).denies {
		if deny.actions.Contains(change) || deny.actions.Contains(read) {
			statements = append(statements, deny.Index)
		}
	}
	return statements
}
