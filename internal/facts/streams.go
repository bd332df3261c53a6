package facts

import "dynamoguard/internal/resource"

// StreamingReads returns the types that send the changes of tables elsewhere, and the patterns of the properties that say of which.
func StreamingReads() map[string][]string {
	return map[string][]string{StreamingDestination: {"tableName"}, Table: {"arn", "name"}}
}

// Streamed returns the declared tables whose changes go to a Kinesis data stream, and the places that may name others and are not
// known yet.
func (g *Graph) Streamed() (tables map[resource.URN]bool, unknown []Place) {
	tables = map[resource.URN]bool{}
	for _, r := range g.Resources {
		if r.Type != StreamingDestination {
			continue
		}
		targets, missing := g.Resolve(r, Reference{"tableName", KindTable}, new(resource.Log))
		if missing {
			unknown = append(unknown, Place{r.URN, "tableName"})
		}
		for _, t := range targets {
			if t.Declared != nil {
				tables[t.Declared.URN] = true
			}
		}
	}
	return tables, unknown
}
