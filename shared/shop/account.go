package shop

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/userops/userops/shared/shop/format"
)

// maxShown is how many refused lines an account shows one by one; the others are counted by reason.
const maxShown = 20

// Account is what became of a file.
type Account struct {
	Lines      int // without the header
	Events     int // that the lines made
	Repeated   int // events whose messageId was in the file before
	Requests   int
	Retries    int // calls that had to be made again
	Sent       int
	Accepted   int
	Duplicates int // that the stack said it had, if it says so
	Refused    int // lines that make no event, and events that the stack did not take
	Shown      []format.Refusal
	Reasons    map[string]int
	Sending    time.Duration
	Projected  time.Duration // from the first event sent until the queues were empty
	Dead       int           // dead letters that came while it ran
}

func (a *Account) refuse(r format.Refusal) {
	a.Refused++
	if a.Reasons == nil {
		a.Reasons = map[string]int{}
	}
	a.Reasons[r.Reason]++
	if len(a.Shown) < maxShown {
		a.Shown = append(a.Shown, r)
	}
}

// Print writes the account for people.
func (a *Account) Print(w io.Writer) {
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("lines", "%s", grouped(a.Lines))
	line("events", "%s, %s distinct", grouped(a.Events), grouped(a.Events-a.Repeated))
	line("sent", "%s in %s requests, %s of them tried again", grouped(a.Sent), grouped(a.Requests), grouped(a.Retries))
	line("accepted", "%s", grouped(a.Accepted))
	if a.Duplicates > 0 {
		line("duplicates", "%s", grouped(a.Duplicates))
	}
	line("refused", "%s", grouped(a.Refused))
	slices.SortFunc(a.Shown, func(x, y format.Refusal) int { return x.Line - y.Line })
	for _, r := range a.Shown {
		line("", "%s", r)
	}
	if a.Refused > len(a.Shown) {
		line("", "and %s more. All by reason:", grouped(a.Refused-len(a.Shown)))
		a.printReasons(line)
	}
	line("time", "%.1f s to send (%s events/s), projected after %.1f s (%s events/s)",
		a.Sending.Seconds(), perSecond(a.Accepted, a.Sending), a.Projected.Seconds(), perSecond(a.Accepted, a.Projected))
	if a.Dead > 0 {
		line("dead", "%s jobs were dead-lettered meanwhile: see GET /v1/queues", grouped(a.Dead))
	}
	if a.Refused > 0 {
		line("not all", "%s refused, for the reasons above; the rest is in", grouped(a.Refused))
	}
}

func (a *Account) printReasons(line func(name, format string, args ...any)) {
	reasons := make([]string, 0, len(a.Reasons))
	for reason := range a.Reasons {
		reasons = append(reasons, reason)
	}
	slices.SortFunc(reasons, func(x, y string) int {
		if a.Reasons[x] != a.Reasons[y] {
			return a.Reasons[y] - a.Reasons[x]
		}
		if x < y {
			return -1
		}
		return 1
	})
	for i, reason := range reasons {
		if i == maxShown {
			line("", "and %s more reasons", grouped(len(reasons)-i))
			return
		}
		line("", "%s: %s", grouped(a.Reasons[reason]), reason)
	}
}

func perSecond(n int, d time.Duration) string {
	if d <= 0 {
		return "-"
	}
	return grouped(int(float64(n) / d.Seconds()))
}

// grouped writes a number with commas between the thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
