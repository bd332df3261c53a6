package facts

import (
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/resource"
)

// A Kind is what a resource declares, whichever provider it is of, as people name it.
type Kind string

// The kinds that resources refer to.
const (
	KindRole          Kind = "role"
	KindUser          Kind = "user"
	KindGroup         Kind = "group"
	KindPermissionSet Kind = "permission set"
	KindManagedPolicy Kind = "managed policy"
	KindTable         Kind = "table"

	KindInstanceProfile Kind = "instance profile"
)

// An entity is a resource type that others refer to: its kind, and the properties that hold its name and its ARN.
type entity struct {
	kind      Kind
	name, arn string
}

// entities are keyed by kind, so that what one provider declares is found from a property of the other.
var entities = map[string]entity{
	Role:             {KindRole, "name", "arn"},
	User:             {KindUser, "name", "arn"},
	Group:            {KindGroup, "name", "arn"},
	SSOPermissionSet: {KindPermissionSet, "name", "arn"},
	ManagedPolicy:    {KindManagedPolicy, "name", "arn"},
	Table:            {KindTable, "name", "arn"},
	InstanceProfile:  {KindInstanceProfile, "name", "arn"},

	NativeRole:            {KindRole, "roleName", "arn"},
	NativeUser:            {KindUser, "userName", "arn"},
	NativeGroup:           {KindGroup, "groupName", "arn"},
	NativePermissionSet:   {KindPermissionSet, "name", "permissionSetArn"},
	NativeManagedPolicy:   {KindManagedPolicy, "managedPolicyName", "policyArn"},
	NativeTable:           {KindTable, "tableName", "arn"},
	NativeGlobal:          {KindTable, "tableName", "arn"},
	NativeInstanceProfile: {KindInstanceProfile, "instanceProfileName", "arn"},
}

// kindReads returns the types of a kind, and the properties by which others refer to them.
func kindReads(kind Kind) map[string][]string {
	reads := map[string][]string{}
	for typ, e := range entities {
		if e.kind == kind {
			reads[typ] = []string{e.name, e.arn}
		}
	}
	return reads
}

// KindOf is the kind of what resources of a type declare, empty where nothing refers to them.
func KindOf(typ string) Kind { return entities[typ].kind }

// ARN is that of a resource that others refer to, as its provider tells it; empty where it is not known, or has none. secret: no message
// may show it.
func ARN(r *resource.Resource) (arn string, secret bool) {
	property := r.Properties.Get(entities[r.Type].arn)
	arn, _ = property.Text()
	return arn, property.Secret()
}

// Path returns the path in the ARN of a resource of IAM: / where it has none, or none that is known.
func Path(r *resource.Resource) string {
	if path, _ := r.Properties.Get(iamPath).Text(); path != "" {
		return path
	}
	return "/"
}

// A Reference is a property that refers to resources of one kind, by name or ARN, alone or in a list. It is written as a
// pattern: policyArns, permissionsBoundary.managedPolicyArn, references[].name.
type Reference struct {
	Property string
	Kind     Kind
}

// A Target is one resource that a property refers to.
type Target struct {
	Path     resource.Path
	Text     string             // as it is referred to; empty where that is not known
	Shown    string             // its name, as a message may show it
	Secret   bool               // the property is one, so no message may show Text
	Declared *resource.Resource // nil where the stack does not declare it
}

// A Problem is what stands in the way of reading a resource.
type Problem struct {
	URN     resource.URN
	Message string
}

// A Graph is what the resources of one stack say of each other. It is safe for concurrent use.
type Graph struct {
	Resources []*resource.Resource

	byURN       map[resource.URN]*resource.Resource
	seen        *Stack
	out         func(text string) bool // what is left out of the resources; nil where nothing is
	principals  func() *Principals
	attachments func() map[resource.URN][]resource.URN // by managed policy

	mu    sync.Mutex
	facts map[*resource.Resource]*Facts
	// directories are the declared resources, by kind.
	directories map[Kind]directory
}

// A directory has the declared resources of a kind.
type directory struct {
	by      map[string]*namesakes // by name and by ARN
	planned map[string]*namesakes // by name, those whose ARN is not known
}

