package plugin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpc_health "google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

const heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// listing writes lists of sockets to a folder.
func listing(t *testing.T, tcp, tcp6 string) lists {
	t.Helper()
	folder := t.TempDir()
	for name, rows := range map[string]string{"tcp": tcp, "tcp6": tcp6} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(heading+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return lists(folder)
}

// row writes a socket as the lists do on a little-endian machine, the kind that tests run on; TestSockets has rows of Linux.
func row(local, remote netip.AddrPort, state, user, inode int) string {
	address := func(a netip.AddrPort) string {
		ip := a.Addr().As4()
		return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], a.Port())
	}
	return fmt.Sprintf("   0: %s %s %02X 00000000:00000000 00:00000000 00000000 %5d        0 %d 1 0 100 0 0 10 0\n",
		address(local), address(remote), state, user, inode)
}

// TestSockets reads rows of both lists as Linux writes them, and passes over what is none.
func TestSockets(t *testing.T) {
	folder := listing(t, ""+
		"   0: 0100007F:E60D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11213 1 00000000a1 100 0 0 10 0\n"+
		"not a row\n"+
		"   1: 0100007F:C350 0100007F:E60D 01 00000000:00000000 02:00000AF1 00000000 65534        0 98765 2 00000000b2 20 4 30 10 -1\n"+
		"   2: 0100007F:C351 0100007F:E60D 05 00000000:00000000 00:00000000 00000000     0        0 0 2 00000000c3\n",
		"   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0\n"+
			"   1: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:E60D 01 00000000:00000000 00:00000000 00000000  1001        0 4712 1 0 20 4 30 10 -1\n")
	var got []socket
	if !folder.find(nil, func(s socket) bool { got = append(got, s); return true }) {
		t.Error("the lists are not read to their end")
	}
	at := netip.MustParseAddrPort
	want := []socket{
		{ends{at("127.0.0.1:58893"), at("0.0.0.0:0")}, stateListen, 0, 11213},
		{ends{at("127.0.0.1:50000"), at("127.0.0.1:58893")}, stateEstablished, 65534, 98765},
		{ends{at("127.0.0.1:50001"), at("127.0.0.1:58893")}, 5, 0, 0},
		{ends{at("[::1]:8080"), at("[::]:0")}, stateListen, 1000, 4711},
		{ends{at("127.0.0.1:50002"), at("127.0.0.1:58893")}, stateEstablished, 1001, 4712},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(socket{}, ends{}), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSocketsBounded: a list is read up to a size, and that there is more is said.
func TestSocketsBounded(t *testing.T) {
	r := long()
	n := 0
	whole := listing(t, strings.Repeat(r, maxSockets/len(r)+10), "").find(nil, func(socket) bool { n++; return true })
	if whole || n > maxSockets/len(r)+1 {
		t.Errorf("whole: %v, %d sockets", whole, n)
	}
}

// long is a row that takes much room, so that a list outgrows its bound by a thousand.
func long() string {
	r := row(netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"), stateEstablished, 0, 1)
	return strings.TrimSuffix(r, "\n") + strings.Repeat(" ", 60_000) + "\n"
}

// TestEngineUser: the user is that of the engine's listener, or of this process where that is not listed, and nobody can be
// told apart where our own listener is not listed either.
func TestEngineUser(t *testing.T) {
	const engine = "127.0.0.1:5000"
	at := netip.MustParseAddrPort
	none := at("0.0.0.0:0")
	ours := row(at("127.0.0.1:6000"), none, stateListen, 4, 1)
	self := uint64(os.Geteuid())
	for _, c := range []struct {
		name, tcp, tcp6, engine string
		user                    uint64
		ok                      bool
	}{
		{"listed", ours + row(at(engine), none, stateListen, 7, 2), "", engine, 7, true},
		{"listed as IPv6", ours, row6(engine, stateListen, 8, 2), engine, 8, true},
		{"a connection from its address", ours + row(at(engine), at("127.0.0.1:6000"), stateEstablished, 7, 2), "", engine, self, true},
		{"another address at its port", ours + row(at("127.0.0.2:5000"), none, stateListen, 7, 2), "", engine, self, true},
		{"of two users", ours + row(at(engine), none, stateListen, 7, 2) + row(at(engine), none, stateListen, 9, 3), "", engine, self, true},
		{"not listed", ours, "", engine, self, true},
		{"no address", ours, "", "localhost:x", self, true},
		{"ours is not listed", row(at(engine), none, stateListen, 7, 2), "", engine, 7, false},
		{"nothing is listed", "", "", engine, self, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			user, ok := engineUser(listing(t, c.tcp, c.tcp6), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 6000}, c.engine)
			if user != c.user || ok != c.ok {
				t.Errorf("%d, %v; want %d, %v", user, ok, c.user, c.ok)
			}
		})
	}
	t.Run("no lists", func(t *testing.T) {
		if _, ok := engineUser(lists(t.TempDir()), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 6000}, engine); ok {
			t.Error("users are told apart by nothing")
		}
	})
	t.Run("more than is read", func(t *testing.T) {
		r := long()
		folder := listing(t, strings.Repeat(r, maxSockets/len(r)+1), "")
		if user, ok := engineUser(folder, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 6000}, engine); user != self || !ok {
			t.Errorf("%d, %v; want %d, since another may have brought that about", user, ok, self)
		}
	})
}

