package policies_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"dynamoguard/internal/facts"
)

// A publishedCase is an example of AWS's documentation, in a stack that has it. Expect are the policies that are to find
// something in it, each with the one of the warnings that says so.
type publishedCase struct {
	fixture `yaml:",inline"`
	Page    string            `yaml:"page"`
	Shows   string            `yaml:"shows"`
	Expect  map[string]string `yaml:"expect"`
}

// warnings are what AWS's own documentation says against its examples. Nothing else may be found in them.
var warnings = map[string]struct{ says, page string }{
	"wildcards": {
		"A wildcard in place of actions or of tables opens more than the task needs, in this or any policy: better to name each",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/grant-permissions-to-any-action-on-table.html",
	},
	"narrowed": {
		"The present edition names the table whose streams are read",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html",
	},
	"tagging": {
		"Where tags decide who may do what, whoever may set them on anything can let himself in",
		"https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/security_iam_TBAC.html",
	},
	"least-privilege": {
		"Policies decide who can delete resources, so grant what a task requires. Whose task it is, the setting principals says",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/security_iam_id-based-policy-examples.html",
	},
	"managed": {
		"Managed policies serve to start with; it is best to grant no more than is needed by policies of one's own",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html#access-policy-examples-aws-managed",
	},
	"every-stream": {
		"This managed policy reaches every stream that the account can reach; advisory, on a role for functions",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-cross-account-access.html#rbac-analyze-cross-account-lambda-access",
	},
	"cross-account": {
		"Access Analyzer reports each account that a table's policy lets in. Those that one trusts, the setting trustedAccounts says",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-cross-account-access.html",
	},
	"allow-list": {
		"It is not recommended to except attributes: list those that are granted",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html#FGAC_DDB.Examples.SpecificAttributes",
	},
	"return-values": {
		"A write can return whole items, whatever its attributes: restrict dynamodb:ReturnValues as well",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html#FGAC_DDB.EnsuringAttributeRestrictions",
	},
	"no-resource": {
		"DescribeLimits is done to no resource, so that a statement for it has to name *",
		"https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
	},
	"sessions": {
		"People, and programs, reach AWS best by roles that they take for a session, and not as users",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-users-federation-idp",
	},
	"table-itself": {
		"Most of these actions are done to the table, and the example names only what is below it",
		"https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
	},
	"corrected": {
		"PartiQLInsert is done to a table. The present edition has PartiQLSelect there",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html#access-policy-ql-iam-example3",
	},
	"blank": {
		"A slip: the ARN of the streams ends in a blank, which makes it the ARN of nothing",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_lambda-access-dynamodb.html",
	},
	"colon": {
		"A slip: the ARNs of the service-linked roles have a colon too many, so that the Deny leaves out nobody. The page warns of just that",
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html#globaltables-replication-slr",
	},
}

