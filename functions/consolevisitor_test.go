//go:build unix

package functions

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/functiontest/client"
)

// stock gives the shop somebody who was sent nothing and why, two texts, and two people in Shanghai who have spent much and are away, of whom one can be written to.
func (m *machine) stock() {
	m.t.Helper()
	put := func(path, body string) { m.t.Helper(); m.call(http.StatusCreated, "PUT", path, operatorKey, body, nil) }
	put("/v1/segments/buyers", `{"name":"买过的人","rule":{"field":"orders.count","op":"gte","value":1}}`)
	put("/v1/templates/warm", `{"name":"热情","channel":"email","locales":{"default":{"subject":"Hi {{ profile.name }}","text":"Hello {{ unsubscribeUrl }}","html":"<p style=\"color:navy\">Hello {{ profile.name }} <a href=\"{{ unsubscribeUrl }}\">stop</a></p>"}}}`)
	put("/v1/templates/short", `{"name":"简短","channel":"email","locales":{"default":{"subject":"Hi","text":"Hi {{ unsubscribeUrl }}"}}}`)
	put("/v1/campaigns/thanks", `{"name":"谢谢","state":"running","channel":"email","templateId":"warm","trigger":{"event":{"name":"Order Completed"}}}`)
	put("/v1/programs/invite", `{"name":"老带新","state":"running","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"points":70}]},"ladder":[{"friends":3,"advocate":[{"points":500}]}]}`)
	say := func(body string) {
		m.t.Helper()
		m.call(http.StatusOK, "POST", "/v1/batch", serverKey, `{"batch":[`+body+`]}`, nil)
	}
	say(`{"type":"identify","messageId":"m1","userId":"mei","traits":{"name":"<b>Mei</b>","email":"mei@example.com"}}`)
	m.idle()
	say(`{"type":"track","messageId":"m2","userId":"mei","event":"Order Completed","properties":{"order_id":"A-1","total":12.5,"products":[{"product_id":"p1","name":"Oolong","price":12.5,"quantity":1}]}}`)
	away := time.Now().Add(-45 * 24 * time.Hour).UTC().Format(time.RFC3339)
	for i, name := range []string{"away-1", "away-2"} {
		at := fmt.Sprintf(`"timestamp":%q,"userId":%q`, away, name)
		say(fmt.Sprintf(`{"type":"identify","messageId":"i%d",%s,"traits":{"name":"Bo","city":"上海","email":"%s@example.com"}},{"type":"track","messageId":"o%d",%s,"event":"Order Completed","properties":{"order_id":"B-%d","total":800,"currency":"CNY"}}`, i, at, name, i, at, i))
		if i == 0 {
			say(fmt.Sprintf(`{"type":"track","messageId":"c%d",%s,"event":"Consent Granted","properties":{"channel":"email"}}`, i, at))
		}
	}
	m.idle()
	var code struct{ Code string }
	m.call(http.StatusOK, "POST", "/v1/referrals/codes", serverKey, `{"programId":"invite","userId":"mei"}`, &code)
	m.call(http.StatusCreated, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":"friend"}`, code.Code), nil)
	m.run("{}")
	m.archives(time.Now().Add(-45 * 24 * time.Hour))
}

// visitor is an operator at a browser.
type visitor struct {
	*client.Page
	t       *testing.T
	m       *machine
	axe     string // the script of axe-core, empty for none
	name    string
	width   int
	english bool
}

// word is a text in the visitor's language.
func (v *visitor) word(chinese, english string) string {
	if v.english {
		return english
	}
	return chinese
}

// look holds the page to having no fault.
func (v *visitor) look(what string) {
	v.t.Helper()
	if faults := v.Faults(); len(faults) > 0 {
		v.t.Errorf("%s: %s", what, strings.Join(faults, "\n"))
	}
	var wide int
	v.Eval("document.documentElement.scrollWidth", &wide)
	if wide > v.width {
		v.t.Errorf("%s is %d wide on a screen of %d", what, wide, v.width)
	}
	if folder := os.Getenv("SHOTS"); folder != "" {
		picture, err := base64.StdEncoding.DecodeString(v.Shot())
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, v.name+"-"+strings.ReplaceAll(what, "/", "-")+".png"), picture, 0o600)
		}
		if err != nil {
			v.t.Error(err)
		}
	}
	v.judge(what)
}

