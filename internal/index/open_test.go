package index

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/tables"
)

// keys are a pair, the public one as it is configured.
func keys(t *testing.T) (ed25519.PrivateKey, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return private, base64.StdEncoding.EncodeToString(der)
}

// TestSigned: an index that does not bear the configured signature is not used, wherever it comes from, the cache included.
func TestSigned(t *testing.T) {
	private, public := keys(t)
	_, other := keys(t)
	plain := []byte(indexText(time.Now()))
	signed := tables.Sign(plain, private)
	served := signed
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(served)
	}))
	defer server.Close()
	env := machine(t, "PULUMI_BACKEND_URL=s3://bucket")
	env.Client = newClient(server.Client().Transport)
	path := filepath.Join(env.Home, "index.json")
	for _, c := range []struct {
		name, source, key string
		data              []byte
		problem           string
	}{
		{"a file", path, public, signed, ""},
		{"a URL", server.URL + "/a", public, signed, ""},
		{"a URL, from the cache", server.URL + "/a", public, nil, ""},
		{"another key, from the cache", server.URL + "/a", other, nil, "its signature is not by the configured key"},
		{"not signed", path, public, plain, "it is not signed"},
		{"not signed, a URL", server.URL + "/b", public, plain, "it is not signed"},
		{"changed", path, public, bytes.Replace(signed, []byte("orders"), []byte("ORDERS"), 1), "its signature is not by the configured key"},
		{"no index at all", path, public, []byte("<html>"), "it is not signed"},
		{"signed without a key", path, "", signed, ""},
		{"no key", path, "MCowBQ", signed, "the configured public key is not an ed25519 public key, such as openssl pkey -pubout writes between its first line and its last"},
	} {
		if c.data != nil {
			served = c.data
			write(t, path, string(c.data))
		}
		found, unread := load(t, Settings{Source: c.source, PublicKey: c.key}, env)
		var want []string
		if c.problem != "" {
			want = []string{"the index " + c.source + ": " + c.problem}
		}
		if diff := cmp.Diff(want, unread); diff != "" || (len(found) > 0) != (c.problem == "") {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, found, diff)
		}
	}
}

// TestHeader sends headers with an index, and to nobody else.
func TestHeader(t *testing.T) {
	text := indexText(time.Now())
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Token") != "hidden" && r.URL.Path != "/open" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(text))
	}
	var leaked atomic.Pointer[http.Header]
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Clone()
		leaked.Store(&header)
		if r.URL.Path == "/back" {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	defer elsewhere.Close()
	var at string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/index", http.StatusFound)
		case "/elsewhere":
			http.Redirect(w, r, elsewhere.URL+"/index", http.StatusFound) // the same host, another port
		case "/around":
			http.Redirect(w, r, elsewhere.URL+"/back?to="+url.QueryEscape(at+"/index"), http.StatusFound)
		default:
			handler(w, r)
		}
	}))
	defer server.Close()
	at = server.URL
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	pool.AddCert(elsewhere.Certificate())

	env := machine(t, "PULUMI_BACKEND_URL=s3://bucket", "TOKEN=hidden\n", "WRONG=hidden-too", "BROKEN=hid\nden")
	env.Client = newClient(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}})
	const refused = "the server answers 401 Unauthorized to the headers of index.headerFromEnv"
	for _, c := range []struct{ name, path, variable, problem string }{
		{"a header", "/index", "TOKEN", ""},
		{"a redirect", "/moved", "TOKEN", ""},
		{"a redirect to another port", "/elsewhere?sig=hidden", "TOKEN", ""},
		{"and back", "/around", "TOKEN", refused},
		{"a wrong one", "/index", "WRONG", refused},
		{"none", "/index", "UNSET", "the environment variable UNSET, which is to hold the header X-Token, is not set"},
		{"none where none is needed", "/open", "UNSET", "the environment variable UNSET, which is to hold the header X-Token, is not set"},
		{"no header", "/index", "BROKEN", "the environment variable BROKEN, which is to hold the header X-Token, holds a line break or a control character"},
	} {
		leaked.Store(nil)
		found, unread := load(t, Settings{Source: at + c.path, Header: map[string]string{"X-Token": c.variable}}, env)
		var want []string
		if c.problem != "" {
			want = []string{"the index " + at + c.path + ": " + c.problem}
		}
		if diff := cmp.Diff(want, unread); diff != "" || (len(found) > 0) != (c.problem == "") {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, found, diff)
		}
		if header := leaked.Load(); header != nil && (header.Get("X-Token") != "" || header.Get("Referer") != "") {
			t.Errorf("%s: another origin was told %v", c.name, *header)
		}
	}
}

