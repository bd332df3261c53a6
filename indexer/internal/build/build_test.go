package build

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/indexer/internal/stacks"
	"dynamoguard/indexer/internal/testbackend"
	"dynamoguard/internal/tables"
)

// noon is when every test's index is generated.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// watched is a backend that remembers what was read of it.
type watched struct {
	stacks.Backend
	mu     sync.Mutex
	read   []string
	before func(stacks.Stack) // called before a read
}

func (w *watched) Read(ctx context.Context, s stacks.Stack) (stacks.State, error) {
	if w.before != nil {
		w.before(s)
	}
	w.mu.Lock()
	w.read = append(w.read, s.String())
	w.mu.Unlock()
	return w.Backend.Read(ctx, s)
}

func open(t *testing.T, url string) *watched {
	t.Helper()
	backend, err := stacks.Open(t.Context(), url, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = backend.Close() })
	return &watched{Backend: backend}
}

func options(backend stacks.Backend, output string) Options {
	return Options{
		Backend: backend, Output: output, Parallel: 4, Timeout: time.Minute, ListTimeout: time.Minute, Now: func() time.Time { return noon },
	}
}

// A run is what came of a build.
type run struct {
	Result Result
	Read   []string // stacks, sorted
	Index  []string // "name account region organization/project/stack", and "unread stack"
}

// build opens the backend anew, as every process does, and builds.
func build(t *testing.T, url, output string, adjust ...func(*Options)) run {
	t.Helper()
	backend := open(t, url)
	o := options(backend, output)
	for _, f := range adjust {
		f(&o)
	}
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(backend.read)
	return run{result, backend.read, lines(t, output)}
}

