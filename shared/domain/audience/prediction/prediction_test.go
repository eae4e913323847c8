package prediction

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// Parameters as the papers publish them.
var (
	published      = Purchases{0.243, 4.414, 0.793, 2.426}
	publishedSpend = Spending{6.25, 3.74, 15.44}
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.7f, want %.7f within %g", what, got, want, within)
	}
}

// TestPublished holds the formulas to the figures of the papers.
func TestPublished(t *testing.T) {
	h := History{Repeats: 2, Last: 30.43, Age: 38.86}
	near(t, "E[Y(39 weeks)]", published.Expected(h, 39*7), 1.22603, 5e-6)
	near(t, "P(alive)", published.Alive(h), 0.72658, 5e-6)
	near(t, "mean of who has no repeat", publishedSpend.Mean(Spent{}), 35.22, 5e-3)
	near(t, "mean of the first customer", publishedSpend.Mean(Spent{2, 22.35}), 24.66, 5e-3)
}

// integral is E[Y(t)] another way: what is expected of one rate and one probability of leaving, over what both may be after the history, with the rate integrated away. Simpson's rule on
// p = u^(4/a), which takes the pole at 0 out.
func integral(p Purchases, h History, days int) float64 {
	x := float64(h.Repeats)
	last, age := h.Last, h.Age
	t := float64(days) / 7
	b := p.B + x
	lbeta := func(a, b float64) float64 {
		la, _ := math.Lgamma(a)
		lb, _ := math.Lgamma(b)
		lab, _ := math.Lgamma(a + b)
		return la + lb - lab
	}
	at := func(u float64) float64 {
		q := math.Pow(u, 4/p.A)
		of := (p.R + x) * t / (p.Alpha + age) // the limit at 0
		if q > 1e-9 {
			of = (1 - math.Pow(1+q*t/(p.Alpha+age), -(p.R+x))) / q
		}
		return of * math.Pow(1-q, b-1) * u * u * u * 4 / p.A
	}
	const steps = 20_000
	sum := at(0) + at(1)
	for i := 1; i < steps; i++ {
		sum += at(float64(i)/steps) * float64(2+2*(i%2))
	}
	alive := 1.0
	if h.Repeats > 0 { // by Bayes: left after the last order, against there ever since
		left := math.Exp(lbeta(p.A+1, b-1)-lbeta(p.A, p.B)) * math.Pow(p.Alpha+last, -(p.R+x))
		there := math.Exp(lbeta(p.A, b)-lbeta(p.A, p.B)) * math.Pow(p.Alpha+age, -(p.R+x))
		alive = there / (left + there)
	}
	return alive * sum / (3 * steps) / math.Exp(lbeta(p.A, b))
}

func TestExpectedIsTheIntegral(t *testing.T) {
	for _, p := range []Purchases{published, {0.25, 4.8, 0.72, 2.2}, {1.5, 20, 1, 3}, {0.9, 8, 1.7, 2.5}, {3, 2, 0.4, 6}, {0.5, 10, 4, 30}} {
		for _, h := range []History{Since(0, 0, 100), Since(0, 0, 3), Since(1, 12, 272), Since(2, 213, 272), Since(9, 250, 260), Since(60, 700, 705)} {
			for _, days := range []int{1, 30, 90, 365, 3650} {
				want := integral(p, h, days)
				if got := p.Expected(h, days); !(math.Abs(got-want) <= 1e-6*want+1e-12) {
					t.Errorf("%+v %+v in %d days: %.10g, want %.10g", p, h, days, got, want)
				}
			}
		}
	}
	if got := published.Expected(Since(2, 213, 272), 0); got != 0 {
		t.Errorf("in no days they order on %v", got)
	}
}

