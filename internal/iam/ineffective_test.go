package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestIneffectiveStatements(t *testing.T) {
	const orders = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
	for _, tt := range []struct {
		policy string
		want   string // whole, then the path and the cause of each value
	}{
		{"Allow dynamodb:GetItem,dynamodb:Query on table/orders,table/orders/index/*", ""},
		{"Allow dynamodb:GetItems on table/orders", fmt.Sprint("whole Action ", NoAction)},
		{"Allow dynamodb:GetItem,dynamodb:GetItems on table/orders", fmt.Sprint("part Action[1] ", NoAction)},
		{"Allow dynamodb:GetItems,s3:GetObject on *", fmt.Sprint("part Action[0] ", NoAction)},
		{"Allow s3:GetItems on *", ""},
		{"Allow dynamo:GetItem on table/orders", fmt.Sprint("whole Action ", NoService)},
		{"Deny dynamodb:GetItem on table/orders/index/*", fmt.Sprint("whole Resource ", OtherType)},
		{"Deny dynamodb:DeleteTable,dynamodb:DeleteBackup on table/orders", fmt.Sprint("part Action[1] ", NoSuchResource)},
		{"Allow dynamodb:GetItem,dynamodb:ListTables on table/orders", ""}, // metadata
		{"Allow dynamodb:ListTables on table/orders", fmt.Sprint("whole Resource ", OtherType)},
		{"Allow dynamodb:ListTables on table/*", ""},
		{"Allow * on table/ab", fmt.Sprint("part Resource ", BadName)},
		{"Allow !iam:* on table/orders/index/*", ""},
		{"Allow dynamodb:GetItem on table/" + strings.Repeat("a", 256), fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:GetItem on table/" + strings.Repeat("a", 255), ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-*:1111*:table/a*", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-*:11112222333344*:table/a*", fmt.Sprint("whole Resource ", BadAccount)},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333:table/${aws:username}", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333:table/${Table}", fmt.Sprint("whole Resource ", Placeholder)},
		{`Allow dynamodb:GetItem on table/orders if {"IpAddress":{"aws:SourceIp":["10.0.0.1","x"]}}`, fmt.Sprint("part Condition.IpAddress ", BadAddress)},
		{`Allow dynamodb:GetItem on table/orders if {"IpAddressIfExists":{"aws:SourceIp":"x"}}`, fmt.Sprint("part Condition.IpAddressIfExists ", BadAddress)},
		{`Deny dynamodb:GetItem on table/orders if {"StringEquals":{"dynamodb:LeadingKeys":"a"}}`, fmt.Sprint("whole Condition.StringEquals ", NeedsSet)},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"dynamodb:LeadingKeys":"a"}}`, ""}, // of ItemConditions
		{`Deny dynamodb:Scan on table/orders if {"Bool":{"dynamodb:FullTableScan":true}}`, ""},          // of ItemConditions
		{`Deny dynamodb:GetItem on table/orders if {"StringEquals":{"aws:RequestTag/a":"b"}}`, fmt.Sprint("whole Condition.StringEquals ", KeyNotCarried)},
		// Regions.
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-ea*-?:111122223333:table/orders", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east-?:111122223333:table/orders", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-?-1:111122223333:table/orders", ""},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-east?:111122223333:table/orders", fmt.Sprint("whole Resource ", BadRegion)},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:u?-east-b:111122223333:table/orders", fmt.Sprint("whole Resource ", BadRegion)},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-?-:111122223333:table/orders", fmt.Sprint("whole Resource ", BadRegion)},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:US-*:111122223333:table/orders", fmt.Sprint("whole Resource ", BadRegion)},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-weast*:111122223333:table/orders", fmt.Sprint("whole Resource ", BadRegion)},
		// What serves, what the statement excepts, and what is of other services.
		{"Allow dynamodb:GetItem on arn:aws:DynamoDB:us-east-1:111122223333:table/orders", fmt.Sprint("whole Resource ", NoService)},
		{"Allow dynamodb:GetItem on table/orders,table/users/index/*", fmt.Sprint("part Resource[1] ", OtherType)},
		{"Allow dynamodb:GetItem on *,table/orders/index/*", ""},
		{"Deny dynamodb:GetItem on !table/ab", fmt.Sprint("part NotResource ", BadName)},
		{"Deny dynamodb:GetItem on !table/orders/index/*", ""},
		{"Deny !dynamodb:DeleteBackup on table/orders", ""},
		{"Allow *:DeleteBackup,dynamodb:GetItem on table/orders", ""},
		{"Allow dax:ExecuteStatement on cache/orders", fmt.Sprint("whole Action ", NoAction)},
		{"Allow dax:GetItem on cache/a", ""},
		{"Allow dynamodb:GetItem on arn:aws", ""},
		{"Allow dynamodb:GetItem,s3:GetObject on arn:aws:${service}:us-east-1:111122223333:table/orders", fmt.Sprint("part Resource ", Placeholder)},
		{"Allow dynamodb:GetItem,s3:GetObject on arn:aws:${AWS::Service}:us-east-1:111122223333:table/orders", fmt.Sprint("part Resource ", Placeholder)},
		{"Allow dynamodb:GetItem,s3:GetObject on arn:aws:dynamdb:us-east-1:111122223333:table/orders", fmt.Sprint("part Resource ", NoService)},
		{"Allow dynamodb:GetItem,s3:GetObject on table/orders,arn:aws:s3:::b/*", ""},
		// Names.
		{"Allow dynamodb:Query on table/ab/index/x", fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:Query on table/a+b/index/x", fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:Query on table/a+b", fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:Query on table/orders/foo/x", fmt.Sprint("whole Resource ", BadResource)},
		{"Allow dynamodb:Query on arn:aws:dynamodb:us-east-1:111122223333:table/a${b", fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:Query on arn:aws:dynamodb:us-east-1:111122223333:table/orders${*}", fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:Query on arn:aws:dynamodb:us-east-1:111122223333:table/orders${?}", fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:Query on arn:aws:dynamodb:us-east-1:111122223333:table/orders${$}", fmt.Sprint("whole Resource ", BadName)},
		{"Allow dynamodb:Query on arn:aws:dynamodb:undefined:111122223333:table/orders", fmt.Sprint("whole Resource ", NoValue)},
		{"Allow dynamodb:Query on arn:aws:dynamodb:us-east-1:None:table/orders", fmt.Sprint("whole Resource ", NoValue)},
		{"Allow dynamodb:Query on table/orders_undefined", fmt.Sprint("whole Resource ", NoValue)},
		{"Allow dynamodb:Query on table/undefined.orders", fmt.Sprint("whole Resource ", NoValue)},
		{"Allow dynamodb:Query on table/orders_undefinedly", ""},
		// Conditions.
		{`Allow dynamodb:GetItem,s3:GetObject on * if {"StringEquals":{"aws:RequestTag/a":"b"}}`, ""},
		{`Allow dynamodb:GetItems on table/orders if {"StringEquals":{"aws:RequestTag/a":"b"}}`, fmt.Sprint("whole Action ", NoAction)},
		{`Deny dynamodb:GetItem on table/orders if {"StringNotEquals":{"dynamodb:LeadingKeys":"a"}}`, ""},
		{`Deny dynamodb:GetItem on table/orders if {"Null":{"dynamodb:LeadingKeys":"true"}}`, ""},
		{`Allow dynamodb:TagResource on table/orders if {"StringEquals":{"aws:TagKeys":"a"}}`, fmt.Sprint("whole Condition.StringEquals ", NeedsSet)},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:IpAddress":{"aws:SourceIp":"x"}}`, fmt.Sprint("part Condition.ForAllValues:IpAddress ", BadAddress)},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"aws:PrincipalOrgID":"x"},"StringLike":{"aws:PrincipalOrgID":"y"}}`,
			fmt.Sprint("whole Condition.StringEquals ", BadValue, " Condition.StringLike ", BadValue)},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"aws:PrincipalAccount":"11112222333x"}}`, fmt.Sprint("whole Condition.StringEquals ", BadValue)},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"aws:PrincipalAccount":""}}`, fmt.Sprint("whole Condition.StringEquals ", BadValue)},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"aws:PrincipalTag/a":"{x}"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"aws:SourceIp":"10.0.0.1"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"IpAddress":{"aws:SourceIp":"10.0.0.0/7"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"IpAddress":{"aws:SourceIp":["10.0.0.1","fd00::/8"]}}`,
			fmt.Sprint("whole Condition.IpAddress ", PrivateAddress, " Condition.IpAddress ", PrivateAddress)},
		{`Deny dynamodb:GetItem on table/orders if {"Bool":{"aws:SecureTransport":"false"}}`, ""},
		{`Deny dynamodb:GetItem,dynamodb:CreateTable on table/orders if {"StringEquals":{"aws:RequestTag/a":"b"}}`, ""},
	} {
		var got []string
		for _, f := range parse(t, tt.policy, Identity).IneffectiveStatements() {
			got = append(got, map[bool]string{true: "whole", false: "part"}[f.Whole])
			for _, v := range f.Idle {
				got = append(got, fmt.Sprint(strings.TrimPrefix(v.Path, f.Path+"."), " ", v.Cause))
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
	// Of what IAM refuses, the rest is judged; a Deny that it refuses denies nothing, which is iam-document's to say.
	for notation, want := range map[string]string{
		"Allow dynamodb:GetItem on orders,table/ab":                                             fmt.Sprint(false, " Statement[0].Resource[1] ", BadName, "\n"),
		`Deny dynamodb:GetItems on table/orders if {"Stringequals":{"aws:PrincipalTag/a":"b"}}`: "",
		"Allow GetItem,dynamodb:GetItems on table/orders":                                       fmt.Sprint(false, " Statement[0].Action[1] ", NoAction, "\n"),
	} {
		got := ""
		for _, f := range Parse(policy(notation), Identity).IneffectiveStatements() {
			for _, v := range f.Idle {
				got += fmt.Sprintln(f.Whole, v.Path, v.Cause)
			}
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", notation, got, want)
		}
	}
	// The policy of a table has a say in what is done to the table, its indexes and its stream.
	const root = " by arn:aws:iam::111122223333:root"
	for notation, want := range map[string]string{
		"Allow dynamodb:GetItem" + root:                                               "",
		"Allow dynamodb:GetItem,dynamodb:ListTables" + root:                           "",
		"Allow dynamodb:ListTables" + root:                                            fmt.Sprint(true, NotOfTablePolicies),
		"Deny dynamodb:DeleteBackup" + root + " on table/orders":                      fmt.Sprint(true, NotOfTablePolicies),
		"Deny dynamodb:DeleteBackup,dynamodb:DeleteTable" + root + " on table/orders": fmt.Sprint(false, NotOfTablePolicies),
		"Deny !dynamodb:DeleteBackup" + root + " on table/orders":                     "",
	} {
		got := ""
		for _, f := range parse(t, notation, Resource).IneffectiveStatements() {
			for _, v := range f.Idle {
				got += fmt.Sprint(f.Whole, v.Cause)
			}
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", notation, got, want)
		}
	}
	if got := Parse(policy("Allow dynamodb:GetItems"+root), Trust).IneffectiveStatements(); got != nil {
		t.Errorf("of a trust policy: %+v", got)
	}
	if got := Parse(policy(strings.TrimSuffix(strings.Repeat("Allow dynamodb:GetItems on *; ", maxFindings+1), "; ")), Identity).IneffectiveStatements(); len(got) != maxFindings {
		t.Errorf("%d findings, want %d", len(got), maxFindings)
	}
	// What stands for something that AWS makes up, and is left out, is not said to match nothing.
	rest := parse(t, "Allow dynamodb:GetItem on table/orders", Identity).Without(func(text string) bool { return text == orders })
	if got := rest.IneffectiveStatements(); got != nil {
		t.Errorf("without its resource: %+v", got)
	}
}

// TestCloudFormationVariable: ${AWS::Region} is no policy variable, so that what holds one is on no table.
func TestCloudFormationVariable(t *testing.T) {
	d := parse(t, "Allow dynamodb:GetItem on arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders", Identity)
	if got := NewGrants([]*Document{d}, nil).List; got != nil {
		t.Errorf("grants %+v", got)
	}
}

// TestManagedEffective: AWS's own managed policies hold nothing that matches nothing, so that what is said of them is a false alarm.
func TestManagedEffective(t *testing.T) {
	data, err := os.ReadFile("managed/gen/policies.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var p struct {
			Name     string
			Document json.RawMessage
		}
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		for _, f := range Parse(string(p.Document), Identity).IneffectiveStatements() {
			t.Errorf("%s: %+v", p.Name, f)
		}
	}
}
