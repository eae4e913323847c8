package segmentation

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestValuesThatPeopleHave are counted for any sharding as a count of all people counts them, with jobs doubled and calls that fail: of who refuses profiling none, and none that fewer than five have.
func TestValuesThatPeopleHave(t *testing.T) {
	fired := 0
	for seed := range uint64(20) {
		w := newWorld(t, seed, int(seed)%5+1, defined)
		w.profiles.page = int(seed)%7 + 1
		want := map[string]map[string]int{"city": {}, "tags": {}}
		for range w.random.IntN(60) + 20 {
			p := w.visitor(w.random.IntN(200))
			if w.random.IntN(2) == 0 {
				p = w.buyer(w.random.IntN(200), 100)
			}
			city, tag := fmt.Sprint("city ", w.random.IntN(9)), fmt.Sprint("tag ", w.random.IntN(4))
			p.Traits = profile.Traits{"city": {Value: city}, "email": {Value: fmt.Sprint(city, "@shop.example")}}
			p.Tagging.Say(tag, profile.Tagged{})
			if w.random.IntN(5) == 0 {
				w.refuse(p, true)
				continue
			}
			want["city"][city]++
			want["tags"][tag]++
		}
		w.process.Late = func(context.Context) bool { return w.random.IntN(3) == 0 }
		w.faults.rate = 0.03
		run := w.run(job.Segmentation{RunID: "r"}, 0.2)
		fired += w.faults.fired
		got := map[string]map[string]int{"city": {}, "tags": {}}
		for field, values := range w.runs.results["r"][run.Shards].Values {
			for _, v := range values {
				if got[field] == nil {
					t.Errorf("%s has the value %s", field, v.Value)
					continue
				}
				got[field][v.Value] = v.Count
			}
		}
		for _, counts := range want {
			maps.DeleteFunc(counts, func(_ string, n int) bool { return n < 5 })
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: counted are %v, want %v", seed, got, want)
		}
	}
	if fired == 0 {
		t.Error("no fault ever fired")
	}
}

// TestTagsThatNobodyAsksFor are told from those that a segment or a running campaign asks for, in any shards.
func TestTagsThatNobodyAsksFor(t *testing.T) {
	campaign := func(state, tag string) string {
		return `{"id":"c","name":"C","state":"` + state + `","channel":"email","templateId":"t","trigger":{"event":{"name":"E"}},"condition":{"field":"tags","op":"contains","value":"` + tag + `"}}`
	}
	shelf := shelf{}.with("segment", "asks", `{"id":"asks","name":"A","rule":{"not":{"field":"tags","op":"in","value":["asked","of nobody"]}}}`).
		with("segment", "any", `{"id":"any","name":"Any","rule":{"field":"tags","op":"exists"}}`).
		with("campaign", "runs", campaign("running", "of a campaign")).with("campaign", "draft", campaign("draft", "of a draft"))
	for _, shards := range []int{1, 4, 64} {
		w := newWorld(t, 1, shards, shelf)
		w.profiles.page = 3
		for i := range 40 {
			p := w.visitor(i)
			p.Tagging.Say([]string{"asked", "of a campaign", "of a draft", "idle"}[i%4], profile.Tagged{})
			if i < 4 {
				p.Tagging.Say("of few", profile.Tagged{})
			}
		}
		run := w.run(job.Segmentation{RunID: "r"}, 0.1)
		want := score.TagUse{Tags: 5, Asked: 2, Idle: []score.Valued{{Value: "idle", Count: 10}, {Value: "of a draft", Count: 10}}}
		if got := w.runs.results["r"][run.Shards].TagUse; got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%d shards: %+v, want %+v", shards, got, want)
		}
	}
}

// TestAPartOfTheVersionBefore counted no values: none are told, and all else is.
func TestAPartOfTheVersionBefore(t *testing.T) {
	w := newWorld(t, 2, 2, defined)
	for range 30 {
		w.visitor(3).Traits = profile.Traits{"city": {Value: "Ulm"}}
	}
	w.until(func(run score.Run) bool { return len(run.Collected) == 2 })
	for place, part := range w.runs.parts["r"] {
		s, rows, err := unpackColumns(part.Body)
		w.Must(err)
		if s.Values == nil {
			t.Fatal("a part counts none")
		}
		if s.Values = nil; place[0] == 0 {
			part.Body, err = packColumns(s, rows)
			w.Must(err)
			w.runs.parts["r"][place] = part
		}
	}
	w.drain(0)
	if run := w.runs.runs["r"]; run.Findings == nil || run.Findings.Profiles != 30 || len(w.runs.results["r"][2].Values) != 0 {
		t.Errorf("found %+v, with the values %v", run.Findings, w.runs.results["r"][2].Values)
	}
}
