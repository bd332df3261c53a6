package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/toolchain"
)

// TestIndexer makes the index of a backend that the real CLI filled: two stacks of two projects, a table with a replica,
// one of an explicit provider, and one whose name is secret.
func TestIndexer(t *testing.T) {
	s := harness.NewStack(t, nil, stack(func(p program) {
		p.table("orders", func(args *dynamodb.TableArgs) {
			args.Replicas = dynamodb.TableReplicaTypeArray{&dynamodb.TableReplicaTypeArgs{
				RegionName: pulumi.String("eu-west-1"), PointInTimeRecovery: pulumi.Bool(true),
			}}
		})
		p.table("abroad", nil, p.provider("abroad", "eu-central-1"))
		p.table("vault", func(args *dynamodb.TableArgs) {
			args.Name = pulumi.ToSecret(pulumi.String(hidden)).(pulumi.StringOutput)
		})
	}))
	const table = "aws:dynamodb/table:Table::"
	check(t, "up", s.Up(), passes(table+"abroad", tableOrders, table+"vault"))
	billing, err := s.Sandbox().NewStack(t.Context(), "billing", "prod", stack(func(p program) { p.table("invoices", nil) }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := billing.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var login struct{ URL string }
	whoami, _, err := s.Sandbox().Pulumi(t.Context(), "whoami", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(whoami), &login)
	}
	if err != nil {
		t.Fatal(err)
	}

	indexer := filepath.Join(t.TempDir(), "dynamoguard-index")
	if out, err := exec.Command("go", "build", "-C", "../indexer", "-o", indexer, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	output := filepath.Join(t.TempDir(), "index.json")
	build := exec.Command(indexer, "build", "--output", output)
	build.Env = append(os.Environ(), "PULUMI_BACKEND_URL="+login.URL, "PULUMI_CONFIG_PASSPHRASE=") // it decrypts nothing
	said, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	want := output + ": 4 tables of 2 stacks in " + login.URL + " (2 read, 0 unchanged, 0 failed)\n" +
		"1 table left out, whose name is secret\n"
	if string(said) != want {
		t.Errorf("dynamoguard-index says\n%swant\n%s", said, want)
	}

	index, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(index, []byte(hidden)) {
		t.Errorf("the index holds the secret:\n%s", index)
	}
	lines := strings.Split(string(index), "\n")
	entry := func(region, name, project, stack, resource, provider string) string {
		return `{"partition":"aws","account":"111122223333","region":"` + region + `","name":"` + name +
			`","organization":"organization","project":"` + project + `","stack":"` + stack +
			`","urn":"urn:pulumi:` + stack + "::" + project + "::" + table + resource +
			`","provider":"urn:pulumi:` + stack + "::" + project + "::pulumi:providers:aws::" + provider + `"}`
	}
	// The default provider is called by the version of the typed SDK.
	provider := slices.IndexFunc(harness.Tools(t).Plugins, func(p toolchain.Plugin) bool { return p.Name == "aws" })
	byDefault := "default_" + strings.ReplaceAll(harness.Tools(t).Plugins[provider].Version.String(), ".", "_")
	wantLines := []string{
		lines[0], // the time
		entry("eu-central-1", "abroad", "shop", "dev", "abroad", "abroad") + ",",
		entry("us-east-1", "invoices", "billing", "prod", "invoices", byDefault) + ",",
		entry("eu-west-1", "orders", "shop", "dev", "orders", byDefault) + ",",
		entry("us-east-1", "orders", "shop", "dev", "orders", byDefault),
		"]}", "",
	}
	if !slices.Equal(lines, wantLines) {
		t.Errorf("the index is\n%s\nwant\n%s", index, strings.Join(wantLines, "\n"))
	}
}
