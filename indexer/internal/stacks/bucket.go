package stacks

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pulumi/pulumi/pkg/v3/authhelpers"
	_ "github.com/pulumi/pulumi/pkg/v3/backend/diy/postgres" // driver of postgres://
	"go.yaml.in/yaml/v3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"

	"dynamoguard/internal/tables"
)

const (
	stacksPrefix = ".pulumi/stacks/"
	metaKey      = ".pulumi/meta.yaml"
	newestLayout = 1
)

// mostMeta is how long a meta.yaml may be. The CLI writes one line.
const mostMeta = 64 << 10

// bucket is a backend that users run themselves. It is opened with the drivers of the CLI, but not by the CLI's own
// backend/diy, which writes .pulumi/meta.yaml where there is none, and tells nothing that says whether a state changed.
type bucket struct {
	url   string
	store store
}

// A store holds the objects of a bucket.
type store interface {
	// list lists the objects with keys that begin with stacksPrefix, until each returns an error.
	list(ctx context.Context, each func(object) error) error
	// open opens an object. The error is fs.ErrNotExist where there is none.
	open(ctx context.Context, key string) (io.ReadCloser, error)
	Close() error
}

// An object is one of a store, or, where its key ends with a slash, a folder that could not be listed.
type object struct {
	key      string
	name     string // the key, as the CLI wrote it
	size     int64
	modified time.Time
	tag      string // of its content, where the store knows one
	err      error  // why it cannot be read, where that is known
}

func isBucket(rawURL string) bool {
	scheme, _, ok := strings.Cut(rawURL, "://")
	return ok && blob.DefaultURLMux().ValidBucketScheme(scheme)
}

func openBucket(ctx context.Context, rawURL string) (*bucket, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	mux := blob.DefaultURLMux()
	switch u.Scheme {
	case fileblob.Scheme:
		opened, err := openFolder(rawURL)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", show(rawURL), err)
		}
		return &bucket{url: opened.url(), store: opened}, nil
	case s3blob.Scheme:
		if err := s3Location(u); err != nil {
			return nil, err
		}
	case gcsblob.Scheme:
		// Knows GOOGLE_CREDENTIALS, as the CLI does.
		if mux, err = authhelpers.GoogleCredentialsMux(ctx); err != nil {
			return nil, err
		}
	case azureblob.Scheme:
		// The default opener refuses a SAS token with a storage_account in the URL, which the CLI takes.
		mux = new(blob.URLMux)
		mux.RegisterBucket(azureblob.Scheme, &azureblob.URLOpener{
			MakeClient:        azureblob.NewDefaultClient,
			ServiceURLOptions: *azureblob.NewDefaultServiceURLOptions(),
		})
	}
	opened, err := mux.OpenBucketURL(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", show(rawURL), err)
	}
	if folder := strings.Trim(u.Path, "/"); folder != "" {
		opened = blob.PrefixedBucket(opened, folder+"/")
	}
	return &bucket{url: show(rawURL), store: blobs{opened}}, nil
}

// s3Location rewrites parameters that the CLI still takes from the time of the first AWS SDK: disableSSL, and an
// endpoint without a scheme. It also asks for no checksums, since the SDK has a warning for each object without one.
func s3Location(u *url.URL) error {
	query := u.Query()
	scheme := "https://"
	if query.Has("disableSSL") {
		disabled, err := strconv.ParseBool(query.Get("disableSSL"))
		if err != nil {
			return fmt.Errorf("disableSSL of the backend's URL is %q, neither true nor false", query.Get("disableSSL"))
		}
		if disabled {
			scheme = "http://"
		}
		query.Del("disableSSL")
		query.Set("disable_https", strconv.FormatBool(disabled))
	}
	if endpoint := query.Get("endpoint"); endpoint != "" && !strings.Contains(endpoint, "://") {
		query.Set("endpoint", scheme+endpoint)
	}
	if !query.Has("response_checksum_validation") && os.Getenv("AWS_RESPONSE_CHECKSUM_VALIDATION") == "" {
		query.Set("response_checksum_validation", "when_required")
	}
	u.RawQuery = query.Encode()
	return nil
}

func (b *bucket) URL() string { return b.url }

func (b *bucket) Close() error { return b.store.Close() }

