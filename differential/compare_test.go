package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// says makes a judge of the verdicts it gives cases whose text holds a string; it is ImplicitlyDenied for the others.
func says(verdicts ...string) judge {
	return func(cases []*Case) ([]Answer, error) {
		answers := make([]Answer, len(cases))
		for i, c := range cases {
			answers[i] = Answer{ID: c.ID, Verdict: "ImplicitlyDenied"}
			for j := 0; j < len(verdicts); j += 2 {
				if strings.Contains(string(c.Line()), verdicts[j]) {
					answers[i].Verdict = verdicts[j+1]
					break
				}
			}
		}
		return answers, nil
	}
}

func TestCompare(t *testing.T) {
	plain := allow(`"Action":"*","Resource":"*"`)
	anyService := allow(`"Action":"*:*","Resource":"*"`)
	both := allow(`"Action":"*:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`)
	spoiled := `"defect":"no statement","identity":[{"Version":"2012-10-17","Statement":[]}]`
	const service, network = `a service of "*" in an action; the oracle refuses it`, "the network 0.0.0.0/0 holds every IPv4 address; for the oracle it holds 0.0.0.0"
	tests := []struct {
		name         string
		members      string
		ours, oracle judge
		known        []string
		unexplained  bool
	}{
		{"both agree", plain, says(`"*"`, "Allowed"), says(`"*"`, "Allowed"), nil, false},
		{"nothing known", plain, says(`"*"`, "Allowed"), says(), nil, true},
		{"known", anyService, says("", "Allowed"), says("*:*", "Invalid", "", "Allowed"), []string{service}, false},
		{"known, but the oracle says the same to its rewrite", anyService, says("", "Allowed"), says("*:*", "Invalid"), nil, true},
		{"known, but the rewrite means something else to us", anyService, says("*:*", "Allowed"), says("*:*", "Invalid", "", "Allowed"), nil, true},
		{"one of two", both, says("", "Allowed"), says("*:*", "Invalid", "", "Allowed"), []string{service}, false},
		{"two together", both, says("", "Allowed"), says("*:*", "Invalid", "0.0.0.0/0", "ImplicitlyDenied", "", "Allowed"), []string{service, network}, false},
		{"refused", spoiled, says("", "Invalid"), says("", "Allowed"), []string{"IAM refuses the document: no statement"}, false},
		{"accepted", spoiled, says("", "Allowed"), says("", "Invalid"), []string{"IAM refuses the document: no statement"}, true},
		{"accepted by both", spoiled, says(), says(), []string{"IAM refuses the document: no statement"}, true},
		{"refused, and valid", plain, says("", "Invalid"), says("", "Allowed"), nil, true},
		{"the oracle fails", plain, says("", "Allowed"), says("", "Error"), nil, true},
	}
	for _, tt := range tests {
		var c *Case
		if tt.members == spoiled {
			c = &Case{ID: "test", Action: "dynamodb:GetItem", Resource: "*", Defect: "no statement", Identity: []*Document{{Text: `{"Statement":[]}`}}}
		} else {
			c = request(t, tt.members)
		}
		results, err := Compare([]*Case{c}, tt.ours, tt.oracle)
		if err != nil {
			t.Fatal(err)
		}
		if r := results[0]; !slices.Equal(r.Known, tt.known) || r.unexplained != tt.unexplained {
			t.Errorf("%s: known %q, unexplained %v; want %q, %v", tt.name, r.Known, r.unexplained, tt.known, tt.unexplained)
		}
	}
}

func TestCompareIgnoredKeys(t *testing.T) {
	oracle := func(cases []*Case) ([]Answer, error) {
		answers := make([]Answer, len(cases))
		for i, c := range cases {
			answers[i] = Answer{ID: c.ID, Verdict: "Allowed", Ignored: []string{"dynamodb:LeadingKeys"}}
		}
		return answers, nil
	}
	results, err := Compare([]*Case{request(t, allow(`"Action":"*","Resource":"*"`))}, says("", "Allowed"), oracle)
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; !r.unexplained || r.detail != " ignored: dynamodb:LeadingKeys" {
		t.Errorf("a request with a key that it cannot carry: unexplained %v, detail %q", r.unexplained, r.detail)
	}
}

func TestCompareErrors(t *testing.T) {
	broken := func([]*Case) ([]Answer, error) { return nil, errors.New("broken") }
	for _, judges := range [][2]judge{{broken, says()}, {says(), broken}} {
		if _, err := Compare([]*Case{request(t, allow(`"Action":"*","Resource":"*"`))}, judges[0], judges[1]); err == nil {
			t.Error("Compare hides that an evaluator is broken")
		}
	}
}

// A mistake in one statement of a large case is found there.
func TestShrink(t *testing.T) {
	c := request(t, `"context":{"aws:userid":"a","aws:username":"b"},"boundary":[{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}],
		"scp":[{"orgIdentifier":"o","policies":[{"name":"p","policy":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}]}],
		"resourcePolicy":{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"}]},
		"identity":[{"Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]},
			{"Statement":[{"Effect":"Allow","Action":["dynamodb:Get*","dax:*"],"Resource":["arn:aws:dynamodb:*:*:table/a","*"],"Condition":{"Bool":{"aws:SecureTransport":"true"},"StringLike":{"aws:userid":["a","b"]}}},
				{"Effect":"Allow","Action":"dax:*","Resource":"*"}]}]`)
	ours, oracle := says("dynamodb:Get*", "Allowed"), says()
	results, err := Compare([]*Case{c}, ours, oracle)
	if err != nil {
		t.Fatal(err)
	}
	small, err := Shrink(results[0], ours, oracle)
	if err != nil {
		t.Fatal(err)
	}
	want := request(t, `"context":{"aws:username":"b"},"identity":[{"Statement":[{"Effect":"Allow","Action":["dynamodb:Get*"],"Resource":["*"]}]}]`)
	if diff := cmp.Diff(string(want.Line()), string(small.Line())); diff != "" {
		t.Errorf("shrunk (-want +got):\n%s", diff)
	}
}

func TestStartOracles(t *testing.T) {
	if _, err := StartOracles(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "the oracle is not installed: run npm ci in ") {
		t.Errorf("without the oracle the command says %v", err)
	}
}
