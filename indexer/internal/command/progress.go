package command

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	bars     *mpb.Progress
	bar      *mpb.Bar
}

func newProgress(w io.Writer) *progress {
	file, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// show shows how many of the stacks are done with.
func (p *progress) show(done, total int) {
	if !p.terminal || total == 0 {
		return
	}
	if p.bar == nil {
		p.bars = mpb.New(mpb.WithOutput(p.w), mpb.ForceAutoRefresh(), mpb.ForceTTY(), mpb.WithWidth(64))
		p.bar = p.bars.AddBar(int64(total),
			mpb.PrependDecorators(decor.CountersNoUnit("%d of %d stacks ")),
			mpb.AppendDecorators(decor.Percentage(), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WCSyncSpace), "")))
	}
	p.bar.SetCurrent(int64(done))
}

// close leaves the bar as it is, so that what is written next comes below it.
func (p *progress) close() {
	if p.bar != nil {
		p.bar.Abort(false)
		p.bars.Wait()
	}
}