// judge asks axe-core for what keeps somebody from using the page, whoever cannot see well, or has no mouse.
func (v *visitor) judge(what string) {
	v.t.Helper()
	if v.axe == "" {
		return
	}
	v.Eval(v.axe+";0", nil)
	var found []struct {
		ID, Impact string
		Nodes      []struct{ HTML string }
	}
	v.Eval(`axe.run(document, {iframes: false, resultTypes: ["violations"]}).then(r => r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => ({ID: v.id, Impact: v.impact, Nodes: v.nodes.slice(0, 3).map(n => ({HTML: n.html}))})))`, &found)
	for _, one := range found {
		v.t.Errorf("%s: %s, %s: %+v", what, one.Impact, one.ID, one.Nodes)
	}
	v.Faults() // what axe-core itself has asked for is no fault of the page
}

// says holds the page to a text.
func (v *visitor) says(want string) {
	v.t.Helper()
	if text := v.Text(); !strings.Contains(text, want) {
		v.t.Errorf("the page does not say %q: %s", want, text)
	}
}

// to goes to a page.
func (v *visitor) to(path string) { v.t.Helper(); v.Visit(v.m.base + "/console" + path) }

// press presses a button that leads to a page.
func (v *visitor) press(selector string) {
	v.t.Helper()
	v.Do(func() { v.Press(selector) })
}

// pick picks of a list, or types a date, which is typed part by part.
func (v *visitor) pick(name, value string) {
	v.t.Helper()
	var picked string
	v.Eval(fmt.Sprintf(`(() => { const e = document.querySelector('main [name="%s"]'); e.value = %q; e.dispatchEvent(new Event("change", {bubbles: true})); return e.value })()`, name, value), &picked)
	if picked != value {
		v.t.Fatalf("%s does not take %q but %q", name, value, picked)
	}
}

func (v *visitor) fill(name, text string) { v.t.Helper(); v.Type(`[name="`+name+`"]`, text) }

// number is what stands at a place of the page.
func (v *visitor) number(selector string) (text string) {
	v.t.Helper()
	v.Eval(fmt.Sprintf(`(document.querySelector(%q) || {}).innerText || ""`, selector), &text)
	return text
}

func (v *visitor) enter() {
	v.t.Helper()
	v.to("")
	if v.english {
		v.press("form.language button")
		v.says("Operator key")
	}
	v.look("door")
	v.Type("#key", "wrong")
	v.press("main form button")
	v.says(v.word("密钥不正确", "This is no operator's key"))
	v.Faults() // the browser tells of the 403 itself
	v.Type("#key", operatorKey)
	v.press("main form button")
	v.says(v.word("概况", "Overview"))
	v.look("home")
}

// tour goes over each page of the navigation, and to one of each thing.
func (v *visitor) tour() {
	v.t.Helper()
	var pages []string
	v.Eval(`[...document.querySelectorAll(".side nav a")].map(a => a.href)`, &pages)
	if len(pages) < 8 {
		v.t.Errorf("the navigation has %v", pages)
	}
	for _, page := range pages {
		v.Visit(page)
		v.look(strings.TrimPrefix(page, v.m.base+"/console"))
	}
	for _, path := range []string{
		"/segments/show?id=buyers", "/segments/edit?id=buyers", "/segments/versions?id=buyers", "/campaigns/show?id=thanks", "/campaigns/edit?id=thanks", "/templates/show?id=warm&user=mei", "/templates/edit?id=warm",
		"/programs/show?id=invite", "/programs/edit?id=invite", v.m.lately("reports/traffic", "&by=day"), v.m.lately("reports/trade", "&by=week"), v.m.lately("reports/retention", "&by=week&first=Order+Completed&return=*&periods=4"), "/settings/edit?id=messaging", "/call?path=/v1/stops",
	} {
		v.to(path)
		v.look(path)
	}
}

