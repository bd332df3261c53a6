package index

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/tables"
)

// A service stands in for the part of Pulumi Cloud that is asked.
type service struct {
	resources []candidate
	states    map[string]string // by project/stack
	stacks    []listedStack     // all that it lists
	perPage   int               // of them, all where 0
	running   map[string]bool   // the project/stack of those that are being updated
	status    int               // of every answer, 200 where 0
	delay     time.Duration

	mu       sync.Mutex
	requests []string // searches and exports
	listings int
	details  []string // project/stack of stacks that were asked about
}

func (c *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	stack, export := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/api/stacks/acme/"), "/export")
	c.mu.Lock()
	switch {
	case r.URL.Path == "/api/user/stacks":
		c.listings++
	case stack != r.URL.Path && !export:
		c.details = append(c.details, stack)
	default:
		c.requests = append(c.requests, strings.TrimSuffix(r.URL.Path+" "+query.Get("query")+" "+query.Get("page"), "  "))
	}
	c.mu.Unlock()
	select {
	case <-time.After(c.delay):
	case <-r.Context().Done():
		return
	}
	if r.Header.Get("Authorization") != "token hidden" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	if c.status != 0 {
		http.Error(w, "no", c.status)
		return
	}
	switch state, known := c.states[stack]; {
	case r.URL.Path == "/api/orgs/acme/search/resourcesv2":
		c.search(w, query)
	case r.URL.Path == "/api/user/stacks" && query.Get("organization") == "acme":
		c.list(w, query)
	case !known:
		http.NotFound(w, r)
	case export:
		_, _ = w.Write([]byte(state))
	case c.running[stack]:
		_, _ = w.Write([]byte(`{"version":7,"currentOperation":{"kind":"update","author":"alice","started":1}}`))
	default:
		_, _ = w.Write([]byte(`{"version":7}`))
	}
}

func (c *service) search(w http.ResponseWriter, query url.Values) {
	q := query.Get("query")
	var size, page, total int
	_, _ = fmt.Sscan(query.Get("size")+" "+query.Get("page"), &size, &page)
	found := []candidate{}
	for _, x := range c.resources {
		if q != `id:"`+x.ID+`"` && q != `type:"`+x.Type+`"` {
			continue
		}
		if total/size == page-1 {
			found = append(found, x)
		}
		total++
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"total": total, "resources": found})
}

func (c *service) list(w http.ResponseWriter, query url.Values) {
	from := 0
	_, _ = fmt.Sscan(query.Get("continuationToken"), &from)
	to := len(c.stacks)
	answer := map[string]any{}
	if c.perPage > 0 && from+c.perPage < to {
		to = from + c.perPage
		answer["continuationToken"] = fmt.Sprint(to)
	}
	answer["stacks"] = c.stacks[from:to]
	_ = json.NewEncoder(w).Encode(answer)
}

// updated is when the stacks of a service were last updated.
var updated = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

func (c *service) add(project, stack, name string) {
	c.resources = append(c.resources, candidate{
		URN:  "urn:pulumi:" + stack + "::" + project + "::aws:dynamodb/table:Table::t",
		Type: "aws:dynamodb/table:Table", ID: name, Project: project, Stack: stack,
	})
	if c.states == nil {
		c.states = map[string]string{}
	}
	c.states[project+"/"+stack] = strings.Replace(strings.Replace(state(project, stack, name), `"checkpoint"`, `"deployment"`, 1), `"latest":{`, `"manifest":{},`, 1)
	c.states[project+"/"+stack] = strings.Replace(c.states[project+"/"+stack], "]}}}", "]}}", 1)
	c.update(project, stack, updated)
}

// update lists a stack as updated at a time.
func (c *service) update(project, stack string, at time.Time) {
	c.stacks = slices.DeleteFunc(c.stacks, func(s listedStack) bool { return s.Project == project && s.Stack == stack })
	seconds, resources := at.Unix(), 1
	c.stacks = append(c.stacks, listedStack{project, stack, &seconds, &resources})
}

func (c *service) serve(t *testing.T) *Loading {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	l := Load(context.Background(), Settings{Budget: patience}, machine(t, "PULUMI_BACKEND_URL="+server.URL, "PULUMI_ACCESS_TOKEN=hidden"), acme)
	t.Cleanup(l.Stop)
	return l
}

// serveIn is serve in a bubble of synctest, without a network. Only the delay takes time.
func (c *service) serveIn(t *testing.T, settings Settings) *Loading {
	t.Helper()
	env := machine(t, "PULUMI_BACKEND_URL=https://cloud.invalid", "PULUMI_ACCESS_TOKEN=hidden")
	env.Client = newClient(transport(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return w.Result(), nil
	}))
	return Load(t.Context(), settings, env, acme)
}

