package format

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/userops/userops/shared/domain/money"
)

// rounded is a number as spreadsheets show one of many digits, and then save it: the digits at its end are gone.
var rounded = regexp.MustCompile(`^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$`)

var errRounded = errors.New("was rounded by a spreadsheet: export it again, with the column as text")

// plainCell takes off what spreadsheets and exports put around a text so that it stays one: spaces, tabs, ="..." and a leading apostrophe.
func plainCell(s string) string {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, `="`); ok && strings.HasSuffix(inner, `"`) {
		s = strings.TrimSpace(strings.TrimSuffix(inner, `"`))
	}
	if inner, ok := strings.CutPrefix(s, "'"); ok && inner != "" {
		s = strings.TrimSpace(inner)
	}
	return s
}

// signs says which currencies a sign in an amount may stand for.
var signs = map[string]string{
	"¥": "CNY JPY", "CN¥": "CNY", "JP¥": "JPY", "元": "CNY", "圆": "CNY", "円": "JPY", "RMB": "CNY", "人民币": "CNY", "€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR",
	"$": "USD CAD AUD NZD HKD SGD TWD MXN CLP COP ARS", "US$": "USD", "HK$": "HKD", "NT$": "TWD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "S$": "SGD", "R$": "BRL",
}

var (
	amountForm = regexp.MustCompile(`^([^0-9.,+-]*)([+-]?)([^0-9.,+-]*)([0-9.,][0-9., ']*)([^0-9]*)$`)
	tiny       = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?[eE]-[0-9]+$`)
)

// noise is from how many decimals on an amount is a sum of a spreadsheet's floats rather than what somebody paid.
const noise = 7

// amountIn reads money as people write it, in minor units: ¥1,234.50, 1.234,50 €, (12.00), １２元. What would have to be rounded is refused.
func amountIn(text string, c money.Currency) (int64, error) {
	s := strings.NewReplacer("−", "-", "–", "-", "\u00a0", " ").Replace(norm.NFKC.String(text))
	s = strings.TrimSpace(s)
	negative := false
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s, negative = s[1:len(s)-1], true
	}
	digits := s
	if !tiny.MatchString(s) {
		if rounded.MatchString(s) {
			return 0, errRounded
		}
		m := amountForm.FindStringSubmatch(s)
		if m == nil {
			return 0, errors.New("is no amount of money")
		}
		sign := strings.ToUpper(strings.TrimSpace(m[1] + m[3]))
		for _, sign := range []string{sign, strings.ToUpper(strings.TrimSpace(m[5]))} {
			if sign != "" && !slices.Contains(strings.Fields(signs[sign]+" "+sign), string(c)) {
				if _, err := money.ParseCurrency(sign); err != nil && signs[sign] == "" {
					return 0, errors.New("is no amount of money")
				}
				return 0, fmt.Errorf("is in %s, and the line's currency is %s", sign, c)
			}
		}
		negative = negative || m[2] == "-"
		var err error
		if digits, err = ungrouped(m[4]); err != nil {
			return 0, err
		}
		_, decimals, _ := strings.Cut(digits, ".")
		if significant := len(strings.TrimRight(decimals, "0")); significant > c.Exponent() && significant < noise {
			return 0, fmt.Errorf("has more decimals than %s has", c)
		}
	}
	a, err := money.ParseDecimal(digits, c)
	if err != nil {
		return 0, errors.New("is no amount of money within range")
	}
	if negative {
		return -a.Minor, nil
	}
	return a.Minor, nil
}

var groups = regexp.MustCompile(`^[0-9]{1,3}([,.' ][0-9]{2,3})*[,.' ][0-9]{3}$`)

// ungrouped takes out what parts thousands, and writes the decimals behind a point. A comma or point that stands last and once, before other than three digits,
// is the decimals'; so is a point before three, which no currency of two decimals has.
func ungrouped(s string) (string, error) {
	s = strings.TrimSpace(s)
	whole, decimals := s, ""
	comma, point := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	last := max(comma, point)
	switch {
	case last < 0:
	case comma >= 0 && point >= 0, strings.Count(s, s[last:last+1]) == 1 && (s[last] == '.' || s[0] == '0' || !groups.MatchString(s)):
		whole, decimals = s[:last], s[last+1:]
		if strings.IndexByte(whole, s[last]) >= 0 || strings.ContainsAny(decimals, ",.' ") {
			return "", errors.New("is no amount of money")
		}
	}
	if strings.ContainsAny(whole, ",.' ") && !groups.MatchString(whole) {
		return "", errors.New("is no amount of money")
	}
	whole = strings.NewReplacer(",", "", ".", "", "'", "", " ", "").Replace(whole)
	if decimals != "" {
		whole += "." + decimals
	}
	return whole, nil
}

var (
	chinese   = strings.NewReplacer("年", "-", "月", "-", "日", " ", "号", " ", "时", ":", "点", ":", "分", ":", "秒", "")
	between   = regexp.MustCompile(`([0-9])[Tt]([0-9])`)
	afternoon = regexp.MustCompile(`(?i)下午|晚上|pm`)
	halves    = regexp.MustCompile(`(?i)上午|下午|晚上|凌晨|\b[ap]m\b|[ap]m`)
	zoneForm  = regexp.MustCompile(`(?i)\s*(z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})$`)
	dateForm  = regexp.MustCompile(`^([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})$`)
	clockForm = regexp.MustCompile(`^([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:\.[0-9]+)?)?$`)
	serial    = regexp.MustCompile(`^[0-9]{5}(\.[0-9]+)?$`)
)

var errNoTime = errors.New("is no time such as 2026-11-29 10:00:00, 2026/11/29 10:00 or 2026年11月29日")

// timeIn reads a time as shops write it; one that names no zone is in the shop's. A day without a time of day is its noon.
func timeIn(text string, o Options) (time.Time, error) {
	zone := o.Zone
	if zone == nil {
		zone = time.UTC
	}
	s := strings.TrimSpace(norm.NFKC.String(text))
	at, err := digitsIn(s, zone)
	if errors.Is(err, errNoTime) {
		at, err = clockTimeIn(s, zone, o.Dates)
	}
	if err == nil && !o.Now.IsZero() && at.After(o.Now.Add(24*time.Hour)) {
		err = errors.New("lies in the future")
	}
	return at.UTC(), err
}

// digitsIn reads a time that is one number.
func digitsIn(s string, zone *time.Location) (time.Time, error) {
	if serial.MatchString(s) {
		return time.Time{}, errors.New("is a spreadsheet's number of a day: export it again, with the column as a date")
	}
	if rounded.MatchString(s) {
		return time.Time{}, errRounded
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, errNoTime
	}
	layout := map[int]string{8: "20060102 15", 12: "200601021504", 14: "20060102150405"}[len(s)]
	switch {
	case len(s) == 10:
		return time.Unix(n, 0), nil
	case len(s) == 13:
		return time.UnixMilli(n), nil
	case len(s) == 8:
		s += " 12"
	}
	at, err := time.ParseInLocation(layout, s, zone)
	if layout == "" || err != nil {
		return time.Time{}, errNoTime
	}
	return at, nil
}

func clockTimeIn(s string, zone *time.Location, dates string) (time.Time, error) {
	late := afternoon.MatchString(s)
	s = between.ReplaceAllString(chinese.Replace(s), "$1 $2")
	halved := halves.MatchString(s)
	s = halves.ReplaceAllString(s, " ")
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return time.Time{}, errNoTime
	}
	day, rest := fields[0], strings.Join(fields[1:], "")
	year, month, date, err := dayIn(strings.TrimRight(day, "-"), dates)
	if err != nil {
		return time.Time{}, err
	}
	if found := zoneForm.FindStringSubmatch(rest); rest != "" && found != nil {
		rest = strings.TrimSuffix(rest, found[0])
		zone = time.UTC
		if name := strings.ReplaceAll(found[1], ":", ""); name[0] == '+' || name[0] == '-' {
			offset, err := time.Parse("-0700", name)
			if err != nil {
				return time.Time{}, errNoTime
			}
			_, seconds := offset.Zone()
			zone = time.FixedZone("", seconds)
		}
	}
	clock := [3]int{12, 0, 0}
	if rest = strings.TrimRight(rest, ":"); rest != "" {
		found := clockForm.FindStringSubmatch(rest)
		if found == nil {
			return time.Time{}, errNoTime
		}
		for i := range clock {
			clock[i], _ = strconv.Atoi(found[i+1]) // no more than two digits, or none
		}
		switch {
		case halved && late && clock[0] < 12:
			clock[0] += 12
		case halved && !late && clock[0] == 12:
			clock[0] = 0
		}
	}
	at := time.Date(year, time.Month(month), date, clock[0], clock[1], clock[2], 0, zone)
	real := time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC) // in February, the 30th is a day of March
	if clock[0] > 23 || clock[1] > 59 || clock[2] > 59 || real.Day() != date || int(real.Month()) != month {
		return time.Time{}, errNoTime
	}
	return at, nil
}

// dayIn reads a date. Which of two small numbers is the month is told by dates, or by the other being no month.
func dayIn(s, dates string) (year, month, day int, err error) {
	found := dateForm.FindStringSubmatch(s)
	if found == nil {
		return 0, 0, 0, errNoTime
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(found[i+1]) // digits alone
	}
	switch {
	case len(found[1]) == 4 && len(found[3]) <= 2:
		return n[0], n[1], n[2], nil
	case len(found[1]) > 2 || len(found[3]) != 4:
		return 0, 0, 0, errNoTime
	case dates == "dmy", dates == "" && n[0] > 12:
		return n[2], n[1], n[0], nil
	case dates == "mdy", n[1] > 12:
		return n[2], n[0], n[1], nil
	}
	return 0, 0, 0, errors.New("may be a day of two months: say DATES=dmy or DATES=mdy")
}