// person finds somebody, reads why they were sent nothing, and sees them as they are once they have said why.
func (v *visitor) person() {
	v.t.Helper()
	v.to("/people")
	v.Type("#q", "mei")
	v.press("main form button")
	v.says("<***")
	v.look("found")
	v.press("table a")
	v.look("person")
	v.press(`.tabs a[href*="person/messages"]`)
	v.says(v.word("没有同意接收", "has not consented"))
	v.look("why not")
	for _, tab := range []string{"events", "orders", "book", "referrals", "data"} {
		v.press(`.tabs a[href*="person/` + tab + `"]`)
		v.look("person " + tab)
	}
	v.Visit(strings.Replace(hrefOf(v.Page, ".tabs a"), "?", "?reason=test&", 1))
	v.says("<b>Mei</b>")
	v.look("revealed")
}

// segment builds one: who has spent over 500 yuan in 90 days, is away for 30 and lives in Shanghai, and reads how many can be reached.
func (v *visitor) segment() {
	v.t.Helper()
	v.to("/segments/edit")
	for _, row := range [][2]string{{v.word("近 90 天消费金额", "Revenue, last 90 days"), "500"}, {v.word("距最近活动的天数", "Days since any activity"), "30"}, {v.word("城市", "City"), "上海"}} {
		v.fill("doc.rule~new", row[0])
		v.press(`button[value="field doc.rule"]`)
	}
	v.fill("doc.id", "shanghai-"+v.name)
	v.fill("doc.name", v.word("上海高价值沉睡", "Shanghai, away"))
	v.pick("doc.rule[0]~op", "gt")
	v.fill("doc.rule[0]~value", "500")
	v.pick("doc.rule[1]~op", "gte")
	v.fill("doc.rule[1]~value", "30")
	v.pick("doc.rule[2]~op", "eq")
	v.fill("doc.rule[2]~value", "上海")
	v.press(`button[value="estimate"]`)
	if matches, reach := v.number("#estimate .figure"), v.number("#estimate .reach tbody td"); matches != "2" || reach != "1" {
		v.t.Errorf("%q match and %q can be reached", matches, reach)
	}
	v.look("estimate")
	v.press(`.row button[value="check"]`)
	v.look("check")
	v.press(`button[value="save"]`)
	v.says(v.word("已保存", "Saved"))
	v.look("segment")
	v.press(`form[action="/console/segments/show"] button`)
	v.look("segment reached")
}

// words are looked at as somebody would get them before they are saved, the mail in a frame that may do nothing.
func (v *visitor) words() {
	v.t.Helper()
	v.to("/templates/edit?id=warm")
	v.fill("doc.locales[0].subject", "New {{ profile.name }}")
	v.fill("user", "mei")
	v.press(`button[formaction$="templates/preview"]`)
	v.says(v.word("预览（尚未保存）", "Preview (not saved)"))
	v.says("New <***")
	var loaded bool
	v.Eval(`new Promise(done => { document.querySelector("iframe.mail").addEventListener("load", () => done(true)); document.querySelector('button[formtarget="mail-default"]').click() })`, &loaded)
	if asked := v.Requests(); !loaded || !strings.HasSuffix(asked[len(asked)-1], "/console/templates/draft") {
		v.t.Errorf("the frame asks %q", asked[len(asked)-1])
	}
	v.look("words")
	if saved := v.m.call(http.StatusOK, "GET", "/v1/templates/warm", operatorKey, "", nil); strings.Contains(saved, "New ") {
		v.t.Errorf("saved is %s", saved)
	}
}

