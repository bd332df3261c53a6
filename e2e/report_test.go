package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"dynamoguard/e2e/internal/harness"
)

// TestReports: where the environment names a folder, or `dynamoguard preview`
// does, a preview and an update each leave reports, also when they are stopped.
func TestReports(t *testing.T) {
	wide := stack(func(p program) {
		p.policy("app", allow("dynamodb:*", ordersARN))
	})
	narrow := stack(func(p program) {
		p.policy("app", allow("dynamodb:GetItem", ordersARN))
	})
	s := harness.NewStack(t, harness.About{"iam-wildcard-action"}, wide)
	folder := t.TempDir()
	s.Sandbox().Env = append(s.Sandbox().Env, "DYNAMOGUARD_REPORT_DIR="+folder)
	told := func(folder, kind string) string {
		text, err := os.ReadFile(filepath.Join(folder, kind, "report.json"))
		if err != nil {
			return "none"
		}
		var r struct {
			Kind     string
			Stacks   []struct{ Ended bool }
			Findings []struct{ Policy string }
		}
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s, ended %v, %d findings", r.Kind, r.Stacks[0].Ended, len(r.Findings))
	}
	for _, c := range []struct {
		name string
		run  func() harness.Result
		want [2]string // of previews, of updates
	}{
		{"preview", s.Plain, [2]string{"preview, ended true, 1 findings", "none"}},
		{"update that is stopped", s.Up, [2]string{"preview, ended true, 1 findings", "update, ended false, 1 findings"}},
		{"update", func() harness.Result { s.Become(narrow); return s.Up() }, [2]string{"preview, ended true, 1 findings", "update, ended true, 0 findings"}},
	} {
		c.run()
		if got := [2]string{told(folder, "preview"), told(folder, "update")}; got != c.want {
			t.Errorf("after the %s: %q, want %q", c.name, got, c.want)
		}
	}
	s.Become(wide)
	foreseen := t.TempDir()
	s.Foresee("--report", foreseen)
	if got := told(foreseen, "preview"); got != "preview, ended true, 1 findings" {
		t.Errorf("after the foreseen preview: %s", got)
	}
}
