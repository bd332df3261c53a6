package index

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/tables"
)

// patience is a budget that only what hangs uses up.
const patience = 10 * time.Minute

const acme = "acme" // the organization of the running stack

// machine is an environment of its own, with some variables: NAME=value.
func machine(t testing.TB, variables ...string) Machine {
	t.Helper()
	home := t.TempDir()
	return Machine{
		Home: home, Folder: home, Cache: filepath.Join(home, "cache"), Client: newClient(nil),
		Getenv: func(name string) string {
			for _, v := range variables {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value
				}
			}
			return ""
		},
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	settle(t, path)
}

// settle makes a file look as if nobody was writing to it.
func settle(t testing.TB, path string) {
	t.Helper()
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
}

// state is the state of a stack with one table.
func state(project, stack, name string) string {
	return fmt.Sprintf(`{"version":3,"checkpoint":{"stack":"organization/%[1]s/%[2]s","latest":{"resources":[`+
		`{"urn":"urn:pulumi:%[2]s::%[1]s::aws:dynamodb/table:Table::t","type":"aws:dynamodb/table:Table",`+
		`"outputs":{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/%[3]s"}}]}}}`, project, stack, name)
}

func zip(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func anywhere(tables.Entry) bool { return true }

// reasons are why something was not read.
func reasons(l *Loading) (list []string) {
	for _, u := range l.Unread() {
		list = append(list, u.Reason)
	}
	return list
}

// load reads all there is, and returns it as "owner name" with what was not read.
func load(t testing.TB, settings Settings, env Machine) (found, unread []string) {
	t.Helper()
	if settings.Budget == 0 {
		settings.Budget = patience
	}
	l := Load(context.Background(), settings, env, acme)
	defer func() {
		l.Stop()
		<-l.saved
	}()
	for e := range l.Matching("*", anywhere) {
		found = append(found, e.Owner()+" "+e.Name)
	}
	unread = reasons(l)
	if complete := len(unread) == 0; l.Complete() != complete {
		t.Errorf("complete: %v, not read: %v", l.Complete(), unread)
	}
	return found, unread
}

func expect(t *testing.T, name string, settings Settings, env Machine, wantFound, wantUnread []string) {
	t.Helper()
	found, unread := load(t, settings, env)
	slices.Sort(found)
	if diff := cmp.Diff(wantFound, found); diff != "" {
		t.Errorf("%s: tables (-want +got):\n%s", name, diff)
	}
	if diff := cmp.Diff(wantUnread, unread); diff != "" {
		t.Errorf("%s: not read (-want +got):\n%s", name, diff)
	}
}

func TestFolder(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	root := filepath.Join(env.Home, ".pulumi")
	stacks := filepath.Join(root, "stacks")
	expect(t, "no backend yet", Settings{}, env, nil, []string{"the backend in " + env.Home + ": no such file or directory"})
	write(t, filepath.Join(root, "meta.yaml"), "version: 1\n")
	expect(t, "no stack yet", Settings{}, env, nil, nil)

	write(t, filepath.Join(stacks, "shop/dev.json"), state("shop", "dev", "orders"))
	write(t, filepath.Join(stacks, "shop/prod.json.gz"), zip(state("shop", "prod", "orders")))
	write(t, filepath.Join(stacks, "shop/a.json.b.json"), state("shop", "a.json.b", "odd"))
	write(t, filepath.Join(stacks, "bank/both.json.gz"), zip(state("bank", "both", "new")))
	write(t, filepath.Join(stacks, "bank/both.json"), "older, and broken")
	older := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(filepath.Join(stacks, "bank/both.json"), older, older); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"shop/dev.json.bak", "shop/dev.json.attrs", "shop/dev.json.gz.bak", "shop/dev.json.1763800000000000000",
		"shop/dev.pulumi-tags", "shop/.json", "shop/dev.json123.tmp", "flat.json",
	} {
		write(t, filepath.Join(stacks, name), state("never", "read", "wrong"))
	}
	all := []string{"bank/both new", "shop/a.json.b odd", "shop/dev orders", "shop/prod orders"}
	expect(t, "a backend", Settings{}, env, all, nil)

	write(t, filepath.Join(stacks, "shop/z.json.zst"), "whatever")
	write(t, filepath.Join(stacks, "bank/cut.json"), state("bank", "cut", "x")[:100])
	write(t, filepath.Join(stacks, "bank/cut.json.gz.zst.json.gz"), "no gzip")
	expect(t, "with what cannot be read", Settings{}, env, all, []string{
		"2 stacks that cannot be read: bank/cut (not a state: it ends after 100 bytes, in the middle), bank/cut.json.gz.zst (unexpected EOF)",
		"1 stack compressed with Zstandard, which is read through an index only: shop/z",
	})

	old := machine(t, "PULUMI_BACKEND_URL=file://~/old?no_tmp_dir=true")
	write(t, filepath.Join(old.Home, "old/.pulumi/stacks/dev.json"), state("shop", "dev", "orders"))
	write(t, filepath.Join(old.Home, "old/.pulumi/stacks/shop/prod.json"), state("shop", "prod", "orders"))
	expect(t, "the older layout", Settings{}, old, []string{"shop/dev orders"}, nil)
}

