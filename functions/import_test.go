package functions

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/realdata"
	"github.com/userops/userops/shared/shop/format"
)

// known is what profiles say of people, without the record of the commit protocol.
func known(all map[string]*profile.Profile) map[string]profile.Profile {
	out := map[string]profile.Profile{}
	for id, p := range all {
		k := *p
		k.Version, k.Window, k.Outbox = 0, profile.Window{}, nil
		out[id] = k
	}
	return out
}

// basket is one order of the file, read apart from the importer.
type basket struct {
	at    time.Time
	cents int64
}

// baskets reads the file by household and basket.
func baskets(t *testing.T, file string) map[string]map[string]*basket {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]*basket{}
	for _, row := range rows[1:] {
		at, err := time.Parse(time.RFC3339, row[10])
		if err != nil {
			t.Fatal(err)
		}
		value, err := strconv.ParseFloat(row[5], 64)
		if err != nil {
			t.Fatal(err)
		}
		if all[row[0]] == nil {
			all[row[0]] = map[string]*basket{}
		}
		b := all[row[0]][row[2]]
		if b == nil {
			b = &basket{at: at}
			all[row[0]][row[2]] = b
		}
		if at.Before(b.at) {
			b.at = at
		}
		b.cents += int64(math.Round(value * 100))
	}
	return all
}

// count scores the households by brute force, in whole numbers: quintiles by breakpoints, the 8 classes and the 15.
func count(all map[string]map[string]*basket, asOf time.Time, zone *time.Location) map[string]map[string]int {
	day := func(t time.Time) int64 {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
	}
	var buyers [][3]int64
	for _, orders := range all {
		var frequency, money, last int64
		for _, o := range orders {
			if o.cents > 0 {
				frequency++
				money += o.cents
				last = max(last, day(o.at))
			}
		}
		if frequency > 0 {
			buyers = append(buyers, [3]int64{day(asOf) - last, frequency, money})
		}
	}
	n := int64(len(buyers))
	var sums [3]int64
	var columns [3][]int64
	for _, b := range buyers {
		for i, v := range b {
			sums[i] += v
			columns[i] = append(columns[i], v)
		}
	}
	// fifths holds five times each breakpoint, which is whole: type 7 at k/5 stands (n-1)k/5 into the sorted values.
	var fifths [3][4]int64
	for i := range columns {
		slices.Sort(columns[i])
		for k := range int64(4) {
			at := (n - 1) * (k + 1)
			low := columns[i][at/5]
			high := columns[i][min(at/5+1, n-1)]
			fifths[i][k] = 5*low + at%5*(high-low)
		}
	}
	counts := map[string]map[string]int{"r": {}, "f": {}, "m": {}, "class8": {}, "class15": {}}
	for _, b := range buyers {
		var high [3]bool
		for i, v := range b {
			below := 0
			for _, point := range fifths[i] {
				if point < 5*v {
					below++
				}
			}
			score := 1 + below
			high[i] = n*v >= sums[i]
			if i == 0 {
				score = 5 - below
				high[i] = n*v <= sums[i]
			}
			counts[[]string{"r", "f", "m"}[i]][strconv.Itoa(score)]++
		}
		bit := map[bool]string{true: "1", false: "0"}
		counts["class8"][bit[high[0]]+bit[high[1]]+bit[high[2]]]++
		band := "lapsed"
		if b[0] <= 30 {
			band = "active"
		} else if b[0] <= 90 {
			band = "cooling"
		}
		counts["class15"][band+"-"+bit[high[1]]+bit[high[2]]]++
	}
	return counts
}

