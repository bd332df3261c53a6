package facts

import (
	"sync"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// Stack is what is remembered of the resources of a stack while they are judged one by one. It is safe for concurrent
// use, and seeing a resource again replaces what was remembered of it.
type Stack struct {
	Claims tables.Register

	mu     sync.Mutex
	tables map[resource.URN]*Facts
	named  map[resource.URN]bool
}

// SeeChecked remembers whether Pulumi chose the name of a table. Only Remediate is shown that.
func (s *Stack) SeeChecked(r *resource.Resource) {
	if r.Type != Table {
		return
	}
	byPulumi := false
	for _, name := range r.Properties.Get("__defaults").Elements() {
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

// See remembers a resource that others may have to be judged by.
func (s *Stack) See(f *Facts) {
	if f.resource.Type != Table {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables == nil {
		s.tables = map[resource.URN]*Facts{}
	}
	s.tables[f.resource.URN] = f
}

// Table returns the Table of the stack that an ARN names, nil where none was seen or several could be meant.
func (s *Stack) Table(arn tables.ARN, defaultRegion resource.Value) *resource.Resource {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *resource.Resource
	for _, f := range s.tables {
		var log resource.Log
		claims := f.TableClaims(Around{Region: defaultRegion}, &log)
		if len(claims) == 0 || claims[0].Identity.Name != arn.Name {
			continue
		}
		if region := claims[0].Identity.Region.Known; region != "" && region != arn.Region {
			continue
		}
		if found != nil {
			return nil
		}
		found = f.resource
	}
	return found
}
