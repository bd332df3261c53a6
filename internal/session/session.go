// Package session is what the processes of one foreseen preview tell each other: the command that started it, a forwarder for each
// provider resource, and the policy packs. The command listens on a Unix socket in a folder that nobody else may enter; the others
// find it by an environment variable.
package session

import (
	"net"
	"net/rpc"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/resource"
)

// Variable names the environment variable that holds the path of the session's socket.
const Variable = "DYNAMOGUARD_SESSION"

// HomeVariable names the environment variable that holds the path of the user's own home of Pulumi, over which the command has laid
// another.
const HomeVariable = "DYNAMOGUARD_PULUMI_HOME"

// PackFolder is the folder beside the socket that holds the policy pack which the session adds to the run. A pack that is started
// from there is not one that the organization enforces.
const PackFolder = "pack"

// An Issue is what a forwarder foresaw of a resource that the run would create.
type Issue struct {
	URN    string
	Auto   bool // the provider made its name up, which has another suffix in another run
	Values []foresight.Value
	Names  []string // the texts that a lookup would name it by: id, name, ARN
}

// An Asked is a lookup at AWS: its token and all texts among its arguments.
type Asked struct {
	Token string
	Texts []string
}

// A Judged is what a pack judged so far.
type Judged struct {
	Documents  int // policy documents that were judged
	Of         int // policy documents that were declared
	Violations int // findings that stop the run
}

// A State is what a session holds. It is safe for concurrent use.
type State struct {
	mu         sync.Mutex
	may        May
	order      []string
	issued     map[string]Issue // by URN
	standIns   foresight.StandIns
	judged     *Judged
	enforced   bool // the organization's pack runs as well
	forwarders int
	notes      []string
	again      chan Again
}

// An Again says why a run has to start again: a lookup would take resources to AWS that do not exist.
type Again struct {
	Token string
	URNs  []string
}

// New returns the state of a run in which resources are left unforeseen, by URN.
func New(standIns bool, unforeseen []string) *State {
	return &State{may: May{Not: unforeseen, StandIns: standIns}, issued: map[string]Issue{}, again: make(chan Again, 64)}
}

// Again tells each lookup that asks for the run to start again.
func (s *State) Again() <-chan Again { return s.again }

// Issued returns what was foreseen, in the order of its resources' first creation.
func (s *State) Issued() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Issue, len(s.order))
	for i, urn := range s.order {
		all[i] = s.issued[urn]
	}
	return all
}

// Judged returns what the pack judged; ok is false where it did not say.
func (s *State) Judged() (j Judged, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.judged == nil {
		return Judged{}, false
	}
	return *s.judged, true
}

// Enforced tells whether a pack of the organization took part.
func (s *State) Enforced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enforced
}

// Forwarders returns how many forwarders took part.
func (s *State) Forwarders() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forwarders
}

// Notes returns what forwarders had to say, each once, in order.
func (s *State) Notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

// Serve answers clients until the listener is closed. It leaves no connection open: a client whose process goes on shall know.
func (s *State) Serve(l net.Listener) {
	server := rpc.NewServer()
	if err := server.RegisterName("Session", &service{s}); err != nil {
		panic(err) // the service's methods are no such methods
	}
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		for conn := range open {
			_ = conn.Close()
		}
	}()
	for { // rpc.Server.Accept writes to the log when it ends
		conn, err := l.Accept()
		if err != nil {
			return
		}
		mu.Lock()
		open[conn] = true
		mu.Unlock()
		go func() {
			server.ServeConn(conn)
			mu.Lock()
			defer mu.Unlock()
			delete(open, conn)
		}()
	}
}

// A service is what a client may call, as package net/rpc wants it.
type service struct{ state *State }

// Issue takes what is made of a stand-in, of whichever resource, for one too: a resource may have its name or its key from another.
func (s *service) Issue(i Issue, _ *struct{}) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	i.Values = slices.Clone(i.Values)
	for n := range i.Values {
		v := &i.Values[n]
		v.StandIn = v.StandIn || s.state.standIns.In(v.Text)
	}
	for _, v := range i.Values {
		if v.StandIn {
			s.state.standIns.Add(v.Text)
		}
	}
	if _, again := s.state.issued[i.URN]; !again {
		s.state.order = append(s.state.order, i.URN)
	}
	s.state.issued[i.URN] = i
	return nil
}

