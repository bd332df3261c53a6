package iam

import (
	"slices"
	"testing"
)

func TestLookupManagedPolicy(t *testing.T) {
	tests := []struct {
		arn  string
		tier string
	}{
		{"arn:aws:iam::aws:policy/AdministratorAccess", "administration of DynamoDB"},
		{"arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess", "administration of DynamoDB"},
		{"arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess_v2", "administration of DynamoDB"},
		{"arn:aws-cn:iam::aws:policy/AmazonDynamoDBFullAccess", "administration of DynamoDB"},
		{"arn:aws-us-gov:iam::aws:policy/job-function/DatabaseAdministrator", "administration of DynamoDB"},
		{"arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess", "reading every table"},
		{"arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole", "reading every table"},
		{"arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", "metadata"},
		{"arn:aws:iam::aws:policy/AWSElasticBeanstalkWorkerTier", "tables by name"},
		{"arn:aws:iam::aws:policy/AdministratorAccess-Amplify", "every table under conditions"},
		{"arn:aws:iam::aws:policy/AmazonS3FullAccess", ""},
		{"arn:aws:iam::111122223333:policy/AdministratorAccess", ""},
		{"arn:aws:x:iam::aws:policy/AdministratorAccess", ""},
		{":iam::aws:policy/AdministratorAccess", ""},
		{"AdministratorAccess", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got := ""
		if p := LookupManagedPolicy(tt.arn); p != nil {
			got = p.Tier.String()
		}
		if got != tt.tier {
			t.Errorf("%s: %q, want %q", tt.arn, got, tt.tier)
		}
	}
}

// The tiers agree with the actions.
func TestManagedPolicies(t *testing.T) {
	if len(managedPolicies) != 83 {
		t.Errorf("%d policies", len(managedPolicies))
	}
	if !slices.IsSortedFunc(managedPolicies[:], func(a, b ManagedPolicy) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}) {
		t.Error("not in the order of the names")
	}
	for _, p := range managedPolicies {
		worst := Metadata
		for a := range p.Unscoped.All() {
			worst = max(worst, a.Class)
		}
		switch p.Tier {
		case TierAdmin:
			if !p.Unscoped.Contains(dynamodbActions) {
				t.Errorf("%s does not grant everything", p.Name)
			}
		case TierMetadata:
			if worst != Metadata {
				t.Errorf("%s grants %s", p.Name, worst)
			}
		case TierScoped:
			if !p.Unscoped.Empty() || p.Scoped.Empty() {
				t.Errorf("%s is not scoped", p.Name)
			}
		case TierConditional:
			if p.Conditional.Empty() {
				t.Errorf("%s is not conditional", p.Name)
			}
		default:
			if worst == Metadata {
				t.Errorf("%s is of tier %s, but grants metadata", p.Name, p.Tier)
			}
		}
	}
}
