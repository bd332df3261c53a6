package policies_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/plugin"
	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

// indices are places in lists.
var indices = regexp.MustCompile(`\[\d+\]`)

// TestSettingsDecide fails on a setting that decides nothing in any fixture of its policy: without it, a stack must be judged otherwise.
func TestSettingsDecide(t *testing.T) {
	for _, p := range policies.All() {
		if p.Name == policy.PackPolicy {
			continue // its settings are of all policies, and decide in the fixtures of those
		}
		all := fixtures(t, p.Name)
		for setting := range p.Settings {
			decides := func(f *fixture) bool {
				without := *f
				if !drop(copied(t, f.Config, &without.Config), setting, false) {
					return false
				}
				got, ok := without.foundBy(t, p)
				if !ok { // what it belongs to needs it
					drop(copied(t, f.Config, &without.Config), setting, true)
					got, _ = without.foundBy(t, p)
				}
				want, _ := f.foundBy(t, p)
				return !slices.Equal(got, want)
			}
			if !slices.ContainsFunc(slices.Collect(maps.Values(all)), decides) {
				t.Errorf("no fixture of %s is judged otherwise without its setting %s", p.Name, setting)
			}
		}
	}
}

// foundBy is what a policy finds wrong in a fixture, wherever in lists that is said, and whether the configuration is good.
func (f *fixture) foundBy(t *testing.T, p *policy.Policy) (found []string, ok bool) {
	t.Helper()
	configured := f.configuration(t, p).PolicyConfig
	given := map[string]policy.Given{}
	for name, c := range configured {
		given[name] = policy.Given{Level: policy.Mandatory, Properties: plugin.DecodeProperties(c.Properties)}
	}
	if _, err := policy.Configure(policies.All(), given); err != nil {
		return nil, false
	}
	for _, d := range f.diagnostics(t, configured) {
		if d.PolicyName == p.Name {
			for line := range strings.Lines(d.Message) {
				wrong, _, _ := strings.Cut(indices.ReplaceAllString(line, "[]"), "; ")
				found = append(found, d.EnforcementLevel.String()+": "+wrong)
			}
		}
	}
	return found, true
}

// copied copies a configuration, to be changed.
func copied(t *testing.T, config map[string]any, into *map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	*into = nil
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
	return *into
}

// drop takes a setting, such as limits[].roles, out of a configuration, or whole the elements that have it, and reports whether it was
// there.
func drop(properties map[string]any, setting string, whole bool) (dropped bool) {
	list, name, nested := strings.Cut(setting, "[].")
	if !nested {
		_, dropped = properties[setting]
		delete(properties, setting)
		return dropped
	}
	elements, _ := properties[list].([]any)
	var left []any
	for _, e := range elements {
		if !drop(e.(map[string]any), name, whole) {
			left = append(left, e)
			continue
		}
		dropped = true
	}
	if whole {
		properties[list] = left
	}
	return dropped
}
