package index

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

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
	all    []candidate                    // every table; nil before it was asked for
	states map[string]*tables.StateTables // by project/stack
	broken bool                           // what the search cannot do once, it is not asked again
	failed []string                       // reasons
}

// pageSize is how many results are asked for at once, and maxResults where the service itself stops counting pages.
const (
	pageSize   = 100
	maxResults = 10_000
)

func newSearch(client *http.Client, b backend, stack Stack) *search {
	s := &search{client: client, backend: b, stack: stack, names: map[string][]tables.Entry{}, states: map[string]*tables.StateTables{}}
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
	known := s.locate(ctx, candidates, func(n string) bool { return n == name })
	s.names[name] = known
	return known
}

func (s *search) matching(match func(name string) bool) []tables.Entry {
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
	return s.locate(ctx, s.all, match)
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
	failed := len(s.failed)
	state := s.export(ctx, s.stack.Project, s.stack.Name)
	s.failed = s.failed[:failed] // nothing is compared with it
	if state == nil {
		return nil
	}
	return state.Entries
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
	return slices.Clone(s.failed)
}

// find asks for all results of a query, page by page.
func (s *search) find(ctx context.Context, query string) (found []candidate) {
	fail := func(err error) []candidate {
		s.broken = true
		s.fail(fmt.Sprintf("the resource search of Pulumi Cloud at %s: %v", s.backend.name, err))
		return found
	}
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
		found = append(found, result.Resources...)
		switch {
		case len(result.Resources) == 0 || len(found) >= result.Total:
			return found
		case len(found) >= maxResults:
			return fail(fmt.Errorf("there are %d tables, and it lists %d", result.Total, maxResults))
		}
	}
	return found
}

// locate returns the tables of the candidates whose name matches, from the states of their stacks. A state that cannot be
// read leaves what the search said: the name.
func (s *search) locate(ctx context.Context, candidates []candidate, match func(string) bool) []tables.Entry {
	var entries []tables.Entry
	for _, c := range candidates {
		if !slices.Contains(searched, c.Type) || c.External || c.Delete || !match(c.ID) {
			continue
		}
		organization := s.stack.Organization
		state := s.export(ctx, c.Project, c.Stack)
		if state == nil {
			entries = append(entries, tables.Entry{
				Name: c.ID, Organization: organization, Project: c.Project, Stack: c.Stack, URN: c.URN,
			})
			continue
		}
		for _, e := range state.Entries {
			if match(e.Name) && !slices.Contains(entries, e) {
				entries = append(entries, e)
			}
		}
	}
	return entries
}

// export reads the tables of one stack, nil where it cannot be read.
func (s *search) export(ctx context.Context, project, stack string) *tables.StateTables {
	key := project + "/" + stack
	if known, ok := s.states[key]; ok {
		return known
	}
	var state *tables.StateTables
	err := s.get(ctx, fmt.Sprintf("/api/stacks/%s/%s/%s/export",
		url.PathEscape(s.stack.Organization), url.PathEscape(project), url.PathEscape(stack)),
		func(r io.Reader) error {
			found, err := tables.ReadState(r, s.stack.Organization)
			if err == nil {
				state = &found
			}
			return err
		})
	if err != nil {
		s.fail(fmt.Sprintf("the state of %s in Pulumi Cloud: %v", key, plainError(err)))
	}
	s.states[key] = state
	return state
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
	return read(body)
}
