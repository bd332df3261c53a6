package iam

import (
	"fmt"
	"strings"
	"testing"
)

// describeActions is a finding on one line: its elements > what they open.
func describeActions(findings []ActionFinding) string {
	var out []string
	for _, f := range findings {
		not := ""
		if f.Not {
			not = "not "
		}
		out = append(out, fmt.Sprintf("%d %s%s > %s", f.Statement, not, texts(f.Elements), f.Why()))
	}
	return strings.Join(out, "; ")
}

func TestWildcardActions(t *testing.T) {
	const one = "0 Statement[0].Action="
	tests := []struct{ policy, want string }{
		// What is a wildcard.
		{"Allow dynamodb:* on *", one + "dynamodb:* > all 79 dynamodb actions, dynamodb:DeleteTable among them"},
		{"Allow * on *", one + "* > all 79 dynamodb actions and all 30 dax actions, dynamodb:DeleteTable among them"},
		{"Allow *:* on *", one + "*:* > all 79 dynamodb actions and all 30 dax actions, dynamodb:DeleteTable among them"},
		{"Allow dax:* on *", one + "dax:* > all 30 dax actions, dax:DeleteCluster among them"},
		{"Allow DynamoDB:* on *", one + "DynamoDB:* > all 79 dynamodb actions, dynamodb:DeleteTable among them"},
		{"Allow dynamodb:** on *", one + "dynamodb:** > all 79 dynamodb actions, dynamodb:DeleteTable among them"},
		{"Allow *:GetItem on *", one + "*:GetItem > dynamodb:GetItem and dax:GetItem"},
		{"Allow *:getitem on table/orders", one + "*:getitem > dynamodb:GetItem"},
		{"Allow dynamodb:Get* on *", one + "dynamodb:Get* > 5 of 79 dynamodb actions, dynamodb:GetItem among them"},
		{"Allow dynamodb:gEt* on table/orders", one + "dynamodb:gEt* > dynamodb:GetItem and dynamodb:GetResourcePolicy"},
		{"Allow dynamodb:*Item on table/orders", one + "dynamodb:*Item > 7 of 79 dynamodb actions, dynamodb:BatchWriteItem among them"},
		{"Allow dynamodb:Get?tem on table/orders", one + "dynamodb:Get?tem > dynamodb:GetItem"},
		{"Allow dynamodb:Scan* on table/orders", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:*Q* on table/orders", one + "dynamodb:*Q* > 5 of 79 dynamodb actions, dynamodb:PartiQLDelete among them"},
		{"Allow dynamodb:*ResourcePolicy on table/orders", one + "dynamodb:*ResourcePolicy > dynamodb:DeleteResourcePolicy, dynamodb:GetResourcePolicy and dynamodb:PutResourcePolicy"},
		{"Allow dynamodb:TagResourc? on table/orders", one + "dynamodb:TagResourc? > dynamodb:TagResource"},

		// What is none.
		{"Allow dynamodb:GetItem on *", ""},
		{"Allow dynamodb:GetItem,dynamodb:PutItem,dax:GetItem on *", ""},
		{"Allow dynamodb:Foo* on *", ""},
		{"Allow dynamodb:GetItem?on on *", ""},
		{"Allow dynamodbstreams:* on *", ""},
		{"Allow s3:* on *", ""},
		{"Allow s3:*,iam:* on *", ""},
		{"Deny dynamodb:* on *", ""},

		// Metadata only.
		{"Allow dynamodb:Describe* on *", ""},
		{"Allow dynamodb:List* on *", ""},
		{"Allow dax:Describe*,dax:List* on *", ""},
		{"Allow dynamodb:*Limits on *", ""},
		{"Allow dynamodb:Describe*,dynamodb:Put* on table/orders", "0 Statement[0].Action[1]=dynamodb:Put* > dynamodb:PutItem and dynamodb:PutResourcePolicy"},

		// What ends alike are tables, or what belongs to them.
		{"Allow dynamodb:Crea?eBackup on arn:aws:dynamodb:us-east-1:111122223333:*orders; Deny dynamodb:CreateBackup on arn:*:dynamodb:*:*:table/*", ""},
		{"Allow dynamodb:Crea?eBackup on arn:aws:dynamodb:us-east-1:111122223333:*orders; Deny dynamodb:CreateBackup on arn:*:dynamodb:*:*:table/old-*",
			one + "dynamodb:Crea?eBackup > dynamodb:CreateBackup"},
		{"Allow dynamodb:Quer? on arn:aws:dynamodb:us-east-1:111122223333:*-date; Deny dynamodb:Query on table/*/index/*",
			one + "dynamodb:Quer? > dynamodb:Query"},

		// The elements at fault, and no others.
		{"Allow dynamodb:Query,dynamodb:Get*,s3:*,dynamodb:*Item on table/orders",
			"0 Statement[0].Action[1]=dynamodb:Get* Statement[0].Action[3]=dynamodb:*Item > 8 of 79 dynamodb actions, dynamodb:BatchWriteItem among them"},
		{"Allow s3:GetObject on *; Allow dynamodb:Scan* on table/a", "1 Statement[1].Action=dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on table/a; Allow dynamodb:Query* on table/a",
			"0 Statement[0].Action=dynamodb:Scan* > dynamodb:Scan; 1 Statement[1].Action=dynamodb:Query* > dynamodb:Query"},

		// The statement's resources.
		{"Allow * on arn:aws:s3:::bucket/*", ""},
		{"Allow * on arn:aws:s3:::bucket,arn:aws:s3:::bucket/*", ""},
		{"Allow !iam:* on arn:aws:s3:::bucket/*", ""},
		{"Allow dynamodb:* on arn:aws:dax:us-east-1:111122223333:cache/c", ""},
		{"Allow * on cache/c", one + "* > 19 of 30 dax actions, dax:DeleteCluster among them"},
		{"Allow dynamodb:* on table/orders/index/by-date", one + "dynamodb:* > 6 of 79 dynamodb actions, dynamodb:PartiQLSelect among them"},
		{"Allow dynamodb:Get* on table/orders/stream/*", one + "dynamodb:Get* > dynamodb:GetRecords, dynamodb:GetResourcePolicy and dynamodb:GetShardIterator"},
		{"Allow dynamodb:* on table/orders/backup/*", one + "dynamodb:* > dynamodb:DeleteBackup, dynamodb:DescribeBackup and dynamodb:RestoreTableFromBackup"},
		{"Allow dynamodb:* on table/orders/export/*", ""},
		{"Allow dynamodb:Purchase* on table/orders", ""},
		{"Allow dynamodb:Purchase* on *", one + "dynamodb:Purchase* > dynamodb:PurchaseReservedCapacityOfferings"},
		{"Allow dynamodb:*Abac* on *", one + "dynamodb:*Abac* > dynamodb:GetAbacStatus and dynamodb:UpdateAbacStatus"},
		{"Allow dynamodb:* on arn:aws:dynamodb:us-east-1::table/orders", ""},
		{"Allow dynamodb:* on global-table/orders", one + "dynamodb:* > 6 of 79 dynamodb actions, dynamodb:CreateGlobalTable among them"},
		{"Allow dynamodb:* on arn:aws:dynamodb:us-east-1:111122223333:global-table/orders", ""},
		{"Allow dynamodb:Get* on arn:aws:dynamodb:us-east-1:111122223333:table/${aws:username}", one + "dynamodb:Get* > dynamodb:GetItem, dynamodb:GetRecords, dynamodb:GetResourcePolicy and dynamodb:GetShardIterator"},
		{"Allow dynamodb:Get* on arn:aws:dynamodb:*:table/prod-*", one + "dynamodb:Get* > dynamodb:GetItem, dynamodb:GetRecords, dynamodb:GetResourcePolicy and dynamodb:GetShardIterator"},
		{"Allow dynamodb:Get* on !table/secret", one + "dynamodb:Get* > 5 of 79 dynamodb actions, dynamodb:GetItem among them"},
		{"Allow dynamodb:Get* on !arn:aws:dynamodb:*:*:*", "0 Statement[0].Action=dynamodb:Get* > dynamodb:GetAbacStatus"},
		{"Allow dynamodb:Inject* on !arn:aws:dynamodb:*:*:*", one + "dynamodb:Inject* > dynamodb:InjectError"},
		{"Allow dynamodb:Get* on !*", ""},

		// NotAction.
		{"Allow !iam:* on *", "0 not Statement[0].NotAction=iam:* > all 79 dynamodb actions and all 30 dax actions, dynamodb:DeleteTable among them"},
		{"Allow !iam:*,s3:* on table/orders", "0 not Statement[0].NotAction[0]=iam:* Statement[0].NotAction[1]=s3:* > 57 of 79 dynamodb actions, dynamodb:DeleteTable among them"},
		{"Allow !dynamodb:* on *", "0 not Statement[0].NotAction=dynamodb:* > all 30 dax actions, dax:DeleteCluster among them"},
		{"Allow !DynamoDB:*,DAX:* on *", ""},
		{"Allow !* on *", ""},
		{"Allow !dynamodb:*,dax:*Item,dax:*t*,dax:Query,dax:Scan,dax:Reboot* on *", ""},
		{"Deny !dynamodb:GetItem on *", ""},

		// The document's own Denies.
		{"Allow dynamodb:* on *; Deny dynamodb:* on *", ""},
		{"Allow dynamodb:* on *; Deny * on *", ""},
		{"Allow dynamodb:Get* on *; Deny dynamodb:GetItem,dynamodb:GetRecords on *", "0 Statement[0].Action=dynamodb:Get* > dynamodb:GetAbacStatus, dynamodb:GetResourcePolicy and dynamodb:GetShardIterator"},
		{"Allow dynamodb:Get* on *; Deny dynamodb:GetItem on *", one + "dynamodb:Get* > dynamodb:GetAbacStatus, dynamodb:GetRecords, dynamodb:GetResourcePolicy and dynamodb:GetShardIterator"},
		{"Allow dynamodb:*Item on *; Deny dynamodb:PutItem on table/orders", one + "dynamodb:*Item > 7 of 79 dynamodb actions, dynamodb:BatchWriteItem among them"},
		{"Allow dynamodb:Scan* on table/orders; Deny dynamodb:Scan on table/orders", ""},
		{"Allow dynamodb:Scan* on table/orders,table/orders/index/*; Deny dynamodb:Scan on table/orders", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on table/orders*; Deny dynamodb:Scan on table/orders", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on table/orders*; Deny dynamodb:Scan on table/*", ""},
		{"Allow dynamodb:Scan* on table/orders*; Deny dynamodb:Scan on arn:aws:dynamodb:*:*:table/o*", ""},
		{"Allow dynamodb:DeleteBacku? on table/orders*; Deny dynamodb:* on table/*/backup/*", ""},
		{"Allow dynamodb:Scan* on *; Deny dynamodb:Scan on arn:aws:dynamodb:*:*:*", ""},
		{"Allow dynamodb:Scan* on *; Deny dynamodb:Scan on arn:aws:dynamodb", ""},
		{"Allow dynamodb:Scan* on *; Deny dynamodb:Scan on table/*", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on *; Deny dynamodb:Scan on arn:aws-cn:dynamodb:*:*:*,arn:aws:dynamodb:us-east-1:*:*", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on *; Deny !dynamodb:Query on *", ""},
		{"Allow dynamodb:Scan* on *; Deny !dynamodb:Scan on *", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on *; Deny dynamodb:Scan on !table/orders", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on table/other; Deny dynamodb:Scan on !table/orders", ""},
		{"Allow dynamodb:Scan* on table/other*; Deny dynamodb:Scan on !table/orders*", ""},
		{"Allow dynamodb:Scan* on table/or*; Deny dynamodb:Scan on !table/orders*", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on table/other; Deny dynamodb:Scan on !arn:aws:dynamodb:us-east-1:111122223333:table/${aws:PrincipalTag/t}", one + "dynamodb:Scan* > dynamodb:Scan"},
		{"Allow dynamodb:Scan* on table/a; Deny dynamodb:Scan on arn:aws:dynamodb:us-east-1:111122223333:table/${aws:PrincipalTag/t}", one + "dynamodb:Scan* > dynamodb:Scan"},
		{`Allow dynamodb:Scan* on *; Deny dynamodb:Scan on * if {"Bool":{"aws:SecureTransport":"false"}}`, one + "dynamodb:Scan* > dynamodb:Scan"},
		{`Allow dynamodb:Scan* on *; Deny dynamodb:Scan on * if {}`, ""},
		// Scan never carries the key, which makes the first always true and the second never.
		{`Allow dynamodb:Scan* on *; Deny dynamodb:* on * if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`, ""},
		{`Allow dynamodb:Scan* on *; Deny dynamodb:* on * if {"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`, one + "dynamodb:Scan* > dynamodb:Scan"},
		{`Allow dynamodb:GetItem* on *; Deny dynamodb:* on * if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`, one + "dynamodb:GetItem* > dynamodb:GetItem"},

		// An Allow's condition leaves the wildcard one.
		{`Allow dynamodb:Scan* on * if {"StringEquals":{"aws:ResourceTag/team":"a"}}`, one + "dynamodb:Scan* > dynamodb:Scan"},
	}
	for _, tt := range tests {
		if got := describeActions(parse(t, tt.policy, Identity).WildcardActions(WildcardOptions{})); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
}

func TestWildcardActionsOfResourcePolicy(t *testing.T) {
	const one = "0 Statement[0].Action="
	tests := []struct{ policy, want string }{
		{"Allow dynamodb:* by * on table/orders", one + "dynamodb:* > 49 of 79 dynamodb actions, dynamodb:DeleteTable among them"},
		{"Allow dynamodb:Get* by *", one + "dynamodb:Get* > dynamodb:GetItem, dynamodb:GetRecords, dynamodb:GetResourcePolicy and dynamodb:GetShardIterator"},
		{"Allow dynamodb:Import* by *", ""},
		{"Allow dynamodb:GetItem by * on table/orders", ""},
		{"Allow dynamodb:Scan* by 111122223333 on table/a; Deny dynamodb:Scan by * on table/a", ""},
		{"Allow dynamodb:Scan* by 111122223333 on table/a; Deny dynamodb:Scan by *", ""},
		{"Allow dynamodb:Scan* by 111122223333; Deny dynamodb:Scan by *", ""},
		{"Allow dynamodb:Scan* by 111122223333 on table/a; Deny dynamodb:Scan by 999988887777 on table/a", one + "dynamodb:Scan* > dynamodb:Scan"},
	}
	for _, tt := range tests {
		if got := describeActions(parse(t, tt.policy, Resource).WildcardActions(WildcardOptions{})); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
}

func TestWildcardActionsMetadata(t *testing.T) {
	tests := []struct{ policy, want string }{
		{"Allow dynamodb:DescribeLimit? on *", "0 Statement[0].Action=dynamodb:DescribeLimit? > dynamodb:DescribeLimits"},
		{"Allow dynamodb:Foo* on *", ""},
		{"Allow dynamodb:DescribeTable on *", ""},
	}
	for _, tt := range tests {
		if got := describeActions(parse(t, tt.policy, Identity).WildcardActions(WildcardOptions{Metadata: true})); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
}

func TestWildcardActionFields(t *testing.T) {
	f := parse(t, "Allow !dynamodb:* on *", Identity).WildcardActions(WildcardOptions{})[0]
	if !f.Not || f.Worst.String() != "dax:DeleteCluster" || strings.Join(f.Whole, " ") != "dax" || len(f.Opens) != 30 {
		t.Errorf("got %+v", f)
	}
	f = parse(t, "Allow *:*Item on *", Identity).WildcardActions(WildcardOptions{})[0]
	want := "dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:ConditionCheckItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem " +
		"dax:BatchGetItem dax:BatchWriteItem dax:ConditionCheckItem dax:DeleteItem dax:GetItem dax:PutItem dax:UpdateItem"
	if names(f.Opens) != want || f.Worst.String() != "dynamodb:BatchWriteItem" || f.Whole != nil {
		t.Errorf("got %s, worst %s, whole %v", names(f.Opens), f.Worst, f.Whole)
	}
}
