package format

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

func TestAmountsAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct {
		text     string
		currency money.Currency
		want     int64
		fault    string
	}{
		{"1234.50", "CNY", 123450, ""}, {"¥1,234.50", "CNY", 123450, ""}, {"￥１，２３４．５", "CNY", 123450, ""}, {"1234元", "CNY", 123400, ""}, {"RMB 12", "CNY", 1200, ""},
		{"12 CNY", "CNY", 1200, ""}, {"1.234,50 €", "EUR", 123450, ""}, {"1 234,50", "EUR", 123450, ""}, {"1'234.50", "CHF", 123450, ""}, {"12,5", "EUR", 1250, ""},
		{"1,234", "CNY", 123400, ""}, {"0,500", "EUR", 50, ""}, {"1.234.567", "EUR", 123456700, ""}, {"12,34,567.89", "INR", 123456789, ""}, {"-5", "CNY", -500, ""},
		{"(5.00)", "USD", -500, ""}, {"-$5", "USD", -500, ""}, {"$-5", "USD", -500, ""}, {"−5", "CNY", -500, ""}, {"HK$10", "HKD", 1000, ""}, {"$10", "HKD", 1000, ""}, {".5", "CNY", 50, ""},
		{"12.3400", "CNY", 1234, ""}, {"199.99999999999997", "CNY", 20000, ""}, {"4.440892e-16", "CNY", 0, ""}, {"¥500", "JPY", 500, ""}, {"1.234", "KWD", 1234, ""},
		{"1.234", "CNY", 0, "has more decimals than CNY has"}, {"0.5", "JPY", 0, "has more decimals than JPY has"},
		{"1.2E+05", "CNY", 0, "was rounded by a spreadsheet: export it again, with the column as text"}, {"$10", "CNY", 0, "is in $, and the line's currency is CNY"},
		{"10 EUR", "CNY", 0, "is in EUR, and the line's currency is CNY"}, {"abc", "CNY", 0, "is no amount of money"}, {"1,23,4", "CNY", 0, "is no amount of money"},
		{"1.2.3", "CNY", 0, "is no amount of money"}, {"12 of 13", "CNY", 0, "is no amount of money"}, {"-", "CNY", 0, "is no amount of money"}, {"", "CNY", 0, "is no amount of money"},
	} {
		got, err := amountIn(c.text, c.currency)
		fault := ""
		if err != nil {
			fault = err.Error()
		}
		if got != c.want || fault != c.fault {
			t.Errorf("%q in %s is %d, %q; want %d, %q", c.text, c.currency, got, fault, c.want, c.fault)
		}
	}
}

func TestTimesAsShopsWriteThem(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	const none = "is no time such as 2026-11-29 10:00:00, 2026/11/29 10:00 or 2026年11月29日"
	for _, c := range []struct{ text, dates, want string }{
		{"2026/11/29 10:00", "", "2026-11-29T02:00:00Z"}, {"2026-1-9 9:5:7", "", "2026-01-09T01:05:07Z"}, {"2026.11.29 10:00:00.123", "", "2026-11-29T02:00:00Z"},
		{"2026年11月29日 10:00", "", "2026-11-29T02:00:00Z"}, {"2026年11月29日10时05分07秒", "", "2026-11-29T02:05:07Z"}, {"2026年11月29日", "", "2026-11-29T04:00:00Z"},
		{"2026/11/29 下午3:30", "", "2026-11-29T07:30:00Z"}, {"2026/11/29 上午12:30", "", "2026-11-28T16:30:00Z"}, {"11/29/2026 3:30 PM", "", "2026-11-29T07:30:00Z"},
		{"11/29/2026 12:00 AM", "", "2026-11-28T16:00:00Z"}, {"29/11/2026 15:30", "", "2026-11-29T07:30:00Z"}, {"03/04/2026", "dmy", "2026-04-03T04:00:00Z"}, {"03/04/2026", "mdy", "2026-03-04T04:00:00Z"},
		{"2026-11-29T10:00:00Z", "", "2026-11-29T10:00:00Z"}, {"2026-11-29T10:00:00+09:00", "", "2026-11-29T01:00:00Z"}, {"2026-11-29 10:00:00 -0500", "", "2026-11-29T15:00:00Z"},
		{"2026-11-29 10:00:00 UTC", "", "2026-11-29T10:00:00Z"}, {"20261129", "", "2026-11-29T04:00:00Z"}, {"20261129100000", "", "2026-11-29T02:00:00Z"}, {"1795917600", "", "2026-11-29T02:00:00Z"},
		{"1795917600000", "", "2026-11-29T02:00:00Z"}, {"２０２６／１１／２９ １０：００", "", "2026-11-29T02:00:00Z"},
		{"03/04/2026", "", "may be a day of two months: say DATES=dmy or DATES=mdy"}, {"46355.41", "", "is a spreadsheet's number of a day: export it again, with the column as a date"},
		{"2.02611E+13", "", "was rounded by a spreadsheet: export it again, with the column as text"}, {"2026-02-30", "", none}, {"2026-11-29 24:00", "", none}, {"2026-11-29 10:60", "", none},
		{"yesterday", "", none}, {"26-11-29", "", none}, {"13/13/2026", "mdy", none}, {"", "", none}, {"2026-12-02 07:59", "", "2026-12-01T23:59:00Z"}, {"2026-12-02 08:01", "", "lies in the future"},
	} {
		at, err := timeIn(c.text, Options{Zone: shanghai, Dates: c.dates, Now: now})
		got := at.Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q is %s, want %s", c.text, got, c.want)
		}
	}
}

func TestCellsThatSpreadsheetsWrapped(t *testing.T) {
	for text, want := range map[string]string{`="0012"`: "0012", "'9013808660771": "9013808660771", "\t12 ": "12", "'": "'", "O'Neil": "O'Neil", `=" x "`: "x", "": ""} {
		if got := plainCell(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestStatesOfOrders(t *testing.T) {
	for word, want := range map[string]state{"Paid": paid, "wc-processing": paid, "partially_refunded": partly, "交易成功": paid, "等待买家付款": unpaid, "on-hold": unpaid, "买家已付款，等待卖家发货": paid,
		"已取消": cancelled, "退款成功": refunded, "checkout-draft": draft, "VOIDED": unpaid, "lost": ""} {
		if got, known := stateOf(word); got != want || known != (want != "") {
			t.Errorf("%s is %q, %v, want %q", word, got, known, want)
		}
	}
}
