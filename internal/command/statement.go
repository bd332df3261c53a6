package command

import (
	"strconv"
	"strings"

	"dynamoguard/internal/jsonscan"
	"dynamoguard/internal/resource"
)

// statementLines writes the statement of a policy document, or as much of it as there is, one value a line, and marks the line
// that an element of it is on. The statement stays as it was written but for its white space.
func statementLines(statement string, element resource.Path) []string {
	w := statementWriter{Scanner: jsonscan.Of([]byte(statement))}
	w.value("", "", "")
	if w.Err() != nil {
		w.line("", "...")
	}
	marked := -1
	for i, at := range w.paths {
		if at != "" && leadsTo(at, element) && (marked < 0 || len(at) > len(w.paths[marked])) {
			marked = i
		}
	}
	for i, line := range w.lines {
		mark := "  "
		if i == marked {
			mark = "> "
		}
		w.lines[i] = mark + line
	}
	return w.lines
}

// leadsTo reports whether a path is another one, or an ancestor of it.
func leadsTo(at, to resource.Path) bool {
	rest, ok := strings.CutPrefix(string(to), string(at))
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

type statementWriter struct {
	*jsonscan.Scanner
	lines []string
	paths []resource.Path // of what stands on each line, empty for one that closes
}

func (w *statementWriter) line(at resource.Path, text string) {
	w.lines, w.paths = append(w.lines, text), append(w.paths, at)
}

// value writes the next value, behind a label.
func (w *statementWriter) value(at resource.Path, indent, label string) {
	switch w.Next() {
	case '{':
		w.line(at, indent+label+"{")
		first := true
		w.Members(func(name string) {
			w.separate(first)
			first = false
			w.value(at.Key(name), indent+"  ", strconv.Quote(name)+": ")
		})
		w.line("", indent+"}")
	case '[':
		w.line(at, indent+label+"[")
		w.Elements(func(i int) {
			w.separate(i == 0)
			w.value(at.Index(i), indent+"  ", "")
		})
		w.line("", indent+"]")
	default:
		w.line(at, indent+label+string(w.Value()))
	}
}

func (w *statementWriter) separate(first bool) {
	if !first {
		w.lines[len(w.lines)-1] += ","
	}
}
