// Package index gets at the tables of other stacks: from an index that was built before, and from the backend of the running
// stack, if that is a folder or Pulumi Cloud. It never fails and never takes longer than it may: what could not be read is
// said.
package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"dynamoguard/internal/files"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// None is the source of a run that is to look at no other stack.
const None = "none"

// Settings say where to look.
type Settings struct {
	Source    string            // of an index: an absolute path or an https URL; empty for the stack's own backend alone; or None
	SHA256    string            // of that index in hexadecimal; empty to take it as it is
	PublicKey string            // that it is signed with, see tables.ParsePublicKey; empty to take it as it is
	Header    map[string]string // sent where that index is got: the name of a header, and of the environment variable that holds it
	MaxAge    time.Duration     // an index older than this is said to be; 0 is any age
	Budget    time.Duration     // how long a run may be kept waiting in all
}

// A Machine is what a run has around it: variables, files and the network.
type Machine struct {
	Getenv func(string) string
	Home   string       // what ~ is to the CLI: the user's home as the system has it
	Folder string       // of the program: Pulumi.yaml is there or above
	Cache  string       // folder for what was read before; empty for none
	Client *http.Client // follows no redirect to an address without TLS
}

// System is the machine of this process.
func System() Machine {
	m := Machine{Getenv: os.Getenv, Client: newClient(nil)}
	// The CLI does not ask HOME.
	// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/util/pulumihome
	if user, err := user.Current(); err == nil {
		m.Home = user.HomeDir
	}
	m.Folder, _ = os.Getwd()
	if cache, err := os.UserCacheDir(); err == nil {
		m.Cache = cache + string(os.PathSeparator) + "dynamoguard"
	}
	return m
}

// A Loading is what is known of the tables of all stacks. It is read in the background, however long that takes, until it
// is first asked for; from then on the budget runs. It is safe for concurrent use.
type Loading struct {
	settings     Settings
	organization string // of the running stack; empty where that is not known
	stop         context.CancelFunc
	done         chan struct{} // closed when nothing is read any more
	saved        chan struct{} // closed when what was read is kept for the next run
	settle       sync.Once

	mu       sync.Mutex
	backend  string                    // of the running stack, as tables.BackendOf returns it; empty where it is not known
	given    *tables.Index             // that was configured; nil for none
	opened   bool                      // the configured index, or it was said why not
	direct   []tables.Entry            // as read so far from the stack's own backend
	states   map[string]*ownState      // of that backend, by organization/project/stack, or organization/stack in the older layout
	listed   bool                      // states are all there are
	secret   int                       // tables left out of direct
	unread   []tables.Unread           // what was not read, and why
	cut      error                     // why the reading of states ended before its end, but for the budget
	reports  []Report                  // one for each source, the search aside
	search   *search                   // where tables are asked for one by one
	inCloud  bool                      // states are of Pulumi Cloud
	slack    time.Duration             // how long after it is said to have changed, a state may have changed still
	asked    bool                      // and answered: nothing changes any more
	lookup   *tables.Lookup            // once settled
	own      map[string][]tables.Entry // by project/stack
	complete bool
}

// An ownState is the state of one stack in the running one's own backend.
type ownState struct {
	changed time.Time // zero where that is not known
	read    bool
	problem error // that it could not be read for
}

// A Report says what came of one source.
type Report struct {
	Name           string    // fit to be shown
	At             time.Time // of which it tells; zero where it was not read
	Stacks, Tables int       // that were read
	Problem        string    // that it was not read for, or that something is wrong with it; fit to be shown
}

// Load starts to read for a stack of an organization, empty where that is not known. ctx ends it.
func Load(ctx context.Context, settings Settings, machine Machine, organization string) *Loading {
	ctx, stop := context.WithCancel(ctx)
	l := &Loading{
		settings: settings, organization: organization, stop: stop, done: make(chan struct{}), saved: make(chan struct{}),
	}
	go func() {
		defer close(l.saved)
		save := l.read(ctx, machine)
		close(l.done)
		save()
	}()
	return l
}

// Stop ends the reading; what is known by then stays known.
func (l *Loading) Stop() { l.stop() }

