package facts

import (
	"strings"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/place"
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

// AllTagReads returns the types of tables, and where AllTags looks for their tags.
func AllTagReads() map[string][]string {
	reads := map[string][]string{}
	for typ, list := range shapes {
		if list[0].aspects[Tags] != "" {
			reads[typ] = []string{"tags", "tagsAll"}
		}
	}
	return reads
}

// A TagSet is all tags that a resource will have.
type TagSet struct {
	// Complete: there are no other keys.
	Complete bool

	values   map[string]resource.Property
	own, all resource.Property // tags and tagsAll
}

// AllTags returns the tags of a resource: its own, and those that its provider gives to each. Versions 6.83 and newer of the classic
// provider write both into the input tagsAll. What is not known yet is noted in the log.
func AllTags(r *resource.Resource, log *resource.Log) TagSet {
	set := TagSet{
		Complete: true, values: map[string]resource.Property{},
		own: r.Property("tags", log), all: r.Property("tagsAll", log),
	}
	defaults := r.Property("tags", log)
	defaults.Value = place.DefaultTags(r.Provider)
	for _, from := range []resource.Property{defaults, set.all, set.own} { // the resource's own win
		set.Complete = from.Known() && set.Complete
		for _, key := range from.Value.Keys() {
			set.values[key] = from.Entry(key)
		}
	}
	return set
}

// Path is the property that holds the resource's own tags.
func (t TagSet) Path() resource.Path { return t.own.Path }

// Written are the places where a tag of the resource's own is written: in its tags, and in tagsAll, where its provider has written them
// before and does not look again. tagsAll is also written where it would be all there is in it; of a provider that leaves tagsAll out,
// it would hide the others.
func (t TagSet) Written(key string) []resource.Path {
	places := []resource.Path{t.own.Path.Member(key)}
	if !t.all.Unset() || len(t.values) == 0 {
		places = append(places, t.all.Path.Member(key))
	}
	return places
}

// Get returns the value of a tag, and whether there is one.
func (t TagSet) Get(key string) (value resource.Property, ok bool) {
	value, ok = t.values[key]
	return value, ok
}
