package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/runs"
)

// fieldAnswer is GET /v1/fields as a caller reads it.
type fieldAnswer struct {
	Lang, Currency string
	Decimals       int
	Counted        map[string]string
	Items          []struct {
		Name, Kind, Unit, UnitLabel, Label, Meaning string
		Ops                                         []string
		Live, Profiling                             bool
		Values                                      []struct {
			Value, Label string
			Count        *int
		}
	}
}

func (b *bench) fields(query string) (all fieldAnswer, by map[string]string) {
	b.Helper()
	b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/fields"+query, "")), &all))
	by = map[string]string{}
	for _, f := range all.Items {
		text := fmt.Sprintf("%s %s %s %s live=%v", f.Label, f.Kind, f.Unit, f.UnitLabel, f.Live)
		for _, v := range f.Values {
			text += fmt.Sprintf("; %s %s", v.Value, v.Label)
			if v.Count != nil {
				text += fmt.Sprintf(" %d", *v.Count)
			}
		}
		by[f.Name] = text
	}
	return all, by
}

func TestFieldsAreShownInALanguage(t *testing.T) {
	b := newBench(t)
	all, by := b.fields("")
	if all.Lang != "en" || all.Currency != "CNY" || all.Decimals != 2 || all.Counted != nil || len(all.Items) != len(rule.Fields(rule.English)) {
		t.Errorf("answered %s %s %d %v, %d fields", all.Lang, all.Currency, all.Decimals, all.Counted, len(all.Items))
	}
	for name, want := range map[string]string{
		"orders.revenue": "Revenue number money minor units of CNY live=true", "userId": "User id text   live=true", "rfm.r": "Recency score number plain  live=false",
		"gender": "Gender text   live=true; female Female; male Male; other Other", "orders.paid30": "Paid orders, last 30 days number count  live=true",
	} {
		if by[name] != want {
			t.Errorf("%s is %q, want %q", name, by[name], want)
		}
	}
	all, by = b.fields("?lang=zh")
	if want := "累计消费金额 number money CNY 的最小货币单位 live=true"; all.Lang != "zh" || by["orders.revenue"] != want {
		t.Errorf("%s: %q, want %q", all.Lang, by["orders.revenue"], want)
	}
	for _, query := range []string{"?lang=de", "?lang=", "?lang=zh&lang=en"} {
		if got := b.must(400, "GET", "/v1/fields"+query, ""); errorsOf(t, got) != "lang is not en or zh" {
			t.Errorf("%s is answered %s", query, got)
		}
	}
}

// TestClassesAreCounted by the newest finished run that was not of a past day.
func TestClassesAreCounted(t *testing.T) {
	b := newBench(t)
	for i, run := range []struct {
		reports  bool
		finished bool
		n        int
	}{{false, true, 3}, {false, true, 7}, {true, true, 11}, {false, false, 13}} {
		id := fmt.Sprintf("run-%d", i)
		_, err := b.process.Runs.Create(t.Context(), score.Run{ID: id, CreatedAt: start.Add(time.Duration(i) * time.Hour), Shards: 1, ReportOnly: run.reports})
		b.Must(err)
		b.Must(b.process.Runs.SaveFindings(t.Context(), id, score.Findings{Profiles: run.n, Counts: score.Counts{"lifecycle": {"new": run.n, "churned": 1}}}))
		if run.finished {
			b.Must(b.process.Runs.SaveOutcome(t.Context(), id, score.Outcome{FinishedAt: start.Add(time.Duration(i) * time.Minute)}))
		}
	}
	all, by := b.fields("?lang=en")
	if got, want := by["lifecycle"], "Life cycle text   live=false; new New 7; active Active 0; silent Silent 0; dormant Dormant 0; churned Churned 1"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if all.Counted["runId"] != "run-1" || all.Counted["finishedAt"] != "2026-11-21T08:01:00Z" {
		t.Errorf("counted by %v", all.Counted)
	}
	if strings.Contains(by["gender"], "0") {
		t.Errorf("no run counts %s", by["gender"])
	}
}

// TestValuesThatPeopleHaveAreShown of fields that may have any, and counted of those with values of their own: by the run that the counts are of.
func TestValuesThatPeopleHaveAreShown(t *testing.T) {
	b := newBench(t)
	run, err := b.process.Runs.Create(t.Context(), score.Run{ID: "r", CreatedAt: start, Shards: 3})
	b.Must(err)
	b.Must(b.process.Runs.SaveResult(t.Context(), run, 1, runs.RunResult{Values: map[string][]score.Valued{"city": {{Value: "a shard's", Count: 9}}}}))
	b.Must(b.process.Runs.SaveResult(t.Context(), run, 3, runs.RunResult{Values: map[string][]score.Valued{"city": {{Value: "上海", Count: 12}, {Value: "Ulm", Count: 5}}, "gender": {{Value: "male", Count: 7}}}}))
	b.Must(b.process.Runs.SaveFindings(t.Context(), "r", score.Findings{Profiles: 30, Counts: score.Counts{"lifecycle": {"new": 30}}}))
	if _, by := b.fields(""); by["city"] != "City text   live=true" {
		t.Errorf("before the run has finished: %s", by["city"])
	}
	b.Must(b.process.Runs.SaveOutcome(t.Context(), "r", score.Outcome{FinishedAt: start}))
	for lang, want := range map[string]map[string]string{
		"":         {"city": "City text   live=true; 上海 上海 12; Ulm Ulm 5", "gender": "Gender text   live=true; female Female; male Male 7; other Other", "province": "Province text   live=true"},
		"?lang=zh": {"city": "城市 text   live=true; 上海 上海 12; Ulm Ulm 5", "gender": "性别 text   live=true; female 女; male 男 7; other 其他"},
	} {
		_, by := b.fields(lang)
		for name, text := range want {
			if by[name] != text {
				t.Errorf("%s is %q, want %q", name, by[name], text)
			}
		}
		if !strings.Contains(by["lifecycle"], "30") {
			t.Errorf("the classes are %s", by["lifecycle"])
		}
	}
	for _, nth := range []int{1, 2, 3} {
		before := b.DB.Calls("GetItem")
		b.DB.Fail("GetItem", nth, dynamotest.NotPersisted)
		status := b.call("GET", "/v1/fields", "").Code
		reached := b.DB.Calls("GetItem")-before >= nth
		b.DB.Heal()
		if (status == 503) != reached {
			t.Errorf("where read %d fails (%v) it is answered %d", nth, reached, status)
		}
	}
}
