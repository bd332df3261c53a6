// Package text is how things are written for people: enumerations, counts, and what is fit for a terminal. Everything that
// may hold a text of somebody else (a program, a state, a server, an argument) goes through Printable or Error on its way to a
// message, a line of output or an error.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable is a text on one line: UTF-8, which is all that protobuf takes, and without a character that could forge the
// output around it, such as a line break, the escape of ANSI or a change of the writing direction. Those are written as
// JSON escapes them, \u001b, so that JSON stays the same JSON; what is no UTF-8 is \ufffd. Letters of all scripts, marks,
// symbols and the space stay as they are.
func Printable(s string) string {
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !unprintable(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// Short is a text, and no more of it than anybody reads: its first 256 bytes.
func Short(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// Error is the text of an error, printable: one line, or one for each of the errors that errors.Join made it of. So a line
// begins where an error does, and never in the middle of a value.
func Error(err error) string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return Printable(err.Error())
	}
	var plain, lines []string
	for _, e := range joined.Unwrap() {
		plain, lines = append(plain, e.Error()), append(lines, Error(e))
	}
	if strings.Join(plain, "\n") != err.Error() {
		return Printable(err.Error()) // not errors.Join: it has words of its own
	}
	return strings.Join(lines, "\n")
}
