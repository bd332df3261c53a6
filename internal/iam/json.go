package iam

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonReader reads JSON from a string, once and forwards, as RFC 8259 defines it. encoding/json will not do for a policy
// document: it matches names in any case, and of a name given twice it keeps the last.
//
// After the first syntax error every method returns at once. The text must be valid UTF-8.
type jsonReader struct {
	text   string
	pos    int
	failed string // what is wrong at pos; "" while all is well
	odd    bool   // the string that was read last has an escape, or a character beyond ASCII
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

func (j *jsonReader) fail(reason string) {
	if j.failed == "" {
		j.failed = reason
	}
}

// position is the line and column, in characters from 1, that j stands at.
func (j *jsonReader) position() string {
	before := j.text[:j.pos]
	line := strings.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("line %d, column %d", strings.Count(before, "\n")+1, utf8.RuneCountInString(before[line:])+1)
}

// end reports whether only white space is left.
func (j *jsonReader) end() bool {
	j.peek()
	return j.pos == len(j.text)
}

// peek skips white space and returns the next byte, 0 at the end of the text.
func (j *jsonReader) peek() byte {
	for j.failed == "" && j.pos < len(j.text) {
		switch c := j.text[j.pos]; c {
		case ' ', '\t', '\n', '\r':
			j.pos++
		default:
			return c
		}
	}
	return 0
}

// next is the shape of the value that follows, which is not read yet.
func (j *jsonReader) next() shape {
	switch c := j.peek(); {
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
func (j *jsonReader) object(member func(name string)) {
	j.list('{', '}', func() {
		if j.peek() != '"' {
			j.fail("a name in double quotes must follow")
			return
		}
		name := j.str()
		if j.peek() != ':' {
			j.fail("a colon must follow a name")
			return
		}
		j.pos++
		member(name)
	})
}

// array reads an array. element is called with each index in turn and reads the value.
func (j *jsonReader) array(element func(index int)) {
	i := -1
	j.list('[', ']', func() {
		i++
		element(i)
	})
}

func (j *jsonReader) list(open, end byte, item func()) {
	if j.peek() != open {
		j.fail("a value must follow")
		return
	}
	j.pos++
	if j.peek() == end {
		j.pos++
		return
	}
	for j.failed == "" {
		item()
		switch j.peek() {
		case ',':
			j.pos++
		case end:
			j.pos++
			return
		default:
			j.fail("a comma or the closing bracket must follow")
		}
	}
}

// skip reads the value that follows, whatever it is. It holds open brackets in memory of its own: a call for each would
// let a deeply nested document exhaust the stack.
func (j *jsonReader) skip() {
	if v := j.next(); v != arrayValue && v != objectValue {
		j.scalar()
		return
	}
	var open []byte
	for {
		switch j.next() {
		case objectValue:
			j.pos++
			open = append(open, '}')
			if j.peek() != '}' {
				j.name()
				continue
			}
		case arrayValue:
			j.pos++
			open = append(open, ']')
			if j.peek() != ']' {
				continue
			}
		default:
			j.scalar()
		}
		// A value ends here, and with it perhaps the lists that hold it.
		for j.failed == "" && len(open) > 0 && j.peek() == open[len(open)-1] {
			j.pos++
			open = open[:len(open)-1]
		}
		if j.failed != "" || len(open) == 0 {
			return
		}
		if j.peek() != ',' {
			j.fail("a comma or the closing bracket must follow")
			return
		}
		j.pos++
		if open[len(open)-1] == '}' {
			j.name()
		}
	}
}

// name reads a name and its colon.
func (j *jsonReader) name() {
	if j.peek() != '"' {
		j.fail("a name in double quotes must follow")
		return
	}
	j.str()
	if j.peek() != ':' {
		j.fail("a colon must follow a name")
		return
	}
	j.pos++
}

// scalar reads a string, a number, true, false or null, and returns a string's value or the others' text.
func (j *jsonReader) scalar() string {
	switch j.next() {
	case stringValue:
		return j.str()
	case numberValue:
		return j.number()
	case boolValue, nullValue:
		for _, word := range []string{"true", "false", "null"} {
			if strings.HasPrefix(j.text[j.pos:], word) {
				j.pos += len(word)
				return word
			}
		}
	}
	j.fail("a value must follow")
	return ""
}

func (j *jsonReader) number() string {
	start := j.pos
	digits := func() bool {
		from := j.pos
		for j.pos < len(j.text) && '0' <= j.text[j.pos] && j.text[j.pos] <= '9' {
			j.pos++
		}
		return j.pos > from
	}
	at := func(any string) bool {
		if j.pos < len(j.text) && strings.IndexByte(any, j.text[j.pos]) >= 0 {
			j.pos++
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
		j.fail("a digit must follow")
	}
	return j.text[start:j.pos]
}

// str reads a string; peek must have seen its opening quote. A string without escapes is a part of the text, and needs no
// memory.
func (j *jsonReader) str() string {
	if j.failed != "" {
		return ""
	}
	j.pos++
	start, all := j.pos, byte(0)
	for j.pos < len(j.text) {
		c := j.text[j.pos]
		all |= c
		switch {
		case c == '"':
			value := j.text[start:j.pos]
			j.pos++
			j.odd = all >= utf8.RuneSelf
			return value
		case c == '\\':
			j.odd = true
			return j.escaped(start)
		case c < ' ':
			j.fail("a control character must be escaped")
			return ""
		default:
			j.pos++
		}
	}
	j.fail("a string does not end")
	return ""
}

// escaped reads the rest of a string that holds escapes, from start.
func (j *jsonReader) escaped(start int) string {
	var out strings.Builder
	for j.pos < len(j.text) {
		switch c := j.text[j.pos]; {
		case c == '"':
			out.WriteString(j.text[start:j.pos])
			j.pos++
			return out.String()
		case c == '\\':
			out.WriteString(j.text[start:j.pos])
			r, ok := j.escape()
			if !ok {
				j.fail("an escape is not one of JSON's")
				return ""
			}
			out.WriteRune(r)
			start = j.pos
		case c < ' ':
			j.fail("a control character must be escaped")
			return ""
		default:
			j.pos++
		}
	}
	j.fail("a string does not end")
	return ""
}

// escape reads one escape, two where they make up one character. Half of such a pair is U+FFFD.
func (j *jsonReader) escape() (rune, bool) {
	rest := j.text[j.pos+1:]
	if rest == "" {
		return 0, false
	}
	if i := strings.IndexByte(`"\/bfnrt`, rest[0]); i >= 0 {
		j.pos += 2
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	r, ok := j.hex()
	if ok && utf16.IsSurrogate(r) {
		at := j.pos
		if second, ok := j.hex(); ok && utf16.DecodeRune(r, second) != utf8.RuneError {
			return utf16.DecodeRune(r, second), true
		}
		j.pos = at
		r = utf8.RuneError
	}
	return r, ok
}

// hex reads \uXXXX.
func (j *jsonReader) hex() (r rune, ok bool) {
	rest := j.text[j.pos:]
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
	j.pos += 6
	return r, true
}