// beginning is a file with the first lines of a packed one, below its head.
func beginning(t *testing.T, file string, lines int) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	packed := gzip.NewWriter(&text)
	from := bufio.NewReader(z)
	for range 1 + lines {
		line, err := from.ReadBytes('\n')
		if err == nil {
			_, err = packed.Write(line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(short, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return short
}

// TestImportSurvivesKill sends real baskets of a year, which the file has as they come, kills the whole stack in the middle, starts it again, and compares with the file;
// then it sends the file once more, and nothing changes.
func TestImportSurvivesKill(t *testing.T) {
	t.Parallel()
	file := beginning(t, realdata.Path(t, "complete_journey/transactions_sample.csv.gz"), 20_000)
	c := startChild(t, inOne)
	client := c.client()
	client.HTTP.Transport = &killer{RoundTripper: http.DefaultTransport, after: 80, kill: func() { c.kill(); c.start() }}
	account := c.load(file, format.CompleteJourney, client)
	if account.Lines != 20_000 || account.Accepted != 17_192 || account.Refused != 0 {
		t.Errorf("lines %d, accepted %d, refused %d; want 20000, 17192, 0", account.Lines, account.Accepted, account.Refused)
	}
	if client.HTTP.Transport.(*killer).n <= 80 {
		t.Fatal("the stack was not killed in the middle")
	}

	people, inFile := c.people(), baskets(t, file)
	if len(people) != 2162 || len(inFile) != 2162 {
		t.Errorf("%d profiles, %d households; want 2162", len(people), len(inFile))
	}
	orders, paid, wrong := 0, 0, 0
	for household, all := range inFile {
		p := people[household]
		if p == nil {
			t.Fatalf("household %s has no profile", household)
		}
		var cents int64
		for _, b := range all {
			orders++
			cents += b.cents
			if b.cents > 0 {
				paid++
			}
		}
		var revenue int64
		for _, a := range p.Orders.Revenue() {
			revenue += a.Minor
		}
		if p.Orders.Count != len(all) || revenue != cents {
			if wrong++; wrong < 5 {
				t.Errorf("household %s: %d orders and %d cents, in the file %d and %d", household, p.Orders.Count, revenue, len(all), cents)
			}
		}
	}
	if orders != 17_192 || paid != 17_089 || wrong != 0 {
		t.Errorf("%d orders, %d above zero, %d households wrong; want 17192, 17089, 0", orders, paid, wrong)
	}

	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, base: "http://" + c.gateway}
	var started struct{ RunID string }
	m.call(http.StatusAccepted, "POST", "/v1/runs", operatorKey, `{"asOf":"2018-01-01"}`, &started)
	var report runReport
	m.until("the run is finished", func() bool {
		m.call(http.StatusOK, "GET", "/v1/runs/"+started.RunID, operatorKey, "", &report)
		return report.State == "finished"
	})
	for group, want := range count(inFile, time.Date(2018, 1, 1, 12, 0, 0, 0, zone), zone) {
		got := report.Counts[group]
		if group == "class15" {
			others := 0 // two households bought nothing that was above zero
			for _, class := range []string{"engaged", "new", "idle"} {
				others += got[class]
				delete(got, class)
			}
			if others != 2 {
				t.Errorf("%d did not buy, want 2", others)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the run counts %v, brute force %v", group, got, want)
		}
	}

	before := known(people)
	c.load(file, format.CompleteJourney, c.client())
	if after := known(c.people()); !reflect.DeepEqual(after, before) {
		t.Error("sending the file again changed profiles")
	}
}

// TestImportClicks sends the clicks of a morning, whose last line is torn.
func TestImportClicks(t *testing.T) {
	t.Parallel()
	file := realdata.Path(t, "rees46/2019-Oct_first17435.csv.gz")
	c := startChild(t, inOne)
	account := c.load(file, format.REES46, c.client())
	var out bytes.Buffer
	account.Print(&out)
	if account.Accepted != 17_434 && account.Accepted != 17_429 || account.Refused != 1 || !strings.Contains(out.String(), "17435") {
		t.Errorf("%s", out.String())
	}
	events := map[string]int64{}
	buyers := 0
	var revenue int64
	people := c.people()
	for _, p := range people {
		for name, counter := range p.Counters {
			events[name] += counter.Total
		}
		for _, a := range p.Orders.Revenue() {
			revenue += a.Minor
		}
		if p.Orders.Count > 0 {
			buyers++
		}
	}
	sum := events["Product Viewed"] + events["Product Added"] + events["Order Completed"]
	if len(people) != 4504 || sum != 17_429 || buyers != 193 {
		t.Errorf("%d profiles, %d events (%v), %d buyers; want 4504, 17429, 193", len(people), sum, events, buyers)
	}
	if got := fmt.Sprintf("%d.%02d", revenue/100, revenue%100); got != "59442.63" {
		t.Errorf("revenue %s, want 59442.63", got)
	}
}

// TestImportExports sends Shopify's customers and orders as they are exported: the order of a customer is theirs, who is known by the e-mail address alone. Then both go once more, and nothing changes.
func TestImportExports(t *testing.T) {
	t.Parallel()
	const samples = "../shared/shop/format/testdata/"
	c := startChild(t, inOne)
	var first map[string]profile.Profile
	for round := range 2 {
		customers := c.load(samples+"shopify_customers.csv", format.Shopify, c.client())
		orders := c.load(samples+"shopify_orders.csv", format.Shopify, c.client())
		if customers.Accepted != 1 || customers.Refused != 1 || orders.Accepted != 8 || orders.Refused != 1 {
			t.Errorf("round %d: %d customers accepted, %d refused; %d events of orders, %d refused", round, customers.Accepted, customers.Refused, orders.Accepted, orders.Refused)
		}
		if usd, jpy := orders.Sums["USD"], orders.Sums["JPY"]; usd.Paid != 3200 || usd.Back != 1000 || jpy.Paid != 1500 || jpy.Back != 1500 {
			t.Errorf("round %d: the orders come to %+v", round, orders.Sums)
		}
		people := c.people()
		mei := people["701"]
		if mei == nil || mei.Orders.Count != 1 || len(mei.Orders.Entries) != 1 || mei.Orders.Entries[0].Net != 2200 || mei.Orders.Entries[0].Currency != "USD" ||
			!mei.Orders.Entries[0].At.Equal(time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)) || mei.Counters["Order Completed"].Total != 1 || mei.Purchases.Refunds != 1 {
			t.Fatalf("round %d: the customer is %+v", round, mei)
		}
		delete(people, "") // one of the guests
		if now := known(people); first == nil {
			first = now
		} else if !reflect.DeepEqual(now, first) {
			t.Error("sending the files again changed profiles")
		}
	}
}
