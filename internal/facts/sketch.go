package facts

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// The types that have functions called for the records of streams.
const (
	EventSource       = "aws:lambda/eventSourceMapping:EventSourceMapping"
	NativeEventSource = "aws-native:lambda:EventSourceMapping"
)

// namers are the properties by which what runs code names the tables it uses.
var namers = map[string]string{
	Function:         "environment",
	TaskDefinition:   "containerDefinitions",
	AppRunnerService: "sourceConfiguration",
	StateMachine:     "definition",
	GlueJob:          "defaultArguments",

	"aws-native:lambda:Function":    "environment",
	"aws-native:ecs:TaskDefinition": "containerDefinitions",
}

// functionNames are the properties with the name of a function.
var functionNames = map[string]string{Function: "name", "aws-native:lambda:Function": "functionName"}

// sketchReads are the types of which a sketch is kept, and the patterns of the properties that it has of them.
var sketchReads = sync.OnceValue(func() map[string][]string {
	more := map[string][]string{
		EventSource:       {"eventSourceArn", "functionName"},
		NativeEventSource: {"eventSourceArn", "functionName"},
	}
	for typ, property := range namers {
		more[typ] = append(more[typ], property)
	}
	for typ, property := range functionNames {
		more[typ] = append(more[typ], property)
	}
	more[Function] = append(more[Function], "region") // of itself, since version 7 of the classic provider
	return joined(LinkReads(), SeenReads(), DocumentReads(iam.Identity)(), TableReads(), WorkloadReads(), more)
})

// SketchReads returns the types that Sketch looks at, and the patterns of the properties that it reads of them.
func SketchReads() map[string][]string { return sketchReads() }

// sketchSize bounds what is kept of the resources of a stack to say who names which tables, in bytes. Of a stack that has more nothing
// is said: what is not kept might name others.
const sketchSize = 4 << 20

// sketched is what a resource takes beside its texts, in bytes.
const sketched = 800

// A sketch is what is kept for that: resources with the properties that say so. It is safe for concurrent use.
type sketch struct {
	mu        sync.Mutex
	byURN     map[resource.URN]*resource.Resource
	order     []resource.URN
	size      int
	full      bool // there was more, so nothing is kept
	providers providers
}

// Sketch remembers of a resource what it says of tables: by whom it is used, what it names, and what it is called. Of values that are
// no names nothing is kept. At the end of a stack a resource also tells what its properties were made of, and what was not known of
// them; what was known stays as it was, for what is a secret as an input may not be marked as one any more.
func (s *Stack) Sketch(r *resource.Resource, atEnd bool) {
	patterns, ok := sketchReads()[r.Type]
	before, full := s.sketch.properties(r.URN)
	if !ok || full {
		return
	}
	if !atEnd {
		before = resource.Value{}
	}
	size := sketched
	kept := &resource.Resource{URN: r.URN, Type: r.Type, Name: r.Name, Provider: r.Provider}
	properties := map[string]resource.Value{}
	for _, pattern := range patterns {
		name := resource.Path(pattern).Property()
		if _, done := properties[name]; done {
			continue
		}
		v, was := r.Properties.Get(name), before.Get(name)
		switch {
		case !was.Unset() && (name == namers[r.Type] || !was.HasUnknown()):
			v = was
		case v.Unset():
			continue
		case name == namers[r.Type]:
			v = mentionedIn(v)
		}
		properties[name] = v
		v.Contains(func(v resource.Value) bool {
			text, _ := v.Text()
			size += 16 + len(text)
			return false
		})
		if of := r.PropertyDependencies[name]; len(of) > 0 && (v.HasUnknown() || name == namers[r.Type]) {
			set(&kept.PropertyDependencies, name, of)
		}
	}
	kept.Properties = resource.ObjectValue(properties)
	s.sketch.keep(kept, size)
}

