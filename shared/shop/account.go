package shop

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/money"
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
	Note       string         // how the file was taken
	Sums       map[string]Sum // what orders come to, each once, by currency; the shop's own is empty
	Sending    time.Duration
	Projected  time.Duration // from the first event sent until the queues were empty
	Dead       int           // dead letters that came while it ran
}

// Sum is what orders of one currency come to, in minor units.
type Sum struct {
	Orders, Refunds int
	Paid, Back      int64
}

// book adds what an event moves, times 1, or takes it off again, times -1.
func (a *Account) book(m format.Money, times int) {
	if m == (format.Money{}) {
		return
	}
	if a.Sums == nil {
		a.Sums = map[string]Sum{}
	}
	sum := a.Sums[string(m.Amount.Currency)]
	if m.Refund {
		sum.Refunds += times
		sum.Back += int64(times) * m.Amount.Minor
	} else {
		sum.Orders += times
		sum.Paid += int64(times) * m.Amount.Minor
	}
	a.Sums[string(m.Amount.Currency)] = sum
}

func (a *Account) refuse(r format.Refusal) {
	a.Refused++
	if a.Reasons == nil {
		a.Reasons = map[string]int{}
	}
	a.Reasons[r.Why()]++
	if len(a.Shown) < maxShown {
		a.Shown = append(a.Shown, r)
	}
}

// begin writes what was read, and answers what writes the further lines.
func (a *Account) begin(w io.Writer) (line func(name, format string, args ...any)) {
	line = func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	if a.Note != "" {
		line("file", "%s", a.Note)
	}
	line("lines", "%s", grouped(a.Lines))
	line("events", "%s, %s distinct", grouped(a.Events), grouped(a.Events-a.Repeated))
	return line
}

// Print writes the account for people.
func (a *Account) Print(w io.Writer) {
	line := a.begin(w)
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
	a.printSums(line)
	line("time", "%.1f s to send (%s events/s), projected after %.1f s (%s events/s)",
		a.Sending.Seconds(), perSecond(a.Accepted, a.Sending), a.Projected.Seconds(), perSecond(a.Accepted, a.Projected))
	if a.Dead > 0 {
		line("dead", "%s jobs were dead-lettered meanwhile: see GET /v1/queues", grouped(a.Dead))
	}
	if a.Refused > 0 {
		line("not all", "%s refused, for the reasons above; the rest is in", grouped(a.Refused))
	}
}

// printSums writes what the orders come to by currency, to the minor unit.
func (a *Account) printSums(line func(name, format string, args ...any)) {
	for _, code := range slices.Sorted(maps.Keys(a.Sums)) {
		sum, name := a.Sums[code], cmpOr(code, "the shop's currency")
		decimal := func(minor int64) string {
			return money.Amount{Minor: minor, Currency: money.Currency(cmpOr(code, "USD"))}.Decimal() // an amount without a currency is read as hundredths
		}
		text := fmt.Sprintf("%s %s, orders %s", decimal(sum.Paid), name, grouped(sum.Orders))
		if sum.Refunds > 0 {
			text += fmt.Sprintf("; given back %s, refunds %s", decimal(sum.Back), grouped(sum.Refunds))
		}
		line("money", "%s", text)
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