// TestLayout reads backends with one meta.yaml or another. What cannot be told is said.
func TestLayout(t *testing.T) {
	byProject, flat := []string{"shop/dev orders"}, []string{"shop/old items"}
	for _, c := range []struct {
		meta  string
		found []string
		said  string
	}{
		{"version: 1\n", byProject, ""},
		{"version: 1", byProject, ""},
		{"# layout\n\"version\":   1 # by project\n", byProject, ""},
		{"old: &v 1\nversion: *v\n", byProject, ""},
		{"version: '1'\n", nil, "meta.yaml does not tell a version"}, // nor does the CLI read it
		{"version: -1\n", nil, "meta.yaml does not tell a version"},
		{"{\"version\": 1}\r\n", byProject, ""},
		{"version: 0\n", flat, ""},
		{"version: 7\n", nil, "meta.yaml tells layout 7, and this version of dynamoguard reads layouts up to 1; update it"},
		{"version: one\n", nil, "meta.yaml does not tell a version"},
		{"", nil, "meta.yaml does not tell a version"},
	} {
		env := machine(t, "PULUMI_BACKEND_URL=file://~")
		root := filepath.Join(env.Home, ".pulumi")
		write(t, filepath.Join(root, "meta.yaml"), c.meta)
		write(t, filepath.Join(root, "stacks/shop/dev.json"), state("shop", "dev", "orders"))
		write(t, filepath.Join(root, "stacks/old.json"), state("shop", "old", "items"))
		var unread []string
		if c.said != "" {
			unread = []string{"the backend in " + env.Home + ": " + c.said}
		}
		expect(t, fmt.Sprintf("%q", c.meta), Settings{}, env, c.found, unread)
	}
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	write(t, filepath.Join(env.Home, ".pulumi/meta.yaml/file"), "")
	write(t, filepath.Join(env.Home, ".pulumi/stacks/shop/dev.json"), state("shop", "dev", "orders"))
	expect(t, "a folder", Settings{}, env, nil, []string{"the backend in " + env.Home + ": meta.yaml: is a directory"})
}

// TestLinks reads states and projects that are links to others, one to itself among them.
func TestLinks(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	root := filepath.Join(env.Home, ".pulumi")
	write(t, filepath.Join(root, "meta.yaml"), "version: 1\n")
	write(t, filepath.Join(root, "stacks/shop/dev.json"), state("shop", "dev", "orders"))
	write(t, filepath.Join(env.Home, "elsewhere/state"), state("shop", "prod", "orders"))
	write(t, filepath.Join(env.Home, "elsewhere/bank/prod.json"), state("bank", "prod", "orders"))
	for link, to := range map[string]string{
		"shop/prod.json": env.Home + "/elsewhere/state", "bank": env.Home + "/elsewhere/bank", "shop/self.json": "self.json",
		"shop/lost.json": "nowhere", "shop/up": "..",
	} {
		if err := os.Symlink(to, filepath.Join(root, "stacks", link)); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "links", Settings{}, env, []string{"bank/prod orders", "shop/dev orders", "shop/prod orders"},
		[]string{"the state of shop/self: too many levels of symbolic links"})
}

