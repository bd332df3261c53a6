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

// PackSettings are the settings of the whole pack: the Config of the policy named PackPolicy.
type PackSettings struct {
	Boundaries []string `json:"boundaries" doc:"URNs or logical names, with * and ? as wildcards, of the policy documents that are permission boundaries: they grant nothing, so the policies on grants leave them out."`

	Index        IndexSettings      `json:"index" doc:"Where the tables of other stacks are read from."`
	Accounts     []StackAccount     `json:"accounts" doc:"The AWS accounts of stacks, for where neither the stack nor the credentials tell. The first match counts."`
	Environments []StackEnvironment `json:"environments" doc:"The environments of stacks. The first match counts; without one it is the word dev, test, qa, staging, stage, prod or production in the name of the stack."`
}

// DefaultPackSettings are the settings of the pack where nothing is configured.
func DefaultPackSettings() PackSettings {
	return PackSettings{Index: IndexSettings{MaxAgeDays: 7, BudgetSeconds: 5}}
}

// sharedSettings are properties that every policy has. On the policy named PackPolicy they hold for every policy that
// does not set them itself.
type sharedSettings struct {
	Exemptions []Exemption `json:"exemptions" doc:"Written permissions to fail the policy. A used one is shown; an expired one does not exempt. On dynamoguard they hold for every policy that has none of its own."`
	Unknown    string      `json:"unknown" oneof:"ignore advisory mandatory" doc:"What to do about a value that is not known before it is created: ignore it, name it in one notice for the stack (advisory, the default), or report it as a violation (mandatory)."`
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
	d := &decoder{}
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
				d.errorf(AllPolicies+"."+keys[0], "is not allowed: %q carries a level only", AllPolicies)
			}
			continue
		}
		if best, distance := nearest(name, slices.Collect(maps.Keys(byName))); distance <= 3 && !prefixed {
			d.errorf(name, "is not a policy of this pack; did you mean %q?", best)
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
		d.object(p.Name, g.Properties, own, reflect.ValueOf(&s).Elem())
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
	if len(d.errors) > 0 {
		//lint:ignore ST1005 it is a heading, with a line for each mistake below it
		return nil, errors.Join(slices.Insert(d.errors, 0, errors.New("dynamoguard cannot use its configuration:"))...)
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

// A decoder reads settings into structs by their tags: json (the name), required, oneof, pattern (with like, its
// description), min and max.
type decoder struct{ errors []error }

func (d *decoder) errorf(path, format string, args ...any) {
	d.errors = append(d.errors, errors.New("  "+path+" "+fmt.Sprintf(format, args...)))
}

// object reads an object into the fields of one or more structs. What is not set keeps its value.
func (d *decoder) object(path string, v resource.Value, structs ...reflect.Value) {
	if v.Unset() {
		return
	}
	if !d.kind(path, v, resource.Object) {
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
				d.errorf(path+"."+name, "is required")
			}
			d.value(path+"."+name, member, s.Field(i), tag)
		}
	}
	for _, key := range v.Keys() {
		if fields[key] {
			continue
		}
		known := slices.Sorted(maps.Keys(fields))
		if best, distance := nearest(key, known); distance <= max(3, len(key)/3) {
			d.errorf(path+"."+key, "is not a property; did you mean %q?", best)
		} else {
			d.errorf(path+"."+key, "is not a property; there are: %s", strings.Join(known, ", "))
		}
	}
}

func (d *decoder) value(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	if v.Unset() {
		return
	}
	switch into.Kind() {
	case reflect.Bool:
		if d.kind(path, v, resource.Bool) {
			b, _ := v.Bool()
			into.SetBool(b)
		}
	case reflect.Int:
		if d.kind(path, v, resource.Number) {
			d.integer(path, v, into, tag)
		}
	case reflect.String:
		if d.kind(path, v, resource.String) {
			d.text(path, v, into, tag)
		}
	case reflect.Slice:
		if !d.kind(path, v, resource.Array) {
			return
		}
		elements := v.Elements()
		list := reflect.MakeSlice(into.Type(), len(elements), len(elements))
		for i, e := range elements {
			at := fmt.Sprintf("%s[%d]", path, i)
			if e.Unset() {
				d.errorf(at, "is null")
			}
			d.value(at, e, list.Index(i), tag)
		}
		into.Set(list)
	case reflect.Struct:
		d.object(path, v, into)
	default:
		panic("policy: no settings of type " + into.Type().String())
	}
}

func (d *decoder) kind(path string, v resource.Value, want resource.Kind) bool {
	if v.Kind() != want {
		d.errorf(path, "is %s, not %s", v.Kind(), want)
	}
	return v.Kind() == want
}

func (d *decoder) integer(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	n, _ := v.Number()
	lowest, highest := bounds(tag)
	if n != float64(int(n)) || int(n) < lowest || int(n) > highest {
		d.errorf(path, "%v is not a whole number from %d to %d", v, lowest, highest)
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

func (d *decoder) text(path string, v resource.Value, into reflect.Value, tag reflect.StructTag) {
	s, _ := v.Text()
	_, required := tag.Lookup("required")
	choices := strings.Fields(tag.Get("oneof"))
	switch {
	case required && strings.TrimSpace(s) == "":
		d.errorf(path, "is required")
		return
	case len(choices) > 0 && !slices.Contains(choices, s):
		best, distance := nearest(s, choices)
		hint := ""
		if distance <= 3 && !v.Secret() {
			hint = fmt.Sprintf("; did you mean %q?", best)
		}
		d.errorf(path, "%v is not one of %s%s", v, strings.Join(choices, ", "), hint)
		return
	}
	if pattern := tag.Get("pattern"); pattern != "" && !regexp.MustCompile("^("+pattern+")$").MatchString(s) {
		d.errorf(path, "%v is not %s", v, tag.Get("like"))
		return
	}
	into.SetString(s)
	if tag.Get("json") == "expires" {
		if _, err := (Exemption{Expires: s}).end(); err != nil {
			d.errorf(path, "%v %v", v, err)
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
		addProperties(schema, reflect.ValueOf(p.Config))
	}
	addProperties(schema, reflect.ValueOf(sharedSettings{}))
	return schema
}

func addProperties(schema map[string]any, defaults reflect.Value) {
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		property := typeSchema(field.Type)
		property["description"] = describe(field.Tag)
		if field.Type.Kind() == reflect.Struct {
			members := map[string]any{}
			addProperties(members, defaults.Field(i))
			property["properties"] = members
		}
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
		schema[field.Tag.Get("json")] = property
	}
}

func describe(tag reflect.StructTag) string {
	doc := tag.Get("doc")
	if choices := strings.Fields(tag.Get("oneof")); len(choices) > 0 {
		doc += " One of " + strings.Join(choices, ", ") + "."
	}
	if tag.Get("min") != "" {
		lowest, highest := bounds(tag)
		doc += fmt.Sprintf(" A whole number from %d to %d.", lowest, highest)
	}
	return doc
}

func typeSchema(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Struct:
		properties := map[string]any{}
		addProperties(properties, reflect.New(t).Elem())
		return map[string]any{"type": "object", "properties": properties}
	default:
		return map[string]any{"type": "string"}
	}
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