// split tries two texts on them, half and half, tomorrow at ten by the shop's clock, looks at the three numbers, and lets it go.
func (v *visitor) split() {
	v.t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		v.t.Fatal(err)
	}
	now := time.Now().In(zone)
	ten := time.Date(now.Year(), now.Month(), now.Day()+1, 10, 0, 0, 0, zone)
	id := "split-" + v.name
	v.to("/campaigns/edit")
	for i, template := range []string{"warm", "short"} {
		v.press(`button[value="add doc.variants"]`)
		at := fmt.Sprintf("doc.variants[%d].", i)
		v.fill(at+"id", []string{"a", "b"}[i])
		v.fill(at+"weight", "50")
		v.pick(at+"templateId", template)
	}
	v.fill("doc.id", id)
	v.fill("doc.name", "A/B")
	v.pick("doc.state", "draft")
	v.pick("doc.channel", "email")
	v.Press(`[name="doc.trigger~as"][value="audience"]`)
	v.pick("doc.trigger.audience.segmentId", "shanghai-"+v.name)
	v.pick("doc.trigger.audience.at", ten.Format("2006-01-02T15:04"))
	v.look("split")
	v.press(`.row button[value="check"]`)
	v.press(`button[value="save"]`)
	v.says(v.word("已保存", "Saved"))
	v.look("warned")
	v.press(`.note.warn a`) // no run has gone by the segment yet, and the page says so
	v.press(`form[action="/console/campaigns/show"] button`)
	var numbers []string
	v.Eval(`[...document.querySelectorAll("#whom ~ .cards .figure")].map(e => e.innerText)`, &numbers)
	if strings.Join(numbers, " ") != "2 1 1" {
		v.t.Errorf("the three numbers are %q", numbers)
	}
	v.look("three numbers")
	v.press(`form[action="/console/campaigns/state"] button`)
	if left := v.number("#sure .figure"); left != "1" {
		v.t.Errorf("before it is scheduled, %q would get it", left)
	}
	v.look("asked once more")
	v.press(`#sure form button`)
	v.says(v.word("已排期。", "Scheduled."))
	v.look("scheduled")
	var saved struct {
		State   string
		Trigger struct{ Audience struct{ At time.Time } }
	}
	if err := json.Unmarshal([]byte(v.m.call(http.StatusOK, "GET", "/v1/campaigns/"+id, operatorKey, "", nil)), &saved); err != nil || saved.State != "scheduled" || !saved.Trigger.Audience.At.Equal(ten) {
		v.t.Errorf("saved is %+v, %v, want %v", saved, err, ten)
	}
}

// letter is dead: it is found from the overview, with why it failed, and sent again once that is mended; then there is nothing to decide any more.
func (v *visitor) letter() {
	v.t.Helper()
	v.m.fails("Settlement", v.m.dies("Settlement", `{"v":1,"follows":[]}`)) // the job can be done by now
	v.m.idle()
	v.to("")
	v.press(`a[href*="queues/letters?queue=settlement"]`)
	v.says(v.word("处理不了", "it could not be done"))
	v.says("reading the job: ")
	v.look("dead letter")
	v.Press(`button[value="all"]`) // without a word on the cause the browser sends nothing
	v.says("reading the job: ")
	v.Press(`[name="letter"]`)
	v.Press(`[name="mended"]`)
	v.press(`button[value="chosen"]`)
	v.says(v.word("已重新投递 1 个任务。", "Jobs sent again: 1."))
	v.says(v.word("没有死信。", "There are no dead letters."))
	v.look("sent again")
	v.m.idle()
	v.to("")
	if href := v.number(`a[href*="queues/letters"]`); href != "" {
		v.t.Errorf("the overview still has %q", href)
	}
}

// everything is stopped by one press, and goes on by another.
func (v *visitor) everything() {
	v.t.Helper()
	v.to("/stops")
	v.press("#everything ~ form .danger")
	v.says(v.word("已停发。", "Stopped."))
	v.look("stopped")
	v.press(`#everything ~ form[action="/console/stops/resume"] button`)
	v.says(v.word("已恢复发送。", "Resumed."))
	v.look("resumed")
}

func (v *visitor) leave() {
	v.t.Helper()
	v.press(`form[action="/console/sign-out"] button`)
	v.says(v.word("运营密钥", "Operator key"))
	v.look("out")
	for _, request := range v.Requests() {
		if !strings.HasPrefix(request, v.m.base+"/console") && request != "about:blank" && !strings.HasPrefix(request, "data:") {
			v.t.Errorf("it asks %s", request)
		}
	}
}
