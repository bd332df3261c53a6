package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
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
	Boundaries         []string           `json:"boundaries" form:"principals"`
	Index              IndexSettings      `json:"index"`
	Accounts           []StackAccount     `json:"accounts"`
	Environments       []StackEnvironment `json:"environments"`
	DefaultEnvironment string             `json:"defaultEnvironment" form:"environment"`
}

// DefaultPackSettings are the settings of the pack where nothing is configured.
func DefaultPackSettings() PackSettings {
	return PackSettings{Boundaries: []string{"*boundary*"}, Index: IndexSettings{MaxAgeDays: 7, BudgetSeconds: 5}}
}

// sharedSettings are properties that every policy has. On the policy named PackPolicy they hold for every policy that
// does not set them itself.
type sharedSettings struct {
	Exemptions []Exemption `json:"exemptions"`
	OutOfScope []Scope     `json:"outOfScope"`
	Unknown    string      `json:"unknown" oneof:"ignore advisory mandatory"`
}

// sharedDocs describes them.
var sharedDocs = map[string]string{
	"exemptions": `
		Written permissions to fail the policy. A used one is shown; an expired one does not exempt. On dynamoguard they hold
		for every policy that has none of its own.`,
	"exemptions[].resource": `The URN or the logical name of the resources that may fail; * and ? are wildcards.`,
	"exemptions[].tag": `
		In place of resource: a tag of the resources that may fail, as key or key=value; * and ? are wildcards. A tag that is
		not known yet exempts nothing.`,
	"exemptions[].reason": `Why they may.`,
	"exemptions[].owner":  `Who answers for it.`,
	"exemptions[].expires": `
		The last day it holds, in UTC (2027-01-31), or the instant it ends (2027-01-31T12:00:00Z).`,
	"exemptions[].ticket": `Where it was agreed.`,
	"outOfScope": `
		What the policy is not about, such as tables that are caches, with no date. One notice counts what was left out. On
		dynamoguard it holds for every policy that has none of its own.`,
	"outOfScope[].resource": `The URN or the logical name of the resources; * and ? are wildcards.`,
	"outOfScope[].tag": `
		In place of resource: a tag of the resources, as key or key=value; * and ? are wildcards. A tag that is not known yet
		leaves nothing out.`,
	"outOfScope[].reason": `Why the policy is not about them.`,
	"unknown": `
		What to do about a value that is not known before it is created: ignore it, name it in one notice for the stack
		(advisory, the default), or report it as a violation (mandatory).`,
}

// A PolicySettings is what holds for one policy after everything was considered.
type PolicySettings struct {
	Level      Level
	Properties any // of the type of the policy's Config
	Exemptions []Exemption
	OutOfScope []Scope
	Unknown    string
}

// A Configuration is what holds for every policy. It does not change once made.
type Configuration struct {
	// UnknownPolicies are the names the configuration has that no policy has, in order, fit to be shown.
	UnknownPolicies []string
	// Overruled are the prefixed names that do not count, in order: the plain name of the same policy is configured as well.
	Overruled []string

	settings map[*Policy]PolicySettings
	pack     PackSettings

	environments sync.Map // of stacks that were asked for, by stackName
}

type stackName struct{ organization, project, stack string }

