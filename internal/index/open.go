package index

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dynamoguard/internal/files"
	"dynamoguard/internal/tables"
)

// maxIndex is more than an index of a million tables takes.
const maxIndex = 512 << 20

// Open reads an index from a path or an https URL, which is to be signed where there is a public key. Its errors name the
// source, without what may be secret in it.
func Open(ctx context.Context, source, publicKey string, machine Machine) (*tables.Index, error) {
	x, save, err := open(ctx, Settings{Source: source, PublicKey: publicKey}, machine)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", public(source), err)
	}
	save()
	return x, nil
}

// open reads an index. What save keeps for the next time can wait until the index was used. The checksum and the signature are
// those of the bytes as they came: nothing is made of an index that does not bear them.
func open(ctx context.Context, settings Settings, machine Machine) (x *tables.Index, save func(), err error) {
	var data []byte
	save = func() {}
	if strings.Contains(settings.Source, "://") {
		data, save, err = fetch(ctx, settings, machine, maxIndex)
	} else {
		if data, err = files.Read(ctx, settings.Source, maxIndex); err != nil {
			err = plainError(err)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if want := strings.ToLower(settings.SHA256); want != "" {
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != want {
			return nil, nil, fmt.Errorf("its SHA-256 is %s, not %s as configured", got, want)
		}
	}
	if settings.PublicKey != "" {
		key, err := tables.ParsePublicKey(settings.PublicKey)
		if err != nil {
			return nil, nil, fmt.Errorf("the configured public key %w", err)
		}
		if err := tables.Verify(data, key); err != nil {
			return nil, nil, err
		}
	}
	if x, err = tables.Decode(data); err != nil {
		return nil, nil, err
	}
	x.NameBackends()
	return x, save, nil
}

var errLate = errors.New("it did not answer in time")

var errNotURL = errors.New("it is not a URL")

var errRequest = errors.New("the request failed, or led to what is not a URL")

// plainError is the cause of an error, without the path or the address, which may hold a secret. So may the text of what
// went wrong with a request, a redirect to a broken address for one: only of the network and of TLS it is shown.
func plainError(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	var urlError *url.Error
	if errors.As(err, &urlError) {
		if urlError.Timeout() {
			return errLate
		}
		err = urlError.Err
		var network *net.OpError
		var certificate *tls.CertificateVerificationError
		switch {
		case errors.As(err, &certificate):
			return certificateError(err)
		case errors.As(err, &network):
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, http.ErrSchemeMismatch):
		case errors.Is(err, context.Canceled):
		default:
			return errRequest
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errLate
	}
	return err
}

// fetch gets an index over https, of so many bytes at most. One that has not changed since it was last got, from the same
// address with the same headers, is not sent again.
func fetch(ctx context.Context, settings Settings, machine Machine, most int64) (data []byte, save func(), err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, settings.Source, nil)
	if err != nil {
		return nil, nil, errNotURL
	}
	if request.URL.Scheme != "https" {
		return nil, nil, fmt.Errorf("%s is not https", request.URL.Scheme)
	}
	key := "index " + settings.Source
	for _, name := range slices.Sorted(maps.Keys(settings.Header)) {
		value, err := headerValue(machine, name, settings.Header[name])
		if err != nil {
			return nil, nil, err
		}
		request.Header.Set(name, value)
		key += "\n" + name + ": " + value // of which the cache keeps a checksum
	}
	type copied struct {
		ETag string
		Data []byte
	}
	cache := cacheFile{folder: machine.Cache, key: key}
	var before copied
	if cache.load(ctx, &before) && before.ETag != "" {
		request.Header.Set("If-None-Match", before.ETag)
	}
	response, err := do(machine.Client, request)
	if err != nil {
		return nil, nil, worded(err, len(settings.Header) > 0)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNotModified {
		if before.ETag == "" {
			return nil, nil, answerError(response.StatusCode) // nobody asked
		}
		return before.Data, func() {}, nil
	}
	body, err := decoded(response, most)
	if err != nil {
		return nil, nil, plainError(err)
	}
	if data, err = io.ReadAll(body); err != nil {
		return nil, nil, plainError(err)
	}
	return data, func() {
		if tag := response.Header.Get("ETag"); tag != "" {
			cache.save(copied{tag, data})
		}
	}, nil
}

// headerValue is what an environment variable holds for a header. No error tells it.
func headerValue(machine Machine, header, variable string) (string, error) {
	value := strings.TrimSpace(machine.Getenv(variable)) // the line break that ends a file is no part of a header
	switch {
	case value == "":
		return "", fmt.Errorf("the environment variable %s, which is to hold the header %s, is not set", variable, header)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return "", fmt.Errorf("the environment variable %s, which is to hold the header %s, holds a line break or a control character", variable, header)
	}
	return value, nil
}

// worded adds to an answer what it most often means for an index.
func worded(err error, headers bool) error {
	var answer answerError
	if !errors.As(err, &answer) {
		return err
	}
	switch code := int(answer); {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		if headers {
			return fmt.Errorf("%w to the headers of index.headerFromEnv", answer)
		}
		return fmt.Errorf("%w: it wants a header (index.headerFromEnv), or a presigned URL has expired", answer)
	case code == http.StatusNotFound:
		return fmt.Errorf("%w: there is no index at this URL", answer)
	case code >= 500:
		return fmt.Errorf("%w, also when asked again", answer)
	}
	return answer
}
