package facts_test

import (
	"fmt"
	"slices"
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

// TestOpened: a role counts as it was seen last, and one name for one role; a managed policy by its whole ARN.
func TestOpened(t *testing.T) {
	const (
		open   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`
		closed = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
		reads  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}]}`
		looks  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:DescribeTable","Resource":"*"}]}`
	)
	of := func(typ, name string, properties ...string) *resource.Resource {
		values := map[string]resource.Value{}
		for i := 0; i < len(properties); i += 2 {
			values[properties[i]] = resource.StringValue(properties[i+1])
		}
		return &resource.Resource{
			URN: resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name), Type: typ, Name: name, Properties: resource.ObjectValue(values),
		}
	}
	role := func(logical, name, trust string) *resource.Resource {
		return of(facts.Role, logical, "name", name, "assumeRolePolicy", trust)
	}
	attachment := func(arn string) *resource.Resource {
		return of(facts.RoleAttachment, "attachment", "role", "deploy", "policyArn", arn)
	}
	inline := of(facts.RolePolicy, "inline", "role", "deploy", "policy", reads)
	orders := of(facts.ManagedPolicy, "orders", "name", "Orders", "path", "/shop/", "policy", reads)
	for _, c := range []struct {
		name string
		seen []*resource.Resource
		then *resource.Resource
		want []string // the roles, with how many documents they have
	}{
		{"an inline policy", []*resource.Resource{role("a", "deploy", open)}, inline, []string{"deploy 1"}},
		{"of a role that is closed", []*resource.Resource{role("a", "deploy", closed)}, inline, nil},
		{"of a role that was open", []*resource.Resource{role("a", "deploy", open), role("a", "deploy", closed)}, inline, nil},
		{"of a role that had another name", []*resource.Resource{role("a", "deploy", open), role("a", "other", open)}, inline, nil},
		{"of one of two roles", []*resource.Resource{role("a", "deploy", open), role("b", "deploy", open)}, inline, nil},
		{"a managed policy", []*resource.Resource{role("a", "deploy", open), orders}, attachment("arn:aws:iam::111122223333:policy/shop/orders"),
			[]string{"deploy 1"}},
		{"one with another path", []*resource.Resource{role("a", "deploy", open), orders}, attachment("arn:aws:iam::111122223333:policy/orders"),
			[]string{"deploy 0"}},
		{"one that only looks", []*resource.Resource{role("a", "deploy", open), orders,
			of(facts.ManagedPolicy, "orders", "name", "Orders", "path", "/shop/", "policy", looks)},
			attachment("arn:aws:iam::111122223333:policy/shop/orders"), []string{"deploy 0"}},
		{"what names no role", []*resource.Resource{role("a", "deploy", open)}, of(facts.UserPolicy, "user", "user", "deploy", "policy", reads), nil},
	} {
		var seen facts.Stack
		for _, r := range c.seen {
			seen.See(seen.Facts(r), resource.Value{})
		}
		var got []string
		for _, r := range seen.Opened(c.then) {
			got = append(got, fmt.Sprintf("%s %d", r.Name, len(r.Documents)))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
