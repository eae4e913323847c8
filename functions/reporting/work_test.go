package reporting

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/job"
)

// answers are the objects of answers, by their keys behind the question's, without claims, which mean nothing once they are old.
func (b *bench) answers(id string) map[string]string {
	all := map[string]string{}
	for key, body := range b.bucket.All() {
		if name, is := strings.CutPrefix(key, archive.AnswersPrefix+id+"/"); is && !strings.HasPrefix(name, claimName) {
			all[name] = string(body)
		}
	}
	return all
}

func stocked(t testing.TB, shards int) *bench {
	b := newBench(t)
	b.archive(shards, 2, happened(rand.New(rand.NewPCG(5, 5)), 40))
	b.merge(map[string]string{"user-001": "user-002"})
	return b
}

// TestEveryWriteMayFail, before it happened or after, and the answer is the same, made once: whoever asks asks again, and a job comes again.
func TestEveryWriteMayFail(t *testing.T) {
	whole := stocked(t, 3)
	id, _ := whole.exact(asksFunnel)
	want := whole.answers(id)
	writes := len(want) + 8 // claims, and who waits
	for n := 1; n <= writes; n++ {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprint(n, persisted), func(t *testing.T) {
				b := stocked(t, 3)
				b.bucket.Fail(n, persisted)
				for range 3 {
					if out := b.call("POST", "/v1/reports/ask", `{"definition":`+asksFunnel+`}`); out.Code == 200 {
						break
					}
				}
				for bodies := b.jobs.Take(); len(bodies) > 0; {
					bodies = b.deliver(bodies...)
				}
				got := b.answers(id)
				if len(got) != len(want) || got[answerName] != want[answerName] {
					t.Errorf("%d objects, answer %s; want %d, %s", len(got), got[answerName], len(want), want[answerName])
				}
			})
		}
	}
}

// TestJobsMayNotBeSent: nobody hears that the question is asked, and asking again sends what is missing.
func TestJobsMayNotBeSent(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		b := stocked(t, 3)
		b.jobs.Fail(1, how)
		if out := b.call("POST", "/v1/reports/ask", `{"definition":`+asksCount+`}`, "Idempotency-Key", "k"); out.Code != 500 && out.Code != 503 {
			t.Errorf("%s: %d, %s", how, out.Code, out.Body)
		}
		out := b.call("POST", "/v1/reports/ask", `{"definition":`+asksCount+`}`, "Idempotency-Key", "k")
		g := b.read(out.Body.Bytes())
		b.work()
		if g.State != "working" || b.show(g.ID).State != "done" {
			t.Errorf("%s: %s, then %s", how, g.State, b.show(g.ID).State)
		}
	}
}

// TestAJobIsDoneAnyNumberOfTimes, in any sequence, by two at once, and long after the answer: nothing is counted twice.
func TestAJobIsDoneAnyNumberOfTimes(t *testing.T) {
	whole := stocked(t, 4)
	id, _ := whole.exact(asksCount)
	want := whole.answers(id)
	b := stocked(t, 4)
	b.ask("exact", asksCount)
	bodies := b.jobs.Take()
	again := slices.Concat(bodies, bodies, bodies)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
	busy := false
	b.bucket.Before = func(key string) {
		// Another worker does the same job between what this one has looked at and what it writes.
		if !busy && strings.Contains(key, "/"+partsName) {
			busy = true
			b.deliver(bodies...)
			busy = false
		}
	}
	if failed := b.deliver(again...); len(failed) > 0 {
		t.Errorf("%q come again", failed)
	}
	got := b.answers(id)
	if len(got) != len(want) || got[answerName] != want[answerName] {
		t.Errorf("%d objects, answer %s; want %d, %s", len(got), got[answerName], len(want), want[answerName])
	}
	writes := b.bucket.Writes()
	b.deliver(bodies...)
	if b.bucket.Writes() != writes {
		t.Errorf("a job of an answer that is there writes %d objects", b.bucket.Writes()-writes)
	}
}

// TestAQuestionIsWhatItAsks: asked again in other words it is the same; of other events, other people or another day it is another one. Asked while it is worked on, it is sent no answer that is not there.
func TestAQuestionIsWhatItAsks(t *testing.T) {
	b := stocked(t, 2)
	first := b.ask("exact", asksCount)
	if first.State != "working" || first.Shards.All != 2 || first.Shards.Done != 0 || first.Answer != nil || first.Head.Number != 7 || first.AsOf != "2026-11-09" || first.Kind != "count" {
		t.Errorf("%+v", first)
	}
	b.work()
	same := b.ask("exact", `{"to":"2026-11-09", "by":"day","from":"2026-11-06","kind":"count"}`)
	if same.ID != first.ID || same.State != "done" || len(b.jobs.Take()) != 0 {
		t.Errorf("%+v", same)
	}
	b.head.Number++ // another head of the same files
	b.save()
	if again := b.ask("exact", asksCount); again.ID != first.ID || again.State != "done" || again.Head.Number != 7 {
		t.Errorf("%+v", again)
	}
	seen := map[string]string{first.ID: "the first one"}
	other := func(what string) {
		t.Helper()
		g := b.ask("exact", asksCount)
		b.work()
		if before, is := seen[g.ID]; is {
			t.Errorf("%s is the question of %s", what, before)
		}
		seen[g.ID] = what
	}
	b.archive(2, 1, []happening{{"user-900", happened(rand.New(rand.NewPCG(8, 8)), 1)[0].Event}})
	other("another event")
	b.merge(map[string]string{"user-003": "user-002"})
	other("another merge")
	b.erase(noon, "user-004")
	other("another erasure")
	if g := b.ask("exact", asksFunnel); seen[g.ID] != "" {
		t.Error("another definition is the same question")
	}
	out := b.call("POST", "/v1/reports/ask", `{"definition":`+asksCount+`,"asOf":"2026-11-08"}`)
	if g := b.read(out.Body.Bytes()); seen[g.ID] != "" || g.AsOf != "2026-11-08" {
		t.Errorf("as of another day it is %+v", g)
	}
	if old := b.show(first.ID); old.State != "done" {
		t.Errorf("the first one is %+v", old)
	}
}

