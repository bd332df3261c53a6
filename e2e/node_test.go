//go:build node

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/sandbox"
)

// node returns an empty stack of a program in node/programs, which stands before its arguments.
func node(t *testing.T, program string, options ...harness.Option) *harness.Node {
	t.Helper()
	return harness.NewNode(t, violated, "node/preview.mjs", strings.Fields(program), options...)
}

// A comparison is what a plain preview and a foreseen one show the caller of the Automation API.
type comparison struct {
	plain, foreseen harness.Result
	// differences are those in steps and outputs, and told is what dynamoguard says.
	differences, told []string
}

// compare runs both previews, and returns what is seen of the foreseen one.
func compare(t *testing.T, n *harness.Node, want comparison) harness.Seen {
	t.Helper()
	plain, foreseen := n.Plain(), n.Foresee()
	check(t, "the plain preview", inOrder(plain.Result), want.plain)
	check(t, "the foreseen preview", inOrder(foreseen.Result), want.foreseen)
	differences := slices.DeleteFunc(harness.Differences(plain.Result, foreseen.Result), func(d string) bool {
		return strings.Contains(d, " exit code ") // above
	})
	if diff := cmp.Diff(want.differences, differences, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("what the foreseen preview comes to otherwise than the plain one (-want +got):\n%s", diff)
	}
	slices.Sort(foreseen.Told) // lookups come in no certain order either
	if diff := cmp.Diff(want.told, foreseen.Told); diff != "" {
		t.Errorf("what dynamoguard says (-want +got):\n%s", diff)
	}
	for _, seen := range []harness.Seen{plain, foreseen} {
		if seen.Runs != 1 {
			t.Errorf("the events are those of %d runs", seen.Runs)
		}
		if seen.ExitCode == 0 && strings.TrimSpace(seen.Stdout) != strings.TrimSpace(seen.Shown) {
			t.Errorf("onOutput was called with\n%s\nand stdout is\n%s", seen.Shown, seen.Stdout)
		}
	}
	if plain.ExitCode == 0 && foreseen.ExitCode == 0 && !hasStep(want.differences) && !maps.Equal(plain.Summary, foreseen.Summary) {
		t.Errorf("changeSummary is %v, and %v in the foreseen preview", plain.Summary, foreseen.Summary)
	}
	return foreseen
}

// hasStep reports whether differences are about what is planned.
func hasStep(differences []string) bool {
	return slices.ContainsFunc(differences, func(d string) bool { return !strings.Contains(d, " output ") })
}

// inOrder sorts the lines below the first of each message: Node registers resources in no certain order.
func inOrder(r harness.Result) harness.Result {
	for i, event := range r.Policy {
		lines := strings.Split(event, "\n")
		slices.Sort(lines[1:])
		r.Policy[i] = strings.Join(lines, "\n")
	}
	return r
}

// unseen is the notice of a plain preview that could judge none of the documents.
func unseen(documents ...string) harness.Result {
	notice := fmt.Sprintf("advisory low dynamoguard %s: 0 of %d policy documents were judged", rootStack, len(documents))
	list := "\n  " + strings.Join(documents, "\n  ")
	if len(documents) == 1 {
		notice = "advisory low dynamoguard " + rootStack + ": 0 of 1 policy document was judged"
		list = " " + documents[0]
	}
	return harness.Result{Policy: []string{notice + "; the rest is not known in a preview, `dynamoguard preview` judges it now, and " +
		"`pulumi up` judges each before it is created:" + list}}
}

// trustUnseen adds the notice of a trust policy that names a new identity provider.
func trustUnseen(r harness.Result) harness.Result {
	r.Policy = append(r.Policy, "advisory low dynamoguard "+rootStack+": 1 value is not known in a preview, and `pulumi up` judges "+
		`each before it is created: assumeRolePolicy of aws:iam:Role "deployer" (iam-document)`)
	return r
}

// TestNodeEstate judges the documents of forty resources, whichever way they are written.
func TestNodeEstate(t *testing.T) {
	tests := []struct {
		name, form string
		cli        harness.Option
	}{
		{"jsonStringify", "jsonStringify", harness.Newest},
		{"interpolate", "interpolate", harness.Newest},
		{"apply", "apply", harness.Newest},
		{"getPolicyDocument", "getPolicyDocument", harness.Newest},
		{"getPolicyDocumentOutput", "getPolicyDocumentOutput", harness.Newest},
		// With this one the SDK waits for ids, and with the newest the engine does.
		{"getPolicyDocumentOutput, oldest CLI", "getPolicyDocumentOutput", harness.Oldest},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			compare(t, node(t, "estate "+test.form, test.cli), comparison{
				plain: trustUnseen(unseen(
					`policy of aws:dynamodb:ResourcePolicy "ledger"`,
					`policy of aws:iam:Policy "auditors"`,
					`policy of aws:iam:RolePolicy "checkout"`,
					`policy of aws:iam:RolePolicy "deployer"`,
					`policy of aws:iam:RolePolicy "keeper"`,
					`policy of aws:iam:RolePolicy "shipping"`)),
				foreseen: passes(),
				told:     []string{"dynamoguard: 6 of 6 policy documents judged; 79 values foreseen (50 determined, 29 stand-ins)"},
			})
		})
	}
}

