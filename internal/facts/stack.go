package facts

import (
	"encoding/json"
	"reflect"
	"slices"
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

	documents   library
	attachments attachments

	mu     sync.Mutex
	tables map[string][]declared // by table name
	names  map[resource.URN]string
	shared map[string]resource.Value // properties that are remembered of several tables, by their JSON
	texts  tables.Texts
	named  map[resource.URN]bool // whether Pulumi chose the name
}

// declared is a Table of the stack, with those of its properties that others are judged by.
type declared struct {
	urn        resource.URN
	name       string
	properties resource.Value
	identity   tables.Identity
}

func (d declared) resource() *resource.Resource {
	return &resource.Resource{URN: d.urn, Type: Table, Name: d.name, Properties: d.properties}
}

// inherited is the property of a table that a replica has from it, where it says nothing itself: that of Encrypted and EncryptionKey.
const inherited = "serverSideEncryption"

// inheritable returns what is remembered of the properties of a table. Most tables share one.
func (s *Stack) inheritable(r *resource.Resource) resource.Value {
	v := r.Properties.Get(inherited)
	properties := resource.ObjectValue(map[string]resource.Value{inherited: v})
	if v.HasSecret() || v.HasUnknown() {
		return properties
	}
	key, err := json.Marshal(v.Plain())
	if err != nil {
		return properties // it has a number that is none
	}
	shared, ok := s.shared[string(key)]
	switch {
	case !ok:
		s.shared[string(key)] = properties
	case reflect.DeepEqual(shared, properties): // JSON has no word for some values
		return shared
	}
	return properties
}

// Facts returns the facts of a resource of the stack. Its documents are parsed once in the life of s, which may be nil.
func (s *Stack) Facts(r *resource.Resource) *Facts {
	if s == nil {
		return New(r)
	}
	return newFacts(r, func(at resource.Path, text string, kind iam.Kind) *iam.Document {
		return s.documents.parse(Place{r.URN, at}, text, kind)
	})
}

// See remembers a resource that others may have to be judged by. defaultRegion is the stack's aws:region.
func (s *Stack) See(f *Facts, defaultRegion resource.Value) {
	if f.resource.Type != Table {
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
	urn := f.resource.URN
	before := s.names[urn]
	s.tables[before] = slices.DeleteFunc(s.tables[before], func(d declared) bool { return d.urn == urn })
	delete(s.names, urn)
	if len(claims) > 0 {
		own := s.texts.Share(claims[0].Identity)
		s.tables[own.Name] = append(s.tables[own.Name], declared{urn, f.resource.Name, s.inheritable(f.resource), own})
		s.names[urn] = own.Name
	}
}

// Table returns the Table of the stack with an identity, and its property serverSideEncryption; nil where none was seen or several
// could be meant.
func (s *Stack) Table(identity tables.Identity) *resource.Resource {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found [tables.Same + 1][]declared
	for _, d := range s.tables[identity.Name] {
		m := identity.Match(d.identity)
		found[m] = append(found[m], d)
		if len(found[tables.Same]) > 1 {
			return nil
		}
	}
	for _, m := range []tables.Match{tables.Same, tables.Possible} {
		if len(found[m]) == 1 {
			return found[m][0].resource()
		}
	}
	return nil
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
