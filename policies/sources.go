package policies

import (
	"fmt"

	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// addOldest adds a source, or the time of which it tells to one of the same name, if that tells of later.
func addOldest(sources []*tables.Source, s *tables.Source) []*tables.Source {
	if s == nil {
		return sources
	}
	for i, known := range sources {
		if known.Name == s.Name {
			if s.At.Before(known.At) {
				sources[i] = s
			}
			return sources
		}
	}
	return append(sources, s)
}

// by says in brackets by what sources, and of when, the tables of other stacks are known.
func by(sources ...*tables.Source) string {
	var said []string
	for _, s := range sources {
		if s != nil {
			said = append(said, s.String())
		}
	}
	if len(said) == 0 {
		return ""
	}
	return fmt.Sprintf(" (by %s)", text.And(said))
}
