package simulate

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCases runs the cases in testdata/iam. Each line is a request, with what is wanted of it and why.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/iam/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		scanner := bufio.NewScanner(f)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var want struct {
				ID, Why, Want string
				Findings      []string
			}
			if err := json.Unmarshal(scanner.Bytes(), &want); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl")+"/"+want.ID, func(t *testing.T) {
				var got answer
				out := Line(scanner.Bytes())
				if err := json.Unmarshal(out, &got); err != nil {
					t.Fatal(err)
				}
				if got.Verdict != want.Want {
					t.Errorf("%s: got %s, want %s: %s", want.Why, got.Verdict, want.Want, out)
				}
				if !slices.Equal(got.Findings, want.Findings) {
					t.Errorf("%s: findings %v, want %v", want.Why, got.Findings, want.Findings)
				}
				if len(got.Reasons) == 0 || got.Reasons[0].Rule == "" {
					t.Errorf("no reason: %s", out)
				}
			})
		}
		if err := scanner.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLine(t *testing.T) {
	const table = `"resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"`
	tests := []struct{ line, want string }{
		{
			`{"id":1,"action":"dynamodb:GetItem",` + table + `,"identity":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:Query","dynamodb:Get*"],"Resource":"*"}]}}`,
			`{"id":1,"verdict":"Allowed","reasons":[{"rule":"an Allow matches","policy":"identity policy","document":0,"statement":0,"elements":[{"path":"Statement[0].Action[1]","text":"dynamodb:Get*"},{"path":"Statement[0].Resource","text":"*"}]}],"findings":["iam-wildcard-action","iam-unscoped-resource"]}`,
		},
		{
			`{"id":"a","action":"dynamodb:GetItem",` + table + `,"identity":[{"Statement":{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::b"}}]}`,
			`{"id":"a","verdict":"ExplicitlyDenied","reasons":[{"rule":"a Deny matches","policy":"identity policy","document":0,"statement":0}],"findings":[]}`,
		},
		{
			`{"action":"dynamodb:GetItem",` + table + `}`,
			`{"verdict":"ImplicitlyDenied","reasons":[{"rule":"no statement allows the action on the resource"}],"findings":[]}`,
		},
		{
			`{"action":"dynamodb:GetItem","identity":[{"Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]}]}`,
			`{"verdict":"Invalid","reasons":[{"rule":"document.Statement[0].Effect \"allow\" is not \"Allow\" or \"Deny\"","policy":"identity policy","document":0}],"findings":["iam-document"]}`,
		},
		{
			`{"action":"dynamodb:GetItem","boundary":{}}`,
			`{"verdict":"Invalid","reasons":[{"rule":"document has no Statement","policy":"permissions boundary","document":0}],"findings":["iam-document"]}`,
		},
		{
			`{"action":"dynamodb:GetItem","principal":"arn:aws:sts::111122223333:assumed-role/app/s",` + table + `,"identity":{"Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}},"session":{"Statement":{"Effect":"Allow","Action":"dynamodb:Query","Resource":"*"}}}`,
			`{"verdict":"ImplicitlyDenied","reasons":[{"rule":"no session policy allows the action on the resource"}],"findings":["iam-unscoped-resource"]}`,
		},
		{
			`{"action":"dynamodb:GetItem",` + table + `,"identity":{"Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}},"rcp":[{"orgIdentifier":"r-1","policies":[{"name":"a","policy":{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"dynamodb:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"444455556666"}}}}}]}]}`,
			`{"verdict":"ExplicitlyDenied","reasons":[{"rule":"a Deny matches","policy":"resource control policy","document":0,"statement":0,"elements":[{"path":"Statement.Action","text":"dynamodb:*"},{"path":"Statement.Resource","text":"*"}]}],"findings":[]}`,
		},
		{
			`{"action":"dynamodb:GetItem","rcp":[{"policies":[{"policy":{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"111122223333"},"NotAction":"dynamodb:*","Resource":"*"}}}]}]}`,
			`{"verdict":"Invalid","reasons":[{"rule":"document.Statement names principals, which a resource control policy may not; write Principal \"*\" with a condition","policy":"resource control policy","document":0}],"findings":["iam-document"]}`,
		},
		{ // what a principal may do within its boundary, after the Denies of another document
			`{"action":"dynamodb:DeleteTable",` + table + `,"identity":[{"Statement":{"Effect":"Allow","Action":"dynamodb:DeleteTable","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}},{"Statement":{"Effect":"Deny","Action":"dynamodb:DeleteTable","Resource":"*"}}]}`,
			`{"verdict":"ExplicitlyDenied","reasons":[{"rule":"a Deny matches","policy":"identity policy","document":1,"statement":0,"elements":[{"path":"Statement.Action","text":"dynamodb:DeleteTable"},{"path":"Statement.Resource","text":"*"}]}],"findings":[]}`,
		},
		{
			`{"action":"dynamodb:DeleteTable",` + table + `,"identity":{"Statement":{"Effect":"Allow","Action":"dynamodb:DeleteTable","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}},"boundary":{"Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}}}`,
			`{"verdict":"ImplicitlyDenied","reasons":[{"rule":"the permissions boundary does not allow the action on the resource"}],"findings":[]}`,
		},
		{ // a wildcard is iam-wildcard-action's
			`{"action":"dynamodb:DeleteTable",` + table + `,"identity":{"Statement":{"Effect":"Allow","Action":"dynamodb:Delete*","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}}}`,
			`{"verdict":"Allowed","reasons":[{"rule":"an Allow matches","policy":"identity policy","document":0,"statement":0,"elements":[{"path":"Statement.Action","text":"dynamodb:Delete*"},{"path":"Statement.Resource","text":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}]}],"findings":["iam-wildcard-action"]}`,
		},
		{ // a limit that does nothing
			`{"action":"dynamodb:GetItem",` + table + `,"scp":[{"policies":[{"policy":{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"dynamodb:DeleteTables","Resource":"*"}}}]}]}`,
			`{"verdict":"ImplicitlyDenied","reasons":[{"rule":"no service control policy of some level allows the action on the resource"}],"findings":["iam-ineffective-statement"]}`,
		},
		{`{"id":"x","action":"dynamodb:GetItem","boundry":[]}`, `{"id":"x","error":"not a request: unknown field \"boundry\""}`},
		{`{"id":"x","action":"dynamodb:GetItem","scp":[{"policy":{}}]}`, `{"id":"x","error":"not a request: unknown field \"policy\""}`},
		{`{"id":"x","action":"DynamoDB:GetItems"}`, `{"id":"x","error":"action \"DynamoDB:GetItems\": dynamodb has no action GetItems"}`},
		{`{"id":"x"}`, `{"id":"x","error":"action \"\": write one action as service:name"}`},
		{`{"id":"x","action":"dynamodb:*"}`, `{"id":"x","error":"action \"dynamodb:*\": write one action as service:name"}`},
		{`{"id":"x","action":"dynamodb:GetItem","resource":"table/orders"}`, `{"id":"x","error":"resource \"table/orders\": write an ARN, or \"*\" where the action takes no resource"}`},
		{`{"id":"x","action":"dynamodb:GetItem","context":{"aws:a":{}}}`, `{"id":"x","error":"context \"aws:a\": write a string or a list of strings"}`},
		{`{"id":"x","action":"dynamodb:GetItem","context":{"aws:a":[null]}}`, `{"id":"x","error":"context \"aws:a\": write a string or a list of strings"}`},
		{`{"id":"x","action":"dynamodb:GetItem","identity":[null]}`, `{"id":"x","error":"identity[0]: a policy document must be there"}`},
		{`{"id":"x","action":"dynamodb:GetItem","scp":[{"policies":[{}]}]}`, `{"id":"x","error":"scp[0].policies[0].policy: a policy document must be there"}`},
		{`{"id":"x","action":5}`, `{"id":"x","error":"not a request: \".action\" is a JSON number"}`},
		{`[]`, `{"error":"not a request: \".\" is a JSON array"}`},
		{``, `{"error":"not a request: unexpected end of JSON input"}`},
	}
	for _, tt := range tests {
		if got := string(Line([]byte(tt.line))); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.line, got, tt.want)
		}
	}
}

