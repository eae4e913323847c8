package definition_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

// TestWhatCannotBeSavedIsNotOffered: looking at the changes says what saving would refuse, at the top of the page, with a link to each place that has to be mended.
func TestWhatCannotBeSavedIsNotOffered(t *testing.T) {
	b := shop(t)
	b.Put("/v1/templates/gift", `{"name":"Gift","channel":"email","locales":{"default":{"subject":"Hi","text":"Hello {{ unsubscribeUrl }}"}}}`)
	links := regexp.MustCompile(`(?s)<div class="note bad" id="mend" role="alert" tabindex="-1" autofocus>(.*?)</div>`)
	for _, c := range []struct {
		what, kind, id, doc string
		typed               []string
		chinese, english    []string
		goes                []string
	}{
		{"an id that is none", "segments", "", "", []string{"doc.id", "文案A", "doc.name", "x"}, []string{"没有保存，有"}, []string{"Not saved. Places to mend:"}, []string{`href="#doc.id"`}},
		{"a template without default", "templates", "", "", []string{"doc.id", "fresh", "doc.name", "x", "doc.channel", "email", "doc.locales~n", "0"}, []string{"没有保存，有 1 处要改："}, []string{"Places to mend: 1"}, []string{`href="#doc.locales"`}},
		{"a share beyond its bound", "campaigns", "win-back", "", []string{"doc.control", "90"}, []string{"没有保存，有 1 处要改：", "须在 0 到 50% 之间"}, []string{"must be from 0 to 0.5"}, []string{`href="#doc.control"`}},
		{"a template that is not there", "campaigns", "win-back", "", []string{"doc.templateId", "nowhere"}, []string{"没有保存，有 1 处要改："}, []string{"nowhere"}, []string{`href="#doc.templateId"`}},
		{"a segment without a rule", "segments", "", "", []string{"doc.name", "x"}, []string{"没有保存，有"}, []string{"Not saved"}, []string{`href="#doc.rule~rule"`}},
	} {
		at := "/console/" + c.kind + "/edit"
		for lang, says := range map[text.Lang][]string{text.Chinese: c.chinese, text.English: c.english} {
			for _, do := range []string{"check", "save"} {
				f := b.As(access.Editor, lang)
				w := press(t, f, at, f.Page(at+"?id="+c.id), do, c.typed...)
				page := w.Body.String()
				box := links.FindStringSubmatch(page)
				if w.Code != http.StatusUnprocessableEntity || box == nil || strings.Contains(page, `value="save"`) {
					t.Errorf("%s, %s in %s: %d %s", c.what, do, lang, w.Code, said(page))
					continue
				}
				has(t, c.what, box[1], says...)
				for _, link := range c.goes {
					if id := strings.TrimSuffix(strings.TrimPrefix(link, `href="#`), `"`); !strings.Contains(box[1], link) || !strings.Contains(page, `id="`+id+`"`) {
						t.Errorf("%s, %s: no link %s in %s", c.what, do, link, box[1])
					}
				}
			}
		}
	}
	f := b.As(access.Editor, text.Chinese)
	w := press(t, f, "/console/campaigns/edit", f.Page("/console/campaigns/edit?id=win-back"), "check", "doc.control", "20")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `value="save"`) || strings.Contains(w.Body.String(), `id="mend"`) {
		t.Errorf("what can be saved: %d %s", w.Code, said(w.Body.String()))
	}
}

// TestANameThatNothingHas adds no row: the page says so, with what may have been meant, also below a rule of a single row.
func TestANameThatNothingHas(t *testing.T) {
	b := shop(t)
	for lang, c := range map[text.Lang]struct {
		typed, none string
		says, quiet []string
	}{
		text.Chinese: {"消费", "飞碟", []string{"有 1 处要改：", "没有叫“消费”的条件，您是不是要：", "累计消费金额", "近 7 天消费金额"}, []string{"没有叫“飞碟”的条件，请从列表里选。"}},
		text.English: {"revenue", "ufo", []string{"Places to mend: 1", "No condition is called “revenue”. Did you mean:", "Revenue, last 7 days"}, []string{"No condition is called “ufo”. Pick one from the list."}},
	} {
		for _, id := range []string{"", "vip"} {
			f := b.As(access.Editor, lang)
			at := "/console/segments/edit"
			body := f.Page(at + "?id=" + id)
			for typed, says := range map[string][]string{c.typed: c.says, c.none: c.quiet} {
				w := press(t, f, at, body, "field doc.rule", "doc.rule~new", typed)
				page := w.Body.String()
				if w.Code != http.StatusOK || strings.Contains(page, "doc.rule[") || !strings.Contains(page, `value="`+typed+`"`) {
					t.Errorf("%s of %q, %s: %d, a row was added or what was typed is gone", typed, id, lang, w.Code)
				}
				box := page[max(0, strings.Index(page, `id="mend"`)):]
				has(t, typed, box[:max(0, strings.Index(box, "</div>"))], says...)
			}
		}
		f := b.As(access.Editor, lang)
		w := press(t, f, "/console/segments/edit", f.Page("/console/segments/edit?id=vip"), "field doc.rule", "doc.rule~new", "city")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `name="doc.rule[1]~field"`) || strings.Contains(w.Body.String(), `name="doc.rule[2]~field"`) {
			t.Errorf("%s: a second row does not stand beside the only one", lang)
		}
	}
}

