package facts

import (
	"slices"
	"strings"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/resource"
)

// tags is the property that holds the tags of a resource, unless the copies of a table that it lists have each their own.
const tags = "tags"

// TagReads returns where Tagged looks for the tags of a type.
func TagReads(typ string) map[string][]string {
	if s := shapes[typ]; s != nil && s.listed {
		return map[string][]string{typ: {s.copies}}
	}
	return map[string][]string{typ: {tags}}
}

// Tagged reports whether a resource has a tag that matches a pattern: key, which leaves the value open, or key=value, in which * and
// ? are wildcards. Of the aws provider tags are an object, of aws-native a list of objects with key and value, and a global table
// has the tags that all its copies have. What is not known matches nothing.
func Tagged(r *resource.Resource, pattern string) bool {
	s := shapes[r.Type]
	if s == nil || !s.listed {
		return tagged(r.Properties.Get(tags), pattern)
	}
	copies := r.Properties.Get(s.copies).Elements()
	return len(copies) > 0 && !slices.ContainsFunc(copies, func(c resource.Value) bool { return !tagged(c.Get(s.copy[Tags]), pattern) })
}

func tagged(with resource.Value, pattern string) bool {
	wantKey, wantValue, valued := strings.Cut(pattern, "=")
	matches := func(key string, value resource.Value) bool {
		text, known := value.Text()
		return glob.Match(wantKey, key) && (!valued || known && glob.Match(wantValue, text))
	}
	for _, key := range with.Keys() {
		if matches(key, with.Get(key)) {
			return true
		}
	}
	for _, tag := range with.Elements() {
		if key, known := tag.Get("key").Text(); known && matches(key, tag.Get("value")) {
			return true
		}
	}
	return false
}