// TestTablePolicies asks which of the two policies about whom a table's own policy lets in report it.
func TestTablePolicies(t *testing.T) {
	const (
		own     = `"arn:aws:iam::111122223333:role/app"`
		foreign = `"arn:aws:iam::444455556666:role/app"`
	)
	allow := func(principal, action, condition string) string {
		if condition != "" {
			condition = `,"Condition":` + condition
		}
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"dynamodb:` + action + `","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"` + condition + `}`
	}
	aws := func(id string) string { return `{"AWS":` + id + `}` }
	of := func(service string) string { return `{"Service":"` + service + `.amazonaws.com"}` }
	org := `{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`
	source := func(account string) string { return `{"StringEquals":{"aws:SourceAccount":"` + account + `"}}` }
	tests := []struct{ name, statement, want string }{
		{"everyone", allow(`"*"`, "GetItem", ""), `["table-resource-policy"]`},
		{"an organization", allow(`"*"`, "GetItem", org), `[]`},
		{"its own role", allow(aws(own), "GetItem", ""), `[]`},
		{"another account's", allow(aws(foreign), "GetItem", ""), `["table-resource-policy"]`},
		{"another account's of the organization", allow(aws(foreign), "GetItem", org), `[]`},
		{"another account's, what AWS lets no other account do", allow(aws(foreign), "UpdateTimeToLive", ""), `[]`},
		{"everyone behind a network", allow(`"*"`, "GetItem", `{"StringEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}}`), `[]`},
		{"the ID of a principal", allow(aws(`"AIDACKCEVSQ6C2EXAMPLE"`), "GetItem", ""), `["table-resource-policy"]`},
		{"a provider of identities", allow(`{"Federated":"accounts.google.com"}`, "GetItem", ""), `["table-resource-policy"]`},
		{"a service", allow(of("redshift"), "GetItem", ""), `["table-resource-policy"]`},
		{"a service for the account", allow(of("redshift"), "GetItem", source("111122223333")), `[]`},
		{"a service for another account", allow(of("redshift"), "GetItem", source("444455556666")), `["table-resource-policy"]`},
		{"replication for another account", allow(of("replication.dynamodb"), "GetItem", source("444455556666")), `[]`},
		{"a Deny of everyone", `{"Effect":"Deny","Principal":"*","Action":"dynamodb:*","Resource":"*"}`, `["table-resource-policy"]`},
		{"deleted by a role", allow(aws(own), "DeleteTable", ""), `["iam-sensitive-action"]`},
		{"exported by a role", allow(aws(own), "ExportTableToPointInTime", ""), `[]`},
		{"deleted by whom the account lets", allow(aws(`"arn:aws:iam::111122223333:root"`), "DeleteTable", ""), `[]`},
		{"deleted by another account", allow(aws(`"444455556666"`), "DeleteTable", ""), `["iam-sensitive-action","table-resource-policy"]`},
	}
	for _, tt := range tests {
		line := `{"action":"dynamodb:GetItem","resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","resourcePolicy":{"Version":"2012-10-17","Statement":[` + tt.statement + `]}}`
		var got struct{ Findings json.RawMessage }
		if err := json.Unmarshal(Line([]byte(line)), &got); err != nil {
			t.Fatal(err)
		}
		if string(got.Findings) != tt.want {
			t.Errorf("%s: findings %s, want %s", tt.name, got.Findings, tt.want)
		}
	}
}
