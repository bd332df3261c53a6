package resource

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// A Path is the place of a value within a resource, in Pulumi's property path syntax: replicas[0].kmsKeyArn.
type Path string

// Key returns the path of a member of the object at p.
func (p Path) Key(name string) Path {
	if p == "" {
		return Path(name)
	}
	return p + "." + Path(name)
}

// Member is Key for a name that may hold anything: tags["app.kubernetes.io/name"].
//
// Source: https://www.pulumi.com/docs/iac/concepts/miscellaneous/property-paths/
func (p Path) Member(name string) Path {
	if name == "" || strings.ContainsAny(name, `.["]`) {
		return p + "[" + Path(strconv.Quote(name)) + "]"
	}
	return p.Key(name)
}

// Index returns the path of an element of the list at p.
func (p Path) Index(i int) Path { return p + "[" + Path(strconv.Itoa(i)) + "]" }

// Property returns the name of the resource's own property that p, or a pattern, leads to or through: replicas.
func (p Path) Property() string {
	if end := strings.IndexAny(string(p), ".["); end >= 0 {
		return string(p[:end])
	}
	return string(p)
}

// Pattern returns p with its indexes left out, replicas[].kmsKeyArn: the place in the type, not in the value.
func (p Path) Pattern() string {
	var b strings.Builder
	rest := string(p)
	for {
		open := strings.IndexByte(rest, '[')
		if open < 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:open+1])
		rest = strings.TrimLeft(rest[open+1:], "0123456789")
	}
}

// Patterns returns the pattern of a property with those of all that is read on the way to it: of replicas[].kmsKeyArn, replicas
// and replicas[].kmsKeyArn.
func Patterns(pattern string) []string {
	var all []string
	for i, c := range pattern {
		if c == '.' {
			all = append(all, strings.TrimSuffix(pattern[:i], "[]"))
		}
	}
	return append(all, strings.TrimSuffix(pattern, "[]"))
}

// A Log collects what got in the way of reading a resource's properties, so that no reader has to: where a value was
// not known yet, and where it had a type that the reader cannot use.
type Log struct {
	Unknown  []Path
	Mistyped []string // messages: "ttl.enabled is a number, not a boolean"

	noted map[string]bool
}

// once reports whether something was not noted before.
func (l *Log) once(note string) bool {
	if l.noted[note] {
		return false
	}
	if l.noted == nil {
		l.noted = map[string]bool{}
	}
	l.noted[note] = true
	return true
}

// NoteUnknown notes, once, that the value at a path is not known.
func (l *Log) NoteUnknown(at Path) {
	if l.once(string(at)) {
		l.Unknown = append(l.Unknown, at)
	}
}

// NoteMistyped notes, once, that a value is of a type that cannot be used.
func (l *Log) NoteMistyped(message string) {
	if l.once(message) {
		l.Mistyped = append(l.Mistyped, message)
	}
}

// A Property is a value together with the path it was found at. Reading one that is unknown or has an unexpected type
// is noted in the log it came from.
type Property struct {
	Path  Path
	Value Value

	of  *Resource
	log *Log
	// element: it stands in a list, so it is there even where it is null.
	element bool
	// unreadable: a value above this one has an unexpected type, which was noted there.
	unreadable bool
	// unknown is the path of the outermost value above this one that is not known, unset of the outermost that nobody set.
	unknown, unset Path
}

// Root returns the properties of the resource as one; log takes what is noted while they are read.
func (r *Resource) Root(log *Log) Property { return Property{Value: r.Properties, of: r, log: log} }

// All returns the properties at a pattern; see Property.All.
func (r *Resource) All(pattern string, log *Log) []Property { return r.Root(log).All(pattern) }

// Property returns a property of the resource by its name, or by its path through blocks, such as ttl.enabled; log takes
// what is noted while it is read.
func (r *Resource) Property(path string, log *Log) Property {
	return r.Root(log).At(path)
}

// Get returns the member of an object.
func (p Property) Get(name string) Property {
	m := p.member(p.Path.Key(name), name)
	if p.of.OnRead != nil {
		p.of.OnRead(m.Path.Pattern())
	}
	return m
}

// Entry returns an entry of a map, such as of tags: its keys are the program's, not the type's.
func (p Property) Entry(key string) Property { return p.member(p.Path.Member(key), key) }

