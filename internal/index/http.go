package index

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"dynamoguard/internal/files"
)

// newClient returns a client that keeps to TLS once it has it. What a request carries, a token for one, is for the origin that
// it was made for: scheme, host and port. Elsewhere, and from there on, a redirect is followed without any of it, the address
// that led there included. (Of itself http.Client keeps some headers back, and goes by the host without the port.)
func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" || len(via) >= 5 {
			return http.ErrUseLastResponse
		}
		for _, hop := range append(via[1:len(via):len(via)], r) {
			if !sameOrigin(hop.URL, via[0].URL) {
				r.Header = http.Header{}
			}
		}
		r.Header.Del("Referer") // it may hold the signature of a presigned URL
		return nil
	}}
}

func sameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if u.Port() == "" {
			return map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		return u.Port()
	}
	return a.Scheme == b.Scheme && a.Hostname() == b.Hostname() && port(a) == port(b)
}

// An answerError is an answer that is not the one that was asked for. What the server says in its own words is not shown.
type answerError int

func (e answerError) Error() string {
	if text := http.StatusText(int(e)); text != "" {
		return fmt.Sprintf("the server answers %d %s", int(e), text)
	}
	return fmt.Sprintf("the server answers %d", int(e))
}

// How often, and after how long, a server that is busy (429) or ails (5xx) is asked again. The time to wait is what it says
// itself, if that is not longer, as for the CLI.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/util/httputil/http.go
const (
	busyAttempts  = 5
	busyDelay     = 500 * time.Millisecond // doubled each time
	longestDelay  = 30 * time.Second
	ailingDelay   = 200 * time.Millisecond
	ailingRetries = 1
)

// again says whether, and after how long, to ask again after so many attempts. There is no point in a wait that lasts longer
// than there is time.
func again(ctx context.Context, response *http.Response, attempts int) (delay time.Duration, retry bool) {
	switch code := response.StatusCode; {
	case code == http.StatusTooManyRequests && attempts < busyAttempts:
		delay = min(retryAfter(response.Header.Get("Retry-After"), busyDelay<<(attempts-1)), longestDelay)
	case code >= 500 && code <= 599 && attempts <= ailingRetries:
		delay = ailingDelay
	default:
		return 0, false
	}
	deadline, limited := ctx.Deadline()
	return delay, !limited || time.Until(deadline) > delay
}

// retryAfter reads the header: seconds, or a date.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func retryAfter(header string, otherwise time.Duration) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int(longestDelay/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(time.Until(date), 0)
	}
	return otherwise
}

// do sends a request, again where that may help, and returns an answer of status 200.
func do(client *http.Client, request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	for attempts := 1; ; attempts++ {
		response, err := client.Do(request)
		if err != nil {
			return nil, plainError(err)
		}
		if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusNotModified {
			return response, nil
		}
		_ = response.Body.Close()
		delay, retry := again(ctx, response, attempts)
		if !retry {
			return nil, answerError(response.StatusCode)
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, answerError(response.StatusCode)
		}
	}
}

// decoded is the body of an answer, of which there may be so many bytes once it is decompressed.
func decoded(response *http.Response, most int64) (io.Reader, error) {
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unzipped
	}
	return files.Limit(body, most), nil
}

// certificateError says in words of its own why a certificate is not trusted: it may hold any text.
func certificateError(err error) error {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return errors.New("its certificate is signed by an authority that is not known here")
	case errors.As(err, new(x509.HostnameError)):
		return errors.New("its certificate is for another host")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return errors.New("its certificate has expired, or is not valid yet")
	default:
		return errors.New("its certificate is not valid")
	}
}
