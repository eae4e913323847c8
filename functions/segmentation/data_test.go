package segmentation

import (
	"bytes"
	"encoding/csv"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/realdata"
)

// households adds the households of complete_journey.
func households(t *testing.T, w *world, text []byte) {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	baskets := map[[2]string]profile.OrderEntry{}
	for _, line := range lines[1:] {
		key := [2]string{line[column["household_id"]], line[column["basket_id"]]}
		at, err := time.Parse(time.RFC3339, line[column["transaction_timestamp"]])
		if err != nil {
			t.Fatal(err)
		}
		value, err := money.ParseDecimal(line[column["sales_value"]], "CNY")
		if err != nil {
			t.Fatal(err)
		}
		basket := baskets[key]
		if basket.At.IsZero() || at.Before(basket.At) {
			basket.At = at
		}
		basket.Net += value.Minor
		basket.Currency = "CNY"
		baskets[key] = basket
	}
	for key, basket := range baskets {
		household := profile.Identifier{Kind: profile.UserID, Value: key[0]}
		p := w.profiles.all[household.ID()]
		if p == nil {
			p = w.add(&profile.Profile{ID: household.ID(), Identifiers: []profile.Identifier{household}})
		}
		p.Orders.Replace(nil, &basket)
		p.Active.Add(profile.DayOf(basket.At))
		if p.FirstSeen.IsZero() || basket.At.Before(p.FirstSeen) {
			p.FirstSeen = basket.At
		}
		if basket.At.After(p.LastSeen) {
			p.LastSeen = basket.At
		}
	}
}

func TestRealHouseholdsInAnyShards(t *testing.T) {
	realdata.Each(t, "complete_journey/transactions_sample.csv.gz", func(t *testing.T, text []byte, whole bool) {
		for _, shards := range []int{1, 4, 64} {
			w := newWorld(t, 1, shards, defined)
			w.Set(time.Date(2018, 1, 1, 4, 0, 0, 0, time.UTC))
			w.profiles.page = 250
			households(t, w, text)
			want, versions := w.recount(), w.versions()
			run := w.run(job.Segmentation{RunID: "r"}, 0.1)
			w.check(run, want, versions)
			if whole && (run.Profiles != 2377 || run.Buyers != 2373) {
				t.Errorf("%d profiles and %d buyers, want 2377 and 2373", run.Profiles, run.Buyers)
			}
			t.Log("class8", run.Counts["class8"], "class15", run.Counts["class15"], "segments", run.Segments)
		}
	})
}
