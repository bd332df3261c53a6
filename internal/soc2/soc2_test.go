package soc2

import (
	"regexp"
	"testing"
)

// TestCriteria: identifiers are those of the Trust Services Criteria (scanners have invented some that are not, CC8.2
// among them), each once, with a summary.
func TestCriteria(t *testing.T) {
	exists := regexp.MustCompile(`^(CC1\.[1-5]|CC2\.[1-3]|CC3\.[1-4]|CC4\.[12]|CC5\.[1-3]|CC6\.[1-8]|CC7\.[1-5]|CC8\.1|CC9\.[12]|A1\.[1-3]|C1\.[12]|PI1\.[1-5]|P[1-8]\.[0-9])$`)
	seen := map[ID]bool{}
	for _, c := range Criteria {
		if !exists.MatchString(string(c.ID)) || c.Summary == "" || seen[c.ID] {
			t.Errorf("%+v", c)
		}
		seen[c.ID] = true
		if found, ok := Lookup(c.ID); !ok || found != c {
			t.Errorf("%s is not found", c.ID)
		}
	}
	if _, ok := Lookup("CC8.2"); ok {
		t.Error("CC8.2 is found, and does not exist")
	}
	if got := Join([]ID{"CC6.1", "A1.2"}); got != "CC6.1, A1.2" {
		t.Error(got)
	}
}
