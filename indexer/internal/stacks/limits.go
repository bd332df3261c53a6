package stacks

import (
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// What a backend may send. One that sends more is broken, or wants to break its reader: a state of 20,000 resources has
// some 50 MB.
const (
	mostState  = 512 << 20 // bytes of a state, or of an answer of Pulumi Cloud, decompressed
	mostPages  = 10_000    // of a listing; a bucket has 1,000 objects on each
	mostStacks = 1_000_000
)

var (
	errLarge   = fmt.Errorf("it has more than %d MB, decompressed", mostState>>20)
	errPages   = fmt.Errorf("the listing has more than %d pages", mostPages)
	errCrowded = fmt.Errorf("the listing has more than %d stacks", mostStacks)
)

// limited reads up to so many bytes. Where there are more it fails.
type limited struct {
	io.Reader
	left int64
	err  error // that says so
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left {
		p = p[:l.left+1] // one more tells whether there are more
	}
	n, err := l.Reader.Read(p)
	if int64(n) > l.left {
		return 0, l.err
	}
	l.left -= int64(n)
	return n, err
}

// transport decompresses what comes over HTTP, and bounds it: the client of Pulumi Cloud keeps whole answers.
type transport struct{ *http.Transport }

// newTransport returns a transport that, as that of the CLI, takes any certificate where the login says so.
func newTransport(insecure bool) transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if insecure {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	return transport{t}
}

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.Transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	source := response.Body
	decoded := io.NopCloser(source)
	if encoding := response.Header.Get("Content-Encoding"); encoding == "gzip" || encoding == "x-gzip" {
		if decoded, err = gzip.NewReader(source); err != nil {
			return nil, errors.Join(err, source.Close())
		}
		response.Header.Del("Content-Encoding")
		response.ContentLength = -1
	}
	response.Body = both{decoded, &limited{decoded, mostState, errLarge}, source}
	return response, nil
}
