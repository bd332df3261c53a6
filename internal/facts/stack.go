package facts

import (
	"reflect"
	"slices"
	"strconv"
	"sync"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// Stack is what is remembered of the resources of a stack while they are judged one by one. It is safe for concurrent
// use, and seeing a resource again replaces what was remembered of it.
type Stack struct {
	Claims tables.Register

	library     library
	attachments attachments
	sketch      sketch

	mu     sync.Mutex
	tables map[string][]declared // by table name
	names  map[resource.URN]string
	shared map[string]resource.Value // properties that are remembered of several tables, by their JSON
	texts  tables.Texts
	named  map[resource.URN]bool // whether Pulumi chose the name
	// replicated are the tables that have replicas, and the replicas.
	replicated tables.Set

	first    map[string]resource.URN   // by what
	outlines map[resource.URN]*outline // of what links and holds documents
	alike    map[string]*outline       // by what they say: resources share one
	notRead  map[resource.URN]NotRead

	examples map[string]resource.URN // the first resource of some types

	roles  map[resource.URN]string            // the names of the roles
	trusts map[string]map[resource.URN]string // by name of the role, the service that alone may assume it
	open   openness
}

// An outline is what is remembered of how a resource was declared.
type outline struct {
	unset []string // the properties that the program did not set
	// The policy documents that grant access, or may once they are known.
	known   int
	awaited map[resource.Path]bool
}

// declared is a copy of a table of the stack, with those properties of its resource that others are judged by.
type declared struct {
	urn        resource.URN
	typ        string
	properties resource.Value
	at         resource.Path // of the copy
	identity   tables.Identity
}

func (d declared) copy() (Copy, bool) {
	r := &resource.Resource{URN: d.urn, Type: d.typ, Name: d.urn.Name(), Properties: d.properties}
	copies := Copies(r, new(resource.Log))
	i := slices.IndexFunc(copies, func(c Copy) bool { return c.Path() == d.at })
	if i < 0 {
		return Copy{}, false
	}
	return copies[i], true
}

// inherited are the aspects of a table that a replica has from it, where it says nothing itself. So it has the key of what the table
// is restored from.
var inherited = []Aspect{Encrypted, EncryptionKey}

// inheritable returns what is remembered of the properties of a table. Most tables share one.
func (s *Stack) inheritable(r *resource.Resource, shape *shape) resource.Value {
	kept := func(of resource.Value, aspects map[Aspect]string, more ...string) map[string]resource.Value {
		members := map[string]resource.Value{}
		keep := func(property string) {
			if v := of.Get(property); v.Kind() != resource.Absent {
				members[property] = v
			}
		}
		for _, a := range inherited {
			if path, ok := aspects[a]; ok {
				keep(resource.Path(path).Property())
			}
		}
		for _, property := range more {
			keep(property)
		}
		return members
	}
	members := kept(r.Properties, shape.table, shape.restored...)
	if shape.listed {
		list := r.Properties.Get(shape.copies)
		copies := make([]resource.Value, len(list.Elements()))
		for i, e := range list.Elements() {
			copies[i] = resource.ObjectValue(kept(e, shape.copy))
		}
		members[shape.copies] = resource.ArrayValue(copies)
	}
	properties := resource.ObjectValue(members)
	if properties.HasSecret() || properties.HasUnknown() {
		return properties
	}
	key := properties.String()
	shared, ok := s.shared[key]
	switch {
	case !ok:
		s.shared[key] = properties
	case reflect.DeepEqual(shared, properties): // two values may be shown alike
		return shared
	}
	return properties
}

// Facts returns the facts of a resource of the stack. Its documents are parsed once in the life of s, which may be nil.
func (s *Stack) Facts(r *resource.Resource) *Facts { return s.facts(r, nil) }

// facts is Facts of a resource of whose documents something may be left out.
func (s *Stack) facts(r *resource.Resource, out func(text string) bool) *Facts {
	if s == nil {
		s = new(Stack) // nobody else will ask it for a document
	}
	return newFacts(r, func(p resource.Property, text string, kind iam.Kind) *iam.Document {
		var d *iam.Document
		if p.Value.HasUnknown() { // it will be another one, so this one is not kept
			d = parse(p, text, kind)
		} else {
			d = s.library.parse(Place{r.URN, p.Path}, text, kind, p.Value.HasSecret())
		}
		if out != nil && d != nil {
			d = d.Without(out)
		}
		return d
	})
}

// Statement returns the statement of a policy document that a path of a resource of the stack leads into, as it is written,
// and the path within it: Action[1]. Both are empty where there is none, where it is not remembered any more, and where the
// document is a secret.
func (s *Stack) Statement(at Place) (text string, within resource.Path) {
	return s.library.statement(at)
}

// See remembers a resource that others may have to be judged by. defaultRegion is the stack's aws:region.
func (s *Stack) See(f *Facts, defaultRegion resource.Value) {
	r := f.resource
	s.seeDeclared(r)
	s.seeExample(r)
	s.seeTrust(f)
	s.seeOpen(f)
	if why := notRead(r); why != (NotRead{}) {
		s.mu.Lock()
		set(&s.notRead, r.URN, why)
		s.mu.Unlock()
	}
	shape := shapes[r.Type]
	if shape == nil {
		return
	}
	var log resource.Log
	claims := f.TableClaims(place.Around{Region: defaultRegion}, &log)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables == nil {
		s.tables, s.names = map[string][]declared{}, map[resource.URN]string{}
		s.shared, s.texts = map[string]resource.Value{}, tables.Texts{}
	}
	if shape.replicaOf != "" {
		s.seeReplica(f, claims)
		return
	}
	if len(claims) > 1 {
		s.replicate(claims)
	}
	urn := r.URN
	before := s.names[urn]
	s.tables[before] = slices.DeleteFunc(s.tables[before], func(d declared) bool { return d.urn == urn })
	delete(s.names, urn)
	if len(claims) == 0 {
		return
	}
	properties := s.inheritable(r, shape)
	if !shape.listed {
		claims = claims[:1] // its replicas are judged beside it
	}
	for _, c := range claims {
		d := declared{urn: urn, typ: r.Type, properties: properties, identity: s.texts.Share(c.Identity)}
		if shape.listed {
			d.at = resource.Path(c.Path)
		}
		s.tables[d.identity.Name] = append(s.tables[d.identity.Name], d)
		s.names[urn] = d.identity.Name
	}
}

// seeReplica remembers that a table has a replica, which another resource declares.
func (s *Stack) seeReplica(f *Facts, claims []tables.Claim) {
	s.replicate(claims)
	if table, ok := f.ReplicatedTable(new(resource.Log)); ok {
		s.replicated.Add(s.texts.Share(table))
	}
}

func (s *Stack) replicate(claims []tables.Claim) {
	for _, c := range claims {
		s.replicated.Add(s.texts.Share(c.Identity))
	}
}

// examples are the types that people are given an example of.
var examples = []string{Table, NativeTable, NativeGlobal, Cluster}

// seeExample remembers the first resource of each of examples.
func (s *Stack) seeExample(r *resource.Resource) {
	if !slices.Contains(examples, r.Type) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.examples[r.Type] == "" {
		set(&s.examples, r.Type, r.URN)
	}
}

// Example returns the first resource that was seen of the first of some types, which are among examples, of which one was.
// It is empty where none was.
func (s *Stack) Example(types ...string) resource.URN {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, typ := range types {
		if urn := s.examples[typ]; urn != "" {
			return urn
		}
	}
	return ""
}

// seeDeclared remembers which policy documents a resource has, and what of it the program left to the provider.
func (s *Stack) seeDeclared(r *resource.Resource) {
	if len(settable()[r.Type]) == 0 {
		return
	}
	as := &outline{}
	key := ""
	for _, property := range settable()[r.Type] {
		if r.Properties.Get(property).Unset() {
			as.unset = append(as.unset, property)
			key += property + "\n"
		}
	}
	for _, h := range holders[r.Type] {
		if h.kind == iam.Trust {
			continue
		}
		for _, d := range h.documents(r, func(resource.Property, string, iam.Kind) *iam.Document { return nil }) {
			if d.Known && !d.Part {
				as.known++
				continue
			}
			set(&as.awaited, d.Path, true)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(as.awaited) == 0 { // of the others each is its own
		key += strconv.Itoa(as.known)
		if alike, ok := s.alike[key]; ok {
			as = alike
		} else {
			set(&s.alike, key, as)
		}
	}
	set(&s.outlines, r.URN, as)
}

// set sets the value of a key, and makes the map for the first.
func set[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

// settable are the properties, by type, that say something of principals, backups, recovery, endpoints or trails, or that hold documents, and that a
// provider may fill in where the program does not set them: until it has, a preview calls them unknown.
var settable = sync.OnceValue(func() map[string][]string {
	properties := map[string][]string{}
	add := func(typ, pattern string) {
		if property := resource.Path(pattern).Property(); !slices.Contains(properties[typ], property) {
			properties[typ] = append(properties[typ], property)
		}
	}
	for typ, l := range links {
		for _, references := range [][]Reference{l.principals, l.policies, l.groups, l.boundary} {
			for _, ref := range references {
				add(typ, ref.Property)
			}
		}
	}
	for typ, list := range holders {
		for _, h := range list {
			add(typ, h.property)
		}
	}
	for typ, s := range selections {
		for _, pattern := range []string{s.resources, s.notResources, s.tags, s.conditions} {
			add(typ, pattern)
		}
	}
	for typ, s := range endpoints {
		add(typ, s.policy)
	}
	for typ, s := range trails {
		add(typ, advancedSelectors)
		if s.basic != "" {
			add(typ, s.basic)
		}
	}
	for typ, patterns := range CopyReads(Recovery)() {
		for _, pattern := range patterns {
			add(typ, pattern)
		}
	}
	return properties
})

// declared returns a resource as the program declared it: what is unknown of it and the program did not set is not set. The
// outputs of a preview call unknown whatever the provider may fill in.
func (s *Stack) declared(r *resource.Resource) *resource.Resource {
	if s == nil {
		return r
	}
	s.mu.Lock()
	as, ok := s.outlines[r.URN]
	s.mu.Unlock()
	if !ok {
		return r
	}
	var changed map[string]resource.Value
	for _, property := range as.unset {
		if r.Properties.Get(property).Kind() != resource.Unknown {
			continue
		}
		if changed == nil {
			changed = map[string]resource.Value{}
			for _, key := range r.Properties.Keys() {
				changed[key] = r.Properties.Get(key)
			}
		}
		changed[property] = resource.NullValue()
	}
	if changed == nil {
		return r
	}
	declared := *r
	declared.Properties = resource.ObjectValue(changed)
	return &declared
}

// First reports whether a resource is the first that something is said of. It is that also when it is judged again.
func (s *Stack) First(what string, urn resource.URN) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first[what] == "" {
		set(&s.first, what, urn)
	}
	return s.first[what] == urn
}

// SaidOfOther reports whether another resource is the first that something is said of.
func (s *Stack) SaidOfOther(what string, urn resource.URN) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first[what] != "" && s.first[what] != urn
}

// Documents returns how many policy documents that may grant access the stack has declared so far, and how many of them are
// known.
func (s *Stack) Documents() (known, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, as := range s.outlines {
		known += as.known
		all += as.known + len(as.awaited)
	}
	return known, all
}

// Awaited reports whether a place holds a policy document that is not known yet.
func (s *Stack) Awaited(at Place) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	as, ok := s.outlines[at.URN]
	return ok && as.awaited[at.Path]
}

// Table returns the table of the stack with an identity, of which it knows the aspects Encrypted and EncryptionKey, and what it is
// restored from; ok is false where none was seen or several could be meant.
func (s *Stack) Table(identity tables.Identity) (table Copy, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found [tables.Same + 1][]declared
	for _, d := range s.tables[identity.Name] {
		m := identity.Match(d.identity)
		found[m] = append(found[m], d)
		if len(found[tables.Same]) > 1 {
			return Copy{}, false
		}
	}
	for _, m := range []tables.Match{tables.Same, tables.Possible} {
		if len(found[m]) == 1 {
			return found[m][0].copy()
		}
	}
	return Copy{}, false
}

// Replicated reports whether a table of the stack with an identity has replicas, or is one, as far as they were seen.
func (s *Stack) Replicated(identity tables.Identity) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replicated.May(identity)
}

// defaults is the property in which the engine keeps the names of the inputs that the provider chose.
const defaults = "__defaults"

// CheckedReads returns the types that SeeChecked looks at, and the patterns of the properties that it reads of them.
func CheckedReads() map[string][]string { return map[string][]string{Table: {defaults}} }

// SeeChecked remembers whether Pulumi chose the name of a table. Only Remediate is shown that.
func (s *Stack) SeeChecked(r *resource.Resource) {
	if r.Type != Table {
		return
	}
	byPulumi := false
	for _, name := range r.Properties.Get(defaults).Elements() {
		text, _ := name.Text()
		byPulumi = byPulumi || text == "name"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.named == nil {
		s.named = map[resource.URN]bool{}
	}
	s.named[r.URN] = byPulumi
}

// NamedByPulumi reports whether Pulumi chose the name of a table, and whether that is known.
func (s *Stack) NamedByPulumi(urn resource.URN) (byPulumi, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	byPulumi, known = s.named[urn]
	return byPulumi, known
}