// EnvironmentOf is that of the settings of the pack. It is worked out once for each stack: a document may reach the tables of
// many, and a stack has many documents.
func (c *Configuration) EnvironmentOf(organization, project, stack string) string {
	name := stackName{organization, project, stack}
	if known, ok := c.environments.Load(name); ok {
		return known.(string)
	}
	environment := c.pack.EnvironmentOf(organization, project, stack)
	c.environments.Store(name, environment)
	return environment
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
// policy, property and nearest alternative, after a heading: one a line.
//
// A name no policy has is a mistake only where it looks like a misspelt one of ours: ESC hands unprefixed keys to every
// pack, and what was written for a newer version must not stop an organization.
func Configure(policies []*Policy, given map[string]Given) (*Configuration, error) {
	c := &Configuration{settings: make(map[*Policy]PolicySettings, len(policies))}
	byName := make(map[string]*Policy, len(policies))
	for _, p := range policies {
		byName[p.Name] = p
	}
	names := slices.Collect(maps.Keys(byName))
	r := &settingsReader{}
	chosen := map[*Policy]Given{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		g := given[key]
		name, prefixed := strings.CutPrefix(key, PackPolicy+":")
		if p := byName[name]; p != nil {
			// The plain name sorts after the prefixed one.
			if _, twice := chosen[p]; twice {
				if p.byDefault(g, given) {
					continue
				}
				c.Overruled = append(c.Overruled, PackPolicy+":"+name)
			}
			chosen[p] = g
			continue
		}
		if key == AllPolicies {
			if keys := g.Properties.Keys(); len(keys) > 0 {
				r.errorf(AllPolicies+"."+shown(keys[0]), "is not allowed: %q carries a level only", AllPolicies)
			}
			continue
		}
		best := text.Nearest(name, names, 3)
		if strings.EqualFold(name, AllPolicies) {
			best = AllPolicies
		}
		if best != "" && !prefixed {
			r.errorf(shown(name), "is not a policy of this pack; did you mean %q?", best)
			continue
		}
		c.UnknownPolicies = append(c.UnknownPolicies, shown(key))
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
		s.OutOfScope = packWide.OutOfScope
		if own := shared[p].OutOfScope; own != nil {
			s.OutOfScope = own
		}
		s.Unknown = firstSet(shared[p].Unknown, packWide.Unknown, UnknownAdvisory)
		c.settings[p] = s
	}
	if len(r.errors) > 0 {
		//lint:ignore ST1005 it is a heading, with a line for each mistake below it
		heading := errors.New("dynamoguard cannot use its configuration:")
		if more := len(r.errors) - mostMistakes; more > 0 {
			r.errors = append(r.errors[:mostMistakes], fmt.Errorf("  and %s", text.Count(more, "more mistake", "more mistakes")))
		}
		return nil, errors.Join(slices.Insert(r.errors, 0, heading)...)
	}
	return c, nil
}

// mostMistakes are as many as are told at once.
const mostMistakes = 50

// byDefault reports whether what was given under the plain name of a policy is what the engine makes up by itself. It gives
// every policy a level and the defaults of its schema, so beside a prefixed name that alone was written there always is a
// plain one.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/analyzer/config.go, createConfigWithDefaults
func (p *Policy) byDefault(g Given, given map[string]Given) bool {
	level := p.Level
	if all, ok := given[AllPolicies]; ok {
		level = all.Level
	}
	schema := p.Schema()
	for _, key := range g.Properties.Keys() {
		property, _ := schema[key].(map[string]any)
		if !g.Properties.Get(key).Equal(defaultValue(property["default"])) {
			return false
		}
	}
	return g.Level == level
}

// defaultValue is the default of a schema as a value.
func defaultValue(v any) resource.Value {
	switch v := v.(type) {
	case bool:
		return resource.BoolValue(v)
	case float64:
		return resource.NumberValue(v)
	case string:
		return resource.StringValue(v)
	default:
		return resource.Value{}
	}
}

// Hash identifies the configuration in force: 12 hexadecimal digits, the same for the same levels and settings however they were
// written. Lists of names are sets. The query and the user of index.source, which may be secret and differ at every run where
// the URL is a presigned one, do not count; of the values of headers only the names of their variables are configured.
func (c *Configuration) Hash() string {
	type inForce struct {
		Policy, Level string
		Properties    map[string]any
		Exemptions    []Exemption
		OutOfScope    []Scope `json:",omitempty"`
		Unknown       string
	}
	var all []inForce
	for p, s := range c.settings {
		properties := map[string]any{}
		canonical(properties, "", reflect.ValueOf(s.Properties))
		exemptions := append([]Exemption{}, s.Exemptions...)
		all = append(all, inForce{p.Name, s.Level.String(), properties, exemptions, s.OutOfScope, s.Unknown})
	}
	slices.SortFunc(all, func(a, b inForce) int { return strings.Compare(a.Policy, b.Policy) })
	encoded, err := json.Marshal(all)
	if err != nil {
		panic("policy: settings that are no JSON: " + err.Error())
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:6])
}

// canonical adds the settings of a struct by their paths, in the one form that Hash counts.
func canonical(into map[string]any, above string, s reflect.Value) {
	for i := range s.NumField() {
		path := above + s.Type().Field(i).Tag.Get("json")
		switch v := s.Field(i).Interface().(type) {
		case IndexSettings:
			v.Source = withoutSecrets(v.Source)
			canonical(into, path+".", reflect.ValueOf(v))
		case []string:
			into[path] = slices.Sorted(slices.Values(v))
		default:
			if field := s.Field(i); field.Kind() != reflect.Slice && field.Kind() != reflect.Map || field.Len() > 0 {
				into[path] = v
			}
		}
	}
}

// withoutSecrets is a source without what a URL may hold of secrets.
func withoutSecrets(source string) string {
	u, err := url.Parse(source)
	if err != nil || u.Host == "" {
		return source
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
