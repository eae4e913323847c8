package delivery

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

func TestPeriods(t *testing.T) {
	zone := func(name string) *time.Location {
		l, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, c := range []struct {
		per             Period
		zone            string
		now, begin, end string
	}{
		{EachDay, "Asia/Shanghai", "2026-11-21T15:59:59Z", "2026-11-21T00:00:00+08:00", "2026-11-22T00:00:00+08:00"},
		{EachDay, "Asia/Shanghai", "2026-11-21T16:00:00Z", "2026-11-22T00:00:00+08:00", "2026-11-23T00:00:00+08:00"},
		{EachWeek, "Asia/Shanghai", "2026-11-22T15:59:59Z", "2026-11-16T00:00:00+08:00", "2026-11-23T00:00:00+08:00"}, // a Sunday
		{EachWeek, "Asia/Shanghai", "2026-11-22T16:00:00Z", "2026-11-23T00:00:00+08:00", "2026-11-30T00:00:00+08:00"}, // a Monday
		{EachMonth, "Asia/Shanghai", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00+08:00", "2028-03-01T00:00:00+08:00"},
		{EachMonth, "Asia/Shanghai", "2026-12-31T16:00:00Z", "2027-01-01T00:00:00+08:00", "2027-02-01T00:00:00+08:00"},
		{EachDay, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}, // 25 hours
		{EachWeek, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{EachDay, "America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"}, // the clock leaps over midnight
	} {
		now, _ := time.Parse(time.RFC3339, c.now)
		begin, end := Budget{Per: c.per}.Period(now, zone(c.zone))
		if got, until := begin.Format(time.RFC3339), end.Format(time.RFC3339); got != c.begin || until != c.end {
			t.Errorf("the %s of %s in %s is from %s to %s, want %s and %s", c.per, c.now, c.zone, got, until, c.begin, c.end)
		}
	}
}

func TestWhatABudgetIsOf(t *testing.T) {
	yuan := &money.Amount{Minor: 5000, Currency: "CNY"}
	prices := map[Channel]money.Amount{Email: {Minor: 700, Currency: "CNY"}}
	for _, c := range []struct {
		b            Budget
		campaign     string
		channel      Channel
		covers       bool
		takes, limit int64
	}{
		{Budget{Notifications: 10}, "c", Email, true, 1, 10},
		{Budget{Notifications: 10, CampaignID: "c", Channel: Email}, "c", Email, true, 1, 10},
		{Budget{Notifications: 10, CampaignID: "d"}, "c", Email, false, 1, 10},
		{Budget{Notifications: 10, Channel: Social}, "c", Email, false, 1, 10},
		{Budget{Money: yuan}, "c", Email, true, 700, 5_000_000}, // 50 yuan at 7 a thousand: 7,142 mails
		{Budget{Money: yuan}, "c", Social, true, 0, 5_000_000},
	} {
		takes, limit := c.b.Of(c.channel, prices)
		if covers := c.b.Covers(c.campaign, c.channel); covers != c.covers || takes != c.takes || limit != c.limit {
			t.Errorf("%+v of %s over %s: covers %v, takes %d of %d, want %v, %d of %d", c.b, c.campaign, c.channel, covers, takes, limit, c.covers, c.takes, c.limit)
		}
	}
}

func TestOverspent(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	next := now.Add(time.Hour)
	for name, c := range map[string]struct {
		over     Over
		notAfter time.Time
		want     Verdict
	}{
		"skipped":            {"", now.Add(time.Minute), Verdict{Action: Skip, Reason: OverBudget, Detail: "b"}},
		"said to be skipped": {SkipOver, time.Time{}, Verdict{Action: Skip, Reason: OverBudget, Detail: "b"}},
		"deferred":           {DeferOver, next, Verdict{Action: Defer, Reason: OverBudget, Detail: "b", Until: next}},
		"too late by then":   {DeferOver, next.Add(-1), Verdict{Action: Skip, Reason: Expired, Detail: "budget"}},
	} {
		if got := (Case{Now: now, NotAfter: c.notAfter}).Overspent(Budget{ID: "b", Over: c.over}, next); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestAllowanceFaults(t *testing.T) {
	for _, c := range []struct{ name, body, fields string }{
		{"all is well", `{"rates":[{"channel":"email","perSecond":100000}],"pricesPerThousand":{"email":{"amount":7,"currency":"CNY"}},
			"budgets":[{"id":"a","per":"day","notifications":1},{"id":"b","per":"week","money":{"amount":1,"currency":"CNY"},"over":"defer","campaign":"c","channel":"email"},{"id":"c","per":"month","notifications":9}]}`, ""},
		{"rates of nothing", `{"rates":[{"channel":"fax","perSecond":0},{"channel":"email","perSecond":100001}]}`, "rates[0].channel rates[0].perSecond rates[1].perSecond"},
		{"two rates", `{"rates":[{"channel":"email","perSecond":1},{"channel":"email","perSecond":2}]}`, "rates[1].channel"},
		{"a budget of nothing", `{"budgets":[{"id":"a"}]}`, "budgets[0].per budgets[0].notifications"},
		{"a budget of both", `{"budgets":[{"id":"a","per":"day","notifications":1,"money":{"amount":1,"currency":"CNY"}}]}`, "budgets[0].notifications"},
		{"below one", `{"budgets":[{"id":"a","per":"day","notifications":-1}]}`, "budgets[0].notifications"},
		{"no price", `{"budgets":[{"id":"a","per":"day","money":{"amount":1,"currency":"CNY"}}]}`, "budgets[0].money"},
		{"of another channel", `{"pricesPerThousand":{"social":{"amount":7,"currency":"CNY"}},"budgets":[{"id":"a","per":"day","channel":"email","money":{"amount":1,"currency":"CNY"}}]}`, "budgets[0].money"},
		{"another currency", `{"pricesPerThousand":{"email":{"amount":7,"currency":"USD"}},"budgets":[{"id":"a","per":"day","money":{"amount":1,"currency":"CNY"}}]}`, "budgets[0].money"},
		{"prices of nothing", `{"pricesPerThousand":{"fax":{"amount":7,"currency":"CNY"},"email":{"amount":-1,"currency":"CNY"}}}`, "pricesPerThousand.email pricesPerThousand.fax"},
		{"one id twice", `{"budgets":[{"id":"a","per":"day","notifications":1},{"id":"a","per":"day","notifications":1}]}`, "budgets[1].id"},
		{"unknown words", `{"budgets":[{"id":"A b","per":"year","notifications":1,"over":"drop","channel":"any"}]}`, "budgets[0].id budgets[0].channel budgets[0].per budgets[0].over"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseSettings([]byte(c.body))
			if c.fields == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if got := fieldsOf(t, err); got != c.fields {
				t.Errorf("faults in %q, want %q: %v", got, c.fields, err)
			}
		})
	}
}
