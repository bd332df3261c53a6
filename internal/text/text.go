// Package text is how things are written for people: enumerations, counts, and what is fit for a terminal. Everything that
// may hold a text of somebody else (a program, a state, a server, an argument) goes through Printable or Error on its way to a
// message, a line of output or an error.
package text

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable is a text on one line: UTF-8, which is all that protobuf takes, and without a character that could forge the
// output around it, such as a line break, the escape of ANSI or a change of the writing direction. Those are written as
// JSON escapes them, \u001b, so that JSON stays the same JSON; what is no UTF-8 is \ufffd. Letters of all scripts, marks,
// symbols and the space stay as they are.
func Printable(s string) string { return printable(s, math.MaxInt) }

// MaxMessage is how long a message may be, in bytes. It has what anybody reads.
const MaxMessage = 8 << 10

// Message is a text that is printable and no longer than a message may be. It says what is missing at its end.
func Message(s string) string { return printable(s, MaxMessage) }

// Enumeration is a message of several lines: a sentence, and what it enumerates, each below it. All together it is no longer than
// a message may be, and says what is missing.
func Enumeration(sentence string, items []string) string {
	var b strings.Builder
	b.WriteString(Message(sentence))
	for i, item := range items {
		line := "\n  " + Message(item)
		if b.Len()+len(line) > MaxMessage {
			fmt.Fprintf(&b, "\n  … (%d more)", len(items)-i)
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

// printable cuts a text after which most bytes would be exceeded, at a character.
func printable(s string, most int) string {
	if len(s) <= most && (plain(s) || !strings.ContainsFunc(s, unprintable)) {
		return s
	}
	const room = len("… (1234567890123456789 more bytes)")
	var b strings.Builder
	cut, missing := 0, 0 // what is left out where the whole is too long: of what is written, of the text
	for i, r := range s {
		if b.Len() <= most-room {
			cut, missing = b.Len(), len(s)-i
		}
		if !unprintable(r) {
			b.WriteRune(r)
		} else {
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
		if b.Len() > most {
			return fmt.Sprintf("%s… (%d more bytes)", b.String()[:cut], missing)
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

// plain reports whether all of a text is printable ASCII, as nearly all texts are: unicode takes its time to say so.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Error is the text of an error, printable: one line, or one for each of the errors that errors.Join made it of, no more of them
// than anybody mends at once. So a line begins where an error does, and never in the middle of a value.
func Error(err error) string {
	const most = 100
	lines := errorLines(err)
	if len(lines) > most {
		lines = append(lines[:most:most], fmt.Sprintf("and %d more", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

func errorLines(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{Message(err.Error())}
	}
	var plain, lines []string
	for _, e := range joined.Unwrap() {
		plain, lines = append(plain, e.Error()), append(lines, errorLines(e)...)
	}
	if strings.Join(plain, "\n") != err.Error() {
		return []string{Message(err.Error())} // not errors.Join: it has words of its own
	}
	return lines
}
