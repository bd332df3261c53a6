package command

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"dynamoguard/internal/text"
)

// A page is what a command tells a person: fields with their labels in a column, and sections. Nothing on it can control the
// terminal.
type page struct{ b strings.Builder }

const (
	labels = 16  // columns of the labels
	width  = 100 // of a line, unless one word is longer
)

// field writes a value behind its label, on as many lines as it takes; further values stand below it.
func (w *page) field(label string, values ...string) {
	for _, value := range values {
		for _, line := range wrap(value, width-labels) {
			w.line(fmt.Sprintf("%-*s%s", labels, label, line))
			label = ""
		}
	}
}

// section begins a section.
func (w *page) section(title string) {
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
	w.line(title)
}

// text writes a text within a section.
func (w *page) text(s string) {
	for _, line := range wrap(s, width-2) {
		w.line("  " + line)
	}
}

// line writes a line as it is.
func (w *page) line(s string) {
	w.b.WriteString(strings.TrimRight(text.Printable(s), " "))
	w.b.WriteByte('\n')
}

func (w *page) flush(out io.Writer) error {
	_, err := io.WriteString(out, w.b.String())
	return err
}

// wrap breaks a text into lines at white space; a text of none is one empty line.
func wrap(s string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(s) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	return lines
}
