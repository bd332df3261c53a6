package build

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"dynamoguard/indexer/internal/atomicfile"
	"dynamoguard/indexer/internal/stacks"
	"dynamoguard/internal/tables"
)

// recordVersion changes with the form of a record, and with what is read of a state.
const recordVersion = 3

// A record is what was read of one stack.
type record struct {
	Organization string    `json:"organization"`
	Project      string    `json:"project,omitempty"`
	Stack        string    `json:"stack"`
	Version      string    `json:"version,omitempty"` // see stacks.Stack; "" is never current
	ReadAt       time.Time `json:"readAt"`
	tables.StateTables
}

// key names the stack of a record.
func (r record) key() stacks.Stack {
	return stacks.Stack{Organization: r.Organization, Project: r.Project, Name: r.Stack}
}

func key(s stacks.Stack) stacks.Stack {
	return stacks.Stack{Organization: s.Organization, Project: s.Project, Name: s.Name}
}

// header is the first line of a file of records. Those under another header are not used: another program may take more
// or less from a state.
type header struct {
	Version int    `json:"recordVersion"`
	Program string `json:"program"` // its version, as Go stamps it
	Backend string `json:"backend"`
}

func newHeader(backend string) header {
	h := header{Version: recordVersion, Backend: backend}
	if info, ok := debug.ReadBuildInfo(); ok {
		h.Program = info.Main.Version
	}
	return h
}

// records is a file of JSON lines: a header, and a record for each stack, the last of which counts. A line is added as
// soon as its stack was read, so that a run that is ended in whatever way is gone on with; a line cut short is as good
// as none.
type records struct {
	path   string
	header header
	known  map[stacks.Stack]record
	file   *os.File
}

// openRecords reads what is recorded of the backend, and opens the file for more. Records of another backend, or of
// another version of the program, are removed.
func openRecords(path, backend string) (*records, error) {
	r := &records{path: path, header: newHeader(backend), known: map[stacks.Stack]record{}}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	first, lines, _ := bytes.Cut(content, []byte("\n"))
	var found header
	if json.Unmarshal(first, &found) != nil || found != r.header {
		if err := r.rewrite(); err != nil {
			return nil, err
		}
	} else {
		for line := range bytes.Lines(lines) {
			var read record
			if json.Unmarshal(line, &read) == nil && read.Stack != "" {
				r.known[read.key()] = read
			}
		}
	}
	if r.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return nil, err
	}
	if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
		_, err = r.file.WriteString("\n")
	}
	return r, err
}

// add records a stack, on disk first.
func (r *records) add(read record) error {
	line, err := json.Marshal(read)
	if err != nil {
		return err
	}
	if _, err := r.file.Write(append(line, '\n')); err != nil {
		return err
	}
	r.known[read.key()] = read
	return nil
}

// finish forgets every stack but those given, and writes the file anew. Nothing can be added after it.
func (r *records) finish(listed []stacks.Stack) error {
	kept := make(map[stacks.Stack]record, len(listed))
	for _, s := range listed {
		if known, ok := r.known[key(s)]; ok {
			kept[key(s)] = known
		}
	}
	r.known = kept
	return errors.Join(r.close(), r.rewrite()) // in this order: Windows replaces no open file
}

func (r *records) sorted() []record {
	all := make([]record, 0, len(r.known))
	for _, read := range r.known {
		all = append(all, read)
	}
	slices.SortFunc(all, func(a, b record) int {
		return cmp.Or(
			cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Stack, b.Stack))
	})
	return all
}

func (r *records) rewrite() error {
	return atomicfile.Write(r.path, 0o600, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		encoder := json.NewEncoder(buffered)
		if err := encoder.Encode(r.header); err != nil {
			return err
		}
		for _, read := range r.sorted() {
			if err := encoder.Encode(read); err != nil {
				return fmt.Errorf("record of %s: %w", read.key(), err)
			}
		}
		return buffered.Flush()
	})
}

func (r *records) close() error {
	if r.file == nil {
		return nil
	}
	file := r.file
	r.file = nil
	return file.Close()
}
