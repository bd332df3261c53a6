package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// IAMSharedRole counts who has the same access: what one of several needs, all of them may do.
//
// Report: a public program with one role for eleven functions and three tables.
var IAMSharedRole = &policy.Policy{
	Name:  "iam-shared-role",
	Title: "Workloads reach tables under roles of their own",
	Doc: `
		Reports a role with access to tables or DAX clusters that more workloads of the stack run under than the limit:
		functions, tasks, instances, services, state machines, jobs and pods, these by their associations or by the service
		accounts that the role's trust policy names. So also a role that names more tables than the limit. A wildcard for
		tables is reported by iam-unscoped-resource.`,
	Before: `
name: shop
assumeRolePolicy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Principal:
        Federated: arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABCD
      Action: sts:AssumeRoleWithWebIdentity
      Condition:
        StringEquals:
          oidc.eks.us-east-1.amazonaws.com/id/ABCD:aud: sts.amazonaws.com
          oidc.eks.us-east-1.amazonaws.com/id/ABCD:sub:
            - system:serviceaccount:shop:cart
            - system:serviceaccount:shop:mail
            - system:serviceaccount:shop:orders
            - system:serviceaccount:shop:search
inlinePolicies:
  - policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: [dynamodb:GetItem, dynamodb:PutItem]
          Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	After: `
name: orders
assumeRolePolicy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Principal:
        Federated: arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABCD
      Action: sts:AssumeRoleWithWebIdentity
      Condition:
        StringEquals:
          oidc.eks.us-east-1.amazonaws.com/id/ABCD:aud: sts.amazonaws.com
          oidc.eks.us-east-1.amazonaws.com/id/ABCD:sub: system:serviceaccount:shop:orders
inlinePolicies:
  - policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: [dynamodb:GetItem, dynamodb:PutItem]
          Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "What several workloads share, each of them may do: the grants are the sum of their needs, and the log does not tell them apart.",
	Silent: [][2]string{
		{"Several functions under one role, up to the limit", "A small application is one workload in many functions: the limit is three."},
		{"Roles that reach no table and no cluster", "Sharing them shares no items."},
		{"Workloads of other stacks", "What a stack does not declare is not counted."},
		{"Indexes, streams and statements on one table", "They count as one table."},
	},
	Remediation: "Give each workload a role, with the actions and the tables that it needs.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.3"},
	Config:      SharedRoleConfig{MaxWorkloads: 3, MaxTables: 10},
	Settings: map[string]string{
		"maxWorkloads": `How many workloads of the stack may run under one role.`,
		"maxTables":    `How many tables the policies of one role may name.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Identity, iam.Trust), facts.LinkReads, facts.WorkloadReads),

	CheckStack: checkSharedRoles,
}

// SharedRoleConfig are the settings of IAMSharedRole.
type SharedRoleConfig struct {
	MaxWorkloads int `json:"maxWorkloads" min:"1" max:"1000"`
	MaxTables    int `json:"maxTables" min:"1" max:"1000"`
}

func checkSharedRoles(p *policy.StackPass) {
	workloads, unknown := p.Graph.Workloads()
	roles(p, func(role *facts.Principal) { checkShared(p, role, workloads[role.URN]) })
	for _, at := range unknown {
		p.Awaits(at.URN, at)
	}
}

func checkShared(p *policy.StackPass, role *facts.Principal, workloads []facts.Workload) {
	pass := p.On(role.URN)
	awaits(p, role)
	limits := policy.Settings[SharedRoleConfig](p)
	var named []string
	for _, w := range workloads {
		named = append(named, w.What+" "+resource.Quote(w.URN.Name()))
	}
	trust := pass.Facts.Documents(iam.Trust)
	for _, d := range trust {
		if d.Part || !d.Known {
			pass.Log.NoteUnknown(d.Path) // it may name others
		}
	}
	for _, account := range serviceAccounts(trust) {
		named = append(named, "pods of "+resource.Quote(account))
	}
	var tables []string
	if mayName(role) > limits.MaxTables {
		tables = tablesOf(role)
	}
	if len(named) <= limits.MaxWorkloads && len(tables) <= limits.MaxTables {
		return // whatever it may do with them
	}
	open, known := reachOf(role, p.Now)
	if open.Empty() {
		pass.NotApplicable(reachesNothing)
		return
	}
	unless := ""
	if !known {
		unless = ", where its permissions boundary lets it"
	}
	if len(named) > limits.MaxWorkloads {
		pass.Report(policy.Finding{
			Basis: policy.OnResource,
			Wrong: fmt.Sprintf("%d workloads run under role %s, more than the %d of maxWorkloads, and each of them may use %s%s: %s", len(named),
				resource.Quote(role.Name), limits.MaxWorkloads, actions(open.List(), open.Worst(), nil), unless, shortList(named)),
			Remedy: "give each a role of its own, with the actions and the tables that it needs",
		})
	}
	if len(tables) > limits.MaxTables {
		pass.Report(policy.Finding{
			Basis: policy.OnResource,
			Wrong: fmt.Sprintf("role %s names %d tables, more than the %d of maxTables: %s", resource.Quote(role.Name), len(tables),
				limits.MaxTables, shortList(tables)),
			Remedy: "share its work out among several roles",
		})
	}
}

// mayName is how many tables the policies of a role may name at most.
func mayName(role *facts.Principal) (n int) {
	for _, d := range role.Documents {
		for _, st := range d.Statements {
			if st.Effect == iam.Allow {
				n += len(st.Resource.Texts)
			}
		}
	}
	return n
}

// shortList is a list of which nobody reads more than the first few. It is sorted: programs declare resources in any order, another one
// in each run.
func shortList(list []string) string {
	const shown = 5
	list = slices.Sorted(slices.Values(list))
	if len(list) > shown+1 {
		list = append(list[:shown], fmt.Sprintf("%d more", len(list)-shown))
	}
	return text.And(list)
}

// serviceAccounts are the service accounts of clusters that trust policies name: shop/orders.
func serviceAccounts(trust []*facts.Document) (accounts []string) {
	for _, d := range trust {
		if d.Document == nil || d.Secret {
			continue
		}
		for _, st := range d.Statements {
			for _, c := range st.Conditions {
				for _, value := range c.Values {
					account, ok := strings.CutPrefix(value, "system:serviceaccount:")
					account = strings.Replace(account, ":", "/", 1)
					if ok && st.Effect == iam.Allow && !c.Operator.Negated() && !slices.Contains(accounts, account) {
						accounts = append(accounts, account)
					}
				}
			}
		}
	}
	return accounts
}

// tablesOf are the tables that the policies of a role name and grant something on, quoted.
func tablesOf(role *facts.Principal) (tables []string) {
	for _, d := range role.Documents {
		if d.Secret {
			continue
		}
		for _, grant := range iam.NewGrants([]*iam.Document{d.Document.Document}, nil).List {
			name := resource.Quote(grant.Table.Name)
			if grant.Table.Name != "" && !grant.Not && !grant.Actions.WithoutMetadata().Empty() && !slices.Contains(tables, name) {
				tables = append(tables, name)
			}
		}
	}
	return tables
}
