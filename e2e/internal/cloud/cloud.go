// Package cloud is a stand-in for Pulumi Cloud, the service: what `pulumi policy publish`, `enable` and the like tell it,
// and what the CLI asks it of a stack whose runs an organization governs. The tests run the real CLI against it.
//
// Paths and shapes are those of the CLI's own client (backend/httpstate/client of github.com/pulumi/pulumi/pkg/v3) and of
// apitype. It behaves as the service does in what matters to a policy pack:
//
//   - who asks is known by the token; administrators govern, members run;
//   - a version of a pack can be published once, also after it was removed, and is there once its archive is;
//   - archives go to and come from URLs that need no token, as those of an object store do;
//   - new stacks are in the default policy group; of a pack that several of a stack's groups have, its newest version runs, as it
//     was enabled last;
//   - each run is told the packs its stack has to have, with their configuration, ESC environments and active exceptions;
//   - ESC environments are evaluated by Pulumi's own evaluator, for those who may open them;
//   - a private stack is there for those alone who may read it, in lists and in the resource search too;
//   - one update of a stack at a time, held by a lease; what is posted for it without the lease is refused;
//   - checkpoints, tags, events and secrets are kept, and the stack's key encrypts the secrets.
//
// Left out: sign-in, plans and their limits, roles finer than those two, teams, pages of long lists, queries of the resource
// search but those for a type or an id, tags that put stacks
// into groups, Insights accounts, change requests that approve exceptions, the audit groups' own runs on the service, what
// the service makes of events (issues, scores), Deployments, journals and deltas of checkpoints, which the CLI falls back
// from, and providers and ciphertext in ESC environments. Whether the service checks the configuration that a policy group
// is given, nothing public says; this one takes it as it is, so that the checks that the tests show are the CLI's own.
package cloud

import (
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Role is what a user may do in the organization.
type Role int

const (
	Member Role = iota // runs stacks, and reads what governs them
	Admin              // governs as well: packs, policy groups, exceptions
)

// Service is a service with one organization.
type Service struct {
	URL string // that the CLI logs in to
	Org string

	mu           sync.Mutex
	now          time.Time       // as exceptions and leases count
	users        map[string]user // by token
	packs        []*pack
	groups       []*group // first the default one of stacks
	enabled      int      // how often a pack was, in any group
	exceptions   []*exception
	stacks       map[string]*stack // by "project/stack"
	updates      []*Update
	environments map[string]environment // by "project/name"
	opened       map[string][]byte      // evaluated environments, by their sessions
	unanswered   []string
}

type user struct {
	login string
	role  Role
}

// Start starts a service, whose clock is at now and stands still, and returns it with the function that stops it.
func Start(org string, now time.Time) (*Service, func()) {
	s := &Service{
		Org: org, now: now,
		users: map[string]user{}, stacks: map[string]*stack{},
		environments: map[string]environment{}, opened: map[string][]byte{},
	}
	s.groups = []*group{
		{Name: defaultGroup, IsOrgDefault: true, EntityType: "stacks", Mode: preventative},
		{Name: accountsGroup, IsOrgDefault: true, EntityType: "accounts", Mode: audit},
	}
	server := httptest.NewServer(s.handler())
	s.URL = server.URL
	return s, server.Close
}

// Token returns a new token of a user of the organization.
func (s *Service) Token(login string, role Role) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "pul-" + rand.Text()
	s.users[token] = user{login, role}
	return token
}

// Later puts the clock forward.
func (s *Service) Later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// Unanswered returns the requests, as "METHOD path", that the service knows nothing of.
func (s *Service) Unanswered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unanswered)
}

// failure is an error as the service answers it: the CLI prints "[404] Not Found: message".
type failure struct {
	status  int
	message string
	more    map[string]any // of the body
}

func (f *failure) Error() string { return http.StatusText(f.status) + ": " + f.message }