// TestPublic looks for passwords in what is said of an address.
func TestPublic(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"tables/index.json", "tables/index.json"},
		{`C:\tables\index.json`, `C:\tables\index.json`},
		{"s3://bucket/path?region=us-east-1", "s3://bucket/path"},
		{"https://user:hidden@example.com/index.json?sig=hidden#hidden", "https://example.com/index.json"},
		{"postgres://user:pa/hidden@host/db", "postgres://..."},
		{"postgres://user:12/hidden@host/db", "postgres://..."},
		{"postgres://user:12?hidden@host/db", "postgres://..."},
		{"postgres://user:12#hidden@host/db", "postgres://..."},
		{"postgres://user:p%hidden@host/db", "postgres://..."},
		{"postgres://user:p#hidden@host/db", "postgres://..."},
		{"postgres:///db?password=hidden", "postgres:///db"},
		{"azblob:///container?sas=hidden", "azblob:///container"},
		{"https://host/%zz?sig=hidden", "https://..."},
		{"https://user:pa/hidden@127.0.0.1/index.json", "https://..."},
		{"hid den://host", "..."},
	} {
		if got := public(c.address); got != c.want {
			t.Errorf("%s is shown as %s, want %s", c.address, got, c.want)
		}
	}
}

func TestCache(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	stacks := filepath.Join(env.Home, ".pulumi/stacks")
	path := filepath.Join(stacks, "dev.json")
	write(t, path, state("shop", "dev", "orders"))
	expect(t, "first", Settings{}, env, []string{"shop/dev orders"}, nil)

	// Other content of the same size and time shows that the file is not read again.
	info, _ := os.Stat(path)
	replace := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	replace(state("shop", "dev", "ORDERS"))
	expect(t, "not read again", Settings{}, env, []string{"shop/dev orders"}, nil)
	cached, err := filepath.Glob(filepath.Join(env.Cache, "*"))
	if err != nil || len(cached) != 1 {
		t.Fatalf("the cache holds %v (%v)", cached, err)
	}
	whole, err := os.ReadFile(cached[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, corrupt := range map[string][]byte{
		"empty": nil, "cut off": whole[:len(whole)-1], "other": []byte("{}"),
		"changed": bytes.Replace(whole, []byte("orders"), []byte("carts!"), 1),
	} {
		if err := os.WriteFile(cached[0], corrupt, 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, "a cache that is "+name, Settings{}, env, []string{"shop/dev ORDERS"}, nil)
	}
	write(t, path, state("shop", "dev", "orders-2"))
	expect(t, "changed", Settings{}, env, []string{"shop/dev orders-2"}, nil)
	write(t, path, state("shop", "dev", "orders-3"))
	soon := time.Now().Add(time.Hour) // so that it is young however long this takes
	if err := os.Chtimes(path, soon, soon); err != nil {
		t.Fatal(err)
	}
	expect(t, "being written", Settings{}, env, []string{"shop/dev orders-3"}, nil)
	if data, _ := os.ReadFile(cached[0]); bytes.Contains(data, []byte("orders-3")) {
		t.Error("a file that may still be written to was cached")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect(t, "removed", Settings{}, env, nil, nil)

	// A cache that cannot be written is none.
	write(t, path, state("shop", "dev", "orders"))
	env.Cache = path
	expect(t, "no folder for a cache", Settings{}, env, []string{"shop/dev orders"}, nil)
}

// TestSecret looks for what states hide in what is kept of them.
func TestSecret(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	const secret = `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"hidden"}`
	write(t, filepath.Join(env.Home, ".pulumi/stacks/dev.json"), strings.NewReplacer(
		`"outputs":`, `"id":"hidden","inputs":{"name":`+secret+`},"outputs":`).Replace(state("shop", "dev", "hidden")))
	expect(t, "a secret name", Settings{}, env, nil, []string{"1 table with a secret name"})
	cached, _ := filepath.Glob(filepath.Join(env.Cache, "*"))
	data, err := os.ReadFile(cached[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("hidden")) {
		t.Errorf("the cache holds a secret: %s", data)
	}
}

// TestConcurrent runs previews at once, while stacks are updated, added and removed.
func TestConcurrent(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	stacks := filepath.Join(env.Home, ".pulumi/stacks")
	for i := range 20 {
		write(t, filepath.Join(stacks, fmt.Sprintf("s%d.json", i)), state("shop", fmt.Sprintf("s%d", i), "orders"))
	}
	var stop atomic.Bool
	var writer, previews sync.WaitGroup
	writer.Go(func() {
		for i := 0; !stop.Load(); i++ {
			path := filepath.Join(stacks, fmt.Sprintf("s%d.json", i%10))
			_ = os.WriteFile(path+".tmp", []byte(state("shop", fmt.Sprintf("s%d", i%10), "orders")), 0o644)
			_ = os.Rename(path+".tmp", path)
			extra := filepath.Join(stacks, "extra.json")
			if i%2 == 0 {
				_ = os.WriteFile(extra+".tmp", []byte(state("shop", "extra", "orders")), 0o644)
				_ = os.Rename(extra+".tmp", extra)
			} else {
				_ = os.Remove(extra)
			}
		}
	})
	for range 8 {
		previews.Go(func() {
			for range 20 {
				found, unread := load(t, Settings{}, env)
				found = slices.DeleteFunc(found, func(f string) bool { return f == "shop/extra orders" })
				if len(found) != 20 || len(unread) > 0 {
					t.Errorf("%d tables, not read: %v", len(found), unread)
				}
			}
		})
	}
	previews.Wait()
	stop.Store(true)
	writer.Wait()
	if left, _ := filepath.Glob(filepath.Join(env.Cache, "new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFindBackend(t *testing.T) {
	env := machine(t)
	write(t, filepath.Join(env.Home, ".pulumi/credentials.json"),
		`{"current":"https://api.pulumi.com","accessTokens":{"https://api.pulumi.com":"t1"},"accounts":{"https://other.example":{"accessToken":"t2"}}}`)
	write(t, filepath.Join(env.Home, "elsewhere/credentials.json"), `{"current":"file:///elsewhere"}`)
	write(t, filepath.Join(env.Home, "program/Pulumi.yaml"), "name: shop\nruntime: go # url: no\nconfig:\n  url: no\nbackend: # where\n  # comment\n  url: \"file://./here\"\n")
	write(t, filepath.Join(env.Home, "flow/Pulumi.yaml"), "name: shop\nbackend: {url: \"s3://bucket/path?region=us-east-1\"}\n")
	write(t, filepath.Join(env.Home, "json/Pulumi.json"), `{"name":"shop","backend":{"url":"https://user:pw@other.example/"}}`)
	write(t, filepath.Join(env.Home, "plain/Pulumi.yaml"), "name: shop\n")
	for _, c := range []struct {
		name, folder string
		variables    []string
		want         backend
		wantErr      string
	}{
		{"the login", "plain", nil, backend{name: "https://api.pulumi.com", cloud: "https://api.pulumi.com", token: "t1"}, ""},
		{"a token of the environment", "plain", []string{"PULUMI_ACCESS_TOKEN=t3"}, backend{name: "https://api.pulumi.com", cloud: "https://api.pulumi.com", token: "t3"}, ""},
		{"the project", "program", nil, backend{name: "file://", folder: env.Home + "/program/here"}, ""},
		{"a folder of the project", "program/main", nil, backend{name: "file://", folder: env.Home + "/program/here"}, ""},
		{"the project, on one line", "flow", nil, backend{name: "s3://bucket/path"}, ""},
		{"the project, in JSON", "json", nil, backend{}, "Pulumi Cloud at https://other.example: there is no access token"},
		{"the environment", "program", []string{"PULUMI_BACKEND_URL=file:///var/state"}, backend{name: "file://", folder: "/var/state"}, ""},
		{"another login", "", []string{"PULUMI_BACKEND_URL=https://other.example/"}, backend{name: "https://other.example", cloud: "https://other.example", token: "t2"}, ""},
		{"another home", "", []string{"PULUMI_HOME=" + env.Home + "/elsewhere"}, backend{name: "file://", folder: "/elsewhere"}, ""},
		{"other credentials", "", []string{"PULUMI_CREDENTIALS_PATH=" + env.Home + "/elsewhere"}, backend{name: "file://", folder: "/elsewhere"}, ""},
		{"a home laid over another", "", []string{"PULUMI_HOME=/nowhere", "DYNAMOGUARD_PULUMI_HOME=" + env.Home + "/elsewhere"},
			backend{name: "file://", folder: "/elsewhere"}, ""},
		{"a token alone", "", []string{"PULUMI_HOME=/nowhere", "PULUMI_ACCESS_TOKEN=t3"}, backend{name: "https://api.pulumi.com", cloud: "https://api.pulumi.com", token: "t3"}, ""},
		{"a token, for a service of one's own", "", []string{"PULUMI_HOME=/nowhere", "PULUMI_ACCESS_TOKEN=t3", "PULUMI_API=https://other.example"}, backend{name: "https://other.example", cloud: "https://other.example", token: "t3"}, ""},
		{"a folder with a space", "", []string{"PULUMI_BACKEND_URL=file:///var/my%20state"}, backend{name: "file://", folder: "/var/my state"}, ""},
		{"nothing", "", []string{"PULUMI_HOME=/nowhere"}, backend{}, "the backend of the stack was not found: neither PULUMI_BACKEND_URL nor the project nor a login names one"},
	} {
		e := machine(t, c.variables...)
		e.Home, e.Folder = env.Home, filepath.Join(env.Home, c.folder)
		got, err := findBackend(t.Context(), e)
		if err != nil {
			got = backend{}
		}
		got.id = "" // see TestBackendID
		if got != c.want || fmt.Sprint(err) != fmt.Sprint(c.wantErr) && (err != nil || c.wantErr != "") {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

// TestFolderOf holds to what the CLI makes of file:// URLs: its own function and the driver were run on them.
func TestFolderOf(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"file://~", "/home/jo"},
		{"file://~/", "/home/jo"},
		{"file://~/state", "/home/jo/state"},
		{"file://~/../state/", "/home/state"},
		{"file://~state", "/home/jo/tate"}, // the CLI's own way
		{"file://~s", "/home/jo"},
		{"file://~?no_tmp_dir=true", "/home/jo"},
		{"file://", "/srv/shop"},
		{"file://.", "/srv/shop"},
		{"file://./state", "/srv/shop/state"},
		{"file://state", "/srv/shop/state"},
		{"file://../state", "/srv/state"},
		{"file:///", "/"},
		{"file:///var/state/", "/var/state"},
		{"file:///var//my%20state?metadata=skip", "/var/my state"},
		{"file:///var/my state", "/var/my state"},
		{"file:///var/~/state", "/var/~/state"},
		{"file:///var/state#2", "/var/state"},
		{"file:///var/a%2Fb", "/var/a/b"},
		{"file:///var/50%", "it is not a URL"},
		{"file://~/state\n", "it is not a URL"},
		{"file://a b/c", "it is not a URL"},
	} {
		got, err := Folder(c.address, "/home/jo", "/srv/shop")
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q is %q, not %q", c.address, got, c.want)
		}
	}
	if got, err := Folder("file://~", "", "/work"); err == nil {
		t.Errorf("without a home it is %q", got)
	}
	if got, err := Folder("file://~", "/home/50%25", "/work"); got != "/home/50%" {
		t.Errorf("what the home is called is decoded too: %q, %v", got, err)
	}
}

// TestSystemHome: the CLI asks the system for the home, and nothing that a program's folder or a shell can set.
func TestSystemHome(t *testing.T) {
	before := System().Home
	t.Setenv("HOME", t.TempDir())
	if after := System().Home; before == "" || after != before {
		t.Errorf("it is %q, and %q with another HOME", before, after)
	}
}

// TestProject reads projects as the CLI does, which reads YAML.
func TestProject(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"Pulumi.yaml", "backend:\n  url: s3://a\n", "s3://a"},
		{"Pulumi.yaml", "\"backend\":\n  'url': \"s3:\\x2f/a\"\n", "s3://a"},
		{"Pulumi.yaml", "? backend\n: ? url\n  : s3://a\n", "s3://a"},
		{"Pulumi.yaml", "backend: {url: s3://a}\n", "s3://a"},
		{"Pulumi.yaml", "backend:\n  url: >-\n    s3://a\n", "s3://a"},
		{"Pulumi.yaml", "backend:\n  url:\n    s3://a # b\n", "s3://a"},
		{"Pulumi.yaml", "template:\n  b: &b {url: s3://a}\nbackend: *b\n", "s3://a"},
		{"Pulumi.yaml", "template: &b {url: s3://a}\nbackend:\n  <<: *b\n", "s3://a"},
		{"Pulumi.yaml", "description: |\n  backend:\n    url: s3://no\nbackend:\n  url: s3://a\n", "s3://a"},
		{"Pulumi.yaml", "description: |\n backend:\n   url: s3://no\n", ""},
		{"Pulumi.yaml", "config:\n  backend:\n    url: s3://no\n", ""},
		{"Pulumi.yaml", "\xef\xbb\xbfbackend:\n  url: s3://a\n", "s3://a"},
		{"Pulumi.yaml", "{\"backend\": {\"url\": \"s3://a\"}}", "s3://a"},
		{"Pulumi.yaml", "name: shop\nbackend:\n", ""},
		{"Pulumi.yaml", "", ""},
		{"Pulumi.yaml", "backend: s3://a\n", "is not the YAML of a project"},
		{"Pulumi.yaml", "backend:\n  url: [\n", "is not the YAML of a project"},
		{"Pulumi.yml", "backend:\n  \"url\": s3://a\n", "s3://a"},
		{"Pulumi.json", "\xef\xbb\xbf{\"backend\": {\"url\": \"s3:\\/\\/a\"}}", "s3://a"},
		{"Pulumi.json", "backend:\n  url: s3://a\n", "is not the JSON of a project"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		write(t, path, c.text)
		got, err := backendOf(t.Context(), path)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s\n%s\n%q, not %q", c.name, c.text, got, c.want)
		}
	}
	folder := t.TempDir()
	for _, name := range []string{"Pulumi.yml", "Pulumi.yaml", "Pulumi.json"} { // the later ones have the say
		write(t, filepath.Join(folder, name), "")
		if got := filepath.Base(findProject(folder)); got != name {
			t.Errorf("beside %s, %s is read", name, got)
		}
	}
}

func backendOf(ctx context.Context, path string) (string, error) {
	p, err := readProject(ctx, path)
	return p.Backend.URL, err
}

// TestYAMLBomb: aliases of aliases, and brackets in brackets, take no more than the file does by far.
func TestYAMLBomb(t *testing.T) {
	aliases := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 30 {
		alias := fmt.Sprintf("*a%d", i)
		aliases += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(alias+",", 9), ","))
	}
	for name, c := range map[string]struct{ text, want string }{
		"aliases":  {aliases + "backend: {url: s3://a}\n", "s3://a"},
		"expanded": {aliases + "backend: *a30\n", "is not the YAML of a project"},
		"merged":   {"a: &a {b: &b {<<: *b}, <<: *b}\nbackend: *a\n", "is not the YAML of a project"},
		"lists":    {"a: " + strings.Repeat("[", 1<<20), "is not the YAML of a project"},
		"objects":  {"a: " + strings.Repeat("{", 1<<20), "is not the YAML of a project"},
		"indents":  {strings.Repeat("- ", 1<<20), "is not the YAML of a project"},
		"large":    {strings.Repeat("#", mostSettings+1), "is larger than 4 MB"},
	} {
		path := filepath.Join(t.TempDir(), "Pulumi.yaml")
		write(t, path, c.text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := backendOf(t.Context(), path)
		runtime.ReadMemStats(&after)
		if err != nil {
			got = plainError(err).Error()
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; got != c.want || took > 100 {
			t.Errorf("%s: %q, not %q, after %d MB", name, got, c.want, took)
		}
	}
}

// indexText is an index of one table.
func indexText(at time.Time) string {
	return string(tables.New(at, []tables.Entry{{
		Partition: "aws", Account: "111122223333", Region: "us-east-1", Name: "orders", Organization: "acme", Project: "shop",
		Stack: "prod", URN: "urn:pulumi:prod::shop::aws:dynamodb/table:Table::t",
	}}, nil, 0).Encode())
}

func checksumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// TestFaults tries sources that fail, with the backend in their place.
func TestFaults(t *testing.T) {
	text := indexText(time.Now())
	var requests atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch r.URL.Path {
		case "/401":
			http.Error(w, "no", http.StatusUnauthorized)
		case "/500":
			http.Error(w, "broken", http.StatusInternalServerError)
		case "/cut":
			_, _ = w.Write([]byte(text[:len(text)/2]))
		case "/dropped":
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			_, _ = w.Write([]byte(text[:len(text)/2]))
		case "/future":
			_, _ = w.Write([]byte(strings.Replace(text, `"schemaVersion":1`, `"schemaVersion":7`, 1)))
		case "/down":
			http.Redirect(w, r, "http://example.invalid/index.json", http.StatusFound)
		case "/astray":
			http.Redirect(w, r, "https://bad host/%zz?sig=hidden", http.StatusFound)
		case "/tagged":
			w.Header().Set("ETag", `"v1"`)
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = w.Write([]byte(text))
		case "/old":
			_, _ = w.Write([]byte(indexText(time.Now().Add(-30 * 24 * time.Hour))))
		case "/partial":
			x := tables.New(time.Now(), nil, []string{"acme/shop/lost"}, 2)
			_, _ = w.Write(x.Encode())
		default:
			_, _ = w.Write([]byte(text))
		}
	}))
	defer server.Close()
	closed := httptest.NewTLSServer(http.NotFoundHandler())
	closed.Close()

	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	env.Client = newClient(server.Client().Transport)
	write(t, filepath.Join(env.Home, ".pulumi/stacks/test.json"), state("backend", "test", "orders"))
	path := filepath.Join(env.Home, "index.json")
	write(t, path, text)
	good, instead := []string{"backend/test orders", "shop/prod orders"}, []string{"backend/test orders"}
	at := server.URL
	for _, c := range []struct {
		name, source, sum string
		found             []string
		unread            string
	}{
		{"a URL", at + "/good?signature=hidden", "", good, ""},
		{"with its checksum", at + "/good", checksumOf(text), good, ""},
		{"a path", path, checksumOf(text), good, ""},
		{"an ETag", at + "/tagged", "", good, ""},
		{"an ETag, again", at + "/tagged", "", good, ""},
		{"a relative path", "index.json", "", instead, "the index index.json: it is neither an absolute path nor an https URL"},
		{"a wrong checksum", path, strings.Repeat("0", 64), instead,
			"the index " + path + ": its SHA-256 is " + strings.ToLower(checksumOf(text)) + ", not " + strings.Repeat("0", 64) + " as configured"},
		{"no file", path + "x", "", instead, "the index " + path + "x: no such file or directory"},
		{"a folder", env.Home, "", instead, "the index " + env.Home + ": is a directory"},
		{"401", strings.Replace(at, "://", "://user:hidden@", 1) + "/401?signature=hidden", "", instead, "the index " + at + "/401: the server answers 401 Unauthorized: it wants a header (index.headerFromEnv), or a presigned URL has expired"},
		{"500", at + "/500", "", instead, "the index " + at + "/500: the server answers 500 Internal Server Error, also when asked again"},
		{"cut off", at + "/cut", "", instead, fmt.Sprintf("the index %s/cut: not a table index: it ends after %d bytes, in the middle", at, len(text)/2)},
		{"connection dropped", at + "/dropped", "", instead, "the index " + at + "/dropped: unexpected EOF"},
		{"from the future", at + "/future", "", instead, "the index " + at + "/future: not a table index: schemaVersion 7 is newer than 1, the newest this version of dynamoguard reads; update it"},
		{"a way out of TLS", at + "/down", "", instead, "the index " + at + "/down: the server answers 302 Found"},
		{"astray", at + "/astray", "", instead, "the index " + at + "/astray: the request failed, or led to what is not a URL"},
		{"not a URL", "https://host/%zz?sig=hidden", "", instead, "the index https://...: it is not a URL"},
		{"without TLS", "http://example.invalid/index.json", "", instead, "the index http://example.invalid/index.json: http is not https"},
		{"stale", at + "/old", "", good, "the index was made 30 days ago, on " + time.Now().Add(-30*24*time.Hour).UTC().Format(time.DateOnly) + ": what changed since"},
		{"incomplete", at + "/partial", "", instead, "the index lacks 1 stack that could not be read when it was made: acme/shop/lost|2 tables with a secret name"},
	} {
		var unread []string
		if c.unread != "" {
			unread = strings.Split(c.unread, "|")
		}
		expect(t, c.name, Settings{Source: c.source, SHA256: c.sum, MaxAge: 7 * 24 * time.Hour}, env, c.found, unread)
	}

	_, unread := load(t, Settings{Source: closed.URL}, env)
	want := []string{"the index " + closed.URL + ": dial tcp " + strings.TrimPrefix(closed.URL, "https://") + ": connect: connection refused"}
	if diff := cmp.Diff(want, unread); diff != "" {
		t.Errorf("unreachable (-want +got):\n%s", diff)
	}
}

// A transport answers requests without a network, so that in a bubble of synctest nothing but its clock is waited for.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestBudget tries sources that take longer than there is time: how long each keeps a run waiting, and what is said.
func TestBudget(t *testing.T) {
	const budget = 150 * time.Millisecond
	silent := transport(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	deaf := transport(func(*http.Request) (*http.Response, error) {
		time.Sleep(time.Hour)
		return nil, errors.New("too late")
	})
	for _, c := range []struct {
		name      string
		transport transport
		took      time.Duration
		unread    string
	}{
		{"no answer", silent, budget, "the index https://example.invalid/index.json: it did not answer in time"},
		{"no end", deaf, budget + 50*time.Millisecond, "all other stacks, because 150ms were over"},
	} {
		synctest.Test(t, func(t *testing.T) {
			env := machine(t, "PULUMI_BACKEND_URL=s3://bucket")
			env.Client = newClient(c.transport)
			start := time.Now()
			l := Load(t.Context(), Settings{Source: "https://example.invalid/index.json", Budget: budget}, env, acme)
			found := l.Named("orders")
			took := time.Since(start)
			if diff := cmp.Diff([]string{c.unread}, reasons(l)); diff != "" || len(found) > 0 || took != c.took || l.Complete() {
				t.Errorf("%s: %v after %v, complete: %v (-want +got):\n%s", c.name, found, took, l.Complete(), diff)
			}
			<-l.saved
		})
	}
}

// TestBudgetOfIndex: that an index takes longer than there is time is said also where the stack's own backend was read.
func TestBudgetOfIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := machine(t, "PULUMI_BACKEND_URL=file://~")
		write(t, filepath.Join(env.Home, ".pulumi/stacks/dev.json"), state("shop", "dev", "orders"))
		env.Client = newClient(transport(func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Hour)
			return nil, errors.New("too late")
		}))
		l := Load(t.Context(), Settings{Source: "https://example.invalid/index.json", Budget: 5 * time.Second}, env, acme)
		found := l.Named("orders")
		want := []string{"the index https://example.invalid/index.json, because 5s were over"}
		if diff := cmp.Diff(want, reasons(l)); diff != "" || len(found) != 1 || l.Complete() {
			t.Errorf("%v, complete: %v (-want +got):\n%s", found, l.Complete(), diff)
		}
		<-l.saved
	})
}

