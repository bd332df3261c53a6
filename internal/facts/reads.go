package facts

import "slices"

// A Reading says what is read: types, and of each the patterns of its properties. It is a function since nothing of it is needed
// before the first resource, and to list what 30 policies read would be much of the time that the process takes to start.
type Reading = func() map[string][]string

// Reads is what several read together.
func Reads(lists ...Reading) Reading {
	return func() map[string][]string {
		all := make([]map[string][]string, len(lists))
		for i, list := range lists {
			all[i] = list()
		}
		return joined(all...)
	}
}

func joined(lists ...map[string][]string) map[string][]string {
	reads := map[string][]string{}
	for _, list := range lists {
		for typ, patterns := range list {
			addReads(reads, typ, patterns...)
		}
	}
	return reads
}

// TypeReads is what is read of one type.
func TypeReads(typ string, patterns ...string) Reading {
	return func() map[string][]string { return map[string][]string{typ: patterns} }
}

// addReads adds what is read of a type, in order and each pattern once.
func addReads(reads map[string][]string, typ string, patterns ...string) {
	all := append(reads[typ], patterns...)
	slices.Sort(all)
	reads[typ] = slices.Compact(all)
}
