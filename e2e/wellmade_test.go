package e2e

import (
	"strings"
	"testing"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/policies"
)

// TestWellMade has nothing to say of a stack that is as its makers would wish
// every stack to be, with all policies at their default levels: before it is
// there, while it comes to be and after.
func TestWellMade(t *testing.T) {
	t.Parallel()
	var everything harness.About
	for _, p := range policies.All() {
		everything = append(everything, p.Name)
	}
	s := harness.NewYAML(t, everything, "testdata/wellmade")
	foreseen := s.Foresee()
	check(t, "foreseen preview", foreseen, passes())
	const judged = "dynamoguard: 7 of 7 policy documents judged; "
	if !strings.Contains(foreseen.Stderr, judged) {
		t.Errorf("want %q\n%s", judged, foreseen.Stderr)
	}
	up := s.Up()
	if len(up.Created) != 42 {
		t.Errorf("%d resources were created: %q", len(up.Created), up.Created)
	}
	up.Created = nil
	check(t, "up", up, passes())
	check(t, "preview of what is there", s.Foresee(), passes())
}
