package reason

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
)

// places are where documents are refused.
var places = []string{
	"domain/fault", "domain/span", "domain/slug", "domain/money", "domain/definition", "domain/outreach/campaign", "domain/outreach/delivery", "domain/outreach/sms", "domain/outreach/template", "domain/outreach/wording", "domain/audience/rule",
	"domain/audience/segment", "domain/audience/score", "domain/people/source", "domain/reward/referral", "domain/reward/ledger", "domain/insight/fold", "form", "../functions/console", "../functions/reporting",
}

// begins is how a reason begins, which continues the name of a field to a sentence.
var begins = regexp.MustCompile(`^(is|are|asks for|has|have|must|names|cannot|would|leads|means|stands|says|speaks|scheduled is|counts|no run has|%[qs] (is|has)) `)

// none are texts that begin so and are no reason of a document.
var none = []string{
	"is above", "is at least", "is below", "is at most", "is one of", "is none of", "has all of", "is between (two lines)", "is not", "is before", "is from … on", "is known", "is in the segment", "is not in the segment", "is there", // words of forms
	"has no arms", "is no partial of this question", "is no number of a version", "is true, once, or absent", "names %.100q, of which the stop has skipped nobody",
	"is not ", "names of the events that happened; of names beyond the known ones, 64", "names of the products in the open cart",
	"is a JSON ", "is not valid JSON: ", "must be ", "must have ", // beginnings, of which the whole sentence has a row
}

// written are the texts of the code that look like a reason.
func written(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, place := range places {
		files, err := filepath.Glob(filepath.Join("../../..", place, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no source, %v", place, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && begins.MatchString(text) {
						all[text] = file
					}
				}
				return true
			})
		}
	}
	return all
}

// hinted is the end of a sentence of the code that is a hint of package spelling.
var hinted = regexp.MustCompile(`([a-z])%s$`)

// TestEveryReasonHasARow reads the code, and says which rows are missing. A row that no sentence needs is one too many.
func TestEveryReasonHasARow(t *testing.T) {
	used := map[string]bool{}
	for text, file := range written(t) {
		row := hinted.ReplaceAllString(text, "$1")
		switch _, has := rows[row]; {
		case slices.Contains(none, text):
		case !has:
			t.Errorf("%s: %q has no row: say it in Chinese in rows.go, or name it in none if no document is refused so", file, row)
		default:
			used[row] = true
		}
	}
	if len(used) < 100 {
		t.Errorf("%d reasons were found: the test looks in the wrong place", len(used))
	}
	// What is put together of parts, where the code has no such text.
	for _, row := range []string{
		"is a JSON %s, which does not fit", "there are %d segments, at most %d",
		"%q is nothing that somebody consents to: %s, each alone or with /%s behind it, or %s", "or %s is required", "is required", "is not valid JSON: %s", "must be %s", "must have %s", "%s is not a number", "names the campaign %s, which is not there",
	} {
		used[row] = true
	}
	// What an upload is told of its lines.
	for _, row := range []string{
		"names nobody",
		"has no %s that can be one",
		"has no profileId that can be one",
		"nobody is known by it",
		"nobody has proven that it is theirs: the shop has not said it, and no link to it was opened",
		"is proven to be of several people: name the person by userId",
		"has no tag",
		"has what is no tag",
		"cannot be read as a line of a table with the columns that the first line names",
		"has no first line that names the columns",
		"has no line that names somebody",
		"has %d lines, at most %d: send it in parts",
		"has the column %q, which is none of %s",
		"has the column %s twice",
		"is neither add nor remove",
	} {
		used[row] = true
	}
	// What a change of tags is refused for.
	for _, row := range []string{
		"has a character that cannot be shown", "begins or ends with a blank", "is missing: name the tags to add, to remove, or both", "is all tags: leave out add, remove and only", "is all tags by hand: leave out add and remove", "would make %d tags, at most %d",
		"is all tags that the person is to have: leave out add and remove", "is given by the segment %s, to whoever is in it", "is given by %s, which tells all of its tags: take it away there",
	} {
		used[row] = true
	}
	for row, chinese := range rows {
		if !used[row] {
			t.Errorf("nothing is refused by %q", row)
		}
		n := len(verb.FindAllString(row, -1))
		for i := range 5 {
			if i >= n == strings.Contains(chinese, fmt.Sprintf("{%d}", i+1)) {
				t.Errorf("%q puts in %d, and not so in Chinese: %s", row, n, chinese)
			}
		}
		if !strings.ContainsFunc(chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%q is not said in Chinese", row)
		}
	}
}

