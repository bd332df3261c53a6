package iam

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// describeReader writes a reader as `text by key: Type of account, bound`.
func describeReader(r Reader) string {
	var out strings.Builder
	out.WriteString(r.Text)
	if r.Key != "" {
		out.WriteString(" by " + r.Key)
	}
	out.WriteString(": " + r.Type)
	if r.Account != "" {
		out.WriteString(" of " + r.Account)
	}
	if r.Bound {
		out.WriteString(", bound")
	}
	if r.Confined {
		out.WriteString(", confined")
	}
	if r.Public() {
		out.WriteString(", public")
	}
	return out.String()
}

func TestShares(t *testing.T) {
	const (
		everyone = "*: *, public"
		foreign  = "arn:aws:iam::444455556666:root"
		get      = "Allow dynamodb:GetItem by "
	)
	org := `{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`
	for _, tt := range []struct {
		policy string
		want   string // the readers of each share
	}{
		{get + "*", everyone},
		{get + foreign, foreign + ": AWS of 444455556666"},
		{get + "444455556666," + foreign, "444455556666: AWS of 444455556666; " + foreign + ": AWS of 444455556666"},
		{get + "AWS=*", everyone},
		{get + "AIDAEXAMPLE", "AIDAEXAMPLE: AWS"},
		{get + "12345", "12345: AWS"}, // no account
		{get + "a:b:c:d:e:f", "a:b:c:d:e:f: AWS"},
		{get + "Service=lambda.amazonaws.com", "lambda.amazonaws.com: Service"},
		{get + "Federated=arn:aws:iam::444455556666:saml-provider/x", "arn:aws:iam::444455556666:saml-provider/x: Federated of 444455556666"},
		{get + "CanonicalUser=79a5", "79a5: CanonicalUser"},
		{"Deny dynamodb:GetItem by *", ""},
		{"Allow dynamodb:CreateTable by *", ""}, // no table's policy grants it
		{"Allow dynamodb:GetItem by *; Deny dynamodb:* by *", ""},

		// What the conditions of an Allow leave of everyone.
		{get + `* if {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, "o-1 by aws:PrincipalOrgID: AWS, bound"},
		{get + `* if {"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/"}}`, "o-1/r-1/ by aws:PrincipalOrgPaths: AWS, bound"},
		{get + `* if {"ForAllValues:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/"}}`, everyone},
		{get + `* if {"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`, everyone},
		{get + `* if {"StringLike":{"aws:PrincipalOrgID":"o-*"}}`, everyone},
		{get + `* if {"StringLike":{"aws:PrincipalOrgID":"o-1?"}}`, everyone},
		{get + `* if {"StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalOrgID}"}}`, everyone},
		{get + `* if {"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`, everyone},
		{get + `* if {"StringEquals":{"aws:PrincipalTag/team":"a"}}`, everyone},
		{get + `* if {"Null":{"aws:PrincipalOrgID":"false"}}`, everyone},
		{get + `* if {"StringEquals":{"aws:principalaccount":["444455556666","111122223333"]}}`,
			"444455556666 by aws:principalaccount: AWS of 444455556666; 111122223333 by aws:principalaccount: AWS of 111122223333"},
		{get + `* if {"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/app"}}`,
			"arn:aws:iam::444455556666:role/app by aws:PrincipalArn: AWS of 444455556666"},
		{get + `* if {"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/*"}}`, everyone},
		{get + `* if {"StringEquals":{"aws:userid":"AIDAEXAMPLE"}}`, "AIDAEXAMPLE by aws:userid: AWS, confined"},
		{get + `* if {"StringEquals":{"aws:SourceVpce":"vpce-1"}}`, "vpce-1 by aws:SourceVpce: *, confined"},
		{get + `* if {"StringEquals":{"aws:SourceAccount":"444455556666"}}`, "444455556666 by aws:SourceAccount: Service of 444455556666"},
		{get + `* if {"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::bucket"}}`, "arn:aws:s3:::bucket by aws:SourceArn: Service, confined"},
		{get + `* if {"StringEquals":{"aws:SourceOrgID":"o-1"}}`, "o-1 by aws:SourceOrgID: Service, bound"},
		{get + `* if {"Bool":{"aws:PrincipalIsAWSService":"true"}}`, "true by aws:PrincipalIsAWSService: Service"},
		{get + `* if {"Bool":{"aws:PrincipalIsAWSService":"false"}}`, everyone},
		{get + `* if {"BoolIfExists":{"aws:PrincipalIsAWSService":"true"}}`, everyone},
		{get + `* if {"Bool":{"aws:SecureTransport":"true"}}`, everyone},
		// Several.
		{get + `* if {"StringEquals":{"aws:PrincipalOrgID":"o-1","aws:PrincipalAccount":"444455556666"}}`,
			"444455556666 by aws:PrincipalAccount: AWS of 444455556666, bound"},
		{get + `* if {"StringEquals":{"aws:SourceVpce":"vpce-1","aws:PrincipalAccount":"444455556666"}}`,
			"444455556666 by aws:PrincipalAccount: AWS of 444455556666, confined"},
		{get + `* if {"StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}}`, "vpce-1 by aws:SourceVpce: *, confined; vpce-2 by aws:SourceVpce: *, confined"},
		{get + `* if {"StringEquals":{"aws:SourceAccount":"444455556666","aws:PrincipalAccount":"444455556666"}}`, ""},

		// What they leave of principals.
		{get + foreign + ` if {"StringEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}`, foreign + ": AWS of 444455556666, bound"},
		{get + foreign + ` if {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, foreign + ": AWS of 444455556666, bound"},
		{get + foreign + ` if {"StringEquals":{"aws:SourceVpce":"vpce-1"}}`, foreign + ": AWS of 444455556666, confined"},
		{get + foreign + ` if {"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`, ""},
		{get + foreign + ` if {"StringEquals":{"aws:SourceAccount":"111122223333"}}`, ""},
		{get + "CanonicalUser=79a5" + ` if {"StringEquals":{"aws:PrincipalAccount":"444455556666"}}`, "79a5: CanonicalUser of 444455556666"},
		{get + "Service=redshift.amazonaws.com" + ` if {"StringEquals":{"aws:SourceAccount":["111122223333","444455556666"]}}`,
			"redshift.amazonaws.com: Service of 111122223333; redshift.amazonaws.com: Service of 444455556666"},
		{get + "Service=redshift.amazonaws.com" + ` if {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, ""},

		// Denies of everyone but some.
		{get + "*; Deny dynamodb:GetItem by * if " + org, "o-1 by aws:PrincipalOrgID: AWS, bound"},
		{get + "*; Deny dynamodb:* by * on * if " + org, "o-1 by aws:PrincipalOrgID: AWS, bound"},
		{get + "*; Deny dynamodb:Query by * if " + org, everyone},
		{get + "* on *; Deny dynamodb:GetItem by * on table/orders if " + org, everyone},
		{"Allow dynamodb:GetItem,dynamodb:Query by *; Deny dynamodb:GetItem by * if " + org, everyone + "; o-1 by aws:PrincipalOrgID: AWS, bound"},
		{get + "*; Deny dynamodb:GetItem by !444455556666; Deny dynamodb:GetItem by !777788889999", ""}, // all but one, all but another
		{get + "*; Deny dynamodb:GetItem by 444455556666 if " + org, everyone},
		{get + `*; Deny dynamodb:GetItem by * if {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, everyone},
		{get + `*; Deny dynamodb:GetItem by * if {"StringNotLike":{"aws:PrincipalOrgID":"o-*"}}`, everyone},
		{get + `*; Deny dynamodb:GetItem by * if {"StringNotEquals":{"aws:PrincipalOrgID":"o-1","aws:PrincipalTag/a":"b"}}`, everyone},
		{get + `*; Deny dynamodb:GetItem by * if {"ForAnyValue:StringNotEquals":{"aws:PrincipalOrgPaths":"o-1/"}}`, everyone},
		{get + `*; Deny dynamodb:GetItem by * if {"StringNotEquals":{"aws:PrincipalOrgPaths":"o-1/"}}`, everyone},
		{get + `*; Deny dynamodb:GetItem by * if {"ForAllValues:StringNotEquals":{"aws:PrincipalOrgPaths":"o-1/"}}`,
			"o-1/ by aws:PrincipalOrgPaths: AWS, bound"},
		{get + `*; Deny dynamodb:GetItem by * if {"StringNotEquals":{"aws:PrincipalAccount":"444455556666"}}`,
			"444455556666 by aws:PrincipalAccount: AWS of 444455556666"},
		{get + `*; Deny dynamodb:GetItem by * if {"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`,
			"o-1 by aws:PrincipalOrgID: AWS, bound; false by aws:PrincipalIsAWSService: Service"},
		{get + foreign + `; Deny dynamodb:GetItem by * if {"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`,
			foreign + ": AWS of 444455556666, bound"},
		{get + "*; Deny dynamodb:GetItem by !" + foreign, foreign + ": AWS of 444455556666"},
		{get + "*; Deny dynamodb:GetItem by !*", everyone},
		{get + "*; Deny dynamodb:GetItem by !" + foreign + " if " + org, foreign + ": AWS of 444455556666; o-1 by aws:PrincipalOrgID: AWS, bound"},
		{get + "*; Deny dynamodb:GetItem by !" + foreign + ` if {"StringEquals":{"aws:PrincipalTag/a":"b"}}`, everyone},

		// Dates.
		{get + `* if {"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}`, ""},
		{get + `* if {"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}`, everyone},
	} {
		var got []string
		for _, s := range parse(t, tt.policy, Resource).Shares(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) {
			for _, r := range s.Readers {
				got = append(got, describeReader(r))
			}
		}
		if got := strings.Join(got, "; "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
	// IAM refuses NotPrincipal in an Allow; as far as it could mean anything, it is everyone.
	d := Parse(policy("Allow dynamodb:GetItem by !444455556666"), Resource)
	if got := describeReader(d.Shares(time.Time{})[0].Readers[0]); got != everyone {
		t.Errorf("NotPrincipal: got %s", got)
	}
	if got := Parse(policy("Allow dynamodb:GetItem on *"), Identity).Shares(time.Time{}); got != nil {
		t.Errorf("an identity policy has shares: %+v", got)
	}
}

func TestSharesActions(t *testing.T) {
	for _, tt := range []struct{ policy, want string }{
		{"Allow dynamodb:GetItem,dynamodb:Query by *", "0: dynamodb:GetItem dynamodb:Query, abroad dynamodb:GetItem dynamodb:Query"},
		{"Allow dynamodb:GetItem,dynamodb:PutResourcePolicy by *", "0: dynamodb:GetItem dynamodb:PutResourcePolicy, abroad dynamodb:GetItem"},
		{"Deny dynamodb:GetItem by *; Allow dynamodb:GetItem,dynamodb:Query by *", "1: dynamodb:Query, abroad dynamodb:Query"},
		{"Allow dynamodb:GetItem,dynamodb:Query,dynamodb:Scan by *; Deny dynamodb:GetItem,dynamodb:Query by !1; Deny dynamodb:Query,dynamodb:Scan by !1",
			"0: dynamodb:Scan, abroad dynamodb:Scan; 0: dynamodb:GetItem, abroad dynamodb:GetItem; 0: dynamodb:Query, abroad dynamodb:Query"},
		{"Deny dynamodb:GetItem by 444455556666; Allow dynamodb:GetItem by *", "1: dynamodb:GetItem, abroad dynamodb:GetItem"},
	} {
		var got []string
		for _, s := range parse(t, tt.policy, Resource).Shares(time.Time{}) {
			got = append(got, fmt.Sprintf("%d: %s, abroad %s", s.Statement, names(s.Actions.List()), names(s.Abroad.List())))
		}
		if got := strings.Join(got, "; "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
	}
}

func TestLocksOut(t *testing.T) {
	const (
		own    = "111122223333"
		table  = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
		root   = "arn:aws:iam::111122223333:root"
		change = "dynamodb:PutResourcePolicy,dynamodb:DeleteResourcePolicy"
	)
	for _, tt := range []struct {
		policy, resource, account string
		want                      string
	}{
		{"Deny dynamodb:* by *", table, own, "0 read change"},
		{"Deny dynamodb:* by * on *", table, own, "0 read change"},
		{"Deny dynamodb:* by * on *", "", "", "0 read change"},
		{"Deny dynamodb:* by *", "", "", "0 read change"},
		{"Deny dynamodb:* by * on table/orders", table, own, "0 read change"},
		{"Deny dynamodb:* by * on table/orders", "", own, ""},
		{"Deny dynamodb:* by * on arn:aws:dynamodb:*:*:table/*", "", "", "0 read change"},
		{"Deny dynamodb:* by * on table/orders/index/*", table, own, ""},
		{"Deny dynamodb:* by * on table/users", table, own, ""},
		{"Deny " + change + " by *", table, own, "0 change"},
		{"Deny dynamodb:PutResourcePolicy by *", table, own, ""},
		{"Deny dynamodb:GetItem,dynamodb:Query,dynamodb:Scan by *", table, own, "0 read"},
		{"Deny dynamodb:GetItem,dynamodb:Query by *", table, own, ""},
		{"Allow dynamodb:* by " + root + "; Deny dynamodb:* by " + root, table, own, "1 read change"},
		{"Deny dynamodb:* by " + own, table, own, "0 read change"},
		{"Deny dynamodb:* by " + own, "", "", ""},
		{"Deny dynamodb:* by 444455556666", table, own, ""},
		{"Deny dynamodb:* by arn:aws:iam::111122223333:role/app", table, own, ""},
		{"Deny dynamodb:* by !444455556666", table, own, "0 read change"},
		{"Deny dynamodb:* by !" + root, table, own, ""},
		{"Deny dynamodb:* by !arn:aws:iam::111122223333:role/app", table, own, ""},
		{"Deny dynamodb:* by !*", table, own, ""},
		{"Deny dynamodb:* by !444455556666", "", "", ""},
		{`Deny dynamodb:* by * if {"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`, table, own, "0 read change"},
		{`Deny dynamodb:* by * if {"StringEquals":{"aws:PrincipalAccount":"444455556666"}}`, table, own, ""},
		{`Deny dynamodb:* by * if {"StringNotEquals":{"aws:PrincipalAccount":"444455556666"}}`, table, own, "0 read change"},
		{`Deny dynamodb:* by * if {"StringNotEquals":{"aws:PrincipalAccount":"444455556666"}}`, "", "", ""},
		{`Deny dynamodb:* by * if {"StringNotEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}`, table, own, ""},
		{`Deny dynamodb:* by * if {"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/admin"}}`, table, own, ""},
		{`Deny dynamodb:* by * if {"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/admin"}}`, table, own, "0 read change"},
		{`Deny dynamodb:* by * if {"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}`, table, own, ""},
		{`Deny dynamodb:* by * if {"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:*"}}`, table, own, "0 read change"},
		{`Deny dynamodb:* by * if {"ArnNotLike":{"aws:PrincipalArn":"admin"}}`, table, own, ""},
		{`Deny dynamodb:* by * if {"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`, table, own, ""},
		{`Deny dynamodb:* by * if {"Bool":{"aws:PrincipalIsAWSService":"false"}}`, table, own, "0 read change"},
		{`Deny dynamodb:* by * if {"Bool":{"aws:SecureTransport":"false"}}`, table, own, ""},
		{`Deny dynamodb:* by * if {"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}`, table, own, "0 read change"},
		{`Deny dynamodb:* by * if {"DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}`, table, own, ""},
	} {
		var got []string
		for _, l := range parse(t, tt.policy, Resource).LocksOut(tt.resource, tt.account, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) {
			text := fmt.Sprint(l.Statement)
			if l.Read {
				text += " read"
			}
			if l.Change {
				text += " change"
			}
			got = append(got, text)
		}
		if got := strings.Join(got, "; "); got != tt.want {
			t.Errorf("%s of %s in %s\n got %s\nwant %s", tt.policy, tt.resource, tt.account, got, tt.want)
		}
	}
}

func TestInterruptsReplication(t *testing.T) {
	const (
		role  = "arn:aws:iam::111122223333:role/aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"
		short = "arn:aws:iam::111122223333:role/AWSServiceRoleForDynamoDBReplication"
		deny  = "Deny dynamodb:PutItem,dynamodb:DeleteTable by "
		hit   = "0 dynamodb:PutItem"
	)
	needs := MatchActions("dynamodb:PutItem").Or(MatchActions("dynamodb:GetItem"))
	for _, tt := range []struct{ policy, want string }{
		{deny + "*", hit},
		{deny + "* on table/orders", hit},
		{deny + "* on table/users", ""},
		{"Deny dynamodb:DeleteTable by *", ""},
		{"Allow dynamodb:PutItem by *", ""},
		{deny + role, hit},
		{deny + "111122223333", hit},
		{deny + "444455556666", ""},
		{deny + "arn:aws:iam::111122223333:role/app", ""},
		{deny + "!444455556666", hit},
		{deny + "!" + role, ""},
		{deny + "!" + short, ""},
		{deny + "!arn:aws:iam::111122223333:role/app", hit},
		{deny + "!arn:aws:iam::111122223333:root,arn:aws:iam::111122223333:role/app", hit},
		{deny + "!111122223333", ""},
		{deny + `* if {"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}}`, hit},
		{deny + `* if {"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/app","` + role + `"]}}`, ""},
		{deny + `* if {"ArnNotLike":{"aws:PrincipalArn":"` + short + `"}}`, ""},
		{deny + `* if {"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/aws-service-role/*"}}`, ""},
		{deny + `* if {"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}`, ""},
		{deny + `* if {"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`, ""},
		{deny + `* if {"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}`, hit + " absent"},
		{deny + `* if {"StringEquals":{"aws:SourceVpce":"vpce-1"}}`, ""},
		{deny + `* if {"StringNotEquals":{"aws:SourceVpce":"vpce-1"},"ArnNotEquals":{"aws:PrincipalArn":"` + role + `"}}`, ""},
		{deny + `* if {"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, hit + " absent"},
		{deny + `* if {"Bool":{"aws:SecureTransport":"false"}}`, ""},
		{deny + `* if {"Bool":{"aws:SecureTransport":"true"}}`, hit},
		{deny + `* if {"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, ""}, // nobody can tell
	} {
		d := parse(t, tt.policy, Resource)
		var got []string
		for _, i := range d.InterruptsReplication("arn:aws:dynamodb:us-east-1:111122223333:table/orders", "111122223333", needs, time.Time{}) {
			text := fmt.Sprintf("%d %s", i.Statement, names(i.Actions.List()))
			if i.Absent {
				text += " absent"
			}
			got = append(got, text)
		}
		if got := strings.Join(got, "; "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.policy, got, tt.want)
		}
		if list := d.InterruptsReplication("", "", needs, time.Time{}); list != nil {
			t.Errorf("%s: of no known account: %v", tt.policy, list)
		}
	}
}

// TestReaderKind tells what readers of a policy are.
func TestReaderKind(t *testing.T) {
	for _, c := range []struct {
		principal, condition string
		want                 ReaderKind
	}{
		{`{"AWS":"arn:aws:iam::111122223333:role/team/app"}`, "", PrincipalReader},
		{`{"AWS":"arn:aws:sts::111122223333:assumed-role/app/alice"}`, "", PrincipalReader},
		{`{"AWS":"111122223333"}`, "", AccountReader},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, "", AccountReader},
		{`"*"`, `"StringEquals":{"aws:PrincipalAccount":"111122223333"}`, AccountReader},
		{`"*"`, `"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}`, PrincipalReader},
		{`{"Service":"redshift.amazonaws.com"}`, `"StringEquals":{"aws:SourceAccount":"111122223333"}`, ServiceReader},
		{`"*"`, `"ArnEquals":{"aws:SourceArn":"arn:aws:redshift:eu-west-1:111122223333:integration:x"}`, ServiceReader},
		{`"*"`, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`, OrganizationReader},
		{`"*"`, `"StringEquals":{"aws:SourceVpc":"vpc-1"}`, EveryoneReader},
		{`"*"`, "", EveryoneReader},
		{`{"Federated":"arn:aws:iam::111122223333:saml-provider/x"}`, "", NoReader},
		{`{"AWS":"AIDACKCEVSQ6C2EXAMPLE"}`, "", NoReader},
	} {
		d := Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+c.principal+`,"Action":"dynamodb:GetItem","Resource":"*","Condition":{`+c.condition+`}}}`, Resource)
		var got []ReaderKind
		for _, s := range d.Shares(time.Time{}) {
			for _, r := range s.Readers {
				got = append(got, r.Kind())
			}
		}
		if !slices.Equal(got, []ReaderKind{c.want}) {
			t.Errorf("%s %s: %v, want %v", c.principal, c.condition, got, c.want)
		}
	}
}
