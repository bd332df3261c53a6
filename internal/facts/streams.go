package facts

import (
	"slices"

	"dynamoguard/internal/resource"
)

// StreamReads returns the types that have a change stream, and those that send the changes of tables elsewhere, with the patterns of
// the properties that say so.
func StreamReads() map[string][]string {
	reads := map[string][]string{StreamingDestination: {"tableName"}}
	for typ, s := range shapes {
		if s.table[Stream] == "" {
			continue
		}
		for _, path := range []string{s.table[Stream], s.destination()} {
			if path != "" {
				reads[typ] = append(reads[typ], resource.Patterns(path)...)
			}
		}
	}
	return joined(reads, kindReads(KindTable))
}

// destination is the pattern of the property with the Kinesis data stream that a table, or each copy, itself names.
func (s *shape) destination() string {
	if of := s.copy[Destination]; of != "" {
		return s.copies + "[]." + of
	}
	return s.table[Destination]
}

// StreamOf returns the property that switches the change stream of a table on, and whether its changes can be followed, by the stream
// or by a Kinesis data stream that the table itself names. Of what has no stream of its own, such as a replica, ok is false. What
// cannot be read is in the log.
func StreamOf(r *resource.Resource, log *resource.Log) (stream resource.Property, followed, known, ok bool) {
	shape := shapes[r.Type]
	if shape == nil || shape.table[Stream] == "" {
		return resource.Property{}, false, false, false
	}
	stream = r.Property(shape.table[Stream], log)
	if shape.formation {
		var view string
		view, known = stream.Text()
		followed = view != ""
	} else {
		followed, known = stream.Bool()
	}
	if pattern := shape.destination(); pattern != "" && !followed {
		followed = slices.ContainsFunc(r.All(pattern, log), func(p resource.Property) bool { return !p.Value.Empty() }) // whichever it will be
	}
	return stream, followed, known, true
}

// Switches reports whether tables of a type say of their change stream whether it is on, apart from what it shows.
func Switches(typ string) bool { return !shapes[typ].formation }

// Streamed returns the declared tables whose changes another resource sends to a Kinesis data stream, and the places that may name
// others and are not known yet.
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
