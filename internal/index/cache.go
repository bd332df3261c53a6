package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
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
func (c cacheFile) load(into any) bool {
	if c.folder == "" {
		return false
	}
	data, err := os.ReadFile(c.path())
	if err != nil {
		return false
	}
	sum, content, ok := bytes.Cut(data, []byte("\n"))
	return ok && string(sum) == checksum(content) && gob.NewDecoder(bytes.NewReader(content)).Decode(into) == nil
}

// save replaces what was saved. Where that fails the next run reads the source again, so nobody needs to know.
func (c cacheFile) save(v any) {
	if c.folder == "" {
		return
	}
	var content bytes.Buffer
	if gob.NewEncoder(&content).Encode(v) != nil || os.MkdirAll(c.folder, 0o700) != nil {
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

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
