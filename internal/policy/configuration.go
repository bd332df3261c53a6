package policy

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
)

const (
	// PackPolicy is the policy that carries the pack's notices and the settings of the whole pack.
	PackPolicy = "dynamoguard"
	// AllPolicies is the engine's key for a level that holds for every policy.
	AllPolicies = "all"
)

// What to do about a value that is not known until something is created.
const (
	UnknownIgnore    = "ignore"    // nothing
	UnknownAdvisory  = "advisory"  // one notice for the stack
	UnknownMandatory = "mandatory" // a diagnostic at the policy's own level
)

// PackSettings are the settings of the whole pack: the Config of the policy named PackPolicy, which describes each.
type PackSettings struct {
	Boundaries   []string           `json:"boundaries"`
	Index        IndexSettings      `json:"index"`
	Accounts     []StackAccount     `json:"accounts"`
	Environments []StackEnvironment `json:"environments"`
	// DefaultEnvironment is that of stacks that nothing else gives one.
	DefaultEnvironment string `json:"defaultEnvironment"`
}

// DefaultPackSettings are the settings of the pack where nothing is configured.
func DefaultPackSettings() PackSettings {
	return PackSettings{Index: IndexSettings{MaxAgeDays: 7, BudgetSeconds: 5}}
}

// sharedSettings are properties that every policy has. On the policy named PackPolicy they hold for every policy that
// does not set them itself.
type sharedSettings struct {
	Exemptions []Exemption `json:"exemptions"`
	Unknown    string      `json:"unknown" oneof:"ignore advisory mandatory"`
}

// sharedDocs describes them.
var sharedDocs = map[string]string{
	"exemptions": `
		Written permissions to fail the policy. A used one is shown; an expired one does not exempt. On dynamoguard they hold
		for every policy that has none of its own.`,
	"exemptions[].resource": `The URN or the logical name of the resources that may fail; * and ? are wildcards.`,
	"exemptions[].reason":   `Why they may.`,
	"exemptions[].owner":    `Who answers for it.`,
	"exemptions[].expires": `
		The last day it holds, in UTC (2027-01-31), or the instant it ends (2027-01-31T12:00:00Z).`,
	"exemptions[].ticket": `Where it was agreed.`,
	"unknown": `
		What to do about a value that is not known before it is created: ignore it, name it in one notice for the stack
		(advisory, the default), or report it as a violation (mandatory).`,
}

// A PolicySettings is what holds for one policy after everything was considered.
type PolicySettings struct {
	Level      Level
	Properties any // of the type of the policy's Config
	Exemptions []Exemption
	Unknown    string
}

// A Configuration is what holds for every policy. It does not change once made.
type Configuration struct {
	// UnknownPolicies are the names the configuration has that no policy has, in order.
	UnknownPolicies []string

	settings map[*Policy]PolicySettings
	pack     PackSettings
}

// Of returns what holds for a policy.
func (c *Configuration) Of(p *Policy) PolicySettings { return c.settings[p] }

// Pack returns the settings of the whole pack.
func (c *Configuration) Pack() PackSettings { return c.pack }

// Given is what the engine says of one name in the configuration. Properties is an object, or absent.
type Given struct {
	Level      Level
	Properties resource.Value
}

