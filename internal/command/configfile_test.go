package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dynamoguard/policies"
)

// TestConfigurations holds what is wrong with each configuration that is refused, in the words of doctor and, but for what the CLI
// itself refuses, of a run; and those that must stay good. What the engine says of the same ones is held in e2e.
func TestConfigurations(t *testing.T) {
	for _, name := range []string{"refused", "accepted"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "configuration", name+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			var row struct {
				Config json.RawMessage
				Words  string
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(path, row.Config, 0o600); err != nil {
				t.Fatal(err)
			}
			got := ""
			if _, _, _, err := inForce(t.Context(), path, policies.All()); err != nil {
				got = strings.ReplaceAll(err.Error(), path, "FILE")
				got = strings.TrimPrefix(got, "dynamoguard cannot use its configuration:\n  ")
			}
			if got != row.Words || (got == "") != (name == "accepted") {
				t.Errorf("%s is %s\n got %s\nwant %s", row.Config, name, got, row.Words)
			}
		}
	}
}

// indices are places in lists.
var indices = regexp.MustCompile(`\[\d+\]`)

// TestSettingsRefused fails on a setting of which no bad value is refused, by its path. What is said of each, TestConfigurations holds.
func TestSettingsRefused(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "configuration", "refused.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	for line := range strings.Lines(string(data)) {
		var row struct{ Words string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		refused = append(refused, indices.ReplaceAllString(row.Words, "[]"))
	}
	for _, p := range policies.All() {
		for setting := range p.Settings {
			path := p.Name + "." + setting
			bad := func(words string) bool {
				rest, ok := strings.CutPrefix(strings.Replace(words, path+"[]", path, 1), path+" ")
				return ok && !strings.HasPrefix(rest, "is not a property")
			}
			if !slices.ContainsFunc(refused, bad) {
				t.Errorf("no bad value of %s is refused", path)
			}
		}
	}
}

// TestConfigurationFile reads files as the CLI does, and says what it loses.
func TestConfigurationFile(t *testing.T) {

	for _, c := range []struct{ name, text, want string }{
		{"blank", " \n", ""},
		{"level", `{"table-encryption": "advisory"}`, ""},
		{"names of others", `{"s3": "mandatory", "line\nbreak": "advisory"}`,
			`names that no policy of this version has are left out: line\u000abreak, s3`},
		{"two spellings", `{"table-encryption": "advisory", "dynamoguard:table-encryption": "disabled"}`,
			"policies are configured by two names, of which the plain one counts; left out: dynamoguard:table-encryption"},
		{"version 2",
			`{"version": 2, "environments": ["acme/policy"], "policies": {"table-encryption": "advisory"}, "exceptions": {
				"EXC-1": {"reason": "moves", "match": [{"policies": ["table-encryption", "table-x"], "targets": ["urn:pulumi:dev::shop::t::n"]}]}}}`,
			"not known here is what comes from the environments acme/policy\n" +
				"exceptions are for names that no policy of this version has: table-x"},
		{"version 2 without policies", `{"version": 2}`, ""},
		{"environments", `{"environments": ["a", "b"]}`,
			"not known here is what comes from the environments a, b"},

		{"another version", `{"version": 3}`, "FILE: version must be 2"},
		{"version as a name", `{"version": "2"}`, `FILE: version "2" is not one of advisory, mandatory, remediate, disabled`},
		{"policies that are none", `{"version": 2, "policies": []}`, "FILE: policies is not an object"},
		{"environments that are none", `{"environments": ["a", 1]}`, "FILE: environments is not a list of strings"},
		{"environments that are no list", `{"environments": "a"}`, "FILE: environments is not a list of strings"},
		{"a name twice", `{"all": "advisory", "table-encryption": {}, "all": "disabled"}`, "FILE: all is there twice"},
		{"a property twice", `{"dynamoguard": {"accounts": [{}, {"stacks": "a/b", "account": "1", "stacks": "c/d"}]}}`,
			"FILE: dynamoguard.accounts[1].stacks is there twice"},
		{"YAML", "table-encryption: advisory\n", "FILE, line 1: it is not JSON: invalid character 'a' in literal true (expecting 'r')"},
		{"a comma too many", "{\n  \"all\": \"advisory\",\n}",
			"FILE, line 3: it is not JSON: invalid character '}' looking for beginning of object key string"},
		{"cut off", "{\n  \"all\":", "FILE, line 2: it is not JSON: unexpected end of JSON input"},
		{"no object", `["all"]`, "FILE is not a JSON object"},
		{"null", `null`, ""},
		{"too large", `{"all": "advisory"}` + strings.Repeat(" ", mostConfiguration), "open FILE: is larger than 4 MB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, remarks, err := inForce(t.Context(), path, policies.All())
			got := strings.Join(remarks, "\n")
			if err != nil {
				got = err.Error()
			}
			if got = strings.ReplaceAll(got, path, "FILE"); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
	folder := t.TempDir()
	if _, _, _, err := inForce(t.Context(), folder, nil); fmt.Sprint(err) != "open "+folder+": is a directory" {
		t.Errorf("a folder: %v", err)
	}
}

// TestConfigurationOfAll has the levels that the engine resolves: those of "all" where a policy has none of its own.
func TestConfigurationOfAll(t *testing.T) {
	hash := func(text string) string {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, _, _, err := inForce(t.Context(), path, policies.All())
		if err != nil {
			t.Fatal(err)
		}
		return c.Hash()
	}
	each := map[string]any{}
	for _, p := range policies.All() {
		each[p.Name] = "advisory"
	}
	each["table-encryption"] = map[string]any{"minimumKey": "customer", "enforcementLevel": "advisory"}
	written, err := json.Marshal(each)
	if err != nil {
		t.Fatal(err)
	}
	if all := `{"table-encryption": {"minimumKey": "customer"}, "all": "advisory"}`; hash(all) != hash(string(written)) {
		t.Errorf("%s is not %s", all, written)
	}
	if hash(`{"all": "disabled"}`) == hash(`{}`) {
		t.Error("all changes nothing")
	}
}
