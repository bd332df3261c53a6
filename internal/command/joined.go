package command

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/session"
)

// A joined is a session as the engine of a pack asks it.
type joined struct {
	client *session.Client
	added  bool // by the session itself, not enforced by the organization

	mu       sync.Mutex
	standIns int  // that were read
	gone     bool // the session, or it does not answer
}

// join joins the session whose socket is at a path, for a pack that was started by a name: as one that the session added where it is
// in the session's own folder. There is none where there is no path, and where the session has gone the run is as any other.
func join(socket, name string) engine.Session {
	if socket == "" {
		return nil
	}
	client, err := session.Dial(socket)
	if err != nil {
		return nil
	}
	j := &joined{client: client, added: isSame(filepath.Dir(name), filepath.Join(filepath.Dir(socket), session.PackFolder))}
	if !j.ask(func() error { return client.Join(j.added) }) {
		return nil
	}
	return j
}

// isSame reports whether two paths lead to one folder.
func isSame(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// ask calls the session, and reports whether it answered. It takes no longer than a run can be kept waiting, and one that failed is
// not asked again.
func (j *joined) ask(call func() error) bool {
	const patience = 10 * time.Second
	if j.gone {
		return false
	}
	answered := make(chan error, 1)
	go func() { answered <- call() }()
	select {
	case err := <-answered:
		j.gone = err != nil
	case <-time.After(patience):
		j.gone = true
	}
	if j.gone {
		_ = j.client.Close()
	}
	return !j.gone
}

// Leads is true where the organization does not enforce the pack.
func (j *joined) Leads() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	enforced := false
	return !j.added || !j.ask(func() (err error) {
		enforced, err = j.client.Enforced()
		return err
	}) || !enforced
}

// StandIns returns the texts of the stand-ins that were issued since it was last asked.
func (j *joined) StandIns() (texts []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.ask(func() (err error) {
		texts, err = j.client.StandIns(j.standIns)
		return err
	}) {
		return nil
	}
	j.standIns += len(texts)
	return texts
}

// Judged tells the session what was judged so far.
func (j *joined) Judged(c engine.Counts) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ask(func() error {
		return j.client.Judge(session.Judged{Documents: c.Documents, Of: c.Of, Violations: c.Violations})
	})
}
