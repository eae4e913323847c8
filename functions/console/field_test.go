package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/audience/score"
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
