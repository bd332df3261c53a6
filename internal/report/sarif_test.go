package report_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/report"
)

// TestSARIFSchema validates SARIF by its schema, which is OASIS's own:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json
func TestSARIFSchema(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	valid := func(sarif string) []string {
		var value any
		if err := json.Unmarshal([]byte(sarif), &value); err != nil {
			t.Fatal(err)
		}
		return violations(root, root, value, "sarif")
	}
	for name, r := range map[string]*report.Report{"everything": everything(t), "hostile": everywhere(t, hostile), "nothing": {}} {
		for _, sources := range []report.Sources{nil, {"": "."}} {
			for _, v := range valid(as(t, "sarif", r, report.Options{Sources: sources})) {
				t.Errorf("%s: %s", name, v)
			}
		}
	}
	// What GitHub demands besides: one result that is in no file, and it refuses the whole upload ("expected a physical location").
	var log struct {
		Runs []struct {
			Results []struct {
				Locations []struct {
					PhysicalLocation *struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(as(t, "sarif", everything(t), report.Options{})), &log); err != nil {
		t.Fatal(err)
	}
	places := map[string]int{}
	for _, result := range log.Runs[0].Results {
		if at := result.Locations[0].PhysicalLocation; at != nil {
			places[fmt.Sprintf("%s:%d", at.ArtifactLocation.URI, at.Region.StartLine)]++
		}
	}
	// Without --sources the project is at the root, which has no ../lib.
	if want := map[string]int{"index.ts:12": 2, "Pulumi.yaml:1": 5}; !maps.Equal(places, want) {
		t.Errorf("results are at %v, not %v", places, want)
	}
	// What the validation is worth.
	good := as(t, "sarif", everything(t), report.Options{Sources: report.Sources{"": "."}})
	for _, change := range [][3]string{
		{`"version": "2.1.0"`, `"version": "2.2.0"`, "sarif.version is 2.2.0"},
		{`"level": "error"`, `"level": "fatal"`, "is fatal"},
		{`"startLine": 12`, `"startLine": 0`, "is less than 1"},
		{`"startLine": 12`, `"startLine": "12"`, "is no integer"},
		{`"ruleId": "first",`, `"rules": "first",`, "has a rules"},
		{`"ruleIndex": 0`, `"ruleIndex": -2`, "is less than -1"},
		{`"id": "CC6.1"`, `"ident": "CC6.1"`, "has a ident"},
		{`"columnKind": "unicodeCodePoints"`, `"columnKind": "bytes"`, "is bytes"},
	} {
		if got := valid(strings.Replace(good, change[0], change[1], 1)); !strings.Contains(strings.Join(got, "\n"), change[2]) {
			t.Errorf("%s is valid but for %q", change[1], got)
		}
	}
}

// TestSARIFHelp: the help of a rule has the code of its policy's description as code, and a pattern as it is.
func TestSARIFHelp(t *testing.T) {
	r := everything(t)
	r.Policies[0].Description, r.Policies[0].Remediation = "`dynamodb:*` is too much, List* is not", "List `dynamodb:GetItem`"
	const want = `"markdown": "` + "`dynamodb:*` is too much, List\\\\* is not\\n\\n**Instead:** List `dynamodb:GetItem`\\n\\nSOC 2: "
	if got := as(t, "sarif", r, report.Options{}); !strings.Contains(got, want) {
		t.Errorf("no %s in\n%.3000s", want, got)
	}
}

// violations validates a value by JSON Schema, draft 4, as far as the schema of SARIF goes; another keyword is a violation too.
func violations(root, schema map[string]any, value any, at string) (list []string) {
	add := func(format string, args ...any) { list = append(list, at+" "+fmt.Sprintf(format, args...)) }
	object, _ := value.(map[string]any)
	array, _ := value.([]any)
	properties, _ := schema["properties"].(map[string]any)
	for keyword, of := range schema {
		switch keyword {
		case "$schema", "id", "title", "description", "default", "definitions", "format":
		case "$ref":
			list = append(list, violations(root, resolve(root, of.(string)), value, at)...)
		case "type":
			types, ok := of.([]any)
			if !ok {
				types = []any{of}
			}
			if !slices.ContainsFunc(types, func(t any) bool { return isOf(value, t.(string)) }) {
				add("is no %v", of)
			}
		case "enum":
			if !slices.Contains(of.([]any), value) {
				add("is %v", value)
			}
		case "minimum":
			if n, ok := value.(float64); ok && n < of.(float64) {
				add("is less than %v", of)
			}
		case "maximum":
			if n, ok := value.(float64); ok && n > of.(float64) {
				add("is more than %v", of)
			}
		case "pattern":
			if s, ok := value.(string); ok && !regexp.MustCompile(of.(string)).MatchString(s) {
				add("does not match %v", of)
			}
		case "minItems":
			if array != nil && float64(len(array)) < of.(float64) {
				add("has less than %v items", of)
			}
		case "uniqueItems":
			seen := map[string]bool{}
			for _, item := range array {
				text, _ := json.Marshal(item)
				if of.(bool) && seen[string(text)] {
					add("has %s twice", text)
				}
				seen[string(text)] = true
			}
		case "items":
			for i, item := range array {
				list = append(list, violations(root, of.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "required":
			for _, name := range of.([]any) {
				if _, ok := object[name.(string)]; object != nil && !ok {
					add("has no %s", name)
				}
			}
		case "properties":
			for name, property := range properties {
				if member, ok := object[name]; ok {
					list = append(list, violations(root, property.(map[string]any), member, at+"."+name)...)
				}
			}
		case "additionalProperties":
			for name, member := range object {
				switch additional := of.(type) {
				case bool:
					if _, ok := properties[name]; !ok && !additional {
						add("has a %s", name)
					}
				case map[string]any:
					if _, ok := properties[name]; !ok {
						list = append(list, violations(root, additional, member, at+"."+name)...)
					}
				}
			}
		case "anyOf", "oneOf":
			holding := 0
			for _, one := range of.([]any) {
				if len(violations(root, one.(map[string]any), value, at)) == 0 {
					holding++
				}
			}
			if holding == 0 || keyword == "oneOf" && holding > 1 {
				add("is %s %d", keyword, holding)
			}
		default:
			add("has a schema with %s, which this test does not know", keyword)
		}
	}
	return list
}

func resolve(root map[string]any, reference string) map[string]any {
	at := root
	for _, name := range strings.Split(strings.TrimPrefix(reference, "#/"), "/") {
		at = at[name].(map[string]any)
	}
	return at
}

func isOf(value any, kind string) bool {
	switch v := value.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	default:
		return kind == "object"
	}
}
