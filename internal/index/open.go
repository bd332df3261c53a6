package index

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

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

// open reads an index. What save keeps for the next time can wait until the index was used.
func open(ctx context.Context, settings Settings, machine Machine) (x *tables.Index, save func(), err error) {
	var data []byte
	save = func() {}
	if strings.Contains(settings.Source, "://") {
		data, save, err = fetch(ctx, settings.Source, machine)
	} else {
		path := settings.Source
		if !filepath.IsAbs(path) {
			path = filepath.Join(machine.Folder, path)
		}
		data, err = readFile(path)
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
	return x, save, nil
}

// readFile is os.ReadFile with errors that leave out the path.
func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	return data, plainError(err)
}

var errLate = errors.New("it did not answer in time")

var errRequest = errors.New("the request failed, or led to what is not a URL")

// plainError is the cause of an error, without the path or the address, which may hold a secret. So may the text of what
// went wrong with a request, a redirect to a broken address for one: only of the network and of TLS it is shown.
func plainError(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
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
		case errors.As(err, &network), errors.As(err, &certificate):
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

// fetch gets an index over https. One that has not changed since it was last got is not sent again.
func fetch(ctx context.Context, address string, machine Machine) (data []byte, save func(), err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, errors.New("it is not a URL")
	}
	if request.URL.Scheme != "https" {
		return nil, nil, fmt.Errorf("%s is not https", request.URL.Scheme)
	}
	type copied struct {
		ETag string
		Data []byte
	}
	cache := cacheFile{folder: machine.Cache, key: "index " + address}
	var before copied
	if cache.load(&before) && before.ETag != "" {
		request.Header.Set("If-None-Match", before.ETag)
	}
	response, err := machine.Client.Do(request)
	if err != nil {
		return nil, nil, plainError(err)
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusNotModified && before.ETag != "":
		return before.Data, func() {}, nil
	case response.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("the server answers %s", response.Status)
	}
	data, err = io.ReadAll(io.LimitReader(response.Body, maxIndex))
	if err != nil {
		return nil, nil, plainError(err)
	}
	return data, func() {
		if tag := response.Header.Get("ETag"); tag != "" {
			cache.save(copied{tag, data})
		}
	}, nil
}
