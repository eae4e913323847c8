package money

import (
	"errors"
	"testing"
)

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct {
		text     string
		currency Currency
		want     int64
		bad      bool
	}{
		{"25.5", "CNY", 2550, false}, {"0", "CNY", 0, false}, {"-0.30", "CNY", -30, false}, {"+7", "CNY", 700, false},
		{"1e2", "CNY", 10000, false}, {"12.5e-1", "CNY", 125, false}, {"1e-40", "CNY", 0, false}, {"1e-41", "CNY", 0, true},
		{"0.004", "CNY", 0, false}, {"0.005", "CNY", 1, false}, {"-0.005", "CNY", -1, false}, {"0.0049999", "CNY", 0, false},
		{"29.33", "USD", 2933, false}, {"100", "JPY", 100, false}, {"0.5", "JPY", 1, false}, {"1.2345", "KWD", 1235, false},
		{"92233720368547758.06", "CNY", 9223372036854775806, false}, {"92233720368547758.07", "CNY", 0, true},
		{"", "CNY", 0, true}, {".", "CNY", 0, true}, {".5", "CNY", 50, false}, {"5.", "CNY", 500, false}, {"1,5", "CNY", 0, true},
		{"1e999", "CNY", 0, true}, {"NaN", "CNY", 0, true}, {"--1", "CNY", 0, true}, {"1e", "CNY", 0, true}, {"٣", "CNY", 0, true},
	} {
		got, err := ParseDecimal(c.text, c.currency)
		if c.bad {
			if !errors.Is(err, ErrDecimal) {
				t.Errorf("%q: error %v, want ErrDecimal", c.text, err)
			}
			continue
		}
		if err != nil || got.Minor != c.want || got.Currency != c.currency {
			t.Errorf("%q %s: %v %v, want %d", c.text, c.currency, got, err, c.want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		amount Amount
		want   string
	}{
		{Amount{1230, "CNY"}, "12.30"}, {Amount{5, "CNY"}, "0.05"}, {Amount{-5, "CNY"}, "-0.05"}, {Amount{0, "CNY"}, "0.00"},
		{Amount{100, "JPY"}, "100"}, {Amount{1, "KWD"}, "0.001"}, {Amount{-9223372036854775808, "JPY"}, "-9223372036854775808"},
	} {
		if got := c.amount.Decimal(); got != c.want {
			t.Errorf("%d %s: %s, want %s", c.amount.Minor, c.amount.Currency, got, c.want)
		}
	}
	if got := (Amount{1230, "CNY"}).String(); got != "12.30 CNY" {
		t.Errorf("String: %s", got)
	}
}

func TestParseCurrency(t *testing.T) {
	for text, want := range map[string]Currency{"cny": "CNY", "USD": "USD"} {
		if got, err := ParseCurrency(text); err != nil || got != want {
			t.Errorf("%s: %s %v", text, got, err)
		}
	}
	for _, text := range []string{"", "CN", "CNYX", "C1Y", "¥¥"} {
		if _, err := ParseCurrency(text); !errors.Is(err, ErrCurrency) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestIn(t *testing.T) {
	sums := []Amount{{5, "CNY"}, {7, "USD"}}
	for c, want := range map[Currency]Amount{"USD": {7, "USD"}, "CNY": {5, "CNY"}, "JPY": {0, "JPY"}} {
		if got := In(c, sums); got != want {
			t.Errorf("in %s there is %v, want %v", c, got, want)
		}
	}
}
