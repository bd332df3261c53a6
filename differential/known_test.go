package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// request makes a case of what differs from a user's request to read an item of the table orders.
func request(t *testing.T, members string) *Case {
	t.Helper()
	c := Case{ID: "test", Action: "dynamodb:GetItem", Resource: "arn:aws:dynamodb:us-east-1:111122223333:table/orders", Context: map[string]List{}}
	if err := json.Unmarshal([]byte("{"+members+"}"), &c); err != nil {
		t.Fatalf("%s: %v", members, err)
	}
	for _, d := range c.documents() {
		if d.Text != "" {
			t.Fatalf("%s: not a document as the generator writes them: %s", members, d.Text)
		}
	}
	return &c
}

// allow is an identity policy of one statement, of which this is the end.
func allow(end string) string {
	return `"identity":[{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + end + `}]}]`
}

func deny(end string) string { return strings.Replace(allow(end), "Allow", "Deny", 1) }

// tablePolicyOf is a table's policy of one statement.
func tablePolicyOf(principal, end string) string {
	return `"identity":[],"resourcePolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"*"` + end + `}]}`
}

func TestRewrites(t *testing.T) {
	const (
		resource  = `"Action":"*","Resource":`
		condition = `"Action":"*","Resource":"*","Condition":`
		stream    = `"resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/00:00",`
		session   = `"principal":"arn:aws:sts::111122223333:assumed-role/app/session","boundary":[{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}],`
		asArn     = `,"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/a*"}}`
	)
	old := func(document string) string { return strings.Replace(document, "2012-10-17", "2008-10-17", 1) }
	notPrincipal := func(ids string) string {
		return strings.Replace(tablePolicyOf(`{"AWS":[`+ids+`]}`, ""), `"Allow","Principal"`, `"Deny","NotPrincipal"`, 1)
	}
	tests := []struct {
		name    string
		rewrite func(*Case) bool
		before  string
		after   string // "": unchanged
	}{
		{"old version", literalVariables, old(allow(resource + `"arn:aws:dynamodb:*:*:table/${aws:username}"`)), old(allow(resource + `"arn:aws:dynamodb:*:*:table/${$}{aws:username}"`))},
		{"old version, condition", literalVariables, old(allow(condition + `{"StringLike":{"aws:userid":["a","${*}"]}}`)), old(allow(condition + `{"StringLike":{"aws:userid":["a","${$}{*}"]}}`))},
		{"version", literalVariables, allow(resource + `"arn:aws:dynamodb:*:*:table/${aws:username}"`), ""},

		{"empty default", emptyDefaults, allow(resource + `"arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none, ''}*"`), allow(resource + `"arn:aws:dynamodb:*:*:table/*"`)},
		{"empty default of a condition", emptyDefaults, allow(condition + `{"StringLike":{"aws:userid":["a${aws:PrincipalTag/none, ''}b"]}}`), allow(condition + `{"StringLike":{"aws:userid":["ab"]}}`)},
		{"empty default, and a value", emptyDefaults, `"context":{"aws:PrincipalTag/none":"a"},` + allow(resource+`"arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none, ''}*"`), ""},
		{"default", emptyDefaults, allow(resource + `"arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none, 'a'}*"`), ""},
		{"empty default, old version", emptyDefaults, old(allow(resource + `"arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none, ''}*"`)), ""},

		{"character", characters, allow(condition + `{"StringEquals":{"aws:userid":["a${*}${?}${$}"]}}`), allow(condition + `{"StringEquals":{"aws:userid":["a*?$"]}}`)},
		{"character with wildcards", characters, allow(condition + `{"StringLike":{"aws:userid":"a${*}"}}`), ""},

		{"variable in Bool", variablesInBool, allow(condition + `{"Bool":{"aws:SecureTransport":["true","${a, 'true'}"]}}`), allow(condition + `{"Bool":{"aws:SecureTransport":["true","neither"]}}`)},
		{"variable in another operator", variablesInBool, allow(condition + `{"StringEquals":{"aws:userid":"${a}"}}`), ""},

		{"no resource", tableItself, tablePolicyOf(`"*"`, ""), tablePolicyOf(`"*"`, `,"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"`)},
		{"no resource, stream", tableItself, stream + tablePolicyOf(`"*"`, ""), stream + tablePolicyOf(`"*"`, `,"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/00:00"`)},
		{"a resource", tableItself, tablePolicyOf(`"*"`, `,"Resource":"*"`), ""},

		{"star over the account", shortARNs, allow(resource + `"arn:aws:dynamodb:*:table/orders"`), allow(resource + `["arn:aws:dynamodb:*:table/orders","arn:aws:dynamodb:*:*:table/orders"]`)},
		{"two stars", shortARNs, allow(resource + `"arn:*:dyn*:table/a"`), allow(resource + `["arn:*:dyn*:table/a","arn:*:*:dyn*:table/a","arn:*:dyn*:*:table/a","arn:*:*:*:dyn*:table/a","arn:*:*:dyn*:*:table/a","arn:*:dyn*:*:*:table/a"]`)},
		{"star in a stream's label", shortARNs, stream + allow(resource+`"arn:aws:dynamodb:us-east-1:*:table/orders/stream/*:00"`), ""},
		{"no star", shortARNs, allow(resource + `"arn:aws:dynamodb:us-east-1"`), ""},

		{"short NotResource", shortNotResource, allow(`"Action":"*","NotResource":["*","arn:aws:s3"]`), allow(`"Action":"*","NotResource":["*","arn:aws:s3:*:*:*"]`)},
		{"short Resource", shortNotResource, allow(resource + `"arn:aws:s3"`), ""},

		{"any service", anyService, allow(`"Action":["*:*","*:Get*","s3:*"],"Resource":"*"`), allow(`"Action":["dynamodb:*","dynamodb:Get*","s3:*"],"Resource":"*"`)},
		{"any action", anyService, allow(`"Action":"*","Resource":"*"`), ""},

		{"every address", wholeNetwork, allow(condition + `{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","0.0.0.0/0"]}}`), allow(condition + `{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","0.0.0.0/1","128.0.0.0/1"]}}`)},
		{"some addresses", wholeNetwork, allow(condition + `{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}`), ""},

		{"one address", addresses, allow(condition + `{"IpAddress":{"aws:SourceIp":["10.0.0.1","2001:DB8:0:0::1"]}}`), allow(condition + `{"IpAddress":{"aws:SourceIp":["10.0.0.1/32","2001:db8::1/128"]}}`)},
		{"a network", addresses, allow(condition + `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), ""},

		{"seconds", epochTime, `"context":{"aws:EpochTime":"1577836800"},` + allow(condition+`{"DateLessThan":{"aws:CurrentTime":["1577836800","2020-01-01"]}}`), `"context":{"aws:EpochTime":"2020-01-01T00:00:00Z"},` + allow(condition+`{"DateLessThan":{"aws:CurrentTime":["2020-01-01T00:00:00Z","2020-01-01"]}}`)},
		{"a number", epochTime, allow(condition + `{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}`), ""},

		{"Null of all", nullOfSet, allow(condition + `{"ForAllValues:Null":{"aws:TagKeys":"true"}}`), allow(`"Action":"*","Resource":"*"`)},
		{"Null of any", nullOfSet, allow(condition + `{"ForAnyValue:Null":{"aws:TagKeys":"true"}}`), allow(condition + `{"StringEquals":{"aws:PrincipalOrgID":["no organization"]}}`)},
		{"Null", nullOfSet, allow(condition + `{"Null":{"aws:TagKeys":"true"}}`), ""},

		{"empty string", emptyStrings, `"context":{"aws:tagkeys":["",""]},` + allow(condition+`{"ForAllValues:StringLike":{"aws:TagKeys":"a"},"StringNotLike":{"aws:TagKeys":"a"}}`), allow(condition + `{"ForAllValues:StringLike":{"aws:TagKeys":"a"},"StringEquals":{"aws:PrincipalOrgID":["no organization"]},"StringNotLike":{"aws:TagKeys":"a"}}`)},
		{"one of two empty", emptyStrings, `"context":{"aws:TagKeys":["","a"]},` + allow(condition+`{"ForAllValues:StringLike":{"aws:TagKeys":"a"}}`), ""},
		{"no list", emptyStrings, `"context":{"aws:PrincipalTag/a":""},` + allow(condition+`{"ForAllValues:StringLike":{"aws:PrincipalTag/a":"a"}}`), ""},

		{"IfExists, missing", anyValueIfExists, allow(condition + `{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":"a"}}`), allow(`"Action":"*","Resource":"*"`)},
		{"IfExists, there", anyValueIfExists, `"context":{"aws:tagkeys":["b"]},` + allow(condition+`{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":"a"}}`), `"context":{"aws:tagkeys":["b"]},` + allow(condition+`{"ForAnyValue:StringLike":{"aws:TagKeys":"a"}}`)},
		{"IfExists of all", anyValueIfExists, allow(condition + `{"ForAllValues:StringLikeIfExists":{"aws:TagKeys":"a"}}`), ""},

		{"no value", variablesWithoutValue, allow(condition + `{"StringNotEquals":{"aws:userid":["${aws:PrincipalTag/a}","${aws:PrincipalTag/a, 'b'}"]}}`), allow(condition + `{"StringNotEquals":{"aws:userid":["no such value","${aws:PrincipalTag/a, 'b'}"]}}`)},
		{"no value in an ARN", variablesWithoutValue, allow(condition + `{"ArnNotLike":{"aws:SourceArn":["arn:aws:s3:::${aws:username}"]}}`), allow(condition + `{"ArnNotLike":{"aws:SourceArn":["arn:no:such:resource::name"]}}`)},
		{"several values", variablesWithoutValue, `"context":{"aws:CalledVia":["a"]},` + allow(condition+`{"StringNotLike":{"aws:userid":["${aws:CalledVia}"]}}`), `"context":{"aws:CalledVia":["a"]},` + allow(condition+`{"StringNotLike":{"aws:userid":["no such value"]}}`)},
		{"no value in NotResource", variablesWithoutValue, allow(`"Action":"*","NotResource":"arn:aws:dynamodb:*:*:table/${aws:username}"`), allow(`"Action":"*","NotResource":"arn:aws:dynamodb:no-region:000000000000:table/none"`)},
		{"a value", variablesWithoutValue, `"context":{"AWS:username":"a"},` + allow(condition+`{"StringNotEquals":{"aws:userid":["${aws:username}${*}"]}}`), ""},

		{"wildcard for a type", wildcardBeforeSlash, allow(resource + `"arn:aws:dynamodb:*:*:?able/orders"`), allow(resource + `["arn:aws:dynamodb:*:*:?able/orders","arn:aws:dynamodb:*:*:table/orders"]`)},
		{"wildcard over the slash", wildcardBeforeSlash, allow(resource + `"arn:aws:dynamodb:*:*:ca*s/i"`), allow(resource + `["arn:aws:dynamodb:*:*:ca*s/i","arn:aws:dynamodb:*:*:cache/*s/i"]`)},
		{"one character for the slash", wildcardBeforeSlash, allow(resource + `"arn:aws:dynamodb:*:*:cache?a/i"`), allow(resource + `["arn:aws:dynamodb:*:*:cache?a/i","arn:aws:dynamodb:*:*:cache/a/i"]`)},
		{"wildcard in a name", wildcardBeforeSlash, allow(resource + `"arn:aws:dynamodb:*:*:table/*"`), ""},

		{"wildcard for a colon", wildcardForColon, allow(resource + `"arn:aws:dynamodb:us-east-1?1*:table/orders"`), allow(resource + `["arn:aws:dynamodb:us-east-1?1*:table/orders","arn:aws:dynamodb:us-east-1:111122223333:table/orders"]`)},
		{"of a NotResource that denies", wildcardForColon, deny(`"Action":"*","NotResource":"arn:aws:d*:table/orders"`), deny(`"Action":"*","NotResource":["arn:aws:d*:table/orders","arn:aws:dynamodb:us-east-1:111122223333:table/orders"]`)},
		{"of a Deny", wildcardForColon, deny(resource + `"arn:aws:dynamodb:us-east-1?1*:table/orders"`), ""},
		{"of another table", wildcardForColon, allow(resource + `"arn:aws:dynamodb:us-east-1?1*:table/carts"`), ""},

		{"variable in an ARN operator", variablesInARNs, `"context":{"AWS:username":"a"},` + allow(condition+`{"ArnLike":{"aws:SourceArn":["arn:aws:s3:::${aws:username}/${aws:userid}"]}}`), `"context":{"AWS:username":"a"},` + allow(condition+`{"ArnLike":{"aws:SourceArn":["arn:aws:s3:::a/${aws:userid}"]}}`)},
		{"variable in a string operator", variablesInARNs, `"context":{"aws:username":"a"},` + allow(condition+`{"StringLike":{"aws:SourceArn":["arn:aws:s3:::${aws:username}"]}}`), ""},

		{"upper case", upperCaseFields, allow(resource + `["arn:aws:dynamodb:US-EAST-1:*:table/Orders","arn:aws:DynamoDB:*:*:*"]`), allow(resource + `["arn:aws:dynamodb:none:*:table/Orders","arn:aws:none:*:*:*"]`)},
		{"upper case in a name", upperCaseFields, allow(resource + `"arn:aws:dynamodb:*:*:table/Orders"`), ""},

		{"upper case in a name, short ARN", upperCaseFields, allow(resource + `"arn:aws:dynamodb:*:table/Orders"`), ""},

		{"early variable", earlyVariables, allow(resource + `"arn:aws:dynamodb:${aws:RequestedRegion}:*:table/a"`), allow(resource + `"arn:aws:dynamodb:*:*:table/a"`)},
		{"early variable of a Deny", earlyVariables, deny(resource + `"arn:aws:dynamodb:${aws:RequestedRegion}:*:table/a"`), deny(resource + `"arn:aws:dynamodb:none:*:table/a"`)},
		{"early variable of NotResource", earlyVariables, deny(`"Action":"*","NotResource":"arn:aws:dynamodb:*:${a:b}:table/a"`), deny(`"Action":"*","NotResource":"arn:aws:dynamodb:*:*:table/a"`)},
		{"late variable", earlyVariables, allow(resource + `"arn:aws:dynamodb:*:*:table/${aws:username}"`), ""},

		{"federated user", federatedUsers, `"principal":"arn:aws:sts::111122223333:federated-user/alice",` + tablePolicyOf(`{"AWS":["arn:aws:iam::111122223333:user/alice"]}`, ""), `"principal":"arn:aws:sts::111122223333:federated-user/alice",` + tablePolicyOf(`{"AWS":["arn:aws:iam::111122223333:user/alice-the-user"]}`, "")},
		{"user", federatedUsers, tablePolicyOf(`{"AWS":["arn:aws:iam::111122223333:user/alice"]}`, ""), ""},

		{"account beside a user", accountBesideUser, notPrincipal(`"111122223333","arn:aws:iam::111122223333:user/bob"`), notPrincipal(`"arn:aws:iam::111122223333:user/bob"`)},
		{"account beside a role", accountBesideUser, notPrincipal(`"arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/r"`), notPrincipal(`"arn:aws:iam::111122223333:role/r"`)},
		{"account", accountBesideUser, notPrincipal(`"111122223333"`), ""},
		{"account beside another's user", accountBesideUser, notPrincipal(`"111122223333","arn:aws:iam::999988887777:user/bob"`), ""},

		{"everybody as a role", everybodyIsTheRole, session + tablePolicyOf(`"*"`, asArn), session + tablePolicyOf(`{"AWS":["arn:aws:iam::111122223333:role/app"]}`, asArn)},
		{"everybody in a list", everybodyIsTheRole, session + tablePolicyOf(`{"AWS":["111122223333","*"]}`, asArn), session + tablePolicyOf(`{"AWS":["111122223333","arn:aws:iam::111122223333:role/app"]}`, asArn)},
		{"everybody", everybodyIsTheRole, session + tablePolicyOf(`"*"`, ""), ""},

		{"Deny NotResource", denyNotResource, deny(`"Action":"*","NotResource":"arn:aws:dynamodb:*:*:table/${aws:username}"`), deny(`"Action":"s3:GetObject","NotResource":"arn:aws:dynamodb:*:*:table/${aws:username}"`)},
		{"Deny NotResource with a value", denyNotResource, `"context":{"aws:username":"a"},` + deny(`"Action":"*","NotResource":"arn:aws:dynamodb:*:*:table/${aws:username}"`), ""},

		{"not grantable", notGrantable, `"action":"dynamodb:CreateTable",` + tablePolicyOf(`"*"`, ""), `"action":"dynamodb:CreateTable",` + strings.Replace(tablePolicyOf(`"*"`, ""), `"Action":"*"`, `"Action":"s3:GetObject"`, 1)},
		{"not to another account", notGrantable, `"action":"dynamodb:PutResourcePolicy","accountId":"999988887777",` + tablePolicyOf(`"*"`, ""), `"action":"dynamodb:PutResourcePolicy","accountId":"999988887777",` + strings.Replace(tablePolicyOf(`"*"`, ""), `"Action":"*"`, `"Action":"s3:GetObject"`, 1)},
		{"to its own account", notGrantable, `"action":"dynamodb:PutResourcePolicy",` + tablePolicyOf(`"*"`, ""), ""},
		{"to any account", notGrantable, `"accountId":"999988887777",` + tablePolicyOf(`"*"`, ""), ""},
	}
	for _, tt := range tests {
		c := request(t, tt.before)
		changed := tt.rewrite(c)
		want := tt.after
		if want == "" {
			want = tt.before
		}
		if after := request(t, want); string(c.Line()) != string(after.Line()) {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, c.Line(), after.Line())
		}
		if changed != (tt.after != "") {
			t.Errorf("%s: reports a change: %v", tt.name, changed)
		}
	}
}