func lines(t *testing.T, output string) []string {
	t.Helper()
	text, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	index, err := tables.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range index.Tables {
		lines = append(lines, fmt.Sprintf("%s %s %s %s/%s/%s", e.Name, e.Account, e.Region, e.Organization, e.Project, e.Stack))
	}
	for _, stack := range index.Unread {
		lines = append(lines, "unread "+stack)
	}
	return lines
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	// An error is as good as its text.
	text := cmp.Transformer("Error", func(err error) string { return err.Error() })
	isError := cmp.FilterValues(func(a, b error) bool { return a != nil && b != nil }, text)
	if diff := cmp.Diff(want, got, isError, cmp.AllowUnexported(stacks.Stack{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A place is a backend that a test fills, whatever its kind.
type place struct {
	url          string
	organization string
	write        func(stack string, tables ...string)
}

// places are the kinds of backend that can be tried without an account.
var places = []struct {
	name string
	new  func(*testing.T) place
}{
	{"file", func(t *testing.T) place { return bucket(t, testbackend.Folder(t)) }},
	{"s3", func(t *testing.T) place { return bucket(t, testbackend.S3(t)) }},
	{"cloud", func(t *testing.T) place {
		cloud := testbackend.NewCloud(t)
		t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
		updates := noon.Unix()
		return place{cloud.URL, "acme", func(stack string, tables ...string) {
			updates++
			cloud.Write("acme/"+stack, testbackend.State(stack, tables...), updates)
		}}
	}},
}

func bucket(t *testing.T, url string) place {
	return place{url, "organization", func(stack string, tables ...string) {
		testbackend.Write(t, url, stack, testbackend.State(stack, tables...))
	}}
}

func TestBuild(t *testing.T) {
	for _, kind := range places {
		t.Run(kind.name, func(t *testing.T) {
			testbackend.Isolate(t)
			at := kind.new(t)
			of := at.organization
			at.write("shop/dev", "orders eu-west-1", "carts")
			at.write("shop/prod", "orders eu-west-1 444455556666", "secret")
			at.write("billing/dev")
			output := filepath.Join(t.TempDir(), "index.json")

			equal(t, build(t, at.url, output), run{
				Result: Result{Listed: 3, Read: 3, Tables: 3, Secret: 1},
				Read:   []string{of + "/billing/dev", of + "/shop/dev", of + "/shop/prod"},
				Index: []string{
					"carts 111122223333 us-east-1 " + of + "/shop/dev",
					"orders 111122223333 eu-west-1 " + of + "/shop/dev",
					"orders 444455556666 eu-west-1 " + of + "/shop/prod",
				},
			})

			before := content(t, output)
			equal(t, build(t, at.url, output), run{
				Result: Result{Listed: 3, Unchanged: 3, Tables: 3, Secret: 1},
				Index:  lines(t, output),
			})
			equal(t, content(t, output), before)

			at.write("shop/dev", "orders eu-west-1", "baskets")
			equal(t, build(t, at.url, output), run{
				Result: Result{Listed: 3, Unchanged: 2, Read: 1, Tables: 3, Secret: 1},
				Read:   []string{of + "/shop/dev"},
				Index: []string{
					"baskets 111122223333 us-east-1 " + of + "/shop/dev",
					"orders 111122223333 eu-west-1 " + of + "/shop/dev",
					"orders 444455556666 eu-west-1 " + of + "/shop/prod",
				},
			})

			all := build(t, at.url, output, func(o *Options) { o.All = true })
			equal(t, all.Result, Result{Listed: 3, Read: 3, Tables: 3, Secret: 1})

			for _, file := range []string{output, output + RecordSuffix} {
				for _, secret := range []string{testbackend.Ciphertext, testbackend.Salt, "1b47061264138c4ac30d75fd1eb44270"} {
					if strings.Contains(content(t, file), secret) {
						t.Errorf("%s holds %s", file, secret)
					}
				}
			}
		})
	}
}

// TestRemoved: the tables of a stack that is gone leave the index.
func TestRemoved(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	at := bucket(t, url)
	at.write("shop/dev", "carts")
	at.write("shop/prod", "orders")
	output := filepath.Join(t.TempDir(), "index.json")
	build(t, url, output)
	remove := func(stack string) {
		if err := os.Remove(stateFile(url, stack)); err != nil {
			t.Error(err)
		}
	}
	remove("shop/dev")
	equal(t, build(t, url, output), run{
		Result: Result{Listed: 1, Unchanged: 1, Tables: 1},
		Index:  []string{"orders 111122223333 us-east-1 organization/shop/prod"},
	})

	// Gone between the listing and the read.
	at.write("shop/prod", "orders", "more")
	backend := open(t, url)
	backend.before = func(s stacks.Stack) { remove("shop/prod") }
	result, err := Run(t.Context(), options(backend, output))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, result, Result{Listed: 1})
	equal(t, lines(t, output), []string(nil))
}

// TestMadeOf: an index says which stacks of which backend it was made of, so that merged with that of another backend
// neither takes the place of the other.
func TestMadeOf(t *testing.T) {
	testbackend.Isolate(t)
	index := func(tableName string) *tables.Index {
		url := testbackend.Folder(t)
		bucket(t, url).write("infra/empty")
		bucket(t, url).write("infra/prod", tableName)
		output := filepath.Join(t.TempDir(), "index.json")
		build(t, url, output)
		x, err := tables.Decode([]byte(content(t, output)))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, x.Read, []tables.Reading{{
			Backend: tables.BackendOf(url), Stacks: []string{"organization/infra/empty", "organization/infra/prod"},
		}})
		return x
	}
	orders, payments := index("orders"), index("payments")
	var names []string
	for _, e := range tables.Merge(orders, payments).Tables {
		names = append(names, e.Name)
	}
	equal(t, names, []string{"orders", "payments"})
}

// TestUnreadable: a stack that cannot be read is named, and hides neither others nor what is known of it.
func TestUnreadable(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t)
	for _, stack := range []string{"shop/broken", "shop/dev", "shop/forbidden", "shop/slow"} {
		cloud.Write("acme/"+stack, testbackend.State(stack, "of-"+strings.TrimPrefix(stack, "shop/")), noon.Unix())
	}
	output := filepath.Join(t.TempDir(), "index.json")
	cloud.Fail("acme/shop/forbidden", 403)
	first := build(t, cloud.URL, output)
	forbidden := stacks.Stack{Organization: "acme", Project: "shop", Name: "forbidden", Version: fmt.Sprint(noon.Unix(), " 0")}
	equal(t, first.Result, Result{Listed: 4, Read: 3, Tables: 3, Failed: []Failure{
		{Stack: forbidden, Err: errors.New("[403] Forbidden")},
	}})

	state := testbackend.State("shop/broken", "renamed")
	cloud.Write("acme/shop/broken", state[:len(state)/2], noon.Unix()+1)
	cloud.Write("acme/shop/slow", testbackend.State("shop/slow", "renamed"), noon.Unix()+1)
	cloud.Hang("acme/shop/slow", true)
	const timeout = 5 * time.Second // which the stacks that answer keep on a busy machine too
	second := build(t, cloud.URL, output, func(o *Options) {
		o.Timeout = timeout
		o.Now = func() time.Time { return noon.Add(time.Hour) }
	})
	var failed []string
	for _, f := range second.Result.Failed {
		failed = append(failed, fmt.Sprintf("%s %v %v", f.Stack, f.Earlier.Equal(noon), f.Err))
	}
	equal(t, failed, []string{
		"acme/shop/broken true unmarshalling response object: unexpected end of JSON input",
		"acme/shop/forbidden false [403] Forbidden",
		"acme/shop/slow true not read within 5s",
	})
	equal(t, second.Index, []string{
		"of-broken 111122223333 us-east-1 acme/shop/broken",
		"of-dev 111122223333 us-east-1 acme/shop/dev",
		"of-slow 111122223333 us-east-1 acme/shop/slow",
		"unread acme/shop/broken",
		"unread acme/shop/forbidden",
		"unread acme/shop/slow",
	})

	cloud.Fail("acme/shop/forbidden", 0)
	cloud.Write("acme/shop/broken", state, noon.Unix()+1)
	third := build(t, cloud.URL, output, func(o *Options) { o.Timeout = timeout })
	equal(t, third.Read, []string{"acme/shop/broken", "acme/shop/forbidden", "acme/shop/slow"})
	equal(t, third.Index, []string{
		"of-dev 111122223333 us-east-1 acme/shop/dev",
		"of-forbidden 111122223333 us-east-1 acme/shop/forbidden",
		"of-slow 111122223333 us-east-1 acme/shop/slow",
		"renamed 111122223333 us-east-1 acme/shop/broken",
		"unread acme/shop/slow",
	})
}

// TestTruncated: half a state in a bucket is no state.
func TestTruncated(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	at := bucket(t, url)
	at.write("shop/dev", "carts")
	at.write("shop/empty", "orders")
	at.write("shop/half", "orders")
	for stack, length := range map[string]int64{"shop/empty": 0, "shop/half": 600} {
		if err := os.Truncate(stateFile(url, stack), length); err != nil {
			t.Fatal(err)
		}
	}
	got := build(t, url, filepath.Join(t.TempDir(), "index.json"))
	var failed []string
	for _, f := range got.Result.Failed {
		failed = append(failed, fmt.Sprint(f.Stack, " ", f.Err))
	}
	equal(t, failed, []string{
		"organization/shop/empty not a state: it ends after 0 bytes, in the middle",
		"organization/shop/half not a state: it ends after 600 bytes, in the middle",
	})
	equal(t, got.Index, []string{
		"carts 111122223333 us-east-1 organization/shop/dev",
		"unread organization/shop/empty",
		"unread organization/shop/half",
	})
}

// TestRunningUpdate: what was read of a stack during an update is not taken for what the update came to.
func TestRunningUpdate(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t)
	output := filepath.Join(t.TempDir(), "index.json")
	cloud.Write("acme/shop/dev", testbackend.State("shop/dev", "first"), noon.Unix())
	cloud.Updating("acme/shop/dev", true)
	build(t, cloud.URL, output)
	cloud.Write("acme/shop/dev", testbackend.State("shop/dev", "first", "second"), noon.Unix())
	cloud.Updating("acme/shop/dev", false)
	equal(t, build(t, cloud.URL, output).Index, []string{
		"first 111122223333 us-east-1 acme/shop/dev",
		"second 111122223333 us-east-1 acme/shop/dev",
	})
	equal(t, build(t, cloud.URL, output).Read, []string(nil))
}

