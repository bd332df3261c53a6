package command

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"dynamoguard/internal/report"
)

// terminalWidth is how wide the terminal is that is written to; 0 where that is none.
func terminalWidth(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		return columns(file.Fd())
	}
	return 0
}

// optionsFor are those of a format that is written to w: in colour on a terminal that has some, unless NO_COLOR is set.
//
// Source: https://no-color.org
func optionsFor(w io.Writer, getenv func(string) string) report.Options {
	width := terminalWidth(w)
	return report.Options{Width: width, Colour: width > 0 && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

// A progress is shown on a terminal of work that takes long: how much of the bytes there are to read was read.
type progress struct {
	read  atomic.Int64
	of    int64 // 0 where that is not known
	stop  chan struct{}
	ended chan struct{}
}

const (
	patience = 500 * time.Millisecond // before anything is shown
	interval = 100 * time.Millisecond
)

// startProgress shows progress on w where that is a terminal.
func startProgress(w io.Writer, of int64) *progress {
	p := &progress{of: of, stop: make(chan struct{}), ended: make(chan struct{})}
	width := terminalWidth(w)
	if width == 0 {
		close(p.ended)
		return p
	}
	go func() {
		defer close(p.ended)
		next := time.NewTimer(patience)
		defer next.Stop()
		shown := false
		for {
			select {
			case <-p.stop:
				if shown {
					_, _ = io.WriteString(w, "\r\x1b[K")
				}
				return
			case <-next.C:
				shown = true
				_, _ = io.WriteString(w, "\r"+p.bar(width)+"\x1b[K")
				next.Reset(interval)
			}
		}
	}()
	return p
}

// seen is told of bytes that were read.
func (p *progress) seen(n int) { p.read.Add(int64(n)) }

// end removes what is shown.
func (p *progress) end() {
	close(p.stop)
	<-p.ended
}

// bar is what is shown on a terminal of some columns.
func (p *progress) bar(width int) string {
	read := p.read.Load()
	if p.of == 0 {
		return fmt.Sprintf("judging: %d MB read", read>>20)
	}
	done := min(float64(read)/float64(cmp.Or(p.of, 1)), 1)
	room := min(width-len("judging [] 100 %")-1, 40)
	if room < 1 {
		return fmt.Sprintf("%.0f %%", 100*done)
	}
	full := int(done * float64(room))
	return fmt.Sprintf("judging [%s%s] %3.0f %%", strings.Repeat("=", full), strings.Repeat(" ", room-full), 100*done)
}
