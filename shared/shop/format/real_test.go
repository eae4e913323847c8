package format

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/realdata"
)

// tally sums up what a file gives.
type tally struct {
	lines    int
	events   map[string]int
	ids      map[string]bool
	people   map[string]bool
	revenue  map[string]int64 // by person, minor units
	positive int              // orders with a total above zero
	refused  []Refusal
	total    int64
}

func count(t *testing.T, f Format, text []byte) tally {
	t.Helper()
	sum := tally{events: map[string]int{}, ids: map[string]bool{}, people: map[string]bool{}, revenue: map[string]int64{}}
	err := Read(f, bytes.NewReader(text), Options{}, Sink{
		Event: func(e Event) error {
			var s struct {
				Event      string `json:"event"`
				Properties struct {
					Total json.Number `json:"total"`
				} `json:"properties"`
			}
			if err := json.Unmarshal(e.Body, &s); err != nil {
				return err
			}
			if !sum.ids[e.MessageID] && s.Event == "Order Completed" {
				amount, err := money.ParseDecimal(s.Properties.Total.String(), "USD")
				if err != nil {
					return err
				}
				sum.revenue[e.Person] += amount.Minor
				sum.total += amount.Minor
				if amount.Minor > 0 {
					sum.positive++
				}
			}
			sum.ids[e.MessageID], sum.people[e.Person] = true, true
			sum.events[s.Event]++
			return nil
		},
		Refuse: func(r Refusal) { sum.refused = append(sum.refused, r) },
		Line:   func(n int) { sum.lines = n },
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestTheRealCompleteJourney(t *testing.T) {
	got := count(t, CompleteJourney, realdata.Open(t, "complete_journey/transactions_sample.csv.gz"))
	if got.lines != 75000 || got.events["Order Completed"] != 47243 || len(got.ids) != 47243 || len(got.people) != 2377 || got.positive != 46988 || len(got.refused) != 0 {
		t.Errorf("%d lines, %v, %d messageIds, %d households, %d orders above zero, refused %v", got.lines, got.events, len(got.ids), len(got.people), got.positive, got.refused)
	}
	if got.total != 23393524 {
		t.Errorf("revenue is %d cents, want 23393524", got.total)
	}
}

// The recount adds up fractions as the file has them, line by line, and knows nothing of baskets.
func TestTheRealCompleteJourneyByHousehold(t *testing.T) {
	realdata.Each(t, "complete_journey/transactions_sample.csv.gz", func(t *testing.T, text []byte, _ bool) {
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]*big.Rat{}
		for _, row := range rows[1:] {
			value, ok := new(big.Rat).SetString(row[5])
			if !ok {
				t.Fatalf("sales_value is %q", row[5])
			}
			if want[row[0]] == nil {
				want[row[0]] = new(big.Rat)
			}
			want[row[0]].Add(want[row[0]], value)
		}
		got := count(t, CompleteJourney, text)
		if len(got.revenue) != len(want) {
			t.Errorf("%d households, want %d", len(got.revenue), len(want))
		}
		for household, sum := range want {
			amount, err := money.ParseDecimal(sum.FloatString(2), "USD")
			if err != nil {
				t.Fatal(err)
			}
			if got.revenue[household] != amount.Minor {
				t.Errorf("household %s: %d cents, want %d", household, got.revenue[household], amount.Minor)
			}
		}
	})
}

func TestTheRealREES46(t *testing.T) {
	got := count(t, REES46, realdata.Open(t, "rees46/2019-Oct_first17435.csv.gz"))
	if got.lines != 17435 || len(got.ids) != 17429 || len(got.people) != 4504 {
		t.Errorf("%d lines, %d distinct, %d users; want 17435, 17429, 4504", got.lines, len(got.ids), len(got.people))
	}
	if got.events["Product Viewed"] != 17055 || got.events["Product Added"] != 165 || got.events["Order Completed"] != 214 {
		t.Errorf("events are %v", got.events)
	}
	if got.total != 5944263 || len(got.revenue) != 193 {
		t.Errorf("revenue is %d cents of %d buyers, want 5944263 of 193", got.total, len(got.revenue))
	}
	if len(got.refused) != 1 || got.refused[0].String() != "line 17436 (row 17435 below the header): the line is torn in user_id: it has 8 of 9 columns" {
		t.Errorf("refused %v", got.refused)
	}
}

func TestTheRealCDNOW(t *testing.T) {
	sample := count(t, CDNOW, realdata.Open(t, "cdnow/CDNOW_sample.txt"))
	if sample.lines != 6919 || len(sample.ids) != 6919 || len(sample.people) != 2357 || sample.total != 24409194 || len(sample.refused) != 0 {
		t.Errorf("sample: %d lines, %d orders, %d customers, %d cents, refused %v", sample.lines, len(sample.ids), len(sample.people), sample.total, sample.refused)
	}
	master := count(t, CDNOW, realdata.Open(t, "cdnow/CDNOW_master.txt.gz"))
	if master.lines != 69659 || len(master.ids) != 69659 || len(master.people) != 23570 || len(master.refused) != 0 {
		t.Errorf("master: %d lines, %d orders, %d customers, refused %v", master.lines, len(master.ids), len(master.people), master.refused)
	}
}