// Close ends the reading and waits until what was read is kept for the next run, but no longer than a second.
func (l *Loading) Close() {
	l.stop()
	select {
	case <-l.saved:
	case <-time.After(time.Second):
	}
}

// read reads the sources that there are: the configured index and the backend of the stack. What save keeps for the next run,
// nobody has to wait for.
func (l *Loading) read(ctx context.Context, machine Machine) (save func()) {
	if l.settings.Source == None {
		return func() {}
	}
	backend, err := files.Within(ctx, func() (backend, error) { return findBackend(ctx, machine) })
	l.mu.Lock()
	l.backend = backend.id
	l.mu.Unlock()
	var saves []func()
	var reading sync.WaitGroup
	if backend.folder != "" {
		reading.Go(func() { saves = append(saves, l.readFolder(ctx, machine, backend.folder, realistic)) })
	}
	saveIndex, given := l.readIndex(ctx, machine)
	switch {
	case err != nil && err == ctx.Err():
		if l.settings.Source == "" {
			l.missing("the backend of the stack was not found: %v", errLate)
		}
	case err != nil:
		if !given { // else the index was configured for that
			l.missing("%v", err)
		}
		l.report(Report{Name: "the stack's own backend", Problem: err.Error()})
	case backend.folder != "":
	case backend.cloud != "" && given:
		l.readCloud(ctx, newCloud(machine, backend, l.organization))
	case backend.cloud != "":
		l.mu.Lock()
		if !l.asked {
			l.search = newSearch(ctx, newCloud(machine, backend, l.organization))
		}
		l.mu.Unlock()
	default:
		reason := fmt.Sprintf("the backend %s is read through an index", backend.name)
		if l.settings.Source == "" {
			reason += ", and none is configured (dynamoguard.index)"
			l.missing("%s", reason)
		}
		l.report(Report{Name: "the backend " + backend.name, Problem: reason})
	}
	reading.Wait()
	return func() {
		for _, save := range append(saves, saveIndex) {
			save()
		}
	}
}

// readIndex reads the configured index, and reports whether there is one.
func (l *Loading) readIndex(ctx context.Context, machine Machine) (save func(), ok bool) {
	save = func() {}
	if l.settings.Source == "" {
		return save, false
	}
	name := l.indexName()
	opening, done := context.WithTimeout(ctx, l.settings.Budget)
	defer done()
	var x *tables.Index
	err := errRelative
	if strings.Contains(l.settings.Source, "://") || filepath.IsAbs(l.settings.Source) {
		x, save, err = open(opening, l.settings, machine)
	}
	if err != nil {
		// The backend, if it can be read at all, is better than nothing.
		l.missing("%s: %v", name, err)
		l.report(Report{Name: name, Problem: err.Error()})
		save = func() {}
	} else {
		l.take(name, x)
	}
	l.mu.Lock()
	l.opened = true
	l.mu.Unlock()
	return save, err == nil
}

func (l *Loading) indexName() string { return "the index " + public(l.settings.Source) }

// errRelative: the folder that a path starts from, the program's, is the developer's.
var errRelative = errors.New("it is neither an absolute path nor an https URL")

// skew is how far two clocks may be apart.
const skew = 5 * time.Minute

func future(x *tables.Index) bool { return time.Until(x.GeneratedAt) > skew }

// take takes a whole index.
func (l *Loading) take(name string, x *tables.Index) {
	source := &tables.Source{Name: name, At: x.GeneratedAt}
	owners := map[string]bool{}
	for _, r := range x.Read {
		for _, stack := range r.Stacks {
			owners[r.Backend+" "+stack] = true
		}
	}
	for i := range x.Tables {
		x.Tables[i].Source = source
		if len(x.Read) == 0 {
			owners[x.Tables[i].FullOwner()] = true
		}
	}
	problem := ""
	switch age := time.Since(x.GeneratedAt); {
	case future(x):
		problem = fmt.Sprintf("the index says it was made in the future, on %s: what changed since", tables.ShowTime(x.GeneratedAt))
	case l.settings.MaxAge > 0 && age > l.settings.MaxAge:
		problem = fmt.Sprintf("the index was made %d days ago, on %s: what changed since", int(age.Hours()/24), x.GeneratedAt.Format(time.DateOnly))
	}
	l.mu.Lock()
	l.given = x
	l.mu.Unlock()
	if problem != "" {
		l.lacks(tables.Unread{Reason: problem, Kind: tables.Outdated})
	}
	l.report(Report{Name: name, At: x.GeneratedAt, Stacks: len(owners), Tables: len(x.Tables), Problem: problem})
}