// TestInterrupted: an interrupted run leaves the index, and the next reads no stack twice.
func TestInterrupted(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	at := bucket(t, url)
	for i := range 20 {
		at.write(fmt.Sprintf("shop/s%02d", i), fmt.Sprintf("table-%02d", i))
	}
	output := filepath.Join(t.TempDir(), "index.json")
	if err := os.WriteFile(output, []byte("the earlier index"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	interrupted := open(t, url)
	o := options(interrupted, output)
	o.Progress = func(done, total int) {
		if done == 7 {
			cancel()
		}
	}
	result, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted run: %v", err)
	}
	equal(t, result.Failed, []Failure(nil))
	equal(t, content(t, output), "the earlier index")

	resumed := build(t, url, output)
	equal(t, resumed.Result, Result{Listed: 20, Unchanged: result.Read, Read: 20 - result.Read, Tables: 20})
	if result.Read < 7 || result.Read == 20 {
		t.Errorf("the interrupted run read %d stacks", result.Read)
	}
	equal(t, temporary(t, output), []string(nil))
}

// TestSecrets: nothing of a state but names and places reaches an index, its records or a message: neither what is
// marked as secret nor what should have been, and not from a state that breaks off anywhere.
func TestSecrets(t *testing.T) {
	testbackend.Isolate(t)
	const hidden = "zebra-7f3a"
	const mark = `"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270"`
	table := func(name, inputs, outputs string) string {
		return `{"urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::` + name + `","custom":true,"id":"` + hidden +
			`","type":"aws:dynamodb/table:Table","provider":"urn:pulumi:dev::shop::pulumi:providers:aws::p::` + hidden +
			`","inputs":{` + inputs + `},"outputs":{` + outputs + `}}`
	}
	text := `{"version":3,"checkpoint":{"stack":"organization/shop/dev","config":{"shop:password":{"value":"` + hidden + `"}},` +
		`"latest":{"secrets_providers":{"state":{"salt":"` + hidden + `"}},"resources":[` + strings.Join([]string{
		`{"urn":"urn:pulumi:dev::shop::pulumi:pulumi:Stack::s","type":"pulumi:pulumi:Stack","outputs":{"password":"` + hidden + `"}}`,
		`{"urn":"urn:pulumi:dev::shop::pulumi:providers:aws::p","custom":true,"id":"` + hidden + `","type":"pulumi:providers:aws",` +
			`"inputs":{"region":"us-east-1","accessKey":"` + hidden + `","secretKey":"` + hidden + `"}}`,
		table("plain", `"name":"plain","tags":{"owner":"`+hidden+`"}`, `"name":"plain","streamLabel":"`+hidden+
			`","arn":"arn:aws:dynamodb:us-east-1:111122223333:table/plain"`),
		table("marked", `"name":{`+mark+`,"plaintext":"\"`+hidden+`\""}`, `"name":"`+hidden+
			`","arn":"arn:aws:dynamodb:us-east-1:111122223333:table/`+hidden+`"`),
		table("encrypted", `"name":{`+mark+`,"ciphertext":"`+hidden+`"}`, `"arn":{`+mark+`,"ciphertext":"`+hidden+`"}`),
	}, ",") + `]}}}`

	url := testbackend.Folder(t)
	bucket(t, url).write("shop/dev")
	output := filepath.Join(t.TempDir(), "index.json")
	check := func(got run) {
		t.Helper()
		said := fmt.Sprint(got.Result)
		for name, text := range map[string]string{
			"the result": said, "the index": content(t, output), "the records": content(t, output+RecordSuffix),
		} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s holds the secret: %s", name, text)
			}
		}
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(stateFile(url, "shop/dev"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	whole := build(t, url, output)
	check(whole)
	equal(t, whole.Result, Result{Listed: 1, Read: 1, Tables: 1, Secret: 2})
	equal(t, whole.Index, []string{"plain 111122223333 us-east-1 organization/shop/dev"})
	for end := 0; end < len(text); end += 7 {
		write(text[:end])
		broken := build(t, url, output)
		check(broken)
		if len(broken.Result.Failed) != 1 {
			t.Fatalf("a state cut off after %d bytes is none: %+v", end, broken.Result)
		}
	}
}

// TestTwoAtOnce: builds of one index at the same time do not get into each other's way.
func TestTwoAtOnce(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	at := bucket(t, url)
	var want []string
	for i := range 20 {
		at.write(fmt.Sprintf("shop/s%02d", i), fmt.Sprintf("table-%02d", i))
		want = append(want, fmt.Sprintf("table-%02d 111122223333 us-east-1 organization/shop/s%02d", i, i))
	}
	output := filepath.Join(t.TempDir(), "index.json")
	var builds sync.WaitGroup
	for range 4 {
		backend := open(t, url)
		builds.Go(func() {
			for range 5 {
				o := options(backend, output)
				o.All = true
				if _, err := Run(t.Context(), o); err != nil {
					t.Error(err)
				}
			}
		})
	}
	builds.Wait()
	equal(t, lines(t, output), want)
	equal(t, build(t, url, output).Read, []string(nil))
	equal(t, temporary(t, output), []string(nil))
}

// TestRecords: what is wrong with the records costs no more than reading the stacks again.
func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(string) string
		read   []string
	}{
		{"none", func(s string) string { return s }, nil},
		{"the last line cut short, as by a full disk", func(s string) string { return s[:len(s)-9] }, []string{"organization/shop/prod"}},
		{"a line of something else", func(s string) string { return strings.Replace(s, "{\"organization\"", "<html>", 1) },
			[]string{"organization/shop/dev"}},
		{"an older record before the last", func(s string) string {
			header, rest, _ := strings.Cut(s, "\n")
			return header + "\n" + strings.ReplaceAll(strings.ReplaceAll(rest, "carts", "olds"), `"version":"`, `"version":"old `) + rest
		}, nil},
		{"another version", func(s string) string { return strings.Replace(s, `"recordVersion":3`, `"recordVersion":2`, 1) },
			[]string{"organization/shop/dev", "organization/shop/prod"}},
		{"another program", func(s string) string { return strings.Replace(s, `"program":"`, `"program":"older than `, 1) },
			[]string{"organization/shop/dev", "organization/shop/prod"}},
		{"another backend", func(s string) string { return strings.Replace(s, `"backend":"file`, `"backend":"s3`, 1) },
			[]string{"organization/shop/dev", "organization/shop/prod"}},
		{"emptied", func(string) string { return "" }, []string{"organization/shop/dev", "organization/shop/prod"}},
		{"not text at all", func(string) string { return "\x00\xff\n\x00" }, []string{"organization/shop/dev", "organization/shop/prod"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			testbackend.Isolate(t)
			url := testbackend.Folder(t)
			at := bucket(t, url)
			at.write("shop/dev", "carts")
			at.write("shop/prod", "orders")
			output := filepath.Join(t.TempDir(), "index.json")
			first := build(t, url, output)
			good := content(t, output+RecordSuffix)
			if err := os.WriteFile(output+RecordSuffix, []byte(c.damage(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			second := build(t, url, output)
			equal(t, second.Read, c.read)
			equal(t, second.Index, first.Index)
			equal(t, content(t, output+RecordSuffix), good)
		})
	}
}

// TestUnwritable: an index that cannot be written is an error, and the one that is there stays.
func TestUnwritable(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	bucket(t, url).write("shop/dev", "carts")
	output := filepath.Join(t.TempDir(), "index.json")
	if err := os.MkdirAll(filepath.Join(output, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), options(open(t, url), output)); err == nil {
		t.Error("a folder in place of the index is no error")
	}
	equal(t, temporary(t, output), []string(nil))
	missing := filepath.Join(t.TempDir(), "missing", "index.json")
	if _, err := Run(t.Context(), options(open(t, url), missing)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestPlanted: in a folder that is shared, somebody else has put links in place of the outputs. Nothing is written to what
// they lead to.
func TestPlanted(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	bucket(t, url).write("shop/dev", "carts")
	for _, suffix := range []string{"", RecordSuffix} {
		t.Run("index.json"+suffix, func(t *testing.T) {
			output, target := filepath.Join(t.TempDir(), "index.json"), filepath.Join(t.TempDir(), "target")
			if err := os.WriteFile(target, []byte("of somebody"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, output+suffix); err != nil {
				t.Fatal(err)
			}
			_, err := Run(t.Context(), options(open(t, url), output))
			if err == nil {
				t.Error("a link is no error")
			}
			equal(t, content(t, target), "of somebody")
			equal(t, temporary(t, output), []string(nil))

			// A hard link cannot be told from a file. It is replaced, and what it shares with another file is not touched.
			if err := os.Remove(output + suffix); err != nil {
				t.Fatal(err)
			}
			if err := os.Link(target, output+suffix); err != nil {
				t.Fatal(err)
			}
			build(t, url, output)
			equal(t, content(t, target), "of somebody")
		})
	}
}

// TestPermissions: those of an index stay, and a new one can be read by all.
func TestPermissions(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	bucket(t, url).write("shop/dev", "carts")
	output := filepath.Join(t.TempDir(), "index.json")
	modes := func() string {
		var modes []string
		for _, file := range []string{output, output + RecordSuffix} {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			modes = append(modes, info.Mode().String())
		}
		return strings.Join(modes, " ")
	}
	build(t, url, output)
	equal(t, modes(), "-rw-r--r-- -rw-------")
	if err := os.Chmod(output, 0o640); err != nil {
		t.Fatal(err)
	}
	build(t, url, output)
	equal(t, modes(), "-rw-r----- -rw-------")
}

// TestSigned: an index is signed where there is a key, and reads as it does without.
func TestSigned(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	bucket(t, url).write("shop/dev", "carts")
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(t.TempDir(), "index.json")
	got := build(t, url, output, func(o *Options) { o.Key = private })
	equal(t, got.Index, []string{"carts 111122223333 us-east-1 organization/shop/dev"})
	if err := tables.Verify([]byte(content(t, output)), public); err != nil {
		t.Error(err)
	}
}

// TestUnlisted: a project whose stacks cannot be listed is named, and what was read of them before stays.
func TestUnlisted(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	at := bucket(t, url)
	at.write("bank/dev", "accounts")
	at.write("bank/prod", "users")
	at.write("shop/dev", "carts")
	output := filepath.Join(t.TempDir(), "index.json")
	build(t, url, output)

	// A link into nothing cannot be listed by the superuser either.
	project, hidden := filepath.Dir(stateFile(url, "bank/dev")), filepath.Join(t.TempDir(), "bank")
	if err := errors.Join(os.Rename(project, hidden), os.Symlink(hidden+"-gone", project)); err != nil {
		t.Fatal(err)
	}
	bank := Failure{
		Stack: stacks.Stack{Organization: "organization", Project: "bank", Name: tables.Every},
		Err:   errors.New("it is a link to what is not there"), Earlier: noon,
	}
	got := build(t, url, output, func(o *Options) { o.Now = func() time.Time { return noon.Add(time.Hour) } })
	for i := range got.Result.Failed {
		got.Result.Failed[i].Stack = key(got.Result.Failed[i].Stack)
	}
	equal(t, got, run{
		Result: Result{Listed: 2, Unchanged: 1, Failed: []Failure{bank}, Tables: 3},
		Index: []string{
			"accounts 111122223333 us-east-1 organization/bank/dev",

			"carts 111122223333 us-east-1 organization/shop/dev",
			"users 111122223333 us-east-1 organization/bank/prod",
			"unread organization/bank/*",
		},
	})
	index, err := tables.Decode([]byte(content(t, output)))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, index.Read, []tables.Reading{{Backend: tables.BackendOf(url), Stacks: []string{"organization/shop/dev"}}})

	// A link to a folder is as good as the folder.
	if err := errors.Join(os.Remove(project), os.Symlink(hidden, project)); err != nil {
		t.Fatal(err)
	}
	equal(t, build(t, url, output), run{Result: Result{Listed: 3, Unchanged: 3, Tables: 3}, Index: got.Index[:3]})
}

// stuck is a backend that answers nothing, and listens to nobody.
type stuck struct {
	stacks.Backend
	list  bool            // also when it is listed
	asked func()          // called where it gets stuck
	ended <-chan struct{} // lets it go, at the end of the test
}

func (s stuck) List(ctx context.Context) ([]stacks.Stack, error) {
	if s.list {
		s.asked()
		<-s.ended
	}
	return s.Backend.List(ctx)
}

func (s stuck) Read(ctx context.Context, of stacks.Stack) (stacks.State, error) {
	if of.Name == "stuck" {
		s.asked()
		<-s.ended
	}
	return s.Backend.Read(ctx, of)
}

// TestStuck: whatever a backend waits for, a build ends in its time, or when it is told to.
func TestStuck(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	bucket(t, url).write("shop/dev", "carts")
	bucket(t, url).write("shop/stuck", "orders")
	stop := func(t *testing.T, s *stuck) { // when the test ends
		ended := make(chan struct{})
		s.ended = ended
		t.Cleanup(func() { close(ended) })
	}
	t.Run("a read", func(t *testing.T) {
		output := filepath.Join(t.TempDir(), "index.json")
		backend := stuck{Backend: open(t, url), asked: func() {}}
		stop(t, &backend)
		o := options(backend, output)
		o.Timeout = time.Second
		result, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range result.Failed {
			result.Failed[i].Stack = stacks.Stack{Name: result.Failed[i].Stack.String()}
		}
		equal(t, result.Failed, []Failure{{Stack: stacks.Stack{Name: "organization/shop/stuck"}, Err: errors.New("not read within 1s")}})
		equal(t, lines(t, output), []string{
			"carts 111122223333 us-east-1 organization/shop/dev", "unread organization/shop/stuck",
		})
	})
	t.Run("a listing", func(t *testing.T) {
		backend := stuck{Backend: open(t, url), asked: func() {}, list: true}
		stop(t, &backend)
		o := options(backend, filepath.Join(t.TempDir(), "index.json"))
		o.ListTimeout = time.Millisecond
		if _, err := Run(t.Context(), o); err == nil || err.Error() != "the stacks were not listed within 1ms" {
			t.Error(err)
		}
	})
	for name, list := range map[string]bool{"an interrupted read": false, "an interrupted listing": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			backend := stuck{Backend: open(t, url), asked: cancel, list: list}
			stop(t, &backend)
			o := options(backend, filepath.Join(t.TempDir(), "index.json"))
			o.Timeout, o.ListTimeout = time.Hour, time.Hour
			if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

func stateFile(url, stack string) string {
	return filepath.Join(strings.TrimPrefix(url, "file://"), ".pulumi", "stacks", filepath.FromSlash(stack)+".json")
}

func content(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// temporary returns the files beside an index that are neither it nor its records.
func temporary(t *testing.T, output string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(output))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); name != filepath.Base(output) && name != filepath.Base(output)+RecordSuffix {
			names = append(names, name)
		}
	}
	return names
}
