package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// properties reads JSON; the text "?" stands for an unknown string.
func properties(t *testing.T, text string) resource.PropertyMap {
	t.Helper()
	var decoded map[string]any
	if err := json.Unmarshal([]byte(text), &decoded); err != nil {
		t.Fatal(err)
	}
	return resource.NewPropertyMapFromMapRepl(decoded, nil, func(v any) (resource.PropertyValue, bool) {
		return resource.MakeComputed(resource.NewProperty("")), v == "?"
	})
}

func equal(t *testing.T, got resource.PropertyMap, want string) {
	t.Helper()
	expected := properties(t, want)
	if !got.DeepEquals(expected) {
		t.Errorf("-want +got:\n%s", cmp.Diff(expected.Mappable(), got.Mappable()))
	}
}

const (
	tableType  = tokens.Type("aws:dynamodb/table:Table")
	policyType = tokens.Type("aws:iam/policy:Policy")
)

func TestCheck(t *testing.T) {
	tests := []struct {
		name         string
		typ          tokens.Type
		inputs, want string
	}{
		{"name given", tableType, `{"name":"orders"}`, `{"name":"orders","__defaults":[]}`},
		{"name prefix given", policyType, `{"namePrefix":"p"}`, `{"namePrefix":"p","__defaults":[]}`},
		{"name unknown", tableType, `{"name":"?"}`, `{"name":"?","__defaults":[]}`},
		{"tags", tableType, `{"name":"o","tags":{"a":"b"}}`, `{"name":"o","tags":{"a":"b"},"tagsAll":{"a":"b"},"__defaults":[]}`},
		{"document of an object", policyType, `{"name":"p","policy":{"b":1,"a":[true]}}`,
			`{"name":"p","policy":"{\"a\":[true],\"b\":1}","__defaults":[]}`},
		{"document of text stays", policyType, `{"name":"p","policy":"{ }"}`, `{"name":"p","policy":"{ }","__defaults":[]}`},
		{"document with an unknown", policyType, `{"name":"p","policy":{"a":"?"}}`, `{"name":"p","policy":"?","__defaults":[]}`},
		{"another type", "aws:sqs/queue:Queue", `{"policy":{"a":1}}`, `{"policy":{"a":1},"__defaults":[]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response, err := (&provider{}).Check(t.Context(),
				plugin.CheckRequest{Name: "logical", Type: test.typ, News: properties(t, test.inputs)})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, response.Properties, test.want)
		})
	}
}

// TestCheckAutoName makes a name once, and keeps it from then on.
func TestCheckAutoName(t *testing.T) {
	check := func(olds resource.PropertyMap) resource.PropertyMap {
		response, err := (&provider{}).Check(t.Context(), plugin.CheckRequest{Name: "orders", Type: tableType, Olds: olds})
		if err != nil {
			t.Fatal(err)
		}
		return response.Properties
	}
	first := check(nil)
	if name := first["name"].StringValue(); !regexp.MustCompile(`^orders-[0-9a-f]{7}$`).MatchString(name) {
		t.Errorf("the name is %q", name)
	}
	if !first["__defaults"].DeepEquals(resource.NewProperty([]resource.PropertyValue{resource.NewProperty("name")})) {
		t.Errorf("__defaults is %v", first["__defaults"])
	}
	if second := check(first); !second.DeepEquals(first) {
		t.Errorf("checked again: %v, want %v", second, first)
	}
}

func TestCreate(t *testing.T) {
	tests := []struct {
		name     string
		typ      tokens.Type
		inputs   string
		id, want string
		preview  bool
	}{
		{name: "table", typ: tableType, inputs: `{"name":"orders","__defaults":[],"replicas":[{"regionName":"eu-west-1"}]}`, id: "orders",
			want: `{"name":"orders","arn":"arn:aws:dynamodb:us-west-2:444455556666:table/orders","billingMode":"PROVISIONED",
				"deletionProtectionEnabled":false,"pointInTimeRecovery":{"enabled":false},"serverSideEncryption":null,
				"replicas":[{"regionName":"eu-west-1","arn":"arn:aws:dynamodb:eu-west-1:444455556666:table/orders"}],
				"streamArn":"","streamLabel":"","tableClass":"STANDARD"}`},
		{name: "table in a preview", typ: tableType, inputs: `{"name":"orders","__defaults":[]}`, preview: true, want: `{"name":"orders"}`},
		{name: "replica", typ: "aws:dynamodb/tableReplica:TableReplica", id: "orders:us-west-2",
			inputs: `{"globalTableArn":"arn:aws:dynamodb:us-east-1:444455556666:table/orders","pointInTimeRecovery":true}`,
			want: `{"globalTableArn":"arn:aws:dynamodb:us-east-1:444455556666:table/orders","pointInTimeRecovery":true,
				"arn":"arn:aws:dynamodb:us-west-2:444455556666:table/orders"}`},
		{name: "policy", typ: policyType, inputs: `{"name":"p","path":"/shop/","policy":"{\"b\": 1, \"a\": 2}"}`,
			id:   "arn:aws:iam::444455556666:policy/shop/p",
			want: `{"name":"p","path":"/shop/","policy":"{\"a\":2,\"b\":1}","arn":"arn:aws:iam::444455556666:policy/shop/p"}`},
		{name: "role policy", typ: "aws:iam/rolePolicy:RolePolicy", inputs: `{"name":"p","role":"r","policy":"not JSON"}`, id: "r:p",
			want: `{"name":"p","role":"r","policy":"not JSON"}`},
		{name: "another type", typ: "aws:sqs/queue:Queue", inputs: `{"delaySeconds":5}`, id: "logical-id", want: `{"delaySeconds":5}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			aws := &provider{log: filepath.Join(t.TempDir(), "log"), account: defaultAccount, region: defaultRegion}
			_, err := aws.Configure(t.Context(), plugin.ConfigureRequest{
				Inputs: properties(t, `{"region":"us-west-2","allowedAccountIds":"[\"444455556666\"]"}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			response, err := aws.Create(t.Context(), plugin.CreateRequest{
				URN: "urn:x", Name: "logical", Type: test.typ, Properties: properties(t, test.inputs), Preview: test.preview,
			})
			if err != nil {
				t.Fatal(err)
			}
			if string(response.ID) != test.id {
				t.Errorf("the id is %q, want %q", response.ID, test.id)
			}
			equal(t, response.Properties, test.want)

			wantLog := `{"operation":"create","urn":"urn:x"}` + "\n"
			if test.preview {
				wantLog = ""
			}
			if log, _ := os.ReadFile(aws.log); string(log) != wantLog { // a preview leaves no file
				t.Errorf("the log is %q, want %q", log, wantLog)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           plugin.DiffResult
	}{
		{"nothing", `{"name":"a","__defaults":[]}`, `{"name":"a","__defaults":["name"]}`, plugin.DiffResult{Changes: plugin.DiffNone}},
		{"a tag", `{"name":"a"}`, `{"name":"a","tags":{}}`,
			plugin.DiffResult{Changes: plugin.DiffSome, ChangedKeys: []resource.PropertyKey{"tags"}}},
		{"the name", `{"name":"a"}`, `{"name":"b"}`, plugin.DiffResult{
			Changes: plugin.DiffSome, ChangedKeys: []resource.PropertyKey{"name"}, ReplaceKeys: []resource.PropertyKey{"name"},
			DeleteBeforeReplace: true,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := (&provider{}).Diff(t.Context(), plugin.DiffRequest{
				Type: tableType, OldInputs: properties(t, test.old), NewInputs: properties(t, test.new),
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
