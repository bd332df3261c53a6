package plugin

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A fake listener accepts what it is given.
type fake struct {
	accepts chan any // a net.Conn or an error
	closed  chan struct{}
}

func newFake(accepts ...any) *fake {
	f := &fake{make(chan any, 1000), make(chan struct{})}
	for _, a := range accepts {
		f.accepts <- a
	}
	return f
}

func (f *fake) Accept() (net.Conn, error) {
	select {
	case a := <-f.accepts:
		if err, ok := a.(error); ok {
			return nil, err
		}
		return a.(net.Conn), nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fake) Close() error   { close(f.closed); return nil }
func (f *fake) Addr() net.Addr { return &net.TCPAddr{} }

// A named connection only knows who it is, and whether it is closed.
type named struct {
	net.Conn
	name   string
	closed bool
}

func (n *named) Close() error { n.closed = true; return nil }

// TestPersist: no error of Accept ends a listener, and it is not asked again in a hurry.
func TestPersist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &named{name: "engine"}
		failed := &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", errors.New("no buffer space available"))}
		l := persist(newFake(failed, failed, failed, engine))
		start := time.Now()
		got, err := l.Accept()
		if got != net.Conn(engine) || err != nil || time.Since(start) != 35*time.Millisecond {
			t.Errorf("%v, %v after %v", got, err, time.Since(start))
		}
		time.AfterFunc(time.Hour, func() { _ = l.Close() })
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("once closed: %v", err)
		}
	})
}

// TestGuard: who is not admitted is closed, all that wait are judged in one look, and the server is handed the others only.
func TestGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var looks []int
		var told []string
		begin := make(chan struct{})
		g := guard(f, func(connections []net.Conn) []error {
			<-begin
			looks = append(looks, len(connections))
			verdicts := make([]error, len(connections))
			for i, c := range connections {
				if name := c.(*named).name; name != "engine" {
					verdicts[i] = errors.New("it is of " + name)
				}
			}
			return verdicts
		}, func(err error) { told = append(told, err.Error()) })
		mallory, first, second := &named{name: "mallory"}, &named{name: "engine"}, &named{name: "engine"}
		f.accepts <- mallory
		synctest.Wait() // until mallory is looked at
		f.accepts <- first
		f.accepts <- &named{name: "trudy"}
		f.accepts <- second
		synctest.Wait()
		close(begin)
		for _, want := range []net.Conn{first, second} {
			if got, err := g.Accept(); got != want || err != nil {
				t.Errorf("%v, %v; want %v", got, err, want)
			}
		}
		if diff := cmp.Diff([]int{1, 3}, looks); diff != "" {
			t.Error("looks:", diff)
		}
		if diff := cmp.Diff([]string{"it is of mallory", "it is of trudy"}, told); diff != "" {
			t.Error(diff)
		}
		if !mallory.closed || first.closed || second.closed {
			t.Errorf("closed: %v, %v, %v", mallory.closed, first.closed, second.closed)
		}

		// What is admitted and not accepted is closed with the listener.
		third := &named{name: "engine"}
		f.accepts <- third
		synctest.Wait()
		_ = g.Close()
		synctest.Wait()
		if _, err := g.Accept(); !errors.Is(err, net.ErrClosed) || !third.closed {
			t.Errorf("once closed: %v, %v", err, third.closed)
		}
	})
}

// TestOneAtATime: the next connection is accepted once the one before has ended, be it closed twice.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := oneAtATime(newFake(&named{name: "first"}, &named{name: "second"}, &named{name: "third"}))
		accepted := make(chan net.Conn)
		go func() {
			defer close(accepted)
			for {
				c, err := s.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		for _, want := range []string{"first", "second", "third"} {
			c := <-accepted
			if got := c.(*notifying).Conn.(*named).name; got != want {
				t.Errorf("%s is accepted, want %s", got, want)
			}
			synctest.Wait()
			select {
			case <-accepted:
				t.Error("another is accepted while one is open")
			default:
			}
			if want == "third" {
				break // the listener is closed while one is open
			}
			_ = c.Close()
			_ = c.Close()
		}
		_ = s.Close()
		<-accepted
	})
}

// TestCounted counts what is open.
func TestCounted(t *testing.T) {
	c := &Counted{Listener: newFake(&named{}, errors.New("none"), &named{})}
	var open []net.Conn
	for range 3 {
		if connection, err := c.Accept(); err == nil {
			open = append(open, connection)
		}
	}
	for want := int64(2); want >= 0; want-- {
		if got := c.Open(); got != want {
			t.Errorf("%d are open, want %d", got, want)
		}
		if want > 0 {
			_ = open[want-1].Close()
			_ = open[want-1].Close()
		}
	}
}
