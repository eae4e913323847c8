package report_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

// TestAnAnswerWithoutAnythingSaysWhy, once on the page, in either language; an answer with something does not.
func TestAnAnswerWithoutAnythingSaysWhy(t *testing.T) {
	b := pagestest.Start(t)
	for lang, says := range map[text.Lang][]string{
		text.Chinese: {"这些天里没有符合的事件", "一小时一刻钟之内", "结算之后才准确", "超过 35 天"},
		text.English: {"Nothing of the kind happened in these days", "within an hour and a quarter", "exact once it is closed", "more than 35 days late"},
	} {
		f := b.As(access.Viewer, lang)
		for _, path := range []string{"traffic?by=day&", "trade?by=day&", "funnel?step=x&step=y&", "retention?by=week&first=x&return=y&periods=2&"} {
			page := f.Page("/console/reports/" + path + days)
			has(t, path, page, says...)
			if n := strings.Count(said(page), says[0]); n != 1 {
				t.Errorf("%s says it %d times", path, n)
			}
		}
	}
	if page := shop(t).As(access.Viewer, text.Chinese).Page("/console/reports/trade?by=day&" + days); strings.Contains(page, "没有符合的事件") {
		t.Errorf("of an answer with something: %s", said(page))
	}
}

// TestAnEndBeforeTheStartIsToldInTheVisitorsLanguage beside its field.
func TestAnEndBeforeTheStartIsToldInTheVisitorsLanguage(t *testing.T) {
	b := pagestest.Start(t)
	for lang, says := range map[text.Lang]string{text.Chinese: "早于开始日期（from）", text.English: "is before from"} {
		w := b.As(access.Viewer, lang).Get("/console/reports/trade?by=day&from=2026-11-20&to=2026-11-01")
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%d", w.Code)
		}
		has(t, "the refusal", w.Body.String(), says)
	}
}
