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
)

// Variable names the environment variable that holds the path of the session's socket.
const Variable = "DYNAMOGUARD_SESSION"

// An Issue is what a forwarder foresaw of a resource that the run would create.
type Issue struct {
	URN    string
	Values []foresight.Value
	Names  []string // the texts that a lookup would name it by: id, name, ARN
}

// An Asked is a lookup at AWS: its token and all texts among its arguments.
type Asked struct {
	Token string
	Texts []string
}

// A Judged is what a pack judged.
type Judged struct {
	Documents int // policy documents that were judged
	Of        int // policy documents that there are
}

// A State is what a session holds. It is safe for concurrent use.
type State struct {
	mu         sync.Mutex
	noStandIns bool
	unforeseen map[string]bool // by URN
	order      []string
	issued     map[string]Issue // by URN
	judged     *Judged
	enforced   bool // the organization's pack runs as well
	again      chan Again
}

// An Again says why a run has to start again: a lookup would take resources to AWS that do not exist.
type Again struct {
	Token string
	URNs  []string
}

// New returns the state of a run in which resources are left unforeseen, by URN.
func New(standIns bool, unforeseen []string) *State {
	s := &State{noStandIns: !standIns, unforeseen: map[string]bool{}, issued: map[string]Issue{}, again: make(chan Again, 64)}
	for _, urn := range unforeseen {
		s.unforeseen[urn] = true
	}
	return s
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

// Serve answers clients until the listener is closed.
func (s *State) Serve(l net.Listener) {
	server := rpc.NewServer()
	if err := server.RegisterName("Session", &service{s}); err != nil {
		panic(err) // the service's methods are no such methods
	}
	server.Accept(l)
}

// A service is what a client may call, as package net/rpc wants it.
type service struct{ state *State }

func (s *service) Foresees(urn string, reply *Foresees) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	*reply = Foresees{Resource: !s.state.unforeseen[urn], StandIns: !s.state.noStandIns}
	return nil
}

func (s *service) Issue(i Issue, _ *struct{}) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if _, again := s.state.issued[i.URN]; !again {
		s.state.order = append(s.state.order, i.URN)
	}
	s.state.issued[i.URN] = i
	return nil
}

// Named looks for an ARN or a foreseen value within a text, and for a name or an id as the whole of it.
func (s *service) Named(a Asked, urns *[]string) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	for _, urn := range s.state.order {
		if i := s.state.issued[urn]; slices.ContainsFunc(a.Texts, i.in) {
			*urns = append(*urns, urn)
		}
	}
	return nil
}

// in tells whether a text names the resource.
func (i Issue) in(text string) bool {
	for _, v := range i.Values {
		if text == v.Text || strings.HasPrefix(v.Text, "arn:") && strings.Contains(text, v.Text) {
			return true
		}
	}
	return slices.Contains(i.Names, text)
}

func (s *service) StartAgain(a Again, _ *struct{}) error {
	select {
	case s.state.again <- a:
	default: // enough was asked for to start again
	}
	return nil
}

// Foreseen returns the values that were issued after the first n resources.
func (s *service) Foreseen(n int, reply *[]Issue) error {
	all := s.state.Issued()
	*reply = all[min(n, len(all)):]
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

// Foresees says what may be foreseen of a resource.
type Foresees struct {
	Resource bool // anything at all
	StandIns bool // also what AWS will make up
}

// A Client speaks with the session. It is safe for concurrent use.
type Client struct{ rpc *rpc.Client }

// Dial returns a client of the session whose socket is at path.
func Dial(path string) (*Client, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	return &Client{rpc.NewClient(conn)}, nil
}

// Close ends the client.
func (c *Client) Close() error { return c.rpc.Close() }

// Foresees returns what may be foreseen of a resource.
func (c *Client) Foresees(urn string) (Foresees, error) {
	var reply Foresees
	err := c.rpc.Call("Session.Foresees", urn, &reply)
	return reply, err
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

// Foreseen returns the issues after the first n.
func (c *Client) Foreseen(n int) ([]Issue, error) {
	var issues []Issue
	err := c.rpc.Call("Session.Foreseen", n, &issues)
	return issues, err
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
