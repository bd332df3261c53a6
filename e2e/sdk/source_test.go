package sdk_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/e2e/sdk"
)

// table is a package as Pulumi generates it, in two files: the type of a property may be in either.
var table = fstest.MapFS{
	"provider.go": {Data: []byte(`package aws
func NewProvider(ctx *pulumi.Context, name string, args *ProviderArgs) error {
	return ctx.RegisterResource("pulumi:providers:aws", name, args)
}
type providerArgs struct {
	Region string ` + "`pulumi:\"region\"`" + `
}`)},
	"dynamodb/table.go": {Data: []byte(`package dynamodb
// Registers with ctx.RegisterResource("aws:dynamodb/other:Other").
func NewTable(ctx *pulumi.Context, name string, args *TableArgs) error {
	args.Billing = pulumi.Sprintf("%s", args.Billing)
	return ctx.RegisterResource("aws:dynamodb/table:Table", name, args)
}
func GetTable(ctx *pulumi.Context, name string) error {
	return ctx.ReadResource("aws:dynamodb/table:Table", name)
}
type Table struct {
	Arn pulumi.StringOutput ` + "`pulumi:\"arn\"`" + `
}
type tableArgs struct {
	Replicas []TableReplicaType ` + "`pulumi:\"replicas\"`" + `
	Billing  *BillingMode       ` + "`pulumi:\"billing\"`" + `
	Texts    []string           ` + "`pulumi:\"texts\"`" + `
	Tags     map[string]string  ` + "`pulumi:\"tags\"`" + `
	Policy   interface{}        ` + "`pulumi:\"policy\"`" + `
	Archive  pulumi.Archive     ` + "`pulumi:\"archive\"`" + `
	Untagged *TableReplicaType
}
type TableArgs struct { Replicas TableReplicaTypeArrayInput }`)},
	"dynamodb/pulumiTypes.go": {Data: []byte(`package dynamodb
type BillingMode string
type TableReplicaType struct {
	Encryption *TableEncryption ` + "`pulumi:\"encryption\"`" + `
}
type TableEncryption struct {
	Key    string            ` + "`pulumi:\"key\"`" + `
	Within []TableEncryption ` + "`pulumi:\"within\"`" + `
}`)},
	"iam/rolePolicy.go": {Data: []byte(`package iam
func NewRolePolicy(ctx *pulumi.Context, name string, args *RolePolicyArgs) error {
	return ctx.RegisterResource("aws:iam/rolePolicy:RolePolicy", name, args)
}
type rolePolicyArgs struct {
	Policy     string  ` + "`pulumi:\"policy\"`" + `
	PolicyName *string ` + "`pulumi:\"policyName\"`" + `
	Role       *Lost   ` + "`pulumi:\"role\"`" + `
}`)},
	"iam/getPolicy.go": {Data: []byte(`package iam
type LookupPolicyResult struct {
	Policy string ` + "`pulumi:\"policy\"`" + `
}`)},
}

func TestSource(t *testing.T) {
	for typ, want := range map[string][]string{
		"aws:dynamodb/table:Table": {
			"archive", "billing", "policy", "replicas", "replicas[].encryption", "replicas[].encryption.key",
			"replicas[].encryption.within", "tags", "texts",
		},
		"pulumi:providers:aws":     {"region"},
		"aws:dynamodb/other:Other": nil,
		"aws:s3/bucket:Bucket":     nil,
	} {
		got, err := sdk.NewSource(table).Properties(typ)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", typ, err, diff)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	broken := fstest.MapFS{"iam/role.go": {Data: []byte("package iam\nfunc {")}}
	for want, c := range map[string]struct {
		source fstest.MapFS
		typ    string
	}{
		"aws:iam/rolePolicy:RolePolicy: type Lost is not declared": {table, "aws:iam/rolePolicy:RolePolicy"},
		"iam/role.go:2:": {broken, "aws:iam/role:Role"},
	} {
		if _, err := sdk.NewSource(c.source).Properties(c.typ); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestTypesWith(t *testing.T) {
	got, err := sdk.NewSource(table).TypesWith([]string{"policy", "texts", "key"})
	want := map[string][]string{
		"aws:dynamodb/table:Table":      {"policy", "texts"},
		"aws:iam/rolePolicy:RolePolicy": {"policy"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