func (l *Loading) report(r Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked {
		l.reports = append(l.reports, r)
	}
}

func (l *Loading) missing(format string, args ...any) {
	l.lacks(tables.Unread{Reason: fmt.Sprintf(format, args...)})
}

func (l *Loading) lacks(u tables.Unread) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked { // else it was said already that time was up
		l.unread = append(l.unread, u)
	}
}

// has notes the stacks of the running one's own backend, and whether that is all of them.
func (l *Loading) has(states map[string]*ownState, all bool, slack time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked {
		l.states, l.listed, l.slack = states, all, slack
	}
}

// took notes the tables of one stack, by the name that has knows it by. l.mu is held.
func (l *Loading) took(stack string, found tables.StateTables, backend string, source *tables.Source) {
	from := len(l.direct)
	l.direct = append(l.direct, found.Entries...)
	for i := range l.direct[from:] {
		l.direct[from+i].Backend, l.direct[from+i].Source = backend, source
	}
	l.secret += found.Secret
	if s := l.states[stack]; s != nil {
		s.read = true
	}
}

// failed notes why a stack could not be read.
func (l *Loading) failed(stack string, problem error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.states[stack]; s != nil {
		s.problem = problem
	}
}

// long is how long an update may take. What tells when one began does not tell when it ended.
const long = time.Hour

// readCloud reads the stacks of Pulumi Cloud of which the index may not tell how they are: those that it did not read, and
// those that were updated since.
func (l *Loading) readCloud(ctx context.Context, c *cloud) {
	r := Report{Name: "Pulumi Cloud at " + c.backend.name}
	defer func() { l.report(r) }()
	l.mu.Lock()
	l.inCloud = true
	l.mu.Unlock()
	if c.organization == "" {
		r.Problem = noOrganization(c.backend)
		l.missing("%s", r.Problem)
		return
	}
	listed, err := c.list(ctx)
	if err != nil {
		r.Problem = fmt.Sprintf("the stacks of Pulumi Cloud at %s: %v", c.backend.name, err)
		l.missing("%s, so only the index tells of them", r.Problem)
		return
	}
	r.At = c.source.At
	made, inIndex := l.given.GeneratedAt, l.given.Stacks(c.backend.id)
	states := map[string]*ownState{}
	var todo []listedStack
	for _, owner := range slices.Sorted(maps.Keys(listed)) {
		s, full := listed[owner], c.organization+"/"+owner
		states[full] = &ownState{changed: s.updated()}
		switch settled := s.LastUpdate != nil && !s.updated().Add(long).After(made); {
		case s.empty():
			states[full].read = true // there is nothing to read
		case settled && inIndex[full]:
		default:
			todo = append(todo, s)
		}
	}
	l.has(states, false, long) // the token may not see all of them
	c.exportAll(ctx, todo, func(s listedStack, found tables.StateTables, err error) {
		full := c.organization + "/" + s.owner()
		switch {
		case err == nil:
			r.Stacks++
			r.Tables += len(found.Entries)
			l.mu.Lock()
			l.took(full, found, c.backend.id, c.source)
			l.mu.Unlock()
		case ctx.Err() == nil: // else it was not read to the end
			l.failed(full, err)
		}
	})
}