// Namesakes are the resources of one name or ARN: several, where a name is used in several accounts. These are looked up by URN
// and by provider, for a stack of n resources of one name would be searched n times.
type namesakes struct {
	list       []*resource.Resource
	byURN      map[resource.URN]*resource.Resource
	byProvider map[resource.URN][]*resource.Resource
}

func (n *namesakes) add(r *resource.Resource) {
	n.list = append(n.list, r)
	added := n.list[len(n.list)-1:]
	switch {
	case len(n.list) == 1:
		return // as most are, and there is nothing to look up
	case n.byURN == nil:
		n.byURN, n.byProvider = map[resource.URN]*resource.Resource{}, map[resource.URN][]*resource.Resource{}
		added = n.list
	}
	for _, r := range added {
		n.byURN[r.URN] = r
		if r.Provider != nil {
			n.byProvider[r.Provider.URN] = append(n.byProvider[r.Provider.URN], r)
		}
	}
}

// preferred are those that a resource means: the ones it depends on, of these or else of all those of its own provider.
func (n *namesakes) preferred(by *resource.Resource, dependencies []resource.URN) []*resource.Resource {
	if len(n.list) == 1 {
		return n.list
	}
	var depended, ofProvider []*resource.Resource
	for _, urn := range dependencies {
		if c := n.byURN[urn]; c != nil && !slices.Contains(depended, c) {
			depended = append(depended, c)
		}
	}
	switch {
	case len(depended) > 0:
		ofProvider = slices.DeleteFunc(slices.Clone(depended), func(c *resource.Resource) bool {
			return by.Provider == nil || c.Provider == nil || c.Provider.URN != by.Provider.URN
		})
	case by.Provider != nil:
		ofProvider = n.byProvider[by.Provider.URN]
	}
	for _, list := range [][]*resource.Resource{ofProvider, depended} {
		if len(list) > 0 {
			return list
		}
	}
	return n.list
}

// NewGraph returns the graph of a stack. seen is what was remembered of it, nil where nothing was.
func NewGraph(resources []*resource.Resource, seen *Stack) *Graph {
	resources = slices.Clone(resources)
	for i, r := range resources {
		resources[i] = seen.declared(r)
	}
	g := &Graph{
		Resources:   resources,
		byURN:       make(map[resource.URN]*resource.Resource, len(resources)),
		seen:        seen,
		facts:       map[*resource.Resource]*Facts{},
		directories: map[Kind]directory{},
	}
	for _, r := range resources {
		g.byURN[r.URN] = r
	}
	// No engine sends two of one URN. Who judged both would be handed the last one for the other, which may be of another type.
	g.Resources = slices.DeleteFunc(resources, func(r *resource.Resource) bool { return g.byURN[r.URN] != r })
	g.principals = sync.OnceValue(func() *Principals { return newPrincipals(g) })
	g.attachments = sync.OnceValue(func() map[resource.URN][]resource.URN { return newAttachments(g) })
	return g
}

// Resource returns a resource of the stack; of a URN that the stack does not have, one that says nothing.
func (g *Graph) Resource(urn resource.URN) *resource.Resource {
	if r, ok := g.byURN[urn]; ok {
		return r
	}
	return &resource.Resource{URN: urn, Type: urn.Type(), Name: urn.Name(), Properties: resource.ObjectValue(nil)}
}

// Facts returns the facts of a resource of the stack.
func (g *Graph) Facts(r *resource.Resource) *Facts {
	g.mu.Lock()
	defer g.mu.Unlock()
	f, ok := g.facts[r]
	if !ok {
		f = g.seen.facts(r, g.out)
		g.facts[r] = f
	}
	return f
}

// directory returns the declared resources of a kind.
func (g *Graph) directory(kind Kind) directory {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d, ok := g.directories[kind]; ok {
		return d
	}
	d := directory{by: map[string]*namesakes{}, planned: map[string]*namesakes{}}
	for _, r := range g.Resources {
		e := entities[r.Type]
		if e.kind != kind {
			continue
		}
		var log resource.Log
		name, _ := r.Property(e.name, &log).Text()
		arn := r.Property(e.arn, &log)
		text, _ := arn.Text()
		file(d.by, name, r)
		file(d.by, text, r)
		if _, known := arn.Value.Text(); !known {
			file(d.planned, name, r)
		}
	}
	g.directories[kind] = d
	return d
}