// TestWhatIsRefusedIsSaid has documents refused in many ways: no reason stays English.
func TestWhatIsRefusedIsSaid(t *testing.T) {
	said := 0
	for _, c := range [][2]string{
		{"campaign", `{"id":"?","name":"","state":"x","channel":"fax","trigger":{"event":{"name":"","where":[{"property":"","op":"x"},{"property":"a","op":"gt","value":"b"},{"property":"a","op":"eq"},{"property":"a","op":"in","value":1},{"property":"a","op":"exists","value":1}]},"audience":{}},
			"wait":"soon","variants":[{"id":"a","weight":2},{"id":"a","weight":-1}],"control":9,"cancelOn":[""],"tags":[""],"transactional":true,"unproven":true,"oncePerPerson":true,"onceEvery":"1s","later":1,"nmae":1}`},
		{"campaign", `{"id":"x","name":7,"state":"scheduled","trigger":{"enteredSegment":"a","exitedSegment":"b"},"expiresAfter":"10001d","channel":"email"}`},
		{"template", `{"id":"x","channel":"email","locales":{"zh":{"payload":"a"},"en":{"subject":"` + strings.Repeat("a", 2000) + `"}}}`},
		{"template", `{"id":"x","channel":"sms","locales":{"default":{"text":"【茶铺】${a}${}","payload":{"template":"x","params":{"b":"1","a":""},"sign":"[x]"}},"en":{"text":"{{ a }}","payload":"x"},"zh":{"text":"` + strings.Repeat("茶", 501) + `${a}","payload":{"template":"SMS_1"}}}}`},
		{"template", `{"id":"x","channel":"push","locales":{"default":{"subject":"s","text":"t","payload":{"aps":"x"}},"en":{"subject":"s","text":"t","payload":"x"}}}`},
		{"template", `{"id":"confirm-address","channel":"social","locales":{"default":{}}}`},
		{"template", `{"id":"confirm-address","channel":"email","locales":{"default":{"subject":"s","html":"h"}}}`},
		{"program", `{"id":"x","state":"x","qualifying":{"event":"E","minTotal":{"amount":-1,"currency":"rmb"}},"hold":"1d","ladder":[{"friends":0},{"friends":0}],"budget":[{"points":0},{"points":1}],"maxPerAdvocate":-1}`},
		{"program", `{"id":"x","name":"x","state":"draft","attributionWindow":"9000d","hold":"9000d","rewards":{"friend":[{"water":1}]}}`},
		{"source", `{"id":"default","kind":"x","allowedEvents":[""],"allowedOrigins":["x"],"ratePerSecond":-1,"newPerMinute":-1,"burst":1,"writeKeys":["a","longenough","longenough"],"hookSecret":"x"}`},
		{"segment", `{"id":"x","rule":{"all":[{"field":"orders.cuont","op":"eq","value":1},{"field":"orders.count","op":"is","value":1},{"field":"orders.count","op":"eq"},{"field":"orders.count","op":"eq","value":{"money":"1"}},
			{"field":"city","op":"eq","value":1},{"field":"class8","op":"eq","value":"9"},{"field":"lastSeen","op":"within"},{"field":"lastSeen","op":"before","value":"x"},{"field":"consent.fax","op":"exists"},{"field":"active.hours.77","op":"exists"},
			{"performed":{}},{"performed":{"event":"E","atLeast":3,"atMost":1}},{"performed":{"event":"E","atLeast":30,"withinDays":90}},{"segment":"a b"},{"segment":"class8:9"},{"segment":1},{"percent":{"from":-1,"to":0}},{"any":[]},{"x":1},1,{"not":null}]}}`},
		{"segment", `{"id":"x"}`}, {"segment", `{"id":"x","rule":7}`}, {"segment", `{"id":"x","id":"x","rule":{"segment":"gone"}}`}, {"segment", `{`}, {"segment", ``},
		{"setting", `messaging {"stopped":["fax"],"consent":{"fax":"x"},"caps":[{"limit":0,"channel":"fax","unit":"x","over":"x"},{"limit":1,"unit":"days","per":99}],"quietHours":{"start":"25:00"},"killSwitch":"x"}`},
		{"setting", `holdout {"share":3}`}, {"setting", `holdout {"share":0.1}`}, {"setting", `colour {}`},
		{"setting", `segmentation {"windowDays":-1,"class8":"x","quintiles":{"r":[4,3,2,1]},"activeDays":90,"coolingDays":30}`}, {"setting", `segmentation {"class8":"business"}`},
		{"setting", `segmentation {"class8":"business","lines":{"r":-1}}`},
	} {
		for _, row := range definition.Rows() {
			kind, _ := row.Names()
			if kind != c[0] {
				continue
			}
			id, body := "x", c[1]
			if kind == definition.Settings {
				id, body, _ = strings.Cut(c[1], " ")
			}
			_, err := row.Check(id, []byte(body), nothing)
			faults, _ := err.(fault.Faults) //nolint:errorlint // Check gives them as they are
			if len(faults) == 0 {
				t.Errorf("%s is not refused: %v", body, err)
			}
			for _, f := range faults {
				said++
				if chinese, has := Chinese(f.Reason); !has {
					t.Errorf("%s %s is not said in Chinese", f.Field, f.Reason)
				} else if strings.Contains(chinese, "{") && !strings.Contains(f.Reason, "{") {
					t.Errorf("%s became %s", f.Reason, chinese)
				}
			}
		}
	}
	if said < 70 {
		t.Errorf("%d reasons were said", said)
	}
}

