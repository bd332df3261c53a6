package stacks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// blobs is a store behind a driver of gocloud.dev.
type blobs struct{ *blob.Bucket }

func (b blobs) list(ctx context.Context, each func(object) error) error {
	pages := 0
	iterator := b.List(&blob.ListOptions{Prefix: stacksPrefix, BeforeList: func(func(any) bool) error {
		if pages++; pages > mostPages {
			return errPages
		}
		return nil
	}})
	for {
		listed, err := iterator.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errPages):
			return errPages // without what the driver puts before it
		}
		if err == nil && !listed.IsDir {
			err = each(object{
				key: listed.Key, name: listed.Key, size: listed.Size, modified: listed.ModTime, tag: tag(listed),
			})
		}
		if err != nil {
			return err
		}
	}
}

func tag(listed *blob.ListObject) string {
	if s3Object := (s3types.Object{}); listed.As(&s3Object) && s3Object.ETag != nil {
		return strings.Trim(*s3Object.ETag, `"`)
	}
	return fmt.Sprintf("%x", listed.MD5)
}

func (b blobs) open(ctx context.Context, key string) (io.ReadCloser, error) {
	reader, err := b.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return reader, nil
}
