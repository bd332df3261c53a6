package stacks

import (
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"dynamoguard/indexer/internal/testbackend"
	"dynamoguard/internal/facts"
)

// contents returns a line for each stack of a backend, sorted: its name and its tables, or the error.
func contents(t *testing.T, rawURL, organization string) []string {
	t.Helper()
	backend, err := Open(t.Context(), rawURL, organization)
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	all, err := backend.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range all {
		lines = append(lines, fmt.Sprint(s, " ", read(t, backend, s)))
	}
	slices.Sort(lines)
	return lines
}

// read returns the names of a stack's tables, or the error.
func read(t *testing.T, backend Backend, s Stack) string {
	t.Helper()
	state, err := backend.Read(t.Context(), s)
	if err != nil {
		return err.Error()
	}
	found, err := facts.ReadTables(state, s.Organization)
	if err = errors.Join(err, state.Close()); err != nil {
		return err.Error()
	}
	var names []string
	for _, e := range found.Entries {
		names = append(names, e.Name)
	}
	return strings.Join(names, " ")
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestBuckets reads what the CLI's own backend writes.
func TestBuckets(t *testing.T) {
	for _, kind := range []struct {
		name string
		new  func(testing.TB) string
	}{
		{"file", testbackend.Folder},
		{"s3", testbackend.S3},
	} {
		for _, compression := range []string{"", "PULUMI_DIY_BACKEND_GZIP", "PULUMI_DIY_BACKEND_ZSTD"} {
			t.Run(kind.name+" "+cmp.Or(compression, "plain"), func(t *testing.T) {
				testbackend.Isolate(t)
				at := kind.new(t)
				t.Setenv(cmp.Or(compression, "UNUSED"), "true")
				t.Setenv("PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS", "true")
				testbackend.Write(t, at, "shop/dev", testbackend.State("shop/dev", "orders", "carts"))
				testbackend.Write(t, at, "shop/prod", testbackend.State("shop/prod", "replaced"))
				testbackend.Write(t, at, "shop/prod", testbackend.State("shop/prod", "orders-prod"))
				testbackend.Write(t, at, "bill.ing/dev", testbackend.State("bill.ing/dev"))
				equal(t, contents(t, at, ""), []string{
					"organization/bill.ing/dev ",
					"organization/shop/dev orders carts",
					"organization/shop/prod orders-prod",
				})
			})
		}
	}
}

// TestNewestVariant reads the newest of several compressions, which an interrupted change of compression leaves.
func TestNewestVariant(t *testing.T) {
	testbackend.Isolate(t)
	at := testbackend.Folder(t)
	testbackend.Write(t, at, "shop/dev", testbackend.State("shop/dev", "newer"))
	file := filepath.Join(pathOf(t, at), ".pulumi/stacks/shop/dev.json")
	older, err := os.Create(file + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(older)
	_, err = zipped.Write([]byte(testbackend.State("shop/dev", "older")))
	if err = errors.Join(err, zipped.Close(), older.Close()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for age, path := range map[time.Duration]string{time.Hour: file, 2 * time.Hour: file + ".gz"} {
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, contents(t, at, ""), []string{"organization/shop/dev newer"})
}

// TestOldLayout reads stacks from before they had projects, and leaves them out where stacks have projects.
func TestOldLayout(t *testing.T) {
	testbackend.Isolate(t)
	at := testbackend.Folder(t)
	folder := filepath.Join(pathOf(t, at), ".pulumi", "stacks")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "old.json"), []byte(testbackend.State("shop/old", "orders")), 0o644); err != nil {
		t.Fatal(err)
	}
	equal(t, contents(t, at, ""), []string{"old orders"})
	if err := os.WriteFile(filepath.Join(folder, "..", "meta.yaml"), []byte("version: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	testbackend.Write(t, at, "shop/new", testbackend.State("shop/new", "carts"))
	equal(t, contents(t, at, ""), []string{"organization/shop/new carts"})
}

// TestNothingWritten holds the indexer to leaving a bucket as it is: the CLI's own backend writes where it only lists.
func TestNothingWritten(t *testing.T) {
	testbackend.Isolate(t)
	at := testbackend.Folder(t)
	if err := os.MkdirAll(filepath.Join(pathOf(t, at), ".pulumi/stacks/shop"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(pathOf(t, at), ".pulumi/stacks/shop/dev.json")
	if err := os.WriteFile(file, []byte(testbackend.State("shop/dev", "orders")), 0o644); err != nil {
		t.Fatal(err)
	}
	equal(t, contents(t, at, ""), []string{"organization/shop/dev orders"})
	var files []string
	err := fs.WalkDir(os.DirFS(pathOf(t, at)), ".", func(path string, entry fs.DirEntry, err error) error {
		if !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, files, []string{".pulumi/stacks/shop/dev.json"})
}

// TestVersion holds a version to changing with the state, and only with it.
func TestVersion(t *testing.T) {
	for _, kind := range []struct {
		name string
		new  func(testing.TB) string
	}{
		{"file", testbackend.Folder},
		{"s3", testbackend.S3},
	} {
		t.Run(kind.name, func(t *testing.T) {
			testbackend.Isolate(t)
			at := kind.new(t)
			testbackend.Write(t, at, "shop/dev", testbackend.State("shop/dev", "aaaa"))
			first := onlyVersion(t, at)
			if again := onlyVersion(t, at); first == "" || again != first {
				t.Errorf("the version of a state that is the same was %q and is %q", first, again)
			}
			time.Sleep(20 * time.Millisecond)                                           // more than the precision of a file's time
			testbackend.Write(t, at, "shop/dev", testbackend.State("shop/dev", "bbbb")) // no longer and no shorter
			if changed := onlyVersion(t, at); changed == "" || changed == first {
				t.Errorf("the version of a state that changed was %q and is %q", first, changed)
			}
		})
	}
}

// TestCoarseTime: a file that could be written again within the same second, without a trace, has no version.
func TestCoarseTime(t *testing.T) {
	testbackend.Isolate(t)
	at := testbackend.Folder(t)
	testbackend.Write(t, at, "shop/dev", testbackend.State("shop/dev"))
	file := filepath.Join(pathOf(t, at), ".pulumi/stacks/shop/dev.json")
	got := map[string]bool{}
	now := time.Now()
	for name, modified := range map[string]time.Time{
		"precise":       now.Truncate(time.Second).Add(time.Millisecond),
		"whole seconds": now.Truncate(time.Second),
		"old":           now.Truncate(time.Second).Add(-time.Hour),
	} {
		if err := os.Chtimes(file, now, modified); err != nil {
			t.Fatal(err)
		}
		got[name] = onlyVersion(t, at) != ""
	}
	equal(t, got, map[string]bool{"precise": true, "whole seconds": false, "old": true})
}

// onlyVersion returns the version of a backend's only stack.
func onlyVersion(t *testing.T, rawURL string) string {
	t.Helper()
	backend, err := Open(t.Context(), rawURL, "")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	all, err := backend.List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return all[0].Version
}

// TestChangedSinceListed reads stacks that were removed or written in another compression after they were listed.
func TestChangedSinceListed(t *testing.T) {
	testbackend.Isolate(t)
	at := testbackend.Folder(t)
	for _, stack := range []string{"shop/gone", "shop/zipped"} {
		testbackend.Write(t, at, stack, testbackend.State(stack, "before"))
	}
	backend, err := Open(t.Context(), at, "")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	all, err := backend.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(pathOf(t, at), ".pulumi/stacks/shop/gone.json")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PULUMI_DIY_BACKEND_GZIP", "true")
	testbackend.Write(t, at, "shop/zipped", testbackend.State("shop/zipped", "after"))

	got := map[string]string{}
	for _, s := range all {
		got[s.Name] = read(t, backend, s)
	}
	equal(t, got, map[string]string{"gone": ErrGone.Error(), "zipped": "after"})
}

func TestCloud(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t) // with pages of two
	for _, stack := range []string{"acme/shop/dev", "acme/shop/prod", "acme/billing/dev", "other/shop/dev"} {
		_, name, _ := strings.Cut(stack, "/")
		cloud.Write(stack, testbackend.State(name, "orders-"+strings.ReplaceAll(stack, "/", "-")), 1767225600)
	}
	cloud.Write("acme/shop/new", `{"version":3,"deployment":null}`, 0)
	equal(t, contents(t, cloud.URL, ""), []string{
		"acme/billing/dev orders-acme-billing-dev",
		"acme/shop/dev orders-acme-shop-dev",
		"acme/shop/new ",
		"acme/shop/prod orders-acme-shop-prod",
		"other/shop/dev orders-other-shop-dev",
	})
	equal(t, contents(t, cloud.URL+"/", "other"), []string{"other/shop/dev orders-other-shop-dev"})
}

// TestCloudSettled: the state of a running update has no version, since the listing shows only when an update began.
func TestCloudSettled(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t)
	cloud.Write("acme/shop/dev", testbackend.State("shop/dev"), 1767225600)
	cloud.Write("acme/shop/prod", testbackend.State("shop/prod"), 1767225600)
	cloud.Updating("acme/shop/prod", true)
	backend, err := Open(t.Context(), cloud.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, name := range []string{"dev", "prod"} {
		state, err := backend.Read(t.Context(), Stack{Organization: "acme", Project: "shop", Name: name})
		if err != nil {
			t.Fatal(err)
		}
		got[name] = state.Settled
		if _, err := io.Copy(io.Discard, state); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, got, map[string]bool{"dev": true, "prod": false})
	_, err = backend.Read(t.Context(), Stack{Organization: "acme", Project: "shop", Name: "removed"})
	if !errors.Is(err, ErrGone) {
		t.Errorf("a stack that is gone: %v", err)
	}
}

// TestStoredLogin uses what `pulumi login` stored, and leaves it as it is.
func TestStoredLogin(t *testing.T) {
	testbackend.Isolate(t)
	cloud := testbackend.NewCloud(t)
	cloud.Write("acme/shop/dev", testbackend.State("shop/dev", "orders"), 1767225600)
	stored := fmt.Sprintf(`{"current":%q,"accessTokens":{%[1]q:%q},"accounts":{%[1]q:{"accessToken":%[2]q,"username":"alice"}}}`,
		cloud.URL, testbackend.Token)
	home := os.Getenv("PULUMI_HOME")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "credentials.json")
	if err := os.WriteFile(file, []byte(stored), 0o600); err != nil {
		t.Fatal(err)
	}

	equal(t, contents(t, cloud.URL, ""), []string{"acme/shop/dev orders"})
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, string(after), stored)
}

// TestCurrentURL finds the backend where the CLI does, each of these ahead of those before it.
func TestCurrentURL(t *testing.T) {
	testbackend.Isolate(t)
	t.Chdir(t.TempDir())
	home := os.Getenv("PULUMI_HOME")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		set  func()
		want string
	}{
		{func() { t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token) }, "https://api.pulumi.com"},
		{func() { t.Setenv("PULUMI_API", "https://api.of-the-company") }, "https://api.of-the-company"},
		{func() { write(filepath.Join(home, "credentials.json"), `{"current":"s3://of-the-login"}`) }, "s3://of-the-login"},
		{func() { write("Pulumi.yaml", "name: shop\nruntime: go\nbackend:\n  url: s3://of-the-project\n") }, "s3://of-the-project"},
		{func() { t.Setenv("PULUMI_BACKEND_URL", "s3://of-the-environment") }, "s3://of-the-environment"},
	} {
		c.set()
		current, err := CurrentURL()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, current, c.want)
	}
}

