package policies_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/policies"
)

var update = flag.Bool("update", false, "write the generated documentation")

func TestValidate(t *testing.T) {
	if err := policy.Validate(policies.All()); err != nil {
		t.Fatal(err)
	}
}

// TestDocs holds the documentation to the policies' own descriptions.
func TestDocs(t *testing.T) {
	hold(t, "README.md", func(string) string { return page() })
	hold(t, "../README.md", func(current string) string {
		return between(t, current, "<!-- policies: generated -->\n", "<!-- end of policies -->", table("policies/README.md"))
	})
	hold(t, "../docs/soc2.md", func(string) string { return soc2Page() })
	hold(t, "../docs/parity.md", func(string) string { return parityPage() })
	hold(t, "../README.md", func(current string) string {
		return between(t, current, "<!-- left out: generated -->\n", "<!-- end of left out -->", leftOutParagraph())
	})
}

// between replaces what stands between two marks of a page.
func between(t *testing.T, page, begin, end, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("there is no %q and %q", begin, end)
	}
	return before + begin + text + end + after
}

func hold(t *testing.T, file string, want func(current string) string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	current := string(data)
	if *update {
		if err := os.WriteFile(file, []byte(want(current)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want(current), current); diff != "" {
		t.Errorf("%s is not what the policies say; run go test ./policies -run TestDocs -update\n%s", file, diff)
	}
}

func table(link string) string {
	var b strings.Builder
	b.WriteString("| Policy | Severity | Default | SOC 2 | Holds where |\n|---|---|---|---|---|\n")
	for _, p := range policies.All() {
		fmt.Fprintf(&b, "| [%s](%s#%s) | %s | %s | %s | %s |\n",
			p.Name, link, p.Name, p.Severity, p.Level, criteria(p), p.Title)
	}
	return b.String()
}

func criteria(p *policy.Policy) string {
	if len(p.Criteria) == 0 {
		return "none"
	}
	return soc2.Join(p.Criteria)
}

// page documents every policy.
func page() string {
	var b strings.Builder
	b.WriteString("# Policies\n\nGenerated from the policies themselves: `go test ./policies -run TestDocs -update`.\n\n" +
		"A property that came with a later version of the AWS provider than 6 says since which.\n\n")
	b.WriteString(table(""))
	for _, p := range policies.All() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n%s\n\n", p.Name, p.Title, p.Description())
		fmt.Fprintf(&b, "**What to do:** %s\n\n", p.Remediation)
		if p.Mends != "" {
			fmt.Fprintf(&b, "**At level remediate:** %s\n\n", p.Mending())
		}
		fmt.Fprintf(&b, "Severity %s, %s by default. SOC 2: %s. [Background](%s).\n", p.Severity, p.Level, criteria(p), p.URL)
		fmt.Fprintf(&b, "\nViolates it:\n\n```yaml\n%s\n```\n\nDoes not:\n\n```yaml\n%s\n```\n", strings.TrimSpace(p.Before), strings.TrimSpace(p.After))
		if len(p.Reads) > 0 {
			b.WriteString("\n| Resource | Properties |\n|---|---|\n")
			for _, typ := range slices.Sorted(maps.Keys(p.Reads)) {
				if reads := p.Reads[typ]; len(reads) > 0 {
					fmt.Fprintf(&b, "| `%s` | %s |\n", typ, readList(typ, reads))
				}
			}
		}
		writeSettings(&b, p)
	}
	b.WriteString("\n## Criteria\n\nIdentifiers are those of the " + soc2.Version + "; the summaries are ours.\n\n| SOC 2 | Summary | Policies |\n|---|---|---|\n")
	for _, c := range soc2.Criteria {
		var names []string
		for _, p := range policies.All() {
			if slices.Contains(p.Criteria, c.ID) {
				names = append(names, p.Name)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, c.Summary, strings.Join(names, ", "))
		}
	}
	return b.String()
}

// readList writes the properties that are read of a type, each with the version of the provider it came with.
func readList(typ string, reads []string) string {
	parts := make([]string, len(reads))
	for i, pattern := range reads {
		parts[i] = "`" + pattern + "`"
		if since := facts.Since(typ, pattern); since > 0 {
			parts[i] += fmt.Sprintf(" (since %d)", since)
		}
	}
	return strings.Join(parts, ", ")
}

// writeSettings documents the settings of a policy; those that every policy has stand with the pack's own.
func writeSettings(b *strings.Builder, p *policy.Policy) {
	schema := p.Schema()
	if p.Name != policy.PackPolicy {
		delete(schema, "exemptions")
		delete(schema, "unknown")
	}
	if len(schema) == 0 {
		return
	}
	b.WriteString("\n| Setting | Type | Default | Meaning |\n|---|---|---|---|\n")
	writeProperties(b, "", schema)
}

// writeProperties writes a row for each property, and for those within it.
func writeProperties(b *strings.Builder, above string, schema map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		s := schema[name].(map[string]any)
		def := ""
		if d, ok := s["default"]; ok {
			def = fmt.Sprintf("`%v`", d)
		} else if above == "" {
			def = "none"
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", above, name, s["type"], def, s["description"])
		if members, ok := s["properties"].(map[string]any); ok {
			writeProperties(b, above+name+".", members)
		}
		if items, ok := s["items"].(map[string]any); ok && items["properties"] != nil {
			writeProperties(b, above+name+"[].", items["properties"].(map[string]any))
		}
	}
}
