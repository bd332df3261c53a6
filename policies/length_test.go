package policies_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/policies"
)

// TestLength: what states, profiles and programs say does not make a message long, or one that controls a terminal.
func TestLength(t *testing.T) {
	const long = 1 << 20
	hostile := "\x1b[2J" + strings.Repeat("a", long)
	f := &fixture{
		Name: "pr-7",
		AWS:  map[string]string{"AWS_PROFILE": hostile},
		Others: []fixtureTable{
			{Stack: hostile + "/prod", Account: "111122223333", Region: "us-east-1", Name: "orders"},
			{Stack: "bank/prod", Account: "111122223333", Region: "us-east-1", Name: hostile},
		},
	}
	text := fmt.Sprintf(`
- {name: table, type: "aws:dynamodb/table:Table", provider: p, providerInputs: {region: us-east-1}, inputs: {name: orders}}
- {name: hostile, type: "aws:dynamodb/table:Table", provider: p, inputs: {name: %q}}
- name: grant
  type: aws:iam/policy:Policy
  provider: p
  inputs: {policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/*"}]}'}
`, hostile)
	if err := yaml.Unmarshal([]byte(text), &f.Resources); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	server := analyzer.NewServer(engine.New(policies.All(), func() time.Time { return today }).In(f.world()), "0.0.0", func() {})
	if _, err := server.ConfigureStack(ctx, f.configureStack()); err != nil {
		t.Fatal(err)
	}
	about := []string{policies.TableNameCollision.Name, policies.IAMCrossEnvironmentGrant.Name}
	found := map[string]int{}
	for _, request := range f.requests(t) {
		response, err := server.Analyze(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range about {
			for _, message := range said(t, response, name).Diagnostics {
				found[name]++
				if len(message) > 4096 || strings.ContainsFunc(message, unicode.IsControl) {
					t.Errorf("%s: %d bytes: %.300q", name, len(message), message)
				}
			}
		}
	}
	if found[about[0]] != 2 || found[about[1]] != 1 {
		t.Errorf("findings: %v", found)
	}
}
