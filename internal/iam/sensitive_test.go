package iam

import (
	"strings"
	"testing"
)

func TestSensitiveActions(t *testing.T) {
	tests := []struct{ policy, want string }{
		{"Allow dynamodb:GetItem,dynamodb:PutItem on table/orders", ""},
		{"Allow dynamodb:UpdateTable on table/orders", ""},
		{"Allow dynamodb:DeleteTable on table/orders", "0 Statement[0].Action=dynamodb:DeleteTable > dynamodb:DeleteTable"},
		{"Allow dynamodb:GetItem,dynamodb:ExportTableToPointInTime,dynamodb:PutResourcePolicy on table/orders",
			"0 Statement[0].Action[1]=dynamodb:ExportTableToPointInTime Statement[0].Action[2]=dynamodb:PutResourcePolicy > dynamodb:ExportTableToPointInTime and dynamodb:PutResourcePolicy"},
		{"Allow dynamodb:GetRecords on *", "0 Statement[0].Action=dynamodb:GetRecords > dynamodb:GetRecords"},
		{"Allow dynamodb:GetRecords on table/*/stream/*", "0 Statement[0].Action=dynamodb:GetRecords > dynamodb:GetRecords"},
		{"Allow dynamodb:GetRecords on table/orders/stream/*,table/*", "0 Statement[0].Action=dynamodb:GetRecords > dynamodb:GetRecords"},
		{"Allow dynamodb:GetRecords on !table/orders*", "0 Statement[0].Action=dynamodb:GetRecords > dynamodb:GetRecords"},
		{"Allow dynamodb:GetRecords on table/orders/stream/*", ""}, // as every consumer
		{"Allow dynamodb:GetRecords on table/orders-*/stream/*", ""},
		{`Allow dynamodb:GetRecords on table/*/stream/* if {"StringEquals":{"aws:ResourceTag/Team":"Analytics"}}`, ""},
		{`Allow dynamodb:GetRecords on *; Deny dynamodb:GetRecords on * if {"StringNotEquals":{"aws:ResourceTag/Team":"Analytics"}}`, ""},
		{`Allow dynamodb:GetRecords on *; Deny dynamodb:GetRecords on * if {"StringEquals":{"aws:ResourceTag/Team":"Analytics"}}`, "0 Statement[0].Action=dynamodb:GetRecords > dynamodb:GetRecords"},
		{`Allow dynamodb:GetRecords,dynamodb:DeleteTable on * if {"StringEquals":{"aws:ResourceTag/Team":"Analytics"}}`, "0 Statement[0].Action[1]=dynamodb:DeleteTable > dynamodb:DeleteTable"},
		{"Allow dynamodb:GetRecords,dynamodb:DeleteTable on table/orders,table/orders/stream/*", "0 Statement[0].Action[1]=dynamodb:DeleteTable > dynamodb:DeleteTable"},
		{"Allow dynamodb:GetRecords on table/orders", ""}, // takes a stream
		{"Allow dynamodb:Replicate* on table/orders", "0 Statement[0].Action=dynamodb:Replicate* > dynamodb:ReplicateSettings"},
		{"Allow dynamodb:* on table/orders/backup/*", "0 Statement[0].Action=dynamodb:* > dynamodb:DeleteBackup and dynamodb:RestoreTableFromBackup"},
		{"Allow !iam:* on table/orders/backup/*", "0 not Statement[0].NotAction=iam:* > dynamodb:DeleteBackup and dynamodb:RestoreTableFromBackup"},
		{"Allow dynamodb:Delete* on table/orders; Deny dynamodb:DeleteTable* on *; Deny dynamodb:DeleteResourcePolicy on table/orders",
			"0 Statement[0].Action=dynamodb:Delete* > dynamodb:DeleteGlobalTableWitness"},
		{"Deny dynamodb:DeleteTable on *", ""},
	}
	for _, tt := range tests {
		if got := describeActions(parse(t, tt.policy, Identity).SensitiveActions()); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
	// Patterns that only together hold the streams of every table.
	together := "Allow dynamodb:GetRecords on table/" + strings.Join(strings.Split("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", ""), "*,table/") + "*"
	if found := parse(t, together, Identity).SensitiveActions(); len(found) != 1 || names(found[0].Opens) != "dynamodb:GetRecords" {
		t.Errorf("%s: %s", together, describeActions(found))
	}
	if found := parse(t, strings.Replace(together, ",table/A*", "; Allow dynamodb:GetRecords on table/A*", 1), Identity).SensitiveActions(); found != nil {
		t.Errorf("by two statements: %s", describeActions(found))
	}
	// The policy of a table or a stream.
	for _, tt := range []struct{ policy, want string }{
		{"Allow dynamodb:GetRecords by 444455556666 on *", ""},
		{"Allow dynamodb:GetRecords by 444455556666", ""},
		{"Allow dynamodb:GetItem,dynamodb:DeleteTable by 444455556666 on *", "0 Statement[0].Action[1]=dynamodb:DeleteTable > dynamodb:DeleteTable"},
		{"Allow dynamodb:RestoreTableFromBackup by 444455556666 on *", ""}, // which no table's policy grants
	} {
		if got := describeActions(parse(t, tt.policy, Resource).SensitiveActions()); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
}
