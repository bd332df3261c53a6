package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	resourceanalyzer "github.com/pulumi/pulumi/pkg/v3/resource/analyzer"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/wire"
)

// TestSchemas gives the engine's own validation the configurations that the
// pack refuses and those that it accepts, by the schemas that the pack hands
// over. Where a schema can say what is wrong, the engine refuses as well, in
// the words that are held here: when a run starts, and when a policy group is
// given the configuration. It refuses nothing that is good.
func TestSchemas(t *testing.T) {
	policies, published := schemas(t)
	for _, file := range []string{"refused", "accepted"} {
		data, err := os.ReadFile(filepath.Join("..", "testdata", "configuration", file+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			var row struct {
				Config json.RawMessage
				Engine string // what the engine says
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(path, row.Config, 0o600); err != nil {
				t.Fatal(err)
			}
			run, enable := validate(t, path, policies, published)
			if run != row.Engine {
				t.Errorf("%s\n got %s\nwant %s", row.Config, run, row.Engine)
			}
			if (enable == nil) != (row.Engine == "") {
				t.Errorf("%s is enabled with %v, and a run says %q", row.Config, enable, row.Engine)
			}
		}
	}
}

// schemas returns what the engine learns of the pack, and what Cloud does.
func schemas(t *testing.T) (policies []plugin.AnalyzerPolicyInfo, published map[string]apitype.PolicyConfigSchema) {
	t.Helper()
	info, err := wire.Start(t, harness.Pack(t), wire.Engine(t)).GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	published = map[string]apitype.PolicyConfigSchema{}
	for _, p := range info.GetPolicies() {
		schema := plugin.AnalyzerPolicyConfigSchema{
			Properties: map[string]plugin.JSONSchema{}, Required: p.GetConfigSchema().GetRequired(),
		}
		cloud := apitype.PolicyConfigSchema{Type: apitype.Object, Properties: map[string]*json.RawMessage{}, Required: schema.Required}
		for name, property := range p.GetConfigSchema().GetProperties().AsMap() {
			schema.Properties[name] = property.(map[string]any)
			encoded, err := json.Marshal(property)
			if err != nil {
				t.Fatal(err)
			}
			cloud.Properties[name] = (*json.RawMessage)(&encoded)
		}
		policies = append(policies, plugin.AnalyzerPolicyInfo{
			Name: p.GetName(), EnforcementLevel: apitype.Mandatory, ConfigSchema: &schema,
		})
		published[p.GetName()] = cloud
	}
	return policies, published
}

// validate returns what the engine says of a file when a run starts, and what
// `pulumi policy enable` and `validate-config` do.
func validate(
	t *testing.T, path string, policies []plugin.AnalyzerPolicyInfo, published map[string]apitype.PolicyConfigSchema,
) (run string, enable error) {
	t.Helper()
	given, err := resourceanalyzer.LoadPolicyPackConfigFromFile(path)
	if err != nil {
		return err.Error(), err
	}
	enabled := map[string]*json.RawMessage{}
	for name, c := range given {
		encoded, err := json.Marshal(c.Properties)
		if err != nil {
			t.Fatal(err)
		}
		if c.Properties != nil {
			enabled[name] = (*json.RawMessage)(&encoded)
		}
	}
	_, mistakes, err := resourceanalyzer.ReconcilePolicyPackConfig(policies, nil, given)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(mistakes)
	return strings.Join(mistakes, "; "), resourceanalyzer.ValidatePolicyPackConfig(published, enabled)
}
