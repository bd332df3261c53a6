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
