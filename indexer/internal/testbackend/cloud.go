package testbackend

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Token is what the stand-in for Pulumi Cloud asks for.
const Token = "pul-0123456789abcdef"

// A Cloud stands in for Pulumi Cloud: the part of its API that a listing and an export take.
//
// The forms are those of https://www.pulumi.com/docs/reference/cloud-rest-api/stacks/.
type Cloud struct {
	URL string
	// PageSize is that of a listing.
	PageSize int
	// StateSize, where set, is about how many bytes each exported state has.
	StateSize int
	// Warning, where set, comes with each answer, to be shown to people.
	Warning string

	mu     sync.Mutex
	stacks map[string]*cloudStack // by organization/project/stack
}

type cloudStack struct {
	state      string
	lastUpdate int64
	updating   bool
	status     int // of an answer that is an error
	hang       bool
}

// NewCloud starts a stand-in without stacks.
func NewCloud(t testing.TB) *Cloud {
	c := &Cloud{PageSize: 2, stacks: map[string]*cloudStack{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// Write gives a stack, "organization/project/stack", a state, as an update that began at a time in Unix seconds does.
func (c *Cloud) Write(stack, state string, lastUpdate int64) {
	c.change(stack, func(s *cloudStack) { s.state, s.lastUpdate = state, lastUpdate })
}

// Updating says whether an update of the stack runs.
func (c *Cloud) Updating(stack string, updating bool) {
	c.change(stack, func(s *cloudStack) { s.updating = updating })
}

// Fail answers requests for the stack's state with an HTTP status; 0 ends that.
func (c *Cloud) Fail(stack string, status int) {
	c.change(stack, func(s *cloudStack) { s.status = status })
}

// Hang says whether requests for the stack's state go without an answer.
func (c *Cloud) Hang(stack string, hang bool) { c.change(stack, func(s *cloudStack) { s.hang = hang }) }

func (c *Cloud) change(stack string, f func(*cloudStack)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stacks[stack] == nil {
		c.stacks[stack] = new(cloudStack)
	}
	f(c.stacks[stack])
}

func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.Warning != "" {
		w.Header().Set("X-Pulumi-Warning", c.Warning)
	}
	if r.Method != http.MethodGet {
		refuse(w, http.StatusMethodNotAllowed, "an indexer changes nothing")
		return
	}
	if r.Header.Get("Authorization") != "token "+Token {
		refuse(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	if r.URL.Path == "/api/user/stacks" {
		c.list(w, r)
		return
	}
	name, export := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/api/stacks/"), "/export")
	c.mu.Lock()
	var found cloudStack
	stack, ok := c.stacks[name]
	if ok {
		found = *stack
	}
	c.mu.Unlock()
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "Not Found")
	case found.hang:
		<-r.Context().Done()
	case found.status != 0:
		refuse(w, found.status, http.StatusText(found.status))
	case export:
		_, _ = io.WriteString(w, Pad(found.state, c.StateSize))
	default:
		organization, project, name := split(name)
		answer := apitype.Stack{OrgName: organization, ProjectName: project, StackName: tokens.QName(name)}
		if found.updating {
			answer.CurrentOperation = &apitype.OperationStatus{Kind: apitype.UpdateUpdate, Started: found.lastUpdate}
		}
		reply(w, answer)
	}
}

// list answers pages, whose continuation token is the first stack of the next.
func (c *Cloud) list(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name := range c.stacks {
		organization, _, _ := split(name)
		if of := r.URL.Query().Get("organization"); of == "" || of == organization {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	from, _ := slices.BinarySearch(names, r.URL.Query().Get("continuationToken"))
	var answer apitype.ListStacksResponse
	for _, name := range names[from:] {
		if len(answer.Stacks) == c.PageSize {
			answer.ContinuationToken = &name
			break
		}
		organization, project, stack := split(name)
		summary := apitype.StackSummary{OrgName: organization, ProjectName: project, StackName: stack}
		if at := c.stacks[name].lastUpdate; at != 0 {
			summary.LastUpdate = &at
		}
		answer.Stacks = append(answer.Stacks, summary)
	}
	reply(w, answer)
}

func split(name string) (organization, project, stack string) {
	parts := strings.SplitN(name, "/", 3)
	return parts[0], parts[1], parts[2]
}

func reply(w http.ResponseWriter, answer any) {
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err) // of the types above
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"code":%d,"message":%q}`, status, message)
}