// TestSlopes holds the slopes to what a small step does.
func TestSlopes(t *testing.T) {
	counts := []Count{{Since(0, 0, 200), 3}, {Since(1, 30, 100), 2}, {Since(5, 190, 200), 1}}
	spent := []Spent{{1, 20}, {4, 33.5}, {4, 12}, {0, 0}, {2, -3}}
	const step = 1e-6
	_, slope := published.likelihood(counts)
	for i, of := range []func(*Purchases) *float64{func(p *Purchases) *float64 { return &p.R }, func(p *Purchases) *float64 { return &p.Alpha }, func(p *Purchases) *float64 { return &p.A }, func(p *Purchases) *float64 { return &p.B }} {
		more, less := published, published
		*of(&more) += step
		*of(&less) -= step
		near(t, "slope", slope[i], (more.LogLikelihood(counts)-less.LogLikelihood(counts))/(2*step), 1e-6)
	}
	_, spending := publishedSpend.likelihood(spent)
	for i, of := range []func(*Spending) *float64{func(s *Spending) *float64 { return &s.P }, func(s *Spending) *float64 { return &s.Q }, func(s *Spending) *float64 { return &s.V }} {
		more, less := publishedSpend, publishedSpend
		*of(&more) += step
		*of(&less) -= step
		near(t, "slope", spending[i], (more.LogLikelihood(spent)-less.LogLikelihood(spent))/(2*step), 1e-6)
	}
}

// shop plays buyers who behave as the models say: rates and probabilities of leaving are drawn, then days with orders and sums.
func shop(seed uint64, buyers int, p Purchases, s Spending) (histories []History, spent []Spent) {
	random := rand.New(rand.NewPCG(seed, 1))
	rates := distuv.Gamma{Alpha: p.R, Beta: p.Alpha, Src: random}
	leaving := distuv.Beta{Alpha: p.A, Beta: p.B, Src: random}
	scales := distuv.Gamma{Alpha: s.Q, Beta: s.V, Src: random}
	for range buyers {
		rate, leaves := rates.Rand(), leaving.Rand()
		age, at, day, repeats, sum := 300+random.IntN(400), 0.0, 0, 0, 0.0
		one := distuv.Gamma{Alpha: s.P, Beta: scales.Rand(), Src: random}
		for { // nobody leaves before the first repeat
			at += random.ExpFloat64() / rate * 7
			if at >= float64(age) {
				break
			}
			if int(at) > day { // one day has one order
				day, repeats = int(at), repeats+1
				sum += one.Rand()
			}
			if random.Float64() < leaves {
				break
			}
		}
		histories = append(histories, Since(repeats, day, age))
		if repeats > 0 {
			spent = append(spent, Spent{int32(repeats), sum / float64(repeats)})
		}
	}
	return histories, spent
}

// TestFitFindsWhatWasPlayed gives the fit 40,000 buyers whose parameters are known.
func TestFitFindsWhatWasPlayed(t *testing.T) {
	p, s := Purchases{0.6, 12, 0.9, 3}, Spending{5, 4, 3000}
	histories, spent := shop(7, 40_000, p, s)
	got, err := FitPurchases(Group(histories))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "r", got.R, p.R, 0.04)
	near(t, "alpha", got.Alpha, p.Alpha, 0.9)
	near(t, "a/(a+b)", got.A/(got.A+got.B), p.A/(p.A+p.B), 0.03)
	worth, err := FitSpending(spent)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", worth.P, s.P, 0.15)
	near(t, "q", worth.Q, s.Q, 0.15)
	near(t, "mean", worth.Mean(Spent{}), s.P*s.V/(s.Q-1), 60)
	next := 0.0
	for _, h := range histories {
		next += got.Expected(h, 365)
	}
	if next <= 0 || next > float64(len(histories)) {
		t.Errorf("they order on %v days of the next year", next)
	}
}

// TestWhateverTheParts holds the fit to giving the same bits, in whatever order buyers come.
func TestWhateverTheParts(t *testing.T) {
	histories, spent := shop(3, 800, published, Spending{6, 4, 2000})
	purchases, err := FitPurchases(Group(append([]History(nil), histories...)))
	if err != nil {
		t.Fatal(err)
	}
	spending, err := FitSpending(append([]Spent(nil), spent...))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 9))
		random.Shuffle(len(histories), func(i, j int) { histories[i], histories[j] = histories[j], histories[i] })
		random.Shuffle(len(spent), func(i, j int) { spent[i], spent[j] = spent[j], spent[i] })
		again, err := FitPurchases(Group(append([]History(nil), histories...)))
		if err != nil || again != purchases {
			t.Errorf("%+v, %v, want %+v", again, err, purchases)
		}
		spendingAgain, err := FitSpending(append([]Spent(nil), spent...))
		if err != nil || spendingAgain != spending {
			t.Errorf("%+v, %v, want %+v", spendingAgain, err, spending)
		}
	}
}