// TestAConditionWithoutValueIsSaidInWords, and the estimate says why it counts nobody.
func TestAConditionWithoutValueIsSaidInWords(t *testing.T) {
	b := shop(t)
	f := b.As(access.Editor, text.Chinese)
	body := f.Page("/console/segments/edit?id=vip")
	w := press(t, f, "/console/segments/edit", body, "field doc.rule", "doc.rule~new", "城市")
	w = press(t, f, "/console/segments/estimate", w.Body.String(), "estimate")
	page := w.Body.String()
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `id="estimate"`) || !strings.Contains(page, `id="mend"`) {
		t.Errorf("%d %s", w.Code, said(page))
	}
	has(t, "the estimate", page, "有 1 处要改： 规则 › 城市 值：缺少 改好之后才能预估人数。 规则 › 城市 — 值：缺少")
}

// TestWhatIsDoubtedSpeaksOfTheShopsClock, in either language: a run that has not gone since a moment.
func TestWhatIsDoubtedSpeaksOfTheShopsClock(t *testing.T) {
	b := shop(t)
	b.Put("/v1/campaigns/once", `{"name":"x","state":"draft","channel":"email","templateId":"welcome","trigger":{"audience":{"segmentId":"vip","at":"2027-01-01T00:00:00Z"}}}`)
	for lang, says := range map[text.Lang]string{text.Chinese: "人群 vip 在 2026年11月21日 20:00 改动之后", text.English: "the segment vip since it was changed at 21 Nov 2026, 20:00"} {
		f := b.As(access.Editor, lang)
		const at = "/console/campaigns/edit"
		w := press(t, f, at, f.Page(at+"?id=once"), "save", "doc.name", "in "+string(lang))
		has(t, "what is doubted", w.Body.String(), says)
	}
}

// TestWhatTheAPIAddsIsNoPartOfADocument: a campaign is shown with its phase, which no form takes for something that a newer version has written.
func TestWhatTheAPIAddsIsNoPartOfADocument(t *testing.T) {
	b := shop(t)
	f := b.As(access.Editor, text.Chinese)
	for _, at := range []string{"campaigns/edit?id=win-back", "campaigns/edit?id=win-back&version=1", "segments/edit?id=vip", "templates/edit?id=welcome"} {
		if page := f.Page("/console/" + at); strings.Contains(page, "当前版本不认识") || strings.Contains(page, "~rest") {
			t.Errorf("%s: %s", at, said(page))
		}
	}
}

// TestSharesThatAreNotAWholeAreNoChangeToSave: weights of 50 and 40 percent, said before saving.
func TestSharesThatAreNotAWholeAreNoChangeToSave(t *testing.T) {
	b := shop(t)
	b.Put("/v1/campaigns/halves", `{"name":"x","state":"draft","channel":"email","trigger":{"enteredSegment":"vip"},"variants":[{"id":"a","templateId":"welcome","weight":0.5},{"id":"b","templateId":"welcome","weight":0.5}]}`)
	f := b.As(access.Editor, text.Chinese)
	const at = "/console/campaigns/edit"
	w := press(t, f, at, f.Page(at+"?id=halves"), "check", "doc.variants[1].weight", "40")
	if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `id="mend"`) || strings.Contains(page, `value="save"`) {
		t.Errorf("%d %s", w.Code, said(page))
	}
	has(t, "the box", w.Body.String(), "没有保存，有 1 处要改：")
}