func (p Property) member(path Path, name string) Property {
	m := Property{Path: path, Value: p.Value.Get(name), of: p.of, log: p.log, unreadable: p.unreadable, unknown: p.unknown, unset: p.unset}
	switch {
	case p.Value.Kind() == Unknown && p.unknown == "":
		m.unknown = p.Path
	case p.Path != "" && !p.element && p.Unset() && p.unset == "":
		m.unset = p.Path
	}
	if k := p.Value.Kind(); k != Object && k != Unknown && !p.Unset() {
		p.mistyped(Object)
		m.unreadable = true
	}
	return m
}

// At returns what stands at a path through blocks, such as ttl.enabled.
func (p Property) At(path string) Property {
	for {
		name, rest, deeper := strings.Cut(path, ".")
		p = p.Get(name)
		if !deeper {
			return p
		}
		path = rest
	}
}

// All returns the properties at a pattern, such as customerManagedPolicyReferences[].name: one, or one for each element of
// the lists in it. A list that cannot be read, for a reason that the log has, stands in place of its elements.
func (p Property) All(pattern string) []Property {
	path, rest, listed := strings.Cut(pattern, "[]")
	if path != "" {
		p = p.At(path)
	}
	if !listed {
		return []Property{p}
	}
	elements, ok := p.Elements()
	if !ok {
		if p.Value.Kind() != Unknown {
			p.Value, p.unreadable = Value{}, true
		}
		return []Property{p}
	}
	var all []Property
	for _, e := range elements {
		all = append(all, e.All(strings.TrimPrefix(rest, "."))...)
	}
	return all
}

// Of returns the resource that the property is of.
func (p Property) Of() *Resource { return p.of }

// In returns the property with another log to note in.
func (p Property) In(log *Log) Property {
	p.log = log
	return p
}

// Place returns where the value is missing, if it is: the path of the outermost value above it that nobody set, else the
// property's own.
func (p Property) Place() Path { return Path(cmp.Or(string(p.unset), string(p.Path))) }

// Unset reports whether nobody gave the property a value.
func (p Property) Unset() bool { return p.Value.Unset() && !p.unreadable }

// Known reports whether the property is set or unset, as opposed to not known yet; where it is not known, that is
// noted.
func (p Property) Known() bool {
	if p.Value.Kind() == Unknown && !p.unreadable {
		p.log.NoteUnknown(Path(cmp.Or(string(p.unknown), string(p.Path))))
	}
	return p.Value.Kind() != Unknown && !p.unreadable
}

// Elements returns the elements of a list. Where ok is false the list could not be read, and the log has the reason;
// a property that is not set is an empty list.
func (p Property) Elements() (elements []Property, ok bool) {
	if p.Unset() {
		return nil, true
	}
	if !p.is(Array) {
		return nil, false
	}
	for i, v := range p.Value.Elements() {
		elements = append(elements, Property{Path: p.Path.Index(i), Value: v, of: p.of, log: p.log, element: true, unreadable: p.unreadable})
	}
	return elements, true
}

// Bool returns a boolean, false where the property is not set. Where ok is false it could not be read, and the log has
// the reason.
func (p Property) Bool() (b, ok bool) {
	if p.Unset() {
		return false, true
	}
	if b, ok := p.Value.Bool(); ok {
		return b, true
	}
	return false, p.is(Bool)
}

// Number returns a number, 0 where the property is not set. Where ok is false it could not be read, and the log has the
// reason.
func (p Property) Number() (n float64, ok bool) {
	if p.Unset() {
		return 0, true
	}
	if n, ok := p.Value.Number(); ok {
		return n, true
	}
	return 0, p.is(Number)
}

// Text returns a string, empty where the property is not set. Where ok is false it could not be read, and the log has
// the reason.
func (p Property) Text() (s string, ok bool) {
	if p.Unset() {
		return "", true
	}
	s, _ = p.Value.Text()
	return s, p.is(String)
}

// is reports whether the property has a kind, and notes why where it does not.
func (p Property) is(want Kind) bool {
	if p.Value.Kind() == want {
		return true
	}
	if p.Known() {
		p.mistyped(want)
	}
	return false
}

func (p Property) mistyped(want Kind) {
	if p.unreadable {
		return
	}
	p.log.NoteMistyped(fmt.Sprintf("%s is %s, not %s", p.Path, p.Value.Kind(), want))
}
