package index

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// within reads the backend in the home of a machine within some bounds, and returns how many tables it has and what was not
// read.
func within(t *testing.T, env Machine, most bounds) (found int, unread []string) {
	t.Helper()
	l := &Loading{settings: Settings{Budget: patience}}
	l.readFolder(t.Context(), env, env.Home, most)()
	l.mu.Lock()
	defer l.mu.Unlock()
	found = len(l.combine())
	for _, u := range l.unread {
		unread = append(unread, u.Reason)
	}
	return found, unread
}

// TestBounds reads a backend of three stacks, two of which are in one project, within bounds that it just keeps to, and
// within others.
func TestBounds(t *testing.T) {
	env := machine(t)
	env.Cache = ""
	write(t, filepath.Join(env.Home, ".pulumi/meta.yaml"), "version: 1\n")
	text := state("shop", "dev", "orders")
	for path, text := range map[string]string{
		"bank/dev.json": state("bank", "dev", "orders"), "shop/dev.json": text, "shop/test.json.gz": zip(strings.Repeat(" ", 1<<20) + text),
	} {
		write(t, filepath.Join(env.Home, ".pulumi/stacks", path), text)
	}
	enough := bounds{
		listed: 5, stacks: 3, state: 1<<20 + int64(len(text)), states: 1<<20 + 3*int64(len(text)), memory: 1 << 20, reading: patience,
	}
	with := func(change func(*bounds)) bounds {
		most := enough
		change(&most)
		return most
	}
	for _, c := range []struct {
		name   string
		most   bounds
		found  int
		unread []string
	}{
		{"enough", enough, 3, nil},
		{"listed", with(func(b *bounds) { b.listed = 1 }), 0, []string{"the stacks beyond the first 1 file of the backend"}},
		{"stacks", with(func(b *bounds) { b.stacks = 2 }), 2, []string{"the stacks beyond the first 2"}},
		{"a state", with(func(b *bounds) { b.state = 1 << 20 }), 2, []string{"1 stack that cannot be read: shop/test (is larger than 1 MB)"}},
		{"a state as it is", with(func(b *bounds) { b.state = 100 }), 0, []string{
			"3 stacks that cannot be read: bank/dev (is larger than 100 bytes), shop/dev (is larger than 100 bytes), shop/test (is larger than 100 bytes)",
		}},
		{"memory", with(func(b *bounds) { b.memory = 1 }), 0, []string{"3 stacks of 3, because the tables take more than 0 MB of memory"}},
		{"nothing", with(func(b *bounds) { b.states = 0 }), 0, []string{"3 stacks of 3, because the states have more than 0 GB"}},
		{"time", with(func(b *bounds) { b.reading = 0 }), 0, []string{"the backend in " + env.Home + ": it did not answer in time"}},
	} {
		found, unread := within(t, env, c.most)
		if diff := cmp.Diff(c.unread, unread); diff != "" || found != c.found {
			t.Errorf("%s: %d tables, not %d; not read (-want +got):\n%s", c.name, found, c.found, diff)
		}
	}
}

// TestBoundOfTime: reading ends even where nobody waits for it.
func TestBoundOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := machine(t)
		workers := runtime.GOMAXPROCS(0)
		for i := range 100 * workers { // each is read twice, 20 ms apart
			write(t, filepath.Join(env.Home, fmt.Sprintf(".pulumi/stacks/b-%04d.json", i)), "{")
		}
		most := realistic
		most.reading = 150 * time.Millisecond
		start := time.Now()
		_, unread := within(t, env, most)
		if took := time.Since(start); took != 160*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		want := fmt.Sprintf("%d stacks of %d, because 150ms were over", 93*workers, 100*workers)
		if len(unread) != 2 || unread[1] != want {
			t.Errorf("got %q, want %s", unread, want)
		}
	})
}

// TestBomb reads what is small until it is decompressed or decoded.
func TestBomb(t *testing.T) {
	const resource = `"resources":[`
	text := func(name, resources string) string {
		return zip(strings.Replace(state("shop", name, "orders"), resource, resource+resources, 1))
	}
	open := `{"urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::t","type":"aws:dynamodb/table:Table","id":"t"`
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	stacks := filepath.Join(env.Home, ".pulumi/stacks")
	write(t, filepath.Join(stacks, "good.json.gz"), text("good", ""))
	write(t, filepath.Join(stacks, "values.json.gz"), text("values", open+`,"inputs":{"x":[`+strings.Repeat("{},", 6_000_000)+`0]}},`))
	write(t, filepath.Join(stacks, "replicas.json.gz"), text("replicas", strings.Repeat(
		open+`,"inputs":{"replicas":[`+strings.Repeat(`{"regionName":"a"},`, 10_000)+`{"regionName":"a"}]}},`, 30)))
	write(t, filepath.Join(stacks, "other.json.gz"), text("other", `{"type":"x","inputs":"`+strings.Repeat("x", 40_000_000)+`"},`))

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	expect(t, "bombs", Settings{}, env, []string{"shop/good orders", "shop/other orders"}, []string{
		"2 stacks that cannot be read: replicas (its tables take more than 64 MB of memory), " +
			"values (not a state: the value at byte 85 is larger than 16777216 bytes)",
	})
	runtime.ReadMemStats(&after)
	const most = 1700 // of all that is allocated, in use at the same time or not; each state is read twice
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > most {
		t.Errorf("%d MB were allocated, not %d", took, most)
	}
}