// file adds a resource to those of a name. What has none is not found by it.
func file(in map[string]*namesakes, name string, r *resource.Resource) {
	if name == "" {
		return
	}
	if in[name] == nil {
		in[name] = &namesakes{}
	}
	in[name].add(r)
}

// Principals returns what the stack says of its principals. It is worked out when first asked for.
func (g *Graph) Principals() *Principals { return g.principals() }

// Resolve returns what a property of a resource refers to, and whether something is missing because it is not known which
// resource is meant. What is not known yet is found by what the property depends on, if nothing else can be meant. What
// cannot be read is in the log.
func (g *Graph) Resolve(r *resource.Resource, ref Reference, log *resource.Log) (targets []Target, unknown bool) {
	var elements []resource.Property
	for _, p := range r.All(ref.Property, log) {
		if p.Value.Kind() == resource.Array {
			list, _ := p.Elements()
			elements = append(elements, list...)
		} else {
			elements = append(elements, p)
		}
	}
	root, _, _ := strings.Cut(strings.ReplaceAll(ref.Property, "[]", ""), ".")
	dependencies := r.PropertyDependencies[root]
	named := map[*resource.Resource]bool{}
	var missing []resource.Property
	for _, e := range elements {
		text, ok := e.Text()
		switch {
		case ok && text != "":
			t := Target{Path: e.Path, Text: text, Shown: lastSegment(text), Secret: e.Value.Secret()}
			if t.Secret {
				t.Shown = e.Value.String()
			}
			candidates := g.meant(ref.Kind, text, r, dependencies)
			switch {
			case len(candidates) == 0:
				targets = append(targets, t)
			case len(candidates) == 1, isPattern(ref.Kind, text):
				for _, c := range candidates {
					t.Declared = c
					targets = append(targets, t)
					named[c] = true
				}
			default:
				unknown = true
			}
		case e.Value.Kind() == resource.Unknown:
			missing = append(missing, e)
		}
	}
	if len(missing) == 0 {
		return targets, unknown
	}
	var candidates []*resource.Resource
	for _, urn := range dependencies {
		c := g.byURN[urn]
		if c != nil && entities[c.Type].kind == ref.Kind && !named[c] && !slices.Contains(candidates, c) {
			candidates = append(candidates, c)
		}
	}
	if len(candidates) != len(missing) {
		return targets, true
	}
	for i, c := range candidates {
		targets = append(targets, Target{Path: missing[i].Path, Declared: c})
	}
	return targets, unknown
}

// isPattern reports whether a text is an ARN that may stand for several of a kind. Only what grants access to tables may name
// them so: IAM attaches to the one principal, and the one policy, that are named.
func isPattern(kind Kind, text string) bool {
	return kind == KindTable && strings.HasPrefix(text, "arn:") && strings.ContainsAny(text, "*?")
}

// meant finds the declared resources of a kind that a name, an ARN or a pattern of ARNs can mean to the resource that gives it:
// where there are several of one name, the one it depends on, else the one of its own provider.
func (g *Graph) meant(kind Kind, text string, by *resource.Resource, dependencies []resource.URN) []*resource.Resource {
	if isPattern(kind, text) {
		return g.matching(kind, text)
	}
	d := g.directory(kind)
	n := d.by[text]
	if n == nil && strings.HasPrefix(text, "arn:") && kind != KindManagedPolicy {
		n = d.planned[lastSegment(text)] // the others have other ARNs
	}
	if n == nil {
		return nil
	}
	return n.preferred(by, dependencies)
}

// matching finds the declared resources of a kind whose ARNs match a pattern, in the order of the stack.
func (g *Graph) matching(kind Kind, pattern string) []*resource.Resource {
	var list []*resource.Resource
	for _, r := range g.Resources {
		if e := entities[r.Type]; e.kind == kind {
			if arn, ok := r.Property(e.arn, new(resource.Log)).Text(); ok && glob.Match(pattern, arn) {
				list = append(list, r)
			}
		}
	}
	return list
}

// lastSegment is the name in an ARN with a path, arn:aws:iam::111122223333:role/path/name.
func lastSegment(text string) string { return text[strings.LastIndexByte(text, '/')+1:] }
