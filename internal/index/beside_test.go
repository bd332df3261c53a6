package index

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/tables"
)

// made is when the indexes of these tests were made, and the two times before and after it.
var (
	made    = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	earlier = made.Add(-24 * time.Hour)
	later   = made.Add(24 * time.Hour)
)

// indexOf is an index of tables "organization/project/stack name", by the backends that it read: their stacks.
func indexOf(read map[string]string, lines ...string) *tables.Index {
	var entries []tables.Entry
	for _, line := range lines {
		owner, rest, _ := strings.Cut(line, " ")
		name, backend, _ := strings.Cut(rest, " ")
		parts := strings.Split(owner, "/")
		entries = append(entries, tables.Entry{
			Partition: "aws", Account: "111122223333", Region: "us-east-1", Name: name, Backend: backend,
			Organization: parts[0], Project: parts[1], Stack: parts[2],
			URN: "urn:pulumi:" + parts[2] + "::" + parts[1] + "::aws:dynamodb/table:Table::t",
		})
	}
	x := tables.New(made, entries, nil, 0)
	for _, backend := range slices.Sorted(maps.Keys(read)) {
		x.Read = append(x.Read, tables.Reading{Backend: backend, Stacks: strings.Fields(read[backend])})
	}
	return x
}

// told is what a loading tells of all tables: the owner, the name, by what, and what speaks against it.
func told(l *Loading) (list []string) {
	for e := range l.Matching("*", anywhere) {
		line := e.FullOwner() + " " + e.Name + " by " + e.Source.String()
		if doubt := (tables.Owner{Backend: l.Backend()}).Doubt(e); doubt != "" {
			line += "; " + doubt
		}
		list = append(list, line)
	}
	slices.Sort(list)
	return list
}

