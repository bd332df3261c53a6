package facts

import (
	"strings"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/resource"
)

// TagReads returns where Tagged looks for the tags of a type.
func TagReads(typ string) map[string][]string { return map[string][]string{typ: {"tags"}} }

// Tagged reports whether a resource has a tag that matches a pattern: key, which leaves the value open, or key=value, in which * and
// ? are wildcards. Of the aws provider tags are an object, of aws-native a list of objects with key and value. What is not known
// matches nothing.
func Tagged(r *resource.Resource, pattern string) bool {
	wantKey, wantValue, valued := strings.Cut(pattern, "=")
	matches := func(key string, value resource.Value) bool {
		text, known := value.Text()
		return glob.Match(wantKey, key) && (!valued || known && glob.Match(wantValue, text))
	}
	tags := r.Properties.Get("tags")
	for _, key := range tags.Keys() {
		if matches(key, tags.Get(key)) {
			return true
		}
	}
	for _, tag := range tags.Elements() {
		if key, known := tag.Get("key").Text(); known && matches(key, tag.Get("value")) {
			return true
		}
	}
	return false
}
