package main

import (
	"bytes"
	"fmt"
	"go/format"
	"slices"
	"strings"
)

var tiers = map[string]string{
	"metadata": "TierMetadata", "scoped": "TierScoped", "conditional": "TierConditional", "control": "TierControl",
	"data-read": "TierDataRead", "data-write": "TierDataWrite", "admin": "TierAdmin",
}

// generateManaged renders the table in managed.txt as the Go file managed_gen.go.
func generateManaged(table, catalogueTable string) ([]byte, error) {
	c, err := parseCatalogue(catalogueTable)
	if err != nil {
		return nil, err
	}
	var (
		rows    bytes.Buffer
		sources []string
		last    string
	)
	for number, line := range strings.Split(table, "\n") {
		if line == "" || line[0] == '#' {
			text := strings.TrimPrefix(line, "# ")
			if strings.HasPrefix(text, "source: ") || strings.HasPrefix(text, "date: ") {
				sources = append(sources, text)
			}
			continue
		}
		fields := strings.Split(line, " | ")
		if len(fields) != 5 || tiers[fields[1]] == "" || fields[0] <= last {
			return nil, fmt.Errorf("managed.txt:%d: cannot read %q, or it is not in alphabetical order", number+1, line)
		}
		last = fields[0]
		fmt.Fprintf(&rows, "{Name: %q, Tier: %s", fields[0], tiers[fields[1]])
		for i, name := range []string{"Unscoped", "Conditional", "Scoped"} {
			patterns := strings.Fields(strings.Trim(fields[2+i], "-"))
			holds := func(pattern string, a action) bool {
				prefix, star := strings.CutSuffix(pattern, "*")
				full := a.service + ":" + a.name
				return full == pattern || star && strings.HasPrefix(full, prefix)
			}
			for _, pattern := range patterns {
				if !slices.ContainsFunc(c.actions, func(a action) bool { return holds(pattern, a) }) {
					return nil, fmt.Errorf("managed.txt:%d: unknown action %q", number+1, pattern)
				}
			}
			if len(patterns) > 0 {
				fmt.Fprintf(&rows, ", %s: ActionSet%s", name, set(c.actions, func(a action) bool {
					return slices.ContainsFunc(patterns, func(p string) bool { return holds(p, a) })
				}))
			}
		}
		fmt.Fprintf(&rows, "},\n")
	}
	var out bytes.Buffer
	header(&out, "managed.txt", sources)
	fmt.Fprintf(&out, "// managedPolicies is in the order of the names.\nvar managedPolicies = [...]ManagedPolicy{\n%s}\n", &rows)
	return format.Source(out.Bytes())
}
