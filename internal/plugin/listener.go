package plugin

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Listen listens at a port of this machine for the engine at an address. Another user's connections are refused, which is told on
// stderr, once.
func Listen(engineAddress string, stderr io.Writer) (net.Listener, error) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the engine: %w", err)
	}
	var once sync.Once // others decide how often they try
	return enginesOnly(open, engineAddress, func(why error) {
		once.Do(func() {
			_, _ = fmt.Fprintf(stderr, "dynamoguard: refused a connection that is not the engine's: %v\n", why)
		})
	}), nil
}

// A persistent listener outlives errors of Accept, which others may bring about, by holding or resetting connections.
type persistent struct {
	net.Listener
	closed chan struct{}
	close  func() error
}

// persist gives up on a listener only where that is closed, and waits a little longer after each error.
func persist(l net.Listener) *persistent {
	p := &persistent{Listener: l, closed: make(chan struct{})}
	p.close = sync.OnceValue(func() error {
		close(p.closed)
		return l.Close()
	})
	return p
}

func (p *persistent) Close() error { return p.close() }

func (p *persistent) Accept() (net.Conn, error) {
	const shortest, longest = 5 * time.Millisecond, time.Second
	for pause := shortest; ; pause = min(2*pause, longest) {
		connection, err := p.Listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return connection, err
		}
		select {
		case <-time.After(pause):
		case <-p.closed:
			return nil, net.ErrClosed
		}
	}
}

// A guarded listener hands out the connections that are admitted and closes the others, of which not a byte is read.
// Whoever connects and does nothing, or connects again and again, keeps nobody waiting but for the one look at all the
// connections that have come meanwhile.
type guarded struct {
	*persistent
	arrived  chan net.Conn
	admitted chan net.Conn
}

// guard admits the connections of which judge says so, by an error for each that is nil. refused is told of the others.
func guard(l net.Listener, judge func([]net.Conn) []error, refused func(error)) *guarded {
	const atOnce = 256 // connections of one look; what is beyond waits in the kernel
	g := &guarded{persistent: persist(l), arrived: make(chan net.Conn, atOnce), admitted: make(chan net.Conn)}
	go g.arrive()
	go g.admit(judge, refused)
	return g
}

func (g *guarded) arrive() {
	defer close(g.arrived)
	for {
		connection, err := g.persistent.Accept()
		if err != nil {
			return // it is closed
		}
		g.arrived <- connection // admit receives until this returns
	}
}

func (g *guarded) admit(judge func([]net.Conn) []error, refused func(error)) {
	for first := range g.arrived {
		connections := []net.Conn{first}
		for more := len(g.arrived); more > 0; more-- {
			connections = append(connections, <-g.arrived)
		}
		for i, err := range judge(connections) {
			if err != nil {
				refused(err)
				_ = connections[i].Close()
				continue
			}
			select {
			case g.admitted <- connections[i]:
			case <-g.closed:
				_ = connections[i].Close()
			}
		}
	}
}

func (g *guarded) Accept() (net.Conn, error) {
	select {
	case connection := <-g.admitted:
		return connection, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// A single listener hands out one connection at a time: who waits is next once the one before has ended.
type single struct {
	*persistent
	taken chan struct{}
}

func oneAtATime(l net.Listener) *single {
	return &single{persist(l), make(chan struct{}, 1)}
}

func (s *single) Accept() (net.Conn, error) {
	select {
	case s.taken <- struct{}{}:
	case <-s.closed:
		return nil, net.ErrClosed
	}
	connection, err := s.persistent.Accept()
	if err != nil {
		<-s.taken
		return nil, err
	}
	return onClose(connection, func() { <-s.taken }), nil
}

// A Counted listener knows how many of its connections are open.
type Counted struct {
	net.Listener
	open atomic.Int64
}

// Open returns how many connections are open.
func (c *Counted) Open() int64 { return c.open.Load() }

// Accept waits for the next connection.
func (c *Counted) Accept() (net.Conn, error) {
	connection, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return onClose(connection, func() { c.open.Add(-1) }), nil
}

// A notifying connection says when it is closed.
type notifying struct {
	net.Conn
	closed func() // the first time
}

func onClose(connection net.Conn, closed func()) net.Conn {
	return &notifying{connection, sync.OnceFunc(closed)}
}

func (n *notifying) Close() error {
	defer n.closed()
	return n.Conn.Close()
}
