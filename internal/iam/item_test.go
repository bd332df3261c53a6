package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestItemConditions(t *testing.T) {
	const (
		own  = `"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}`
		keys = "Statement[0].Condition.ForAllValues:StringEquals dynamodb:LeadingKeys "
		attr = "Statement[0].Condition.ForAllValues:StringEquals dynamodb:Attributes "
		ids  = `"ForAllValues:StringEquals":{"dynamodb:Attributes":["id","name"]}`
	)
	tests := []struct{ policy, want string }{
		{"Allow dynamodb:GetItem,dynamodb:Query,dynamodb:BatchGetItem,dynamodb:PutItem on table/orders if {" + own + "}", ""},
		{"Allow dynamodb:GetItem on table/orders if {}", ""},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, ""},
		{"Allow dynamodb:GetItem,dynamodb:Scan on table/orders if {" + own + "}", keys + "is always true, since these actions never carry its key: dynamodb:Scan"},
		{"Allow dynamodb:*Table on table/orders if {" + own + "}", keys + "is always true, since these actions never carry its key: " +
			"dynamodb:CreateGlobalTable dynamodb:CreateTable dynamodb:DeleteTable dynamodb:ImportTable dynamodb:UpdateGlobalTable dynamodb:UpdateTable"},
		{"Allow dynamodb:DescribeTable on table/orders if {" + own + "}", ""}, // metadata
		{"Allow dynamodb:Scan on table/orders if {" + own + `,"Null":{"dynamodb:LeadingKeys":"false"}}`, ""},
		{"Allow dynamodb:Scan on table/orders if {" + own + "}; Deny dynamodb:Scan on *", ""},
		{`Allow dynamodb:BatchGetItem,dynamodb:GetItem on table/orders if {"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`,
			"Statement[0].Condition.ForAnyValue:StringEquals dynamodb:LeadingKeys is true when one of the items is allowed, whatever the others are; write ForAllValues: dynamodb:BatchGetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"ForAnyValue:StringLike":{"dynamodb:Attributes":["a*"]}}`,
			"Statement[0].Condition.ForAnyValue:StringLike dynamodb:Attributes is true when one of the items is allowed, whatever the others are; write ForAllValues: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"StringEquals":{"dynamodb:leadingkeys":"a"}}`,
			"Statement[0].Condition.StringEquals dynamodb:leadingkeys matches nothing, since its key holds a list; write ForAllValues: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["a","*"]}}`,
			"Statement[0].Condition.ForAllValues:StringLike dynamodb:LeadingKeys matches every value: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringNotEquals":{"dynamodb:LeadingKeys":["a"]}}`,
			"Statement[0].Condition.ForAllValues:StringNotEquals dynamodb:LeadingKeys leaves everything but the values it lists: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + "}",
			attr + "does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}`, ""},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringEquals":{"dynamodb:Select":["SPECIFIC_ATTRIBUTES","ALL_ATTRIBUTES"]}}`,
			attr + "does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
		{"Allow dynamodb:UpdateItem on table/orders if {" + ids + "}",
			attr + "does not keep writes from returning whole items; require dynamodb:ReturnValues to be NONE, UPDATED_OLD or UPDATED_NEW: dynamodb:UpdateItem"},
		{"Allow dynamodb:UpdateItem on table/orders if {" + ids + `,"StringEqualsIfExists":{"dynamodb:ReturnValues":["NONE","UPDATED_OLD","UPDATED_NEW"]}}`, ""},
		{"Deny dynamodb:Scan on table/orders if {" + own + "}", ""},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringEqualsIfExists":{"dynamodb:Select":["SPECIFIC_ATTRIBUTES","COUNT"]}}`, ""},
		{"Allow dynamodb:GetItem,dynamodb:BatchGetItem,dynamodb:Scan on table/orders if {" + own + `,"ForAnyValue:StringEquals":{"DynamoDB:LeadingKeys":["${aws:username}"]}}`, ""},
		{"Allow dynamodb:GetItem,dynamodb:BatchGetItem on table/orders if {" + ids + `,"ForAnyValue:StringEquals":{"dynamodb:Attributes":["id","name"]}}`, ""},
		{`Allow dynamodb:BatchGetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["*"]},"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`,
			"Statement[0].Condition.ForAllValues:StringLike dynamodb:LeadingKeys matches every value: dynamodb:BatchGetItem; " +
				"Statement[0].Condition.ForAnyValue:StringEquals dynamodb:LeadingKeys is true when one of the items is allowed, whatever the others are; write ForAllValues: dynamodb:BatchGetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringEquals":{"dynamodb:SixthPartitionKeyValues":"a"}}`, ""}, // may be a new key
		// One value among several lets everything through.
		{`Allow dynamodb:BatchGetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["a","*","b"]},"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`,
			"Statement[0].Condition.ForAllValues:StringLike dynamodb:LeadingKeys matches every value: dynamodb:BatchGetItem; " +
				"Statement[0].Condition.ForAnyValue:StringEquals dynamodb:LeadingKeys is true when one of the items is allowed, whatever the others are; write ForAllValues: dynamodb:BatchGetItem"},
		// Of several conditions on one key, one is enough.
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringLike":{"dynamodb:Select":"*"},"StringEquals":{"dynamodb:select":"COUNT"}}`, ""},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringEquals":{"dynamodb:Select":["COUNT","ALL_ATTRIBUTES"]},"StringEqualsIfExists":{"dynamodb:Select":"COUNT"}}`, ""},
		{`Allow dynamodb:BatchGetItem on table/orders if {"ForAllValues:StringNotEquals":{"dynamodb:LeadingKeys":["b"]},"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]},"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`,
			""},
		{`Allow dynamodb:Query on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"t1#*"},"ForAllValues:StringNotLike":{"dynamodb:LeadingKeys":"t1#secret*"}}`, ""},
		{`Allow dynamodb:Query on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"t1#*"},"StringNotLike":{"dynamodb:LeadingKeys":"t1#secret*"}}`, ""},
		{`Allow dynamodb:Query on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"t1#*"},"StringLike":{"dynamodb:LeadingKeys":"t1#public*"}}`,
			"Statement[0].Condition.StringLike dynamodb:LeadingKeys matches nothing, since its key holds a list; write ForAllValues: dynamodb:Query"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAnyValue:StringLike":{"dynamodb:LeadingKeys":"*"}}`,
			"Statement[0].Condition.ForAnyValue:StringLike dynamodb:LeadingKeys matches every value: dynamodb:GetItem"},
		// What begins as the caller's own key may be another's.
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"USER_${aws:PrincipalTag/uid}*"}}`,
			"Statement[0].Condition.ForAllValues:StringLike dynamodb:LeadingKeys matches the keys of others that begin as the caller's own; write a delimiter before the wildcard: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"USER_${aws:PrincipalTag/uid}#*"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"ForAnyValue:StringLike":{"dynamodb:LeadingKeys":"USER_${aws:PrincipalTag/uid}*"}}`,
			"Statement[0].Condition.ForAnyValue:StringLike dynamodb:LeadingKeys matches the keys of others that begin as the caller's own; write a delimiter before the wildcard: dynamodb:GetItem"},
		// Whoever lacks the tag is given its default.
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"${aws:PrincipalTag/uid, ''}*"}}`,
			"Statement[0].Condition.ForAllValues:StringLike dynamodb:LeadingKeys matches every value: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"${aws:PrincipalTag/uid, '*'}#*"}}`, ""},
		// A request for all attributes carries none by name, of which a negated operator is true, and one with IfExists.
		{`Allow dynamodb:GetItem,dynamodb:PutItem on table/orders if {"StringNotLike":{"dynamodb:Attributes":"salary"}}`,
			"Statement[0].Condition.StringNotLike dynamodb:Attributes does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem; " +
				"Statement[0].Condition.StringNotLike dynamodb:Attributes matches nothing, since its key holds a list; write ForAllValues: dynamodb:GetItem dynamodb:PutItem"},
		{`Allow dynamodb:GetItem on table/orders if {"StringEqualsIfExists":{"dynamodb:Attributes":"id"}}`,
			"Statement[0].Condition.StringEqualsIfExists dynamodb:Attributes does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem; " +
				"Statement[0].Condition.StringEqualsIfExists dynamodb:Attributes matches nothing, since its key holds a list; write ForAllValues: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"StringNotLike":{"dynamodb:Attributes":"salary"},"StringEquals":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}`,
			"Statement[0].Condition.StringNotLike dynamodb:Attributes matches nothing, since its key holds a list; write ForAllValues: dynamodb:GetItem"},
		// A negated operator that lists every value leaves none.
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringNotLike":{"dynamodb:LeadingKeys":["a","*"]}}`, ""},
		{`Allow dynamodb:GetItem,dynamodb:PutItem on table/orders if {"ForAllValues:StringNotLike":{"dynamodb:Attributes":"?*"}}`,
			"Statement[0].Condition.ForAllValues:StringNotLike dynamodb:Attributes does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAnyValue:StringNotLike":{"dynamodb:Attributes":"*"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"ForAnyValue:StringNotLikeIfExists":{"dynamodb:Attributes":"*"}}`,
			"Statement[0].Condition.ForAnyValue:StringNotLikeIfExists dynamodb:Attributes does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
		// Only PartiQLSelect carries FullTableScan.
		{`Allow dynamodb:GetItem,dynamodb:Scan on table/orders; Deny dynamodb:* on table/orders if {"Bool":{"dynamodb:FullTableScan":"true"}}`,
			"Statement[1].Condition.Bool dynamodb:FullTableScan is never true of Scan, so that the Deny leaves it open; deny Scan without the condition: dynamodb:Scan"},
		{`Allow dynamodb:GetItem on table/orders; Deny dynamodb:* on table/orders if {"Bool":{"dynamodb:FullTableScan":"true"}}`, ""},
		{`Allow dynamodb:Scan on table/orders; Deny dynamodb:PartiQLSelect on table/orders if {"Bool":{"dynamodb:FullTableScan":"true"}}`, ""},
		{`Allow dynamodb:Scan on table/orders; Deny dynamodb:* on table/orders if {"BoolIfExists":{"dynamodb:FullTableScan":"true"}}`, ""},
		{`Allow dynamodb:Scan on table/orders; Deny dynamodb:* on table/orders if {"StringEquals":{"aws:RequestTag/a":"b"}}`, ""},
		{`Allow dynamodb:Scan,dynamodb:PartiQLSelect on table/orders if {"Bool":{"dynamodb:FullTableScan":"false"}}`, ""},
		{`Deny dynamodb:Scan on table/orders if {"Bool":{"dynamodb:FullTableScan":"true"}}`, ""},
		// What is of another key, or confines nothing.
		{`Allow dynamodb:GetItem on table/orders if {"Null":{"dynamodb:LeadingKeys":"false"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:FirstPartitionKeyValues":"*"}}`,
			"Statement[0].Condition.ForAllValues:StringLike dynamodb:FirstPartitionKeyValues matches every value: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":"USER_${aws:username}*"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":"USER_${aws:username}?"}}`,
			"Statement[0].Condition.ForAllValues:StringLike dynamodb:LeadingKeys matches the keys of others that begin as the caller's own; write a delimiter before the wildcard: dynamodb:GetItem"},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringLike":{"dynamodb:Attributes":"${aws:username}*"},"StringLike":{"dynamodb:Select":"COUNT"}}`, ""},
		{`Allow dynamodb:BatchGetItem on table/orders if {"ForAllValues:StringEquals":{"dynamodb:FirstPartitionKeyValues":"a"},"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"a"}}`,
			"Statement[0].Condition.ForAnyValue:StringEquals dynamodb:LeadingKeys is true when one of the items is allowed, whatever the others are; write ForAllValues: dynamodb:BatchGetItem"},
		{`Allow dynamodb:BatchGetItem on table/orders if {"ForAllValues:Null":{"dynamodb:LeadingKeys":"false"},"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"a"}}`,
			"Statement[0].Condition.ForAnyValue:StringEquals dynamodb:LeadingKeys is true when one of the items is allowed, whatever the others are; write ForAllValues: dynamodb:BatchGetItem"},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"ForAnyValue:StringEqualsIfExists":{"dynamodb:Attributes":"id"}}`,
			attr + "does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
		{`Allow dynamodb:BatchGetItem on table/orders if {"ForAllValues:StringEqualsIfExists":{"dynamodb:LeadingKeys":"a"},"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"a"}}`, ""},
		{`Allow dynamodb:GetItem on table/orders if {"ForAllValues:StringEquals":{"dynamodb:Attributes":"id","dynamodb:Select":"COUNT"}}`,
			attr + "does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringNotEquals":{"dynamodb:Select":"COUNT"}}`,
			attr + "does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringEqualsIgnoreCase":{"dynamodb:Select":"count"}}`, ""},
		{"Allow dynamodb:GetItem on table/orders if {" + ids + `,"StringEquals":{"aws:PrincipalTag/select":"COUNT"}}`,
			attr + "does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES: dynamodb:GetItem"},
	}
	for _, tt := range tests {
		var out []string
		for _, f := range parse(t, tt.policy, Identity).ItemConditions(time.Time{}) {
			out = append(out, fmt.Sprintf("%s %s %s: %s", f.Path, f.Key, f.Problem, names(f.Actions)))
		}
		if got := strings.Join(out, "; "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
}

func TestTruth(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		condition, action string
		want              Truth
	}{
		{`{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":"a"}}`, "dynamodb:GetItem", Sometimes},
		{`{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":"a"}}`, "dynamodb:Scan", Always},
		{`{"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"a"}}`, "dynamodb:Scan", Never},
		{`{"ForAnyValue:StringNotEquals":{"dynamodb:LeadingKeys":"a"}}`, "dynamodb:Scan", Never},
		{`{"StringEquals":{"dynamodb:LeadingKeys":"a"}}`, "dynamodb:DescribeTable", Never},
		{`{"StringEqualsIfExists":{"dynamodb:LeadingKeys":"a"}}`, "dynamodb:DescribeTable", Always},
		{`{"StringNotEquals":{"dynamodb:LeadingKeys":"a"}}`, "dynamodb:DescribeTable", Always},
		{`{"StringEquals":{"dynamodb:FirstPartitionKeyValues":"a"}}`, "dynamodb:Query", Sometimes},
		{`{"StringEquals":{"dynamodb:LeadingKey":"a"}}`, "dynamodb:GetItem", Sometimes}, // may be a new key
		{`{"StringEquals":{"dax:EnclosingOperation":"a"}}`, "dax:GetItem", Sometimes},
		{`{"StringEquals":{"dax:EnclosingOperation":"a"}}`, "dynamodb:GetItem", Never},
		{`{"Bool":{"dynamodb:FullTableScan":"false"}}`, "dynamodb:PartiQLSelect", Sometimes},
		{`{"Bool":{"dynamodb:FullTableScan":"false"}}`, "dynamodb:Query", Never},
		{`{"StringEquals":{"aws:ResourceTag/team":"a"}}`, "dynamodb:GetItem", Sometimes},
		{`{"StringEquals":{"aws:ResourceTag/team":"a"}}`, "dynamodb:DeleteBackup", Never},
		{`{"StringEquals":{"aws:ResourceTag/team":"a"}}`, "dax:GetItem", Never},
		{`{"StringEquals":{"aws:RequestTag/team":"a"}}`, "dynamodb:TagResource", Sometimes},
		{`{"StringEquals":{"aws:RequestTag/team":"a"}}`, "dynamodb:GetItem", Never},
		{`{"StringEquals":{"cognito-identity.amazonaws.com:sub":"a"}}`, "dynamodb:GetItem", Sometimes},
		{`{"StringLike":{"aws:PrincipalArn":"*"}}`, "dynamodb:GetItem", Loosely},
		{`{"StringEquals":{"iam:PassedToService":"a"}}`, "dynamodb:GetItem", Never},
		{`{"StringNotEquals":{"S3:prefix":"a"}}`, "dynamodb:GetItem", Sometimes}, // not to take off a Deny
		{`{"Null":{"kms:ViaService":"false"}}`, "dynamodb:GetItem", Never},
		{`{"StringEquals":{"ec2:SourceInstanceARN":"a"}}`, "dynamodb:GetItem", Sometimes}, // comes with the session
		{`{"StringLike":{"aws:SourceVpce":"*"}}`, "dynamodb:GetItem", Sometimes},          // only through an endpoint
		{`{"StringLike":{"aws:PrincipalTag/team":"*"}}`, "dynamodb:GetItem", Sometimes},
		{`{"StringLike":{"aws:RequestedRegion":"*"}}`, "dynamodb:GetItem", Always},
		{`{"StringLike":{"aws:PrincipalArn":"a*"}}`, "dynamodb:GetItem", Sometimes},
		{`{"StringNotLike":{"aws:PrincipalArn":"*"}}`, "dynamodb:GetItem", Sometimes},
		{`{"ArnLike":{"aws:PrincipalArn":"arn:*:*:*:*:*"}}`, "dynamodb:GetItem", Loosely},
		{`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}`, "dynamodb:GetItem", Sometimes},
		{`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, "dynamodb:GetItem", Loosely},
		{`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","::/0"]}}`, "dynamodb:GetItem", Loosely},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "dynamodb:GetItem", Sometimes},
		{`{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, "dynamodb:GetItem", Sometimes},
		{`{"Bool":{"aws:SecureTransport":"true"}}`, "dynamodb:GetItem", Loosely},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, "dynamodb:GetItem", Sometimes},
		{`{"Null":{"aws:SecureTransport":"false"}}`, "dynamodb:GetItem", Always},
		{`{"Null":{"aws:SecureTransport":"true"}}`, "dynamodb:GetItem", Never},
		{`{"Null":{"dynamodb:LeadingKeys":"true"}}`, "dynamodb:Scan", Always},
		{`{"Null":{"dynamodb:LeadingKeys":"false"}}`, "dynamodb:Scan", Never},
		{`{"Null":{"dynamodb:LeadingKeys":"false"}}`, "dynamodb:GetItem", Sometimes},
		{`{"Null":{"dynamodb:LeadingKeys":["true","false"]}}`, "dynamodb:GetItem", Always},
		{`{"ForAllValues:Null":{"aws:TagKeys":"false"}}`, "dynamodb:GetItem", Always},
		{`{"ForAnyValue:Null":{"aws:TagKeys":"true"}}`, "dynamodb:GetItem", Never},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01"}}`, "dynamodb:GetItem", Always},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2030-01-01"}}`, "dynamodb:GetItem", Sometimes},
		{`{"DateLessThan":{"aws:CurrentTime":"2020-01-01"}}`, "dynamodb:GetItem", Never},
		{`{"DateLessThan":{"aws:EpochTime":["1577836800","1577836801"]}}`, "dynamodb:GetItem", Never},
		{`{"DateLessThan":{"aws:CurrentTime":["2020-01-01","2030-01-01"]}}`, "dynamodb:GetItem", Sometimes},
		{`{"DateLessThan":{"aws:TokenIssueTime":"2020-01-01"}}`, "dynamodb:GetItem", Sometimes},
		{`{"DateGreaterThan":{"aws:CurrentTime":["2030-01-01","2020-01-01"]}}`, "dynamodb:GetItem", Always},
		{`{"DateNotEquals":{"aws:CurrentTime":"2020-01-01"}}`, "dynamodb:GetItem", Always},
		{`{"DateNotEquals":{"aws:CurrentTime":["2020-01-01","2030-01-01"]}}`, "dynamodb:GetItem", Sometimes},
		{`{"DateEquals":{"aws:CurrentTime":["2020-01-01","2030-01-01"]}}`, "dynamodb:GetItem", Sometimes},
		{`{"StringLike":{"aws:RequestedRegion":["eu-*","*"]}}`, "dynamodb:GetItem", Always},
		{`{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/*","arn:*:*:*:*:*"]}}`, "dynamodb:GetItem", Loosely},
	}
	for _, tt := range tests {
		d := parse(t, "Allow dynamodb:GetItem on * if "+tt.condition, Identity)
		c := d.Statements[0].Conditions[0]
		if got := c.Truth(LookupAction(tt.action), now); got != tt.want {
			t.Errorf("%s for %s: %s, want %s", tt.condition, tt.action, got, tt.want)
		}
	}
	c := parse(t, `Allow dynamodb:GetItem on * if {"DateGreaterThan":{"aws:CurrentTime":"2020-01-01"}}`, Identity).Statements[0].Conditions[0]
	if got := c.Truth(LookupAction("dynamodb:GetItem"), time.Time{}); got != Sometimes {
		t.Errorf("without a clock: %s", got)
	}
}
