package index

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/tables"
)

// settled is how old a file must be before it is cached. One that has just been written may be written again without
// its time or size showing it.
const settled = 2 * time.Second

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
func (l *Loading) readFolder(ctx context.Context, machine Machine, folder string) (save func()) {
	root := filepath.Join(folder, ".pulumi")
	report := Report{Name: "the backend in " + folder, At: time.Now()}
	defer func() { l.report(report) }()
	files, unreadable, err := stateFiles(root)
	if err != nil {
		report.Problem = plainError(err).Error()
		l.missing("the backend in %s: %s", folder, report.Problem)
		return func() {}
	}
	for _, u := range unreadable {
		l.missing("%s", u)
	}
	states := map[string]*ownState{}
	for _, f := range files {
		states[f.name()] = &ownState{changed: f.modified}
	}
	l.has(states, len(unreadable) == 0, 0)
	cache := cacheFile{folder: machine.Cache, key: "folder " + root}
	before := map[string]cached{}
	cache.load(&before)
	expected := 0
	for _, r := range before {
		expected += len(r.Entries)
	}
	l.mu.Lock()
	l.direct = make([]tables.Entry, 0, expected)
	l.mu.Unlock()

	now := map[string]cached{} // what the cache is to hold
	changed := false
	backend := folderBackend(folder).id
	add := func(f stateFile, r cached, fresh bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.took(f.name(), r.StateTables, backend, &tables.Source{Name: "the state in " + fileURL(folder), At: f.modified})
		report.Stacks++
		report.Tables += len(r.Entries)
		if time.Since(f.modified) > settled {
			now[f.path] = r
			changed = changed || fresh
		}
	}
	var todo []stateFile
	for _, f := range files {
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
				r, err := readState(ctx, f)
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

// stateFiles lists the newest file of each stack. Backups, attributes, tags and retained checkpoints have names of their
// own. What cannot be listed is in unreadable.
func stateFiles(root string) (files []stateFile, unreadable []string, err error) {
	folder := filepath.Join(root, "stacks")
	listed, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(root); err != nil {
			return nil, nil, err
		}
		return nil, nil, nil // no stack yet
	}
	if err != nil {
		return nil, nil, err
	}
	newest := map[string]stateFile{}
	add := func(project string, entry fs.DirEntry) {
		i := strings.LastIndex(entry.Name(), ".json")
		if i <= 0 {
			return
		}
		name, suffix := entry.Name()[:i], entry.Name()[i+len(".json"):]
		if suffix != "" && suffix != ".gz" && suffix != ".zst" {
			return
		}
		f := stateFile{stack: name, path: filepath.Join(folder, project, entry.Name())}
		if project != "" {
			f.stack = project + "/" + name
		}
		info, err := stat(f.path, entry)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			unreadable = append(unreadable, fmt.Sprintf("the state of %s: %v", f.stack, plainError(err)))
		}
		if err != nil || !info.Mode().IsRegular() {
			return // it is gone
		}
		f.size, f.modified = info.Size(), info.ModTime()
		if other, ok := newest[f.stack]; !ok || f.modified.After(other.modified) {
			newest[f.stack] = f
		}
	}
	version, err := layout(root)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range listed {
		if version == 0 {
			add("", entry)
			continue
		}
		info, err := stat(filepath.Join(folder, entry.Name()), entry)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			unreadable = append(unreadable, fmt.Sprintf("the stacks of project %s: %v", entry.Name(), plainError(err)))
		}
		if err != nil || !info.IsDir() {
			continue
		}
		stacks, err := os.ReadDir(filepath.Join(folder, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			unreadable = append(unreadable, fmt.Sprintf("the stacks of project %s: %v", entry.Name(), plainError(err)))
		}
		for _, s := range stacks {
			add(entry.Name(), s)
		}
	}
	for _, f := range newest {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b stateFile) int { return strings.Compare(a.path, b.path) })
	return files, unreadable, nil
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

var layoutVersion = regexp.MustCompile(`(?m)^[ {]*["']?version["']? *: *["']?([0-9]+)["']?[ }]*(#.*)?\r?$`)

// layout is the version of the layout of a backend.
func layout(root string) (int, error) {
	data, err := os.ReadFile(filepath.Join(root, "meta.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("meta.yaml: %w", plainError(err))
	}
	found := layoutVersion.FindSubmatch(data)
	if found == nil {
		return 0, errors.New("meta.yaml does not tell a version")
	}
	version, err := strconv.Atoi(string(found[1]))
	if err != nil || version > newestLayout {
		return 0, fmt.Errorf("meta.yaml tells layout %s, and this version of dynamoguard reads layouts up to %d; update it", found[1], newestLayout)
	}
	return version, nil
}

// readState reads one state. A state that is being replaced is whole, before or after; where a filesystem cannot do that,
// it is read once more.
func readState(ctx context.Context, f stateFile) (cached, error) {
	if strings.HasSuffix(f.path, ".zst") {
		return cached{}, errZstandard
	}
	read := func() (cached, error) {
		file, err := os.Open(f.path)
		if err != nil {
			return cached{}, err
		}
		defer func() { _ = file.Close() }()
		info, err := file.Stat()
		if err != nil {
			return cached{}, err
		}
		var r io.Reader = contextReader{ctx, file}
		if strings.HasSuffix(f.path, ".gz") {
			if r, err = gzip.NewReader(r); err != nil {
				return cached{}, err
			}
		}
		found, err := facts.ReadTables(r, tables.NoOrganization)
		return cached{Size: info.Size(), Modified: info.ModTime().UnixNano(), StateTables: found}, err
	}
	r, err := read()
	if err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		time.Sleep(20 * time.Millisecond)
		r, err = read()
	}
	return r, err
}

// A contextReader fails once its context has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
