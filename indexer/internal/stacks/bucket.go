package stacks

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/klauspost/compress/zstd"
	"github.com/pulumi/pulumi/pkg/v3/authhelpers"
	_ "github.com/pulumi/pulumi/pkg/v3/backend/diy/postgres" // driver of postgres://
	"go.yaml.in/yaml/v3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

const (
	stacksPrefix = ".pulumi/stacks/"
	metaKey      = ".pulumi/meta.yaml"
	newestLayout = 1
)

// bucket is a backend that users run themselves. It is opened with the drivers of the CLI, but not by the CLI's own
// backend/diy, which writes .pulumi/meta.yaml where there is none, and tells nothing that says whether a state changed.
type bucket struct {
	url    string
	bucket *blob.Bucket
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
		if err := fileLocation(u, rawURL); err != nil {
			return nil, err
		}
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
	if folder := strings.Trim(u.Path, "/"); folder != "" && u.Scheme != fileblob.Scheme {
		opened = blob.PrefixedBucket(opened, folder+"/")
	}
	return &bucket{url: show(rawURL), bucket: opened}, nil
}

// fileLocation makes the path of a file:// URL absolute: the CLI takes a relative one, and ~ for the home folder.
func fileLocation(u *url.URL, rawURL string) error {
	folder, _, _ := strings.Cut(strings.TrimPrefix(rawURL, "file://"), "?")
	if rest, ok := strings.CutPrefix(folder, "~"); ok && (rest == "" || strings.HasPrefix(rest, "/")) {
		home, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		folder = home + rest
	}
	folder, err := url.PathUnescape(folder)
	if err != nil {
		return err
	}
	folder, err = filepath.Abs(filepath.FromSlash(folder))
	if err != nil {
		return err
	}
	u.Host, u.RawPath = "", ""
	u.Path = filepath.ToSlash(folder)
	if !strings.HasPrefix(u.Path, "/") {
		u.Path = "/" + u.Path // a drive of Windows
	}
	query := u.Query()
	query.Del("no_tmp_dir") // for writing
	u.RawQuery = query.Encode()
	return nil
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

func (b *bucket) Close() error { return b.bucket.Close() }

// List reads one flat listing, of <project>/<stack>.json, or of <stack>.json from before stacks had projects. Where the
// bucket says that stacks have projects, one without is left out, as by the CLI: nothing deploys it any more.
func (b *bucket) List(ctx context.Context) ([]Stack, error) {
	layout, known, err := b.layout(ctx)
	if err != nil {
		return nil, err
	}
	newest := map[string]*blob.ListObject{} // by key without compression
	for iterator := b.bucket.List(&blob.ListOptions{Prefix: stacksPrefix}); ; {
		object, err := iterator.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", b.url, err)
		}
		key := uncompressed(object.Key)
		if object.IsDir || path.Ext(key) != ".json" || strings.Count(key, "/") > strings.Count(stacksPrefix, "/")+1 {
			continue // *.json.bak, *.json.<time>, *.pulumi-tags, *.attrs
		}
		if earlier := newest[key]; earlier == nil || !object.ModTime.Before(earlier.ModTime) {
			newest[key] = object
		}
	}
	if len(newest) == 0 && !known {
		return nil, fmt.Errorf("%s holds no Pulumi state", b.url)
	}

	now := time.Now()
	stacks := make([]Stack, 0, len(newest))
	for key, object := range newest {
		project, name := path.Split(strings.TrimSuffix(strings.TrimPrefix(key, stacksPrefix), ".json"))
		if project == "" && layout > 0 {
			continue
		}
		stacks = append(stacks, Stack{
			Organization: "organization",
			Project:      strings.TrimSuffix(project, "/"),
			Name:         name,
			Version:      version(object, now),
			key:          object.Key,
		})
	}
	return stacks, nil
}

// layout returns the layout that the bucket says it has, 0 where it says nothing, and refuses one from the future.
func (b *bucket) layout(ctx context.Context) (layout int, known bool, err error) {
	text, err := b.bucket.ReadAll(ctx, metaKey)
	if gcerrors.Code(err) == gcerrors.NotFound {
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

// version tells one content of an object from another. Where nothing is known of the content and the time is in whole
// seconds, a second write in the same second would go unnoticed: an object that is young, whatever the difference between
// two clocks, has no version.
func version(object *blob.ListObject, now time.Time) string {
	tag := fmt.Sprintf("%x", object.MD5)
	if s3Object := (s3types.Object{}); object.As(&s3Object) && s3Object.ETag != nil {
		tag = strings.Trim(*s3Object.ETag, `"`)
	}
	if tag == "" && object.ModTime.Nanosecond() == 0 && now.Sub(object.ModTime) < time.Minute {
		return ""
	}
	return fmt.Sprintf("%s %d %s %s", object.Key, object.Size, object.ModTime.UTC().Format(time.RFC3339Nano), tag)
}

func uncompressed(key string) string {
	return strings.TrimSuffix(strings.TrimSuffix(key, ".gz"), ".zst")
}

func (b *bucket) Read(ctx context.Context, stack Stack) (State, error) {
	reader, err := b.bucket.NewReader(ctx, stack.key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
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
		reader, err := b.bucket.NewReader(ctx, variant, nil)
		if err == nil {
			return decompressed(reader, false)
		}
		if gcerrors.Code(err) != gcerrors.NotFound {
			return State{}, err
		}
	}
	return State{}, ErrGone
}

// decompressed goes by the content, as the CLI does, and not by the name.
func decompressed(source io.ReadCloser, settled bool) (State, error) {
	buffered := bufio.NewReaderSize(source, 64<<10)
	magic, _ := buffered.Peek(4) // a shorter state is neither, and what ails it shows when it is read
	switch {
	case strings.HasPrefix(string(magic), "\x1f\x8b"):
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return State{}, errors.Join(err, source.Close())
		}
		return State{ReadCloser: both{unzipped, source}, Settled: settled}, nil
	case string(magic) == "\x28\xb5\x2f\xfd":
		unzipped, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return State{}, errors.Join(err, source.Close())
		}
		return State{ReadCloser: both{unzipped.IOReadCloser(), source}, Settled: settled}, nil
	default:
		return State{ReadCloser: both{io.NopCloser(buffered), source}, Settled: settled}, nil
	}
}

// both closes what it reads, and then what that reads.
type both struct {
	io.ReadCloser
	source io.Closer
}

func (b both) Close() error { return errors.Join(b.ReadCloser.Close(), b.source.Close()) }
