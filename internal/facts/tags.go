package facts

import (
	"slices"
	"strings"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/place"
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

// AllTagReads returns the types of tables, and where AllTags looks for their tags.
func AllTagReads() map[string][]string {
	reads := CopyReads(Tags)()
	for typ, s := range shapes {
		switch path := s.table[Tags]; {
		case s.listed:
			addReads(reads, typ, resource.Patterns(s.copies+"[]."+s.copy[Tags]+"[].key")...)
			addReads(reads, typ, s.copies+"[]."+s.copy[Tags]+"[].value")
		case s.formation:
			addReads(reads, typ, path+"[].key", path+"[].value")
		default:
			addReads(reads, typ, tagsAll)
		}
	}
	return reads
}

// tagsAll is the property in which versions 6.83 and newer of the classic provider write a resource's own tags and their own.
const tagsAll = "tagsAll"

// A TagSet is all tags that a table, or one of its copies, will have.
type TagSet struct {
	// Of names the copy, where each copy that the resource lists has its own, and Region is where that is, empty where it is not known.
	Of, Region string
	// Complete: there are no other keys.
	Complete bool

	values   map[string]resource.Property
	own, all resource.Property // tags and tagsAll
	pairs    bool              // it is a list of objects with key and value
	added    int               // to the list, by Set
}

// AllTags returns the tags of what a resource declares of a table: its own, and those that its provider gives to each. Where each copy
// has its own, there is a set for each, and the provider gives none. What is not known yet is noted in the log.
func AllTags(r *resource.Resource, log *resource.Log) (sets []TagSet) {
	shape := shapes[r.Type]
	if shape == nil {
		return nil
	}
	if shape.listed {
		for _, c := range Copies(r, log) {
			set := TagSet{Of: c.String(), own: c.Get(Tags), pairs: true}
			set.Region, _ = c.Get(Region).Text()
			set.add(set.own)
			sets = append(sets, set)
		}
		return sets
	}
	set := TagSet{own: r.Property(shape.table[Tags], log), pairs: shape.formation}
	defaults := set.own
	defaults.Value = place.DefaultTags(r.Provider)
	from := []resource.Property{defaults, set.own} // the resource's own win
	if !shape.formation {
		set.all = r.Property(tagsAll, log)
		from = []resource.Property{defaults, set.all, set.own}
	}
	set.add(from...)
	return []TagSet{set}
}

// add adds the tags of some properties, of which later ones win.
func (t *TagSet) add(from ...resource.Property) {
	t.Complete, t.values = true, map[string]resource.Property{}
	for _, p := range from {
		t.Complete = p.Known() && t.Complete
		for _, key := range p.Value.Keys() {
			t.values[key] = p.Entry(key)
		}
		if p.Value.Kind() != resource.Array {
			continue
		}
		elements, _ := p.Elements()
		for _, e := range elements {
			key, ok := e.Get("key").Text()
			t.values[key] = e.Get("value")
			t.Complete = t.Complete && ok
		}
	}
}

// Get returns the value of a tag, and whether there is one.
func (t TagSet) Get(key string) (value resource.Property, ok bool) {
	value, ok = t.values[key]
	return value, ok
}

// Path is the property that holds the tags.
func (t TagSet) Path() resource.Path { return t.own.Path }

// Pairs reports whether the tags are a list of objects with key and value.
func (t TagSet) Pairs() bool { return t.pairs }

// Set returns the places in which a tag of the resource's own is written, and what is written there: in its tags, and in tagsAll, where
// its provider has written them before and does not look again. tagsAll is also written where it would be all there is in it; of a
// provider that leaves tagsAll out, it would hide the others. A tag that a list lacks comes after all in it, and after those set before.
func (t *TagSet) Set(key, value string) (places []resource.Path, to resource.Value) {
	to = resource.StringValue(value)
	if !t.pairs {
		places = append(places, t.own.Path.Member(key))
		if !t.all.Unset() || len(t.values) == 0 {
			places = append(places, t.all.Path.Member(key))
		}
		return places, to
	}
	list, _ := t.own.Elements()
	for _, tag := range list {
		if name, _ := tag.Get("key").Text(); name == key {
			return append(places, tag.Get("value").Path), to
		}
	}
	next := t.own.Path.Index(len(list) + t.added)
	t.added++
	return append(places, next), resource.ObjectValue(map[string]resource.Value{"key": resource.StringValue(key), "value": to})
}

// Matches reports whether one of the tags matches a pattern of Tagged.
func (t TagSet) Matches(pattern string) Certainty {
	wantKey, wantValue, valued := strings.Cut(pattern, "=")
	is := No
	if !t.Complete {
		is = Maybe
	}
	for key, tag := range t.values {
		switch value, _ := tag.Value.Text(); {
		case !glob.Match(wantKey, key):
		case valued && !tag.Known():
			is = max(is, Maybe)
		case !valued || glob.Match(wantValue, value):
			return Yes
		}
	}
	return is
}
