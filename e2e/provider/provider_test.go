package main

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
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

// standIn returns the provider of a package, in the account 444455556666.
func standIn(t *testing.T, name string) *provider {
	t.Helper()
	return standInAt(t, name, map[string]string{"aws": "6.83.4", "aws-native": "1.79.0"}[name],
		`{"region":"us-west-2","allowedAccountIds":"[\"444455556666\"]"}`)
}

// standInAt returns the provider of a version of a package, with settings.
func standInAt(t *testing.T, name, version, settings string) *provider {
	t.Helper()
	p, err := newProvider("/plugins/resource-" + name + "-v" + version + "/pulumi-resource-" + name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.Configure(t.Context(), plugin.ConfigureRequest{Inputs: properties(t, settings)}); err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	tableType  = tokens.Type("aws:dynamodb/table:Table")
	policyType = tokens.Type("aws:iam/policy:Policy")
	roleType   = tokens.Type("aws:iam/role:Role")
	nativeType = tokens.Type("aws-native:dynamodb:Table")
)

func TestCheck(t *testing.T) {
	tests := []struct {
		name         string
		typ          tokens.Type
		inputs, want string
	}{
		{"name given", tableType, `{"name":"orders","billingMode":"PAY_PER_REQUEST"}`,
			`{"name":"orders","billingMode":"PAY_PER_REQUEST","__defaults":[]}`},
		{"defaults", tableType, `{"name":"orders","billingMode":null}`,
			`{"name":"orders","billingMode":"PROVISIONED","__defaults":["billingMode"]}`},
		{"name prefix given", policyType, `{"namePrefix":"p","path":"/"}`, `{"namePrefix":"p","path":"/","__defaults":[]}`},
		{"name unknown", policyType, `{"name":"?","path":"/"}`, `{"name":"?","path":"/","__defaults":[]}`},
		{"tags", policyType, `{"name":"o","path":"/","tags":{"a":"b"}}`,
			`{"name":"o","path":"/","tags":{"a":"b"},"tagsAll":{"a":"b"},"__defaults":[]}`},
		{"document of an object", policyType, `{"name":"p","path":"/","policy":{"b":1,"a":[true]}}`,
			`{"name":"p","path":"/","policy":"{\"a\":[true],\"b\":1}","__defaults":[]}`},
		{"document of text stays", policyType, `{"name":"p","path":"/","policy":"{ }"}`,
			`{"name":"p","path":"/","policy":"{ }","__defaults":[]}`},
		{"document with an unknown", policyType, `{"name":"p","path":"/","policy":{"a":"?"}}`,
			`{"name":"p","path":"/","policy":"?","__defaults":[]}`},
		{"another type", "aws:ssm/parameter:Parameter", `{"policy":{"a":1}}`, `{"policy":{"a":1},"__defaults":[]}`},
		{"native", nativeType, `{"tableName":"orders","tags":[]}`, `{"tableName":"orders","tags":[],"__defaults":[]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response, err := standIn(t, string(test.typ.Package())).Check(t.Context(),
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
	for typ, key := range map[tokens.Type]resource.PropertyKey{policyType: "name", nativeType: "tableName"} {
		check := func(olds resource.PropertyMap) resource.PropertyMap {
			response, err := standIn(t, string(typ.Package())).Check(t.Context(), plugin.CheckRequest{
				Name: "orders", Type: typ, News: resource.PropertyMap{"path": resource.NewProperty("/")}, Olds: olds,
			})
			if err != nil {
				t.Fatal(err)
			}
			return response.Properties
		}
		first := check(nil)
		if name := asText(first[key]); !regexp.MustCompile(`^orders-[0-9a-f]{7}$`).MatchString(name) {
			t.Errorf("the %s of %s is %q", key, typ, name)
		}
		if automatic := texts(first["__defaults"]); !slices.Equal(automatic, []string{string(key)}) {
			t.Errorf("__defaults of %s is %q", typ, automatic)
		}
		if second := check(first); !second.DeepEquals(first) {
			t.Errorf("checked again: %v, want %v", second, first)
		}
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
		{name: "table", typ: tableType, id: "orders",
			inputs: `{"name":"orders","hashKey":"id","attributes":[],"billingMode":"PAY_PER_REQUEST","__defaults":[],
				"serverSideEncryption":{"enabled":true},"replicas":[{"regionName":"eu-west-1"}]}`,
			want: `{"name":"orders","hashKey":"id","attributes":[],"billingMode":"PAY_PER_REQUEST",
				"arn":"arn:aws:dynamodb:us-west-2:444455556666:table/orders","deletionProtectionEnabled":false,
				"pointInTimeRecovery":{"enabled":false},
				"serverSideEncryption":{"enabled":true,"kmsKeyArn":"arn:aws:kms:us-west-2:444455556666:key/` + keyID + `"},
				"replicas":[{"regionName":"eu-west-1","arn":"arn:aws:dynamodb:eu-west-1:444455556666:table/orders",
					"kmsKeyArn":"","streamArn":"","streamLabel":""}],
				"readCapacity":0,"writeCapacity":0,"streamArn":"","streamLabel":"","streamViewType":"","tableClass":"STANDARD",
				"tagsAll":{},"ttl":{}}`},
		{name: "table without blocks", typ: tableType, id: "orders",
			inputs: `{"name":"orders","hashKey":"id","streamEnabled":true,"streamViewType":"KEYS_ONLY"}`,
			want: `{"name":"orders","hashKey":"id","attributes":[],"streamEnabled":true,"streamViewType":"KEYS_ONLY",
				"arn":"arn:aws:dynamodb:us-west-2:444455556666:table/orders","deletionProtectionEnabled":false,
				"pointInTimeRecovery":{"enabled":false},"serverSideEncryption":null,"replicas":[],
				"readCapacity":0,"writeCapacity":0,"streamLabel":"` + streamLabel + `",
				"streamArn":"arn:aws:dynamodb:us-west-2:444455556666:table/orders/stream/` + streamLabel + `",
				"tableClass":"STANDARD","tagsAll":{},"ttl":{}}`},
		{name: "table in a preview", typ: tableType, preview: true,
			inputs: `{"name":"orders","__defaults":[],"tagsAll":{"a":"b"},"replicas":[{"regionName":"eu-west-1","kmsKeyArn":"k"}],
				"pointInTimeRecovery":{"enabled":true},"serverSideEncryption":{"enabled":true}}`,
			want: `{"name":"orders","tagsAll":{"a":"b"},"arn":"?","attributes":"?","hashKey":"?",
				"pointInTimeRecovery":{"enabled":true},"serverSideEncryption":{"enabled":true,"kmsKeyArn":"?"},
				"replicas":[{"regionName":"eu-west-1","kmsKeyArn":"k","arn":"?","streamArn":"?","streamLabel":"?"}],
				"readCapacity":"?","writeCapacity":"?","streamArn":"?","streamLabel":"?","streamViewType":"?","ttl":"?"}`},
		{name: "table without blocks in a preview", typ: tableType, preview: true, inputs: `{"name":"orders"}`,
			want: `{"name":"orders","arn":"?","attributes":"?","hashKey":"?","pointInTimeRecovery":"?","serverSideEncryption":"?",
				"readCapacity":"?","writeCapacity":"?","streamArn":"?","streamLabel":"?","streamViewType":"?","tagsAll":"?","ttl":"?"}`},
		{name: "replica", typ: "aws:dynamodb/tableReplica:TableReplica", id: "orders:us-west-2",
			inputs: `{"globalTableArn":"arn:aws:dynamodb:us-east-1:444455556666:table/orders","pointInTimeRecovery":true}`,
			want: `{"globalTableArn":"arn:aws:dynamodb:us-east-1:444455556666:table/orders","pointInTimeRecovery":true,
				"arn":"arn:aws:dynamodb:us-west-2:444455556666:table/orders","deletionProtectionEnabled":false,"kmsKeyArn":"",
				"tagsAll":{}}`},
		{name: "policy", typ: policyType, inputs: `{"name":"p","path":"/shop/","policy":"{\"b\": 1, \"a\": 2}"}`,
			id: "arn:aws:iam::444455556666:policy/shop/p",
			want: `{"name":"p","path":"/shop/","policy":"{\"a\":2,\"b\":1}","arn":"arn:aws:iam::444455556666:policy/shop/p",
				"attachmentCount":0,"namePrefix":"","policyId":"` + policyID + `","tagsAll":{}}`},
		{name: "policy in a preview", typ: policyType, inputs: `{"namePrefix":"p","policy":"{\"b\": 1, \"a\": 2}"}`, preview: true,
			want: `{"namePrefix":"p","policy":"{\"b\": 1, \"a\": 2}","arn":"?","attachmentCount":"?","name":"?","policyId":"?",
				"tagsAll":"?"}`},
		{name: "role", typ: roleType, inputs: `{"name":"r","path":"/","assumeRolePolicy":"{}"}`, id: "r",
			want: `{"name":"r","path":"/","assumeRolePolicy":"{}","arn":"arn:aws:iam::444455556666:role/r","createDate":"` + created + `",
				"inlinePolicies":[],"managedPolicyArns":[],"namePrefix":"","tagsAll":{},"uniqueId":"` + principalID + `"}`},
		{name: "role in a preview", typ: roleType, inputs: `{"name":"r","assumeRolePolicy":"{}","managedPolicyArns":["a"]}`, preview: true,
			want: `{"name":"r","assumeRolePolicy":"{}","managedPolicyArns":["a"],"arn":"?","createDate":"?","inlinePolicies":"?",
				"namePrefix":"?","tagsAll":"?","uniqueId":"?"}`},
		{name: "role policy", typ: "aws:iam/rolePolicy:RolePolicy", inputs: `{"name":"p","role":"r","policy":"not JSON"}`, id: "r:p",
			want: `{"name":"p","role":"r","policy":"not JSON","namePrefix":""}`},
		{name: "another type", typ: "aws:ssm/parameter:Parameter", inputs: `{"tier":"a"}`, id: "logical-id", want: `{"tier":"a"}`},
		{name: "native table", typ: nativeType, inputs: `{"tableName":"orders"}`, id: "orders",
			want: `{"tableName":"orders","arn":"arn:aws:dynamodb:us-west-2:444455556666:table/orders","streamArn":""}`},
		{name: "native role in a preview", typ: "aws-native:iam:Role", preview: true,
			inputs: `{"roleName":"r","assumeRolePolicyDocument":{"Statement":[]}}`,
			want:   `{"roleName":"r","assumeRolePolicyDocument":{"Statement":[]},"arn":"?","roleId":"?"}`},
		{name: "native managed policy", typ: "aws-native:iam:ManagedPolicy", id: "arn:aws:iam::444455556666:policy/p",
			inputs: `{"managedPolicyName":"p","policyDocument":{"Statement":[]}}`,
			want: `{"managedPolicyName":"p","policyDocument":{"Statement":[]},"attachmentCount":0,"createDate":"` + created + `",
				"defaultVersionId":"v1","isAttachable":true,"permissionsBoundaryUsageCount":0,
				"policyArn":"arn:aws:iam::444455556666:policy/p","policyId":"` + policyID + `","updateDate":"` + created + `"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			aws := standIn(t, string(test.typ.Package()))
			aws.log = filepath.Join(t.TempDir(), "log")
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

			world, err := aws.existing()
			if err != nil {
				t.Fatal(err)
			}
			if test.preview {
				if len(world) > 0 {
					t.Errorf("a preview created %v", world)
				}
				return
			}
			if len(world) != 1 || world[0].URN != "urn:x" || world[0].ID != test.id {
				t.Fatalf("the log says that there is %v", world)
			}
			equal(t, resource.NewPropertyMapFromMap(world[0].Values), test.want)
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
			got, err := standIn(t, "aws").Diff(t.Context(), plugin.DiffRequest{
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

func TestPolicyDocument(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"one of each", `{"statements":[{"actions":["dynamodb:GetItem"],"resources":["*"],"principals":[{"type":"*","identifiers":["*"]}]}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*","Principal":"*"}]}`},
		{"several", `{"version":"2008-10-17","policyId":"p","statements":[{"sid":"s","effect":"Deny","notActions":["a:A","b:B"],
			"notResources":["r"],"notPrincipals":[{"type":"AWS","identifiers":["1","2"]}],
			"conditions":[{"test":"StringEquals","variable":"v","values":["x"]},{"test":"StringEquals","variable":"w","values":["y"]}]}]}`,
			`{"Version":"2008-10-17","Id":"p","Statement":[{"Sid":"s","Effect":"Deny","NotAction":["b:B","a:A"],"NotResource":"r",` +
				`"NotPrincipal":{"AWS":["2","1"]},"Condition":{"StringEquals":{"v":"x","w":"y"}}}]}`},
		{"none", `{}`, `{"Version":"2012-10-17"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response, err := standIn(t, "aws").Invoke(t.Context(), plugin.InvokeRequest{
				Tok: "aws:iam/getPolicyDocument:getPolicyDocument", Args: resource.FromResourcePropertyMap(properties(t, test.args)),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := response.Properties.Get("minifiedJson").AsString(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestTables finds every property that the tables of types name in the types
// themselves.
func TestTables(t *testing.T) {
	for _, pkg := range packages() {
		for typ, kind := range pkg.kinds {
			inputs, outputs := map[resource.PropertyKey]bool{}, map[resource.PropertyKey]bool{}
			for _, m := range members(kind.args) {
				inputs[m.name] = true
			}
			for _, m := range members(kind.result) {
				outputs[m.name] = true
			}
			names := slices.Concat(kind.documents, kind.replacedBy, slices.Collect(maps.Keys(kind.defaults)))
			if kind.name != "" {
				names = append(names, kind.name)
			}
			for _, name := range names {
				if !inputs[name] {
					t.Errorf("%s has no input %s", typ, name)
				}
			}
			filled := slices.Clone(kind.lists)
			if kind.outputs != nil {
				filled = slices.AppendSeq(filled, maps.Keys(kind.outputs(standIn(t, pkg.name), "id", nil)))
			}
			for _, name := range filled {
				if !outputs[name] {
					t.Errorf("%s has no output %s", typ, name)
				}
			}
		}
	}
}

// TestSchema has the engine's own reader bind the schemas, which finds every
// reference that leads nowhere, and looks at what a program needs of one type.
func TestSchema(t *testing.T) {
	for _, pkg := range packages() {
		response, err := standIn(t, pkg.name).GetSchema(t.Context(), plugin.GetSchemaRequest{})
		if err != nil {
			t.Fatal(err)
		}
		var spec schema.PackageSpec
		if err := json.Unmarshal(response.Schema, &spec); err != nil {
			t.Fatal(err)
		}
		noOther := struct{ schema.Loader }{} // asked only of types of other packages, of which there are none
		if _, diagnostics, err := schema.BindSpec(spec, noOther, schema.ValidationOptions{}); err != nil || diagnostics.HasErrors() {
			t.Errorf("%s: %v, %v", pkg.name, err, diagnostics)
		}
		if len(spec.Resources) != len(pkg.kinds) {
			t.Errorf("%s has %d resources, want %d", pkg.name, len(spec.Resources), len(pkg.kinds))
		}
	}
	table := describer{"aws", map[string]schema.ComplexTypeSpec{}}.object(awsKinds[tableType].result)
	if got := table.Properties["serverSideEncryption"].Ref; got != "#/types/aws:dynamodb/TableServerSideEncryption:TableServerSideEncryption" {
		t.Errorf("serverSideEncryption is of the type %q", got)
	}
	if !slices.Contains(table.Required, "arn") || slices.Contains(table.Required, "billingMode") {
		t.Errorf("the required outputs of a table are %q", table.Required)
	}
}