// List reads one flat listing, of <project>/<stack>.json, or of <stack>.json from before stacks had projects. Where the
// bucket says that stacks have projects, one without is left out, as by the CLI: nothing deploys it any more.
func (b *bucket) List(ctx context.Context) ([]Stack, error) {
	layout, known, err := b.layout(ctx)
	if err != nil {
		return nil, err
	}
	newest := map[string]object{} // by name without compression
	err = b.store.list(ctx, func(o object) error {
		name := uncompressed(o.name)
		isFolder := strings.HasSuffix(name, "/")
		if !isFolder && !isState(name) || strings.Count(name, "/") > strings.Count(stacksPrefix, "/")+1 {
			return nil // *.json.bak, *.json.<time>, *.pulumi-tags, *.attrs
		}
		earlier, found := newest[name]
		// Which is the newest is not known where one of them cannot be read.
		if !found || earlier.err == nil && (o.err != nil || !o.modified.Before(earlier.modified)) {
			newest[name] = o
		}
		if len(newest) > mostStacks {
			return errCrowded
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", b.url, err)
	}
	if len(newest) == 0 && !known {
		return nil, fmt.Errorf("%s holds no Pulumi state", b.url)
	}

	now := time.Now()
	stacks := make([]Stack, 0, len(newest))
	for name, object := range newest {
		project, name := path.Split(strings.TrimSuffix(strings.TrimPrefix(name, stacksPrefix), ".json"))
		if project == "" && layout > 0 {
			continue
		}
		if name == "" {
			name = tables.Every
		}
		stacks = append(stacks, Stack{
			Organization: "organization",
			Project:      strings.TrimSuffix(project, "/"),
			Name:         name,
			Version:      object.version(now),
			Err:          object.err,
			key:          object.key,
		})
	}
	return stacks, nil
}

// layout returns the layout that the bucket says it has, 0 where it says nothing, and refuses one from the future.
func (b *bucket) layout(ctx context.Context) (layout int, known bool, err error) {
	text, err := b.readAll(ctx, metaKey, mostMeta)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read %s of %s: %w", metaKey, b.url, err)
	}
	var meta struct {
		Version *int `yaml:"version"`
	}
	if err := yaml.Unmarshal(text, &meta); err != nil || meta.Version == nil {
		return 0, false, fmt.Errorf("%s of %s does not tell a version", metaKey, b.url)
	}
	if *meta.Version > newestLayout {
		return 0, false, fmt.Errorf("%s has layout %d, and this program knows layouts up to %d", b.url, *meta.Version, newestLayout)
	}
	return *meta.Version, true, nil
}

// readAll reads an object of at most so many bytes.
func (b *bucket) readAll(ctx context.Context, key string, most int64) ([]byte, error) {
	reader, err := b.store.open(ctx, key)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(&limited{reader, most, fmt.Errorf("it has more than %d bytes", most)})
	return text, errors.Join(err, reader.Close())
}

// version tells one content of an object from another. Where nothing is known of the content and the time is in whole
// seconds, a second write in the same second would go unnoticed: an object that is young, whatever the difference between
// two clocks, has no version.
func (o object) version(now time.Time) string {
	if o.err != nil || o.tag == "" && o.modified.Nanosecond() == 0 && now.Sub(o.modified) < time.Minute {
		return ""
	}
	return fmt.Sprintf("%s %d %s %s", o.key, o.size, o.modified.UTC().Format(time.RFC3339Nano), o.tag)
}

// isState reports whether a key is one of a state, and not of a backup or of what is beside it.
func isState(key string) bool { return path.Ext(uncompressed(key)) == ".json" }

func uncompressed(key string) string {
	return strings.TrimSuffix(strings.TrimSuffix(key, ".gz"), ".zst")
}

func (b *bucket) Read(ctx context.Context, stack Stack) (State, error) {
	reader, err := b.store.open(ctx, stack.key)
	if errors.Is(err, fs.ErrNotExist) {
		return b.readVariant(ctx, stack)
	}
	if err != nil {
		return State{}, err
	}
	return decompressed(reader, true)
}

// readVariant reads what has taken the place of an object that is gone: its stack is, or the compression has changed.
func (b *bucket) readVariant(ctx context.Context, stack Stack) (State, error) {
	key := uncompressed(stack.key)
	for _, variant := range []string{key, key + ".gz", key + ".zst"} {
		reader, err := b.store.open(ctx, variant)
		if err == nil {
			return decompressed(reader, false)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return State{}, err
		}
	}
	return State{}, ErrGone
}

// mostWindow is how much memory the decoder of a Zstandard stream may take for what it refers back to. The CLI writes
// windows of 8 MB.
const mostWindow = 64 << 20

// decompressed goes by the content, as the CLI does, and not by the name.
func decompressed(source io.ReadCloser, settled bool) (State, error) {
	buffered := bufio.NewReaderSize(source, 64<<10)
	magic, _ := buffered.Peek(4) // a shorter state is neither, and what ails it shows when it is read
	decoded := io.NopCloser(buffered)
	var err error
	switch {
	case strings.HasPrefix(string(magic), "\x1f\x8b"):
		decoded, err = gzip.NewReader(buffered)
	case string(magic) == "\x28\xb5\x2f\xfd":
		var unzipped *zstd.Decoder
		unzipped, err = zstd.NewReader(buffered,
			zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(mostWindow))
		if err == nil {
			decoded = unzipped.IOReadCloser()
		}
	}
	if err != nil {
		return State{}, errors.Join(err, source.Close())
	}
	return State{ReadCloser: both{decoded, &limited{decoded, mostState, errLarge}, source}, Settled: settled}, nil
}

// both closes what it reads, and then what that reads.
type both struct {
	io.Closer
	io.Reader
	source io.Closer
}

func (b both) Close() error { return errors.Join(b.Closer.Close(), b.source.Close()) }