// nothing are the segments of a shop that has none.
func nothing() ([]segment.Definition, error) { return nil, nil }

func TestChinese(t *testing.T) {
	for english, want := range map[string]string{
		"is required":            "为必填",
		"must be 1 to 200 bytes": "长度须为 1 到 200 字节",
		"must be 1 to 64 bytes":  "长度须为 1 到 64 字节",
		"or text is required":    "必填（也可以填 text）",
		"names the template t, which is for the channel social and not for email":  "所指的模板 t 不合用：渠道是 social，不是 email",
		`"x" is not a field of a profile: did you mean "orders.count"?`:            `"x" 不是可以询问的字段，是不是想写 "orders.count"？`,
		`"x" is not a field of a profile: did you mean "a" or "b \" or c"?`:        `"x" 不是可以询问的字段，是不是想写 "a" 或 "b \" or c"？`,
		"is not known here: did you mean \"a?b\"?":                                 "这里不认识这个名称，是不是想写 \"a?b\"？",
		"is not an object but null":                                                "须为对象，而不是空值",
		"gone is not a segment":                                                    "人群 gone 不存在",
		"is not the id of a segment: it must be 1 to 64 of a-z, A-Z, 0-9, - and _": "不是人群的编号：须为 1 到 64 个字母、数字、- 或 _",
		"is for a bird": "",
	} {
		if got, has := Chinese(english); got != want || has != (want != "") {
			t.Errorf("%s is %q, want %q", english, got, want)
		}
	}
}
