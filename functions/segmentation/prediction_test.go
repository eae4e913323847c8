package segmentation

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/realdata"
)

// customers plays the purchases of CDNOW's customers up to a date: each a buyer by the number in the file.
func customers(t *testing.T, w *world, until time.Time) (ids map[string]profile.ID) {
	t.Helper()
	ids = map[string]profile.ID{}
	for _, line := range strings.Split(strings.TrimSpace(string(realdata.Open(t, "cdnow/CDNOW_sample.txt"))), "\n") {
		field := strings.Fields(line)
		at, err := time.ParseInLocation("20060102 15", field[2]+" 12", w.process.Shop.Zone)
		if err != nil {
			t.Fatal(err)
		}
		dollars, err := strconv.ParseFloat(field[4], 64)
		if err != nil {
			t.Fatal(err)
		}
		if at.After(until) {
			continue
		}
		one := profile.Identifier{Kind: profile.UserID, Value: field[1]}
		p := w.profiles.all[one.ID()]
		if p == nil {
			p = w.add(&profile.Profile{ID: one.ID(), Identifiers: []profile.Identifier{one}, Memory: profile.Memory{FirstSeen: at, LastSeen: at}})
		}
		p.Orders.Replace(nil, &profile.OrderEntry{At: at, Net: int64(math.Round(dollars * 100)), Currency: "CNY"})
		p.Active.Add(profile.DayOf(at))
		p.LastSeen = at
		ids[field[1]] = p.ID
	}
	return ids
}

// TestARunPredicts has runs of 1, 4 and 64 shards learn CDNOW's parameters, to the same bits, and put everybody into the band and the tenth that a look at all of them at once does.
func TestARunPredicts(t *testing.T) {
	var first []byte
	for _, shards := range []int{1, 4, 64} {
		w := newWorld(t, 1, shards, shelf{})
		w.profiles.page = 250
		end := time.Date(1997, 9, 30, 23, 0, 0, 0, w.process.Shop.Zone)
		w.Set(end)
		ids := customers(t, w, end)
		run := w.run(job.Segmentation{RunID: "r"}, 0.1)
		if run.Outcome == nil || !run.Predictions.Enough() || run.Predictions.Sample != run.Buyers {
			t.Fatalf("%+v", run.Findings)
		}
		// Those who never paid more than nothing are no buyers here, so the figures are near those of all 2,357, and not the same.
		p := run.Predictions.Purchases
		for i, got := range []float64{p.R, p.Alpha, p.A, p.B} {
			if want := []float64{0.2426, 4.4135, 0.7929, 2.4258}[i]; math.Abs(got-want) > 0.01*want {
				t.Errorf("parameter %d is %v, want %v", i, got, want)
			}
		}
		counts := map[string]int{}
		tenths := map[int]int{}
		for _, id := range ids {
			one := w.profiles.all[id]
			facts, _ := score.Observe(one, w.process.Shop.Day(end), score.Scoring{}, w.process.Shop)
			if !facts.Buyer() {
				if one.Scores.Alive != "" || one.Scores.ValueDecile != 0 {
					t.Errorf("%s has not bought and has %+v", id, one.Scores)
				}
				continue
			}
			counts[one.Scores.Alive]++
			tenths[one.Scores.ValueDecile]++
			if alive := run.Predictions.Purchases.Alive(facts.Buys.History()); facts.Buys.Repeats > 0 && one.Scores.Alive != prediction.Band(alive) {
				t.Errorf("%s has P(alive) %v and is %q", id, alive, one.Scores.Alive)
			}
		}
		for n := 1; n <= 10; n++ {
			if share := float64(tenths[n]) / float64(run.Buyers); share < 0.08 || share > 0.12 {
				t.Errorf("tenth %d has %d of %d", n, tenths[n], run.Buyers)
			}
			if tenths[n] != run.Counts["valueDecile"][strconv.Itoa(n)] {
				t.Errorf("tenth %d has %d, the run counts %v", n, tenths[n], run.Counts["valueDecile"])
			}
		}
		for _, band := range prediction.Bands() {
			if counts[band] == 0 || counts[band] != run.Counts["alive"][band] {
				t.Errorf("%s has %d, the run counts %v", band, counts[band], run.Counts["alive"])
			}
		}
		found, err := json.Marshal(run.Findings)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = found
		}
		if !bytes.Equal(found, first) {
			t.Errorf("%d shards found\n%s, want\n%s", shards, found, first)
		}
	}
}
