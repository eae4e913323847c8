package columns

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/realdata"
	"github.com/userops/userops/shared/shop/format"
)

// paid is an order as a file's own lines tell it.
type paid struct {
	who   string
	at    time.Time
	cents int64
}

// bought adds a line to the orders of a file: what it came to, and its first moment.
func bought(orders map[string]paid, order, who string, at time.Time, cents int64) {
	o, there := orders[order]
	if !there || at.Before(o.at) {
		o.at = at
	}
	o.who, o.cents = who, o.cents+cents
	orders[order] = o
}

// cents is an amount in hundredths, rounded half away from zero, by another library than ours.
func cents(t testing.TB, text string) int64 {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no amount", text)
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(r.FloatString(2), ".", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// recountTrade is a line for each month, and one for all: orders, revenue, the mean of an order, buyers, those with two or more, and of all first buyers how many bought again within 30, 60, 90 and 180 days.
func recountTrade(orders map[string]paid) (lines []string) {
	byMonth, all := map[string][]paid{}, slices.Collect(maps.Values(orders))
	for _, o := range all {
		byMonth[o.at.Format("2006-01")] = append(byMonth[o.at.Format("2006-01")], o)
	}
	line := func(of []paid) string {
		sum, times := int64(0), map[string]int{}
		for _, o := range of {
			sum += o.cents
			times[o.who]++
		}
		again := 0
		for _, n := range times {
			if n > 1 {
				again++
			}
		}
		return fmt.Sprintf("%d orders of %d, %d each, %d buyers, %d again", len(of), sum, sum/int64(len(of)), len(times), again)
	}
	for _, month := range slices.Sorted(maps.Keys(byMonth)) {
		lines = append(lines, month+" "+line(byMonth[month]))
	}
	people := map[string][]time.Time{}
	for _, o := range all {
		people[o.who] = append(people[o.who], o.at.Truncate(24*time.Hour))
	}
	var second [4]int
	for _, days := range people {
		slices.SortFunc(days, time.Time.Compare)
		for i, within := range []int{30, 60, 90, 180} {
			if len(days) > 1 && !days[1].After(days[0].AddDate(0, 0, within)) {
				second[i]++
			}
		}
	}
	return append(lines, fmt.Sprintf("all %s, %v soon", line(all), second))
}

// shownTrade is the same of an answer.
func shownTrade(s *fold.Sales) (lines []string) {
	buyers := map[string]fold.BuyerRow{}
	for _, b := range s.Buyers {
		if b.All {
			buyers[b.Period] = b
		}
	}
	paid, sum := int64(0), int64(0)
	line := func(paid, sum int64, b fold.BuyerRow) string {
		return fmt.Sprintf("%d orders of %d, %d each, %d buyers, %d again", paid, sum, sum/paid, b.People, b.Again)
	}
	for _, r := range s.Rows {
		if r.Paid == 0 {
			continue // of a month in which something was given back alone
		}
		lines = append(lines, r.Period+" "+line(r.Paid, r.Sum, buyers[r.Period]))
		paid, sum = paid+r.Paid, sum+r.Sum
	}
	return append(lines, fmt.Sprintf("all %s, %v soon", line(paid, sum, buyers[""]), buyers[""].Second))
}

// tradeIs holds what the archive answers of a file's orders to the recount of its lines, of a few at two numbers of shards.
func tradeIs(t *testing.T, events []Event, orders map[string]paid) []string {
	t.Helper()
	first := slices.MinFunc(events, func(a, b Event) int { return a.Timestamp.Compare(b.Timestamp) }).Timestamp
	last := slices.MaxFunc(events, func(a, b Event) int { return cmp.Compare(a.Timestamp.Unix(), b.Timestamp.Unix()) }).Timestamp
	want := recountTrade(orders)
	for _, shards := range []int{4, 1} {
		if shards == 1 && len(events) > 1000 {
			continue
		}
		files, _ := archive(t, events, shards)
		// A question is about so many days; later orders count for whoever bought before.
		definition := fmt.Sprintf(`{"kind":"trade","from":%q,"to":%q,"by":"month"}`, first.Format(time.DateOnly), last.Format(time.DateOnly))
		got := shownTrade(ask(t, definition, last.AddDate(0, 0, 200).Format(time.DateOnly), files, shards).(*fold.Sales))
		if !slices.Equal(got, want) {
			t.Errorf("%d shards:\n%s\nrecounted\n%s", shards, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	return want
}

// TestTradeOfRealPurchases recounts orders, revenue, the mean of an order and who bought again from the lines of the files.
func TestTradeOfRealPurchases(t *testing.T) {
	realdata.Each(t, "complete_journey/transactions_sample.csv.gz", func(t *testing.T, text []byte, whole bool) {
		records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		orders := map[string]paid{}
		for _, r := range records[1:] {
			at, err := time.Parse(time.RFC3339, r[10])
			if err != nil {
				t.Fatal(err)
			}
			bought(orders, r[2], r[0], at, cents(t, r[5]))
		}
		all := tradeIs(t, real(t, format.CompleteJourney, text), orders)
		if whole && !strings.HasPrefix(all[len(all)-1], "all 47243 orders ") { // the README of the data
			t.Errorf("%s", all[len(all)-1])
		}
		t.Log(all[len(all)-1])
	})
	realdata.Each(t, "cdnow/CDNOW_master.txt.gz", func(t *testing.T, text []byte, _ bool) {
		orders, lines := map[string]paid{}, strings.Split(string(text), "\n")
		for n, line := range lines {
			fields := strings.Fields(line)
			// A question has 430 days at most.
			if len(fields) == 0 || strings.Contains(line, "customer_id") || fields[1] > "19971231" {
				continue
			}
			at, err := time.Parse("20060102", fields[1])
			if err != nil {
				t.Fatal(err)
			}
			bought(orders, fmt.Sprint(n), fields[0], at, cents(t, fields[3]))
		}
		events := slices.DeleteFunc(real(t, format.CDNOW, text), func(e Event) bool { return e.Timestamp.Year() > 1997 })
		all := tradeIs(t, events, orders)
		t.Log(all[len(all)-1])
	})
	retail := func(t *testing.T, text []byte) {
		events := real(t, format.OnlineRetail, text)
		all := tradeIs(t, events, retailOrders(t, text))
		t.Log(all[len(all)-1])
	}
	t.Run("a few lines of a table as Online Retail's", func(t *testing.T) { retail(t, []byte(fewInvoices)) })
	t.Run("Online Retail", func(t *testing.T) { retail(t, realdata.Open(t, "online_retail/online_retail.csv.gz")) })
}

// retailOrders are the invoices of the clean rows: of a customer, no cancellation, and of some pieces at a price.
func retailOrders(t testing.TB, text []byte) map[string]paid {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.LazyQuotes = true
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	orders := map[string]paid{}
	for _, f := range records[1:] {
		pieces, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil || pieces <= 0 || f[6] == "" || strings.HasPrefix(f[0], "C") || strings.HasPrefix(f[5], "-") {
			continue
		}
		at, err := time.Parse("1/2/2006 15:04", f[4])
		if err != nil {
			if at, err = time.Parse("2006-01-02 15:04:05", f[4]); err != nil {
				t.Fatal(err)
			}
		}
		bought(orders, f[0], strings.TrimSuffix(f[6], ".0"), at, pieces*cents(t, f[5]))
	}
	return orders
}

// fewInvoices are lines of our own in that file's form: two months, invoices of several lines, of nobody and without pieces, and a cancellation.
const fewInvoices = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
500001,11A,TEA CADDY,6,12/1/2010 8:26,2.55,17001,United Kingdom
500001,12B,"CUP, BLUE",3,12/1/2010 8:26,0.125,17001,United Kingdom
500002,11A,TEA CADDY,1,12/15/2010 10:00,2.55,17002,France
500003,13C,TRAY,2,12/31/2010 23:10,10,17001,United Kingdom
500004,13C,TRAY,2,1/4/2011 9:00,10.5,,United Kingdom
500005,11A,TEA CADDY,0,1/4/2011 9:30,2.55,17002,France
C500006,13C,TRAY,-1,1/5/2011 9:00,10,17001,United Kingdom
500007,11A,TEA CADDY,4,1/30/2011 12:00,2.95,17002,France
500008,12B,"CUP, BLUE",1,6/20/2011 12:00,0.99,17003,Germany
500009,12B,"CUP, BLUE",2,7/19/2011 12:00,0.99,17003,Germany
`
