//go:build unix

package functions

import (
	"context"
	"strings"
	"time"
)

// archives lets the archive file all that it has been told, which a close of any day does at once.
func (m *machine) archives(day time.Time) {
	m.t.Helper()
	m.idle()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		m.t.Fatal(err)
	}
	result, err := m.stack.Host().Invoke(context.Background(), "test-Archive", []byte(`{"close":"`+day.In(zone).Format(time.DateOnly)+`"}`))
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// lately is where a question about the last two months is answered.
func (m *machine) lately(name, more string) string {
	return "/" + name + "?from=" + time.Now().AddDate(0, 0, -60).Format(time.DateOnly) + "&to=" + time.Now().AddDate(0, 0, 1).Format(time.DateOnly) + more
}

// asked is a funnel, in the words of the visitor's language: the estimate that is there at once gives way to the exact answer by itself, and a number of it opens its people.
func (v *visitor) asked() {
	v.t.Helper()
	v.to("/reports/funnel")
	now := time.Now()
	v.pick("from", now.AddDate(0, 0, -60).Format(time.DateOnly))
	v.pick("to", now.AddDate(0, 0, 1).Format(time.DateOnly)) // the shop's clock is ahead
	v.Type("#step-1", "identify")
	v.Type("#step-2", v.word("完成订单", "Order Completed"))
	v.Type("#step-3", "")
	v.pick("window", "30d")
	v.press(`form[action="/console/reports/funnel"] button`)
	var settled bool
	v.Eval(`new Promise(done => { const look = () => { if (!document.querySelector("#waiting")) { seen.disconnect(); done(true) } }; const seen = new MutationObserver(look); seen.observe(document.body, {childList: true, subtree: true}); look() })`, &settled)
	if first, second := v.number("#answer tbody tr:nth-child(1) td:nth-of-type(2)"), v.number("#answer tbody tr:nth-child(2) td:nth-of-type(2)"); first != "3" || second != "3" {
		v.t.Errorf("%q began and %q came on: %s", first, second, v.Text())
	}
	if file := v.number(`#answer a[href*="reports/csv"]`); file == "" {
		v.t.Errorf("the exact answer has no file: %s", v.Text())
	}
	v.look("funnel")
	v.press(`#answer tbody tr:nth-child(2) a[href*="reports/people"]`)
	v.says(v.word("数字背后的人", "The people behind a number"))
	if rows := v.number("main tbody"); strings.Count(rows, "***") != 3 {
		v.t.Errorf("behind the number are %q", rows)
	}
	v.look("behind a number")
}