// TestWhoIsErasedMeanwhileIsLeftOut: between the asking and the work, whether the erasure is due, an object or in the archive's list.
func TestWhoIsErasedMeanwhileIsLeftOut(t *testing.T) {
	people := func(t *testing.T, erased func(b *bench)) float64 {
		b := stocked(t, 2)
		id := b.ask("exact", asksCount).ID
		erased(b)
		b.work()
		return rowsOf(t, b.show(id).Answer, "rows")[0]["people"].(float64)
	}
	all := people(t, func(*bench) {})
	raw, err := json.Marshal(job.Erasure{Keys: []profile.ID{personOf("user-004").ID()}, At: noon, Until: noon})
	if err != nil {
		t.Fatal(err)
	}
	for name, erased := range map[string]func(*bench){
		"due":       func(b *bench) { b.filed = []due.Entry{{Body: raw}} },
		"an object": func(b *bench) { b.Must(b.bucket.Put(t.Context(), archive.ErasureName(raw), raw)) },
		"in the list": func(b *bench) {
			id := personOf("user-004").ID()
			b.Must(archive.SaveErased(t.Context(), b.bucket, b.head, noon, map[profile.ID]archive.Erased{id: {ID: id, At: noon, Until: noon}}))
			b.head.Number++
			b.save()
		},
	} {
		if got := people(t, erased); got != all-1 {
			t.Errorf("%s: %v people of %v", name, got, all)
		}
	}
}

// TestAnArchiveThatIsGone says so, to who waits and to who asks for people; asked again it is another question.
func TestAnArchiveThatIsGone(t *testing.T) {
	b := stocked(t, 2)
	id := b.ask("exact", asksCount).ID
	var gone []string
	for _, d := range b.head.Days {
		for i := range d.Files {
			gone = append(gone, d.Files[i].Name)
		}
		d.Files = nil
	}
	b.save()
	b.Must(b.bucket.Delete(context.Background(), gone...))
	b.work()
	if g := b.show(id); g.State != "gone" {
		t.Errorf("%+v", g)
	}
	if out := b.call("GET", "/v1/reports/"+id+`/people?cell={"figure":"people"}`, ""); out.Code != 410 {
		t.Errorf("%d: %s", out.Code, out.Body)
	}
	again := b.ask("exact", asksCount)
	b.work()
	if g := b.show(again.ID); again.ID == id || g.State != "done" || string(g.Answer["rows"]) != "[]" {
		t.Errorf("%+v", g)
	}
}

// TestJobsOfNobody are dropped: of a question that is kept no more, and of a shard that it does not have. What cannot be read comes again.
func TestJobsOfNobody(t *testing.T) {
	b := stocked(t, 2)
	id := b.ask("exact", asksCount).ID
	b.jobs.Take()
	writes := b.bucket.Writes()
	again := b.deliver(`{"report":"00112233445566778899aabbccddeeff","shard":0}`, `{"report":"../head","shard":0}`, fmt.Sprintf(`{"report":%q,"shard":2}`, id), fmt.Sprintf(`{"report":%q,"shard":-1}`, id), `[]`)
	if !slices.Equal(again, []string{"[]"}) || b.bucket.Writes() != writes {
		t.Errorf("%q come again, %d writes", again, b.bucket.Writes()-writes)
	}
	// A question of a newer program waits for it.
	key := archive.AnswersPrefix + id + "/" + questionName
	body := strings.Replace(string(b.bucket.All()[key]), `"version":1`, `"version":2`, 1)
	b.Must(b.bucket.Put(t.Context(), key, []byte(body)))
	if again := b.deliver(fmt.Sprintf(`{"report":%q,"shard":0}`, id)); len(again) != 1 {
		t.Error("a job of a newer version is dropped")
	}
}

