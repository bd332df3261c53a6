package session

import (
	"slices"
	"testing"

	"dynamoguard/internal/foresight"
)

// TestNamed: a lookup names a resource by its ARN wherever that stands, and by its name where it looks for such resources.
func TestNamed(t *testing.T) {
	const table, key = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", "urn:pulumi:dev::shop::aws:kms/key:Key::orders"
	const arn, id = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders", "17b80939-809c-4c60-8c6f-03c78934fabd"
	s := &service{New(true, nil)}
	for _, i := range []Issue{
		{URN: table, Values: []foresight.Value{{Text: "orders"}, {Property: "arn", Text: arn}}, Names: []string{"orders", arn}},
		{URN: key, Values: []foresight.Value{{Text: id, StandIn: true}}, Names: []string{id}},
	} {
		if err := s.Issue(i, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		token string
		texts []string
		want  []string
	}{
		{"aws:dynamodb/getTable:getTable", []string{"orders"}, []string{table}},
		{"aws:cloudcontrol/getResource:getResource", []string{"AWS::DynamoDB::Table", "orders"}, []string{table}},
		{"aws:s3/getBucket:getBucket", []string{"orders"}, nil},
		{"aws:dynamodb/getTable:getTable", []string{"orders-archive"}, nil},
		{"aws:resourcegroupstaggingapi/getResources:getResources", []string{arn}, []string{table}},
		{"aws:iam/getPrincipalPolicySimulation:getPrincipalPolicySimulation", []string{arn + "/index/*", id}, []string{table, key}},
		{"aws:iam/getPrincipalPolicySimulation:getPrincipalPolicySimulation", []string{arn + "-archive"}, nil},
		{"aws:kms/getKey:getKey", []string{id}, []string{key}},
		{"aws:kms/getKey:getKey", nil, nil},
	} {
		var got []string
		if err := s.Named(Asked{Token: c.token, Texts: c.texts}, &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %q names %q, not %q", c.token, c.texts, got, c.want)
		}
	}
}
