package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTableIsCurrent(t *testing.T) {
	policies, err := readPolicies(table)
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(policies)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../table_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("table_gen.go is stale: run go generate ./internal/iam/managed")
	}
	if again, err := writePolicies(policies); err != nil || string(again) != string(table) {
		t.Errorf("policies.jsonl does not come out as it went in (error %v)", err)
	}
}

func TestGenerateRefuses(t *testing.T) {
	allow := func(name, action string) string {
		return `{"name":"` + name + `","version":"v1","document":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}}` + "\n"
	}
	tests := []struct{ table, err string }{
		{allow("A", "s3:*"), "policies.jsonl:1: A grants nothing"},
		{allow("B", "dynamodb:*") + allow("A", "dynamodb:*"), "policies.jsonl:2: the policies are not in the order of their names"},
		{allow("A", "dynamodb"), `A: Statement[0].Action[0] "dynamodb" names no service; write "*" or service:name, such as dynamodb:GetItem`},
	}
	for _, tt := range tests {
		policies, err := readPolicies([]byte(tt.table))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := generate(policies); err == nil || err.Error() != tt.err {
			t.Errorf("error %v, want %s", err, tt.err)
		}
	}
}

func TestRefresh(t *testing.T) {
	policies, err := readPolicies([]byte(`{"name":"Gone","version":"v3","document":{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":["*"]}]}}
{"name":"Kept","version":"v1","document":{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":["*"]}]}}
{"name":"NoLonger","version":"v1","document":{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":["*"]}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "managedPolicies.json")
	published := `{
		"Kept": {"arn": "arn:aws:iam::aws:policy/service-role/Kept", "latestVersionId": "v2", "versions": {
			"v1": {"document": {"Version": "2012-10-17", "Statement": []}},
			"v2": {"document": {"Version": "2012-10-17", "Statement": {"Sid": "A", "Effect": "Allow",
				"Action": ["s3:*", "dynamodb:Get*"], "Resource": ["arn:aws:s3:::b", "arn:aws:dynamodb:*:*:table/a"],
				"Condition": {"Bool": {"aws:SecureTransport": "true"}}}}}}},
		"New": {"arn": "arn:aws:iam::aws:policy/New", "latestVersionId": "v1", "versions": {
			"v1": {"document": {"Version": "2012-10-17", "Statement": [
				{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
				{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:s3:::b"},
				{"Effect": "Deny", "Action": "dynamodb:DeleteTable", "NotResource": "arn:aws:dynamodb:*:*:table/a"}]}}}},
		"NoLonger": {"arn": "arn:aws:iam::aws:policy/NoLonger", "latestVersionId": "v2", "versions": {
			"v2": {"document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}}}},
		"Other": {"arn": "arn:aws:iam::aws:policy/Other", "latestVersionId": "v1", "versions": {
			"v1": {"document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}}}}
	}`
	if err := os.WriteFile(file, []byte(published), 0o644); err != nil {
		t.Fatal(err)
	}
	policies, err = refresh(policies, file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := writePolicies(policies)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"Gone","version":"v3","deprecated":true,"document":{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":["*"]}]}}
{"name":"Kept","path":"service-role/","version":"v2","document":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:Get*"],"Resource":["arn:aws:dynamodb:*:*:table/a"],"Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}}
{"name":"New","version":"v1","document":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*"],"Resource":["*"]},{"Effect":"Deny","Action":["dynamodb:DeleteTable"],"NotResource":["arn:aws:dynamodb:*:*:table/a"]}]}}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("refreshed (-want +got):\n%s", diff)
	}
}