// TestBesideFolder reads an index and the backend of the stack, a folder. What the backend tells has the say.
func TestBesideFolder(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	home := tables.BackendOf("file://" + env.Home)
	other := tables.BackendOf("s3://other")
	put := func(name, text string, at time.Time) {
		t.Helper()
		path := filepath.Join(env.Home, ".pulumi/stacks", name)
		write(t, path, text)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(env.Home, ".pulumi/meta.yaml"), "version: 1\n")
	put("shop/read.json", state("shop", "read", "created"), later)
	put("shop/same.json", state("shop", "same", "same"), earlier)
	put("shop/newer.json.zst", "whatever", later)
	put("shop/older.json.zst", "whatever", earlier)
	put("shop/broken.json", "{", earlier)

	const own = "organization/shop/read organization/shop/same organization/shop/newer organization/shop/older organization/shop/broken organization/shop/gone"
	lines := []string{
		"organization/shop/read dropped", "organization/shop/same same", "organization/shop/newer newer", "organization/shop/older older",
		"organization/shop/broken broken", "organization/shop/gone gone",
	}
	const backend, index = " by the state in file://HOME of ", " by the index HOME/index.json of 2026-11-20 08:00 UTC"
	read := []string{
		"organization/shop/read created" + backend + "2026-11-21 08:00 UTC", "organization/shop/same same" + backend + "2026-11-19 08:00 UTC",
	}
	const newer = "; its state of 2026-11-21 08:00 UTC is newer, and was not read"
	const compressed = "1 stack compressed with Zstandard, which is read through an index only: shop/newer"
	for _, c := range []struct {
		name   string
		index  *tables.Index
		want   []string
		unread []string
	}{
		{"of the same backend", indexOf(map[string]string{home: own}, lines...), append([]string{
			"organization/shop/broken broken" + index, "organization/shop/newer newer" + index + newer, "organization/shop/older older" + index,
		}, read...), []string{compressed}},
		{"of two, a stack of each has the same name", indexOf(map[string]string{home: own, other: "organization/shop/read organization/shop/gone"},
			"organization/shop/read dropped "+home, "organization/shop/read kept "+other, "organization/shop/gone gone "+other),
			append([]string{"organization/shop/gone gone" + index, "organization/shop/read kept" + index}, read...), []string{compressed}},
		{"of another one, as far as it says", indexOf(map[string]string{other: "organization/shop/read"}, "organization/shop/read dropped", "organization/shop/gone gone"),
			append([]string{"organization/shop/gone gone" + index, "organization/shop/read dropped" + index + "; the index may know the backend of this run by another URL"}, read...),
			[]string{
				"1 stack that cannot be read: shop/broken (not a state: it ends after 1 bytes, in the middle)",
				"2 stacks compressed with Zstandard, which is read through an index only: shop/newer, shop/older",
			}},
		{"that does not say of which", indexOf(nil, lines...), append([]string{
			"organization/shop/broken broken" + index, "organization/shop/gone gone" + index,
			"organization/shop/newer newer" + index + newer, "organization/shop/older older" + index,
		}, read...), []string{compressed}},
	} {
		path := filepath.Join(env.Home, "index.json")
		write(t, path, string(c.index.Encode()))
		l := Load(context.Background(), Settings{Source: path, Budget: patience}, env, acme)
		here := func(list []string) []string {
			list = slices.Clone(list)
			for i := range list {
				list[i] = strings.ReplaceAll(list[i], "HOME", env.Home)
			}
			slices.Sort(list)
			return list
		}
		if diff := cmp.Diff(here(c.want), told(l)); diff != "" {
			t.Errorf("%s: tables (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.unread, reasons(l)); diff != "" {
			t.Errorf("%s: not read (-want +got):\n%s", c.name, diff)
		}
		if c.name == "of the same backend" {
			want := []tables.Unread{{Reason: compressed, Stacks: []string{"organization/shop/newer"}}}
			if diff := cmp.Diff(want, l.Unread()); diff != "" {
				t.Errorf("not read (-want +got):\n%s", diff)
			}
			reports := l.Sources()
			slices.SortFunc(reports, func(a, b Report) int { return strings.Compare(a.Name, b.Name) })
			reports[0].At = time.Time{} // now
			if diff := cmp.Diff([]Report{
				{Name: "the backend in " + env.Home, Stacks: 2, Tables: 2},
				{Name: "the index " + path, At: made, Stacks: 6, Tables: 6},
			}, reports); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
		}
		l.Stop()
		<-l.saved
	}
}

// TestFuture: an index that was made in the future tells nobody how old it is.
func TestFuture(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	path := filepath.Join(env.Home, "index.json")
	write(t, filepath.Join(env.Home, ".pulumi/meta.yaml"), "version: 1\n")
	write(t, filepath.Join(env.Home, ".pulumi/stacks/shop/prod.json.zst"), "whatever")
	at := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	write(t, path, strings.Replace(indexText(at), `"acme"`, `"organization"`, 1))
	l := Load(context.Background(), Settings{Source: path, Budget: patience}, env, acme)
	changed := time.Now().Add(-time.Hour)
	want := []string{fmt.Sprintf("organization/shop/prod orders by the index %s of %s; its state of %s is newer, and was not read",
		path, tables.ShowTime(at), tables.ShowTime(changed))}
	if diff := cmp.Diff(want, told(l)); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]tables.Unread{
		{Reason: "the index says it was made in the future, on " + tables.ShowTime(at) + ": what changed since", Kind: tables.Outdated},
		{Reason: "1 stack compressed with Zstandard, which is read through an index only: shop/prod", Stacks: []string{"organization/shop/prod"}},
	}, l.Unread()); diff != "" {
		t.Errorf("not read (-want +got):\n%s", diff)
	}
	l.Stop()
	<-l.saved
	write(t, path, indexText(time.Now().Add(time.Minute))) // a clock may be a little fast
	if _, unread := load(t, Settings{Source: path}, machine(t, "PULUMI_BACKEND_URL=s3://bucket")); len(unread) > 0 {
		t.Errorf("not read: %v", unread)
	}
}

// TestNone: who wants no tables of other stacks gets none, and no notice. Nothing is asked for.
func TestNone(t *testing.T) {
	env := machine(t)
	env.Home, env.Folder, env.Cache = "", "", ""
	env.Getenv = func(name string) string { t.Errorf("%s was asked for", name); return "" }
	env.Client = newClient(transport(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked for", r.URL)
		return nil, http.ErrServerClosed
	}))
	l := Load(context.Background(), Settings{Source: None, Budget: patience}, env, acme)
	defer l.Close()
	if found := l.Named("orders"); len(found)+len(told(l))+len(l.Own("shop", "dev"))+len(l.Unread())+len(l.Sources()) > 0 || l.Complete() {
		t.Errorf("%v, not read: %v, complete: %v", found, l.Unread(), l.Complete())
	}
}

