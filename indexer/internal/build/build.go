// Package build makes a table index of all the stacks of a backend.
package build

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	Output  string // path of the index; the records are beside it
	// All: read the unchanged stacks too.
	All bool
	// Parallel is the number of stacks read at the same time.
	Parallel int
	// Timeout is for one stack.
	Timeout time.Duration
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

// A Failure is a stack that could not be read.
type Failure struct {
	Stack stacks.Stack
	Err   error
	// Earlier is when the stack was read for what the index holds of it; zero where it holds nothing.
	Earlier time.Time
}

// Run builds the index. Stacks that cannot be read are in the result, and are no error. An error leaves the index as it
// was; the stacks that were read until then, by a run that was interrupted too, are not read again by the next run.
func Run(ctx context.Context, o Options) (result Result, err error) {
	generated := o.Now()
	listed, err := o.Backend.List(ctx)
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
	return result, WriteIndex(o.Output, index)
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
	x.Read = []tables.Reading{r.reading(unread)}
	return x
}

// reading names the stacks that were read. In the layout without projects, the tables of a stack tell its project.
func (r *records) reading(unread []string) tables.Reading {
	reading := tables.Reading{Backend: tables.BackendOf(r.header.Backend), Stacks: []string{}}
	for _, read := range r.sorted() {
		if slices.Contains(unread, read.key().String()) {
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

// WriteIndex puts an index in place of a file.
func WriteIndex(path string, index *tables.Index) error {
	return atomicfile.Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(index.Encode())
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
			earlier := recorded.known[key(each.stack)].ReadAt
			result.Failed = append(result.Failed, Failure{each.stack, each.err, earlier})
		}
		done++
		progress(done)
	}
	slices.SortFunc(result.Failed, func(a, b Failure) int { return strings.Compare(a.Stack.String(), b.Stack.String()) })
	return context.Cause(ctx)
}

func readOne(ctx context.Context, o Options, s stacks.Stack) (read record, err error) {
	ctx, stop := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("not read within %v", o.Timeout))
	defer stop()
	read = record{Organization: s.Organization, Project: s.Project, Stack: s.Name, ReadAt: o.Now()}
	state, err := o.Backend.Read(ctx, s)
	if err == nil {
		read.StateTables, err = facts.ReadTables(state, s.Organization)
		err = errors.Join(err, state.Close())
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = context.Cause(ctx)
	}
	if state.Settled {
		read.Version = s.Version
	}
	return read, err
}
