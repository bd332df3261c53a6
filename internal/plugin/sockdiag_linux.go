package plugin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// sockDiag asks the kernel for the sockets at given ends, one by one. That takes microseconds, where the lists take it
// milliseconds: for them it walks its whole table of connections, which is as large as the machine's memory suggests, however
// few there are. What it says of a socket is the same as in the lists, and of the same user namespace.
//
// Where the system does not answer (no such kernel module, a sandbox that has no netlink), nothing is found.
//
// Source: https://man7.org/linux/man-pages/man7/sock_diag.7.html
type sockDiag struct{}

func (sockDiag) find(wanted []ends, yield func(socket) bool) (whole bool) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return true
	}
	defer func() { _ = unix.Close(fd) }()
	for _, at := range wanted {
		if !at.local.IsValid() {
			continue
		}
		if s, err := askSocket(fd, at); err == nil && !yield(s) {
			break
		}
	}
	return true
}

// kernel is the kernel's own address; a message to a socket may be of another process.
const kernel = 0

// askSocket returns the socket at both ends, or one that listens where a connection to the local end would arrive.
func askSocket(fd int, at ends) (socket, error) {
	if err := unix.Sendto(fd, socketQuestion(at), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Pid: kernel}); err != nil {
		return socket{}, err
	}
	answer := make([]byte, 4096)
	for {
		// It is there by now: the kernel answers a question that is no dump before it has been sent.
		n, from, err := unix.Recvfrom(fd, answer, unix.MSG_DONTWAIT)
		if err != nil {
			return socket{}, err
		}
		if sender, ok := from.(*unix.SockaddrNetlink); ok && sender.Pid == kernel {
			return parseSocketAnswer(answer[:n])
		}
	}
}

// The layout of struct inet_diag_req_v2 and inet_diag_msg: include/uapi/linux/inet_diag.h. Ports and addresses are in network
// byte order, all else in the machine's.
const (
	questionSize = unix.SizeofNlMsghdr + 56
	answerSize   = unix.SizeofNlMsghdr + 72

	atFamily   = unix.SizeofNlMsghdr
	atProtocol = unix.SizeofNlMsghdr + 1 // of a question
	atState    = unix.SizeofNlMsghdr + 1 // of an answer
	atAnswered = unix.SizeofNlMsghdr + 4 // the ends, of an answer
	atUser     = unix.SizeofNlMsghdr + 64
	atInode    = unix.SizeofNlMsghdr + 68

	atStates = unix.SizeofNlMsghdr + 4 // of a question
	atAsked  = unix.SizeofNlMsghdr + 8 // the ends, of a question

	// Within the ends: two ports, two addresses of 16 bytes, the interface, and a cookie of 8 bytes.
	ofAddress, ofCookie = 4, 40
)

func socketQuestion(at ends) []byte {
	b := make([]byte, questionSize)
	binary.NativeEndian.PutUint32(b, questionSize)
	binary.NativeEndian.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST)
	b[atFamily], b[atProtocol] = unix.AF_INET, unix.IPPROTO_TCP
	if at.local.Addr().Is6() {
		b[atFamily] = unix.AF_INET6
	}
	binary.NativeEndian.PutUint32(b[atStates:], ^uint32(0))
	id := b[atAsked:]
	for i, end := range []netip.AddrPort{at.local, at.remote} {
		binary.BigEndian.PutUint16(id[2*i:], end.Port())
		if end.IsValid() {
			copy(id[ofAddress+16*i:], end.Addr().AsSlice())
		}
	}
	binary.NativeEndian.PutUint64(id[ofCookie:], ^uint64(0)) // any
	return b
}

func parseSocketAnswer(b []byte) (socket, error) {
	if len(b) < unix.SizeofNlMsghdr+4 {
		return socket{}, errors.New("the kernel's answer is cut short")
	}
	switch typ := binary.NativeEndian.Uint16(b[4:]); {
	case typ == unix.NLMSG_ERROR:
		return socket{}, unix.Errno(-int32(binary.NativeEndian.Uint32(b[unix.SizeofNlMsghdr:])))
	case typ != unix.SOCK_DIAG_BY_FAMILY || len(b) < answerSize:
		return socket{}, fmt.Errorf("the kernel's answer is of type %d and %d bytes", typ, len(b))
	}
	size := 4
	if b[atFamily] == unix.AF_INET6 {
		size = 16
	}
	id := b[atAnswered:]
	var end [2]netip.AddrPort
	for i := range end {
		address, _ := netip.AddrFromSlice(id[ofAddress+16*i:][:size])
		end[i] = netip.AddrPortFrom(address.Unmap(), binary.BigEndian.Uint16(id[2*i:]))
	}
	return socket{
		ends:  ends{end[0], end[1]},
		state: uint64(b[atState]),
		user:  uint64(binary.NativeEndian.Uint32(b[atUser:])),
		inode: uint64(binary.NativeEndian.Uint32(b[atInode:])),
	}, nil
}
