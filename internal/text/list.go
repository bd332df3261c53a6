package text

import (
	"fmt"
	"strings"
)

// List joins the parts of an enumeration, no more of them than anybody reads.
func List(parts []string, separator string) string {
	return ListOf(parts, separator, func(part string) string { return part })
}

// ListOf is List of what write makes of the parts.
func ListOf[T any](parts []T, separator string, write func(T) string) string {
	const most = 20
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString(separator)
		}
		if i == most {
			fmt.Fprintf(&b, "and %d more", len(parts)-most)
			break
		}
		b.WriteString(write(part))
	}
	return b.String()
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
