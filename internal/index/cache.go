package index

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"dynamoguard/internal/files"
)

// cacheFormat is part of every cache file's name, so that no version reads what another wrote. It is a new one whenever
// what is kept changes.
const cacheFormat = "4"

// A cacheFile keeps what was read of one source. It is replaced as a whole, and starts with the checksum of its content:
// one that is not whole, or that something else wrote, is as good as none. The content is a gob, which is read in a third
// of the time that JSON takes.
type cacheFile struct {
	folder string // empty for no cache
	key    string
}

func (c cacheFile) path() string {
	sum := sha256.Sum256([]byte(c.key))
	return filepath.Join(c.folder, "v"+cacheFormat+"-"+hex.EncodeToString(sum[:16]))
}

// load reads what was saved. It reports whether there was something.
func (c cacheFile) load(ctx context.Context, into any) bool {
	if c.folder == "" || !private(c.folder) {
		return false
	}
	data, err := files.Read(ctx, c.path(), mostCached)
	if err != nil {
		return false
	}
	sum, content, ok := bytes.Cut(data, []byte("\n"))
	if !ok || string(sum) != checksum(content) || gob.NewDecoder(bytes.NewReader(content)).Decode(into) != nil {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(c.path(), now, now) // it is in use
	return true
}

// save replaces what was saved, and removes what was saved by others and is used no more. Where that fails the next run
// reads the source again, so nobody needs to know.
func (c cacheFile) save(v any) {
	if c.folder == "" {
		return
	}
	var content bytes.Buffer
	if gob.NewEncoder(&content).Encode(v) != nil || os.MkdirAll(c.folder, 0o700) != nil || !private(c.folder) {
		return
	}
	defer c.cleanUp(mostCached)
	if content.Len() > mostCached/2 {
		_ = os.Remove(c.path()) // it would leave no room for others
		return
	}
	f, err := os.CreateTemp(c.folder, "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(slices.Concat([]byte(checksum(content.Bytes())), []byte("\n"), content.Bytes()))
	if closed := f.Close(); err != nil || closed != nil || os.Rename(f.Name(), c.path()) != nil {
		_ = os.Remove(f.Name())
	}
}

// private reports whether a folder, which is no link, may be written to by its owner alone. Whoever else may write to it
// could put links in it, or tables of their own.
func private(folder string) bool {
	info, err := os.Lstat(folder)
	return err == nil && info.IsDir() && ownedByUser(info)
}

// mostCached is how many bytes all files of the cache may have, and mostIdle how long one is kept that nobody uses.
const (
	mostCached = 1 << 30
	mostIdle   = 30 * 24 * time.Hour
)

// ownFile is what the files of the cache are called: of all versions, and while they are written.
var ownFile = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(v[0-9]+-[0-9a-f]{32}|new-[0-9]+)$`) })

// cleanUp removes the files that were not used for long, and of the others the oldest, until they have no more than most
// bytes. It removes nothing else, and never what this source has.
func (c cacheFile) cleanUp(most int64) {
	var kept []fs.FileInfo
	size := int64(0)
	_ = files.Each(context.Background(), c.folder, func(entry fs.DirEntry) error {
		info, err := entry.Info()
		switch {
		case err != nil || !info.Mode().IsRegular() || !ownFile().MatchString(entry.Name()):
		case time.Since(info.ModTime()) > mostIdle:
			_ = os.Remove(filepath.Join(c.folder, entry.Name()))
		default:
			kept = append(kept, info)
			size += info.Size()
		}
		return nil
	})
	slices.SortFunc(kept, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range kept {
		if size <= most {
			return
		}
		if path := filepath.Join(c.folder, info.Name()); path != c.path() && os.Remove(path) == nil {
			size -= info.Size()
		}
	}
}

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