// TestNodeHalfDeployed stops before anything is created what an update stops after two tables.
func TestNodeHalfDeployed(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		compare(t, node(t, "half", cli), comparison{
			plain: unseen(`inlinePolicies[0].policy of aws:iam:Role "checkout"`),
			foreseen: stopped("mandatory high iam-wildcard-action aws:iam/role:Role::checkout: " +
				`inlinePolicies[0].policy.Statement[0].Action "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them; ` +
				"list the actions the workload calls. SOC 2: CC6.1, CC6.3"),
			told: []string{"dynamoguard: 1 of 1 policy document judged; 7 values foreseen (6 determined, 1 stand-in)"},
		})
	})
}

// TestNodeInside judges a policy that is made within an apply, which no plain preview does.
func TestNodeInside(t *testing.T) {
	for action, foreseen := range map[string]harness.Result{
		"dynamodb:GetItem": passes(),
		"dynamodb:*": stopped("mandatory high iam-wildcard-action " + clerk + `: policy.Statement[0].Action "dynamodb:*" grants ` +
			"57 DynamoDB actions, DeleteTable among them; list the actions the workload calls" + orBoundary + ". SOC 2: CC6.1, CC6.3"),
	} {
		t.Run(action, func(t *testing.T) {
			compare(t, node(t, "inside "+action, harness.Newest), comparison{
				plain:       passes(),
				foreseen:    foreseen,
				differences: []string{"+ create " + clerk},
				told:        []string{"dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)"},
			})
		})
	}
}

// TestNodeShop previews components, regions, accounts, versions of the provider, secrets, and what is got by an id.
func TestNodeShop(t *testing.T) {
	n := node(t, "shop", harness.Newest, harness.Versions("7.40.0"))
	seen := compare(t, n, comparison{
		plain: unseen(
			`policy of aws:iam:Policy "again"`,
			`policy of aws:iam:Policy "clerk"`,
			`policy of aws:iam:Policy "frankfurt"`,
			`policy of aws:iam:Policy "hidden"`,
			`policy of aws:iam:Policy "store"`,
			`policy of aws:iam:Policy "west"`,
			`policy of aws:iam:RolePolicy "courier"`),
		foreseen: harness.Result{Policy: []string{
			"advisory low dynamoguard " + rootStack + ": 6 of 7 policy documents were judged; the rest is not known in a preview, and " +
				"`pulumi up` judges each before it is created: " + `policy of aws:iam:Policy "again"`,
		}},
		differences: []string{
			"+ output archive: arn:aws:dynamodb:eu-west-1:555566667777:table/archive",
			"+ output china: arn:aws-cn:dynamodb:cn-north-1:444455556666:table/china",
			"+ output frankfurt: arn:aws:dynamodb:eu-central-1:111122223333:table/frankfurt",
			"+ output hidden: map[" + resource.SigKey + ":" + resource.SecretSig + " ciphertext:[secret]]",
			"+ output role: courier",
			"+ output store: arn:aws:dynamodb:us-east-1:111122223333:table/store",
			"+ output west: arn:aws:dynamodb:us-west-2:111122223333:table/west",
		},
		told: []string{"dynamoguard: 6 of 7 policy documents judged; 32 values foreseen (25 determined, 7 stand-ins)"},
	})
	if strings.Contains(seen.Shown+seen.Stderr, "hush-hush") { // the SDK's own debug events hold it, as those of the plain preview do
		t.Error("the secret is shown")
	}
}

// TestNodeLookups asks AWS for what is there, and for nothing that is new: what a lookup names is left unforeseen, so that the
// lookup is skipped as in a plain preview.
func TestNodeLookups(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		n := node(t, "lookups", cli)
		n.Exists(sandbox.Operation{
			Token: "aws:dynamodb/table:Table", ID: "legacy", Account: "111122223333", Region: "us-east-1",
			Values: map[string]any{"name": "legacy", "arn": "arn:aws:dynamodb:us-east-1:111122223333:table/legacy"},
		})
		compare(t, n, comparison{
			plain:    unseen(`policy of aws:iam:Policy "clerk"`),
			foreseen: passes(),
			told: []string{
				"dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)",
				"dynamoguard: aws:dynamodb:Table orders was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS",
				"dynamoguard: aws:kms:Key data was left unforeseen: aws:kms/getKey:getKey would look for it at AWS",
			},
		})
		operations, err := n.Sandbox().Operations()
		if err != nil {
			t.Fatal(err)
		}
		var asked []string
		for _, o := range operations {
			if o.Operation == "invoke" || o.Operation == "read" {
				values, err := json.Marshal(o.Values)
				if err != nil {
					t.Fatal(err)
				}
				asked = append(asked, o.Token+" "+string(values))
			}
		}
		slices.Sort(asked)
		want := []string{`aws:dynamodb/getTable:getTable {"name":"legacy"}`, "aws:index/getCallerIdentity:getCallerIdentity null"}
		if diff := cmp.Diff(want, slices.Compact(asked)); diff != "" {
			t.Errorf("AWS was asked (-want +got):\n%s", diff)
		}
	})
}

// TestNodeLate has the program of a run fail after a lookup has had another begin: it is not that one's failure.
func TestNodeLate(t *testing.T) {
	compare(t, node(t, "late", harness.Newest), comparison{
		plain:    passes(),
		foreseen: passes(),
		told: []string{
			"dynamoguard: aws:dynamodb:Table orders was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS",
			"dynamoguard: there was no policy document to judge; 0 values foreseen",
		},
	})
}