// row6 is row for a listener at an IPv4 address of a socket for IPv6.
func row6(local string, state, user, inode int) string {
	r := row(netip.MustParseAddrPort(local), netip.MustParseAddrPort("0.0.0.0:0"), state, user, inode)
	const mapped = "0000000000000000FFFF0000"
	return strings.Replace(strings.Replace(r, ": ", ": "+mapped, 1), " 00000000:0000 ", " "+strings.Repeat("0", 32)+":0000 ", 1)
}

// connect returns both ends of a connection over loopback.
func connect(t *testing.T) (peer, ours net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if peer, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if ours, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = peer.Close(), ours.Close() })
	return peer, ours
}

// TestJudge: by what the lists hold of the socket at the other end.
func TestJudge(t *testing.T) {
	const user = 7
	for _, c := range []struct {
		name string
		rows func(peer, ours netip.AddrPort) string
		want string
	}{
		{"the engine", func(peer, ours netip.AddrPort) string { return row(peer, ours, stateEstablished, user, 1) }, ""},
		{"another", func(peer, ours netip.AddrPort) string { return row(peer, ours, stateEstablished, 8, 1) },
			"it is of user 8, and the engine of user 7"},
		{"root", func(peer, ours netip.AddrPort) string { return row(peer, ours, stateEstablished, 0, 1) },
			"it is of user 0, and the engine of user 7"},
		{"no inode", func(peer, ours netip.AddrPort) string { return row(peer, ours, stateEstablished, user, 0) }, errUnknown.Error()},
		{"closed", func(peer, ours netip.AddrPort) string { return row(peer, ours, 5, user, 1) }, errUnknown.Error()},
		{"our own end alone", func(peer, ours netip.AddrPort) string { return row(ours, peer, stateEstablished, user, 1) }, errUnknown.Error()},
		{"another port", func(peer, ours netip.AddrPort) string {
			return row(netip.AddrPortFrom(peer.Addr(), peer.Port()^1), ours, stateEstablished, user, 1)
		}, errUnknown.Error()},
		{"nothing", func(netip.AddrPort, netip.AddrPort) string { return "" }, errUnknown.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer, ours := connect(t)
			rows := c.rows(addressOf(peer.LocalAddr()), addressOf(ours.LocalAddr()))
			got := ""
			if err := (peers{listing(t, rows, ""), user}).judge([]net.Conn{ours})[0]; err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestJudgeLeft: who has sent all and closed is not the engine, whatever the lists hold, and be it while they are read: its ports
// may be those of another already.
func TestJudgeLeft(t *testing.T) {
	for _, c := range []struct {
		name  string
		close func(*net.TCPConn) error
	}{
		{"closed", (*net.TCPConn).Close},
		{"half closed", (*net.TCPConn).CloseWrite},
		{"reset", func(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) }},
	} {
		for _, reading := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reading %v", c.name, reading), func(t *testing.T) {
				peer, ours := connect(t)
				if _, err := io.WriteString(peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				rows := row(addressOf(peer.LocalAddr()), addressOf(ours.LocalAddr()), stateEstablished, 7, 1)
				leave := func() error { return c.close(peer.(*net.TCPConn)) }
				folder, left := listing(t, rows, ""), make(chan error, 1)
				if reading {
					folder = lists(t.TempDir())
					list := filepath.Join(string(folder), "tcp")
					if err := syscall.Mkfifo(list, 0o600); err != nil {
						t.Fatal(err)
					}
					go func() {
						pipe, err := os.OpenFile(list, os.O_WRONLY, 0) // once it is read
						if err == nil {
							err = leave()
							_, failed := io.WriteString(pipe, rows)
							err = errors.Join(err, failed, pipe.Close())
						}
						left <- err
					}()
				} else {
					left <- leave()
				}
				if err := (peers{folder, 7}).judge([]net.Conn{ours})[0]; err != errLeft {
					t.Errorf("%v, want %v", err, errLeft)
				}
				if err := <-left; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestSystem: what Linux says of this very process is its own, and what has been closed is nobody's, be this run as root. Both
// tables say the same, so that where the one cannot be asked nothing changes.
func TestSystem(t *testing.T) {
	for _, table := range tables {
		t.Run(fmt.Sprintf("%T", table), func(t *testing.T) {
			for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
				l, err := net.Listen("tcp", at)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = l.Close() }()
				user, ok := engineUser(table, l.Addr(), l.Addr().String())
				if user != uint64(os.Geteuid()) || !ok {
					t.Fatalf("%s: %d, %v; want user %d", at, user, ok, os.Geteuid())
				}
			}
			user := uint64(os.Geteuid())
			_, ours := connect(t)
			closed, theirs := connect(t)
			_ = closed.Close()
			if diff := cmp.Diff([]error{nil, errLeft}, (peers{table, user}).judge([]net.Conn{ours, theirs}), cmpopts.EquateErrors()); diff != "" {
				t.Error(diff)
			}
			if err := (peers{table, user + 1}).judge([]net.Conn{ours})[0]; err == nil || errors.Is(err, errUnknown) {
				t.Errorf("another user's: %v", err)
			}
			at := ends{addressOf(closed.LocalAddr()), addressOf(theirs.LocalAddr())}
			var inode uint64 = 1
			table.find([]ends{at}, func(s socket) bool {
				if s.ends == at {
					inode = s.inode
				}
				return true
			})
			if inode != 0 {
				t.Error("a socket that was closed is there with its inode, or not at all")
			}
		})
	}
}

// TestSockDiag: the kernel has the sockets at the ends that it is asked for, whichever family their process has made them of, and
// for a connection that there is not at most the listener that it would reach.
func TestSockDiag(t *testing.T) {
	l, err := net.Listen("tcp", "[::]:0") // takes connections over IPv4 too
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := addressOf(l.Addr()).Port()
	there := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	peer, err := net.Dial("tcp", there.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = peer.Close() }()
	ours, err := l.Accept() // of a socket for IPv6, with addresses of IPv4 in it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	here := addressOf(peer.LocalAddr())
	listener := ends{netip.AddrPortFrom(netip.IPv6Unspecified(), port), netip.AddrPortFrom(netip.IPv6Unspecified(), 0)}
	for _, c := range []struct {
		what   string
		wanted ends
		want   []socket
	}{
		{"the peer's", ends{here, there}, []socket{{ends: ends{here, there}, state: stateEstablished}}},
		{"ours", ends{there, here}, []socket{{ends: ends{there, here}, state: stateEstablished}}},
		{"one that listens", ends{local: there}, []socket{{ends: listener, state: stateListen}}},
		{"none", ends{there, netip.AddrPortFrom(here.Addr(), here.Port()^1)}, []socket{{ends: listener, state: stateListen}}},
		{"at a port of nobody", ends{netip.MustParseAddrPort("127.0.0.1:1"), there}, nil},
		{"no address", ends{}, nil},
	} {
		var got []socket
		(sockDiag{}).find([]ends{c.wanted}, func(s socket) bool {
			if s.inode == 0 || s.user != uint64(os.Geteuid()) {
				t.Errorf("%s: inode %d, user %d", c.what, s.inode, s.user)
			}
			got = append(got, socket{ends: s.ends, state: s.state})
			return true
		})
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(socket{}, ends{}), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

// TestSocketAnswer: an answer that is none is an error.
func TestSocketAnswer(t *testing.T) {
	message := func(typ uint16, rest ...byte) []byte {
		b := make([]byte, 16, 16+len(rest))
		binary.NativeEndian.PutUint16(b[4:], typ)
		return append(b, rest...)
	}
	refused := message(unix.NLMSG_ERROR, 0, 0, 0, 0)
	binary.NativeEndian.PutUint32(refused[16:], ^uint32(unix.ENOENT)+1)
	for want, b := range map[string][]byte{
		"the kernel's answer is cut short":               nil,
		"the kernel's answer is of type 20 and 20 bytes": message(unix.SOCK_DIAG_BY_FAMILY, 1, 2, 3, 4),
		"the kernel's answer is of type 3 and 88 bytes":  message(unix.NLMSG_DONE, make([]byte, 72)...),
		"no such file or directory":                      refused,
	} {
		if _, err := parseSocketAnswer(b); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestServed: the engine's user is served, however many wait beside, and another is not, and is told why to the engine.
func TestServed(t *testing.T) {
	self := uint64(os.Geteuid())
	another := fmt.Sprintf("it is of user %d, and the engine of user %d", self, self+1)
	for _, c := range []struct {
		table table
		user  uint64
		code  codes.Code
		told  string
	}{
		{tables[0], self, codes.OK, ""},
		{tables[0], self + 1, codes.Unavailable, another},
		{tables[1], self, codes.OK, ""},
		{tables[1], self + 1, codes.Unavailable, another},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan string, 1000)
		server := grpc.NewServer()
		grpc_health_v1.RegisterHealthServer(server, grpc_health.NewServer())
		ended := make(chan error, 1)
		go func() {
			ended <- server.Serve(guard(l, peers{c.table, c.user}.judge, func(err error) { told <- err.Error() }))
		}()
		var waiting []net.Conn
		for range 300 { // who says nothing
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			waiting = append(waiting, c)
		}
		client, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		_, err = grpc_health_v1.NewHealthClient(client).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		if status.Code(err) != c.code {
			t.Errorf("%v, want %v", err, c.code)
		}
		for _, c := range waiting { // Stop waits for what they have to say
			_ = c.Close()
		}
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		select {
		case got := <-told:
			if got != c.told {
				t.Errorf("%q, want %q", got, c.told)
			}
		default:
			if c.told != "" {
				t.Errorf("nothing is said, want %q", c.told)
			}
		}
	}
}
