package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
)

// cacheFormat is part of every cache file's name, so that no version reads what another wrote.
const cacheFormat = "1"

// A cacheFile keeps what was read of one source. It is replaced as a whole, and starts with the checksum of its content:
// one that is not whole, or that something else wrote, is as good as none.
type cacheFile struct {
	folder string // empty for no cache
	key    string
}

func (c cacheFile) path() string {
	sum := sha256.Sum256([]byte(c.key))
	return filepath.Join(c.folder, "v"+cacheFormat+"-"+hex.EncodeToString(sum[:16])+".json")
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
	return ok && string(sum) == checksum(content) && json.Unmarshal(content, into) == nil
}

// save replaces what was saved. Where that fails the next run reads the source again, so nobody needs to know.
func (c cacheFile) save(v any) {
	if c.folder == "" {
		return
	}
	content, err := json.Marshal(v)
	if err != nil || os.MkdirAll(c.folder, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(c.folder, "new-*")
	if err != nil {
		return
	}
	_, err = f.WriteString(checksum(content) + "\n" + string(content))
	if closed := f.Close(); err != nil || closed != nil || os.Rename(f.Name(), c.path()) != nil {
		_ = os.Remove(f.Name())
	}
}

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
