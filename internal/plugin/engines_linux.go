package plugin

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A table says which sockets there are in the network that this process is in.
type table interface {
	// find calls yield with sockets until it returns false, those at the wanted ends among them. whole is false where there
	// are more than were looked at.
	find(wanted []ends, yield func(socket) bool) (whole bool)
}

// tables are those of Linux. Where the first has no answer, the next has.
var tables = []table{sockDiag{}, lists("/proc/self/net")} // which is there even where only the processes of /proc are

// The states of sockets that matter: include/net/tcp_states.h of Linux.
const (
	stateEstablished = 1
	stateListen      = 10
)

// enginesOnly restricts a listener to the user whose socket listens at the engine's address. refused is told whose connections
// were refused.
//
// Where no table has the sockets (WSL 1, no /proc), which the listener itself shows by not being listed, users cannot
// be told apart, and there is one connection at a time as on other systems. Nobody else can bring that about.
func enginesOnly(l net.Listener, engineAddress string, refused func(error)) net.Listener {
	for _, t := range tables {
		if user, ok := engineUser(t, l.Addr(), engineAddress); ok {
			return guard(l, peers{t, user}.judge, func(err error) {
				if !errors.Is(err, errLeft) {
					refused(err)
				}
			})
		}
	}
	return oneAtATime(l)
}

// engineUser returns the user of the socket that listens at the engine's address, by a table of sockets; false where that does
// not have our own listener either, although it was read to its end. An engine that is not in it is not at its address. Then
// it is the user of this process, whom it has started.
func engineUser(t table, own net.Addr, engineAddress string) (user uint64, ok bool) {
	ours := addressOf(own)
	engines, _ := netip.ParseAddrPort(engineAddress) // what is none is that of no socket
	engines = netip.AddrPortFrom(engines.Addr().Unmap(), engines.Port())
	users := map[uint64]bool{}
	whole, listed := true, false
	for range tries {
		whole = t.find([]ends{{local: ours}, {local: engines}}, func(s socket) bool {
			if s.state == stateListen {
				listed = listed || s.local == ours
				if s.local == engines {
					users[s.user] = true
				}
			}
			return true
		})
		if listed && len(users) > 0 {
			break
		}
	}
	if len(users) != 1 { // of two, one is not the engine
		return uint64(os.Geteuid()), listed || !whole
	}
	for user = range users {
	}
	return user, listed || !whole
}

// Peers tells the connections of a user from those of others.
type peers struct {
	sockets table
	user    uint64
}

var (
	errLeft    = errors.New("it has ended")
	errUnknown = errors.New("the system does not say whose it is")
)

// judge says of each connection why it is not the user's, nil where it is. The socket at its other end must be in the table, as
// established and with its inode: one that its process has closed has none, and user 0, while what it sent can still be
// read. That it is there proves nothing once the connection is gone and its ports are free for others, so our own end is
// asked last.
func (p peers) judge(connections []net.Conn) []error {
	verdicts := make([]error, len(connections))
	wanted := map[ends]int{}
	for i, c := range connections {
		if !established(c) {
			verdicts[i] = errLeft
			continue
		}
		verdicts[i] = errUnknown
		wanted[ends{addressOf(c.RemoteAddr()), addressOf(c.LocalAddr())}] = i
	}
	for try := 0; try < tries && len(wanted) > 0; try++ {
		p.sockets.find(slices.Collect(maps.Keys(wanted)), func(s socket) bool {
			i, ok := wanted[s.ends]
			if !ok || s.state != stateEstablished || s.inode == 0 {
				return true
			}
			delete(wanted, s.ends)
			verdicts[i] = nil
			if s.user != p.user {
				verdicts[i] = fmt.Errorf("it is of user %d, and the engine of user %d", s.user, p.user)
			}
			return len(wanted) > 0
		})
	}
	for i, c := range connections {
		if (verdicts[i] == nil || verdicts[i] == errUnknown) && !established(c) {
			verdicts[i] = errLeft
		}
	}
	return verdicts
}

// established reports whether neither end of a connection has closed it.
func established(c net.Conn) bool {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	var info *unix.TCPInfo
	var failed error
	err = raw.Control(func(fd uintptr) { info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	return err == nil && failed == nil && info.State == stateEstablished
}

// tries is how often the lists are read for what they do not hold. They are read in pieces, and a socket can be missed where
// others of its hash bucket go between two.
const tries = 3

// A socket is one of TCP, over IPv4 or IPv6.
type socket struct {
	ends
	state uint64
	user  uint64
	inode uint64 // 0 of a socket that no process has, or has any more
}

// Ends are the addresses of a socket, IPv4 addresses as such. One that listens has no remote one.
type ends struct{ local, remote netip.AddrPort }

// maxSockets is how much is read of a list of sockets, in bytes: 400,000 of them.
const maxSockets = 64 << 20

// Lists are the files tcp and tcp6 in a folder: https://docs.kernel.org/networking/proc_net_tcp.html.
type lists string

// find calls yield with every socket. What cannot be opened is not listed. whole is false where a list has more than is read.
func (folder lists) find(_ []ends, yield func(socket) bool) (whole bool) {
	whole = true
	for _, name := range []string{"tcp", "tcp6"} {
		file, err := os.Open(filepath.Join(string(folder), name))
		if err != nil {
			continue
		}
		limited := &io.LimitedReader{R: file, N: maxSockets}
		more := true
		rows := bufio.NewScanner(limited)
		for more && rows.Scan() {
			if s, ok := parseSocket(rows.Text()); ok {
				more = yield(s)
			}
		}
		_ = file.Close()
		whole = whole && rows.Err() == nil && limited.N > 0
		if !more {
			break
		}
	}
	return whole
}

// parseSocket reads a row, and nothing from the list's heading.
func parseSocket(row string) (s socket, ok bool) {
	fields := strings.Fields(row)
	if len(fields) < 10 {
		return socket{}, false
	}
	var errs [5]error
	s.local, errs[0] = parseAddress(fields[1])
	s.remote, errs[1] = parseAddress(fields[2])
	s.state, errs[2] = strconv.ParseUint(fields[3], 16, 8)
	s.user, errs[3] = strconv.ParseUint(fields[7], 10, 32)
	s.inode, errs[4] = strconv.ParseUint(fields[9], 10, 64)
	return s, errors.Join(errs[:]...) == nil
}

// parseAddress reads "0100007F:1F90", an address in words of four bytes, each as a number of the machine's byte order, and a
// port.
func parseAddress(text string) (netip.AddrPort, error) {
	address, port, _ := strings.Cut(text, ":")
	words, err := hex.DecodeString(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if len(words)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is no address", text)
	}
	for word := words; len(word) > 0; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	ip, ok := netip.AddrFromSlice(words)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%q is no address", text)
	}
	number, err := strconv.ParseUint(port, 16, 16)
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), err
}

func addressOf(a net.Addr) netip.AddrPort {
	address := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
}
