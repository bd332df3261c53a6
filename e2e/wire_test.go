package e2e

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/wire"
)

// TestBadInput sends what no program should, but some do. There is no error
// and no panic: what is wrong is said in a diagnostic, or nothing is.
func TestBadInput(t *testing.T) {
	text := func(document string) resource.PropertyValue { return resource.NewProperty(document) }
	object := func(members resource.PropertyMap) resource.PropertyValue { return resource.NewProperty(members) }
	policy := func(document resource.PropertyValue) *pulumirpc.AnalyzeRequest {
		return wire.Request(t, "aws:iam/policy:Policy", "p", resource.PropertyMap{"policy": document}, wire.AWS(t, "us-east-1"))
	}
	table := func(properties resource.PropertyMap) *pulumirpc.AnalyzeRequest {
		good := goodTable("orders")
		maps.Copy(good, properties)
		return wire.Request(t, "aws:dynamodb/table:Table", "t", good, wire.AWS(t, "us-east-1"))
	}
	const deep = 1 << 19
	orphan := table(nil)
	orphan.Provider = nil
	foreign := table(nil)
	foreign.Provider = &pulumirpc.AnalyzerProviderResource{Type: "pulumi:providers:acme", Name: "acme", Urn: "acme"}
	nameless := table(resource.PropertyMap{"name": resource.NewNullProperty()})
	delete(nameless.Properties.Fields, "name")

	tests := []struct {
		name    string
		request *pulumirpc.AnalyzeRequest
		want    []string
	}{
		{"document that is not JSON", policy(text("dynamodb:*")),
			refused("policy is not JSON: at line 1, column 1, a value must follow")},
		{"document of nothing", policy(text("")), refused("policy is empty; a policy document is a JSON object")},
		{"document of space", policy(text(" \n")), refused("policy is empty; a policy document is a JSON object")},
		{"document null", policy(resource.NewNullProperty()), nil},
		{"document of JSON null", policy(text("null")), refused("policy is null; a policy document is a JSON object")},
		{"document that is a number", policy(resource.NewProperty(7.0)), unreadable(
			"policy is a number, not a policy document; write the document as a JSON object")},
		{"document of a JSON number", policy(text("7")), refused("policy is a number; a policy document is a JSON object")},
		{"document of a JSON list", policy(text("[]")), refused("policy is a list; a policy document is a JSON object")},
		{"document that is an object", policy(object(resource.PropertyMap{"Version": text("2012-10-17")})),
			refused("policy has no Statement")},
		{"document of 1 MB of brackets", policy(text(strings.Repeat("[", deep) + strings.Repeat("]", deep))), unreadable(
			"policy has 1048576 characters without white space, more than the 6144 that a managed policy may have; "+
				"move statements to a managed policy, or shorten them",
			"policy is a list; a policy document is a JSON object; IAM refuses the document as it is")},
		{"document of 1 MB of objects", policy(text(strings.Repeat(`{"a":`, deep/5) + "1" + strings.Repeat("}", deep/5))), unreadable(
			`policy "a" is not an element of a policy document, which are Version, Id, Statement, and policy has no `+
				"Statement; IAM refuses the document as it is",
			"policy has 629143 characters without white space, more than the 6144 that a managed policy may have; "+
				"move statements to a managed policy, or shorten them")},
		{"document with a key twice", policy(text(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny",` +
			`"Action":"dynamodb:GetItem","Resource":"` + ordersARN + `"}]}`)), []string{
			"mandatory medium iam-document: policy.Statement[0].Effect appears twice; write it once; " +
				"IAM refuses the document as it is. SOC 2: CC6.1",
		}},
		{"document with a statement of nothing", policy(text(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`)), []string{
			`mandatory high iam-unscoped-resource: policy.Statement[0] (unreadable, so counted as "*") would open every table and ` +
				"every DAX cluster to 64 DynamoDB actions and 18 DAX actions, DeleteTable among them; name the tables, such as " +
				"arn:aws:dynamodb:REGION:ACCOUNT:table/NAME" + orBoundary + ". SOC 2: CC6.1, CC6.3",
			`mandatory high iam-wildcard-action: policy.Statement[0] (unreadable, so counted as "*") would grant all 79 DynamoDB ` +
				"actions and all 30 DAX actions, DeleteTable among them; list the actions the workload calls" + orBoundary + ". SOC 2: CC6.1, CC6.3",
			"mandatory medium iam-document: policy.Statement[0] has neither Action nor NotAction, and policy.Statement[0] has " +
				"neither Resource nor NotResource; IAM refuses the document as it is. SOC 2: CC6.1",
		}},
		{"document with bytes that are not UTF-8", policy(object(resource.PropertyMap{
			resource.SigKey: text(resource.ByteStringSig), "value": text("//4="),
		})), refused("policy holds bytes that are not UTF-8, and policy is not JSON: at line 1, column 1, a value must follow")},
		{"table without a name", nameless, nil},
		{"table with a name of no text", table(resource.PropertyMap{"name": resource.NewProperty(7.0)}),
			append(unjudged("name is a number, not a string", "table-name-collision"),
				"advisory low table-name-pattern: could not be judged: name is a number, not a string")},
		{"table with a block of no object", table(resource.PropertyMap{"pointInTimeRecovery": resource.NewProperty(true)}),
			unjudged("pointInTimeRecovery is a boolean, not an object", "table-point-in-time-recovery")},
		{"table with replicas of no list", table(resource.PropertyMap{"replicas": resource.NewProperty("eu-west-1")}),
			unjudged("replicas is a string, not a list", "table-encryption", "table-name-collision", "table-point-in-time-recovery")},
		{"table with a replica of no object", table(resource.PropertyMap{
			"replicas": resource.NewProperty([]resource.PropertyValue{resource.NewProperty("eu-west-1")}),
		}), unjudged("replicas[0] is a string, not an object", "table-encryption", "table-name-collision", "table-point-in-time-recovery")},
		{"table without a provider", orphan, nil},
		{"table of an unknown provider", foreign, nil},
		{"unknown type", wire.Request(t, "acme:shop/thing:Thing", "x", resource.PropertyMap{"policy": text("{")}, nil), nil},
		{"no type at all", wire.Request(t, "", "", nil, nil), nil},
	}
	pack := harness.Tools(t).Pack
	about := harness.About{"iam-document", "iam-item-level-condition", "iam-unscoped-resource", "iam-wildcard-action",
		"table-encryption", "table-name-collision", "table-name-pattern", "table-point-in-time-recovery"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := wire.Start(t, pack, wire.Engine(t))
			p.Only(about)
			if got := p.Judge(t.Context(), test.request); !slices.Equal(got, test.want) {
				t.Errorf("findings:\n%s\n\nwant:\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			response, err := p.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{
				Resources: []*pulumirpc.AnalyzerResource{wire.Stacked(test.request)},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range wire.Lines(response.GetDiagnostics()) {
				if !strings.Contains(line, ofNoStack) {
					t.Errorf("AnalyzeStack: %q", line)
				}
			}
			if !p.Alive() {
				t.Error("the plugin has ended")
			}
		})
	}
}

// unjudged are the findings of policies that could not judge a resource.
func unjudged(reason string, policies ...string) []string {
	var findings []string
	for _, policy := range policies {
		findings = append(findings, "advisory high "+policy+": could not be judged: "+reason)
	}
	return findings
}

// unreadable are the findings of a document without a readable statement, all
// of iam-document.
func unreadable(messages ...string) []string {
	var findings []string
	for _, message := range messages {
		findings = append(findings, "mandatory medium iam-document: "+message+". SOC 2: CC6.1")
	}
	return findings
}

// refused are the findings of such a document with one mistake.
func refused(message string) []string {
	return unreadable(message + "; IAM refuses the document as it is")
}

var oneRemedy = regexp.MustCompile(`^advisory low dynamoguard: (\d+) findings of (\S+) have one remedy, `)

// TestManyResources judges a stack of 300 resources and counts the findings of
// each policy.
func TestManyResources(t *testing.T) {
	p := wire.Start(t, harness.Tools(t).Pack, wire.Engine(t))
	p.Only(harness.About{"iam-unscoped-resource", "iam-wildcard-action", "table-encryption", "table-point-in-time-recovery"})
	var all []*pulumirpc.AnalyzerResource
	counts := map[string]int{}
	judge := func(request *pulumirpc.AnalyzeRequest) {
		for _, line := range p.Judge(t.Context(), request) {
			policy, _, _ := strings.Cut(line, ":")
			counts[policy]++
		}
		all = append(all, wire.Stacked(request))
	}
	for i := range 100 {
		judge(table(t, fmt.Sprintf("table-%d", i), i%2 == 0))
	}
	for i := range 200 {
		judge(rolePolicy(t, fmt.Sprintf("policy-%d", i), i%2 == 0))
	}
	response, err := p.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{Resources: all})
	if err != nil {
		t.Fatal(err)
	}
	remedies := map[string]string{} // how many findings a notice gives it for, by policy
	for _, line := range wire.Lines(response.GetDiagnostics()) {
		if m := oneRemedy.FindStringSubmatch(line); m != nil {
			remedies[m[2]] = m[1]
		} else if !strings.Contains(line, ofNoStack) {
			t.Errorf("AnalyzeStack: %s", line)
		}
	}
	wanted := map[string]string{"iam-unscoped-resource": "100", "iam-wildcard-action": "100", "table-encryption": "50", "table-point-in-time-recovery": "50"}
	if diff := cmp.Diff(wanted, remedies); diff != "" {
		t.Errorf("notices of a remedy (-want +got):\n%s", diff)
	}
	want := map[string]int{
		"mandatory high table-point-in-time-recovery": 50,
		"mandatory high table-encryption":             50,
		"mandatory high iam-wildcard-action":          100,
		"mandatory high iam-unscoped-resource":        100,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("findings of each policy (-want +got):\n%s", diff)
	}
}
