package policy

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// A settingsReader reads settings into structs by their tags: json (the name), required, oneof, form and keys (which name a
// form, of a text and of the names in a map), min and max. A struct that is a Checker has rules beyond those.
type settingsReader struct{ errors []error }

// A Checker has rules across its fields. It is asked once all that stands in it was read; fail takes the path of a field, as
// "source" or "[1].stacks", and what is wrong with it.
type Checker interface {
	Check(fail func(path, format string, args ...any))
}

func (r *settingsReader) errorf(path, format string, args ...any) {
	r.errors = append(r.errors, errors.New("  "+path+" "+fmt.Sprintf(format, args...)))
}

// shown is a name of somebody's own as a path shows it: on one line, and no more of it than anybody reads.
func shown(name string) string {
	const most = 100
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	if strings.TrimSpace(name) == "" {
		return resource.Quote(name)
	}
	return text.Printable(name)
}

// object reads an object into the fields of one or more structs. What is not set keeps its value.
func (r *settingsReader) object(path string, v resource.Value, structs ...reflect.Value) {
	if v.Unset() {
		return
	}
	if !r.kind(path, v, resource.Object) {
		return
	}
	before := len(r.errors)
	fields := map[string]bool{}
	for _, s := range structs {
		for i := range s.NumField() {
			tag := s.Type().Field(i).Tag
			name := tag.Get("json")
			fields[name] = true
			member := v.Get(name)
			switch _, required := tag.Lookup("required"); {
			case required && member.Unset():
				r.errorf(path+"."+name, "is required")
			case member.Kind() == resource.Null:
				r.errorf(path+"."+name, "is null")
			default:
				r.value(path+"."+name, member, s.Field(i), tag)
			}
		}
	}
	for _, key := range v.Keys() {
		if fields[key] {
			continue
		}
		known := slices.Sorted(maps.Keys(fields))
		if best := text.Nearest(key, known, max(3, len(key)/3)); best != "" {
			r.errorf(path+"."+shown(key), "is not a property; did you mean %q?", best)
		} else {
			r.errorf(path+"."+shown(key), "is not a property; there are: %s", strings.Join(known, ", "))
		}
	}
	if len(r.errors) > before {
		return // the rules across fields are about good ones
	}
	for _, s := range structs {
		if c, ok := s.Interface().(Checker); ok {
			c.Check(func(field, format string, args ...any) { r.errorf(path+"."+field, format, args...) })
		}
	}
}

func (r *settingsReader) value(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	if v.Unset() {
		return
	}
	switch into.Kind() {
	case reflect.Bool:
		if r.kind(path, v, resource.Bool) {
			b, _ := v.Bool()
			into.SetBool(b)
		}
	case reflect.Int:
		if r.kind(path, v, resource.Number) {
			r.integer(path, v, into, tag)
		}
	case reflect.String:
		if r.kind(path, v, resource.String) {
			r.text(path, v, into, tag)
		}
	case reflect.Slice:
		if r.kind(path, v, resource.Array) {
			r.list(path, v, into, tag)
		}
	case reflect.Map:
		if r.kind(path, v, resource.Object) {
			r.members(path, v, into, tag)
		}
	case reflect.Struct:
		r.object(path, v, into)
	default:
		panic("policy: no settings of type " + into.Type().String())
	}
}

func (r *settingsReader) kind(path string, v resource.Value, want resource.Kind) bool {
	if v.Kind() != want {
		r.errorf(path, "is %s, not %s", v.Kind(), want)
	}
	return v.Kind() == want
}

// list reads a list in which nothing stands twice.
func (r *settingsReader) list(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	elements := v.Elements()
	list := reflect.MakeSlice(into.Type(), len(elements), len(elements))
	first := map[string]int{}
	for i, e := range elements {
		at := fmt.Sprintf("%s[%d]", path, i)
		if e.Unset() {
			r.errorf(at, "is null")
			continue
		}
		before := len(r.errors)
		r.value(at, e, list.Index(i), tag)
		if len(r.errors) > before {
			continue
		}
		written := fmt.Sprintf("%#v", list.Index(i).Interface())
		if j, twice := first[written]; twice {
			r.errorf(at, "is the same as %s[%d]", path, j)
		} else {
			first[written] = i
		}
	}
	into.Set(list)
}

// members reads a map, in which the writer of the configuration chooses the names.
func (r *settingsReader) members(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	keys := forms[tag.Get("keys")]
	members := reflect.MakeMap(into.Type())
	for _, key := range v.Keys() {
		at, e := path+"."+shown(key), v.Get(key)
		if keys.wrong(key) {
			r.errorf(at, "%s", keys.words)
		}
		if e.Unset() {
			r.errorf(at, "is null")
		}
		member := reflect.New(into.Type().Elem()).Elem()
		r.value(at, e, member, tag)
		members.SetMapIndex(reflect.ValueOf(key), member)
	}
	into.Set(members)
}

func (r *settingsReader) integer(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	n, _ := v.Number()
	lowest, highest := bounds(tag)
	if n != float64(int(n)) || int(n) < lowest || int(n) > highest {
		r.errorf(path, "%v is not a whole number from %d to %d", v, lowest, highest)
		return
	}
	into.SetInt(int64(n))
}

func bounds(tag reflect.StructTag) (lowest, highest int) {
	if _, err := fmt.Sscan(tag.Get("min")+" "+tag.Get("max"), &lowest, &highest); err != nil {
		panic("policy: a number without bounds: " + string(tag))
	}
	return lowest, highest
}

