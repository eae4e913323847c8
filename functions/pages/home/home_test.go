package home_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/refusals"
)

// refuses notes refusals of a source some hours ago.
func refuses(b *pagestest.Bench, of source.ID, hours, n int) {
	b.Helper()
	tally := refusal.Tally{Hour: refusal.HourOf(b.Now()).Add(-time.Duration(hours) * time.Hour)}
	for range n {
		tally.Add(refusal.Entry{At: tally.Hour, Code: refusal.Amount})
	}
	b.Must(refusals.Refusals{DB: b.DB, Table: "Refusals", Now: b.Now}.Put(context.Background(), of, "one", tally))
}

// TestWhatNeedsADecision stands first, each with the way to where it is made; and where there is nothing, that is said.
func TestWhatNeedsADecision(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Viewer, text.Chinese)
	if page := f.Page("/console"); !strings.Contains(page, "一切正常") || strings.Contains(page, `id="needs"`) {
		t.Errorf("where nothing is wrong: %s", page)
	}
	b.Put("/v1/sources/web", `{"name":"官网","kind":"browser"}`)
	refuses(b, "web", 30, 2)
	refuses(b, "web", 1, 4) // two more
	if page := f.Page("/console"); !strings.Contains(page, "一切正常") || !strings.Contains(page, `<p class="figure">4</p>`) || !strings.Contains(page, "再前 24 小时：2 条") {
		t.Errorf("a few more refusals: %s", page)
	}
	refuses(b, "web", 2, 1)
	b.Must(deadletter.Letters{DB: b.DB, Table: "DeadLetters", Now: b.Now}.Keep(b.Context(), deadletter.Letter{Queue: "settlement", ID: "m", Sent: b.Now()}, []byte("{}")))
	b.As(access.Editor, text.Chinese).Post("/console/stops/stop", "once", "k", "channel", "email")
	page := f.Page("/console")
	for _, want := range []string{
		`id="needs"`, `<a href="/console/queues/letters?queue=settlement">队列“奖励结算”有 1 个死信</a>`, `<a href="/console/refusals/show?source=web">来源“官网”的拒收在增加：最近 24 小时 5 条，再前 24 小时 2 条</a>`,
		`<a href="/console/stops">渠道：邮件</a>`, "the editor",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s: %s", want, page)
		}
	}
	if strings.Contains(page, "一切正常") {
		t.Error("all is well all the same")
	}
}

// TestTheLastRun is missed when a night has none, and overdue when it does not end.
func TestTheLastRun(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Viewer, text.English)
	for name, c := range map[string]struct {
		ago       time.Duration
		finished  bool
		says, not string
	}{
		"last night's":       {9 * time.Hour, true, "Not done: 3", `id="needs"`},
		"at work":            {3 * time.Hour, false, "scoring", `id="needs"`},
		"at work for long":   {5 * time.Hour, false, `href="/console/runs/show?id=R">A run of segmentation has taken more than four hours`, "did not come"},
		"of a day and more":  {31 * time.Hour, true, "Last night&#39;s run of segmentation did not come", "four hours"},
		"of a day, but just": {29 * time.Hour, true, "", "did not come"},
	} {
		run := map[string]any{"runId": "R", "state": "scoring", "createdAt": pagestest.Noon.Add(-c.ago), "profiles": 10, "unreadable": 1, "passedOver": 2}
		if c.finished {
			run["state"], run["finishedAt"] = "finished", pagestest.Noon.Add(-c.ago).Add(time.Hour)
		}
		b.Break = func(r *http.Request) *http.Response {
			if r.URL.Path != "/v1/runs" {
				return nil
			}
			body, err := json.Marshal(map[string]any{"items": []any{run}})
			b.Must(err)
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(body)))}
		}
		if page := f.Page("/console"); !strings.Contains(page, c.says) || strings.Contains(page, c.not) {
			t.Errorf("%s: %s", name, page)
		}
	}
}

// TestToday stands beside the same day of last week, as a table and drawn by the hour.
func TestToday(t *testing.T) {
	b := pagestest.Start(t) // 20:00 in Shanghai
	b.Break = func(r *http.Request) *http.Response {
		if r.URL.Path != "/v1/live" {
			return nil
		}
		body := `{"currency":"CNY","sum":{"events":1500,"visitors":40,"orders":30,"gmv":123450,"sum":100000,"sent":7},
			"hours":[{"at":"2026-11-21T08:00:00+08:00","events":500,"orders":10},{"at":"2026-11-21T20:00:00+08:00","events":1000,"orders":20}],
			"lastWeek":{"until":{"events":1000,"orders":40},"hours":[{"at":"2026-11-14T08:00:00+08:00","events":1000,"orders":40},{"at":"2026-11-14T23:00:00+08:00","events":2000}]},"partial":true}`
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
	}
	page := b.As(access.Viewer, text.Chinese).Page("/console")
	for _, want := range []string{
		`<th scope="row">事件</th><td class="n">1,500</td><td class="n">1,000</td><td class="n">50.0%</td>`, `<th scope="row">订单</th><td class="n">30</td><td class="n">40</td><td class="n">-25.0%</td>`,
		`<th scope="row">下单金额</th><td class="n">¥1,234.50</td><td class="n">¥0.00</td><td class="n"></td>`, `<th scope="row">08:00</th><td class="n">500</td><td class="n">1,000</td><td class="n">10</td><td class="n">40</td>`,
		"实线是今天，到现在 1,500 个事件", "没有读全", ">18:00</text>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s: %s", want, page)
		}
	}
	line, other := page[strings.Index(page, `class="line"`):], page[strings.Index(page, `class="other"`):]
	if n, m := strings.Count(line[:strings.Index(line, "/>")], ","), strings.Count(other[:strings.Index(other, "/>")], ","); n != 21 || m != 24 || strings.Contains(page, ">21:00</th>") || !strings.Contains(page, ">20:00</th>") {
		t.Errorf("today is drawn by %d points, last week by %d: %s", n, m, page)
	}
}
