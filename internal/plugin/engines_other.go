//go:build !linux

package plugin

import "net"

// enginesOnly restricts a listener to one connection at a time, for here it is not known whose a connection is. The engine has
// one, and may have another once that has ended.
func enginesOnly(l net.Listener, _ string, _ func(error)) net.Listener { return oneAtATime(l) }
