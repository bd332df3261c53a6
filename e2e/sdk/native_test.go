package sdk_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/e2e/sdk"
)

// npm is a package as Pulumi generates it.
var npm = sdk.Package{
	"dynamodb/table.js": `class Table extends pulumi.CustomResource {}
/** @internal */
Table.__pulumiType = 'aws-native:dynamodb:Table';
`,
	"dynamodb/table.d.ts": `export declare class Table extends pulumi.CustomResource {
    readonly arn: pulumi.Output<string>;
    readonly mode: pulumi.Output<enums.dynamodb.TableMode | undefined>;
}
/**
 * The set of arguments for constructing a Table resource.
 */
export interface TableArgs {
    /**
     * Which looks like a property:
     *
    comment: string;
     */
    replicas: pulumi.Input<pulumi.Input<inputs.dynamodb.TableReplicaArgs>[] | undefined>;
    resourcePolicy?: pulumi.Input<inputs.dynamodb.TablePolicyArgs | undefined>;
    plain?: inputs.dynamodb.TablePolicyArgs[] | undefined;
    /** A map of blocks. */
    fields?: pulumi.Input<{
        [key: string]: pulumi.Input<inputs.dynamodb.TableReplicaArgs>;
    } | undefined>;
    mode?: pulumi.Input<enums.dynamodb.TableMode | undefined>;
    tags?: pulumi.Input<pulumi.Input<inputs.TagArgs>[] | undefined>;
}
`,
	"provider.js":            `Provider.__pulumiType = 'aws-native';`,
	"provider.d.ts":          "export interface ProviderArgs {\n    region: pulumi.Input<Region>;\n}\n",
	"dynamodb/getTable.js":   `pulumi.runtime.invoke("aws-native:dynamodb:getTable", {});`,
	"dynamodb/getTable.d.ts": "export interface GetTableArgs {\n    tableName: string;\n}\n",
	"s3/bucket.js":           `Bucket.__pulumiType = 'aws-native:s3:Bucket';`,
	"s3/bucket.d.ts":         "export interface BucketArgs {\n    bucketName: string;\n}\n",
	"types/input.d.ts": `export declare namespace dynamodb {
    interface TableReplicaArgs {
        region: pulumi.Input<string>;
        within?: pulumi.Input<pulumi.Input<inputs.dynamodb.TableReplicaArgs>[] | undefined>;
    }
    interface TablePolicyArgs {
        policyDocument: any;
    }
}
export interface TagArgs {
    key: pulumi.Input<string>;
}
export declare namespace s3 {
    interface TableReplicaArgs {
        bucket: pulumi.Input<string>;
    }
}
`,
}

func TestPackage(t *testing.T) {
	got, outputs, err := npm.Properties("dynamodb", "iam", "provider")
	want := map[string][]string{"aws-native:dynamodb:Table": {
		"fields", "mode", "plain", "plain[].policyDocument", "replicas", "replicas[].region", "replicas[].within",
		"resourcePolicy", "resourcePolicy.policyDocument", "tags", "tags[].key",
	}, "pulumi:providers:aws-native": {"region"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(map[string][]string{"aws-native:dynamodb:Table": {"arn"}}, outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func TestPackageErrors(t *testing.T) {
	for want, files := range map[string]sdk.Package{
		"aws-native:iam:Role: RoleArgs is not declared": {"iam/role.js": "Role.__pulumiType = 'aws-native:iam:Role';"},
		"aws-native:iam:Role: iam.Lost is not declared": {
			"iam/role.js":   "Role.__pulumiType = 'aws-native:iam:Role';",
			"iam/role.d.ts": "export interface RoleArgs {\n    policies: inputs.iam.Lost[];\n}\n",
		},
	} {
		if _, _, err := files.Properties("iam"); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestNativeList reads the list that is kept, and writes it again.
func TestNativeList(t *testing.T) {
	var written strings.Builder
	if err := sdk.WriteNative(&written, []string{"Head."}, sdk.Native(), sdk.NativeOutputs()); err != nil {
		t.Fatal(err)
	}
	const begin = "# Head.\n\naws-native:applicationautoscaling:ScalableTarget\n\tmaxCapacity\n\tminCapacity\n"
	if !strings.HasPrefix(written.String(), begin) {
		t.Errorf("got %.200s, want %s", written.String(), begin)
	}
	list, err := os.ReadFile(sdk.NativeList)
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(list), "\n\n")
	_, got, _ := strings.Cut(written.String(), "\n\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
