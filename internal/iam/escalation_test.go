package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// escalationCases are worked cases. The page decides each.
type escalationCases struct {
	Cases []struct {
		ID      string `yaml:"id"`
		Why     string `yaml:"why"`
		Page    string `yaml:"page"`
		Version string `yaml:"version"`
		Holder  *struct {
			Type    string `yaml:"type"`
			Name    string `yaml:"name"`
			Managed bool   `yaml:"managed"`
			Bounded bool   `yaml:"bounded"`
		} `yaml:"holder"` // the role app where it is absent
		Identity [][]map[string]any `yaml:"identity"`
		Boundary [][]map[string]any `yaml:"boundary"`
		Want     []string           `yaml:"want"`
	} `yaml:"cases"`
}

// TestEscalations works the cases of testdata/iam/escalation.
func TestEscalations(t *testing.T) {
	data, err := os.ReadFile("../../testdata/iam/escalation/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if n := len(escalationActions()); n > 64 {
		t.Fatalf("%d actions in a set of 64", n)
	}
	var all escalationCases
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all.Cases {
		t.Run(c.ID, func(t *testing.T) {
			if !strings.HasPrefix(c.Page, "https://") {
				t.Errorf("no page decides it")
			}
			holder := EscalationHolder{Type: "role", Name: "app"}
			if c.Holder != nil {
				holder = EscalationHolder(*c.Holder)
			}
			documents := func(list [][]map[string]any) (parsed []*Document) {
				for _, statements := range list {
					for _, st := range statements {
						if st["Effect"] == nil {
							st["Effect"] = "Allow"
						}
					}
					text, err := json.Marshal(map[string]any{"Version": either(c.Version, "2012-10-17"), "Statement": statements})
					if err != nil {
						t.Fatal(err)
					}
					parsed = append(parsed, Parse(string(text), Identity))
				}
				return parsed
			}
			var got []string
			for _, f := range Escalations(documents(c.Identity), documents(c.Boundary), holder, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
				got = append(got, saidOf(f))
			}
			if !slices.Equal(got, c.Want) {
				t.Errorf("%s:\n got %q\nwant %q", c.Why, got, c.Want)
			}
		})
	}
}

// saidOf is a finding in the words of the cases.
func saidOf(f EscalationFinding) string {
	var ways, elements []string
	for _, w := range f.Ways {
		gain := [...]string{"policies", "document", "version", "boundary", "membership", "credentials", "trust", "code"}[w.Gain]
		if w.Own {
			gain = "own " + gain
		}
		ways = append(ways, gain+" "+strings.Join(append([]string{w.Action}, w.With...), "+"))
	}
	for _, e := range f.Elements {
		elements = append(elements, e.Text)
	}
	certain := ""
	if f.Certain {
		certain = " certain"
	}
	return fmt.Sprintf("%d.%d%s: %s on %s", f.Document, f.Statement, certain, strings.Join(ways, ", "), strings.Join(elements, " "))
}
