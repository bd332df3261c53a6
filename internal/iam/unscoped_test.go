package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// describeResources is a finding on one line: its elements > what they reach: the worst action.
func describeResources(findings []ResourceFinding) string {
	var out []string
	for _, f := range findings {
		not := ""
		if f.Not {
			not = "not "
		}
		out = append(out, fmt.Sprintf("%d %s%s > %s: %s", f.Statement, not, texts(f.Elements), f.Why(), f.Worst))
	}
	return strings.Join(out, "; ")
}

func TestUnscopedResources(t *testing.T) {
	const (
		one    = "0 Statement[0].Resource="
		tagged = ` if {"StringEquals":{"aws:ResourceTag/team":"orders"}}`
	)
	tests := []struct{ policy, want string }{
		// Every table, in all the ways to write it.
		{"Allow dynamodb:GetItem on *", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:*", one + "arn:aws:dynamodb:*:*:* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*", one + "arn:aws:dynamodb:* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb", one + "arn:aws:dynamodb > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1", one + "arn:aws:dynamodb:us-east-1 > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333", one + "arn:aws:dynamodb:us-east-1:111122223333 > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:*", one + "arn:* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:*", one + "arn:aws:* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:*:table/*", one + "arn:*:table/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dyn*:*:*:*", one + "arn:aws:dyn*:*:*:* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:*:*:*:table/*", one + "arn:aws:*:*:*:table/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:*:dynamodb:*:*:table/*", one + "arn:*:dynamodb:*:*:table/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws-us-gov:dynamodb:*:*:table/*", one + "arn:aws-us-gov:dynamodb:*:*:table/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/**", one + "arn:aws:dynamodb:us-east-1:111122223333:table/** > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/?*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/?* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/???*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/???* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/?*?*?", one + "arn:aws:dynamodb:us-east-1:111122223333:table/?*?*? > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:t*", one + "arn:aws:dynamodb:*:*:t* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:*/*", one + "arn:aws:dynamodb:*:*:*/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:*able/*", one + "arn:aws:dynamodb:*:*:*able/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:table?*", one + "arn:aws:dynamodb:*:*:table?* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:${aws:RequestedRegion}:*:table/*", one + "arn:aws:dynamodb:${aws:RequestedRegion}:*:table/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:table/*", one + "arn:aws:dynamodb:*:table/* > every table: dynamodb:GetItem"},

		// Names, and parts of names.
		{"Allow dynamodb:GetItem on table/orders", ""},
		{"Allow dynamodb:GetItem on table/orders*", ""},
		{"Allow dynamodb:GetItem on table/*orders", ""},
		{"Allow dynamodb:GetItem on table/*-orders-*", ""},
		{"Allow dynamodb:GetItem on table/o*", ""},
		{"Allow dynamodb:GetItem on table/???", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:table/orders", ""},
		{"Allow dynamodb:GetItem on arn:*:*:*:*:table/orders", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:table/orders", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:table/prod-*", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:*/orders", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333:table/${aws:username}", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333:table/${aws:username}*", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333:table/${*}", ""},
		{"Allow dynamodb:GetItem on arn:aws:s3:::bucket/*", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*prod-*", ""}, // no region is called so
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*prod*", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*-east-*", one + "arn:aws:dynamodb:*-east-* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*1", one + "arn:aws:dynamodb:*1 > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1::table/*", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb::111122223333:table/*", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:Table/*", ""},

		// A length names no table, and who lacks the key of a variable is given its default.
		{"Allow dynamodb:GetItem on table/????*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/????* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetRecords on table/????*/stream/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/????*/stream/* > the streams of every table: dynamodb:GetRecords"},
		{"Allow dynamodb:GetItem on table/????", ""},
		{"Allow dynamodb:GetItem on table/????*x", ""},
		{"Allow dynamodb:GetItem on table/${aws:PrincipalTag/team}*", ""},

		// What belongs to tables.
		{"Allow dynamodb:Query on table/orders,table/orders/index/*", ""},
		{"Allow dynamodb:* on table/orders/*", ""},
		{"Allow dynamodb:GetRecords on table/orders/stream/*", ""},
		{"Allow dynamodb:Query on table/*/index/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/*/index/* > the indexes of every table: dynamodb:Query"},
		{"Allow dynamodb:Query on table/*/index/by-date", one + "arn:aws:dynamodb:us-east-1:111122223333:table/*/index/by-date > the indexes of every table: dynamodb:Query"},
		{"Allow dynamodb:Query on table/*/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/*/* > the indexes of every table: dynamodb:Query"},
		{"Allow dynamodb:GetRecords on table/*/stream/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/*/stream/* > the streams of every table: dynamodb:GetRecords"},
		{"Allow dynamodb:GetRecords on table/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/* > the streams of every table: dynamodb:GetRecords"},
		{"Allow dynamodb:GetRecords on table/prod-*/stream/*", ""},
		{"Allow dynamodb:Query on table/*prod*", ""},
		{"Allow dynamodb:DeleteBackup on table/*/backup/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/*/backup/* > the backups of every table: dynamodb:DeleteBackup"},
		{"Allow dynamodb:GetItem on table/*/index/*", ""}, // GetItem takes a table
		{"Allow dynamodb:UpdateGlobalTable on global-table/*", one + "arn:aws:dynamodb::111122223333:global-table/* > every global table: dynamodb:UpdateGlobalTable"},
		{"Allow dynamodb:DescribeGlobalTable on global-table/orders", ""},

		// DAX.
		{"Allow dax:GetItem on *", one + "* > every DAX cluster: dax:GetItem"},
		{"Allow dax:GetItem on cache/*", one + "arn:aws:dax:us-east-1:111122223333:cache/* > every DAX cluster: dax:GetItem"},
		{"Allow dax:GetItem on cache/?*", one + "arn:aws:dax:us-east-1:111122223333:cache/?* > every DAX cluster: dax:GetItem"},
		{"Allow dax:GetItem on cache/??*", one + "arn:aws:dax:us-east-1:111122223333:cache/??* > every DAX cluster: dax:GetItem"},
		{"Allow dax:GetItem on cache/orders", ""},
		{"Allow dax:GetItem on table/*", ""},
		{"Allow dax:* on arn:aws:dax:*:*:*", one + "arn:aws:dax:*:*:* > every DAX cluster: dax:DeleteCluster"},
		{"Allow dynamodb:GetItem,dax:GetItem on *", one + "* > every table and every DAX cluster: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem,dax:GetItem on table/*,cache/*",
			"0 Statement[0].Resource[0]=arn:aws:dynamodb:us-east-1:111122223333:table/* Statement[0].Resource[1]=arn:aws:dax:us-east-1:111122223333:cache/* > every table and every DAX cluster: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem,dax:GetItem on table/orders,cache/*",
			"0 Statement[0].Resource[1]=arn:aws:dax:us-east-1:111122223333:cache/* > every DAX cluster: dax:GetItem"},

		// Actions that take no resource, or need none.
		{"Allow dynamodb:ListTables on *", ""},
		{"Allow dynamodb:ListTables,dynamodb:DescribeLimits,dynamodb:ListStreams,dynamodb:PurchaseReservedCapacityOfferings on *", ""},
		{"Allow dynamodb:ListExports,dynamodb:ListImports,dax:DescribeClusters on *", ""},
		{"Allow dax:CreateParameterGroup,dax:DescribeEvents on *", ""},
		{"Allow dynamodb:ListTables,dynamodb:DescribeTable on *", ""},
		{"Allow dynamodb:Describe*,dynamodb:List* on *", ""},
		{"Allow dynamodb:DescribeTable on table/a*,table/b*,table/???*", ""},
		{"Allow dynamodb:Describe*,dynamodb:GetItem on *", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetResourcePolicy on *", one + "* > every table: dynamodb:GetResourcePolicy"}, // says who may do what
		{"Allow s3:GetObject on *", ""},
		{"Allow dynamodb:ExecuteStatement on *", ""},

		// Lists.
		{"Allow dynamodb:GetItem on table/orders,table/*", "0 Statement[0].Resource[1]=arn:aws:dynamodb:us-east-1:111122223333:table/* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/orders,table/items", ""},
		{"Allow dynamodb:GetItem on table/a*,table/b*", ""},
		{"Allow s3:GetObject on *; Allow dynamodb:GetItem on *", "1 Statement[1].Resource=* > every table: dynamodb:GetItem"},

		// NotResource.
		{"Allow dynamodb:GetItem on !table/secret", "0 not Statement[0].NotResource=arn:aws:dynamodb:us-east-1:111122223333:table/secret > every table but those it names: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on !table/secret,table/other",
			"0 not Statement[0].NotResource[0]=arn:aws:dynamodb:us-east-1:111122223333:table/secret Statement[0].NotResource[1]=arn:aws:dynamodb:us-east-1:111122223333:table/other > every table but those it names: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on !table/*", "0 not Statement[0].NotResource=arn:aws:dynamodb:us-east-1:111122223333:table/* > every table but those it names: dynamodb:GetItem"}, // other regions
		{"Allow dynamodb:GetItem on !arn:aws:dynamodb:*:*:table/*", ""},
		{"Allow dynamodb:GetItem on !arn:aws:dynamodb:*:*:*", ""},
		{"Allow dynamodb:GetItem on !*", ""},
		{"Allow * on !arn:aws:dynamodb:*:*:*", "0 not Statement[0].NotResource=arn:aws:dynamodb:*:*:* > every DAX cluster but those it names: dax:DeleteCluster"},
		{"Allow s3:* on !arn:aws:s3:::bucket", ""},
		{"Allow !iam:* on *", one + "* > every table and every DAX cluster: dynamodb:DeleteTable"},
		{"Allow !dynamodb:*,dax:* on *", ""},

		// The document's own Denies.
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/orders", ""},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/orders*", ""},
		{"Allow dynamodb:GetItem on *; Deny * on !table/orders,table/orders/*", ""},
		{"Allow dynamodb:GetItem,dax:GetItem on *; Deny dynamodb:* on !table/orders", one + "* > every DAX cluster: dax:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/*", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !arn:aws:dynamodb:*:*:table/*", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !arn:aws:dynamodb:eu-west-1:*:table/*", ""},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !arn:aws:dynamodb:us-east-1:111122223333:table/${aws:PrincipalTag/team}", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:GetItem on *", ""},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on arn:aws:dynamodb:*:*:table/*", ""},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on arn:aws-cn:dynamodb:*:*:table/*", ""}, // the one partition it is about
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*; Deny dynamodb:* on arn:aws-cn:dynamodb:*:*:table/*", one + "arn:aws:dynamodb:* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:GetItem on table/secret", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:GetItem on table/s*", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:GetItem on table/*", one + "* > every table: dynamodb:GetItem"}, // other regions
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:GetItem on table/*", ""},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:PutItem on *", one + "* > every table: dynamodb:GetItem"},
		{"Allow dynamodb:Query on *; Deny dynamodb:Query on arn:aws:dynamodb:*:*:table/????*", one + "* > every table: dynamodb:Query"},
		{"Allow dynamodb:Query on table/*; Deny dynamodb:Query on table/*/index/*", one + "arn:aws:dynamodb:us-east-1:111122223333:table/* > every table: dynamodb:Query"},
		{"Allow dynamodb:GetItem on !table/secret; Deny dynamodb:* on !table/orders", ""},
		{`Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/orders if {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, one + "* > every table: dynamodb:GetItem"},

		{`Allow dynamodb:GetItem on *; Deny * on * if {"StringNotEquals":{"dynamodb:LeadingKeys":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:Scan on *; Deny * on * if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":"a"}}`, ""}, // Scan never carries the key
		{`Allow dynamodb:Scan on *; Deny * on * if {"StringNotEquals":{"dynamodb:SixthPartitionKeyValues":"x"}}`, one + "* > every table: dynamodb:Scan"},
		{`Allow dynamodb:Scan on *; Deny * on * if {"ForAllValues:StringEquals":{"dynamodb:SixthPartitionKeyValues":"x"}}`, one + "* > every table: dynamodb:Scan"},
		{`Allow dax:Scan on *; Deny * on * if {"StringEqualsIfExists":{"dax:Sixth":"x"}}`, one + "* > every DAX cluster: dax:Scan"},

		// Conditions: a tag of the resource scopes, nothing else does.
		{"Allow dynamodb:GetItem on *" + tagged, ""},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"AWS:resourcetag/team":["a","b"]}}`, ""},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"StringLike":{"aws:ResourceTag/team":"orders-*"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"ForAnyValue:StringEquals":{"aws:ResourceTag/team":"a"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"ArnLike":{"aws:ResourceTag/owner":"arn:aws:iam::*:role/app"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"StringLike":{"aws:ResourceTag/team":"*"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringLike":{"aws:ResourceTag/team":["orders","?*"]}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringLike":{"aws:ResourceTag/team":"*"},"StringEquals":{"aws:ResourceTag/team":"a"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"StringEqualsIfExists":{"aws:ResourceTag/team":"a"},"Null":{"aws:resourcetag/team":["true","false"]}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEqualsIfExists":{"aws:ResourceTag/team":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEqualsIfExists":{"aws:ResourceTag/team":"a"},"Null":{"aws:resourcetag/team":"false"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"StringEqualsIfExists":{"aws:ResourceTag/team":"a"},"Null":{"aws:resourcetag/team":"true"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEqualsIfExists":{"aws:ResourceTag/team":"a"},"Null":{"aws:resourcetag/other":"false"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:ResourceTag/env":"${aws:ResourceTag/env}"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringLike":{"aws:ResourceTag/env":["a","${AWS:resourcetag/env, 'x'}*"]}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:ResourceTag/env":"${aws:ResourceTag/other}"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"ForAllValues:StringEquals":{"aws:ResourceTag/team":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringNotEquals":{"aws:ResourceTag/team":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"Null":{"aws:ResourceTag/team":"false"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:ResourceTag/":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:RequestTag/team":"a"}}`, ""}, // GetItem never carries it
		{`Allow dynamodb:CreateTable on * if {"StringEquals":{"aws:RequestTag/team":"a"}}`, ""},
		{`Allow dynamodb:CreateTable,dynamodb:TagResource on * if {"StringEquals":{"aws:RequestTag/team":"a"}}`, one + "* > every table: dynamodb:TagResource"},
		{`Allow dynamodb:CreateTable on * if {"StringEqualsIfExists":{"aws:RequestTag/team":"a"}}`, one + "* > every table: dynamodb:CreateTable"},
		{`Allow dynamodb:CreateTable on *; Deny dynamodb:CreateTable on * if {"StringNotEquals":{"aws:RequestTag/team":"a"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"StringLike":{"aws:ResourceTag/team":"???"}}`, ""},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:ResourceTag/team":"aws:ResourceTag/team"}}`, ""}, // a text
		{`Allow dynamodb:GetItem on * if {"StringEqualsIfExists":{"aws:ResourceTag/team":"a"},"ForAllValues:Null":{"aws:ResourceTag/team":"false"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:CreateTable,dynamodb:GetItem on *; Deny dynamodb:CreateTable on * if {"StringNotEquals":{"aws:RequestTag/team":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		// A Deny on a missing or different tag scopes as well.
		{`Allow dynamodb:GetItem on *; Deny dynamodb:* on * if {"StringNotEquals":{"aws:ResourceTag/team":"a"}}`, ""},
		{`Allow dynamodb:GetItem on *; Deny dynamodb:* on * if {"StringNotLikeIfExists":{"aws:ResourceTag/team":"a-*"}}`, ""},
		{`Allow dynamodb:GetItem on *; Deny dynamodb:* on * if {"StringNotLike":{"aws:ResourceTag/team":"*"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on *; Deny dynamodb:* on * if {"ForAnyValue:StringNotEquals":{"aws:ResourceTag/team":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on *; Deny dynamodb:* on * if {"StringEquals":{"aws:ResourceTag/team":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on *; Deny dynamodb:PutItem on * if {"StringNotEquals":{"aws:ResourceTag/team":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on *; Deny dynamodb:* on * if {"StringNotEquals":{"aws:ResourceTag/team":"a","aws:PrincipalOrgID":"o-1"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":"a"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:ResourceAccount":"111122223333"}}`, one + "* > every table: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on * if {}`, one + "* > every table: dynamodb:GetItem"},
	}
	for _, tt := range tests {
		if got := describeResources(parse(t, tt.policy, Identity).UnscopedResources(UnscopedOptions{})); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
}

// Who lacks the key of a policy variable is given its default.
func TestUnscopedDefaults(t *testing.T) {
	const every = "0 Statement[0].Resource=%s > every table: dynamodb:GetItem"
	for name, found := range map[string]bool{
		"${aws:PrincipalTag/team, ''}*":                        true,
		"${aws:PrincipalTag/team,''}${aws:username, ''}*":      true,
		"${aws:PrincipalTag/team, 'none'}*":                    false,
		"${aws:PrincipalTag/team, '*'}":                        false, // a literal star
		"${aws:PrincipalTag/team, ''}":                         false, // no name
		"${aws:PrincipalTag/team, ''}${aws:PrincipalTag/app}*": false,
	} {
		element := "arn:aws:dynamodb:us-east-1:111122223333:table/" + name
		d := Parse(fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":%q}}`, element), Identity)
		want := ""
		if found {
			want = fmt.Sprintf(strings.Replace(every, "Statement[0]", "Statement", 1), element)
		}
		if got := describeResources(d.UnscopedResources(UnscopedOptions{})); got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
}

// What a condition never lets happen is not open: not by wildcard either.
func TestConditionsNeverTrue(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	const scan = "0 Statement[0].Action=dynamodb:Scan* > dynamodb:Scan | 0 Statement[0].Resource=* > every table: dynamodb:Scan"
	tests := []struct {
		condition string
		now       time.Time
		want      string
	}{
		{`{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`, now, " | "},
		{`{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`, time.Time{}, scan},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`, now, scan},
		{`{"Null":{"aws:CurrentTime":"true"}}`, time.Time{}, " | "},
		{`{"StringEquals":{"dynamodb:Select":"COUNT"}}`, now, scan},
		{`{"Bool":{"dynamodb:FullTableScan":"false"}}`, now, " | "}, // Scan never carries it
		{`{"StringEquals":{"dynamodb:NewKey":"NONE"}}`, now, scan},
	}
	for _, tt := range tests {
		d := parse(t, "Allow dynamodb:Scan* on * if "+tt.condition, Identity)
		got := describeActions(d.WildcardActions(WildcardOptions{Now: tt.now})) + " | " + describeResources(d.UnscopedResources(UnscopedOptions{Now: tt.now}))
		if got != tt.want {
			t.Errorf("%s at %v\n got %s\nwant %s", tt.condition, tt.now, got, tt.want)
		}
	}
}

func TestUnscopedUnion(t *testing.T) {
	var every []string
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-" {
		every = append(every, "table/"+string(c)+"*")
	}
	without := func(c string) []string {
		var rest []string
		for _, pattern := range every {
			if pattern != "table/"+c+"*" {
				rest = append(rest, pattern)
			}
		}
		return rest
	}
	tests := []struct {
		name     string
		patterns []string
		found    bool
	}{
		{"every first character", every, true},
		{"no z", append(without("z"), "table/orders"), false},
		{"z twice as narrow", append(without("z"), "table/za*", "table/zb*"), false},
		{"z longer than three characters", append(without("z"), "table/z???*"), false},
		{"z of three characters", append(without("z"), "table/z??*"), true},
		{"z in another region", append(without("z"), "arn:aws:dynamodb:eu-west-1:111122223333:table/z*"), false},
		{"z in every region", append(without("z"), "arn:aws:dynamodb:*:*:table/z*"), true},
		{"with a name", append(every[:65:65], "table/orders"), true},
	}
	for _, tt := range tests {
		found := parse(t, "Allow dynamodb:GetItem on "+strings.Join(tt.patterns, ","), Identity).UnscopedResources(UnscopedOptions{})
		if (len(found) == 1) != tt.found {
			t.Errorf("%s: %d findings", tt.name, len(found))
		}
		if len(found) == 1 && (len(found[0].Elements) != 65 || found[0].Why() != "every table" || names(found[0].Actions) != "dynamodb:GetItem") {
			t.Errorf("%s: got %d elements, %s, %s", tt.name, len(found[0].Elements), found[0].Why(), names(found[0].Actions))
		}
	}
	var suffixes []string
	for _, pattern := range every[:62] {
		suffixes = append(suffixes, "table/*"+strings.TrimSuffix(strings.TrimPrefix(pattern, "table/"), "*"))
	}
	join := func(patterns []string) string { return strings.Join(patterns, ",") }
	for _, tt := range []struct {
		name, policy string
		elements     int
		actions      string
	}{
		{"letters and digits", "Allow dynamodb:GetItem on " + join(every[:62]), 62, "dynamodb:GetItem"},
		{"last characters", "Allow dynamodb:GetItem on " + join(suffixes), 62, "dynamodb:GetItem"},
		{"backups", "Allow dynamodb:DeleteBackup on " + join(every[:62]), 62, "dynamodb:DeleteBackup"},
		{"backups by their last characters", "Allow dynamodb:DeleteBackup on " + join(suffixes), 62, "dynamodb:DeleteBackup"},
		{"streams by their last characters", "Allow dynamodb:GetRecords on " + join(suffixes[52:]), 10, "dynamodb:GetRecords"},
		{"tables by the last characters of streams", "Allow dynamodb:GetItem on " + join(suffixes[52:]), 0, ""},
		{"tables and backups", "Allow dynamodb:GetItem,dynamodb:DeleteBackup on " + join(every[:62]), 62, "dynamodb:DeleteBackup dynamodb:GetItem"},
		{"letters and digits, and a name's", "Allow dynamodb:GetItem on " + join(every[:62]) + ",table/staging-*", 62, "dynamodb:GetItem"},
		{"letters and digits, and a hyphen", "Allow dynamodb:GetItem on " + join(every[:62]) + ",table/-*", 63, "dynamodb:GetItem"},
		{"letters and digits, and one of another action", "Allow dynamodb:GetItem on " + join(every[:62]) + "; Allow dynamodb:PutItem on table/z*", 62, "dynamodb:GetItem"},
		{"lengths", "Allow dynamodb:GetItem on table/???,table/????*", 1, "dynamodb:GetItem"},
		{"lengths with a gap", "Allow dynamodb:GetItem on table/???,table/?????*", 1, "dynamodb:GetItem"},
		{"lower case only", "Allow dynamodb:GetItem on " + join(every[:26]), 0, ""},
		{"two statements", "Allow dynamodb:GetItem,dynamodb:PutItem on " + join(every[:30]) + "; Allow dynamodb:GetItem on " + join(every[30:]), 65, "dynamodb:GetItem"},
		{"two statements of other actions", "Allow dynamodb:PutItem on " + join(every[:30]) + "; Allow dynamodb:GetItem on " + join(every[30:]), 0, ""},
		{"two statements, one scoped", "Allow dynamodb:GetItem on " + join(every[:30]) + "; Allow dynamodb:GetItem on " + join(every[30:]) + ` if {"StringEquals":{"aws:ResourceTag/a":"b"}}`, 0, ""},
		{"prefixes", "Allow dynamodb:GetItem on table/orders*,table/user*,table/prod-*,table/dev-*,table/*-prod,table/*2026,table/data*,table/k8s*,table/My*", 0, ""},
		{"the probes themselves", "Allow dynamodb:GetItem on table/*" + strings.Join(probes[:], "*,table/*") + "*", 0, ""},
	} {
		found := parse(t, tt.policy, Identity).UnscopedResources(UnscopedOptions{})
		if (len(found) > 0) != (tt.elements > 0) {
			t.Errorf("%s: %s", tt.name, describeResources(found))
		}
		if tt.elements > 0 && (len(found) != 1 || found[0].Statement != 0 || len(found[0].Elements) != tt.elements || names(found[0].Actions) != tt.actions) {
			t.Errorf("%s: %s", tt.name, describeResources(found))
		}
	}
	if got := parse(t, "Allow dynamodb:GetItem on table/orders", Identity).UnscopedResources(UnscopedOptions{Metadata: true}); got != nil {
		t.Errorf("one table, metadata asked for: %s", describeResources(got))
	}
	denied := parse(t, "Allow dynamodb:GetItem on "+strings.Join(every, ",")+"; Deny * on !table/orders", Identity).UnscopedResources(UnscopedOptions{})
	if len(denied) != 0 {
		t.Errorf("confined by a Deny, but got %s", describeResources(denied))
	}
}

func TestUnscopedActions(t *testing.T) {
	f := parse(t, "Allow dynamodb:*Backup*,dynamodb:ListTables on table/*/backup/*,table/orders", Identity).UnscopedResources(UnscopedOptions{})
	want := "dynamodb:DeleteBackup dynamodb:DescribeBackup dynamodb:RestoreTableFromBackup"
	if len(f) != 1 || names(f[0].Actions) != want || f[0].Worst.Name != "DeleteBackup" || f[0].Reach != Reach(Backup) {
		t.Errorf("got %+v", f)
	}
	if !f[0].Reach.Tables() {
		t.Errorf("reach %v", f[0].Reach)
	}
}

// A table's policy names its own table; a trust policy grants nothing on tables.
func TestUnscopedOtherKinds(t *testing.T) {
	if f := parse(t, "Allow dynamodb:GetItem by * on *", Resource).UnscopedResources(UnscopedOptions{}); f != nil {
		t.Errorf("resource policy: %s", describeResources(f))
	}
	if f := parse(t, "Allow sts:AssumeRole by *", Trust).UnscopedResources(UnscopedOptions{}); f != nil {
		t.Errorf("trust policy: %s", describeResources(f))
	}
}
