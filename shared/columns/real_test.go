package columns

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/realdata"
	"github.com/userops/userops/shared/shop/format"
)

// real are the events of a file as ingest takes them, each received when it happened.
func real(t testing.TB, f format.Format, text []byte) (all []Event) {
	t.Helper()
	sink := format.Sink{Refuse: func(format.Refusal) {}, Line: func(int) {}, Event: func(e format.Event) error {
		batch, err := event.ParseBatch([]byte(`{"batch":[`+string(e.Body)+`]}`), event.Arrival{ReceivedAt: noon})
		if err != nil || len(batch.Events) != 1 {
			return fmt.Errorf("%s: %w %v", e.Body, err, batch)
		}
		one := batch.Events[0]
		one.ReceivedAt, one.Source = one.Timestamp, "import"
		who, err := PersonOf(profile.Identifier{Kind: profile.UserID, Value: e.Person}.ID())
		all = append(all, Event{who, one})
		return err
	}}
	if err := format.Read(f, bytes.NewReader(text), format.Options{Currency: "USD"}, sink); err != nil {
		t.Fatal(err)
	}
	return all
}

// archive files events by day and shard, and holds each file to its events.
func archive(t testing.TB, events []Event, shards int) (files []*File, size int) {
	t.Helper()
	parts := map[[2]int][]Event{}
	for _, e := range events {
		k := [2]int{int(zone.Day(e.Timestamp)), e.Person.Shard(shards)}
		parts[k] = append(parts[k], e)
	}
	for k, part := range parts {
		raw, counts, err := Merging{Head: Head{Day: profile.Day(k[0]), Shard: k[1], Shards: shards}}.Merge(Sorted(part))
		if err != nil || counts.Written+counts.Duplicate != len(part) {
			t.Fatal(err, counts)
		}
		f := opened(t, raw)
		left := rows(t, f)
		for i := range part {
			// A copy is as its first one, which is the one before it.
			n, found := slices.BinarySearchFunc(left, part[i], func(a, b Event) int { return a.Compare(&b) })
			if !found && counts.Duplicate == 0 || found && !bytes.Equal(left[n].AppendJSON(nil), part[i].AppendJSON(nil)) {
				t.Fatalf("%s does not come back", part[i].AppendJSON(nil))
			}
		}
		files, size = append(files, f), size+len(raw)
	}
	return files, size
}

