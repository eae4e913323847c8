package rule

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

var update = flag.Bool("update", false, "write docs/fields.md and docs/zh/fields.md anew")

// pages are docs/fields.md and its Chinese page: what stands before the table, and the table's head.
var pages = map[Language]struct{ path, text, head string }{
	English: {"docs/fields.md", `# Fields

What a rule can ask of a profile: %d fields by name, and %d whose name has a part in angle brackets, which stands for any. Their operations, by
kind, are in [segments](segments.md); ` + "`GET /v1/fields`" + ` answers the same list, with the [known values](segments.md#fields). Fields marked *run* come from the last segmentation run,
and a rule that asks one, however deep, changes with runs only. All other rules are live: a membership changes with the event that brings the change, and what changes by the mere passage of
time is seen by the next run. A day is a day of the shop's calendar (TIME_ZONE). Fields marked *profiling* are concluded of what somebody did: of who
[refuses profiling](privacy.md#profiling) a condition on one is not met, and neither is its opposite. Numbers have their unit; money is in minor units of the shop's currency.

Bounds: a profile keeps the newest 64 traits, 10 groups, 20 cart lines, 5 devices, 5 push tokens, 8 viewed products and 256 orders one by one; 64 names of events
beside the known ones, 32 categories and 32 brands, which stay by a hash of their name so that the sequence of events does not matter. What is beyond
is counted (` + "`events.others`, `detail.leftOut`" + `). Sums of money and orders leave nothing out.
A text of a trait has at most 256 bytes, a list or object 1 KB: a rule asks of a longer one the elements or members that are whole within it.

The last column says what gives a field its value, as a test finds by folding each: events of the names that it has, where somebody sends them ([events](events.md)), or what the shop and its operators do beside. "Of the shop's back end" is what no page may say. Where it takes several, the page says so.

This page and [the Chinese one](zh/fields.md) are generated: ` + "`go test ./shared/domain/audience/rule -run TestFieldsAreDocumented -update`" + `.
`, "| field | label | kind | meaning | fed by |"},
	Chinese: {"docs/zh/fields.md", `# 字段

规则可以询问档案的 %d 个具名字段，另有 %d 个名称含尖括号的字段，尖括号部分可为任意值。各类字段的运算见[人群](segments.md)；` + "`GET /v1/fields`" + ` 加上 lang=zh 返回同一列表及[已知取值](segments.md#字段)。标有 *run* 的字段来自最近一次分群运行，
凡询问到它们的规则（不论嵌套多深）只随运行变化。其余规则是实时的：归属随带来变化的事件而变，仅因时间流逝的变化由下一次运行发现。日以店铺日历为准（TIME_ZONE）。标有 *profiling* 的字段由行为推断而来：
对[拒绝画像](privacy.md#画像)的人，这类条件不成立，其反面也不成立。数字带有单位；金额以店铺货币的最小单位计。

上限：一份档案保留最近的 64 个属性、10 个群组、20 个购物车行、5 台设备、5 个推送令牌、8 个浏览过的商品，以及逐笔保留 256 个订单；已知事件之外保留 64 个事件名称，另有 32 个类目与 32 个品牌，
按名称的哈希取舍，与事件先后无关。超出部分只计数（` + "`events.others`、`detail.leftOut`" + `）。金额与订单的合计不遗漏任何一笔。文本属性至多 256 字节，列表或对象至多 1 KB：更长的只询问其中完整的元素或成员。

最后一列写明字段的值来自哪里，由测试逐一折叠得出：来自所写名称的事件（只要有人发送，见[事件](events.md)），或店铺和运营人员所做的事。写着“店铺后端的”，页面不能说。需要几样一起时，也会写明。

本页与[英文页](../fields.md)由程序生成：` + "`go test ./shared/domain/audience/rule -run TestFieldsAreDocumented -update`" + `。
`, "| 字段 | 名称 | 类型 | 含义 | 来自 |"},
}