// await waits until everything is read or the budget is used up, whichever comes first.
func (l *Loading) await() {
	l.settle.Do(func() {
		start := time.Now()
		timer := time.NewTimer(l.settings.Budget)
		defer timer.Stop()
		late := false
		select {
		case <-l.done:
		case <-timer.C:
			l.stop() // what is being read fails now, and says why
			select {
			case <-l.done:
			case <-time.After(50 * time.Millisecond):
				late = true
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.asked = true
		switch {
		case late && l.states == nil:
			l.unread = append(l.unread, tables.Unread{Reason: fmt.Sprintf("all other stacks, because %v were over", l.settings.Budget)})
		case late && l.settings.Source != "" && !l.opened: // nothing else says so where the backend was read
			l.unread = append(l.unread, tables.Unread{Reason: fmt.Sprintf("%s, because %v were over", l.indexName(), l.settings.Budget)})
		}
		l.lookup = tables.NewLookup(tables.New(time.Now(), l.combine(), nil, 0))
		l.own = map[string][]tables.Entry{}
		l.complete = len(l.unread) == 0 && l.secret == 0 && l.search == nil && l.settings.Source != None
		if l.search != nil {
			l.search.left = l.settings.Budget - time.Since(start)
		}
	})
}

// combine puts the index and what was read of the stack's own backend together. On its stacks the backend has the say: what the
// index tells of one that was read, or that is not there any more, is left out, and what it tells of one that was not read
// although it has changed since is in doubt. l.mu is held.
func (l *Loading) combine() []tables.Entry {
	l.lackOfStates()
	if l.given == nil {
		return slices.Clone(l.direct)
	}
	foreign := !l.given.Tells(l.backend)
	if foreign && len(l.given.Tables) > 0 {
		l.given.Tables[0].Source.Foreign = true // they share it
	}
	running := tables.Owner{Backend: l.backend}
	doubts := map[string]*tables.Source{} // by what they say: many entries share one
	doubt := func(e tables.Entry, why string) tables.Entry {
		if doubts[why] == nil {
			doubts[why] = &tables.Source{Name: e.Source.Name, At: e.Source.At, Doubt: why}
		}
		e.Source = doubts[why]
		return e
	}
	entries := make([]tables.Entry, 0, len(l.given.Tables)+len(l.direct))
	for _, e := range l.given.Tables {
		s := l.stateOf(e)
		switch {
		case running.Elsewhere(e):
			if foreign && s != nil {
				e = doubt(e, tables.MayBeSameBackend)
			}
		case s != nil && s.read:
			continue
		case s != nil && (future(l.given) || s.changed.After(l.given.GeneratedAt)):
			e = doubt(e, "its state of "+tables.ShowTime(s.changed)+" is newer, and was not read")
		case s == nil && l.listed && e.Backend != "":
			continue
		}
		entries = append(entries, e)
	}
	l.lackOfIndex(foreign)
	return append(entries, l.direct...)
}

// stateOf is what is known of the stack of an entry in the stack's own backend.
func (l *Loading) stateOf(e tables.Entry) *ownState {
	organization := cmp.Or(e.Organization, tables.NoOrganization) + "/"
	return cmp.Or(l.states[organization+e.Owner()], l.states[organization+e.Stack])
}

// lackOfStates says which states of the stack's own backend were not read, and why, those aside that the index tells the latest
// of. l.mu is held.
func (l *Loading) lackOfStates() {
	var inIndex map[string]bool
	if l.given != nil && !future(l.given) {
		inIndex = l.given.Stacks(l.backend)
	}
	of := 0
	var broken, compressed, late, problems []string
	lost := map[string][]string{}
	for _, full := range slices.Sorted(maps.Keys(l.states)) {
		s := l.states[full]
		if inIndex[full] && !s.changed.Add(l.slack).After(l.given.GeneratedAt) {
			continue
		}
		of++
		_, name, _ := strings.Cut(full, "/")
		switch {
		case s.read:
		case s.problem == nil:
			late = append(late, full)
		case l.inCloud:
			lost[s.problem.Error()] = append(lost[s.problem.Error()], name)
		case errors.Is(s.problem, errZstandard):
			compressed = append(compressed, full)
		default:
			broken = append(broken, full)
			problems = append(problems, fmt.Sprintf("%s (%v)", name, s.problem))
		}
	}
	say := func(list []string, format string, args ...any) {
		if len(list) > 0 {
			l.unread = append(l.unread, tables.Unread{Reason: fmt.Sprintf(format, args...), Stacks: list})
		}
	}
	say(broken, "%s that cannot be read: %s", stacks(len(broken)), some(problems))
	say(compressed, "%s compressed with Zstandard, which is read through an index only: %s", stacks(len(compressed)), some(shortened(compressed)))
	l.unread = append(l.unread, lostStates(l.organization, lost)...)
	why := l.cut
	if why == nil {
		why = fmt.Errorf("%v were over", l.settings.Budget)
	}
	say(late, "%s of %d, because %v", stacks(len(late)), of, why)
}

// shortened are the names of stacks without the organization.
func shortened(list []string) []string {
	short := make([]string, len(list))
	for i, full := range list {
		_, short[i], _ = strings.Cut(full, "/")
	}
	return short
}

// lackOfIndex says what the index lacks and the stack's own backend does not make up for. l.mu is held.
func (l *Loading) lackOfIndex(foreign bool) {
	var lacks []string
	for _, stack := range l.given.Unread {
		if s := l.states[stack]; foreign || len(l.given.Read) > 1 || s == nil || !s.read {
			lacks = append(lacks, stack)
		}
	}
	if n := len(lacks); n > 0 {
		l.unread = append(l.unread, tables.Unread{
			Reason: fmt.Sprintf("the index lacks %s that could not be read when it was made: %s", stacks(n), some(lacks)), Stacks: lacks,
		})
	}
	l.secret = max(l.secret, l.given.Secret) // of stacks that may be the same
}

// Backend is that of the running stack, as tables.BackendOf returns it; empty where it is not known.
func (l *Loading) Backend() string {
	l.await()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.backend
}

// Named returns the tables of a name that stacks own, the running one's included.
func (l *Loading) Named(name string) []tables.Entry {
	l.await()
	if l.search != nil {
		return l.search.named(name)
	}
	return l.lookup.Named(name)
}

// Matching returns the tables with names that match a pattern, in which * and ? are wildcards, of the stacks and places that are
// in. That is asked of each before its tables are looked at, or asked for, by an entry without a name; it must not ask
// the Loading in turn.
func (l *Loading) Matching(pattern string, in func(tables.Entry) bool) iter.Seq[tables.Entry] {
	l.await()
	if l.search != nil {
		return l.search.matching(pattern, in)
	}
	return l.lookup.Matching(pattern, in)
}

// Own returns the tables of a stack of the organization, as it was before the run.
func (l *Loading) Own(project, stack string) []tables.Entry {
	l.await()
	if l.search != nil {
		return l.search.own(project, stack)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	owner := tables.Owner{Backend: l.backend, Organization: l.organization, Project: project, Stack: stack}
	own, known := l.own[project+"/"+stack]
	if !known {
		for _, e := range l.lookup.All() {
			if owner.Owns(e) {
				own = append(own, e)
			}
		}
		l.own[project+"/"+stack] = own
	}
	return own
}

// Complete reports whether a table that is not known is one that no stack owns.
func (l *Loading) Complete() bool {
	l.await()
	return l.complete
}

// Unread says what was not read of what was asked for, and why: one reason for each. It does not wait.
func (l *Loading) Unread() []tables.Unread {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked {
		return nil
	}
	list := slices.Clone(l.unread)
	if l.search != nil {
		list = append(list, l.search.unread()...)
	}
	if l.secret > 0 {
		list = append(list, tables.Unread{Reason: count(l.secret, "table") + " with a secret name", Kind: tables.SecretNames})
	}
	return list
}

// Sources says what came of each source. It waits for them.
func (l *Loading) Sources() []Report {
	l.await()
	l.mu.Lock()
	reports := slices.Clone(l.reports)
	l.mu.Unlock()
	if l.search != nil {
		reports = append(reports, l.search.report())
	}
	return reports
}

func stacks(n int) string { return count(n, "stack") }

func count(n int, one string) string { return text.Count(n, one, one+"s") }

// some lists the first few of many.
func some(list []string) string {
	const most = 3
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