// TestBudgetOfFolder: a broken state is read twice, 20 ms apart, and there are more of them than there is time for.
func TestBudgetOfFolder(t *testing.T) {
	const budget, whole = 150 * time.Millisecond, 20
	workers := runtime.GOMAXPROCS(0)
	broken := 100 * workers
	synctest.Test(t, func(t *testing.T) {
		env := machine(t, "PULUMI_BACKEND_URL=file://~")
		stacks := filepath.Join(env.Home, ".pulumi/stacks")
		for i := range whole {
			write(t, filepath.Join(stacks, fmt.Sprintf("a-%02d.json", i)), state("shop", fmt.Sprintf("a-%02d", i), "orders"))
		}
		for i := range broken {
			write(t, filepath.Join(stacks, fmt.Sprintf("b-%04d.json", i)), "{")
		}
		start := time.Now()
		l := Load(t.Context(), Settings{Budget: budget}, env, acme)
		found := len(l.Named("orders"))
		took := time.Since(start)
		unread := reasons(l)
		<-l.saved

		// Each worker got through 7 of them, and was stopped at the second attempt on the 8th.
		read := 7 * workers
		want := []string{
			fmt.Sprintf("%d stacks that cannot be read: b-0000 (%[2]s), b-0001 (%[2]s), b-0002 (%[2]s) and %d more",
				read, "not a state: it ends after 1 bytes, in the middle", read-3),
			fmt.Sprintf("%d stacks of %d, because 150ms were over", broken-read, whole+broken),
		}
		if diff := cmp.Diff(want, unread); diff != "" || found != whole || took != 160*time.Millisecond || l.Complete() {
			t.Errorf("%d tables after %v, complete: %v (-want +got):\n%s", found, took, l.Complete(), diff)
		}
		// What was read is not read again, so that the next run gets further.
		kept := map[string]cached{}
		cacheFile{folder: env.Cache, key: "folder " + filepath.Join(env.Home, ".pulumi")}.load(t.Context(), &kept)
		if len(kept) != whole {
			t.Errorf("%d states were remembered, want %d", len(kept), whole)
		}
	})
}

