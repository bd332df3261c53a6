// Package jsonscan reads large JSON texts piece by piece: states and indexes of tables.
package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// A Scanner reads a JSON text piece by piece, in the memory of the largest value that is asked for. It checks what it
// reads and not what it skips: what it reads was written by a JSON encoder, and may have been cut off. After an error its
// methods take nothing, so Err need not be asked after each.
type Scanner struct {
	r        io.Reader // nil where buf holds all there is
	most     int       // that buf may grow to
	buf      []byte
	pos, end int   // what of buf was not taken yet
	mark     int   // from here on buf must be kept, which is where the outermost value begins that is asked for; -1 for nothing
	before   int64 // bytes that came before buf
	err      error // the first error; nothing is taken after it
}

// window is how much is read at once.
const window = 128 << 10

// New returns a scanner of a stream. A value of more than most bytes that is asked for is an error.
func New(r io.Reader, most int) *Scanner {
	return &Scanner{r: r, most: most, buf: make([]byte, min(window, most)), mark: -1}
}

// Of returns a scanner of a text.
func Of(data []byte) *Scanner { return &Scanner{buf: data, end: len(data), mark: -1} }

// Err returns the first error.
func (s *Scanner) Err() error { return s.err }

// Offset is how many bytes were taken.
func (s *Scanner) Offset() int64 { return s.before + int64(s.pos) }

// fill reads more. It reports whether there is more.
func (s *Scanner) fill() bool {
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
		if s.end >= s.most {
			s.Fail("the value at byte %d is larger than %d bytes", s.before, s.most)
			return false
		}
		s.buf = append(s.buf, make([]byte, min(len(s.buf), s.most-len(s.buf)))...)
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

// Fail notes the first error.
func (s *Scanner) Fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// Unexpected notes that what comes next is not what it should be.
func (s *Scanner) Unexpected(want string) {
	if c := s.Next(); c != 0 {
		s.Fail("byte %d is %q, not %s", s.Offset(), c, want)
	} else {
		s.Fail("it ends after %d bytes, in the middle", s.Offset())
	}
}

// Next is the next byte that is not white space; it is not taken. 0 is the end.
func (s *Scanner) Next() byte {
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
func (s *Scanner) take(c byte) bool {
	if s.Next() != c {
		return false
	}
	s.pos++
	return true
}

// Members takes an object. f must take the value of each member; what it is given holds until then.
func (s *Scanner) Members(f func(name string)) {
	if !s.take('{') {
		s.Unexpected("the start of an object")
		return
	}
	for first := true; s.err == nil && !s.take('}'); first = false {
		if !first && !s.take(',') {
			s.Unexpected("a comma or the end of an object")
			return
		}
		name := s.Text()
		if !s.take(':') {
			s.Unexpected("a colon")
			return
		}
		if s.err == nil {
			f(name)
		}
	}
}

// Find takes an object as far as the value of a member, which comes next then; it reports whether there is one.
func (s *Scanner) Find(name string) bool {
	if !s.take('{') {
		s.Unexpected("the start of an object")
		return false
	}
	for first := true; s.err == nil && !s.take('}'); first = false {
		if !first && !s.take(',') {
			s.Unexpected("a comma or the end of an object")
			return false
		}
		raw := s.raw()
		found := string(raw) == name || bytes.IndexByte(raw, '\\') >= 0 && s.unescape(raw) == name
		if !s.take(':') {
			s.Unexpected("a colon")
			return false
		}
		if found {
			return s.err == nil
		}
		s.Skip()
	}
	return false
}

// Elements takes a list. f must take each element.
func (s *Scanner) Elements(f func(i int)) {
	if !s.take('[') {
		s.Unexpected("the start of a list")
		return
	}
	for i := 0; s.err == nil && !s.take(']'); i++ {
		if i > 0 && !s.take(',') {
			s.Unexpected("a comma or the end of a list")
			return
		}
		if s.Next() == ']' {
			s.Unexpected("an element")
			return
		}
		f(i)
	}
}

// raw takes a string and returns what stands between its quotes; it holds until the next call.
func (s *Scanner) raw() []byte {
	if !s.take('"') {
		s.Unexpected("a string")
		return nil
	}
	outer, before := s.mark, s.Offset()
	if outer < 0 {
		s.mark = s.pos
	}
	s.skipText()
	start := int(before - s.before)
	if outer < 0 {
		s.mark = -1
	}
	return s.buf[start:max(start, s.pos-1)]
}

// Text takes a string.
func (s *Scanner) Text() string { return s.unescape(s.raw()) }

func (s *Scanner) unescape(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	var text string
	if err := json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &text); err != nil {
		s.Fail("a string before byte %d: %w", s.Offset(), err)
	}
	return text
}

// Value takes a value and returns its text; it holds until the next call.
func (s *Scanner) Value() []byte {
	s.Next()
	s.mark = s.pos
	s.Skip()
	text := s.buf[s.mark:s.pos]
	s.mark = -1
	return text
}

// ValueIf takes an object, and returns its text where it is wanted, else nil; it holds until the next call. Whether it is
// wanted is asked of a member of it, empty where the object has none of that name or no string. What comes after that
// member in an object that is not wanted takes no memory.
func (s *Scanner) ValueIf(member string, wanted func(string) bool) []byte {
	s.Next()
	s.mark = s.pos
	value, ended := "", true
	if s.Find(member) {
		ended = false
		if s.Next() == '"' {
			value = s.Text()
		} else {
			s.Skip()
		}
	}
	is := s.err == nil && wanted(value)
	if !is {
		s.mark = -1
	}
	if !ended {
		s.leave(1)
	}
	if !is {
		return nil
	}
	text := s.buf[s.mark:s.pos]
	s.mark = -1
	return text
}

// Values is how many values a text has, lists, objects and their members' names included.
func Values(text []byte) int {
	n := 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ',', ':', '[', '{':
			n++
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return n
}

// structural are the bytes that matter while a value is skipped.
var structural = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true}

// Skip takes a value.
func (s *Scanner) Skip() {
	switch s.Next() {
	case '"':
		s.pos++
		s.skipText()
	case '{', '[':
		s.leave(0)
	case 0, '}', ']', ',', ':':
		s.Unexpected("a value")
	default:
		s.skipLiteral()
	}
}

// leave takes what is left of as many lists and objects as there are around what comes next; of 0, of the one that begins.
func (s *Scanner) leave(depth int) {
	for s.err == nil {
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
			s.Unexpected("a value")
			return
		}
	}
}

// skipLiteral takes a number, true, false or null.
func (s *Scanner) skipLiteral() {
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
func (s *Scanner) skipText() {
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
			s.Unexpected("the end of a string")
			return
		}
	}
}
