package index

import (
	"context"
	"fmt"
	"io"
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

// TestSearchAgain: a wildcard asks for the states of the stacks that are in and have a table of such a name. The next run asks for
// those again that were updated since, or that were being updated.
func TestSearchAgain(t *testing.T) {
	c := &service{perPage: 2, running: map[string]bool{"shop/busy-prod": true}}
	for _, stack := range []string{"one-prod", "two-prod", "busy-prod", "one-dev", "two-dev"} {
		c.add("shop", stack, "orders-"+stack)
	}
	c.add("shop", "other-prod", "items")
	c.stacks = slices.DeleteFunc(c.stacks, func(s listedStack) bool { return s.Stack == "two-prod" }) // nothing tells its version
	server := httptest.NewServer(c)
	defer server.Close()
	env := machine(t, "PULUMI_BACKEND_URL="+server.URL, "PULUMI_ACCESS_TOKEN=hidden")
	for _, run := range []struct {
		name    string
		exports []string
		found   []string
	}{
		{"first", []string{"busy-prod", "one-prod", "two-prod"}, []string{"orders-busy-prod", "orders-one-prod", "orders-two-prod"}},
		{"again", []string{"busy-prod", "two-prod"}, []string{"orders-busy-prod", "orders-one-prod", "orders-two-prod"}},
		{"updated", []string{"busy-prod", "one-prod", "two-prod"}, []string{"orders-busy-prod", "orders-new", "orders-two-prod"}},
	} {
		if run.name == "updated" {
			c.states["shop/one-prod"] = strings.ReplaceAll(c.states["shop/one-prod"], "orders-one-prod", "orders-new")
			c.update("shop", "one-prod", updated.Add(time.Hour))
		}
		c.requests = nil
		l := Load(context.Background(), Settings{Budget: patience}, env, acme)
		var found []string
		asked := map[string]int{}
		for range 3 {
			found = nil
			for e := range l.Matching("orders-*", func(of tables.Entry) bool {
				asked[of.Stack]++
				return strings.HasSuffix(of.Stack, "-prod")
			}) {
				found = append(found, e.Name)
			}
		}
		l.Stop()
		slices.Sort(found)
		if diff := cmp.Diff(run.found, found); diff != "" || len(l.Unread()) > 0 {
			t.Errorf("%s: not read: %v (-want +got):\n%s", run.name, l.Unread(), diff)
		}
		exports := slices.DeleteFunc(c.requests, func(r string) bool { return !strings.HasSuffix(r, "/export") })
		slices.Sort(exports)
		if diff := cmp.Diff(exportsOf(run.exports...), exports); diff != "" {
			t.Errorf("%s: exports (-want +got):\n%s", run.name, diff)
		}
	}
}

// answers serves in a bubble of synctest what is asked for by path and query, in words of the test's own.
func answers(t *testing.T, f func(r *http.Request, attempt int) (status int, header, body string)) Machine {
	t.Helper()
	env := machine(t, "PULUMI_BACKEND_URL=https://cloud.invalid", "PULUMI_ACCESS_TOKEN=hidden")
	attempts := map[string]int{}
	lock := make(chan struct{}, 1)
	env.Client = newClient(transport(func(r *http.Request) (*http.Response, error) {
		lock <- struct{}{}
		attempts[r.URL.String()]++
		attempt := attempts[r.URL.String()]
		<-lock
		status, header, body := f(r, attempt)
		w := httptest.NewRecorder()
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		response := w.Result()
		response.Status = fmt.Sprintf("%d FORGED", status)
		return response, nil
	}))
	return env
}

// TestRetries: who is told to come back later does, within the budget.
func TestRetries(t *testing.T) {
	const nothing = `{"total":0,"resources":[]}`
	const failed = "the resource search of Pulumi Cloud at https://cloud.invalid: "
	for _, c := range []struct {
		name     string
		statuses []int // the last one again and again
		header   string
		took     time.Duration
		problem  string
	}{
		{"at once", []int{200}, "", 0, ""},
		{"busy", []int{429, 429, 200}, "", 1500 * time.Millisecond, ""},
		{"busy, and says for how long", []int{429, 200}, "Retry-After: 3", 3 * time.Second, ""},
		{"busy, and says until when", []int{429, 200}, "Retry-After: Sat, 01 Jan 2000 00:00:04 GMT", 4 * time.Second, ""}, // the clock of a bubble
		{"busy for longer than there is time", []int{429, 200}, "Retry-After: 60", 0, failed + "the server answers 429 Too Many Requests"},
		{"busy for an eternity", []int{429, 200}, "Retry-After: 99999999999999", 0, failed + "the server answers 429 Too Many Requests"},
		{"always busy", []int{429}, "Retry-After: 0", 0, failed + "the server answers 429 Too Many Requests"},
		{"ailing", []int{503, 200}, "", ailingDelay, ""},
		{"down", []int{502}, "", ailingDelay, failed + "the server answers 502 Bad Gateway"},
		{"refused", []int{403, 200}, "", 0, failed + "the server answers 403 Forbidden"},
	} {
		synctest.Test(t, func(t *testing.T) {
			env := answers(t, func(r *http.Request, attempt int) (int, string, string) {
				if r.URL.Path == "/api/user/stacks" {
					return 200, "", `{"stacks":[]}`
				}
				return c.statuses[min(attempt, len(c.statuses))-1], c.header, nothing
			})
			start := time.Now()
			l := Load(t.Context(), Settings{Budget: 10 * time.Second}, env, acme)
			l.Named("orders")
			var want []string
			if c.problem != "" {
				want = []string{c.problem}
			}
			if diff := cmp.Diff(want, reasons(l)); diff != "" || time.Since(start) != c.took {
				t.Errorf("%s: took %v, want %v (-want +got):\n%s", c.name, time.Since(start), c.took, diff)
			}
		})
	}
}

// TestEndless: a listing that never ends, ends, and what it does not tell is said.
func TestEndless(t *testing.T) {
	table := func(i int) string {
		return fmt.Sprintf(`{"urn":"urn:%d","type":"aws-native:dynamodb:Table","id":"orders","project":"shop","stack":"s%d"}`, i, i)
	}
	const search = "the resource search of Pulumi Cloud at https://cloud.invalid: "
	for _, c := range []struct {
		name, search string
		problem      string
	}{
		{"a total that lies", `{"total":1000,"resources":[` + table(1) + `]}`, search + "it lists the same tables again and again"},
		{"nothing of many", `{"total":1000,"resources":[]}`, search + "there are 1000 tables, and it lists 0"},
		{"no JSON", `<html>FORGED`, search + "the answer is not one of Pulumi Cloud"},
		{"other JSON", `{"total":"FORGED"}`, search + "the answer is not one of Pulumi Cloud"},
		{"cut off", `{"total":1,`, search + "unexpected EOF"},
		{"no end", `{"resources":[` + strings.Repeat(table(1)+",", maxAnswer/90), search + "is larger than 64 MB"},
	} {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			env := answers(t, func(r *http.Request, _ int) (int, string, string) {
				switch r.URL.Path {
				case "/api/orgs/acme/search/resourcesv2":
					requests++
					return 200, "", c.search
				case "/api/user/stacks":
					return 200, "", `{"stacks":[{"projectName":"shop","stackName":"s1"}],"continuationToken":"again"}`
				}
				return 404, "", ""
			})
			l := Load(t.Context(), Settings{Budget: patience}, env, acme)
			l.Named("orders")
			if got := reasons(l); len(got) == 0 || got[0] != c.problem || requests > 2 {
				t.Errorf("%s: %d requests, not read: %v", c.name, requests, got)
			}
		})
	}
}

