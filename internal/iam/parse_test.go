package iam

import (
	"fmt"
	"strings"
	"testing"
)

// one is a document of one statement.
func one(statement string) string {
	return `{"Version":"2012-10-17","Statement":[` + statement + `]}`
}

func errorTexts(d *Document) string {
	var out []string
	for _, e := range d.Errors {
		out = append(out, e.In("policy"))
	}
	return strings.Join(out, "; ")
}

const (
	actionElse = `, such as dynamodb:GetItem`
	typed      = "; write a string or a list of strings"
)

func TestParseErrors(t *testing.T) {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	tests := []struct{ text, want string }{
		// Valid documents.
		{one(`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}`), ""},
		{`{"Statement":{"Effect":"Allow","Action":["dynamodb:GetItem"],"Resource":["*"]}}`, ""},
		{`{"Version":"2008-10-17","Id":"x y","Statement":[{"Sid":"","Effect":"Deny","NotAction":"iam:*","NotResource":"arn:aws:s3:::b"},{"Sid":"","Effect":"Allow","Action":"*:*","Resource":"*"}]}`, ""},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}`) + " \t\r\n", ""},
		{" \n\t" + one(`{"Effect":"Allow","Action":"*","Resource":"*"}`), "policy has white space before its first brace; begin the text with the brace"},
		{"\ufeff" + one(`{"Effect":"Allow","Action":"*","Resource":"*"}`), "policy starts with a byte order mark (U+FEFF); save the text as UTF-8 without one"},
		{one(`{"Effect":"Allow","Action":"*","Resource":["arn:*:s3:::b","arn:aws","arn:aws-cn:dynamodb:cn-*:*:table/a","arn:${a:b}:dynamodb:cn-north-1:*:table/a","arn:aws:dynamodb:orders/index/*","arn:aws:dynamodb:us-*-1:*:table/a"]}`), ""},
		{one(`{"Effect":"Allow","Action":"*","Resource":"arn:aw:dynamodb:*:*:table/a"}`), `policy.Statement[0].Resource "arn:aw:dynamodb:*:*:table/a" names a partition that there is none of; the partitions are aws, aws-eusc, aws-iso-f, aws-iso-e, aws-iso-b, aws-iso, aws-us-gov, aws-cn`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"arn::dynamodb:*:*:table/a"}`), `policy.Statement[0].Resource "arn::dynamodb:*:*:table/a" names no partition; write it after arn:, as in arn:aws:`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"arn:aws::us-east-1:*:table/a"}`), `policy.Statement[0].Resource "arn:aws::us-east-1:*:table/a" names no service; write it after the partition, as in arn:aws:dynamodb:`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":["2026-01-31T00:00:00Z","2026-01-31",1769817600,"1769817600"]}}}`), ""},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThanIfExists":{"aws:CurrentTime":"31.1.2026"}}}`), `policy.Statement[0].Condition.DateLessThanIfExists "31.1.2026" is not a date; write one such as 2026-01-31T00:00:00Z, or seconds since 1970`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{}}}`), ""},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"dynamodb:LeadingKeys":["a",1,true]},"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"aws:MultiFactorAuthAge":-1.5e3}}}`), ""},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a":"x"},"StringLike":{"AWS:A":"x"}}}`), ""},
		{one(`{"Effect":"Allow","Action":"\u0064ynamodb:GetItem","Resource":"\u002a"}`), ""},
		{one(`{"Effect":"Allow","Action":"dynamodb:GetItem ","Resource":"arn:aws:dynamodb:us-east-1"}`), ""},
		{one(`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:*:dynamodb:*:*:table/é"}`), ""},
		{one(`{"Effect":"Allow","Action":"nosuch:Thing","Resource":"arn:${aws:Partition}:x:y:z:*"}`), ""},

		// Not a JSON object.
		{"", "policy is empty; a policy document is a JSON object"},
		{" \n", "policy is empty; a policy document is a JSON object"},
		{"null", "policy is null; a policy document is a JSON object"},
		{"12", "policy is a number; a policy document is a JSON object"},
		{"true", "policy is a boolean; a policy document is a JSON object"},
		{`"{\"Version\":\"2012-10-17\"}"`, "policy is a string; a policy document is a JSON object"},
		{"[]", "policy is a list; a policy document is a JSON object"},
		{deep, "policy is a list; a policy document is a JSON object"},
		{strings.Repeat("[", 100_000), "policy is not JSON: at line 1, column 100001, a value must follow"},
		{strings.Repeat(`{"a":`, 100_000), `policy "a" is not an element of a policy document, which are Version, Id, Statement; policy is not JSON: at line 1, column 500001, a value must follow`},
		{"{", "policy is not JSON: at line 1, column 2, a name in double quotes must follow"},
		{"{\n  Version: 1}", "policy is not JSON: at line 2, column 3, a name in double quotes must follow"},
		{"{\n \"Version\" 1}", "policy is not JSON: at line 2, column 12, a colon must follow a name"},
		{`{"Version":}`, "policy is not JSON: at line 1, column 12, a value must follow"},
		{`{"Statement":[],}`, "policy.Statement is an empty list; a policy needs a statement; policy is not JSON: at line 1, column 17, a name in double quotes must follow"},
		{`{"Id":"é" "Version"}`, "policy is not JSON: at line 1, column 11, a comma or the closing bracket must follow"},
		{`{"Id":"a`, "policy is not JSON: at line 1, column 9, a string does not end"},
		{`{"Id":"a\x"}`, "policy is not JSON: at line 1, column 9, an escape is not one of JSON's"},
		{`{"Id":"a\u12g4"}`, "policy is not JSON: at line 1, column 9, an escape is not one of JSON's"},
		{`{"Id":"\`, "policy is not JSON: at line 1, column 8, an escape is not one of JSON's"},
		{"{\"Id\":\"a\nb\"}", "policy is not JSON: at line 1, column 9, a control character must be escaped"},
		{"{\"Id\":\"\\t\nb\"}", "policy is not JSON: at line 1, column 10, a control character must be escaped"},
		{"{'Id':1}", "policy is not JSON: at line 1, column 2, a name in double quotes must follow"},
		{`{"Id":nul}`, "policy is not JSON: at line 1, column 7, a value must follow"},
		{`{"Id":-}`, "policy is not JSON: at line 1, column 8, a digit must follow"},
		{`{"Id":1.}`, "policy is not JSON: at line 1, column 9, a digit must follow"},
		{`{"Id":01}`, "policy.Id is a number; write a string; policy is not JSON: at line 1, column 8, a comma or the closing bracket must follow"},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*"}`) + "x", "policy is not JSON: at line 1, column 86, the text must end"},
		{"[] []", "policy is not JSON: at line 1, column 4, the text must end"},
		{"\uFEFF{}", "policy starts with a byte order mark (U+FEFF); save the text as UTF-8 without one; policy has no Statement"},
		{"{\"Id\":\"\xff\"}", `policy holds bytes that are not UTF-8; policy.Id "` + "\uFFFD" + `" holds a character beyond U+00FF, which a policy may not; policy has no Statement`},

		// The document's elements.
		{"{}", "policy has no Statement"},
		{`{"Version":"2012-10-17"}`, "policy has no Statement"},
		{`{"Statement":[]}`, "policy.Statement is an empty list; a policy needs a statement"},
		{`{"Statement":null}`, "policy.Statement is null; write a list of statements"},
		{`{"Statement":"x"}`, "policy.Statement is a string; write a list of statements"},
		{`{"Statement":[null,[]]}`, "policy.Statement[0] is null; write an object; policy.Statement[1] is a list; write an object"},
		{`{"statement":[]}`, `policy "statement" is not an element of a policy document: write Statement, names are case-sensitive; policy has no Statement`},
		{`{"\u017ftatement":[]}`, "policy \"\u017ftatement\" is not an element of a policy document, which are Version, Id, Statement; policy has no Statement"},
		{`{"Version":"2012-10-18","Statement":[]}`, `policy.Version "2012-10-18" is not a policy version; write "2012-10-17"; policy.Statement is an empty list; a policy needs a statement`},
		{`{"Version":20121017,"Id":null,"Statement":[]}`, `policy.Version is a number; write "2012-10-17"; policy.Id is null; write a string; policy.Statement is an empty list; a policy needs a statement`},
		{`{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}`, "policy.Version appears twice; write it once; policy.Statement is an empty list; a policy needs a statement"},
		{`{"":1,"Statement":[]}`, "policy has an element without a name; policy.Statement is an empty list; a policy needs a statement"},

		// A statement's elements.
		{one(`{}`), `policy.Statement[0] has no Effect; write "Allow" or "Deny"; policy.Statement[0] has neither Action nor NotAction; policy.Statement[0] has neither Resource nor NotResource`},
		{`{"Statement":{}}`, `policy.Statement has no Effect; write "Allow" or "Deny"; policy.Statement has neither Action nor NotAction; policy.Statement has neither Resource nor NotResource`},
		{one(`{"Effect":"allow","Action":"*","Resource":"*"}`), `policy.Statement[0].Effect "allow" is not "Allow" or "Deny"`},
		{`{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}`, `policy.Statement.Effect "allow" is not "Allow" or "Deny"`},
		{one(`{"Effect":["Allow"],"Action":"*","Resource":"*"}`), `policy.Statement[0].Effect is a list; write "Allow" or "Deny"`},
		{one(`{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}`), "policy.Statement[0].Effect appears twice; write it once"},
		{one(`{"Effect":"Allow","action":"*","Resource":"*"}`), `policy.Statement[0] "action" is not an element of a statement: write Action, names are case-sensitive; policy.Statement[0] has neither Action nor NotAction`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Resources":["x"]}`), `policy.Statement[0] "Resources" is not an element of a statement, which are Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition`},
		{one(`{"Effect":"Allow","Action":"*","NotAction":"iam:*","Resource":"*"}`), "policy.Statement[0] has both Action and NotAction; write one of them"},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}`), "policy.Statement[0] has both Resource and NotResource; write one of them"},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}`), "policy.Statement[0] has Principal or NotPrincipal, which an identity policy may not; its principal is what it is attached to"},
		{one(`{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}`), `policy.Statement[1].Sid "a" is the Sid of an earlier statement; a Sid is unique in its policy`},
		{one(`{"Sid":"read orders","Effect":"Allow","Action":"*","Resource":"*"}`), `policy.Statement[0].Sid "read orders" may hold only the characters A-Z, a-z and 0-9`},
		{one(`{"Sid":7,"Effect":"Allow","Action":"*","Resource":"*"}`), "policy.Statement[0].Sid is a number; write a string"},

		// Actions.
		{one(`{"Effect":"Allow","Action":null,"Resource":"*"}`), "policy.Statement[0].Action is null" + typed},
		{one(`{"Effect":"Allow","Action":{"a":[{}]},"Resource":"*"}`), "policy.Statement[0].Action is an object" + typed},
		{one(`{"Effect":"Allow","Action":[],"Resource":"*"}`), "policy.Statement[0].Action is an empty list"},
		{one(`{"Effect":"Allow","Action":["*",null,5,["*"]],"Resource":"*"}`), "policy.Statement[0].Action[1] is null; write a string; policy.Statement[0].Action[2] is a number; write a string; policy.Statement[0].Action[3] is a list; write a string"},
		{one(`{"Effect":"Allow","Action":"","Resource":"*"}`), `policy.Statement[0].Action is empty; write "*" or service:name` + actionElse},
		{one(`{"Effect":"Allow","Action":"GetItem","Resource":"*"}`), `policy.Statement[0].Action "GetItem" names no service; write "*" or service:name` + actionElse},
		{one(`{"Effect":"Allow","Action":"**","Resource":"*"}`), `policy.Statement[0].Action "**" names no service; write "*" or service:name` + actionElse},
		{one(`{"Effect":"Allow","NotAction":["iam:*"," dynamodb:GetItem"],"Resource":"*"}`), `policy.Statement[0].NotAction[1] " dynamodb:GetItem" has no service before the colon, written in letters, digits and hyphens; write service:name` + actionElse},
		{one(`{"Effect":"Allow","Action":":GetItem","Resource":"*"}`), `policy.Statement[0].Action ":GetItem" has no service before the colon, written in letters, digits and hyphens; write service:name` + actionElse},
		{one(`{"Effect":"Allow","Action":"dynamodb:","Resource":"*"}`), `policy.Statement[0].Action "dynamodb:" names no action; write service:name` + actionElse},
		{one(`{"Effect":"Allow","Action":"dynamodb:Get:Item","Resource":"*"}`), `policy.Statement[0].Action "dynamodb:Get:Item" has more than one colon; write service:name` + actionElse},
		{one(`{"Effect":"Allow","Action":"dyn*:GetItem","Resource":"*"}`), `policy.Statement[0].Action "dyn*:GetItem" has a wildcard in its service; write the service, or "*" for every service`},
		{one(`{"Effect":"Allow","Action":"dynamodb:G\u0435tItem","Resource":"*"}`), "policy.Statement[0].Action \"dynamodb:G\u0435tItem\" holds a character beyond U+00FF, which a policy may not"},
		{one(`{"Effect":"Allow","Action":"dynamodb:Get\u0000Item","Resource":"*"}`), `policy.Statement[0].Action "dynamodb:Get\x00Item" holds a control character, which a policy may not`},
		{one(`{"Effect":"Allow","Action":"dynamodb:\ud83d\ude00","Resource":"*"}`), "policy.Statement[0].Action \"dynamodb:\U0001F600\" holds a character beyond U+00FF, which a policy may not"},
		{one(`{"Effect":"Allow","Action":"dynamodb:\ud83dx","Resource":"*"}`), "policy.Statement[0].Action \"dynamodb:\uFFFDx\" holds a character beyond U+00FF, which a policy may not"},

		// Resources.
		{one(`{"Effect":"Allow","Action":"*","Resource":[]}`), "policy.Statement[0].Resource is an empty list"},
		{one(`{"Effect":"Allow","Action":"*","Resource":["*",""]}`), `policy.Statement[0].Resource[1] is empty; write "*" or an ARN`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"table/orders"}`), `policy.Statement[0].Resource "table/orders" is not "*" or an ARN, which starts with arn:`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"ARN:aws:dynamodb:*"}`), `policy.Statement[0].Resource "ARN:aws:dynamodb:*" is not "*" or an ARN, which starts with arn:`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"arn:aws*:dynamodb:*:*:table/*"}`), `policy.Statement[0].Resource "arn:aws*:dynamodb:*:*:table/*" has a wildcard in its partition; write the partition, such as aws, or "*"`},
		{one(`{"Effect":"Allow","Action":"*","NotResource":false}`), "policy.Statement[0].NotResource is a boolean" + typed},
		{one(`{"Effect":"Allow","Action":"*","Resource":"` + strings.Repeat("x", 100) + `"}`), `policy.Statement[0].Resource "` + strings.Repeat("x", 64) + `…" is not "*" or an ARN, which starts with arn:`},

		// Conditions.
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":[]}`), "policy.Statement[0].Condition is a list; write an object of operators"},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"stringequals":{"aws:a":"x"}}}`), `policy.Statement[0].Condition "stringequals" is not a condition operator: write StringEquals, operators are case-sensitive`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForallValues:StringLikeIfexists":{}}}`), `policy.Statement[0].Condition "ForallValues:StringLikeIfexists" is not a condition operator: write ForAllValues:StringLikeIfExists, operators are case-sensitive`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"aws:a":"true"}}}`), `policy.Statement[0].Condition "NullIfExists" is not a condition operator, such as StringEquals or ForAllValues:StringLike`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForNoValue:StringLike":{"aws:a":"true"}}}`), `policy.Statement[0].Condition "ForNoValue:StringLike" is not a condition operator, such as StringEquals or ForAllValues:StringLike`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":"x"}}`), "policy.Statement[0].Condition.StringEquals is a string; write an object of condition keys"},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a":"x"},"StringEquals":{"aws:b":"x"}}}`), `policy.Statement[0].Condition "StringEquals" appears twice; write it once`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a":"x","aws:a":"y"}}}`), `policy.Statement[0].Condition.StringEquals "aws:a" appears twice; write it once`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/x":"x","AWS:principaltag/x":"y"}}}`), `policy.Statement[0].Condition.StringEquals "AWS:principaltag/x" differs from an earlier key only in case; keys are the same in any case`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"LeadingKeys":"x"}}}`), `policy.Statement[0].Condition.StringEquals "LeadingKeys" is not a condition key, which is written service:name, such as aws:PrincipalArn`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a":[]}}}`), `policy.Statement[0].Condition.StringEquals "aws:a" has an empty list of values`},
		{one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a":null,"aws:b":[["x"]]}}}`), `policy.Statement[0].Condition.StringEquals "aws:a" has a value that is null; write a string or a list of strings; policy.Statement[0].Condition.StringEquals "aws:b" has a value that is a list; write a string or a list of strings`},
	}
	for _, tt := range tests {
		if got := errorTexts(Parse(tt.text, Identity)); got != tt.want {
			t.Errorf("%.200q\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestParseErrorsByKind(t *testing.T) {
	const (
		rest     = `"Effect":"Allow","Action":"dynamodb:GetItem"`
		everyone = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Principal":"*","Resource":"*"}]}`
		sts      = `"Effect":"Allow","Action":"sts:AssumeRole"`
	)
	tests := []struct {
		kind       Kind
		text, want string
	}{
		{Resource, one(`{` + rest + `,"Principal":"*","Resource":"*"}`), ""},
		{Resource, one(`{` + rest + `,"Principal":"*"}`), ""},
		{Resource, one(`{"Effect":"Deny","Action":"dynamodb:GetItem","NotPrincipal":{"AWS":["1","*"],"Service":"s.amazonaws.com","Federated":"f","CanonicalUser":"c"}}`), ""},
		{Resource, one(`{` + rest + `,"NotPrincipal":{"AWS":"1"}}`), "policy.Statement[0] has NotPrincipal, which only a Deny may; write Principal"},
		{Resource, one(`{`+rest+`,"Principal":"*","Resource":"*"}`) + strings.Repeat(" ", maxResourcePolicy), "policy is longer than 20,480 bytes, white space counted, which the policy of a table or a stream may not be"},
		{Resource, strings.Repeat(" ", maxResourcePolicy-len(everyone)) + everyone, ""},
		{Identity, one(`{`+rest+`,"Resource":"*"}`) + strings.Repeat(" ", maxResourcePolicy), ""},
		{Resource, one(`{"Sid":"read the orders",` + rest + `,"Principal":"*"}`), ""},
		{Resource, one(`{` + rest + `,"Resource":"*"}`), "policy.Statement[0] has neither Principal nor NotPrincipal"},
		{Resource, one(`{` + rest + `,"Principal":"*","NotPrincipal":"*"}`), "policy.Statement[0] has both Principal and NotPrincipal; write one of them"},
		{Resource, one(`{` + rest + `,"Principal":"111122223333"}`), `policy.Statement[0].Principal "111122223333" is not "*" or an object such as {"AWS": "arn:aws:iam::ACCOUNT:role/NAME"}`},
		{Resource, one(`{` + rest + `,"Principal":{}}`), "policy.Statement[0].Principal is an empty object"},
		{Resource, one(`{` + rest + `,"Principal":["*"]}`), `policy.Statement[0].Principal is a list; write "*" or an object`},
		{Resource, one(`{` + rest + `,"Principal":{"aws":"*"}}`), `policy.Statement[0].Principal "aws" is not an element of a principal: write AWS, names are case-sensitive`},
		{Resource, one(`{` + rest + `,"Principal":{"AWS":[]}}`), "policy.Statement[0].Principal.AWS is an empty list"},
		{Resource, one(`{` + rest + `,"Principal":{"AWS":["*",null,""]}}`), "policy.Statement[0].Principal.AWS[1] is null; write a string; policy.Statement[0].Principal.AWS[2] is empty"},
		{Resource, one(`{` + rest + `,"Principal":{"AWS":1,"AWS":"*"}}`), "policy.Statement[0].Principal.AWS is a number; write a string or a list of strings; policy.Statement[0].Principal.AWS appears twice; write it once"},
		{Resource, one(`{` + rest + `,"Principal":{"AWS":["*","111122223333","arn:aws:iam::111122223333:root","AROAEXAMPLEID"],"Federated":"*"}}`), ""},
		{Resource, one(`{` + rest + `,"Principal":{"AWS":"arn:aws:iam::111122223333:role/app-*"}}`), `policy.Statement[0].Principal.AWS "arn:aws:iam::111122223333:role/app-*" has a wildcard in part of it, which a principal may not; write it whole, or "*" with a condition on aws:PrincipalArn`},
		{Resource, one(`{` + rest + `,"Principal":{"AWS":"arn:aws:iam::111122223333:group/app"}}`), `policy.Statement[0].Principal.AWS "arn:aws:iam::111122223333:group/app" is a group, which cannot be a principal; write the roles or users`},
		{Resource, one(`{` + rest + `,"Principal":{"AWS":"arn:aw:iam::111122223333:root"}}`), `policy.Statement[0].Principal.AWS "arn:aw:iam::111122223333:root" names a partition that there is none of; the partitions are aws, aws-eusc, aws-iso-f, aws-iso-e, aws-iso-b, aws-iso, aws-us-gov, aws-cn`},
		{Trust, " " + one(`{`+sts+`,"Principal":{"Service":"lambda.amazonaws.com"}}`), "policy has white space before its first brace; begin the text with the brace"},
		{Trust, one(`{` + sts + `,"Principal":{"Service":"lambda"}}`), `policy.Statement[0].Principal.Service "lambda" is not the name of a service, such as lambda.amazonaws.com`},
		{Trust, one(`{` + sts + `,"Principal":{"Service":"*.amazonaws.com"}}`), `policy.Statement[0].Principal.Service "*.amazonaws.com" has a wildcard, which a principal of this type may not; write it whole`},
		{Trust, one(`{"Effect":"Allow","Action":["sts:AssumeRole","STS:TagSession","dynamodb:GetItem"],"Principal":"*"}`), `policy.Statement[0].Action[2] "dynamodb:GetItem" is not an action of STS, and a trust policy may hold no other; write sts:AssumeRole or what the principal calls`},
		{Trust, one(`{` + sts + `,"Principal":{"Service":"lambda.amazonaws.com"}}`), ""},
		{Trust, one(`{"Effect":"Deny","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"1"}}`), "policy.Statement[0] has NotPrincipal, which a trust policy may not; write Principal with a condition"},
		{Trust, one(`{` + sts + `,"NotPrincipal":{"AWS":"1"}}`), "policy.Statement[0] has NotPrincipal, which a trust policy may not; write Principal with a condition"},
		{Trust, one(`{` + sts + `}`), "policy.Statement[0] has neither Principal nor NotPrincipal"},
		{Trust, one(`{` + sts + `,"Principal":"*","Resource":"*"}`), "policy.Statement[0] has Resource or NotResource, which a trust policy may not; its resource is the role"},
	}
	for _, tt := range tests {
		if got := errorTexts(Parse(tt.text, tt.kind)); got != tt.want {
			t.Errorf("%d %s\n got %s\nwant %s", tt.kind, tt.text, got, tt.want)
		}
	}
}

// What is wrong is read as the worst it can mean: findings show what is left of an Allow and of a Deny.
func TestParseFailsClosed(t *testing.T) {
	const (
		all  = "all 79 dynamodb actions and all 30 dax actions, dynamodb:DeleteTable among them"
		deny = `{"Effect":"Allow","Action":"dynamodb:Scan*","Resource":"*"},`
		scan = "0 Statement[0].Action=dynamodb:Scan* > dynamodb:Scan"
		star = " | 0 Statement[0].Resource=* > every table: dynamodb:Scan"
	)
	tests := []struct{ statements, want string }{
		// An Allow is as wide as possible.
		{`{"Effect":"Allow","Action":null,"Resource":"*"}`, "0 Statement[0].Action= > " + all + " | 0 Statement[0].Resource=* > every table and every DAX cluster: dynamodb:DeleteTable"},
		{`{"Effect":"Allow","Resource":"ORDERS"}`, "0 Statement[0]= > 57 of 79 dynamodb actions, dynamodb:DeleteTable among them | "},
		{`{"Effect":"Allow","Action":[],"Resource":"ORDERS"}`, "0 Statement[0].Action= > 57 of 79 dynamodb actions, dynamodb:DeleteTable among them | "},
		{`{"Effect":"Allow","Action":["dynamodb:Scan",7],"Resource":"ORDERS"}`, "0 Statement[0].Action[1]= > 57 of 79 dynamodb actions, dynamodb:DeleteTable among them | "},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","NotAction":"iam:*","Resource":"ORDERS"}`, "0 Statement[0]= > 57 of 79 dynamodb actions, dynamodb:DeleteTable among them | "},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Action":"dynamodb:Q*","Resource":"ORDERS"}`, "0 Statement[0].Action=dynamodb:Q* > dynamodb:Query | "},
		{`{"Effect":"Allow","NotAction":"dynamodb:*","NotAction":"dax:*","Resource":"ORDERS"}`, "0 Statement[0]= > 57 of 79 dynamodb actions, dynamodb:DeleteTable among them | "},
		{`{"Effect":"Allow","NotAction":["dynamodb:*",null],"Resource":"*"}`, "0 not Statement[0].NotAction[0]=dynamodb:* Statement[0].NotAction[1]= > all 30 dax actions, dax:DeleteCluster among them | 0 Statement[0].Resource=* > every DAX cluster: dax:DeleteCluster"},
		{`{"Effect":"Allow","NotAction":"*Scan","Resource":"ORDERS"}`, "0 not Statement[0].NotAction=*Scan > 57 of 79 dynamodb actions, dynamodb:DeleteTable among them | "},
		{`{"Effect":"Allow","Action":"dynamodb:Scan"}`, " | 0 Statement[0]= > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":{}}`, " | 0 Statement[0].Resource= > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":["ORDERS",null]}`, " | 0 Statement[0].Resource[1]= > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","NotResource":"arn:aws:dynamodb:*","NotResource":"x"}`, " | 0 Statement[0]= > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","NotResource":"dynamodb:*:*:*"}`, " | 0 not Statement[0].NotResource=dynamodb:*:*:* > every table but those it names: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":[]}}}`, star},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"},"x":{}}}`, star},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}},"Condition":{}}`, star},
		{`{"Effect":"ALLOW","Action":"dynamodb:Scan","Resource":"*"}`, star},
		{`{"Effect":"Permit","Action":"dynamodb:Scan","Resource":"*"}`, star},
		{`{"Action":"dynamodb:Scan","Resource":"*"}`, star},
		{`{"Effect":"Deny","Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"}`, star},
		{`{"Effect":"Deny","Effect":null,"Action":"dynamodb:Scan","Resource":"*"}`, star},
		{`{"Effect":"Deny","Effect":"Deny","Action":"dynamodb:Scan","Resource":"*"}`, " | "},

		// Text that can be read, but is refused.
		{`{"Effect":"Allow","Action":" dynamodb:Scan*","Resource":"ORDERS"}`, "0 Statement[0].Action= dynamodb:Scan* > dynamodb:Scan | "},
		{`{"Effect":"Allow","Action":"Scan*","Resource":"ORDERS"}`, "0 Statement[0].Action=Scan* > dynamodb:Scan | "},
		{`{"Effect":"Allow","Action":"dyn*:Scan","Resource":"ORDERS"}`, "0 Statement[0].Action=dyn*:Scan > dynamodb:Scan | "},
		{`{"Effect":"Allow","Action":"dynamodb:Sc\u0430n*","Resource":"*"}`, " | "},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"dynamodb:*:*:table/*"}`, " | 0 Statement[0].Resource=dynamodb:*:*:table/* > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"table/*"}`, " | 0 Statement[0].Resource=table/* > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"ARN:aws:dynamodb:*:*:table/*"}`, " | 0 Statement[0].Resource=ARN:aws:dynamodb:*:*:table/* > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"arn:aws*:dynamodb:*:*:table/*"}`, " | 0 Statement[0].Resource=arn:aws*:dynamodb:*:*:table/* > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"**"}`, " | 0 Statement[0].Resource=** > every table: dynamodb:Scan"},
		{`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"table/orders"}`, " | "},

		// A Deny is as narrow as possible.
		{deny + `{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"*"}`, " | "},
		{deny + `{"Sid":"a b","Effect":"Deny","Action":"dynamodb:Scan","Resource":"*"}`, " | "},
		{deny + `{"Effect":"deny","Action":"dynamodb:Scan","Resource":"*"}`, scan + star},
		{deny + `{"Effect":"Deny","Action":["dynamodb:Scan",null],"Resource":"*"}`, scan + star},
		{deny + `{"Effect":"Deny","Action":"dynamodb:Scan"}`, scan + star},
		{deny + `{"Effect":"Deny","Resource":"*"}`, scan + star},
		{deny + `{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"*","Conditon":{}}`, scan + star},
		{deny + `{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"*","Condition":null}`, scan + star},
		{deny + `{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"*","Resource":"*"}`, scan + star},
		{deny + `{"Effect":"Deny","NotAction":["iam:*","GetItem"],"Resource":"*"}`, scan + star},
		{deny + `{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"*","Principal":"*"}`, scan + star},

		// What follows a statement that cannot be read is still judged.
		{`null,5,{"Effect":"Allow","Action":"dynamodb:Scan*","Resource":"ORDERS"}`, "2 Statement[2].Action=dynamodb:Scan* > dynamodb:Scan | "},
		{`{"Effect":"Allow","Action":"dynamodb:Scan*","Resource":"ORDERS"},`, "0 Statement[0].Action=dynamodb:Scan* > dynamodb:Scan | "},
		{`{"Effect":"Allow","Action":"dynamodb:Scan*","Resource":"ORDERS"},{"Effect":"Allow","Action":"*","Resource":"*"`, "0 Statement[0].Action=dynamodb:Scan* > dynamodb:Scan | "},
	}
	for _, tt := range tests {
		text := one(strings.ReplaceAll(tt.statements, "ORDERS", "arn:aws:dynamodb:us-east-1:111122223333:table/orders"))
		d := Parse(text, Identity)
		got := describeActions(d.WildcardActions(WildcardOptions{})) + " | " + describeResources(d.UnscopedResources(UnscopedOptions{}))
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.statements, got, tt.want)
		}
	}
}

// Policy variables are variables from version 2012-10-17 on.
func TestParseVersion(t *testing.T) {
	const statement = `"Statement":{"Effect":"Allow","Action":"dynamodb:Scan*","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/${aws:username}"}}`
	tests := []struct{ version, want string }{
		{`{"Version":"2012-10-17",`, "0 Statement.Action=dynamodb:Scan* > dynamodb:Scan"},
		{`{"Version":"2008-10-17",`, ""},
		{`{`, ""},
		{`{"Version":"2020-01-01",`, "0 Statement.Action=dynamodb:Scan* > dynamodb:Scan"},
		{`{"Version":null,`, "0 Statement.Action=dynamodb:Scan* > dynamodb:Scan"},
		{`{"Version":"2012-10-17","Version":"2008-10-17",`, "0 Statement.Action=dynamodb:Scan* > dynamodb:Scan"},
	}
	for _, tt := range tests {
		if got := describeActions(Parse(tt.version+statement, Identity).WildcardActions(WildcardOptions{})); got != tt.want {
			t.Errorf("%s got %s", tt.version, got)
		}
	}
}

func TestParseKeepsWhatIsWritten(t *testing.T) {
	d := Parse(`{"Id":"i","Statement":[{"Sid":"s","Effect":"Deny","NotPrincipal":{"AWS":["a","b"],"Service":"c."},"NotAction":["dynamodb:GetItem"],"NotResource":"arn:aws:dynamodb:*",
		"Condition":{"ForAnyValue:StringLikeIfExists":{"aws:x":["1",2,true]},"Null":{"aws:y":"true"}}}]}`, Resource)
	if len(d.Errors) > 0 || !d.Readable() {
		t.Fatal(d.Errors)
	}
	st := d.Statements[0]
	got := fmt.Sprint(d.ID, d.Version, st.Sid, st.Effect, st.Principal, st.Action.Not, st.Action.Texts, st.Resource.Not, st.Resource.Texts)
	if want := "is" + "Deny{true [{AWS a} {AWS b} {Service c.}]} true [dynamodb:GetItem] true [arn:aws:dynamodb:*]"; strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(st.Conditions); got != "[{ForAnyValue:StringLikeIfExists aws:x [1 2 true]} {Null aws:y [true]}]" {
		t.Errorf("conditions %s", got)
	}
}

func TestReadable(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                   false,
		"[]":                                 false,
		`{"Statement":[null]}`:               false,
		`{"Statement":[{}]}`:                 true,
		`{"Statement":[{"Effect":"Allow"}],`: true,
		`{"Statement":[{"Effect":"Allow"`:    false,
	} {
		if got := Parse(text, Identity).Readable(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestSize(t *testing.T) {
	tests := []struct {
		text      string
		size, raw int
	}{
		{"", 0, 0},
		{`{"a": "b c"}`, 10, 12},
		{"{\r\n\t\"é\" : 1 }", 7, 14},
	}
	for _, tt := range tests {
		d := Parse(tt.text, Identity)
		if d.Size() != tt.size || d.RawSize() != tt.raw {
			t.Errorf("%q: %d, %d", tt.text, d.Size(), d.RawSize())
		}
	}
}

// Path and Reason never hold the document's text: they are shown for secret documents too.
func TestErrorsRedacted(t *testing.T) {
	const secret = "hunter2"
	texts := []string{
		`{"Id":1,"hunter2":2,"Version":"hunter2","Statement":[{"hunter2":1,"Effect":"hunter2","Action":["hunter2","x:\u0100hunter2"],"Resource":"hunter2","Condition":{"hunter2":{},"StringEquals":{"hunter2":[],"aws:hunter2":null,"AWS:HUNTER2":"x"}}},{"Sid":"hunter2 "},{"Sid":"hunter2 "}]}`,
		`{"Statement":{"Principal":{"hunter2":"x","AWS":["hunter2",""]}}} hunter2`,
		`"hunter2"`, `hunter2`,
	}
	for _, text := range texts {
		for _, kind := range []Kind{Identity, Resource, Trust} {
			d := Parse(text, kind)
			if len(d.Errors) == 0 {
				t.Errorf("%s: no errors", text)
			}
			for _, e := range d.Errors {
				if shown := e.Path + " " + e.Reason; strings.Contains(strings.ToLower(shown), secret) {
					t.Errorf("%s", shown)
				}
			}
		}
	}
}

func TestErrorsBounded(t *testing.T) {
	d := Parse(`{"Statement":[`+strings.Repeat("1,", 99)+"1]}", Identity)
	if len(d.Errors) != 51 || d.Errors[49].String() != "Statement[49] is a number; write an object" || d.Errors[50].String() != "has 50 more errors" {
		t.Errorf("%d errors, the last: %s", len(d.Errors), d.Errors[len(d.Errors)-1])
	}
}

func TestFindingsBounded(t *testing.T) {
	d := Parse(one(strings.Repeat(`{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"},`, 999)+`{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}`), Identity)
	if w, u := d.WildcardActions(WildcardOptions{}), d.UnscopedResources(UnscopedOptions{}); len(w) != maxFindings || len(u) != maxFindings {
		t.Errorf("%d and %d findings", len(w), len(u))
	}
}

// hostile are documents made to be slow to read, of about n bytes each.
func hostile(n int) map[string]string {
	fill := func(before, part, after string) string {
		return before + strings.Repeat(part, max(1, (n-len(before)-len(after))/len(part))) + after
	}
	statement := `{"Effect":"Allow","Action":"dynamodb:*a*e*","Resource":"*"},`
	const (
		list  = `{"Version":"2012-10-17","Statement":[`
		table = "arn:aws:dynamodb:*:*:table/"
	)
	allow := func(resource string) string {
		return `{"Effect":"Allow","Action":"dynamodb:*","Resource":"` + resource + `"},`
	}
	deny := func(resource string) string {
		return `{"Effect":"Deny","Action":"dynamodb:*","Resource":"` + resource + `"},`
	}
	long := strings.Repeat("a", n/3)
	return map[string]string{
		"a long name":          list + allow(table+long) + deny(table+"*"+long+"b") + "{}]}",
		"a long region":        list + allow("arn:aws:dynamodb:"+long+":*:table/x") + deny("arn:aws:dynamodb:*"+long+"b:*:*") + "{}]}",
		"long names":           fill(list, allow(table+strings.Repeat("a", 255))+deny(table+"*"+strings.Repeat("a", 120)+"b"), "{}]}"),
		"long patterns":        fill(list, allow(table+strings.Repeat("*a", 290))+deny(table+strings.Repeat("*a", 290)+"b"), "{}]}"),
		"long regions":         fill(list, allow("arn:aws:dynamodb:"+strings.Repeat("*a", 31)+":*:table/x")+deny("arn:aws:dynamodb:"+strings.Repeat("*a", 31)+"b:*:*"), "{}]}"),
		"all but long names":   fill(list, allow(table+strings.Repeat("a*", 120))+strings.ReplaceAll(deny(table+strings.Repeat("*a", 120)), `"Resource"`, `"NotResource"`), "{}]}"),
		"resources of stars":   fill(list+`{"Effect":"Allow","Action":"*","Resource":[`, `"arn:aws:dynamodb:*:*:`+strings.Repeat("*t*a", 140)+`",`, `"arn:x"]}]}`),
		"resources of ?":       fill(list+`{"Effect":"Allow","Action":"*","Resource":[`, `"`+table+"*"+strings.Repeat("?", 500)+`a*",`, `"arn:x"]}]}`),
		"variables in a name":  fill(list+`{"Effect":"Allow","Action":"*","Resource":"`+table, "${a:b}", `"}]}`),
		"item conditions":      fill(list+`{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"ForAllValues:StringEquals":{`, `"dynamodb:aPartitionKeyValues":"x",`, `"b:c":"x"}}}]}`),
		"conditions of values": fill(list, `{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["x"]}}},`, `{}]}`),
		"statements":           fill(list, statement, `{}]}`),
		"denies":               fill(list, `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"dynamodb:*t*","Resource":"arn:aws:dynamodb:*:*:table/*a*b"},`, `{}]}`),
		"notresource":          fill(list, `{"Effect":"Allow","Action":"*","NotResource":"arn:*:x*x*x*"},{"Effect":"Deny","Action":"dynamodb:*t*","NotResource":"arn:aws:dynamodb:*:*:table/*a*b"},`, `{}]}`),
		"escalations":          fill(list, `{"Effect":"Allow","Action":"iam:*a*e*","Resource":"arn:aws:iam::*:*a*e*"},{"Effect":"Deny","Action":"iam:*a*","NotResource":"arn:aws:iam::*:*a*"},`, `{"Effect":"Allow","Action":"*","Resource":"*"}]}`),
		"parts":                fill(list+allow("*"), `{"Effect":"Deny","Action":"dynamodb:*","NotResource":["arn:aws:dynamodb:*:*:table/*a*","arn:aws:dynamodb:*:*:table/*b*"]},`, `{}]}`),
		"actions":              fill(list+`{"Effect":"Allow","Resource":"*","Action":[`, `"dynamodb:*?????*a*b",`, `"*"]}]}`),
		"resources":            fill(list+`{"Effect":"Allow","Action":"*","Resource":[`, `"arn:aws:dynamodb:*:*:*t*a*?*",`, `"*"]}]}`),
		"prefixes":             fill(list+`{"Effect":"Allow","Action":"*","Resource":[`, `"arn:aws:dynamodb:*:*:table/a*",`, `"arn:x"]}]}`),
		"one action":           fill(list+`{"Effect":"Allow","Resource":"*","Action":"dynamodb:`, "*a", `"}]}`),
		"one pattern":          fill(list+`{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/`, "*a?*", `"}]}`),
		"variables":            fill(list+`{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/`, "${a", `"}]}`),
		"nested":               strings.Repeat("[", n/2) + strings.Repeat("]", n/2),
		"objects":              fill("", `{"a":`, ""),
		"nested in":            `{"Statement":` + strings.Repeat("[", n/2) + strings.Repeat("]", n/2) + "}",
		"elements":             fill(`{"Statement":[{`, `"a":1,`, `"b":1}]}`),
		"operators":            fill(list+`{"Condition":{`, `"Stringequals":{},`, `"b":1}}]}`),
		"keys":                 fill(list+`{"Condition":{"StringEquals":{`, `"A:b":"c",`, `"b":1}}}]}`),
		"escapes":              fill(`{"Id":"`, `\u0041`, `"}`),
		"sids":                 fill(list, `{"Sid":"a b"},`, `{}]}`),
		"quotes":               fill("", `"`, ""),
		"spaces":               fill("", " ", "{"),
	}
}

// TestManyResources: what is not taken apart any more counts as wide as it can be in an Allow, and not at all in a Deny.
func TestManyResources(t *testing.T) {
	list := func(n int) string {
		return strings.Repeat(`"arn:aws:dynamodb:*:*:table/orders",`, n-1) + `"arn:aws:dynamodb:*:*:table/last"`
	}
	statement := func(effect, element string, n int) string {
		return `{"Effect":"` + effect + `","Action":"dynamodb:GetItem","` + element + `":[` + list(n) + `]}`
	}
	const all = `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}`
	for _, c := range []struct {
		name, statements string
		unscoped         int
	}{
		{"an Allow that fits", statement("Allow", "Resource", maxResources), 0},
		{"an Allow that does not", statement("Allow", "Resource", maxResources+1), 1},
		{"a Deny that fits", all + "," + statement("Deny", "NotResource", maxResources-1), 0},
		{"a Deny that does not", all + "," + statement("Deny", "NotResource", maxResources+1), 1},
		{"an Allow after what does not fit", statement("Deny", "Resource", maxResources+1) + "," + statement("Allow", "Resource", 1), 1},
	} {
		d := Parse(`{"Version":"2012-10-17","Statement":[`+c.statements+`]}`, Identity)
		if got := len(d.UnscopedResources(UnscopedOptions{})); got != c.unscoped || len(d.Errors) > 0 {
			t.Errorf("%s: %d findings, want %d; errors %v", c.name, got, c.unscoped, d.Errors)
		}
	}
}

// Statements share the memory of their lists and resources. 20 allocations were measured, and 180 where each had its own.
func TestParseShares(t *testing.T) {
	text := typical()
	if n := testing.AllocsPerRun(100, func() { Parse(text, Identity) }); n > 30 {
		t.Errorf("%g allocations", n)
	}
}
