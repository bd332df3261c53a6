package index

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/tables"
)

// A search asks Pulumi Cloud for tables as they are needed: its resource search says which stacks have a resource of
// that name, the export of each says where. It sees the stacks that the token may see.
type search struct {
	cloud *cloud
	// versions are those of all stacks, by project/stack, once listed is closed; none where they could not be listed.
	versions map[string]listedStack
	listed   chan struct{}

	mu     sync.Mutex
	left   time.Duration // that a run may still be kept waiting
	names  map[string][]tables.Entry
	all    []candidate          // every table; nil before it was asked for
	lookup *tables.Lookup       // of those whose stacks were asked for; nil where more were since
	states map[string]*exported // by project/stack
	broken bool                 // what the search cannot do once, it is not asked again
	failed []string             // reasons
	lost   map[string][]string  // the project/stack of states that were missed, by cause
}

// An exported is the state of one stack, as far as it could be read.
type exported struct {
	tables.StateTables
	err  error
	lost bool // and was missed
}

// pageSize is how many results are asked for at once, and maxResults where the service itself stops counting pages.
const (
	pageSize   = 100
	maxResults = 10_000
)

// newSearch returns a search, and begins to list the stacks, which tells what of the last run still holds. ctx ends that.
func newSearch(ctx context.Context, c *cloud) *search {
	s := &search{
		cloud: c, listed: make(chan struct{}),
		names: map[string][]tables.Entry{}, states: map[string]*exported{}, lost: map[string][]string{},
	}
	if c.organization == "" {
		s.broken = true
		s.fail(noOrganization(c.backend))
		close(s.listed)
		return s
	}
	go func() {
		defer close(s.listed)
		s.versions, _ = c.list(ctx) // without it, each state is read anew
	}()
	return s
}

func noOrganization(b backend) string {
	return "Pulumi Cloud at " + b.name + ": it is searched within an organization, and none is given"
}

// A candidate is a resource that the search found.
//
// Source: https://www.pulumi.com/docs/reference/cloud-rest-api/schema/resourcesearchresult/
type candidate struct {
	URN      string `json:"urn"`
	Type     string `json:"type"`
	ID       string `json:"id"` // of a table, its name
	Project  string `json:"project"`
	Stack    string `json:"stack"`
	External bool   `json:"external"`
	Delete   bool   `json:"delete"`
}

func (c candidate) owner() string { return c.Project + "/" + c.Stack }

// searched are the types whose id is the name of the table.
var searched = []string{"aws:dynamodb/table:Table", "aws-native:dynamodb:Table", "aws-native:dynamodb:GlobalTable"}

func (s *search) named(name string) []tables.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.names[name]; ok {
		return known
	}
	ctx, done := s.wait()
	defer done()
	candidates := s.all
	if candidates == nil {
		candidates = s.find(ctx, fmt.Sprintf("id:%q", name))
	}
	candidates = slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool { return c.ID != name })
	s.export(ctx, candidates)
	known := tables.New(time.Now(), s.tablesOf(candidates), nil, 0).Named(name)
	s.names[name] = known
	return known
}

// matching asks for the states of the stacks that are in and have tables with names that match, and no others.
func (s *search) matching(pattern string, in func(tables.Entry) bool) iter.Seq[tables.Entry] {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, done := s.wait()
	defer done()
	if s.all == nil {
		s.all = []candidate{}
		for _, typ := range searched {
			s.all = append(s.all, s.find(ctx, fmt.Sprintf("type:%q", typ))...)
		}
	}
	wanted := map[string]bool{} // by project/stack
	var needed []candidate
	for _, c := range s.all {
		owner := c.owner()
		want, asked := wanted[owner]
		if !asked {
			want = in(s.entry(c))
			wanted[owner] = want
		}
		if want && glob.Match(pattern, c.ID) {
			needed = append(needed, c)
			wanted[owner] = false // once is enough
		}
	}
	if s.export(ctx, needed) || s.lookup == nil {
		s.lookup = tables.NewLookup(tables.New(time.Now(), s.tablesOf(s.all), nil, 0))
	}
	return s.lookup.Matching(pattern, in)
}

// entry is what the search itself says of a table: whose it is.
func (s *search) entry(c candidate) tables.Entry {
	return tables.Entry{
		Name: c.ID, Organization: s.cloud.organization, Project: c.Project, Stack: c.Stack, URN: c.URN,
		Backend: s.cloud.backend.id, Source: s.cloud.source,
	}
}

// own returns the tables of a stack. One that is not there yet has none.
func (s *search) own(project, stack string) []tables.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil
	}
	ctx, done := s.wait()
	defer done()
	own := []candidate{{Project: project, Stack: stack}}
	s.ask(ctx, own)
	if s.states[own[0].owner()].err != nil {
		return nil // nothing is compared with it: one that cannot be read is not missed
	}
	return s.tablesOf(own)
}

// wait is the time that may still be spent. What was spent is taken off when done is called.
func (s *search) wait() (context.Context, func()) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), s.left)
	return ctx, func() {
		cancel()
		s.left -= time.Since(start)
	}
}