// ask is the answer of all shards together.
func ask(t testing.TB, definition, asOf string, files []*File, shards int) fold.Partial {
	t.Helper()
	last, err := profile.ParseDay(asOf)
	if err != nil {
		t.Fatal(err)
	}
	var all fold.Partial
	for shard := range shards {
		q, err := fold.Compile([]byte(definition), zone, last)
		if err != nil {
			t.Fatal(err)
		}
		if err := (Reading{Shard: shard, Shards: shards}).Fold(q, files...); err != nil {
			t.Fatal(err)
		}
		if all == nil {
			all = q.Partial()
		} else if err := all.Merge(q.Partial()); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// cohorts recounts a retention of months: of each customer the months of their purchases.
func cohorts(purchases map[string][]time.Time, months int) (all []string) {
	size, back := map[string]int{}, map[string][]int{}
	for _, times := range purchases {
		first := slices.MinFunc(times, time.Time.Compare)
		did := map[string]bool{}
		for _, at := range times {
			did[at.Format("2006-01")] = true
		}
		begin := time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, time.UTC)
		label := begin.Format("2006-01")
		size[label]++
		if back[label] == nil {
			back[label] = make([]int, months)
		}
		for n := range months {
			if did[begin.AddDate(0, n+1, 0).Format("2006-01")] {
				back[label][n]++
			}
		}
	}
	for _, label := range slices.Sorted(maps.Keys(size)) {
		all = append(all, fmt.Sprint(label, " ", size[label], " ", back[label]))
	}
	return all
}

func shown(c *fold.Cohorts) (all []string) {
	for i := range c.Rows {
		all = append(all, fmt.Sprint(c.Label(&c.Rows[i]), " ", c.Rows[i].Size, " ", c.Rows[i].Back))
	}
	return all
}

const monthly = `{"kind":"retention","from":%q,"to":%q,"by":"month","first":{"event":"Order Completed"},"return":{"event":"Order Completed"},"periods":%d}`

func TestRetentionOfRealPurchases(t *testing.T) {
	realdata.Each(t, "cdnow/CDNOW_master.txt.gz", func(t *testing.T, text []byte, whole bool) {
		purchases := map[string][]time.Time{}
		for _, line := range strings.Split(string(text), "\n") {
			fields := strings.Fields(line)
			if len(fields) == 0 || strings.Contains(line, "customer_id") {
				continue
			}
			at, err := time.Parse("20060102", fields[1])
			if err != nil {
				t.Fatal(err)
			}
			purchases[fields[0]] = append(purchases[fields[0]], at)
		}
		events := real(t, format.CDNOW, text)
		want := cohorts(purchases, 17)
		for _, shards := range []int{1, 4} {
			files, size := archive(t, events, shards)
			got := shown(ask(t, fmt.Sprintf(monthly, "1997-01-01", "1998-02-28", 17), "1998-06-30", files, shards).(*fold.Cohorts))
			if !slices.Equal(got, want) {
				t.Errorf("%d shards: cohorts are %v, recounted %v", shards, got, want)
			}
			t.Logf("%d events, %.1f bytes each in %d shards", len(events), float64(size)/float64(len(events)), shards)
		}
		// Fader and Hardie: 23,570 customers began in the first quarter of 1997.
		if whole && !(strings.HasPrefix(want[0], "1997-01 7846") && strings.HasPrefix(want[1], "1997-02 8476") && strings.HasPrefix(want[2], "1997-03 7248") && len(want) == 3) {
			t.Errorf("cohorts are %v", want)
		}
	})
	realdata.Each(t, "complete_journey/transactions_sample.csv.gz", func(t *testing.T, text []byte, _ bool) {
		records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		purchases := map[string][]time.Time{}
		for _, r := range records[1:] {
			at, err := time.Parse(time.RFC3339, r[10])
			if err != nil {
				t.Fatal(err)
			}
			purchases[r[0]] = append(purchases[r[0]], at)
		}
		files, _ := archive(t, real(t, format.CompleteJourney, text), 4)
		got := shown(ask(t, fmt.Sprintf(monthly, "2017-01-01", "2018-01-31", 11), "2018-01-31", files, 4).(*fold.Cohorts))
		if want := cohorts(purchases, 11); !slices.Equal(got, want) {
			t.Errorf("cohorts are %v, recounted %v", got, want)
		}
	})
}

// TestRetentionReference is a figure that others have published: of the clean rows of Online Retail, the cohorts by month of the first purchase.
func TestRetentionReference(t *testing.T) {
	events := real(t, format.OnlineRetail, realdata.Open(t, "online_retail/online_retail.csv.gz"))
	files, _ := archive(t, events, 4)
	c := ask(t, fmt.Sprintf(monthly, "2010-12-01", "2011-12-31", 12), "2011-12-31", files, 4).(*fold.Cohorts)
	if got := shown(c)[0]; !strings.HasPrefix(got, "2010-12 885 [324 286 340") {
		t.Errorf("the first cohort is %s", got)
	}
}

// TestFunnelOfRealVisits recounts who viewed, put into the cart and bought, from the events as they were parsed.
func TestFunnelOfRealVisits(t *testing.T) {
	events := real(t, format.REES46, realdata.Open(t, "rees46/2019-Oct_first17435.csv.gz"))
	steps := []string{"Product Viewed", "Product Added", "Order Completed"}
	people := map[Person][]Event{}
	seen := map[string]bool{}
	for _, e := range sorted(events) {
		if key := string(e.Person[:]) + e.MessageID; !seen[key] {
			seen[key] = true
			people[e.Person] = append(people[e.Person], e)
		}
	}
	want := make([]int64, len(steps))
	views := int64(0)
	for _, list := range people {
		far := 0
		for _, e := range list {
			if e.Name == steps[0] {
				views++
			}
			if far < len(steps) && e.Name == steps[far] { // all within a day: the first view is as good as any
				want[far]++
				far++
			}
		}
	}
	for _, shards := range []int{1, 64} {
		files, size := archive(t, events, shards)
		got := ask(t, `{"kind":"funnel","from":"2019-10-01","to":"2019-10-02","steps":[{"event":"Product Viewed"},{"event":"Product Added"},{"event":"Order Completed"}]}`, "2019-10-31", files, shards).(*fold.Reached)
		if len(got.Rows) != 1 || !slices.Equal(got.Rows[0].Steps, want) {
			t.Errorf("%d shards: steps are %v, recounted %v", shards, got.Rows, want)
		}
		counts := ask(t, `{"kind":"count","from":"2019-10-01","to":"2019-10-02","by":"day","events":[{"event":"Product Viewed"}]}`, "2019-10-31", files, shards).(*fold.Counts)
		if counts.Rows[0].Events != views {
			t.Errorf("%d views, recounted %d", counts.Rows[0].Events, views)
		}
		t.Logf("steps %v, %d views; %.1f bytes an event in %d shards", want, views, float64(size)/float64(len(events)), shards)
	}
}
