package shop

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	barWidth    = 30
	redraw      = 200 * time.Millisecond
	plainRedraw = 5 * time.Second
	noticeEvery = 15 * time.Second
)

// Progress shows how far something is: a bar that is drawn over itself on a terminal, a line now and then elsewhere. Safe for
// concurrent use.
type Progress struct {
	Out      io.Writer
	Terminal bool
	Now      func() time.Time

	mu                    sync.Mutex
	start, drawn, noticed time.Time
	stage                 string
	from                  int // where the stage stood when it was first shown
	width                 int
	done                  bool // the end of the stage is drawn
}

// NewProgress shows progress on a file; it is a bar if the file is a terminal.
func NewProgress(f *os.File) *Progress {
	info, err := f.Stat()
	return &Progress{Out: f, Terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, Now: time.Now}
}

// Show draws a stage at n of total, if it is time to. With total 0 it shows n alone.
func (p *Progress) Show(stage string, n, total int, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	if stage != p.stage {
		p.end()
		p.stage, p.start, p.from, p.drawn, p.done = stage, now, n, time.Time{}, false
		if total == 0 || n == 0 && !p.Terminal {
			p.drawn = now // what has just begun says nothing
		}
	}
	every := plainRedraw
	if p.Terminal {
		every = redraw
	}
	done := total > 0 && n == total
	if n == 0 && !p.Terminal {
		return
	}
	if done && p.done || !done && now.Sub(p.drawn) < every {
		return
	}
	p.done, p.drawn = done, now
	text := fmt.Sprintf("%s %s %s", stage, grouped(n), unit)
	if total > 0 {
		text = fmt.Sprintf("%s %3d%% %s of %s %s", stage, n*100/total, grouped(n), grouped(total), unit)
		text += p.speed(n, total, now.Sub(p.start))
	}
	if !p.Terminal {
		_, _ = fmt.Fprintln(p.Out, text)
		return
	}
	if total > 0 {
		done := barWidth * n / total
		text = "[" + strings.Repeat("#", done) + strings.Repeat("-", barWidth-done) + "] " + text
	}
	_, _ = fmt.Fprintf(p.Out, "\r%-*s", p.width, text)
	p.width = len(text)
}

// speed is how fast the stage goes and how long it will take, as far as that can be told: not in its first second, and the time not before a twentieth is done, since the first of it may have waited for a schedule.
func (p *Progress) speed(n, total int, taken time.Duration) (text string) {
	moved := n - p.from
	if moved <= 0 || taken < time.Second {
		return ""
	}
	if float64(moved) >= taken.Seconds() {
		text = ", " + perSecond(moved, taken) + "/s"
	}
	if n < total && 20*moved >= total-p.from {
		left := time.Duration(float64(taken) / float64(moved) * float64(total-n))
		text += fmt.Sprintf(", %s left", max(left, time.Second).Round(time.Second))
	}
	return text
}

// Notice prints a line of its own, unless the last one is not long ago: when the stack is away, every sender says so.
func (p *Progress) Notice(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	if !p.noticed.IsZero() && now.Sub(p.noticed) < noticeEvery {
		return
	}
	p.noticed = now
	if p.Terminal && p.width > 0 {
		_, _ = fmt.Fprintln(p.Out)
		p.width = 0
	}
	_, _ = fmt.Fprintln(p.Out, reason)
}

// End leaves the bar and goes to the next line.
func (p *Progress) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

func (p *Progress) end() {
	if p.Terminal && p.width > 0 {
		_, _ = fmt.Fprintln(p.Out)
	}
	p.width, p.stage = 0, ""
}
