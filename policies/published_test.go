package policies_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"dynamoguard/internal/policy"
)

// A publishedCase is an example of AWS's documentation, in a stack that has it, with the policies that are to find something
// in it and what in AWS's own documentation warns of that.
type publishedCase struct {
	fixture `yaml:",inline"`
	Page    string            `yaml:"page"`
	Shows   string            `yaml:"shows"`
	Expect  map[string]string `yaml:"expect"`
}

// TestPublished judges what AWS's own documentation shows: whatever is found there, the documentation warns of.
func TestPublished(t *testing.T) {
	files, err := filepath.Glob("../testdata/published/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var c publishedCase
			decode(t, file, &c)
			found := map[string][]string{}
			for _, d := range c.diagnostics(t) {
				if d.PolicyName != policy.PackPolicy {
					found[d.PolicyName] = append(found[d.PolicyName], d.Message)
				}
			}
			want := slices.Sorted(maps.Keys(c.Expect))
			if diff := gocmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
				t.Errorf("(-want +got):\n%s\nmessages: %q", diff, found)
			}
		})
	}
}