func (k *sketch) keep(r *resource.Resource, size int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, again := k.byURN[r.URN]
	if !again {
		if k.full = k.full || k.size+size > sketchSize; k.full {
			k.byURN, k.order, k.providers = nil, nil, nil
			return
		}
		k.size += size
		k.order = append(k.order, r.URN)
	}
	r.Provider = k.providers.share(r.Provider)
	set(&k.byURN, r.URN, r)
}

// properties are those that are kept of a resource. full: nothing is kept any more.
func (k *sketch) properties(urn resource.URN) (properties resource.Value, full bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r := k.byURN[urn]; r != nil {
		properties = r.Properties
	}
	return properties, k.full
}

// graph is the graph of what is kept, and whether that is all.
func (k *sketch) graph(seen *Stack) (g *Graph, whole bool) {
	k.mu.Lock()
	whole = !k.full
	resources := make([]*resource.Resource, len(k.order))
	for i, urn := range k.order {
		resources[i] = k.byURN[urn]
	}
	k.mu.Unlock()
	return NewGraph(withPolicyARNs(resources), seen), whole
}

// withPolicyARNs gives the managed policies of which the ARN is not known the one by which they are attached, where that means one
// alone.
func withPolicyARNs(resources []*resource.Resource) []*resource.Resource {
	named := map[string][]int{} // by name
	for i, r := range resources {
		if !IsManagedPolicy(r) {
			continue
		}
		if _, known := r.Properties.Get(entities[r.Type].arn).Text(); !known {
			named[ownPolicyName(r)] = append(named[ownPolicyName(r)], i)
		}
	}
	for _, r := range slices.Clone(resources) {
		for _, ref := range links[r.Type].policies {
			for _, text := range texts(r, ref) {
				n, ok := parsePolicyName(text)
				if i := named[n.name]; ok && len(i) == 1 && n.means(resources[i[0]]) {
					resources[i[0]] = withARN(resources[i[0]], text)
				}
			}
		}
	}
	return resources
}

// mentionedIn are the texts within a value that may name tables, a list, and whether there is one that is not known. A text may itself
// be JSON, as the definitions of containers are. Secrets are left out.
func mentionedIn(v resource.Value) resource.Value {
	var list []resource.Value
	unknown := false
	add := func(text string) {
		if canBeName(text) && !slices.ContainsFunc(list, resource.StringValue(text).Equal) {
			list = append(list, resource.StringValue(text))
		}
	}
	var within func(v resource.Value)
	within = func(v resource.Value) {
		text, _ := v.Text()
		switch {
		case v.Secret():
		case v.Kind() == resource.Unknown:
			unknown = true
		case strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{"):
			var decoded any
			if json.Unmarshal([]byte(text), &decoded) == nil {
				eachText(decoded, add)
			}
		case text != "":
			add(text)
		}
		for _, e := range v.Elements() {
			within(e)
		}
		for _, key := range v.Keys() {
			within(v.Get(key))
		}
	}
	within(v)
	if unknown {
		list = append(list, resource.UnknownValue())
	}
	return resource.ArrayValue(list)
}

// eachText calls do with every text within a JSON value.
func eachText(v any, do func(string)) {
	switch v := v.(type) {
	case string:
		do(v)
	case []any:
		for _, e := range v {
			eachText(e, do)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			eachText(v[key], do)
		}
	}
}

// canBeName reports whether a text can be the name of a table, or the ARN of something of DynamoDB or DAX.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
func canBeName(text string) bool {
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
	if strings.HasPrefix(text, "arn:") {
		return strings.Contains(text, ":dynamodb:") || strings.Contains(text, ":dax:")
	}
	return len(text) >= 3 && len(text) <= 255 && strings.Trim(text, characters) == ""
}

// withARN is a managed policy with the ARN that it will have.
func withARN(r *resource.Resource, arn string) *resource.Resource {
	properties := map[string]resource.Value{}
	for _, name := range r.Properties.Keys() {
		properties[name] = r.Properties.Get(name)
	}
	properties[entities[r.Type].arn] = resource.StringValue(arn)
	known := *r
	known.Properties = resource.ObjectValue(properties)
	return &known
}
