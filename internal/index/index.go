// Package index gets at the tables of other stacks: from an index that was built before, from the backend of the running
// stack if that is a folder, or from Pulumi Cloud. It never fails and never takes longer than it may: what could not be
// read is said.
package index

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// Settings say where to look.
type Settings struct {
	Source    string        // of an index: a path or an https URL; empty to read the stack's own backend
	SHA256    string        // of that index in hexadecimal; empty to take it as it is
	PublicKey string        // that it is signed with, see tables.ParsePublicKey; empty to take it as it is
	MaxAge    time.Duration // an index older than this is said to be; 0 is any age
	Budget    time.Duration // how long a run may be kept waiting in all
}

// A Stack is the running one.
type Stack struct{ Organization, Project, Name string }

// A Machine is what a run has around it: variables, files and the network.
type Machine struct {
	Getenv func(string) string
	Home   string       // folder that holds .pulumi
	Folder string       // of the program: Pulumi.yaml is there or above
	Cache  string       // folder for what was read before; empty for none
	Client *http.Client // follows no redirect to an address without TLS
}

// System is the machine of this process.
func System() Machine {
	m := Machine{Getenv: os.Getenv, Client: newClient(nil)}
	m.Home, _ = os.UserHomeDir()
	m.Folder, _ = os.Getwd()
	if cache, err := os.UserCacheDir(); err == nil {
		m.Cache = cache + string(os.PathSeparator) + "dynamoguard"
	}
	return m
}

// newClient returns a client that keeps to TLS once it has it.
func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" || len(via) >= 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// A Loading is what is known of the tables of all stacks. It is read in the background, however long that takes, until it
// is first asked for; from then on the budget runs. It is safe for concurrent use.
type Loading struct {
	settings Settings
	stack    Stack
	stop     context.CancelFunc
	done     chan struct{} // closed when nothing is read any more
	saved    chan struct{} // closed when what was read is kept for the next run
	settle   sync.Once

	mu       sync.Mutex
	entries  []tables.Entry // as read so far
	secret   int
	unread   []string // reasons: what was not read, and why
	search   *search  // where tables are asked for one by one
	stacks   progress
	asked    bool                  // and answered: nothing changes any more
	index    *tables.Index         // once settled
	own      func() []tables.Entry // of it
	complete bool
}

// progress is how many stacks of a backend were read, and how many there are.
type progress struct{ read, of int }

// Load starts to read. ctx ends it.
func Load(ctx context.Context, settings Settings, machine Machine, stack Stack) *Loading {
	ctx, stop := context.WithCancel(ctx)
	l := &Loading{settings: settings, stack: stack, stop: stop, done: make(chan struct{}), saved: make(chan struct{})}
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

// read reads the first source that there is: the configured index, or else the backend of the stack. What save keeps for
// the next run, nobody has to wait for.
func (l *Loading) read(ctx context.Context, machine Machine) (save func()) {
	save = func() {}
	if l.settings.Source != "" {
		opening, done := context.WithTimeout(ctx, l.settings.Budget)
		x, save, err := open(opening, l.settings, machine)
		done()
		if err == nil {
			l.take(x)
			return save
		}
		// The backend, if it can be read at all, is better than nothing.
		l.missing("the index %s: %v", public(l.settings.Source), err)
	}
	backend, err := findBackend(machine)
	switch {
	case err != nil:
		l.missing("%v", err)
	case backend.folder != "":
		return l.readFolder(ctx, machine, backend.folder)
	case backend.cloud != "":
		l.mu.Lock()
		if !l.asked {
			l.search = newSearch(machine.Client, backend, l.stack)
		}
		l.mu.Unlock()
	default:
		if l.settings.Source == "" {
			l.missing("the backend %s is read through an index, and none is configured (dynamoguard.index)", backend.name)
		}
	}
	return save
}

// take takes a whole index.
func (l *Loading) take(x *tables.Index) {
	l.mu.Lock()
	l.entries, l.secret = x.Tables, x.Secret
	l.mu.Unlock()
	if n := len(x.Unread); n > 0 {
		l.missing("the index lacks %s that could not be read when it was made: %s", stacks(n), some(x.Unread))
	}
	if age := time.Since(x.GeneratedAt); l.settings.MaxAge > 0 && age > l.settings.MaxAge {
		l.missing("the index was made %d days ago, on %s: what changed since", int(age.Hours()/24), x.GeneratedAt.Format(time.DateOnly))
	}
}

func (l *Loading) missing(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked { // else it was said already that time was up
		l.unread = append(l.unread, fmt.Sprintf(format, args...))
	}
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
		case late && l.stacks.of > 0:
			l.unread = append(l.unread, fmt.Sprintf("%s of %d, because %v were over", stacks(l.stacks.of-l.stacks.read), l.stacks.of, l.settings.Budget))
		case late:
			l.unread = append(l.unread, fmt.Sprintf("all other stacks, because %v were over", l.settings.Budget))
		}
		l.index = tables.New(time.Now(), slices.Clone(l.entries), nil, l.secret)
		l.own = sync.OnceValue(func() []tables.Entry {
			owner := tables.Owner{Organization: l.stack.Organization, Project: l.stack.Project, Stack: l.stack.Name}
			var own []tables.Entry
			for _, e := range l.index.Tables {
				if owner.Owns(e) {
					own = append(own, e)
				}
			}
			return own
		})
		l.complete = len(l.unread) == 0 && l.secret == 0 && l.search == nil
		if l.search != nil {
			l.search.left = l.settings.Budget - time.Since(start)
		}
	})
}

// Named returns the tables of a name that stacks own, the running one's included.
func (l *Loading) Named(name string) []tables.Entry {
	l.await()
	if l.search != nil {
		return l.search.named(name)
	}
	return l.index.Named(name)
}

// Matching returns the tables with names that match.
func (l *Loading) Matching(match func(name string) bool) []tables.Entry {
	l.await()
	if l.search != nil {
		return l.search.matching(match)
	}
	return matching(l.index.Tables, match)
}

func matching(entries []tables.Entry, match func(name string) bool) (found []tables.Entry) {
	for _, e := range entries {
		if match(e.Name) {
			found = append(found, e)
		}
	}
	return found
}

// Own returns the tables of the running stack, as it was before the run.
func (l *Loading) Own() []tables.Entry {
	l.await()
	if l.search != nil {
		return l.search.own()
	}
	return l.own()
}

// Complete reports whether a table that is not known is one that no stack owns.
func (l *Loading) Complete() bool {
	l.await()
	return l.complete
}

// Unread says what was not read of what was asked for, and why: one reason for each.
func (l *Loading) Unread() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked {
		return nil
	}
	reasons := slices.Clone(l.unread)
	if l.search != nil {
		reasons = append(reasons, l.search.reasons()...)
	}
	if l.secret > 0 {
		reasons = append(reasons, count(l.secret, "table")+" with a secret name")
	}
	return reasons
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
