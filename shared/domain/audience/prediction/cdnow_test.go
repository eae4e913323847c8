package prediction

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/realdata"
)

// customer is a line of the golden values: what is known of somebody, and what the published parameters say of them.
type customer struct {
	History
	Spent
	alive, expected, mean, value float64
}

func customers(t testing.TB) (out []customer) {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(realdata.Open(t, "cdnow/cdnow_bgnbd_published_params.csv.gz"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		number := make([]float64, len(line))
		for i, text := range line {
			if number[i], err = strconv.ParseFloat(text, 64); err != nil {
				t.Fatal(err)
			}
		}
		x := int32(number[1])
		out = append(out, customer{History{x, number[2], number[3]}, Spent{x, number[4]}, number[5], number[6], number[7], number[8]})
	}
	return out
}

func of(all []customer) (counts []Count, spent []Spent) {
	var histories []History
	for _, c := range all {
		histories = append(histories, c.History)
		spent = append(spent, c.Spent)
	}
	return Group(histories), spent
}

// TestCDNOW holds the fit to the published parameters and each customer's figures to the golden ones. Those have weeks of two digits.
func TestCDNOW(t *testing.T) {
	all := customers(t)
	counts, spent := of(all)
	p, err := FitPurchases(counts)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []float64{p.R, p.Alpha, p.A, p.B} {
		near(t, "parameter", got, []float64{0.24259, 4.41353, 0.79289, 2.42575}[i], 1e-3)
	}
	near(t, "LL", p.LogLikelihood(counts), -9582.4256, 1e-3)
	s, err := FitSpending(spent)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []float64{s.P, s.Q, s.V} {
		near(t, "parameter", got, []float64{6.2488, 3.7446, 15.4477}[i], 1e-3)
	}
	near(t, "LL", s.LogLikelihood(spent), -4055.923, 1e-3)
	near(t, "mean", s.Mean(Spent{}), 35.17, 5e-3)
	for i, c := range all {
		near(t, strconv.Itoa(i)+" alive", published.Alive(c.History), c.alive, 1e-4)
		near(t, strconv.Itoa(i)+" expected", published.Expected(c.History, 39*7), c.expected, 1e-4)
		near(t, strconv.Itoa(i)+" mean", publishedSpend.Mean(c.Spent), c.mean, 1e-4)
		near(t, strconv.Itoa(i)+" value", Model{published, publishedSpend}.Value(c.History, c.Spent, 39*7), c.value, 1e-4)
	}
}

// TestAllOfCDNOW fits all 23,570 customers, and says of the sample what the next 39 weeks bring: 12% less than came, which is the model's and stays.
func TestAllOfCDNOW(t *testing.T) {
	start := time.Date(1997, 1, 1, 0, 0, 0, 0, time.UTC)
	const end = 272 // 1997-09-30
	days := map[string][]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(realdata.Open(t, "cdnow/CDNOW_master.txt.gz"))), "\n")[1:] {
		field := strings.Fields(line)
		at, err := time.Parse("20060102", field[1])
		if err != nil {
			t.Fatal(err)
		}
		if day := int(at.Sub(start).Hours() / 24); day <= end {
			days[field[0]] = append(days[field[0]], day)
		}
	}
	var whole []History
	for _, d := range days {
		slices.Sort(d)
		d = slices.Compact(d)
		whole = append(whole, Since(len(d)-1, d[len(d)-1]-d[0], end-d[0]))
	}
	if len(whole) != 23_570 {
		t.Fatalf("%d customers", len(whole))
	}
	counts := Group(whole)
	p, err := FitPurchases(counts)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []float64{p.R, p.Alpha, p.A, p.B} {
		near(t, "parameter", got, []float64{0.25162, 4.78894, 0.72343, 2.16109}[i], 1e-3)
	}
	near(t, "LL", p.LogLikelihood(counts), -95368.44, 1e-2)

	sampled, _ := of(customers(t))
	fitted, err := FitPurchases(sampled)
	if err != nil {
		t.Fatal(err)
	}
	predicted := 0.0
	for _, c := range customers(t) {
		predicted += fitted.Expected(c.History, 39*7)
	}
	near(t, "the hold-out", predicted, 1653.4, 0.5)
}

func BenchmarkFitPurchases(b *testing.B) {
	counts, _ := of(customers(b))
	for b.Loop() {
		if _, err := FitPurchases(counts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFitSpending(b *testing.B) {
	_, spent := of(customers(b))
	for b.Loop() {
		if _, err := FitSpending(spent); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExpected(b *testing.B) {
	all := customers(b)
	for i := 0; b.Loop(); i++ {
		published.Expected(all[i%len(all)].History, 365)
	}
}
