package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"dynamoguard/e2e/internal/harness"
)

// TestRecipes copies the recipes of docs/ci.md: each is YAML, and the command that
// it runs as its gate stops a stack that a plain preview passes.
func TestRecipes(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	recipes := strings.Split(string(page), "```yaml\n")[1:]
	if len(recipes) != 2 {
		t.Fatalf("docs/ci.md has %d recipes", len(recipes))
	}
	s := harness.NewYAML(t, documentPolicies, "testdata/half")
	bin := filepath.Join(s.Sandbox().Dir(), "project", ".dynamoguard", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(harness.Pack(t), filepath.Join(bin, "pulumi-analyzer-dynamoguard")); err != nil {
		t.Fatal(err)
	}
	for _, recipe := range recipes {
		recipe, _, _ = strings.Cut(recipe, "```")
		var parsed any
		if err := yaml.Unmarshal([]byte(recipe), &parsed); err != nil {
			t.Errorf("%v:\n%s", err, recipe)
			continue
		}
		gates := scripts(parsed, " preview ")
		if len(gates) != 1 {
			t.Errorf("the recipe has the gates %q:\n%s", gates, recipe)
			continue
		}
		command := s.Sandbox().Command(t.Context(), "sh", "-c", gates[0])
		command.Env = append(command.Env, "PULUMI_STACK=dev")
		output, _ := command.CombinedOutput()
		const violation = `inlinePolicies[0].policy.Statement[0].Action "dynamodb:*" grants 57 DynamoDB actions`
		if code := command.ProcessState.ExitCode(); code == 0 || !strings.Contains(string(output), violation) {
			t.Errorf("%s: exit code %d:\n%s", gates[0], code, output)
		}
	}
}

// scripts returns the texts of a YAML value that hold a text.
func scripts(value any, text string) (all []string) {
	switch value := value.(type) {
	case string:
		if strings.Contains(value, text) {
			all = append(all, value)
		}
	case []any:
		for _, v := range value {
			all = append(all, scripts(v, text)...)
		}
	case map[string]any:
		for _, v := range value {
			all = append(all, scripts(v, text)...)
		}
	}
	return all
}
