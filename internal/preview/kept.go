package preview

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
)

// mostMemory is how much of a run's output is kept in memory, in bytes. The rest is kept in a file of the run's folder.
const mostMemory = 64 << 20

// kept is the output of a run, both streams in the order in which they came, until it is known that no other run takes its
// place. It is safe for concurrent use.
type kept struct {
	most   int    // bytes in memory
	folder string // for what is more

	mu     sync.Mutex
	parts  []part
	memory bytes.Buffer
	file   *os.File
}

// A part is what came of one stream between what came of the other.
type part struct {
	to io.Writer
	n  int64
}

// stream returns what keeps what is written, to be written to w later on.
func (k *kept) stream(w io.Writer) io.Writer { return &stream{k, w} }

type stream struct {
	kept *kept
	to   io.Writer
}

func (s *stream) Write(p []byte) (int, error) {
	k := s.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	var to io.Writer = &k.memory
	if k.file != nil || k.memory.Len()+len(p) > k.most {
		if k.file == nil {
			file, err := os.CreateTemp(k.folder, "output-")
			if err != nil {
				return 0, err
			}
			k.file = file
		}
		to = k.file
	}
	n, err := to.Write(p)
	if last := len(k.parts) - 1; last >= 0 && k.parts[last].to == s.to {
		k.parts[last].n += int64(n)
	} else {
		k.parts = append(k.parts, part{s.to, int64(n)})
	}
	return n, err
}

// release writes all that was kept. A stream that nobody reads any more does not keep the other from being written.
func (k *kept) release() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var from io.Reader = &k.memory
	if k.file != nil {
		if _, err := k.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		from = io.MultiReader(&k.memory, k.file)
	}
	failed := map[io.Writer]error{}
	for _, p := range k.parts {
		next := io.LimitReader(from, p.n)
		if failed[p.to] == nil {
			_, failed[p.to] = io.Copy(p.to, next)
		}
		if _, err := io.Copy(io.Discard, next); err != nil {
			return err
		}
	}
	var errs []error
	for _, err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// drop forgets what was kept.
func (k *kept) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file != nil {
		_ = k.file.Close()
		_ = os.Remove(k.file.Name())
	}
	k.parts, k.memory, k.file = nil, bytes.Buffer{}, nil
}
