package iam

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON from a string, once and forwards, as RFC 8259 defines it. encoding/json will not do for a policy
// document: it matches names in any case, and of a name given twice it keeps the last.
//
// After the first syntax error every method returns at once. The text must be valid UTF-8.
type scanner struct {
	text   string
	pos    int
	failed string // what is wrong at pos; "" while all is well
}

// shape is what a JSON value is; the zero shape is no value at all.
type shape uint8

const (
	noValue shape = iota
	nullValue
	boolValue
	numberValue
	stringValue
	arrayValue
	objectValue
)

// String says what the value is: "a list".
func (v shape) String() string {
	return [...]string{"not a value", "null", "a boolean", "a number", "a string", "a list", "an object"}[v]
}

func (s *scanner) fail(reason string) {
	if s.failed == "" {
		s.failed = reason
	}
}

// position is the line and column, in characters from 1, that the scanner stands at.
func (s *scanner) position() string {
	before := s.text[:s.pos]
	line := strings.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("line %d, column %d", strings.Count(before, "\n")+1, utf8.RuneCountInString(before[line:])+1)
}

// end reports whether only white space is left.
func (s *scanner) end() bool {
	s.peek()
	return s.pos == len(s.text)
}

// peek skips white space and returns the next byte, 0 at the end of the text.
func (s *scanner) peek() byte {
	for s.failed == "" && s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// next is the shape of the value that follows, which is not read yet.
func (s *scanner) next() shape {
	switch c := s.peek(); {
	case c == '{':
		return objectValue
	case c == '[':
		return arrayValue
	case c == '"':
		return stringValue
	case c == 't' || c == 'f':
		return boolValue
	case c == 'n':
		return nullValue
	case c == '-' || '0' <= c && c <= '9':
		return numberValue
	}
	return noValue
}

// object reads an object. member is called with each name in turn and reads the value.
func (s *scanner) object(member func(name string)) {
	s.list('{', '}', func() {
		if s.peek() != '"' {
			s.fail("a name in double quotes must follow")
			return
		}
		name := s.str()
		if s.peek() != ':' {
			s.fail("a colon must follow a name")
			return
		}
		s.pos++
		member(name)
	})
}

// array reads an array. element is called with each index in turn and reads the value.
func (s *scanner) array(element func(index int)) {
	i := -1
	s.list('[', ']', func() {
		i++
		element(i)
	})
}

func (s *scanner) list(open, end byte, item func()) {
	if s.peek() != open {
		s.fail("a value must follow")
		return
	}
	s.pos++
	if s.peek() == end {
		s.pos++
		return
	}
	for s.failed == "" {
		item()
		switch s.peek() {
		case ',':
			s.pos++
		case end:
			s.pos++
			return
		default:
			s.fail("a comma or the closing bracket must follow")
		}
	}
}

// skip reads the value that follows, whatever it is. It holds open brackets in memory of its own: a call for each would
// let a deeply nested document exhaust the stack.
func (s *scanner) skip() {
	if v := s.next(); v != arrayValue && v != objectValue {
		s.scalar()
		return
	}
	var open []byte
	for {
		switch s.next() {
		case objectValue:
			s.pos++
			open = append(open, '}')
			if s.peek() != '}' {
				s.name()
				continue
			}
		case arrayValue:
			s.pos++
			open = append(open, ']')
			if s.peek() != ']' {
				continue
			}
		default:
			s.scalar()
		}
		// A value ends here, and with it perhaps the lists that hold it.
		for s.failed == "" && len(open) > 0 && s.peek() == open[len(open)-1] {
			s.pos++
			open = open[:len(open)-1]
		}
		if s.failed != "" || len(open) == 0 {
			return
		}
		if s.peek() != ',' {
			s.fail("a comma or the closing bracket must follow")
			return
		}
		s.pos++
		if open[len(open)-1] == '}' {
			s.name()
		}
	}
}

// name reads a name and its colon.
func (s *scanner) name() {
	if s.peek() != '"' {
		s.fail("a name in double quotes must follow")
		return
	}
	s.str()
	if s.peek() != ':' {
		s.fail("a colon must follow a name")
		return
	}
	s.pos++
}

// scalar reads a string, a number, true, false or null, and returns a string's value or the others' text.
func (s *scanner) scalar() string {
	switch s.next() {
	case stringValue:
		return s.str()
	case numberValue:
		return s.number()
	case boolValue, nullValue:
		for _, word := range []string{"true", "false", "null"} {
			if strings.HasPrefix(s.text[s.pos:], word) {
				s.pos += len(word)
				return word
			}
		}
	}
	s.fail("a value must follow")
	return ""
}

func (s *scanner) number() string {
	start := s.pos
	digits := func() bool {
		from := s.pos
		for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
			s.pos++
		}
		return s.pos > from
	}
	at := func(any string) bool {
		if s.pos < len(s.text) && strings.IndexByte(any, s.text[s.pos]) >= 0 {
			s.pos++
			return true
		}
		return false
	}
	at("-")
	ok := at("0") || digits()
	if ok && at(".") {
		ok = digits()
	}
	if ok && at("eE") {
		at("+-")
		ok = digits()
	}
	if !ok {
		s.fail("a digit must follow")
	}
	return s.text[start:s.pos]
}

// str reads a string; peek must have seen its opening quote. A string without escapes is a part of the text, and needs no
// memory.
func (s *scanner) str() string {
	if s.failed != "" {
		return ""
	}
	s.pos++
	start := s.pos
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			value := s.text[start:s.pos]
			s.pos++
			return value
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			s.fail("a control character must be escaped")
			return ""
		default:
			s.pos++
		}
	}
	s.fail("a string does not end")
	return ""
}

// escaped reads the rest of a string that holds escapes, from start.
func (s *scanner) escaped(start int) string {
	var out strings.Builder
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			out.WriteString(s.text[start:s.pos])
			s.pos++
			return out.String()
		case c == '\\':
			out.WriteString(s.text[start:s.pos])
			r, ok := s.escape()
			if !ok {
				s.fail("an escape is not one of JSON's")
				return ""
			}
			out.WriteRune(r)
			start = s.pos
		case c < ' ':
			s.fail("a control character must be escaped")
			return ""
		default:
			s.pos++
		}
	}
	s.fail("a string does not end")
	return ""
}

// escape reads one escape, two where they make up one character. Half of such a pair is U+FFFD.
func (s *scanner) escape() (rune, bool) {
	rest := s.text[s.pos+1:]
	if rest == "" {
		return 0, false
	}
	if i := strings.IndexByte(`"\/bfnrt`, rest[0]); i >= 0 {
		s.pos += 2
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	r, ok := s.hex()
	if ok && utf16.IsSurrogate(r) {
		at := s.pos
		if second, ok := s.hex(); ok && utf16.DecodeRune(r, second) != utf8.RuneError {
			return utf16.DecodeRune(r, second), true
		}
		s.pos = at
		r = utf8.RuneError
	}
	return r, ok
}

// hex reads \uXXXX.
func (s *scanner) hex() (r rune, ok bool) {
	rest := s.text[s.pos:]
	if len(rest) < 6 || rest[:2] != `\u` {
		return 0, false
	}
	for _, c := range []byte(rest[2:6]) {
		i := strings.IndexByte("0123456789abcdefABCDEF", c)
		if i < 0 {
			return 0, false
		}
		if i > 15 {
			i -= 6
		}
		r = r<<4 | rune(i)
	}
	s.pos += 6
	return r, true
}
