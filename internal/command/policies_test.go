package command

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/handbook"
)

// TestPolicies: each golden file is all that a person sees.
func TestPolicies(t *testing.T) {
	for golden, args := range map[string][]string{
		"policies.txt":             nil,
		"policies.md":              {"--markdown"},
		"policies-encryption.txt":  {"table-encryption"},
		"policies-encryption.md":   {"table-encryption", "--markdown"},
		"policies-encryption.json": {"--json", "table-encryption"},
		"policies-misspelt.txt":    {"table-encrypton"},
		"policies-unlike.txt":      {"s3-bucket-public-access"},
		"policies-two-formats.txt": {"--json", "--markdown"},
		"policies-two-names.txt":   {"table-encryption", "table-capacity"},
	} {
		p := aProgram(t, nil)
		compare(t, golden, p.outcome(t.Context(), policiesCommand(p), args...))
	}
}

// TestPoliciesJSON: the list in JSON has all that there is to say of each policy, in the order in which they are listed.
func TestPoliciesJSON(t *testing.T) {
	p := aProgram(t, nil)
	var got []handbook.Entry
	if err := json.Unmarshal([]byte(p.outcome(t.Context(), policiesCommand(p), "--json")), &got); err != nil {
		t.Fatal(err)
	}
	var want []handbook.Entry
	for _, known := range p.policies {
		want = append(want, handbook.Of(known))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
