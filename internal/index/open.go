package index

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"dynamoguard/internal/tables"
)

// maxIndex is more than an index of a million tables takes.
const maxIndex = 512 << 20

// Open reads an index from a path or an https URL.
func Open(ctx context.Context, source string, env Environment) (*tables.Index, error) {
	return open(ctx, Settings{Source: source}, env)
}

func open(ctx context.Context, settings Settings, env Environment) (*tables.Index, error) {
	var data []byte
	var err error
	if strings.Contains(settings.Source, "://") {
		data, err = fetch(ctx, settings.Source, env)
	} else {
		path := settings.Source
		if !filepath.IsAbs(path) {
			path = filepath.Join(env.Folder, path)
		}
		data, err = readFile(path)
	}
	if err != nil {
		return nil, err
	}
	if want := strings.ToLower(settings.SHA256); want != "" {
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != want {
			return nil, fmt.Errorf("its SHA-256 is %s, not %s as configured", got, want)
		}
	}
	return tables.Decode(data)
}

// readFile is os.ReadFile with errors that leave out the path.
func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	return data, plainError(err)
}

var errLate = errors.New("it did not answer in time")

// plainError is the cause of an error, without the path or the address, which may hold a secret.
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
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errLate
	}
	return err
}

// fetch gets an index over https. One that has not changed since it was last got is not sent again.
func fetch(ctx context.Context, address string, env Environment) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	if request.URL.Scheme != "https" {
		return nil, fmt.Errorf("%s is not https", request.URL.Scheme)
	}
	type copied struct {
		ETag string
		Data []byte
	}
	cache := cacheFile{folder: env.Cache, key: "index " + address}
	var before copied
	if cache.load(&before) && before.ETag != "" {
		request.Header.Set("If-None-Match", before.ETag)
	}
	response, err := env.Client.Do(request)
	if err != nil {
		return nil, plainError(err)
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusNotModified && before.ETag != "":
		return before.Data, nil
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the server answers %s", response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxIndex))
	if err != nil {
		return nil, plainError(err)
	}
	if tag := response.Header.Get("ETag"); tag != "" {
		cache.save(copied{tag, data})
	}
	return data, nil
}
