package policies_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

// TestMends has every policy mend what is wrong in all its fixtures. What it can mend is gone then, for there is nothing more to change,
// and the engine is told so. A policy has edits where it says that it mends, and none of them is of a policy document.
func TestMends(t *testing.T) {
	documents := facts.DocumentReads(iam.Identity, iam.Trust, iam.Resource)()
	for _, p := range policies.All() {
		t.Run(p.Name, func(t *testing.T) {
			edits, mended := 0, 0
			for file, f := range fixtures(t, p.Name) {
				f.Level = policy.Remediate.String()
				run := f.mend(t, p, file)
				for _, j := range run.Judgements {
					if j.Policy != p {
						continue
					}
					mended += len(j.Mended)
					for _, finding := range append(slices.Clone(j.Findings), j.Mended...) {
						edits += len(finding.Edits)
						for _, edit := range finding.Edits {
							pattern := edit.Path.Pattern()
							of := func(document string) bool { return pattern == document || strings.HasPrefix(pattern, document+".") }
							if slices.ContainsFunc(documents[finding.URN.Type()], of) {
								t.Errorf("%s: %v changes a policy document", file, edit)
							}
						}
					}
					if j.Outcome == policy.Failed && slices.ContainsFunc(j.Findings, policy.Finding.Mendable) {
						t.Errorf("%s: %s is not mended: %v", file, j.URN.Name(), j.Findings)
					}
				}
			}
			if says := p.Mends != ""; says != (edits > 0) || says != (mended > 0) {
				t.Errorf("it says that it mends %q, with %d edits, and %d findings are mended", p.Mends, edits, mended)
			}
		})
	}
}

// mend runs the fixture as the engine does, and asks what Remediate would change once more.
func (f *fixture) mend(t *testing.T, p *policy.Policy, file string) *engine.Run {
	t.Helper()
	ctx := context.Background()
	rules := engine.New(f.policies(t, p), func() time.Time { return today }).In(f.world())
	server := analyzer.NewServer(rules, "0.0.0", func() {})
	if _, err := server.Configure(ctx, wire(t, f.configuration(t, p))); err != nil {
		t.Fatal(err)
	}
	if !f.Analyze {
		if _, err := server.ConfigureStack(ctx, wire(t, f.configureStack())); err != nil {
			t.Fatal(err)
		}
	}
	for _, request := range f.requests(t) {
		again := wire(t, request)
		for _, r := range remediated(t, server, request) {
			again.Properties = r
		}
		if more := remediated(t, server, again); len(more) > 0 {
			t.Errorf("%s: %s is mended twice:\n%s", file, request.Name, gocmp.Diff(again.Properties, more[0], protocmp.Transform()))
		}
		remediated(t, server, request) // which is remembered
		if _, err := server.Analyze(ctx, wire(t, again)); err != nil {
			t.Fatal(err)
		}
	}
	return rules.Run()
}

// remediated are the inputs that Remediate makes of those of a resource, one for each policy.
func remediated(t *testing.T, server *analyzer.Server, request *pulumirpc.AnalyzeRequest) (inputs []*structpb.Struct) {
	t.Helper()
	response, err := server.Remediate(context.Background(), wire(t, request))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range wire(t, response).Remediations {
		inputs = append(inputs, r.Properties)
	}
	return inputs
}