// TestEndlessListing: so does one of the stacks.
func TestEndlessListing(t *testing.T) {
	for _, c := range []struct {
		name, problem string
		page          func(n int) string
	}{
		{"the same", "it lists the same stacks again and again", func(int) string {
			return `{"stacks":[{"projectName":"shop","stackName":"dev"}],"continuationToken":"again"}`
		}},
		{"none", "it lists the same stacks again and again", func(n int) string { return fmt.Sprintf(`{"stacks":[],"continuationToken":"%d"}`, n) }},
		{"ever more", "it lists more than 100000 stacks", func(n int) string {
			var b strings.Builder
			for i := range 5000 {
				fmt.Fprintf(&b, `{"projectName":"shop","stackName":"s%d"},`, n*5000+i)
			}
			return fmt.Sprintf(`{"stacks":[%s],"continuationToken":"%d"}`, strings.TrimSuffix(b.String(), ","), n)
		}},
	} {
		n := 0
		env := answers(t, func(*http.Request, int) (int, string, string) { n++; return 200, "", c.page(n) })
		_, err := newCloud(env, backend{cloud: "https://cloud.invalid"}, acme).list(t.Context())
		if fmt.Sprint(err) != c.problem || n > 30 {
			t.Errorf("%s: %d requests, %v", c.name, n, err)
		}
	}
}

// TestDecoded: a state is read to its end only if that comes.
func TestDecoded(t *testing.T) {
	body, err := decoded(&http.Response{
		Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(strings.NewReader(zip(strings.Repeat(" ", 5<<20)))),
	}, 4<<20)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, body)
	if n != 4<<20 || fmt.Sprint(err) != "is larger than 4 MB" {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestOneOrigin: the token of Pulumi Cloud goes where it belongs, whatever that answers.
func TestOneOrigin(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Header.Get("Authorization")+r.Header.Get("Referer"))
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect) // the same host, another port
	}))
	defer server.Close()
	l := Load(context.Background(), Settings{Budget: patience}, machine(t, "PULUMI_BACKEND_URL="+server.URL, "PULUMI_ACCESS_TOKEN=hidden"), acme)
	l.Named("orders")
	l.Close()
	mu.Lock()
	defer mu.Unlock()
	if len(seen) == 0 || slices.ContainsFunc(seen, func(s string) bool { return s != "" }) {
		t.Errorf("another origin was told %q", seen)
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://host/a", "https://host:443/b", true}, {"https://host", "https://host:8443", false}, {"https://host", "http://host", false},
		{"https://host", "https://sub.host", false}, {"http://host:80", "http://host", true},
	} {
		a, _ := url.Parse(c.a)
		b, _ := url.Parse(c.b)
		if got := sameOrigin(a, b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}