// document is a page of fields.
func document(t *testing.T, l Language) string {
	t.Helper()
	by, all := fed(t), feeders(at(t, noon))
	fields, named := Fields(l), 0
	for _, f := range fields {
		if !strings.Contains(f.Name, "<") {
			named++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, pages[l].text+"\n"+pages[l].head+"\n|---|---|---|---|---|\n", named, len(fields)-named)
	for _, f := range fields {
		kind := string(f.Kind)
		if f.Unit != "" && f.Unit != Plain {
			kind += " (" + string(f.Unit) + ")"
		}
		if !f.Live {
			kind += ", *run*"
		}
		if f.Profiling {
			kind += ", *profiling*"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.Name, f.Label, kind, f.Meaning, fedBy(l, by[f.Name], all))
	}
	return b.String()
}

func TestFieldsAreDocumented(t *testing.T) {
	for _, l := range Languages() {
		path := filepath.Join("..", "..", "..", "..", filepath.FromSlash(pages[l].path))
		if *update {
			if err := os.WriteFile(path, []byte(document(t, l)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		written, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(written) != document(t, l) {
			t.Errorf("%s is stale: run the test with -update", pages[l].path)
		}
	}
}

// TestEveryFieldIsNamed in both languages, once in each, and no name is of a field that is not there.
func TestEveryFieldIsNamed(t *testing.T) {
	for name := range words() {
		if f, _, ok := lookUp(strings.NewReplacer("<", "", ">", "").Replace(name)); !ok || f.name != name {
			t.Errorf("%s is named and is no field", name)
		}
	}
	for _, l := range Languages() {
		labels := map[string]string{}
		for _, f := range Fields(l) {
			if f.Label == "" || f.Meaning == "" || strings.ContainsAny(f.Label+f.Meaning, "|\n") {
				t.Errorf("%s has in %s the label %q and the meaning %q", f.Name, l, f.Label, f.Meaning)
			}
			if other, twice := labels[f.Label]; twice {
				t.Errorf("%s and %s are both called %s", other, f.Name, f.Label)
			}
			labels[f.Label] = f.Name
			if han := strings.ContainsFunc(f.Label+f.Meaning, func(r rune) bool { return unicode.Is(unicode.Han, r) }); han != (l == Chinese) {
				t.Errorf("%s is called %s in %s: %s", f.Name, f.Label, l, f.Meaning)
			}
			for _, v := range f.Values {
				if v.Label == "" || v.Value == "" {
					t.Errorf("%s has in %s the value %+v", f.Name, l, v)
				}
			}
		}
	}
}

// TestUnits holds units to what the meanings say.
func TestUnits(t *testing.T) {
	of := map[Unit]int{}
	for _, f := range Fields(English) {
		of[f.Unit]++
		if (f.Unit == "") != (f.Kind != Number) {
			t.Errorf("%s is a %s with the unit %q", f.Name, f.Kind, f.Unit)
		}
		for word, unit := range map[string]Unit{"minor units": Money, "percent": Percent, "whole days": Days, "whole hours": Hours, "years,": Years, "active days": Days, "score of": Plain, "net sum": Money} {
			if strings.Contains(f.Meaning, word) && f.Unit != unit && f.Kind == Number {
				t.Errorf("%s counts %s: %s", f.Name, f.Unit, f.Meaning)
			}
		}
		if strings.HasSuffix(f.Name, ".count") && f.Unit != Count || strings.HasSuffix(f.Name, "Share") && f.Unit != Percent {
			t.Errorf("%s counts %s", f.Name, f.Unit)
		}
	}
	if of[Money] != 13 || of[Hours] != 1 || of[Years] != 1 {
		t.Errorf("there are fields of units %v", of)
	}
	if got := UnitLabel(Money, Chinese, "CNY") + UnitLabel(Days, English, "CNY") + UnitLabel(Plain, Chinese, ""); got != "CNY 的最小货币单位days" {
		t.Errorf("units are called %s", got)
	}
}

func TestAtLeastTwoHundredFields(t *testing.T) {
	named := 0
	for _, f := range Fields(English) {
		if strings.Contains(f.Meaning, "|") {
			t.Errorf("%s: its meaning breaks the table", f.Name)
		}
		if strings.Contains(f.Name, "<") {
			continue
		}
		named++
		if found, key, ok := lookUp(f.Name); !ok || key != "" || found.name != f.Name {
			t.Errorf("%s is taken for another field", f.Name)
		}
	}
	if named < 200 {
		t.Errorf("%d fields, want at least 200", named)
	}
}