func owners(entries []tables.Entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, strings.Join([]string{e.Organization, e.Owner(), e.Account, e.Region, e.Name}, " "))
	}
	slices.Sort(list)
	return list
}

func TestSearch(t *testing.T) {
	c := &service{}
	c.add("shop", "dev", "orders")
	c.add("shop", "prod", "orders")
	c.add("shop", "lost", "orders")
	delete(c.states, "shop/lost")
	c.resources = append(c.resources,
		candidate{Type: "aws:s3/bucket:Bucket", ID: "orders", Project: "other", Stack: "dev"},
		candidate{Type: "aws:dynamodb/table:Table", ID: "orders", Project: "other", Stack: "reads", External: true},
		candidate{Type: "aws:dynamodb/table:Table", ID: "orders", Project: "other", Stack: "replaced", Delete: true})
	l := c.serve(t)
	want := []string{
		"acme shop/dev 111122223333 us-east-1 orders", "acme shop/lost   orders", "acme shop/prod 111122223333 us-east-1 orders",
	}
	for range 2 {
		if diff := cmp.Diff(want, owners(l.Named("orders"))); diff != "" {
			t.Error(diff)
		}
	}
	if found := l.Named("carts"); len(found) > 0 || l.Complete() {
		t.Errorf("%v, complete: %v", found, l.Complete())
	}
	if diff := cmp.Diff([]string{"the state of shop/lost in Pulumi Cloud: the server answers 404 Not Found"}, reasons(l)); diff != "" {
		t.Error(diff)
	}
	const search = "/api/orgs/acme/search/resourcesv2 "
	if diff := cmp.Diff([]string{
		search + `id:"carts" 1`, search + `id:"orders" 1`,
		"/api/stacks/acme/shop/dev/export", "/api/stacks/acme/shop/prod/export",
	}, slices.Sorted(slices.Values(c.requests))); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestSearchPages(t *testing.T) {
	c := &service{}
	for i := range 2*pageSize + 1 {
		c.add("shop", fmt.Sprintf("s%03d", i), fmt.Sprintf("orders-%03d", i))
	}
	l := c.serve(t)
	found := owners(slices.Collect(l.Matching("orders-2*", anywhere)))
	if diff := cmp.Diff([]string{"acme shop/s200 111122223333 us-east-1 orders-200"}, found); diff != "" {
		t.Error(diff)
	}
	const search = "/api/orgs/acme/search/resourcesv2 "
	if diff := cmp.Diff([]string{
		search + `type:"aws:dynamodb/table:Table" 1`, search + `type:"aws:dynamodb/table:Table" 2`, search + `type:"aws:dynamodb/table:Table" 3`,
		search + `type:"aws-native:dynamodb:Table" 1`, search + `type:"aws-native:dynamodb:GlobalTable" 1`,
		"/api/stacks/acme/shop/s200/export",
	}, c.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	// What is listed is not asked for by name.
	if n := len(l.Named("orders-007")); n != 1 || len(c.requests) != 7 {
		t.Errorf("%d tables, %d requests", n, len(c.requests))
	}
}

// TestSearchMany asks for all tables of a few stacks with many, again and again. Each stack is asked for once.
func TestSearchMany(t *testing.T) {
	const number, each = 4, 500
	c := &service{}
	var want []string
	for i := range number {
		stack := fmt.Sprintf("s%d", i)
		var resources []string
		for j := range each {
			name := fmt.Sprintf("orders-%d-%03d", i, j)
			c.add("shop", stack, name)
			_, resource, _ := strings.Cut(c.states["shop/"+stack], `"resources":[`)
			resource = strings.Replace(strings.TrimSuffix(resource, "]}}"), "Table::t", "Table::"+name, 1)
			c.resources[len(c.resources)-1].URN += name
			resources = append(resources, resource)
			want = append(want, "acme shop/"+stack+" 111122223333 us-east-1 "+name)
		}
		c.states["shop/"+stack] = `{"version":3,"deployment":{"resources":[` + strings.Join(resources, ",") + "]}}"
	}
	l := c.serve(t)
	for range 3 {
		if diff := cmp.Diff(want, owners(slices.Collect(l.Matching("*", anywhere)))); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(want[:1], owners(l.Named("orders-0-000"))); diff != "" {
		t.Error(diff)
	}
	if len(l.Unread()) > 0 || len(c.requests) != number*each/pageSize+2+number {
		t.Errorf("%d requests, not read: %v", len(c.requests), l.Unread())
	}
}

// TestSearchMost lists as many tables as the service lists, and one more.
func TestSearchMost(t *testing.T) {
	c := &service{}
	for i := range maxResults {
		c.resources = append(c.resources, candidate{
			Type: "aws-native:dynamodb:GlobalTable", ID: fmt.Sprintf("orders-%05d", i), Project: "shop", Stack: "big", URN: fmt.Sprint("urn:", i),
		})
	}
	lost := "the state of shop/big in Pulumi Cloud: the server answers 404 Not Found"
	for _, want := range [][]string{
		{lost},
		{"the resource search of Pulumi Cloud at https://cloud.invalid: there are 10001 tables, and it lists 10000", lost},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := c.serveIn(t, Settings{Budget: patience})
			found := slices.Collect(l.Matching("*", anywhere))
			if len(found) != maxResults || found[maxResults-1].Name != "orders-09999" {
				t.Errorf("%d tables", len(found))
			}
			if diff := cmp.Diff(want, reasons(l)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
		c.resources = append(c.resources, candidate{Type: "aws-native:dynamodb:GlobalTable", ID: "zebra", Project: "shop", Stack: "big", URN: "urn:z"})
	}
}

// TestSearchForbidden lists many stacks that may not be read: one reason for all.
func TestSearchForbidden(t *testing.T) {
	c := &service{}
	var want []string
	for i := range 300 {
		stack := fmt.Sprintf("s%03d", i)
		c.add("shop", stack, "orders-"+stack)
		want = append(want, "acme shop/"+stack+"   orders-"+stack)
	}
	c.states = nil
	l := c.serve(t)
	if diff := cmp.Diff(want, owners(slices.Collect(l.Matching("*", anywhere)))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"the states of shop/s000, shop/s001, shop/s002 and 297 more in Pulumi Cloud: the server answers 404 Not Found",
	}, reasons(l)); diff != "" {
		t.Error(diff)
	}
}

func TestSearchFaults(t *testing.T) {
	const budget = 300 * time.Millisecond
	for _, test := range []struct {
		cause string
		cloud *service
		took  time.Duration
	}{
		{"the server answers 401 Unauthorized", &service{status: http.StatusUnauthorized}, 0},
		{"the server answers 402 Payment Required", &service{status: http.StatusPaymentRequired, delay: budget / 2}, budget / 2},
		{"the server answers 500 Internal Server Error", &service{status: http.StatusInternalServerError}, ailingDelay},
		{"it did not answer in time", &service{delay: time.Hour}, budget},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := test.cloud
			start := time.Now()
			l := c.serveIn(t, Settings{Budget: budget})
			for _, table := range []string{"orders", "carts", "items"} {
				if found := l.Named(table); len(found) > 0 {
					t.Errorf("%s: %v", test.cause, found)
				}
			}
			if took := time.Since(start); took != test.took {
				t.Errorf("%s: took %v, want %v", test.cause, took, test.took)
			}
			want := []string{"the resource search of Pulumi Cloud at https://cloud.invalid: " + test.cause}
			if diff := cmp.Diff(want, reasons(l)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			attempts := 1 // it is not asked again, but where that may help
			if c.status >= 500 {
				attempts = 2
			}
			if len(c.requests) != attempts {
				t.Errorf("%s: requests %q", test.cause, c.requests)
			}
		})
	}
}

// TestSearchBudget: what the index and each question take is taken off what is left for the next.
func TestSearchBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const budget = 5500 * time.Millisecond
		c := &service{delay: time.Second}
		c.add("shop", "prod", "orders")
		start := time.Now()
		l := c.serveIn(t, Settings{Source: "https://cloud.invalid/index.json", Budget: budget})
		// The index that is not there, a search, what is said of a stack and its state, one search, and half of another.
		for _, table := range []string{"orders", "carts", "items"} {
			l.Named(table)
		}
		if took := time.Since(start); took != budget {
			t.Errorf("took %v", took)
		}
		want := []string{
			"the index https://cloud.invalid/index.json: the server answers 401 Unauthorized: it wants a header (index.headerFromEnv), or a presigned URL has expired",
			"the resource search of Pulumi Cloud at https://cloud.invalid: it did not answer in time",
		}
		if diff := cmp.Diff(want, reasons(l)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestSearchOwn: the tables of the running stack are those of its state before the run, whatever names were asked for, and
// one that cannot be read is not missed.
func TestSearchOwn(t *testing.T) {
	c := &service{}
	c.add("shop", "dev", "orders")
	c.add("shop", "prod", "carts")
	l := c.serve(t)
	for range 2 {
		if diff := cmp.Diff([]string{"acme shop/dev 111122223333 us-east-1 orders"}, owners(l.Own("shop", "dev"))); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff([]string{"/api/stacks/acme/shop/dev/export"}, c.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for name, c := range map[string]*service{"no state yet": {}, "no access": {status: http.StatusForbidden}} {
		l := c.serve(t)
		if own := l.Own("shop", "dev"); len(own) > 0 || len(l.Unread()) > 0 {
			t.Errorf("%s: %v, not read: %v", name, own, reasons(l))
		}
	}
}