// Configure works out the configuration from what the engine was given. The error joins every mistake, by
// policy, property and nearest alternative, after a heading: one a line, unless a name holds a line break.
//
// A name no policy has is a mistake only where it looks like a misspelt one of ours: ESC hands unprefixed keys to every
// pack, and what was written for a newer version must not stop an organization.
func Configure(policies []*Policy, given map[string]Given) (*Configuration, error) {
	c := &Configuration{settings: make(map[*Policy]PolicySettings, len(policies))}
	byName := make(map[string]*Policy, len(policies))
	for _, p := range policies {
		byName[p.Name] = p
	}
	r := &settingsReader{}
	chosen := map[*Policy]Given{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		g := given[key]
		name, prefixed := strings.CutPrefix(key, PackPolicy+":")
		p := byName[name]
		if p != nil {
			// The plain name sorts after the prefixed one, which is the more deliberate: keep the first.
			if _, twice := chosen[p]; !twice {
				chosen[p] = g
			}
			continue
		}
		if name == AllPolicies {
			if keys := g.Properties.Keys(); len(keys) > 0 {
				r.errorf(AllPolicies+"."+keys[0], "is not allowed: %q carries a level only", AllPolicies)
			}
			continue
		}
		if best, distance := nearest(name, slices.Collect(maps.Keys(byName))); distance <= 3 && !prefixed {
			r.errorf(name, "is not a policy of this pack; did you mean %q?", best)
			continue
		}
		c.UnknownPolicies = append(c.UnknownPolicies, key)
	}

	shared := map[*Policy]sharedSettings{}
	for _, p := range policies {
		g, ok := chosen[p]
		if !ok {
			g.Level = p.Level
		}
		own := reflect.New(reflect.TypeOf(struct{}{})).Elem()
		if p.Config != nil {
			own = reflect.New(reflect.TypeOf(p.Config)).Elem()
			own.Set(reflect.ValueOf(p.Config))
		}
		var s sharedSettings
		r.object(p.Name, g.Properties, own, reflect.ValueOf(&s).Elem())
		shared[p] = s
		c.settings[p] = PolicySettings{Level: g.Level, Properties: own.Interface()}
		if pack, ok := own.Interface().(PackSettings); ok {
			c.pack = pack
		}
	}
	packWide := shared[byName[PackPolicy]]
	for p, s := range c.settings {
		s.Exemptions = packWide.Exemptions
		if own := shared[p].Exemptions; own != nil {
			s.Exemptions = own
		}
		s.Unknown = firstSet(shared[p].Unknown, packWide.Unknown, UnknownAdvisory)
		c.settings[p] = s
	}
	if len(r.errors) > 0 {
		//lint:ignore ST1005 it is a heading, with a line for each mistake below it
		return nil, errors.Join(slices.Insert(r.errors, 0, errors.New("dynamoguard cannot use its configuration:"))...)
	}
	return c, nil
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// A settingsReader reads settings into structs by their tags: json (the name), required, oneof, pattern (with like, its
// description), min and max.
type settingsReader struct{ errors []error }

func (r *settingsReader) errorf(path, format string, args ...any) {
	r.errors = append(r.errors, errors.New("  "+path+" "+fmt.Sprintf(format, args...)))
}

// object reads an object into the fields of one or more structs. What is not set keeps its value.
func (r *settingsReader) object(path string, v resource.Value, structs ...reflect.Value) {
	if v.Unset() {
		return
	}
	if !r.kind(path, v, resource.Object) {
		return
	}
	fields := map[string]bool{}
	for _, s := range structs {
		for i := range s.NumField() {
			tag := s.Type().Field(i).Tag
			name := tag.Get("json")
			fields[name] = true
			member := v.Get(name)
			if _, required := tag.Lookup("required"); required && member.Unset() {
				r.errorf(path+"."+name, "is required")
			}
			r.value(path+"."+name, member, s.Field(i), tag)
		}
	}
	for _, key := range v.Keys() {
		if fields[key] {
			continue
		}
		known := slices.Sorted(maps.Keys(fields))
		if best, distance := nearest(key, known); distance <= max(3, len(key)/3) {
			r.errorf(path+"."+key, "is not a property; did you mean %q?", best)
		} else {
			r.errorf(path+"."+key, "is not a property; there are: %s", strings.Join(known, ", "))
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
		if !r.kind(path, v, resource.Array) {
			return
		}
		elements := v.Elements()
		list := reflect.MakeSlice(into.Type(), len(elements), len(elements))
		for i, e := range elements {
			at := fmt.Sprintf("%s[%d]", path, i)
			if e.Unset() {
				r.errorf(at, "is null")
			}
			r.value(at, e, list.Index(i), tag)
		}
		into.Set(list)
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
	_, required := tag.Lookup("required")
	choices := strings.Fields(tag.Get("oneof"))
	switch {
	case required && strings.TrimSpace(s) == "":
		r.errorf(path, "is required")
		return
	case len(choices) > 0 && !slices.Contains(choices, s):
		best, distance := nearest(s, choices)
		hint := ""
		if distance <= 3 && !v.Secret() {
			hint = fmt.Sprintf("; did you mean %q?", best)
		}
		r.errorf(path, "%v is not one of %s%s", v, strings.Join(choices, ", "), hint)
		return
	}
	if pattern := tag.Get("pattern"); pattern != "" && !regexp.MustCompile("^("+pattern+")$").MatchString(s) {
		r.errorf(path, "%v is not %s", v, tag.Get("like"))
		return
	}
	into.SetString(s)
	if tag.Get("json") == "expires" {
		if _, err := (Exemption{Expires: s}).end(); err != nil {
			r.errorf(path, "%v %v", v, err)
		}
	}
}

// Schema returns the JSON schemas of a policy's properties by name.
//
// They say no more than the type. What the engine refuses by a schema it refuses in its own words, without naming the
// nearest alternative; Configure, which the engine asks next, does better.
func (p *Policy) Schema() map[string]any {
	schema := map[string]any{}
	if p.Config != nil {
		addProperties(schema, reflect.ValueOf(p.Config), "", p.Settings)
	}
	addProperties(schema, reflect.ValueOf(sharedSettings{}), "", sharedDocs)
	return schema
}

// addProperties adds the schemas of the fields of a struct, which are described by their paths.
func addProperties(schema map[string]any, defaults reflect.Value, above string, docs map[string]string) {
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		name := field.Tag.Get("json")
		property := typeSchema(defaults.Field(i), above+name, docs)
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

func typeSchema(v reflect.Value, path string, docs map[string]string) map[string]any {
	switch v.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": typeSchema(reflect.New(v.Type().Elem()).Elem(), path+"[]", docs)}
	case reflect.Struct:
		properties := map[string]any{}
		addProperties(properties, v, path+".", docs)
		return map[string]any{"type": "object", "properties": properties}
	default:
		return map[string]any{"type": "string"}
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
	own := map[string]any{}
	if p.Config != nil {
		addProperties(own, reflect.ValueOf(p.Config), "", nil)
	}
	walk(own, "")
	slices.Sort(paths)
	return paths
}

// nearest returns the candidate with the smallest edit distance to name, the first in order where several have it,
// and that distance.
func nearest(name string, candidates []string) (best string, distance int) {
	distance = len(name) + 1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := editDistance(name, c); d < distance {
			best, distance = c, d
		}
	}
	return best, distance
}

// editDistance is the Levenshtein distance in bytes; names are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