func TestNoFit(t *testing.T) {
	same := make([]Spent, 1000)
	for i := range same {
		same[i] = Spent{3, 25}
	}
	for name, err := range map[string]error{
		"nobody":         second(FitPurchases(nil)),
		"nobody repeats": second(FitPurchases([]Count{{Since(0, 0, 300), 1000}})),
		"no repeat":      second(FitSpending([]Spent{{0, 0}})),
		"all the same":   second(FitSpending(same)),
	} {
		if !errors.Is(err, ErrNoFit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestAnyHistory holds the figures to what each of them can be.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Purchases{rapid.Float64Range(0.01, 20).Draw(t, "r"), rapid.Float64Range(0.05, 200).Draw(t, "alpha"), rapid.Float64Range(0.01, 20).Draw(t, "a"), rapid.Float64Range(0.05, 50).Draw(t, "b")}
		age := rapid.IntRange(0, 5000).Draw(t, "age")
		h := Since(0, 0, age)
		if age > 0 && rapid.Bool().Draw(t, "again") {
			last := rapid.IntRange(1, age).Draw(t, "last")
			h = Since(rapid.IntRange(1, last).Draw(t, "repeats"), last, age)
		}
		alive := p.Alive(h)
		if !(alive >= 0 && alive <= 1) || h.Repeats == 0 && alive != 1 {
			t.Errorf("%+v %+v: alive %v", p, h, alive)
		}
		before := 0.0
		for _, days := range []int{30, 90, 365} {
			got := p.Expected(h, days)
			if !finite(got) || got < before*(1-1e-9) || got > float64(days)/7*(p.R+float64(h.Repeats))/(p.Alpha+h.Age)*(1+1e-6) {
				t.Errorf("%+v %+v in %d days: %v after %v", p, h, days, got, before)
			}
			before = got
		}
	})
}

// TestTheGate tries both sides of what a gate asks, and which of the two lacks.
func TestTheGate(t *testing.T) {
	var e Evidence
	for range 3 {
		e.Add(2, 40, 5)
	}
	for _, c := range []struct {
		gate Gate
		want string
	}{{Gate{3, 40}, "[]"}, {Gate{4, 40}, "[buyers]"}, {Gate{3, 41}, "[days]"}, {DefaultGate, "[buyers days]"}} {
		if got := fmt.Sprint(e.Lacks(c.gate)); got != c.want {
			t.Errorf("of %+v %+v lacks %s, not %s", e, c.gate, got, c.want)
		}
	}
}

// TestFiguresAreNumbers goes to the ends of where parameters are looked for, as few buyers can lead there: a model of which a buyer's figures have no digits left is known as one.
func TestFiguresAreNumbers(t *testing.T) {
	ends := []float64{math.Exp(-bound), math.Exp(-bound / 2), 1, math.Exp(bound / 2), math.Exp(bound)}
	buyer := Buyer{History: Since(2, 40, 60), Spent: Spent{2, 1500}}
	good, bad := 0, 0
	for _, r := range ends {
		for _, alpha := range ends {
			for _, a := range ends {
				for _, b := range ends {
					m := Model{Purchases{r, alpha, a, b}, Spending{6.25, 3.74, 1544}}
					figures := []float64{m.Purchases.Alive(buyer.History), m.Purchases.Expected(buyer.History, 30), m.Purchases.Expected(buyer.History, 90), m.Purchases.Expected(buyer.History, YearDays), m.Value(buyer.History, buyer.Spent, 30), m.Value(buyer.History, buyer.Spent, 90), m.Value(buyer.History, buyer.Spent, YearDays)}
					_, err := json.Marshal(figures) // JSON has no words for what is no number
					numbers := err == nil && slices.Min(figures) >= 0
					if m.Tells(buyer.History, buyer.Spent) != numbers {
						t.Errorf("%+v: %v, numbers %v", m.Purchases, figures, !numbers)
					}
					if numbers {
						good++
					} else {
						bad++
					}
				}
			}
		}
	}
	if good == 0 || bad == 0 {
		t.Errorf("%d models have figures, %d have none", good, bad)
	}
	published := Model{Purchases{0.243, 4.414, 0.793, 2.426}, Spending{6.25, 3.74, 1544}}
	if !published.Tells(buyer.History, buyer.Spent) {
		t.Error("the published model has no figures")
	}
}
