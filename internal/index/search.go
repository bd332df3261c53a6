package index

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/files"
	"dynamoguard/internal/tables"
)

// A search asks Pulumi Cloud for tables as they are needed: its resource search says which stacks have a resource of
// that name, the export of each says where. It sees the stacks that the token may see.
//
// Source: https://www.pulumi.com/docs/reference/cloud-rest-api/
type search struct {
	client  *http.Client
	backend backend
	stack   Stack

	mu     sync.Mutex
	left   time.Duration // that a run may still be kept waiting
	names  map[string][]tables.Entry
	all    []candidate          // every table; nil before it was asked for
	whole  *tables.Index        // of them, once all their stacks were asked for
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
	// exporting is how many states are asked for at once.
	exporting = 8
)

func newSearch(client *http.Client, b backend, stack Stack) *search {
	s := &search{
		client: client, backend: b, stack: stack,
		names: map[string][]tables.Entry{}, states: map[string]*exported{}, lost: map[string][]string{},
	}
	if stack.Organization == "" {
		s.broken = true
		s.fail("Pulumi Cloud at " + b.name + ": it is searched within an organization, and none is given")
	}
	return s
}

// A candidate is a resource that the search found.
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
	if s.whole != nil {
		return s.whole.Named(name)
	}
	if known, ok := s.names[name]; ok {
		return known
	}
	ctx, done := s.wait()
	defer done()
	candidates := s.all
	if candidates == nil {
		candidates = s.find(ctx, fmt.Sprintf("id:%q", name))
	}
	known := s.locate(ctx, candidates, func(n string) bool { return n == name })
	s.names[name] = known
	return known
}

func (s *search) matching(match func(name string) bool) []tables.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.whole != nil {
		return matching(s.whole.Tables, match)
	}
	ctx, done := s.wait()
	defer done()
	if s.all == nil {
		s.all = []candidate{}
		for _, typ := range searched {
			s.all = append(s.all, s.find(ctx, fmt.Sprintf("type:%q", typ))...)
		}
	}
	if found := s.locate(ctx, s.all, match); slices.ContainsFunc(s.all, func(c candidate) bool { return s.states[c.owner()] == nil }) {
		return found
	}
	everything := s.locate(ctx, s.all, func(string) bool { return true })
	s.whole = tables.New(time.Now(), everything, nil, 0)
	return matching(s.whole.Tables, match)
}

// own returns the tables of the running stack. One that is not there yet has none.
func (s *search) own() []tables.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil
	}
	ctx, done := s.wait()
	defer done()
	own := candidate{Project: s.stack.Project, Stack: s.stack.Name}
	s.export(ctx, []candidate{own})
	return s.states[own.owner()].Entries // nothing is compared with it: one that cannot be read is not missed
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

func (s *search) reasons() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	reasons := slices.Clone(s.failed)
	for _, cause := range slices.Sorted(maps.Keys(s.lost)) {
		owners := slices.Sorted(slices.Values(s.lost[cause]))
		of := "the state of"
		if len(owners) > 1 {
			of = "the states of"
		}
		reasons = append(reasons, fmt.Sprintf("%s %s in Pulumi Cloud: %s", of, some(owners), cause))
	}
	return reasons
}

// find asks for the tables among the results of a query, page by page.
func (s *search) find(ctx context.Context, query string) (found []candidate) {
	fail := func(err error) []candidate {
		s.broken = true
		s.fail(fmt.Sprintf("the resource search of Pulumi Cloud at %s: %v", s.backend.name, err))
		return found
	}
	listed := 0
	for page := 1; !s.broken; page++ {
		var result struct {
			Total     int         `json:"total"`
			Resources []candidate `json:"resources"`
		}
		err := s.get(ctx, fmt.Sprintf("/api/orgs/%s/search/resourcesv2?query=%s&size=%d&page=%d",
			url.PathEscape(s.stack.Organization), url.QueryEscape(query), pageSize, page),
			func(r io.Reader) error { return json.NewDecoder(r).Decode(&result) })
		if err != nil {
			return fail(plainError(err))
		}
		for _, c := range result.Resources {
			if slices.Contains(searched, c.Type) && !c.External && !c.Delete {
				found = append(found, c)
			}
		}
		listed += len(result.Resources)
		switch {
		case len(result.Resources) == 0 || listed >= result.Total:
			return found
		case listed >= maxResults:
			return fail(fmt.Errorf("there are %d tables, and it lists %d", result.Total, maxResults))
		}
	}
	return found
}

// locate returns the tables of the candidates whose name matches, from the states of their stacks. A state that cannot be
// read leaves what the search said: the name.
func (s *search) locate(ctx context.Context, candidates []candidate, match func(string) bool) []tables.Entry {
	matched := map[string][]candidate{} // by owner
	var stacks []candidate              // one of each
	for _, c := range candidates {
		if !match(c.ID) {
			continue
		}
		owner := c.owner()
		if matched[owner] == nil {
			stacks = append(stacks, c)
		}
		matched[owner] = append(matched[owner], c)
	}
	s.export(ctx, stacks)
	var entries []tables.Entry
	for _, stack := range stacks {
		owner := stack.owner()
		state := s.states[owner]
		if state.err == nil {
			entries = append(entries, matching(state.Entries, match)...)
			continue
		}
		if !state.lost {
			state.lost = true
			cause := state.err.Error()
			s.lost[cause] = append(s.lost[cause], owner)
		}
		for _, c := range matched[owner] {
			entries = append(entries, tables.Entry{
				Name: c.ID, Organization: s.stack.Organization, Project: c.Project, Stack: c.Stack, URN: c.URN,
			})
		}
	}
	return tables.New(time.Now(), entries, nil, 0).Tables
}

// export reads the states of stacks, of each once, several at a time.
func (s *search) export(ctx context.Context, stacks []candidate) {
	var todo []candidate
	for _, c := range stacks {
		if s.states[c.owner()] == nil {
			s.states[c.owner()] = &exported{}
			todo = append(todo, c)
		}
	}
	next := make(chan candidate)
	var workers sync.WaitGroup
	for range min(exporting, len(todo)) {
		workers.Go(func() {
			for c := range next {
				state := s.states[c.owner()]
				err := s.get(ctx, fmt.Sprintf("/api/stacks/%s/%s/%s/export",
					url.PathEscape(s.stack.Organization), url.PathEscape(c.Project), url.PathEscape(c.Stack)),
					func(r io.Reader) (err error) {
						state.StateTables, err = facts.ReadTables(r, s.stack.Organization)
						return err
					})
				state.err = plainError(err)
			}
		})
	}
	for _, c := range todo {
		next <- c
	}
	close(next)
	workers.Wait()
}

func (s *search) get(ctx context.Context, path string, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.backend.cloud+path, nil)
	if err != nil {
		return errors.New("its address is not a URL")
	}
	request.Header.Set("Authorization", "token "+s.backend.token)
	request.Header.Set("Accept", "application/vnd.pulumi+8")
	response, err := s.client.Do(request)
	if err != nil {
		return plainError(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", response.Status)
	}
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return err
		}
	}
	return read(files.Limit(body, mostState))
}
