package tables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// A scanner reads a JSON text piece by piece, in the memory of the largest value that is asked for. It checks what it
// reads and not what it skips: what it reads was written by a JSON encoder, and may have been cut off.
type scanner struct {
	r        io.Reader // nil where buf holds all there is
	buf      []byte
	pos, end int   // what of buf was not taken yet
	mark     int   // from here on buf must be kept; -1 for nothing
	before   int64 // bytes that came before buf
	err      error // the first error; nothing is taken after it
}

// window is how much is read at once.
const window = 128 << 10

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, buf: make([]byte, window), mark: -1}
}

func scanBytes(data []byte) *scanner { return &scanner{buf: data, end: len(data), mark: -1} }

// fill reads more. It reports whether there is more.
func (s *scanner) fill() bool {
	if s.r == nil || s.err != nil {
		return false
	}
	keep := s.pos
	if s.mark >= 0 {
		keep = s.mark
		s.mark = 0
	}
	copy(s.buf, s.buf[keep:s.end])
	s.before += int64(keep)
	s.pos, s.end = s.pos-keep, s.end-keep
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if n > 0 {
			return true
		}
		if err == io.EOF {
			return false
		}
		if err != nil {
			s.err = err
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// fail notes the first error.
func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// unexpected notes that what comes next is not what it should be.
func (s *scanner) unexpected(want string) {
	if c := s.next(); c != 0 {
		s.fail("byte %d is %q, not %s", s.before+int64(s.pos), c, want)
	} else {
		s.fail("it ends after %d bytes, in the middle", s.before+int64(s.pos))
	}
}

// next is the next byte that is not white space; it is not taken. 0 is the end.
func (s *scanner) next() byte {
	for s.err == nil {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\r', '\n':
				s.pos++
			default:
				return c
			}
		}
		if !s.fill() {
			break
		}
	}
	return 0
}

// take takes the next byte if it is c.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.pos++
	return true
}

// members takes an object. f must take the value of each member; what it is given holds until then.
func (s *scanner) members(f func(name string)) {
	if !s.take('{') {
		s.unexpected("the start of an object")
		return
	}
	for first := true; s.err == nil && !s.take('}'); first = false {
		if !first && !s.take(',') {
			s.unexpected("a comma or the end of an object")
			return
		}
		name := s.text()
		if !s.take(':') {
			s.unexpected("a colon")
			return
		}
		if s.err == nil {
			f(name)
		}
	}
}

// elements takes a list. f must take each element.
func (s *scanner) elements(f func(i int)) {
	if !s.take('[') {
		s.unexpected("the start of a list")
		return
	}
	for i := 0; s.err == nil && !s.take(']'); i++ {
		if i > 0 && !s.take(',') {
			s.unexpected("a comma or the end of a list")
			return
		}
		if s.next() == ']' {
			s.unexpected("an element")
			return
		}
		f(i)
	}
}

// raw takes a string and returns what stands between its quotes; it holds until the next call.
func (s *scanner) raw() []byte {
	if !s.take('"') {
		s.unexpected("a string")
		return nil
	}
	s.mark = s.pos
	s.skipText()
	text := s.buf[s.mark:max(s.mark, s.pos-1)]
	s.mark = -1
	return text
}

// text takes a string.
func (s *scanner) text() string {
	raw := s.raw()
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	var text string
	if err := json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &text); err != nil {
		s.fail("a string before byte %d: %w", s.before+int64(s.pos), err)
	}
	return text
}

// value takes a value and returns its text; it holds until the next call.
func (s *scanner) value() []byte {
	s.next()
	s.mark = s.pos
	s.skip()
	text := s.buf[s.mark:s.pos]
	s.mark = -1
	return text
}

// structural are the bytes that matter while a value is skipped.
var structural = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true}

// skip takes a value.
func (s *scanner) skip() {
	switch s.next() {
	case '"':
		s.pos++
		s.skipText()
		return
	case '{', '[':
	case 0, '}', ']', ',', ':':
		s.unexpected("a value")
		return
	default:
		s.skipLiteral()
		return
	}
	depth := 0
	for {
		for s.pos < s.end {
			c := s.buf[s.pos]
			s.pos++
			if !structural[c] {
				continue
			}
			switch c {
			case '"':
				if s.skipText(); s.err != nil {
					return
				}
			case '{', '[':
				depth++
			default:
				if depth--; depth == 0 {
					return
				}
			}
		}
		if !s.fill() {
			s.unexpected("a value")
			return
		}
	}
}

// skipLiteral takes a number, true, false or null.
func (s *scanner) skipLiteral() {
	for {
		for s.pos < s.end {
			switch s.buf[s.pos] {
			case ',', '}', ']', ' ', '\t', '\r', '\n':
				return
			}
			s.pos++
		}
		if !s.fill() {
			return // the end of the text ends a literal too
		}
	}
}

// skipText takes what is left of a string, closing quote included.
func (s *scanner) skipText() {
	for {
		i := bytes.IndexByte(s.buf[s.pos:s.end], '"')
		stop := s.pos + i
		if i < 0 {
			stop = s.end
		}
		escapes := 0 // backslashes before stop: an odd one escapes what follows
		for stop-escapes > s.pos && s.buf[stop-escapes-1] == '\\' {
			escapes++
		}
		if i >= 0 {
			if s.pos = stop + 1; escapes%2 == 0 {
				return
			}
			continue
		}
		s.pos = stop - escapes%2 // keep the backslash together with what it escapes
		if !s.fill() {
			s.pos = s.end
			s.unexpected("the end of a string")
			return
		}
	}
}