func published(t *testing.T) (cases map[string]*publishedCase) {
	t.Helper()
	files, err := filepath.Glob("../testdata/published/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	cases = map[string]*publishedCase{}
	for _, file := range files {
		c := &publishedCase{}
		decode(t, file, c)
		if c.Page == "" || c.Shows == "" {
			t.Errorf("%s says not of which page it is, or what it shows", file)
		}
		cases[strings.TrimSuffix(filepath.Base(file), ".yaml")] = c
	}
	return cases
}

// found are the messages of the policies that find something in a stack, of those that the examples are about.
func (f *fixture) found(t *testing.T) map[string][]string {
	found := map[string][]string{}
	for _, d := range f.diagnostics(t, nil) {
		if slices.Contains(reportedOn, d.PolicyName) {
			found[d.PolicyName] = append(found[d.PolicyName], d.Message)
		}
	}
	return found
}

// TestPublished judges what AWS's own documentation shows: whatever is found there, the documentation warns of.
func TestPublished(t *testing.T) {
	used := map[string]bool{}
	for name, c := range published(t) {
		t.Run(name, func(t *testing.T) {
			found := c.found(t)
			if diff := gocmp.Diff(slices.Sorted(maps.Keys(c.Expect)), slices.Sorted(maps.Keys(found))); diff != "" {
				t.Errorf("(-want +got):\n%s\nmessages: %q", diff, found)
			}
		})
		for _, w := range c.Expect {
			if _, ok := warnings[w]; !ok {
				t.Errorf("%s: %q is no warning", name, w)
			}
			used[w] = true
		}
	}
	if diff := gocmp.Diff(slices.Sorted(maps.Keys(warnings)), slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("warnings (-all +used):\n%s", diff)
	}
}

// TestDocsPublished holds the list of AWS's examples to what is found in them.
func TestDocsPublished(t *testing.T) {
	hold(t, "../docs/published.md", func(string) string { return publishedPage(t) })
}

func publishedPage(t *testing.T) string {
	cases := published(t)
	var warned, clean strings.Builder
	count := 0
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		example := fmt.Sprintf("| [%s](%s) | [%s](../testdata/published/%s.yaml) |", c.Shows, c.Page, name, name)
		if len(c.Expect) == 0 {
			count++
			fmt.Fprintln(&clean, example)
			continue
		}
		var because []string
		for _, p := range slices.Sorted(maps.Keys(c.Expect)) {
			because = append(because, fmt.Sprintf("%s: %s", p, c.Expect[p]))
		}
		fmt.Fprintln(&warned, example, strings.Join(because, "<br>"), "|")
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# AWS's own examples

Generated from the examples and what is found in them: %[1]sgo test ./policies -run TestDocs -update%[1]s.

%[2]d examples of access to DynamoDB and DAX, as AWS's documentation has them, each in a stack of its own and judged at default
levels and settings. In %[3]d nothing is found. What is found in the others, AWS's documentation warns of itself, or it is a slip of
the example: the last column has the word for it. Examples of earlier editions are here because people still have them.

| Word | What AWS says |
|---|---|
`, "`", len(cases), count)
	for _, w := range slices.Sorted(maps.Keys(warnings)) {
		fmt.Fprintf(&b, "| %s | [%s](%s) |\n", w, warnings[w].says, warnings[w].page)
	}
	b.WriteString("\n## Found\n\n| Example | File | Found: why |\n|---|---|---|\n" + warned.String())
	b.WriteString("\n## Nothing found\n\n| Example | File |\n|---|---|\n" + clean.String())
	fmt.Fprintf(&b, `
## Managed policies

The policies that AWS manages and that grant something on DynamoDB or DAX, attached to a role: that of the service where AWS
documents one, else a role for people. The policies of service-linked roles cannot be attached, and are not here. Then the
same, written out as an inline policy. AWS says of both what *managed* above says. Two things are not as they look: what the
policies say of DynamoDB has %[1]sGetResourcePolicy%[1]s on every table in SecurityAudit and others like it, which is no metadata by its
name; and one of them is longer than an inline policy may be.

| Policy | Attached | Written out |
|---|---|---|
`, "`")
	for _, m := range managedPolicies(t) {
		name := m.Name
		if !m.Deprecated { // of the others AWS has no page any more
			name = fmt.Sprintf("[%s](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/%s.html)", name, name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, names(m.attached().found(t)), names(m.written().found(t)))
	}
	return b.String()
}

func names(found map[string][]string) string {
	if len(found) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), ", ")
}

// A managedPolicy is a policy that AWS manages, as package managed has it, with what its document says on DynamoDB and DAX.
type managedPolicy struct {
	Name, Path string
	Deprecated bool
	Document   json.RawMessage
}

func managedPolicies(t *testing.T) (list []managedPolicy) {
	t.Helper()
	data, err := os.ReadFile("../internal/iam/managed/gen/policies.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data))
	for lines.Scan() {
		var m managedPolicy
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		if m.Path != "aws-service-role/" {
			list = append(list, m)
		}
	}
	return list
}

// services may assume the roles that AWS's documentation attaches the policies to.
var services = map[string]string{
	"AWSBackupServiceRolePolicyForBackup":   "backup.amazonaws.com",
	"AWSBackupServiceRolePolicyForRestores": "backup.amazonaws.com",
	"AWSDataPipelineRole":                   "datapipeline.amazonaws.com",
	"AWSElasticBeanstalkRoleWorkerTier":     "ec2.amazonaws.com",
	"AWSElasticBeanstalkWorkerTier":         "ec2.amazonaws.com",
	"AWSIoTRuleActions":                     "iot.amazonaws.com",
	"AWSLambdaDynamoDBExecutionRole":        "lambda.amazonaws.com",
	"AWSLambdaInvocation-DynamoDB":          "lambda.amazonaws.com",
	"AWS_ConfigRole":                        "config.amazonaws.com",
	"AmazonEC2RoleforDataPipelineRole":      "ec2.amazonaws.com",
	"AmazonElasticMapReduceforEC2Role":      "ec2.amazonaws.com",
}

func (m managedPolicy) attached() *fixture {
	trusted := `{"AWS": "111122223333"}`
	if service, ok := services[m.Name]; ok {
		trusted = fmt.Sprintf(`{"Service": %q}`, service)
	}
	trust := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": %s, "Action": "sts:AssumeRole"}]}`, trusted)
	return &fixture{Resources: []fixtureResource{
		{Name: "role", Type: facts.Role, Provider: "p", Inputs: inputs(map[string]string{"name": "role", "assumeRolePolicy": trust})},
		{Name: "attached", Type: facts.RoleAttachment, Provider: "p",
			Inputs: inputs(map[string]string{"role": "role", "policyArn": "arn:aws:iam::aws:policy/" + m.Path + m.Name})},
	}}
}

func (m managedPolicy) written() *fixture {
	return &fixture{Resources: []fixtureResource{
		{Name: "written", Type: facts.RolePolicy, Provider: "p", Inputs: inputs(map[string]string{"role": "role", "policy": string(m.Document)})},
	}}
}

func inputs(properties map[string]string) (n yaml.Node) {
	if err := n.Encode(properties); err != nil {
		panic(err) // of strings there is always a node
	}
	return n
}