// Named looks for an ARN, a URL or a stand-in within a text, and for a name as the whole of it where the function may look for that.
func (s *service) Named(a Asked, urns *[]string) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	for _, urn := range s.state.order {
		if s.state.issued[urn].in(a) {
			*urns = append(*urns, urn)
		}
	}
	return nil
}

// in tells whether a lookup names the resource.
func (i Issue) in(a Asked) bool {
	byName := foresight.Searches(a.Token, resource.URN(i.URN))
	return slices.ContainsFunc(a.Texts, func(text string) bool {
		return byName && slices.Contains(i.Names, text) ||
			slices.ContainsFunc(i.Values, func(v foresight.Value) bool { return v.In(text) })
	})
}

func (s *service) StartAgain(a Again, _ *struct{}) error {
	select {
	case s.state.again <- a:
	default: // enough was asked for to start again
	}
	return nil
}

func (s *service) StandIns(n int, reply *[]string) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	all := s.state.standIns.All()
	*reply = slices.Clone(all[min(n, len(all)):])
	return nil
}

func (s *service) Forward(_ struct{}, may *May) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.forwarders++
	*may = s.state.may
	return nil
}

// mostNotes is how many notes are kept of a run.
const mostNotes = 100

func (s *service) Note(note string, _ *struct{}) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if len(s.state.notes) < mostNotes && !slices.Contains(s.state.notes, note) {
		s.state.notes = append(s.state.notes, note)
	}
	return nil
}

func (s *service) Join(added bool, _ *struct{}) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.enforced = s.state.enforced || !added
	return nil
}

func (s *service) IsEnforced(_ struct{}, enforced *bool) error {
	*enforced = s.state.Enforced()
	return nil
}

func (s *service) Judge(j Judged, _ *struct{}) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.judged = &j
	return nil
}

// May says what may be foreseen in a run.
type May struct {
	Not      []string // the URNs of resources of which nothing is
	StandIns bool     // also what AWS will make up
}

// A Client speaks with the session. It is safe for concurrent use.
type Client struct {
	rpc   *rpc.Client
	ended chan struct{}
}

// Dial returns a client of the session whose socket is at path.
func Dial(path string) (*Client, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	return &Client{rpc.NewClient(watched{conn, sync.OnceFunc(func() { close(ended) })}), ended}, nil
}

// Ended returns a channel that is closed once the session has ended, or the client.
func (c *Client) Ended() <-chan struct{} { return c.ended }

// A watched connection says when there is no more to read from it, which a client of rpc does all the time.
type watched struct {
	net.Conn
	ended func()
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.ended()
	}
	return n, err
}

// Close ends the client.
func (c *Client) Close() error { return c.rpc.Close() }

// Forward says that a forwarder takes part, and returns what it may foresee.
func (c *Client) Forward() (May, error) {
	var may May
	err := c.rpc.Call("Session.Forward", struct{}{}, &may)
	return may, err
}

// Note says something for the end of the run: what a forwarder could not do, and why. It is shown in one line; what providers say has
// several.
func (c *Client) Note(note string) error {
	return c.rpc.Call("Session.Note", strings.Join(strings.Fields(note), " "), &struct{}{})
}

// Issue tells what was foreseen of a resource.
func (c *Client) Issue(i Issue) error { return c.rpc.Call("Session.Issue", i, &struct{}{}) }

// Named returns the URNs of the resources that a lookup names and that the run would create.
func (c *Client) Named(a Asked) ([]string, error) {
	var urns []string
	err := c.rpc.Call("Session.Named", a, &urns)
	return urns, err
}

// StartAgain asks for the run to start again without foreseeing what a lookup names.
func (c *Client) StartAgain(a Again) error { return c.rpc.Call("Session.StartAgain", a, &struct{}{}) }

// StandIns returns the texts of the stand-ins that were issued after the first n.
func (c *Client) StandIns(n int) ([]string, error) {
	var texts []string
	err := c.rpc.Call("Session.StandIns", n, &texts)
	return texts, err
}

// Join says that a pack takes part, which the session added or which the organization enforces.
func (c *Client) Join(added bool) error { return c.rpc.Call("Session.Join", added, &struct{}{}) }

// Enforced tells whether a pack of the organization takes part.
func (c *Client) Enforced() (bool, error) {
	var enforced bool
	err := c.rpc.Call("Session.IsEnforced", struct{}{}, &enforced)
	return enforced, err
}

// Judge tells what a pack judged.
func (c *Client) Judge(j Judged) error { return c.rpc.Call("Session.Judge", j, &struct{}{}) }
