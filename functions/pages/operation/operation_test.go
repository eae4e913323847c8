package operation_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

var once = regexp.MustCompile(`name="once" value="([^"]+)"`)

// dies makes a job of the events a dead letter.
func dies(b *pagestest.Bench, id, body string, at time.Time) {
	b.Helper()
	b.Must(deadletter.Letters{DB: b.DB, Table: "DeadLetters", Now: b.Now}.Keep(b.Context(), deadletter.Letter{Queue: "events", ID: id, Sent: at}, []byte(body)))
}

// TestDeadLettersAreSentAgain by an approver who says that the cause is mended: all of them or those that are ticked, pressed twice or not.
func TestDeadLettersAreSentAgain(t *testing.T) {
	b := pagestest.Start(t)
	for i := range 3 {
		dies(b, fmt.Sprint("m", i), fmt.Sprintf(`{"source":"web","events":[{"type":"track","userId":"secret-%d"}]}`, i), pagestest.Noon.Add(time.Duration(i-60)*time.Minute))
	}
	approver := b.As(access.Approver, text.Chinese)
	if page := approver.Page("/console/queues"); !strings.Contains(page, `href="/console/queues/letters?queue=events"`) || !strings.Contains(page, "2026年11月21日 19:00") {
		t.Errorf("the queues are %s", page)
	}
	const at = "/console/queues/letters?queue=events"
	page := approver.Page(at)
	if strings.Count(page, `name="letter"`) != 3 || strings.Count(page, "收下的事件") != 6 || strings.Contains(page, "secret") || !strings.Contains(page, ">web<") && !strings.Contains(page, "web</td>") {
		t.Errorf("the letters are %s", page)
	}
	key := once.FindStringSubmatch(page)[1]
	letter := fmt.Sprintf("%d.m1", pagestest.Noon.Add(-59*time.Minute).UnixMilli())
	for what, c := range map[string]struct {
		fields []string
		says   string
	}{
		"not mended": {[]string{"what", "all"}, "请先确认原因已经修好"}, "none chosen": {[]string{"what", "chosen", "mended", "yes"}, "一个也没有选"},
		"not mended, one chosen": {[]string{"what", "chosen", "letter", letter}, `value="` + letter + `" aria-label="选择：收下的事件，2026年11月21日 19:01" checked`},
	} {
		w := approver.Post("/console/queues/redrive", append([]string{"queue", "events", "once", key}, c.fields...)...)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.says) || len(b.Again.Bodies()) != 0 {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	for range 2 { // pressed twice
		w := approver.Post("/console/queues/redrive", "queue", "events", "once", key, "what", "chosen", "letter", letter, "mended", "yes")
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.Contains(approver.Page(to), `role="status"`) || len(b.Again.Bodies()) != 1 {
			t.Fatalf("one: %d to %s, %q", w.Code, to, b.Again.Bodies())
		}
	}
	key = once.FindStringSubmatch(approver.Page(at))[1]
	w := approver.Post("/console/queues/redrive", "queue", "events", "once", key, "what", "all", "letter", letter, "mended", "yes")
	if page := approver.Page(w.Header().Get("Location")); !strings.Contains(page, "已重新投递 2 个任务") || !strings.Contains(page, "没有死信") || len(b.Again.Bodies()) != 3 {
		t.Errorf("all: %d %s", w.Code, page)
	}
	for _, role := range []access.Role{access.Viewer, access.Editor} {
		dies(b, "m9", "{}", pagestest.Noon)
		f := b.As(role, text.English)
		if page := f.Page(at); strings.Contains(page, `name="letter"`) || strings.Contains(page, `name="what"`) || !strings.Contains(page, "it takes the role of approver") {
			t.Errorf("%s sees %s", role, page)
		}
		if w := f.Post("/console/queues/redrive", "queue", "events", "what", "all", "mended", "yes"); w.Code != http.StatusForbidden {
			t.Errorf("%s redrives: %d", role, w.Code)
		}
	}
}

// TestWhyALetterFailedIsShown in the reader's language, with what the log says; where nothing was told, the page says so, and where to look.
func TestWhyALetterFailedIsShown(t *testing.T) {
	b := pagestest.Start(t)
	for i, cause := range []queue.Cause{queue.CauseAway, queue.CauseNotYet, queue.CauseNoTime, queue.CausePanic, queue.CauseError, ""} {
		dies(b, fmt.Sprint("m", i), "{}", pagestest.Noon)
		if cause != "" {
			b.Must(deadletter.Witness{DB: b.DB, Table: "DeadLetters", Queue: "events", Now: b.Now}.Tell(b.Context(), fmt.Sprint("m", i), cause, "reading <b>the job"))
		}
	}
	for lang, says := range map[text.Lang][]string{
		text.Chinese: {"失败原因", "某个服务一直连不上", "一直没有出现", "时间总是不够", "程序出错", "处理不了", "没有留下", "消息编号 <code>m5</code>"},
		text.English: {"Why it failed", "a service was away", "did not come", "never enough time", "please report it", "could not be done", "Nothing was said", "message <code>m5</code>"},
	} {
		page := b.As(access.Viewer, lang).Page("/console/queues/letters?queue=events")
		for _, want := range says {
			if !strings.Contains(page, want) {
				t.Errorf("%s: it does not say %q: %s", lang, want, page)
			}
		}
		if n := strings.Count(page, "<code>reading &lt;b&gt;the job</code>"); n != 5 {
			t.Errorf("%s: %d of 5 letters say what the log has: %s", lang, n, page)
		}
	}
}

// TestARedriveThatIsNotThrough says so and goes on by the same key; one of which some failed says that too.
func TestARedriveThatIsNotThrough(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Approver, text.English)
	dies(b, "m1", "{}", pagestest.Noon)
	var keys []string
	b.Break = func(r *http.Request) *http.Response {
		if r.Method != http.MethodPost {
			return nil
		}
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"sent":1200,"failed":%d,"left":%v}`, len(keys)-1, len(keys) == 1)))}
	}
	page := f.Page(f.Post("/console/queues/redrive", "queue", "events", "once", "k", "what", "all", "mended", "yes").Header().Get("Location"))
	if !strings.Contains(page, "Jobs sent again: 1,200.") || !strings.Contains(page, "Go on with the rest") || once.FindStringSubmatch(page)[1] != "k" {
		t.Errorf("%s", page)
	}
	page = f.Page(f.Post("/console/queues/redrive", "queue", "events", "once", "k", "mended", "yes").Header().Get("Location"))
	if !strings.Contains(page, "Not sent, and kept: 1.") || strings.Contains(page, "Go on with the rest") || !slices.Equal(keys, []string{"k", "k"}) {
		t.Errorf("%q %s", keys, page)
	}
	for _, odd := range []string{"sent=-1&failed=0", "sent=x&failed=0", "sent=1"} {
		if page := f.Page("/console/queues/letters?queue=events&" + odd); strings.Contains(page, `role="status"`) {
			t.Errorf("%s is told as done: %s", odd, page)
		}
	}
}

// TestEveryKindOfJobHasAWord in both languages, which is not the kind itself.
func TestEveryKindOfJobHasAWord(t *testing.T) {
	kinds := []string{job.KindEvents, job.KindNotifications, job.KindAudience, job.KindReentry, job.KindPacks, job.KindMerges, job.KindNothing, job.Unreadable, "sentAgain", string(job.Plan), string(job.Collect), string(job.Close), string(job.Score), string(job.Audiences)}
	for _, c := range []job.CommandKind{job.CommandOrder, job.CommandErase, job.CommandWipe, job.CommandTakeOff, job.CommandList} {
		kinds = append(kinds, string(c))
	}
	for _, kind := range kinds {
		if text.Chinese.Word("job", kind) == kind {
			t.Errorf("%s has no word", kind)
		}
	}
}

// TestRuns are listed with how far each is, shown, and started once by whoever may.
func TestRuns(t *testing.T) {
	b := pagestest.Start(t)
	editor := b.As(access.Editor, text.Chinese)
	page := editor.Page("/console/runs")
	if !strings.Contains(page, "还没有运行过") {
		t.Errorf("%s", page)
	}
	key := once.FindStringSubmatch(page)[1]
	for range 2 {
		w := editor.Post("/console/runs/start", "once", key, "asOf", "2026-06-30")
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.Contains(editor.Page(to), "已开始运行") || !strings.Contains(editor.Page(to), "2026-06-30") {
			t.Errorf("%d to %s: %s", w.Code, to, w.Body)
		}
	}
	if jobs := functiontest.Jobs[job.Segmentation](b, b.Jobs); len(jobs) != 2 || jobs[0].RunID != jobs[1].RunID || jobs[0].AsOf != "2026-06-30" || jobs[0].Kind != job.Plan { // twice the same: segmentation makes one run of an id
		t.Errorf("asked for %+v", jobs)
	}
	w := editor.Post("/console/runs/start", "once", "other", "asOf", "2027-01-01")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "还没有到") || !strings.Contains(w.Body.String(), `value="2027-01-01"`) {
		t.Errorf("a day to come: %d %s", w.Code, w.Body)
	}
	viewer := b.As(access.Viewer, text.English)
	if page := viewer.Page("/console/runs"); strings.Contains(page, "Run now") || !strings.Contains(page, "it takes the role of editor") {
		t.Errorf("a viewer sees %s", page)
	}
}

// TestWhatClassesBring is shown by group, with who moved, in the visitor's language.
func TestWhatClassesBring(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/tea", `{"name":"爱喝茶的人","rule":{"field":"orders.count","op":"gte","value":1}}`)
	f := b.As(access.Viewer, text.Chinese)
	store := runs.Runs{DB: b.DB, Table: "Runs"}
	run := score.Run{ID: "R", CreatedAt: b.Now(), Currency: "CNY", Shards: 1}
	_, err := store.Create(t.Context(), run)
	b.Must(err)
	if page := f.Page("/console/runs/classes?id=R"); !strings.Contains(page, "还没有统计完") {
		t.Error(page)
	}
	b.Must(store.SaveFindings(t.Context(), "R", score.Findings{Profiles: 4, Model: score.Model{Buyers: 2}, Counts: score.Counts{"class8": {"111": 1, "000": 1}, "stage": {"repurchase": 1, "acquire": 3}}}))
	best := score.Worth{Buyers: 1, Orders: 3, Net: 90000, Repeaters: 1, Cycle: 12}
	b.Must(store.SaveResult(t.Context(), run, 1, runs.RunResult{
		Segments: map[string]int{"tea": 2}, Worths: map[string]score.Worth{"tea": best},
		Classes: score.Worths{"class8": {"111": &best}, "stage": {"repurchase": &best}, "all": {"all": {Buyers: 2, Orders: 4, Net: 100000, Repeaters: 1}}},
		Moves:   map[string][]score.Move{"class8": {{From: "000", To: "111", People: 1234}}, "stage": {{To: "acquire", People: 3}}},
	}))
	for path, says := range map[string][]string{
		"/console/runs/classes?id=R": {"重要价值客户</th><td class=\"n\">1</td><td class=\"n\">25.0%</td><td class=\"n\">¥900.00</td><td class=\"n\">90.0%</td><td class=\"n\">¥900.00</td><td class=\"n\">¥300.00</td><td class=\"n\">100.0%</td><td class=\"n\">12 天</td>",
			"全部</th><td class=\"n\">4</td>", "爱喝茶的人</th><td class=\"n\">2</td>", "一般挽留客户</th><td class=\"n\">1,234</td>", "不在任何一类（没有买过，或拒绝画像）</th><td class=\"n\">2</td><td class=\"n\">50.0%</td><td class=\"n\">¥100.00</td><td class=\"n\">10.0%</td><td class=\"n\"></td>", `aria-current="page">RFM 八类<`},
		"/console/runs/classes?id=R&group=stage": {"复购</th><td class=\"n\">1</td>", "不在任何一类</th><td class=\"n\">3</td>", `aria-current="page">用户阶段<`},
		"/console/runs/classes?id=R&group=odd":   {`aria-current="page">RFM 八类<`},
		"/console/runs/show?id=R":                {"/console/runs/classes?id=R"},
	} {
		page := f.Page(path)
		for _, want := range says {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s: %s", path, want, page)
			}
		}
	}
}

// TestHowARunIsShown by what the API tells of one.
func TestHowARunIsShown(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Viewer, text.English)
	one := map[string]any{
		"runId": "R", "asOf": "2026-11-21", "state": "scoring", "createdAt": pagestest.Noon.Add(-5 * time.Hour), "shards": 8, "shardsCollected": 8, "shardsScored": 3,
		"profiles": 120000, "changed": 345, "unreadable": 2, "passedOver": 1, "refused": 7, "segments": map[string]int{"vip": 12, "all": 120000},
		"counts": map[string]any{"lifecycle": map[string]int{"new": 5, "churned": 9}, "class8": map[string]int{"111": 4}},
	}
	b.Break = func(r *http.Request) *http.Response {
		if !strings.HasPrefix(r.URL.Path, "/v1/runs") {
			return nil
		}
		var answer any = one
		if r.URL.Path == "/v1/runs" {
			answer = map[string]any{"items": []any{one}, "next": "more"}
		}
		body, err := json.Marshal(answer)
		b.Must(err)
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(body)))}
	}
	b.Put("/v1/segments/vip", `{"name":"VIP","rule":{"field":"orders.count","op":"gte","value":1}}`)
	for path, says := range map[string][]string{
		"/console/runs":           {`<progress max="8" value="3"`, "3 of 8 shards", "overdue", `href="/console/runs/show?id=R"`, "120,000", ">345<", `class="n">3<`, "cursor=more"},
		"/console/runs/show?id=R": {"3 of 8 shards", "more than four hours", `queue=segmentation`, "2 could not be read, 1 were written", "VIP</a></th><td class=\"n\">12<", "churned</th><td class=\"n\">9<", "champions", "in none (have not bought, or refuse profiling)</th><td class=\"n\">119,994<", "8, of which 8 are collected and 3 scored"},
	} {
		page := f.Page(path)
		for _, want := range says {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s: %s", path, want, page)
			}
		}
	}
	one["state"], one["shardsScored"], one["finishedAt"], one["reportOnly"] = "finished", 8, pagestest.Noon.Add(-5*time.Hour+90*time.Second), true
	if page := f.Page("/console/runs"); strings.Contains(page, "<progress") || strings.Contains(page, "overdue") || !strings.Contains(page, "2 min") || !strings.Contains(page, "only reports") {
		t.Errorf("a finished run is %s", page)
	}
	one["finishedAt"] = pagestest.Noon.Add(-5*time.Hour + 59*time.Second)
	if page := f.Page("/console/runs"); !strings.Contains(page, "under 1 min") || strings.Contains(page, ">1 min<") {
		t.Errorf("a short run is %s", page)
	}
}