// TestTheSampleHoldsTheTruth draws samples of a shop, some of a part of one shard, and holds each figure's interval to the exact one; of everybody it is exact.
func TestTheSampleHoldsTheTruth(t *testing.T) {
	b := newBench(t)
	b.archive(4, 1, happened(rand.New(rand.NewPCG(6, 6)), 1500))
	held, all := 0, 0
	for days := 1; days <= 14; days++ {
		definition := fmt.Sprintf(`{"kind":"performed","event":"Checked In","withinDays":%d}`, days)
		_, answer := b.exact(definition)
		truth := rowsOf(t, answer, "rows")[0]["people"].(float64)
		for _, most := range []int{900, 3000, 6000} {
			a, err := b.process.plan(t.Context(), []byte(definition), nil)
			b.Must(err)
			seen, info, err := b.process.sample(t.Context(), &a, most)
			b.Must(err)
			g, err := a.shown(modeSample, stateDone, 4).answered(t.Context(), &a, seen, &info)
			b.Must(err)
			raw, err := json.Marshal(g.Answer)
			b.Must(err)
			var rows struct {
				Rows []struct {
					People   float64
					Interval struct{ People [2]float64 }
				}
			}
			b.Must(json.Unmarshal(raw, &rows))
			in := rows.Rows[0].Interval.People
			if info.Share == 1 {
				continue // few days have fewer events
			}
			if all++; in[0] <= truth && truth <= in[1] {
				held++
			}
			if in[1]-in[0] > truth || info.People == 0 || float64(info.Shards) != math.Ceil(4*info.Share) {
				t.Errorf("%d of about 9750 events: %v of %v, %+v", most, in, truth, info)
			}
		}
	}
	if float64(held) < 0.85*float64(all) {
		t.Errorf("%d of %d intervals hold the truth", held, all)
	}
	whole := b.ask("sample", asksCount)
	id, answer := b.exact(asksCount)
	if whole.ID != id || whole.Mode != "sample" || whole.Sample.Share != 1 || whole.Sample.Shards != 4 || string(whole.Answer["rows"]) != string(answer["rows"]) {
		t.Errorf("of everybody it is %s of %+v, want %s", whole.Answer["rows"], whole.Sample, answer["rows"])
	}
}

// TestASampleThatTakesTooLong ends.
func TestASampleThatTakesTooLong(t *testing.T) {
	b := stocked(t, 2)
	a, err := b.process.plan(t.Context(), []byte(asksCount), nil)
	b.Must(err)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, _, err := b.process.sample(ctx, &a, 10); err == nil {
		t.Error("it goes on")
	}
	if _, err := load(t.Context(), b.bucket, a.id); !missing(err) {
		t.Errorf("a plan is stored: %v", err)
	}
}

// busy is a bucket in which somebody else's write is under way, and comes to nothing, whenever a key is written that holds some text.
type busy struct {
	Objects
	text string
}

func (b busy) Replace(ctx context.Context, key string, body []byte, tag string) (string, error) {
	if strings.Contains(key, b.text) {
		return "", bucket.ErrConflict
	}
	return b.Objects.Replace(ctx, key, body, tag)
}

// TestAnotherWriteMayComeToNothing: what somebody else is writing is not there yet, so the job comes again.
func TestAnotherWriteMayComeToNothing(t *testing.T) {
	for _, name := range []string{"/" + partsName, answerName} {
		b := stocked(t, 2)
		id := b.ask("exact", asksCount).ID
		b.process.Objects = busy{b.bucket, name}
		again := b.deliver(b.jobs.Take()...)
		if len(again) == 0 {
			t.Errorf("%s: no job comes again", name)
		}
		b.process.Objects = b.bucket
		b.deliver(again...)
		if g := b.show(id); g.State != "done" {
			t.Errorf("%s: %s", name, g.State)
		}
	}
}

// TestWhatWasWrittenFirstStays: somebody is erased between two workers that do the same job at once. Either may be first; the part and the answer do not change any more.
func TestWhatWasWrittenFirstStays(t *testing.T) {
	b := stocked(t, 2)
	id := b.ask("exact", asksCount).ID
	bodies := b.jobs.Take()
	who := "user-004"
	for n := 5; personOf(who).Shard(2) != 0; n++ { // of the shard that is done first
		who = fmt.Sprintf("user-%03d", n)
	}
	var first map[string]string
	b.bucket.Before = func(key string) {
		if first == nil && strings.Contains(key, "/"+partsName) {
			first = map[string]string{} // the other one begins later, and knows of an erasure
			b.erase(noon, who)
			b.deliver(bodies...)
			first = b.answers(id)
		}
	}
	b.deliver(bodies...)
	b.Must(b.bucket.Delete(t.Context(), archive.AnswersPrefix+id+"/"+answerName)) // as if nobody had come to it
	b.deliver(bodies...)
	if again := b.answers(id); again[answerName] != first[answerName] || first[answerName] == "" {
		t.Errorf("the answer was %s, and is %s", first[answerName], again[answerName])
	}
	var seen struct {
		Partial struct{ Rows []struct{ People int } }
	}
	b.Must(json.Unmarshal([]byte(first[answerName]), &seen))
	if all := rowsOf(t, b.show(id).Answer, "rows")[0]["people"]; float64(seen.Partial.Rows[0].People) != all {
		t.Errorf("%v people are shown of %d", all, seen.Partial.Rows[0].People)
	}
}