func (r *settingsReader) text(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	s, _ := v.Text()
	form := formOf(tag)
	choices := strings.Fields(tag.Get("oneof"))
	_, required := tag.Lookup("required")
	switch blank := strings.TrimSpace(s) == ""; {
	case len(choices) > 0:
		if slices.Contains(choices, s) {
			break
		}
		hint := ""
		if best := text.Nearest(s, choices, 3); best != "" && !v.Secret() {
			hint = fmt.Sprintf("; did you mean %q?", best)
		}
		r.errorf(path, "%v is not one of %s%s", v, strings.Join(choices, ", "), hint)
		return
	case blank && required:
		r.errorf(path, "is required")
		return
	case blank && form.pattern != "":
		r.errorf(path, "is blank")
		return
	case form.wrong(s) && form.hidden:
		r.errorf(path, "%s", form.words)
		return
	case form.wrong(s):
		r.errorf(path, "%v %s", v, form.words)
		return
	}
	into.SetString(s)
}

// Schema returns the JSON schemas of a policy's properties by name. They say all that a schema can: types, choices, bounds,
// patterns, and what an object within a property must and may have. What they refuse the engine refuses in its own words, when
// a run starts and when a policy group is given the configuration; the rest is left to Configure, which the engine asks next.
//
// The schema of a policy itself cannot forbid other properties, since the protocol has no word for that, and requires none,
// since the engine would then refuse every run without a configuration.
func (p *Policy) Schema() map[string]any {
	schema := p.OwnSchema()
	maps.Copy(schema, SharedSchema())
	return schema
}

// OwnSchema is Schema of what the policy alone has.
func (p *Policy) OwnSchema() map[string]any {
	schema := map[string]any{}
	if p.Config != nil {
		addProperties(schema, reflect.ValueOf(p.Config), "", p.Settings)
	}
	return schema
}

// SharedSchema is Schema of what every policy has.
func SharedSchema() map[string]any {
	schema := map[string]any{}
	addProperties(schema, reflect.ValueOf(sharedSettings{}), "", sharedDocs)
	return schema
}

// addProperties adds the schemas of the fields of a struct, which are described by their paths.
func addProperties(schema map[string]any, defaults reflect.Value, above string, docs map[string]string) {
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		name := field.Tag.Get("json")
		property := typeSchema(defaults.Field(i), field.Tag, above+name, docs)
		property["description"] = describe(docs[above+name], field.Tag)
		if def := defaults.Field(i); !def.IsZero() {
			switch def.Kind() {
			case reflect.Int:
				property["default"] = float64(def.Int())
			case reflect.String:
				property["default"] = def.String()
			case reflect.Bool:
				property["default"] = def.Bool()
			}
		}
		schema[name] = property
	}
}

func describe(doc string, tag reflect.StructTag) string {
	doc = strings.Join(strings.Fields(doc), " ")
	if choices := strings.Fields(tag.Get("oneof")); len(choices) > 0 {
		doc += " One of " + strings.Join(choices, ", ") + "."
	}
	if tag.Get("min") != "" {
		lowest, highest := bounds(tag)
		doc += fmt.Sprintf(" A whole number from %d to %d.", lowest, highest)
	}
	return doc
}

func typeSchema(v reflect.Value, tag reflect.StructTag, path string, docs map[string]string) map[string]any {
	switch v.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		lowest, highest := bounds(tag)
		return map[string]any{"type": "integer", "minimum": float64(lowest), "maximum": float64(highest)}
	case reflect.Slice:
		items := typeSchema(reflect.New(v.Type().Elem()).Elem(), tag, path+"[]", docs)
		return map[string]any{"type": "array", "items": items, "uniqueItems": true}
	case reflect.Map:
		members := typeSchema(reflect.New(v.Type().Elem()).Elem(), tag, path, docs)
		names := map[string]any{"pattern": forms[tag.Get("keys")].pattern}
		return map[string]any{"type": "object", "additionalProperties": members, "propertyNames": names}
	case reflect.Struct:
		properties := map[string]any{}
		addProperties(properties, v, path+".", docs)
		schema := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		var required []any
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag
			if _, ok := tag.Lookup("required"); ok {
				required = append(required, tag.Get("json"))
			}
		}
		if required != nil {
			schema["required"] = required
		}
		return schema
	default:
		schema := map[string]any{"type": "string"}
		if choices := strings.Fields(tag.Get("oneof")); len(choices) > 0 {
			enum := make([]any, len(choices))
			for i, choice := range choices {
				enum[i] = choice
			}
			schema["enum"] = enum
		} else if pattern := formOf(tag).pattern; pattern != "" {
			schema["pattern"] = pattern
		}
		return schema
	}
}

// settingPaths are the paths of the policy's own settings, as Settings describes them.
func (p *Policy) settingPaths() []string {
	var paths []string
	var walk func(schema map[string]any, above string)
	walk = func(schema map[string]any, above string) {
		for name, property := range schema {
			path := above + name
			paths = append(paths, path)
			s := property.(map[string]any)
			if items, ok := s["items"].(map[string]any); ok {
				s, path = items, path+"[]"
			}
			if members, ok := s["properties"].(map[string]any); ok {
				walk(members, path+".")
			}
		}
	}
	walk(p.OwnSchema(), "")
	slices.Sort(paths)
	return paths
}