// TestHeaderOfCache: what was got with one header is not what another one gets.
func TestHeaderOfCache(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(strings.Replace(indexText(time.Now()), `"orders"`, `"`+r.Header.Get("X-Team")+`"`, 1)))
	}))
	defer server.Close()
	env := machine(t, "PULUMI_BACKEND_URL=s3://bucket", "A=alpha", "B=beta")
	env.Client = newClient(server.Client().Transport)
	for _, variable := range []string{"A", "B", "A"} {
		found, unread := load(t, Settings{Source: server.URL, Header: map[string]string{"X-Team": variable}}, env)
		want := map[string]string{"A": "shop/prod alpha", "B": "shop/prod beta"}[variable]
		if diff := cmp.Diff([]string{want}, found); diff != "" || len(unread) > 0 {
			t.Errorf("%s: not read: %v (-want +got):\n%s", variable, unread, diff)
		}
	}
}

// TestServersOwnText: what a server says in words of its own is in no message. An index is so large, and no larger.
func TestServersOwnText(t *testing.T) {
	answer := func(head, body string) transport {
		return func(r *http.Request) (*http.Response, error) {
			status, header, _ := strings.Cut(head, "|")
			var code int
			_, _ = fmt.Sscan(status, &code)
			w := httptest.NewRecorder()
			if name, value, ok := strings.Cut(header, "="); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(code)
			_, _ = w.WriteString(body)
			response := w.Result()
			response.Status = status
			return response, nil
		}
	}
	for _, c := range []struct {
		name    string
		answer  transport
		problem string
	}{
		{"a status line", answer("401 FORGED", ""), "the server answers 401 Unauthorized: it wants a header (index.headerFromEnv), or a presigned URL has expired"},
		{"403", answer("403 FORGED", ""), "the server answers 403 Forbidden: it wants a header (index.headerFromEnv), or a presigned URL has expired"},
		{"404", answer("404 FORGED", ""), "the server answers 404 Not Found: there is no index at this URL"},
		{"a code of its own", answer("599 FORGED", ""), "the server answers 599, also when asked again"},
		{"not modified, which nobody asked", answer("304 FORGED", ""), "the server answers 304 Not Modified"},
		{"a redirect to nowhere", answer("302 FORGED", ""), "the server answers 302 Found"},
		{"too large", answer("200 OK", strings.Repeat(" ", 2<<20+1)), "is larger than 2 MB"},
		{"too large once it is decompressed", answer("200 OK|Content-Encoding=gzip", zip(strings.Repeat(" ", 2<<20+1))), "is larger than 2 MB"},
		{"as large as may be", answer("200 OK", strings.Repeat(" ", 2<<20)), ""},
	} {
		env := machine(t)
		env.Client = newClient(c.answer)
		_, _, err := fetch(context.Background(), Settings{Source: "https://example.invalid/index.json?sig=hidden"}, env, 2<<20)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.problem {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.problem)
		}
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail
	server.StartTLS()
	defer server.Close()
	env := machine(t)
	_, _, err := fetch(context.Background(), Settings{Source: server.URL}, env, 2<<20)
	if want := "its certificate is signed by an authority that is not known here"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	env.Client = newClient(server.Client().Transport)
	_, _, err = fetch(context.Background(), Settings{Source: strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}, env, 2<<20)
	if want := "its certificate is for another host"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