func (s *search) fail(reason string) {
	if !slices.Contains(s.failed, reason) {
		s.failed = append(s.failed, reason)
	}
}

// unread says what could not be read.
func (s *search) unread() []tables.Unread {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []tables.Unread
	for _, reason := range s.failed {
		list = append(list, tables.Unread{Reason: reason})
	}
	return append(list, lostStates(s.cloud.organization, s.lost)...)
}

// lostStates says which states of Pulumi Cloud could not be read: their project/stack by cause.
func lostStates(organization string, lost map[string][]string) (list []tables.Unread) {
	for _, cause := range slices.Sorted(maps.Keys(lost)) {
		owners := slices.Sorted(slices.Values(lost[cause]))
		of := "the state of"
		if len(owners) > 1 {
			of = "the states of"
		}
		u := tables.Unread{Reason: fmt.Sprintf("%s %s in Pulumi Cloud: %s", of, some(owners), cause)}
		for _, owner := range owners {
			u.Stacks = append(u.Stacks, organization+"/"+owner)
		}
		list = append(list, u)
	}
	return list
}

// report tells of what was read so far.
func (s *search) report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Report{Name: "Pulumi Cloud at " + s.cloud.backend.name, At: s.cloud.source.At}
	for _, state := range s.states {
		if state.err == nil {
			r.Stacks++
			r.Tables += len(state.Entries)
		}
	}
	if len(s.failed) > 0 {
		r.Problem = s.failed[0]
	}
	return r
}

// find asks for the tables among the results of a query, page by page.
func (s *search) find(ctx context.Context, query string) (found []candidate) {
	fail := func(err error) []candidate {
		s.broken = true
		s.fail(fmt.Sprintf("the resource search of Pulumi Cloud at %s: %v", s.cloud.backend.name, err))
		return found
	}
	type resource struct{ owner, urn string }
	seen := map[resource]bool{}
	listed := 0
	for page := 1; !s.broken; page++ {
		var result struct {
			Total     int         `json:"total"`
			Resources []candidate `json:"resources"`
		}
		err := s.cloud.getJSON(ctx, fmt.Sprintf("/api/orgs/%s/search/resourcesv2?query=%s&size=%d&page=%d",
			url.PathEscape(s.cloud.organization), url.QueryEscape(query), pageSize, page), &result)
		if err != nil {
			return fail(err)
		}
		known := len(seen)
		for _, c := range result.Resources {
			if at := (resource{c.owner(), c.URN}); !seen[at] {
				seen[at] = true
				if slices.Contains(searched, c.Type) && !c.External && !c.Delete {
					found = append(found, c)
				}
			}
		}
		listed += len(result.Resources)
		switch {
		case listed >= result.Total:
			return found
		case len(result.Resources) == 0:
			return fail(fmt.Errorf("there are %d tables, and it lists %d", result.Total, listed))
		case len(seen) == known:
			return fail(errors.New("it lists the same tables again and again"))
		case listed >= maxResults:
			return fail(fmt.Errorf("there are %d tables, and it lists %d", result.Total, maxResults))
		}
	}
	return found
}

// export is ask for states that are missed where they cannot be read.
func (s *search) export(ctx context.Context, candidates []candidate) (asked bool) {
	asked = s.ask(ctx, candidates)
	for _, c := range candidates {
		if state := s.states[c.owner()]; state.err != nil && !state.lost {
			state.lost = true
			s.lost[state.err.Error()] = append(s.lost[state.err.Error()], c.owner())
			asked = true
		}
	}
	return asked
}

// ask reads the states of the stacks of candidates, of each once, and reports whether there were any to ask for.
func (s *search) ask(ctx context.Context, candidates []candidate) bool {
	var todo []candidate
	for _, c := range candidates {
		if s.states[c.owner()] == nil {
			s.states[c.owner()] = &exported{err: errLate}
			todo = append(todo, c)
		}
	}
	if len(todo) == 0 {
		return false
	}
	var versions map[string]listedStack
	select {
	case <-s.listed:
		versions = s.versions
	case <-ctx.Done():
	}
	stacks := make([]listedStack, len(todo))
	for i, c := range todo {
		stacks[i] = versions[c.owner()]
		stacks[i].Project, stacks[i].Stack = c.Project, c.Stack
	}
	s.cloud.exportAll(ctx, stacks, func(stack listedStack, state tables.StateTables, err error) {
		*s.states[stack.owner()] = exported{StateTables: state, err: err}
	})
	return true
}

// tablesOf returns the tables of the stacks of candidates that were asked for. A state that cannot be read leaves what the
// search said: the name.
func (s *search) tablesOf(candidates []candidate) (entries []tables.Entry) {
	taken := map[string]bool{} // by project/stack
	for _, c := range candidates {
		state := s.states[c.owner()]
		switch {
		case state == nil:
		case state.err != nil:
			entries = append(entries, s.entry(c))
		case !taken[c.owner()]:
			taken[c.owner()] = true
			for _, e := range state.Entries {
				e.Backend, e.Source = s.cloud.backend.id, s.cloud.source
				entries = append(entries, e)
			}
		}
	}
	return entries
}
