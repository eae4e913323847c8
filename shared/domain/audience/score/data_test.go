package score

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/realdata"
)

// purchase is one order of a real shop.
type purchase struct {
	at    time.Time
	cents int64
}

func cents(t *testing.T, text string) int64 {
	t.Helper()
	amount, err := money.ParseDecimal(text, "USD")
	if err != nil {
		t.Fatalf("amount %q: %v", text, err)
	}
	return amount.Minor
}

// completeJourney is each household's baskets.
func completeJourney(t *testing.T, text []byte) map[string][]purchase {
	reader := csv.NewReader(bytes.NewReader(text))
	header, err := reader.Read()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(header, name) }
	household, basket, sales, stamp := column("household_id"), column("basket_id"), column("sales_value"), column("transaction_timestamp")
	baskets := map[string]map[string]purchase{}
	for {
		line, err := reader.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, line[stamp])
		if err != nil {
			t.Fatal(err)
		}
		if baskets[line[household]] == nil {
			baskets[line[household]] = map[string]purchase{}
		}
		p := baskets[line[household]][line[basket]]
		p.cents += cents(t, line[sales])
		if p.at.IsZero() || at.Before(p.at) {
			p.at = at
		}
		baskets[line[household]][line[basket]] = p
	}
	people := map[string][]purchase{}
	for id, of := range baskets {
		people[id] = slices.Collect(maps.Values(of))
	}
	return people
}

