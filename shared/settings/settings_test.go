package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

type sample struct {
	Table    string         `env:"T_TABLE"`
	Shards   int            `env:"T_SHARDS" default:"8"`
	Strict   bool           `env:"T_STRICT" default:"false"`
	Wait     time.Duration  `env:"T_WAIT" default:"1m"`
	Zone     *time.Location `env:"T_ZONE" default:"Asia/Shanghai"`
	Currency money.Currency `env:"T_CURRENCY" default:"CNY"`
	Secret   string         `env:"T_SECRET" default:""`
	Ignored  chan int
	Mail     struct {
		Host string `env:"T_HOST" default:""`
		Port int    `env:"T_PORT" default:"25"`
	}
}

func TestAStructWithoutATagIsFilled(t *testing.T) {
	t.Setenv("T_TABLE", "x")
	t.Setenv("T_HOST", "mail")
	var s sample
	if err := Load(&s); err != nil || s.Mail.Host != "mail" || s.Mail.Port != 25 {
		t.Errorf("%+v, %v", s.Mail, err)
	}
	t.Setenv("T_PORT", "x")
	if err := Load(&s); err == nil || err.Error() != "T_PORT is not a whole number" {
		t.Errorf("%v", err)
	}
	if got := strings.Join(Names(sample{}), " "); got != "T_TABLE T_SHARDS T_STRICT T_WAIT T_ZONE T_CURRENCY T_SECRET T_HOST T_PORT" {
		t.Errorf("names %s", got)
	}
}

func TestLoadDefaults(t *testing.T) {
	t.Setenv("T_TABLE", "profiles")
	t.Setenv("T_SHARDS", "")
	var s sample
	if err := Load(&s); err != nil {
		t.Fatal(err)
	}
	if s.Table != "profiles" || s.Shards != 8 || s.Strict || s.Wait != time.Minute || s.Zone.String() != "Asia/Shanghai" || s.Currency != "CNY" || s.Secret != "" {
		t.Errorf("got %+v", s)
	}
}

func TestLoadValues(t *testing.T) {
	for name, value := range map[string]string{"T_TABLE": "x", "T_SHARDS": "-3", "T_STRICT": "true", "T_WAIT": "90s",
		"T_ZONE": "Europe/Berlin", "T_CURRENCY": "eur", "T_SECRET": "s"} {
		t.Setenv(name, value)
	}
	var s sample
	if err := Load(&s); err != nil {
		t.Fatal(err)
	}
	if s.Shards != -3 || !s.Strict || s.Wait != 90*time.Second || s.Zone.String() != "Europe/Berlin" || s.Currency != "EUR" || s.Secret != "s" {
		t.Errorf("got %+v", s)
	}
}

func TestLoadReportsEveryFaultAtOnce(t *testing.T) {
	for name, value := range map[string]string{"T_TABLE": "", "T_SHARDS": "eight", "T_STRICT": "maybe", "T_WAIT": "90", "T_ZONE": "Mars/North",
		"T_CURRENCY": "yuan"} {
		t.Setenv(name, value)
	}
	var s sample
	err := Load(&s)
	if err == nil {
		t.Fatal("no error")
	}
	want := "T_TABLE is not set\nT_SHARDS is not a whole number\nT_STRICT is neither true nor false\nT_WAIT is not a duration such as 90s or 5m\n" +
		"T_ZONE is not a time zone name such as Asia/Shanghai\nT_CURRENCY is not an ISO 4217 code of three letters"
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

func TestLoadRefusesWhatItCannotFill(t *testing.T) {
	t.Setenv("T_FLOAT", "1")
	for name, tc := range map[string]struct {
		in   any
		want string
	}{
		"a struct by value": {sample{}, "loading settings: settings.sample is not a pointer to a struct"},
		"an unsupported type": {&struct {
			F float64 `env:"T_FLOAT"`
		}{}, "T_FLOAT has a field of type float64, which settings do not support"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Load(tc.in); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
