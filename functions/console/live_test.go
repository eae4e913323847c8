package console

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	figures "github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/live"
)

// TestLive adds up what instances have counted of the shop's day, by its clock, and sets the same day of the week before beside it.
func TestLive(t *testing.T) {
	b := newBench(t)
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	b.Must(err)
	b.process.Shop.Zone = shanghai
	store := live.Live{DB: b.DB, Table: "Live"}
	put := func(instance, at string, events int64) {
		moment, err := time.ParseInLocation("2006-01-02 15:04", at, shanghai)
		b.Must(err)
		h := figures.Hour{Hour: figures.HourOf(moment), Changes: 1}
		h.Minutes[moment.Minute()] = figures.Figures{Events: events, GMV: 100 * events}
		b.Must(store.Put(t.Context(), instance, h))
	}
	// It is 16:00 of the 21st.
	for i, c := range []struct {
		at     string
		events int64
	}{
		{"2026-11-20 23:59", 1}, {"2026-11-21 00:00", 10}, {"2026-11-21 14:59", 100}, {"2026-11-21 15:00", 1000}, {"2026-11-21 15:30", 10_000}, {"2026-11-21 16:00", 100_000}, {"2026-11-21 16:01", 1},
		{"2026-11-13 23:59", 1}, {"2026-11-14 00:00", 2}, {"2026-11-14 15:59", 20}, {"2026-11-14 16:00", 200}, {"2026-11-14 23:59", 2000}, {"2026-11-15 00:00", 1},
	} {
		put(fmt.Sprint("i", i), c.at, c.events)
	}
	put("again", "2026-11-21 15:00", 5000)
	var got struct {
		Day, Currency string
		At            time.Time
		Provisional   bool
		Partial       bool
		Sum           figures.Figures
		Hours         []figures.Row
		Minutes       []figures.Row
		LastWeek      struct {
			Day        string
			Until, Sum figures.Figures
			Hours      []figures.Row
		}
	}
	b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/live", "")), &got))
	if got.Day != "2026-11-21" || got.Currency != "CNY" || !got.Provisional || got.Partial || !got.At.Equal(start) || got.Sum != (figures.Figures{Events: 116_110, GMV: 11_611_000}) {
		t.Errorf("%+v", got)
	}
	rows := func(all []figures.Row) (text string) {
		for _, r := range all {
			text += fmt.Sprint(r.At.Format("15:04-07 "), r.Events, ";")
		}
		return text
	}
	if text := rows(got.Hours); text != "00:00+08 10;14:00+08 100;15:00+08 16000;16:00+08 100000;" {
		t.Error(text)
	}
	if text := rows(got.Minutes); text != "15:00+08 6000;15:30+08 10000;16:00+08 100000;" {
		t.Error(text)
	}
	week := got.LastWeek
	if text := rows(week.Hours); week.Day != "2026-11-14" || week.Until.Events != 22 || week.Sum.Events != 2222 || text != "00:00+08 2;15:00+08 20;16:00+08 200;23:00+08 2000;" {
		t.Errorf("%+v", week)
	}
	for n := 1; n <= 3; n += 2 {
		b.DB.Fail("Query", n, dynamotest.NotPersisted)
		b.must(503, "GET", "/v1/live", "")
	}
}
