package index

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v3"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/files"
	"dynamoguard/internal/tables"
)

// settled is how old a file must be before it is cached. One that has just been written may be written again without
// its time or size showing it.
const settled = 2 * time.Second

// bounds are how much is read of a backend. What is beyond them is said.
type bounds struct {
	listed  int           // files and folders, in all
	stacks  int           // of which the state is read
	state   int64         // bytes of one state, decompressed
	states  int64         // bytes of all states, decompressed
	memory  int           // bytes that the tables of all states take
	reading time.Duration // that it takes, however long the run can wait
}

// realistic bounds leave room: the largest states have some hundred MB, and 512 MB hold the tables of a million.
var realistic = bounds{
	listed: 1_000_000, stacks: 100_000, state: mostState, states: 16 << 30, memory: 512 << 20, reading: 10 * time.Minute,
}

// mostState is how many bytes a state may have.
const mostState = 1 << 30

// A stateFile is the newest file of the state of one stack.
type stateFile struct {
	stack    string // project/stack, or the stack alone in the older layout
	path     string
	size     int64
	modified time.Time
}

// name is how the stack is known in an index.
func (f stateFile) name() string { return tables.NoOrganization + "/" + f.stack }

// A cached state is what was read of a file. It is the same file as long as path, size and time are.
type cached struct {
	Size     int64
	Modified int64 // nanoseconds
	tables.StateTables
}

// readFolder reads the states of a file:// backend as the CLI lays them out. What save keeps is not read again.
//
// Source: https://github.com/pulumi/pulumi/tree/master/pkg/backend/diy
func (l *Loading) readFolder(ctx context.Context, machine Machine, folder string, most bounds) (save func()) {
	// The cause says why not all is read.
	ctx, done := context.WithTimeoutCause(ctx, most.reading, fmt.Errorf("%v were over", most.reading))
	defer done()
	ctx, enough := context.WithCancelCause(ctx)
	defer enough(nil)

	root := filepath.Join(folder, ".pulumi")
	report := Report{Name: "the backend in " + folder, At: time.Now()}
	defer func() { l.report(report) }()
	found, err := files.Within(ctx, func() (listing, error) { return list(ctx, root, most) })
	if err != nil {
		report.Problem = plainError(err).Error()
		l.missing("the backend in %s: %s", folder, report.Problem)
		return func() {}
	}
	for _, u := range found.unreadable {
		l.missing("%s", u)
	}
	states := map[string]*ownState{}
	for _, f := range found.files {
		states[f.name()] = &ownState{changed: f.modified}
	}
	l.has(states, len(found.unreadable) == 0, 0)
	cache := cacheFile{folder: machine.Cache, key: "folder " + root}
	before := map[string]cached{}
	cache.load(ctx, &before)
	expected := 0
	for _, r := range before {
		expected += len(r.Entries)
	}
	l.mu.Lock()
	l.direct = make([]tables.Entry, 0, expected)
	l.mu.Unlock()

	decoded := &volume{most: most.states, enough: enough}
	memory := 0
	now := map[string]cached{} // what the cache is to hold
	changed := false
	backend := folderBackend(folder).id
	add := func(f stateFile, r cached, fresh bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, e := range r.Entries {
			memory += e.Memory()
		}
		if memory > most.memory {
			enough(fmt.Errorf("the tables take more than %d MB of memory", most.memory>>20))
			return
		}
		l.took(f.name(), r.StateTables, backend, &tables.Source{Name: "the state in " + fileURL(folder), At: f.modified})
		report.Stacks++
		report.Tables += len(r.Entries)
		if time.Since(f.modified) > settled {
			now[f.path] = r
			changed = changed || fresh
		}
	}
	var todo []stateFile
	for _, f := range found.files {
		if r, ok := before[f.path]; ok && r.Size == f.size && r.Modified == f.modified.UnixNano() {
			add(f, r, false)
		} else {
			todo = append(todo, f)
		}
	}
	next := make(chan stateFile)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(todo)) {
		workers.Go(func() {
			for f := range next {
				r, err := readState(ctx, f, most.state, decoded)
				switch {
				case errors.Is(err, fs.ErrNotExist):
					// The stack was removed, or moved to another file, since it was listed: nothing to say.
					add(stateFile{stack: f.stack, modified: time.Now()}, cached{}, false)
				case ctx.Err() != nil:
					// It was not read to the end.
				case err != nil:
					l.failed(f.name(), plainError(err))
				default:
					add(f, r, true)
				}
			}
		})
	}
	for _, f := range todo {
		if ctx.Err() != nil {
			break
		}
		next <- f
	}
	close(next)
	workers.Wait()
	if why := context.Cause(ctx); why != nil && why != context.Canceled { // else those who wait have ended it
		l.mu.Lock()
		l.cut = why
		l.mu.Unlock()
	}
	// What was read is worth keeping even where time ran out: the next run has less to read.
	return func() {
		if ctx.Err() != nil {
			for path, r := range before {
				if _, ok := now[path]; !ok {
					now[path] = r
				}
			}
		}
		if changed || len(now) != len(before) {
			cache.save(now)
		}
	}
}

var errZstandard = errors.New("compressed with Zstandard")

// A listing is the newest file of each stack, and what of the folders could not be listed.
type listing struct {
	files      []stateFile
	unreadable []string
}

var errEnough = errors.New("there are enough")

