package text

import (
	"fmt"
	"strings"
)

// List joins the parts of an enumeration, no more of them than anybody reads.
func List(parts []string, separator string) string {
	const most = 20
	if len(parts) > most {
		parts = append(parts[:most:most], fmt.Sprintf("and %d more", len(parts)-most))
	}
	return strings.Join(parts, separator)
}

// And joins the parts of an enumeration as a sentence does: a, b and c.
func And(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// Count is a number of things: 1 policy, 2 policies.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