// TestLoops: a link to a folder above ends.
func TestLoops(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	root := filepath.Join(env.Home, ".pulumi")
	write(t, filepath.Join(root, "meta.yaml"), "version: 1\n")
	write(t, filepath.Join(root, "stacks/shop/dev.json"), state("shop", "dev", "orders"))
	for link, to := range map[string]string{"here": ".", "up": "..", "shop/up": "..", "shop/here": ".", "shop/loop.json": ".", "self": "self"} {
		if err := os.Symlink(to, filepath.Join(root, "stacks", link)); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "loops", Settings{}, env, []string{"shop/dev orders"},
		[]string{"the stacks of project self: too many levels of symbolic links"})
}

// TestNewest: of two files of one stack that are as new, the CLI takes the one whose name comes last.
func TestNewest(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	past := time.Now().Add(-time.Hour)
	for name, text := range map[string]string{"dev.json": state("shop", "dev", "plain"), "dev.json.gz": zip(state("shop", "dev", "zipped"))} {
		path := filepath.Join(env.Home, ".pulumi/stacks", name)
		write(t, path, text)
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "as new", Settings{}, env, []string{"shop/dev zipped"}, nil)
}

// TestCleanUp: what the cache holds and nobody uses is removed, and nothing else.
func TestCleanUp(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	write(t, filepath.Join(env.Home, ".pulumi/stacks/dev.json"), state("shop", "dev", "orders"))
	old, sum := time.Now().Add(-mostIdle-time.Hour), strings.Repeat("0123456789abcdef", 2)
	for _, name := range []string{"v1-" + sum, "v99-" + sum, "new-123", "notes.txt", "v1-" + sum + ".bak", "v3-" + strings.Repeat("f", 32) + "/kept"} {
		path := filepath.Join(env.Cache, name)
		write(t, path, name)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(env.Cache, "v2-"+sum), "in use")
	write(t, filepath.Join(env.Home, "precious"), "precious")
	if err := os.Symlink("../precious", filepath.Join(env.Cache, "v4-"+sum)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(env.Cache, 0o700); err != nil {
		t.Fatal(err)
	}
	cache := cacheFile{folder: env.Cache, key: "folder " + filepath.Join(env.Home, ".pulumi")}
	own := filepath.Base(cache.path())
	entries := func() string {
		var names []string
		listed, err := os.ReadDir(env.Cache)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range listed {
			names = append(names, strings.ReplaceAll(strings.ReplaceAll(e.Name(), own, "own"), sum, "sum"))
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	expect(t, "saved", Settings{}, env, []string{"shop/dev orders"}, nil)
	kept := "notes.txt own v1-sum.bak v2-sum v3-" + strings.Repeat("f", 32) + " v4-sum"
	if entries() != kept {
		t.Errorf("the cache has %s, not %s", entries(), kept)
	}

	// Use keeps it, and room is made by what was used least lately.
	if err := os.Chtimes(cache.path(), old, old); err != nil {
		t.Fatal(err)
	}
	expect(t, "used", Settings{}, env, []string{"shop/dev orders"}, nil)
	if info, err := os.Stat(cache.path()); err != nil || time.Since(info.ModTime()) > mostIdle {
		t.Errorf("it was used, and is of %v (%v)", info.ModTime(), err)
	}
	settle(t, cache.path())
	write(t, filepath.Join(env.Cache, "v5-"+sum), "in use")
	soon := time.Now()
	if err := os.Chtimes(filepath.Join(env.Cache, "v5-"+sum), soon, soon); err != nil {
		t.Fatal(err)
	}
	cache.cleanUp(6)
	if want := strings.Replace(kept, "v2-sum ", "", 1); entries() != want {
		t.Errorf("the cache has %s, not %s", entries(), want)
	}
	if text, err := os.ReadFile(filepath.Join(env.Home, "precious")); string(text) != "precious" {
		t.Errorf("what a link leads to is %q, %v", text, err)
	}
}

// TestPlanted: what others put in the place of the cache is neither written to nor believed.
func TestPlanted(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	path := filepath.Join(env.Home, ".pulumi/stacks/dev.json")
	write(t, path, state("shop", "dev", "orders"))
	cache := cacheFile{folder: env.Cache, key: "folder " + filepath.Join(env.Home, ".pulumi")}
	read := func(name string) {
		t.Helper()
		expect(t, name, Settings{}, env, []string{"shop/dev orders"}, nil)
	}
	precious := filepath.Join(env.Home, "precious")
	write(t, precious, "precious")
	if err := os.Mkdir(env.Cache, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, cache.path()); err != nil {
		t.Fatal(err)
	}
	read("a link")
	if text, err := os.ReadFile(precious); string(text) != "precious" {
		t.Errorf("what a link leads to is %q, %v", text, err)
	}
	if info, err := os.Lstat(cache.path()); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the link was not replaced: %v, %v", info, err)
	}

	// More than is ever written is not read.
	if err := os.Truncate(cache.path(), mostCached+1); err != nil {
		t.Fatal(err)
	}
	read("too large")

	kept, err := os.ReadFile(cache.path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(env.Cache); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(env.Home, "elsewhere")
	if err := os.Mkdir(elsewhere, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, env.Cache); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(elsewhere, filepath.Base(cache.path())), string(kept))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(state("shop", "dev", "ORDERS")), 0o600); err != nil { // of the same size and time
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	expect(t, "a folder that is a link", Settings{}, env, []string{"shop/dev ORDERS"}, nil)
}
