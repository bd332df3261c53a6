package stacks

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"dynamoguard/indexer/internal/testbackend"
)

func TestLimited(t *testing.T) {
	errMore := errors.New("more")
	for _, c := range []struct {
		text string
		most int64
		want error
	}{
		{"", 0, nil}, {"12345", 6, nil}, {"12345", 5, nil}, {"12345", 4, errMore}, {"1", 0, errMore},
	} {
		for name, reader := range map[string]io.Reader{
			"at once": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text)),
		} {
			text, err := io.ReadAll(&limited{reader, c.most, errMore})
			if err != c.want || err == nil && string(text) != c.text {
				t.Errorf("%q of at most %d bytes, %s: %q, %v", c.text, c.most, name, text, err)
			}
		}
	}
}

// bombs are states of white space that have a thousandth of their size, and less, before they are decompressed.
func bombs(t *testing.T, size int) map[string][]byte {
	t.Helper()
	blank := bytes.Repeat([]byte(" "), 1<<20)
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, err := writer.Write(blank)
	if err = errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	// What was compressed in pieces decompresses to all of them.
	return map[string][]byte{
		".gz":  bytes.Repeat(zipped.Bytes(), size>>20),
		".zst": bytes.Repeat(encoder.EncodeAll(blank, nil), size>>20),
	}
}

// TestBomb: what is decompressed is bounded, and not only what is stored.
func TestBomb(t *testing.T) {
	testbackend.Isolate(t)
	const want = "not a state: it has more than 512 MB, decompressed"
	for compression, bomb := range bombs(t, mostState+1<<20) {
		t.Run(compression, func(t *testing.T) {
			at := testbackend.Folder(t)
			testbackend.Write(t, at, "shop/dev", testbackend.State("shop/dev"))
			file := filepath.Join(pathOf(t, at), ".pulumi/stacks/shop/dev.json")
			if err := errors.Join(os.Remove(file), os.WriteFile(file+compression, bomb, 0o600)); err != nil {
				t.Fatal(err)
			}
			equal(t, contents(t, at, ""), []string{"organization/shop/dev " + want})
		})
	}
}

// TestCloudBomb: the client of Pulumi Cloud keeps whole answers, and decompresses them without a bound of its own.
func TestCloudBomb(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	bomb := bombs(t, mostState+1<<20)[".gz"]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb)
	}))
	defer server.Close()
	backend, err := Open(t.Context(), server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = backend.List(t.Context())
	if want := "list the stacks of " + server.URL + ": reading response from API: " + errLarge.Error(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestEndless lists backends whose every page is followed by another.
func TestEndless(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	cloudPage := func(next int) string { return fmt.Sprintf(`{"stacks":[],"continuationToken":"%d"}`, next) }
	bucketPage := func(next int) string {
		return fmt.Sprintf("<ListBucketResult><IsTruncated>true</IsTruncated>"+
			"<NextContinuationToken>%d</NextContinuationToken></ListBucketResult>", next)
	}
	for _, c := range []struct {
		name string
		page func(n int) string
		url  func(server string) string
		want func(url string) string
	}{
		{"cloud, a page again", func(n int) string { return cloudPage(n % 3) },
			func(server string) string { return server },
			func(url string) string { return "list the stacks of " + url + ": the service repeats a page" }},
		{"cloud", cloudPage,
			func(server string) string { return server },
			func(url string) string {
				return "list the stacks of " + url + ": the listing has more than 10000 pages"
			}},
		{"s3", bucketPage,
			func(server string) string {
				return "s3://states?region=us-east-1&use_path_style=true&endpoint=" + server
			},
			func(url string) string { return "list " + url + ": the listing has more than 10000 pages" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "meta.yaml") {
					http.NotFound(w, r)
					return
				}
				pages++
				_, _ = io.WriteString(w, c.page(pages))
			}))
			defer server.Close()
			url := c.url(server.URL)
			backend, err := Open(t.Context(), url, "")
			if err != nil {
				t.Fatal(err)
			}
			defer backend.Close()
			_, err = backend.List(context.Background())
			if want := c.want(url); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// crowd is a store of more stacks than there can be.
type crowd struct{ store }

func (crowd) list(_ context.Context, each func(object) error) error {
	for i := range mostStacks + 1 {
		if err := each(object{name: fmt.Sprint(stacksPrefix, "shop/", i, ".json")}); err != nil {
			return err
		}
	}
	return nil
}

func (crowd) open(context.Context, string) (io.ReadCloser, error) { return nil, fs.ErrNotExist }

// TestCrowd lists backends of more stacks than there can be, on one page.
func TestCrowd(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"stacks":[{}`+strings.Repeat(",{}", mostStacks)+"]}")
	}))
	defer server.Close()
	cloud, err := Open(t.Context(), server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		backend Backend
		want    string
	}{
		{cloud, "list the stacks of " + server.URL + ": the listing has more than 1000000 stacks"},
		{&bucket{url: "s3://states", store: crowd{}}, "list s3://states: the listing has more than 1000000 stacks"},
	} {
		if _, err := c.backend.List(t.Context()); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