// list lists the newest file of each stack. Backups, attributes, tags and retained checkpoints have names of their own.
func list(ctx context.Context, root string, most bounds) (found listing, err error) {
	folder := filepath.Join(root, "stacks")
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		_, err := os.Stat(root)
		return found, err // none: no stack yet
	}
	version, err := layout(ctx, root)
	if err != nil {
		return found, err
	}
	unreadable := func(format string, args ...any) {
		found.unreadable = append(found.unreadable, fmt.Sprintf(format, args...))
	}
	newest := map[string]stateFile{}
	add := func(project string, entry fs.DirEntry) error {
		i := strings.LastIndex(entry.Name(), ".json")
		if i <= 0 {
			return nil
		}
		name, suffix := entry.Name()[:i], entry.Name()[i+len(".json"):]
		if suffix != "" && suffix != ".gz" && suffix != ".zst" {
			return nil
		}
		f := stateFile{stack: name, path: filepath.Join(folder, project, entry.Name())}
		if project != "" {
			f.stack = project + "/" + name
		}
		info, err := stat(f.path, entry)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir():
			return nil // it is gone, or never was a state
		case err == nil && !info.Mode().IsRegular():
			err = files.ErrNotRegular
		}
		if err != nil {
			unreadable("the state of %s: %v", f.stack, plainError(err))
			return nil
		}
		f.size, f.modified = info.Size(), info.ModTime()
		other, ok := newest[f.stack]
		if !ok && len(newest) == most.stacks {
			unreadable("the stacks beyond the first %d", most.stacks)
			return errEnough
		}
		if !ok || cmp.Or(f.modified.Compare(other.modified), strings.Compare(f.path, other.path)) > 0 {
			newest[f.stack] = f
		}
		return nil
	}
	listed := 0
	each := func(folder string, f func(fs.DirEntry) error) error {
		return files.Each(ctx, folder, func(entry fs.DirEntry) error {
			if listed == most.listed {
				unreadable("the stacks beyond the first %s of the backend", count(most.listed, "file"))
				return errEnough
			}
			listed++
			return f(entry)
		})
	}
	err = each(folder, func(entry fs.DirEntry) error {
		if version == 0 {
			return add("", entry)
		}
		project := filepath.Join(folder, entry.Name())
		info, err := stat(project, entry)
		if err == nil && info.IsDir() {
			err = each(project, func(s fs.DirEntry) error { return add(entry.Name(), s) })
		}
		if err == errEnough || ctx.Err() != nil {
			return err
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			unreadable("the stacks of project %s: %v", entry.Name(), plainError(err))
		}
		return nil
	})
	if err != nil && err != errEnough {
		return listing{}, err
	}
	slices.Sort(found.unreadable)
	found.files = slices.SortedFunc(maps.Values(newest), func(a, b stateFile) int { return strings.Compare(a.path, b.path) })
	return found, nil
}

// stat is what an entry of a folder is, or what it is a link to.
func stat(path string, entry fs.DirEntry) (fs.FileInfo, error) {
	if entry.Type()&fs.ModeSymlink != 0 {
		return os.Stat(path)
	}
	return entry.Info()
}

// newestLayout is the newest version of the layout of a backend that is known: it has a folder for each project. Layout 0,
// which has no meta.yaml, has not.
const newestLayout = 1

// layout is the version of the layout of a backend.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/meta.go
func layout(ctx context.Context, root string) (int, error) {
	data, err := files.Read(ctx, filepath.Join(root, "meta.yaml"), mostSettings)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("meta.yaml: %w", plainError(err))
	}
	var meta struct{ Version *int }
	if err := yaml.Unmarshal(data, &meta); err != nil || meta.Version == nil || *meta.Version < 0 {
		return 0, errors.New("meta.yaml does not tell a version")
	}
	if *meta.Version > newestLayout {
		return 0, fmt.Errorf("meta.yaml tells layout %d, and this version of dynamoguard reads layouts up to %d; update it", *meta.Version, newestLayout)
	}
	return *meta.Version, nil
}

// readState reads one state, of at most so many bytes. A state that is being replaced is whole, before or after; where a
// filesystem cannot do that, it is read once more.
func readState(ctx context.Context, f stateFile, most int64, all *volume) (cached, error) {
	if strings.HasSuffix(f.path, ".zst") {
		return cached{}, errZstandard
	}
	read := func() (cached, error) {
		file, err := files.Open(ctx, f.path, most)
		if err != nil {
			return cached{}, err
		}
		defer func() { _ = file.Close() }()
		var r io.Reader = file
		if strings.HasSuffix(f.path, ".gz") {
			if r, err = gzip.NewReader(r); err != nil {
				return cached{}, err
			}
		}
		found, err := facts.ReadTables(files.Limit(metered{ctx, r, all}, most), tables.NoOrganization)
		var tooLarge *files.TooLargeError
		if errors.As(err, &tooLarge) {
			err = tooLarge // not that it is no state
		}
		return cached{Size: file.Info.Size(), Modified: file.Info.ModTime().UnixNano(), StateTables: found}, err
	}
	r, err := read()
	if err != nil && ctx.Err() == nil && !slices.ContainsFunc(lasting, func(l error) bool { return errors.Is(err, l) }) {
		time.Sleep(20 * time.Millisecond)
		r, err = read()
	}
	return r, err
}

// lasting are the causes of errors that a state has however often it is read.
var lasting = []error{fs.ErrNotExist, fs.ErrPermission, files.ErrNotRegular, files.ErrTooLarge}

// A volume is how much of all states was read. Once that is more than most, it is enough.
type volume struct {
	read   atomic.Int64
	most   int64
	enough context.CancelCauseFunc
}

// A metered reader adds what is read to a volume, and fails once its context has ended, decompressing included.
type metered struct {
	ctx context.Context
	r   io.Reader
	all *volume
}

func (m metered) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	if m.all.read.Add(int64(n)) > m.all.most {
		m.all.enough(fmt.Errorf("the states have more than %d GB", m.all.most>>30))
	}
	return n, err
}