func fail(status int, format string, args ...any) error {
	return &failure{status, fmt.Sprintf(format, args...), nil}
}

// call is a request with what all endpoints need of it.
type call struct {
	*http.Request
	user user
}

// decode reads the body, which may be compressed.
func (c call) decode(into any) error {
	body, err := io.ReadAll(c.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fail(http.StatusBadRequest, "%v", err)
	}
	return nil
}

// endpoint answers with what is to be written as JSON, nil for nothing.
type endpoint func(call) (any, error)

func (s *Service) handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer endpoint) { mux.Handle(pattern, s.answer(answer)) }
	handle("GET /api/user", s.getUser)
	handle("GET /api/user/organizations/default", s.getDefaultOrg)
	handle("GET /api/user/stacks", s.listStacks)
	handle("GET /api/capabilities", s.getCapabilities)
	s.handlePolicies(handle)
	s.handleStacks(handle)
	s.handleEnvironments(handle)
	s.handleArchives(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.unanswered = append(s.unanswered, r.Method+" "+r.URL.Path)
		write(w, nil, fail(http.StatusNotFound, "there is no endpoint %s", r.URL.Path))
	})
	return mux
}

// answer has an endpoint answer those whose token the service knows, one request at a time.
func (s *Service) answer(answer endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, err := gzip.NewReader(r.Body)
			if err != nil {
				write(w, nil, fail(http.StatusBadRequest, "%v", err))
				return
			}
			r.Body = io.NopCloser(body)
		}
		caller, err := s.caller(r)
		if err != nil {
			write(w, nil, err)
			return
		}
		result, err := answer(call{r, caller})
		write(w, result, err)
	})
}

// caller returns who asks: the user of the token, or the user who started the update whose lease the request has.
func (s *Service) caller(r *http.Request) (user, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch scheme {
	case "token":
		if found, ok := s.users[token]; ok {
			return found, nil
		}
	case "update-token":
		if update := s.update(r.PathValue("update")); update != nil && update.lease == token && token != "" {
			return update.by, nil
		}
	}
	return user{}, fail(http.StatusUnauthorized, "No credentials provided or are invalid.")
}

// created is the answer of an endpoint that made something, 201 where others answer 200.
type created struct{ body any }

func write(w http.ResponseWriter, result any, err error) {
	status := http.StatusOK
	if made, ok := result.(created); ok {
		status, result = http.StatusCreated, made.body
	}
	if err != nil {
		status = http.StatusInternalServerError
		body := map[string]any{}
		if known, ok := err.(*failure); ok {
			status = known.status
			maps.Copy(body, known.more)
		}
		body["code"], body["message"] = status, err.Error()
		result = body
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if result != nil {
		json.NewEncoder(w).Encode(result) // an error is the client's, who is gone
	}
}

func (s *Service) getUser(c call) (any, error) {
	return map[string]any{
		"githubLogin":   c.user.login,
		"name":          c.user.login,
		"organizations": []any{map[string]any{"githubLogin": s.Org, "name": s.Org}},
	}, nil
}

func (s *Service) getDefaultOrg(call) (any, error) {
	return map[string]any{"GitHubLogin": s.Org}, nil
}

func (s *Service) getCapabilities(call) (any, error) {
	return map[string]any{"capabilities": []any{
		map[string]any{"capability": "stack-policy-packs", "version": 1},
		map[string]any{"capability": "batch-encrypt"},
	}}, nil
}

// member returns an error where a path is about another organization.
func (s *Service) member(c call) error {
	if org := c.PathValue("org"); org != s.Org {
		return fail(http.StatusNotFound, "Organization '%s' not found", org)
	}
	return nil
}

// governs returns an error where the caller may not govern the organization.
func (s *Service) governs(c call) error {
	if err := s.member(c); err != nil {
		return err
	}
	if c.user.role != Admin {
		return fail(http.StatusForbidden, "%s may not govern the organization %s", c.user.login, s.Org)
	}
	return nil
}
