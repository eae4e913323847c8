package settings

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
)

// FuzzLoad reads any texts as the settings of a function: what is wrong names the variable and repeats nothing of it, what is right is what the text says.
func FuzzLoad(f *testing.F) {
	for _, c := range [][6]string{
		{"queue", "5", "true", "90s", "Asia/Shanghai", "CNY"}, {"", "", "", "", "", ""}, {"x", "5.0", "yes", "1d", "../../etc/passwd", "cny"}, {"x", "+5", "T", "-1s", "Local", "CNYX"}, {"x", "99999999999999999999", "0", "1e9h", "UTC", "\xff\xff\xff"},
	} {
		f.Add(c[0], c[1], c[2], c[3], c[4], c[5])
	}
	f.Fuzz(func(t *testing.T, text, number, flag, span, zone, currency string) {
		given := map[string]string{"F_TEXT": text, "F_NUMBER": number, "F_FLAG": flag, "F_SPAN": span, "F_ZONE": zone, "F_CURRENCY": currency, "F_KEYS": text}
		for name, value := range given {
			if strings.Contains(value, "\x00") {
				return // no environment holds it
			}
			t.Setenv(name, value)
		}
		var s struct {
			Text     string         `env:"F_TEXT" default:"usual"`
			Number   int            `env:"F_NUMBER" default:"7"`
			Flag     bool           `env:"F_FLAG" default:"false"`
			Span     time.Duration  `env:"F_SPAN" default:"1s"`
			Zone     *time.Location `env:"F_ZONE" default:"UTC"`
			Currency money.Currency `env:"F_CURRENCY" default:"CNY"`
			Keys     access.Keys    `env:"F_KEYS" default:""`
		}
		err := Load(&s)
		if err == nil {
			if text != "" && s.Text != text || text == "" && s.Text != "usual" || number == "" && s.Number != 7 || s.Zone == nil || len(s.Currency) != 3 {
				t.Fatalf("%v is read as %+v", given, s)
			}
			return
		}
		joined, is := err.(interface{ Unwrap() []error })
		if !is {
			t.Fatalf("an error of another form: %v", err)
		}
		for _, one := range joined.Unwrap() {
			var fault Fault
			if !errors.As(one, &fault) || given[fault.Name] == "" || fault.Reason == "" {
				t.Fatalf("%v is refused with %v", given, one)
			}
			if value := given[fault.Name]; len(value) > 40 && strings.Contains(one.Error(), value) {
				t.Fatalf("the fault repeats the value: %v", one)
			}
		}
	})
}