// TestLate: reading that does not end with the budget keeps a run waiting for a moment more, and so does keeping what was
// read.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const budget = 5 * time.Second
		l := &Loading{
			settings: Settings{Budget: budget}, stop: func() {}, done: make(chan struct{}), saved: make(chan struct{}),
			states: map[string]*ownState{"organization/shop/dev": {read: true}, "organization/shop/prod": {}},
		}
		start := time.Now()
		l.Named("orders")
		if took := time.Since(start); took != budget+50*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if diff := cmp.Diff([]tables.Unread{{Reason: "1 stack of 2, because 5s were over", Stacks: []string{"organization/shop/prod"}}}, l.Unread()); diff != "" || l.Complete() {
			t.Errorf("complete: %v (-want +got):\n%s", l.Complete(), diff)
		}
		start = time.Now()
		l.Close()
		if took := time.Since(start); took != time.Second {
			t.Errorf("closing took %v", took)
		}
	})
}

func TestSome(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"a", "a"}, {"a b c", "a, b, c"}, {"a b c d", "a, b, c and 1 more"}, {"a b c d e", "a, b, c and 2 more"},
	} {
		if got := some(strings.Fields(c.list)); got != c.want {
			t.Errorf("some of %s is %s, want %s", c.list, got, c.want)
		}
	}
}
