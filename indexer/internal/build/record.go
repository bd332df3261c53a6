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
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"dynamoguard/indexer/internal/atomicfile"
	"dynamoguard/indexer/internal/regular"
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

// every names all stacks of the project of a record.
func (r record) every() stacks.Stack {
	return stacks.Stack{Organization: r.Organization, Project: r.Project, Name: tables.Every}
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

// mostRecords is how many bytes of records are read: those of a million stacks.
const mostRecords = 512 << 20

// openRecords reads what is recorded of the backend, and opens the file for more. Records of another backend, or of
// another version of the program, are removed. The file is written anew before anything is added to it, so that nothing is
// ever added to one that somebody else has put there.
func openRecords(path, backend string) (*records, error) {
	r := &records{path: path, header: newHeader(backend), known: map[stacks.Stack]record{}}
	content, err := readRecords(path)
	if err != nil {
		return nil, err
	}
	first, lines, _ := bytes.Cut(content, []byte("\n"))
	var found header
	if json.Unmarshal(first, &found) == nil && found == r.header {
		for line := range bytes.Lines(lines) {
			var read record
			if json.Unmarshal(line, &read) == nil && read.Stack != "" {
				r.known[read.key()] = read
			}
		}
	}
	if err := r.rewrite(); err != nil {
		return nil, err
	}
	r.file, err = regular.OpenItself(path, os.O_WRONLY|os.O_APPEND)
	return r, err
}

func readRecords(path string) ([]byte, error) {
	file, err := regular.OpenItself(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return regular.ReadAll(file, mostRecords)
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

// earliest returns when a stack was read, or of all of a project the first; zero where nothing is recorded.
func (r *records) earliest(s stacks.Stack) (first time.Time) {
	if s.Name != tables.Every {
		return r.known[key(s)].ReadAt
	}
	for _, read := range r.known {
		if read.every() == key(s) && (first.IsZero() || read.ReadAt.Before(first)) {
			first = read.ReadAt
		}
	}
	return first
}

// finish forgets every stack but those given, and writes the file anew. Nothing can be added after it.
func (r *records) finish(listed []stacks.Stack) error {
	kept := make(map[stacks.Stack]bool, len(listed))
	for _, s := range listed {
		kept[key(s)] = true
	}
	maps.DeleteFunc(r.known, func(s stacks.Stack, read record) bool { return !kept[s] && !kept[read.every()] })
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
