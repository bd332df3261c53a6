//go:build attack && linux

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/e2e/internal/harness"
)

// TestAttackPublished previews a violating stack with each of the published forms
// beside an attacker, to whom the language host and the launcher are more
// processes between the engine and the pack. None passes.
func TestAttackPublished(t *testing.T) { apart(t, testAttackPublished) }

func testAttackPublished(t *testing.T) {
	mallory := buildAttacker(t)
	for _, form := range []struct {
		name   string
		folder string
	}{{"source", sourceForm(t)}, {"binary", binaryForm(t, here)}} {
		s := harness.NewStack(t, harness.About{"table-encryption"}, stack(func(p program) { p.table("bills", awsOwnedKey) }),
			harness.Folder(form.folder))
		expected := s.Plain()
		if len(expected.Policy) != 1 || expected.ExitCode == 0 {
			t.Fatalf("without an attacker: exit code %d, %q\n%s", expected.ExitCode, expected.Policy, expected.Output)
		}
		for _, what := range []string{"configure", "leave", "cancel", "hold"} {
			t.Run(form.name+" "+what, func(t *testing.T) {
				attack := begin(t, mallory, what)
				result := s.Plain()
				attack.end()
				if diff := cmp.Diff(expected.Policy, result.Policy); diff != "" || result.ExitCode != expected.ExitCode {
					t.Errorf("exit code %d, want %d (-want +got):\n%s\n%s", result.ExitCode, expected.ExitCode, diff, result.Output)
				}
			})
		}
	}
}