func TestFaults(t *testing.T) {
	testbackend.Isolate(t)
	t.Chdir(t.TempDir())
	future := testbackend.Folder(t)
	if err := os.Mkdir(filepath.Join(pathOf(t, future), ".pulumi"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pathOf(t, future), ".pulumi/meta.yaml"), []byte("version: 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	empty, missing := testbackend.Folder(t), testbackend.Folder(t)+"/missing"
	cloud := testbackend.NewCloud(t)
	list := func(rawURL, organization string) error {
		backend, err := Open(t.Context(), rawURL, organization)
		if err != nil {
			return err
		}
		defer backend.Close()
		_, err = backend.List(t.Context())
		return err
	}
	_, noBackend := CurrentURL()
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"no backend at all", noBackend, "no backend: pass --backend, set PULUMI_BACKEND_URL, or run `pulumi login`"},
		{"an empty folder", list(empty, ""), empty + " holds no Pulumi state"},
		{"a folder that is not there", list(missing, ""),
			"open " + missing + ": stat " + pathOf(t, missing) + ": no such file or directory"},
		{"a layout from the future", list(future, ""), future + " has layout 2, and this program knows layouts up to 1"},
		{"no login", list(cloud.URL, ""),
			"not logged in to " + cloud.URL + ": set PULUMI_ACCESS_TOKEN or run `pulumi login " + cloud.URL + "`"},
		{"another scheme", list("ftp://host/states", ""),
			"ftp://host/states is no backend: its URL begins with https, file, s3, gs, azblob or postgres"},
		{"an organization of a bucket", list(empty, "acme"),
			empty + " has no organizations to choose from; only Pulumi Cloud has"},
		{"a wrong parameter", list("s3://states?disableSSL=maybe", ""),
			`disableSSL of the backend's URL is "maybe", neither true nor false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.err == nil {
				t.Fatal("no error")
			}
			equal(t, c.err.Error(), c.want)
		})
	}
	t.Run("a wrong token", func(t *testing.T) {
		t.Setenv("PULUMI_ACCESS_TOKEN", "pul-wrong")
		err := list(cloud.URL, "")
		if err == nil || !strings.HasPrefix(err.Error(), "list the stacks of "+cloud.URL+": ") || strings.Contains(err.Error(), "pul-wrong") {
			t.Error(err)
		}
	})
}

// TestPassword holds the password of a database to being in no message.
func TestPassword(t *testing.T) {
	testbackend.Isolate(t)
	for _, rawURL := range []string{
		"postgres://pulumi:hunter2@127.0.0.1:1/states?sslmode=disable",
		"postgres://pulumi:hunter2@127.0.0.1:port/states", // which cannot be parsed
	} {
		_, err := Open(t.Context(), rawURL, "")
		if err == nil {
			t.Fatal("no error")
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is in the error: %v", rawURL, err)
		}
	}
}

// TestHidePassword: an error may quote a URL as it was given, rewritten, or in parts.
func TestHidePassword(t *testing.T) {
	const rawURL = "postgres://pulumi:hun%2Fter2@host/states?b=1&a=2"
	for _, c := range []struct{ text, want string }{
		{"open " + rawURL + ": refused", "open postgres://pulumi:xxxxx@host/states?b=1&a=2: refused"},
		{"open postgres://pulumi:hun%2Fter2@host/states?a=2&b=1: refused", "open postgres://pulumi:xxxxx@host/states?a=2&b=1: refused"},
		{"no password hun/ter2 here", "no password xxxxx here"},
		{"refused", "refused"},
	} {
		equal(t, hidePassword(errors.New(c.text), rawURL).Error(), c.want)
	}
}

// TestFolderOf holds the forms of file:// URLs to what the CLI makes of them.
func TestFolderOf(t *testing.T) {
	testbackend.Isolate(t) // its HOME is not that of the user
	working := t.TempDir()
	t.Chdir(working)
	current, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ rawURL, want string }{
		{"file://~", current.HomeDir},
		{"file://~/states", filepath.Join(current.HomeDir, "states")},
		{"file://states", working + "/states"},
		{"file://./states", working + "/states"},
		{"file:///var/pulumi%20states?no_tmp_dir=true", "/var/pulumi states"},
	} {
		folder, err := folderOf(c.rawURL)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, folder, c.want)
	}
}

// TestFolderURL: a folder is one backend, however it is named.
func TestFolderURL(t *testing.T) {
	working := t.TempDir()
	t.Chdir(working)
	if err := os.Mkdir("the states", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, rawURL := range []string{"file://./the%20states", "file://./the states/", "file://" + working + "/the%20states?metadata=skip"} {
		backend, err := Open(t.Context(), rawURL, "")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, backend.URL(), "file://"+working+"/the%20states")
	}
}

// TestS3Location holds the forms of URL that the CLI takes to what the driver takes.
func TestS3Location(t *testing.T) {
	testbackend.Isolate(t)
	const unchecked = "&response_checksum_validation=when_required"
	for _, c := range []struct{ rawURL, want string }{
		{"s3://states?endpoint=minio:9000&disableSSL=true", "s3://states?disable_https=true&endpoint=http%3A%2F%2Fminio%3A9000" + unchecked},
		{"s3://states?endpoint=minio:9000", "s3://states?endpoint=https%3A%2F%2Fminio%3A9000" + unchecked},
		{"s3://states?response_checksum_validation=when_supported", "s3://states?response_checksum_validation=when_supported"},
		{"s3://states/team?region=eu-west-1", "s3://states/team?region=eu-west-1" + unchecked},
	} {
		u, err := url.Parse(c.rawURL)
		if err != nil {
			t.Fatal(err)
		}
		if err := s3Location(u); err != nil {
			t.Fatal(err)
		}
		equal(t, u.String(), c.want)
	}
}

func pathOf(t *testing.T, rawURL string) string {
	t.Helper()
	return strings.TrimPrefix(rawURL, "file://")
}