// cdnow is each customer's lines.
func cdnow(t *testing.T, text []byte) map[string][]purchase {
	people := map[string][]purchase{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 4 || fields[0] == "customer_id" {
			continue
		}
		at, err := time.Parse("20060102", fields[1])
		if err != nil {
			t.Fatal(err)
		}
		people[fields[0]] = append(people[fields[0]], purchase{at, cents(t, fields[3])})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return people
}

// recount scores everybody from the purchases by the definitions as they read, in rational numbers and without anything of the
// package: "r f m class8 class15", or the class of somebody who has not bought.
func recount(people map[string][]purchase, asOf time.Time, zone *time.Location) map[string]string {
	type buyer struct{ values [3]int64 }
	buyers := map[string]buyer{}
	midnight := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	first := map[string]time.Time{}
	for id, all := range people {
		var b buyer
		var last time.Time
		for _, one := range all {
			if first[id].IsZero() || one.at.Before(first[id]) {
				first[id] = one.at
			}
			if one.cents <= 0 {
				continue
			}
			b.values[1]++
			b.values[2] += one.cents
			if one.at.After(last) {
				last = one.at
			}
		}
		b.values[0] = int64(midnight(asOf).Sub(midnight(last)).Hours()) / 24
		if b.values[1] > 0 {
			buyers[id] = b
		}
	}
	var columns [3][]int64
	for _, b := range buyers {
		for axis := range columns {
			columns[axis] = append(columns[axis], b.values[axis])
		}
	}
	var means [3]*big.Rat
	for axis, column := range columns {
		slices.Sort(column)
		sum := new(big.Rat)
		for _, v := range column {
			sum.Add(sum, new(big.Rat).SetInt64(v))
		}
		means[axis] = sum.Quo(sum, new(big.Rat).SetInt64(int64(len(column))))
	}
	var borders [3][4]*big.Rat
	for axis, column := range columns {
		for k := range int64(4) {
			borders[axis][k] = exactQuantile(column, k+1)
		}
	}
	out := map[string]string{}
	for id := range people {
		b, ok := buyers[id]
		if !ok {
			out[id] = Idle
			if midnight(asOf).Sub(midnight(first[id])) <= 30*24*time.Hour {
				out[id] = New
			}
			continue
		}
		var scores, good [3]int
		for axis, v := range b.values {
			value := new(big.Rat).SetInt64(v)
			for _, border := range borders[axis] {
				if border.Cmp(value) < 0 {
					scores[axis]++
				}
			}
			if axis == 0 && value.Cmp(means[0]) <= 0 || axis > 0 && value.Cmp(means[axis]) >= 0 {
				good[axis] = 1
			}
		}
		band := "lapsed"
		if b.values[0] <= 30 {
			band = "active"
		} else if b.values[0] <= 90 {
			band = "cooling"
		}
		out[id] = fmt.Sprintf("%d%d%d %d%d%d %s-%d%d", 5-scores[0], 1+scores[1], 1+scores[2], good[0], good[1], good[2], band, good[1], good[2])
	}
	return out
}

// byPackage scores everybody from profiles, as a run does.
func byPackage(people map[string][]purchase, asOf profile.Day, shop profile.Shop) (map[string]string, Model) {
	facts := map[string]Facts{}
	var r, f []int32
	var m []int64
	for id, all := range people {
		var p profile.Profile
		for _, one := range all {
			p.Orders.Replace(nil, &profile.OrderEntry{At: one.at, Net: one.cents, Currency: shop.Currency})
			if p.FirstSeen.IsZero() || one.at.Before(p.FirstSeen) {
				p.FirstSeen = one.at
			}
			if one.at.After(p.LastSeen) {
				p.LastSeen = one.at
			}
		}
		known, ok := Observe(&p, asOf, Scoring{}, shop)
		if !ok {
			continue
		}
		facts[id] = known
		if known.Buyer() {
			r, f, m = append(r, int32(known.R)), append(f, int32(known.F)), append(m, known.M)
		}
	}
	model := Fit(r, f, m, Scoring{})
	out := map[string]string{}
	for id, known := range facts {
		s := model.Score(known)
		out[id] = s.Class15
		if known.Buyer() {
			out[id] = fmt.Sprintf("%d%d%d %s %s", s.R, s.F, s.M, s.Class8, s.Class15)
		}
	}
	return out, model
}

// until leaves out what happened after the date.
func until(people map[string][]purchase, year int, month time.Month, day int, zone *time.Location) map[string][]purchase {
	end := time.Date(year, month, day+1, 0, 0, 0, 0, zone)
	out := map[string][]purchase{}
	for id, all := range people {
		for _, one := range all {
			if one.at.Before(end) {
				out[id] = append(out[id], one)
			}
		}
	}
	return out
}

func TestRealDataEqualsARecount(t *testing.T) {
	const journey, master = "complete_journey/transactions_sample.csv.gz", "cdnow/CDNOW_master.txt.gz"
	for _, c := range []struct {
		name, zone, file       string
		read                   func(*testing.T, []byte) map[string][]purchase
		people, orders, buyers int
		year                   int
		month                  time.Month
		day                    int
	}{
		{"complete_journey", "Asia/Shanghai", journey, completeJourney, 2377, 47243, 2373, 2018, time.January, 1},
		{"complete_journey in July", "America/New_York", journey, completeJourney, 2214, 23591, 2210, 2017, time.July, 1},
		{"cdnow", "America/New_York", master, cdnow, 23570, 69659, 23502, 1998, time.June, 30},
		{"cdnow at the end of the calibration", "UTC", master, cdnow, 23570, 49086, 23500, 1997, time.September, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			realdata.Each(t, c.file, func(t *testing.T, text []byte, whole bool) {
				people := c.read(t, text)
				shop := profile.Shop{Zone: zone(t, c.zone), Currency: "USD"}
				past := until(people, c.year, c.month, c.day, shop.Zone)
				orders := 0
				for _, all := range past {
					orders += len(all)
				}
				if whole && (len(past) != c.people || orders != c.orders) {
					t.Errorf("%d people with %d orders, want %d with %d", len(past), orders, c.people, c.orders)
				}
				asOf, err := profile.ParseDay(fmt.Sprintf("%04d-%02d-%02d", c.year, c.month, c.day))
				if err != nil {
					t.Fatal(err)
				}
				got, model := byPackage(people, asOf, shop)
				want := recount(past, time.Date(c.year, c.month, c.day, 12, 0, 0, 0, shop.Zone), shop.Zone)
				if whole && model.Buyers != c.buyers || len(got) != len(want) {
					t.Errorf("%d scored of whom %d buyers, want %d of whom %d", len(got), model.Buyers, len(want), c.buyers)
				}
				wrong := 0
				for id := range want {
					if got[id] != want[id] {
						if wrong++; wrong <= 5 {
							t.Errorf("person %s is %q, the recount says %q", id, got[id], want[id])
						}
					}
				}
				t.Log("breakpoints of R, F and M", display(model.Quintiles), "means", model.Means.R.Float(), model.Means.F.Float(), model.Means.M.Float())
			})
		})
	}
}

func display(a Axes) string {
	var out []string
	for _, axis := range []Breakpoints{a.R, a.F, a.M} {
		for _, b := range axis {
			out = append(out, strconv.FormatFloat(b.Float(), 'f', -1, 64))
		}
	}
	return strings.Join(out, " ")
}
