package audit_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
)

func rule(n string) string {
	return `{"name":"买过","rule":{"field":"orders.count","op":"gte","value":` + n + `}}`
}

// TestTheAuditLog shows who changed what, from where, with the difference; by who, kind, thing, act and the shop's day; and pages on.
func TestTheAuditLog(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/buyers", rule("1")) // 20:00 in Shanghai
	b.Pass(3 * time.Hour)
	b.Put("/v1/segments/buyers", rule("5"))
	b.Pass(2 * time.Hour) // 01:00 of the day after
	b.Put("/v1/sources/web", `{"name":"Web","kind":"browser"}`)
	person := b.Person("mei", nil)
	f := b.As(access.Approver, text.Chinese)
	f.Page("/console/person?id=" + string(person.ID) + "&reason=工单7")
	all := f.Page("/console/audit")
	for _, want := range []string{"the owner", "保存", "人群", "第 1 版改成第 2 版", "工单7", "查看原文", "the approver", "2026年11月22日 01:00", "2026年11月21日 23:00", `href="/console/person?id=` + string(person.ID), "198.51.100.7", "规则"} {
		if !strings.Contains(all, want) {
			t.Errorf("lacks %s: %s", want, all)
		}
	}
	if strings.Contains(all, "/console/sources/edit") || !strings.Contains(b.As(access.Owner, text.Chinese).Page("/console/audit"), "/console/sources/edit?id=web") {
		t.Error("a source is linked for an approver, or not for an owner")
	}
	change := "/console/segments/versions?id=buyers&amp;to=2&amp;version=1"
	if !strings.Contains(all, change) {
		t.Fatalf("the difference is not linked: %s", all)
	}
	b.Put("/v1/segments/buyers", rule("7")) // what a line tells stays what it was
	if page := f.Page(strings.ReplaceAll(change, "&amp;", "&")); !strings.Contains(page, "第 1 版到第 2 版的改动") || !strings.Contains(page, "5") || strings.Contains(page, "≥ 7") {
		t.Errorf("the difference is %s", page)
	}
	for query, c := range map[string]struct{ has, not string }{
		"operator=the+approver":      {"工单7", "第 1 版"},
		"kind=segment":               {"第 1 版", "工单7"},
		"kind=segment&of=buyers":     {"第 2 版改成第 3 版", "工单7"},
		"action=reveal":              {"工单7", "第 1 版"},
		"day=2026-11-21":             {"第 1 版改成第 2 版", "第 2 版改成第 3 版"},
		"day=2026-11-22":             {"第 2 版改成第 3 版", "第 1 版改成第 2 版"},
		"day=2026-11-20":             {"没有这样的记录", "the owner</td>"},
		"kind=segment&action=delete": {"没有这样的记录", "第 1 版"},
	} {
		table := f.Page("/console/audit?" + query)
		table = table[strings.Index(table, "</form>\n"):]
		if !strings.Contains(table, c.has) || strings.Contains(table, c.not) {
			t.Errorf("%s gives %s", query, table)
		}
	}
	for _, query := range []string{"day=yesterday", "kind=nothing", "of=x", "action=erased"} {
		if w := f.Get("/console/audit?" + query); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	for range 60 {
		b.Pass(time.Second)
		f.Page("/console/people?q=mei&by=user")
	}
	first := f.Page("/console/audit?action=find")
	next := first[strings.Index(first, `href="/console/audit?action=find&amp;cursor=`)+len(`href="`):]
	second := f.Page(strings.ReplaceAll(next[:strings.Index(next, `"`)], "&amp;", "&"))
	if n, m := strings.Count(first, `<th scope="row">`), strings.Count(second, `<th scope="row">`); n != 50 || m < 10 || strings.Contains(second, "第 1 版") {
		t.Errorf("pages have %d and %d lines", n, m)
	}
	if w := b.As(access.Editor, text.Chinese).Get("/console/audit"); w.Code != http.StatusForbidden {
		t.Errorf("an editor reads it: %d", w.Code)
	}
}

// TestEveryActAndKindHasAWord in both languages.
func TestEveryActAndKindHasAWord(t *testing.T) {
	for _, act := range audit.Actions() {
		if text.Chinese.Word("action", act) == string(act) {
			t.Errorf("%s has no word", act)
		}
	}
	kinds := []string{definition.Stop, audit.KindRun, audit.KindQueue, audit.KindReport, audit.KindList, audit.KindProfile}
	for _, row := range definition.Rows() {
		name, _ := row.Names()
		kinds = append(kinds, name)
	}
	page := pagestest.Start(t).As(access.Owner, text.Chinese).Page("/console/audit")
	for _, kind := range kinds {
		if !strings.Contains(page, `<option value="`+kind+`"`) {
			t.Errorf("%s cannot be asked for", kind)
		}
		if text.Chinese.Word("kind", kind) == kind {
			t.Errorf("%s has no word", kind)
		}
	}
}