// TestBesideCloud reads an index and Pulumi Cloud: of the stacks there only those of which the index does not tell the latest.
func TestBesideCloud(t *testing.T) {
	c := &service{perPage: 2}
	for stack, at := range map[string]time.Time{
		"same": earlier, "during": made.Add(-time.Minute), "changed": later, "created": later, "hidden": later, "lost": later, "unsaid": earlier,
	} {
		c.add("shop", stack, stack)
		c.update("shop", stack, at)
	}
	c.states["shop/changed"] = strings.ReplaceAll(c.states["shop/changed"], "table/changed", "table/changed-2")
	delete(c.states, "shop/lost")
	c.stacks = slices.DeleteFunc(c.stacks, func(s listedStack) bool { return s.Stack == "hidden" }) // from the token
	c.stacks = append(c.stacks, listedStack{Project: "shop", Stack: "empty", ResourceCount: new(int)})

	l := c.beside(t, machine(t), Settings{Budget: patience}, func(backend string) *tables.Index {
		return indexOf(map[string]string{backend: "acme/shop/same acme/shop/during acme/shop/changed acme/shop/hidden acme/shop/lost acme/shop/empty"},
			"acme/shop/same same", "acme/shop/during during", "acme/shop/changed changed", "acme/shop/hidden hidden", "acme/shop/lost lost",
			"acme/shop/empty empty")
	})
	index := " by the index " + l.settings.Source + " of 2026-11-20 08:00 UTC"
	const now = " by the state in Pulumi Cloud"
	got := told(l)
	for i, line := range got {
		got[i] = regexp.MustCompile(`(in Pulumi Cloud) of [-0-9: ]+ UTC`).ReplaceAllString(line, "$1")
	}
	if diff := cmp.Diff([]string{
		"acme/shop/changed changed-2" + now, "acme/shop/created created" + now, "acme/shop/during during" + now, "acme/shop/hidden hidden" + index,
		"acme/shop/lost lost" + index + "; its state of 2026-11-21 08:00 UTC is newer, and was not read", "acme/shop/same same" + index, "acme/shop/unsaid unsaid" + now,
	}, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]tables.Unread{
		{Reason: "the state of shop/lost in Pulumi Cloud: the server answers 404 Not Found", Stacks: []string{"acme/shop/lost"}},
	}, l.Unread()); diff != "" {
		t.Errorf("not read (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(exportsOf("changed", "created", "during", "unsaid"), slices.Sorted(slices.Values(c.requests))); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// exportsOf are the requests for the states of stacks of the project shop.
func exportsOf(stacks ...string) []string {
	for i, stack := range stacks {
		stacks[i] = "/api/stacks/acme/shop/" + stack + "/export"
	}
	return stacks
}

// beside serves an index of its own backend beside itself.
func (c *service) beside(t *testing.T, env Machine, settings Settings, x func(backend string) *tables.Index) *Loading {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	settings.Source = filepath.Join(env.Home, "index.json")
	write(t, settings.Source, string(x(tables.BackendOf(server.URL)).Encode()))
	env.Getenv = func(name string) string {
		return map[string]string{"PULUMI_BACKEND_URL": server.URL, "PULUMI_ACCESS_TOKEN": "hidden"}[name]
	}
	l := Load(context.Background(), settings, env, acme)
	t.Cleanup(l.Stop)
	return l
}

// TestBesideCloudThatFails: with what cannot be listed, the index stands alone, and it is said.
func TestBesideCloudThatFails(t *testing.T) {
	x := func(backend string) *tables.Index {
		return indexOf(map[string]string{backend: "acme/shop/same"}, "acme/shop/same same")
	}
	l := (&service{status: http.StatusForbidden}).beside(t, machine(t), Settings{Budget: patience}, x)
	found := told(l)
	if len(found) != 1 || !strings.HasSuffix(found[0], " of 2026-11-20 08:00 UTC") {
		t.Errorf("%v", found)
	}
	if got := reasons(l); len(got) != 1 || !strings.HasPrefix(got[0], "the stacks of Pulumi Cloud at http://127.0.0.1:") ||
		!strings.HasSuffix(got[0], ": the server answers 403 Forbidden, so only the index tells of them") {
		t.Errorf("not read: %v", got)
	}
}

// TestBackendID: the running stack's backend is the one that an index names, however either URL is written.
func TestBackendID(t *testing.T) {
	home := machine(t).Home
	for _, c := range []struct{ backend, indexed string }{
		{"file://~", "file://" + home}, {"file://~/", "file://" + home + "/"}, {"file://./state", "file://" + home + "/state?no_tmp_dir=true"},
		{"file:///var/my%20state", "file:///var/my%20state"}, {"s3://bucket/path?region=us-east-1", "s3://bucket/path?profile=ci"},
		{"s3://bucket?endpoint=one", "s3://bucket?endpoint=one&region=us-east-1"}, {"https://user:hidden@api.example.com/", "https://api.example.com"},
	} {
		env := machine(t, "PULUMI_BACKEND_URL="+c.backend, "PULUMI_ACCESS_TOKEN=t")
		env.Home, env.Folder = home, home
		if got, err := findBackend(t.Context(), env); err != nil || got.id != tables.BackendOf(c.indexed) {
			t.Errorf("%s and %s: %+v, %v", c.backend, c.indexed, got, err)
		}
	}
}
