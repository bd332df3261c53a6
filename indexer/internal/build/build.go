// Package build makes a table index of all the stacks of a backend.
package build

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"dynamoguard/indexer/internal/atomicfile"
	"dynamoguard/indexer/internal/stacks"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/tables"
)

// RecordSuffix is appended to the name of an index for the file that remembers which stacks it was made of.
const RecordSuffix = ".stacks"

// Options say what to build.
type Options struct {
	Backend stacks.Backend
	Output  string             // path of the index; the records are beside it
	Key     ed25519.PrivateKey // that signs the index, or nil
	// All: read the unchanged stacks too.
	All bool
	// Parallel is the number of stacks read at the same time.
	Parallel int
	// Timeout is for one stack, and ListTimeout for the list of them.
	Timeout, ListTimeout time.Duration
	// Progress, where set, is called first with the number of stacks to read, and then again as each is done with.
	Progress func(done, total int)
	Now      func() time.Time
}

// Result counts stacks.
type Result struct {
	Listed    int
	Unchanged int // not read again
	Read      int
	Failed    []Failure // sorted by stack
	Tables    int       // in the index
	Secret    int       // tables left out of it, because their names are secret
}

// A Failure is a stack that could not be read, or the stacks of a project that could not be listed, see tables.Every.
type Failure struct {
	Stack stacks.Stack
	Err   error
	// Earlier is when the stack was read for what the index holds of it, of several the first; zero where it holds nothing.
	Earlier time.Time
}

// Run builds the index. Stacks that cannot be read are in the result, and are no error. An error leaves the index as it
// was; the stacks that were read until then, by a run that was interrupted too, are not read again by the next run.
func Run(ctx context.Context, o Options) (result Result, err error) {
	if err := atomicfile.Check(o.Output); err != nil {
		return Result{}, err
	}
	generated := o.Now()
	listed, err := within(ctx, o.ListTimeout, "the stacks were not listed", o.Backend.List)
	if err != nil {
		return Result{}, err
	}
	recorded, err := openRecords(o.Output+RecordSuffix, o.Backend.URL())
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, recorded.close()) }()

	slices.SortFunc(listed, func(a, b stacks.Stack) int { return strings.Compare(a.String(), b.String()) })
	result = Result{Listed: len(listed)}
	var changed []stacks.Stack
	for _, s := range listed {
		if known, ok := recorded.known[key(s)]; ok && s.Version != "" && known.Version == s.Version && !o.All {
			result.Unchanged++
		} else {
			changed = append(changed, s)
		}
	}
	if err := readAll(ctx, o, changed, recorded, &result); err != nil {
		return result, err
	}
	if err := recorded.finish(listed); err != nil {
		return result, err
	}
	index := recorded.index(generated, result.Failed)
	result.Tables, result.Secret = len(index.Tables), index.Secret
	return result, WriteIndex(o.Output, index, o.Key)
}

// index is what the records say, at the time of the listing. A stack that could not be read this time has what was read
// of it before, and is named.
func (r *records) index(generated time.Time, failed []Failure) *tables.Index {
	var entries []tables.Entry
	secret := 0
	for _, read := range r.sorted() {
		entries = append(entries, read.Entries...)
		secret += read.Secret
	}
	unread := make([]string, len(failed))
	for i, f := range failed {
		unread[i] = f.Stack.String()
	}
	x := tables.New(generated, entries, unread, secret)
	x.Read = []tables.Reading{r.reading(failed)}
	return x
}

// reading names the stacks that were read. In the layout without projects, the tables of a stack tell its project.
func (r *records) reading(failed []Failure) tables.Reading {
	unread := make(map[stacks.Stack]bool, len(failed))
	for _, f := range failed {
		unread[key(f.Stack)] = true
	}
	reading := tables.Reading{Backend: tables.BackendOf(r.header.Backend), Stacks: []string{}}
	for _, read := range r.sorted() {
		if unread[read.key()] || unread[read.every()] {
			continue
		}
		if read.Project == "" && len(read.Entries) > 0 {
			read.Project = read.Entries[0].Project
		}
		reading.Stacks = append(reading.Stacks, read.key().String())
	}
	slices.Sort(reading.Stacks)
	return reading
}

// WriteIndex puts an index in place of a file, signed where there is a key. The permissions of a file that is there stay.
func WriteIndex(path string, index *tables.Index, key ed25519.PrivateKey) error {
	encoded := index.Encode()
	if key != nil {
		encoded = tables.Sign(encoded, key)
	}
	mode := fs.FileMode(0o644)
	if existing, err := os.Lstat(path); err == nil {
		mode = existing.Mode().Perm()
	}
	return atomicfile.Write(path, mode, func(w io.Writer) error {
		_, err := w.Write(encoded)
		return err
	})
}

// readAll reads stacks into the records.
func readAll(ctx context.Context, o Options, changed []stacks.Stack, recorded *records, result *Result) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	type outcome struct {
		stack stacks.Stack
		read  record
		err   error
	}
	queue, outcomes := make(chan stacks.Stack), make(chan outcome)
	go func() {
		defer close(queue)
		for _, s := range changed {
			select {
			case queue <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	var readers sync.WaitGroup
	for range max(o.Parallel, 1) {
		readers.Go(func() {
			for s := range queue {
				read, err := readOne(ctx, o, s)
				outcomes <- outcome{s, read, err}
			}
		})
	}
	go func() {
		readers.Wait()
		close(outcomes)
	}()

	progress := func(done int) {
		if o.Progress != nil {
			o.Progress(done, len(changed))
		}
	}
	progress(0)
	done := 0
	for each := range outcomes {
		switch {
		case each.err == nil:
			if err := recorded.add(each.read); err != nil {
				stop(err)
				continue
			}
			result.Read++
		case ctx.Err() != nil:
			continue // not the stack's failure
		case errors.Is(each.err, stacks.ErrGone):
			delete(recorded.known, key(each.stack))
		default:
			result.Failed = append(result.Failed, Failure{each.stack, each.err, recorded.earliest(each.stack)})
		}
		done++
		progress(done)
	}
	slices.SortFunc(result.Failed, func(a, b Failure) int { return strings.Compare(a.Stack.String(), b.Stack.String()) })
	return context.Cause(ctx)
}

func readOne(ctx context.Context, o Options, s stacks.Stack) (record, error) {
	if s.Err != nil {
		return record{}, s.Err
	}
	return within(ctx, o.Timeout, "not read", func(ctx context.Context) (record, error) {
		read := record{Organization: s.Organization, Project: s.Project, Stack: s.Name, ReadAt: o.Now()}
		state, err := o.Backend.Read(ctx, s)
		if err != nil {
			return read, err
		}
		if state.Settled {
			read.Version = s.Version
		}
		read.StateTables, err = facts.ReadTables(state, s.Organization)
		return read, errors.Join(err, state.Close())
	})
}

// within calls f. It returns once the time is up or ctx has ended, also where f goes on: a read of a disk that is gone, for
// one, ends for nobody.
func within[T any](ctx context.Context, limit time.Duration, late string, f func(context.Context) (T, error)) (T, error) {
	ctx, stop := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s within %v", late, limit))
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		defer stop()
		value, err := f(ctx)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		done <- outcome{value, err}
	}()
	select {
	case came := <-done:
		return came.value, came.err
	case <-ctx.Done():
	}
	select {
	case came := <-done: // stop is called after it
		return came.value, came.err
	default:
		var none T
		return none, context.Cause(ctx)
	}
}
