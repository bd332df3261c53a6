package provider

import (
	"bytes"
	"io"
	"strconv"
)

// maxLine is how much is kept of a first line, in bytes: a port takes five.
const maxLine = 4 << 10

// An output is the standard output of a provider, whose first line is its port. Where that is none, it is left for the engine to
// complain of.
type output struct {
	port  func(uint16) error // told the port, before anything is written to rest
	rest  io.Writer
	first []byte // of the first line, as long as that is not complete
	past  bool   // the first line
}

func (o *output) Write(p []byte) (int, error) {
	if o.past {
		return o.rest.Write(p)
	}
	o.first = append(o.first, p...)
	line, rest, whole := bytes.Cut(o.first, []byte("\n"))
	if !whole && len(o.first) < maxLine {
		return len(p), nil
	}
	if port, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 10, 16); err == nil && whole {
		o.first = rest
		if err := o.port(uint16(port)); err != nil {
			return 0, err
		}
	}
	return len(p), o.flush()
}

// flush writes what is kept of the first line.
func (o *output) flush() error {
	first := o.first
	o.first, o.past = nil, true
	if len(first) == 0 {
		return nil
	}
	_, err := o.rest.Write(first)
	return err
}
