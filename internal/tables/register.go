package tables

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// A Register remembers the claims of one stack, by URN, in the order in which resources were first seen. The zero value
// is empty and ready for use, also by several at a time.
type Register struct {
	mu     sync.Mutex
	owners map[string]*owner     // by URN
	names  map[string]*namesakes // by table name
	groups map[groupKey]*claimants
	parts  numbers
	texts  Texts

	compared int // identities, by all calls
}

// An owner is a resource with what it claims.
type owner struct {
	urn    string
	order  int
	claims []Claim
}

// Claimants are the claims on one name that nothing tells apart: what is true of the first is true of all. They are ordered as their
// owners were first seen.
type claimants struct{ claims []claimed }

// A claimed is one claim of an owner.
type claimed struct {
	by    *owner
	index int
}

func (c claimed) claim() Claim { return c.by.claims[c.index] }

func (c claimed) compare(d claimed) int {
	return cmp.Or(cmp.Compare(c.by.order, d.by.order), cmp.Compare(c.index, d.index))
}

// A groupKey is equal for two identities that Match does not tell apart.
type groupKey struct {
	name            string
	account, region int32
}

// numbers are the numbers of parts, in a groupKey.
type numbers map[partKey]int32

// A partKey is what Part.match compares.
type partKey struct{ known, among, like string }

func (n numbers) key(i Identity) groupKey {
	return groupKey{name: i.Name, account: n.of(i.Account), region: n.of(i.Region)}
}

func (n numbers) of(p Part) int32 {
	key := partKey{known: p.Known, like: p.Like}
	if p.Known == "" {
		key.among = strings.Join(p.Among, " ")
	}
	number, ok := n[key]
	if !ok {
		number = int32(len(n))
		n[key] = number
	}
	return number
}

// namesakes are the groups of one name, in the order in which they came.
type namesakes struct {
	groups []*claimants
	exact  map[exactly][]*claimants // those after the first most whose account and region are known
}

// most bounds how many groups of one name a claim is compared with: beyond, only with those that have its own account and region.
// So many places of one name are all but always known, and then nothing is missed.
const most = 256

// exactly is a place that is known.
type exactly struct{ account, region string }

func (i Identity) exactly() (e exactly, known bool) {
	account, region := i.Account.candidates(), i.Region.candidates()
	if len(account) != 1 || len(region) != 1 {
		return exactly{}, false
	}
	return exactly{account[0], region[0]}, true
}

// Claim records what a resource owns, in place of what it owned before, and returns the collisions with resources that
// were first seen earlier: at most one for each claim, a certain one in preference to a possible one, and of those the earliest.
func (r *Register) Claim(urn string, claims []Claim) []Collision {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := r.replace(urn, claims)
	var collisions []Collision
	for _, c := range own.claims {
		worst, with := Different, claimed{}
		for _, g := range r.comparable(c.Identity) {
			first := g.claims[0]
			if first.by.order >= own.order {
				continue
			}
			r.compared++
			m := c.Identity.Match(first.claim().Identity)
			if m > worst || m == worst && m != Different && first.compare(with) < 0 {
				worst, with = m, first
			}
		}
		if worst != Different {
			collisions = append(collisions, Collision{Claim: c, Earlier: with.claim(), EarlierURN: with.by.urn, Match: worst})
		}
	}
	return collisions
}

// comparable are the groups that an identity is compared with.
func (r *Register) comparable(i Identity) []*claimants {
	n := r.names[i.Name]
	if len(n.groups) <= most {
		return n.groups
	}
	list := n.groups[:most:most]
	if at, known := i.exactly(); known {
		list = append(list, n.exact[at][:min(most, len(n.exact[at]))]...)
	}
	return list
}

// replace records the claims of a resource.
func (r *Register) replace(urn string, claims []Claim) *owner {
	if r.owners == nil {
		r.owners, r.names = map[string]*owner{}, map[string]*namesakes{}
		r.groups, r.parts, r.texts = map[groupKey]*claimants{}, numbers{}, Texts{}
	}
	o := r.owners[urn]
	if o == nil {
		o = &owner{urn: urn, order: len(r.owners)}
		r.owners[urn] = o
	}
	if reflect.DeepEqual(o.claims, claims) {
		return o
	}
	for i := range o.claims {
		r.remove(claimed{o, i})
	}
	o.claims = slices.Clone(claims)
	for i := range o.claims {
		o.claims[i].Identity = r.texts.Share(o.claims[i].Identity)
		r.add(claimed{o, i})
	}
	return o
}

func (r *Register) add(c claimed) {
	i := c.claim().Identity
	key := r.parts.key(i)
	g := r.groups[key]
	if g == nil {
		g = &claimants{}
		r.groups[key] = g
		n := r.names[i.Name]
		if n == nil {
			n = &namesakes{}
			r.names[i.Name] = n
		}
		if at, known := i.exactly(); known && len(n.groups) >= most {
			if n.exact == nil {
				n.exact = map[exactly][]*claimants{}
			}
			n.exact[at] = append(n.exact[at], g)
		}
		n.groups = append(n.groups, g)
	}
	at, _ := slices.BinarySearchFunc(g.claims, c, claimed.compare)
	g.claims = slices.Insert(g.claims, at, c)
}

func (r *Register) remove(c claimed) {
	i := c.claim().Identity
	key := r.parts.key(i)
	g := r.groups[key]
	if at, found := slices.BinarySearchFunc(g.claims, c, claimed.compare); found {
		g.claims = slices.Delete(g.claims, at, at+1)
	}
	if len(g.claims) > 0 {
		return
	}
	delete(r.groups, key)
	n := r.names[i.Name]
	is := func(other *claimants) bool { return other == g }
	n.groups = slices.DeleteFunc(n.groups, is)
	if at, known := i.exactly(); known && n.exact != nil {
		n.exact[at] = slices.DeleteFunc(n.exact[at], is)
	}
	if len(n.groups) == 0 {
		delete(r.names, i.Name)
	}
}

// A Set is a set of identities. The zero value is empty and ready for use.
type Set struct {
	names map[string][]Identity // by table name; of those that Match does not tell apart, the first
	has   map[groupKey]bool
	parts numbers

	compared int // identities, by all calls
}

// Add adds an identity.
func (s *Set) Add(i Identity) {
	if s.names == nil {
		s.names, s.has, s.parts = map[string][]Identity{}, map[groupKey]bool{}, numbers{}
	}
	if key := s.parts.key(i); !s.has[key] {
		s.has[key] = true
		s.names[i.Name] = append(s.names[i.Name], i)
	}
}

// May reports whether an identity is, or may be, in the set.
func (s *Set) May(i Identity) bool {
	return slices.ContainsFunc(s.names[i.Name], func(other Identity) bool {
		s.compared++
		return i.Match(other) != Different
	})
}
