package live

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/key"
)

var t0 = time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)

func events(t *testing.T, l Live, from, to time.Time) (n int64) {
	t.Helper()
	hours, partial, err := l.Between(t.Context(), from, to)
	if err != nil || partial {
		t.Fatal(err, partial)
	}
	for i := range hours {
		n += hours[i].Sum().Events
	}
	return n
}

// TestPutAgain: an hour of an instance is one item, whole; what comes late changes nothing, and each hour is read with those that lie in it.
func TestPutAgain(t *testing.T) {
	l := Live{DB: dynamotest.NewAt(t, func() time.Time { return t0 }), Table: "Live"}
	hour := live.HourOf(t0)
	for i, c := range []struct {
		instance string
		hour     time.Time
		events   int64
		want     int64
	}{
		{"a", hour, 2, 2}, {"a", hour, 2, 2}, {"a", hour, 5, 5}, {"a", hour, 3, 5}, {"b", hour, 1, 6},
		{"~", hour.Add(time.Hour), 10, 16}, {"a", hour.Add(2 * time.Hour), 100, 16}, {"~", hour.Add(-time.Hour), 100, 16}, // the others are not asked for
	} {
		h := live.Hour{Hour: c.hour, Changes: c.events}
		h.Minutes[30].Events = c.events
		if err := l.Put(t.Context(), c.instance, h); err != nil {
			t.Fatal(i, err)
		}
		if got := events(t, l, t0, hour.Add(2*time.Hour)); got != c.want {
			t.Errorf("after put %d it is %d, want %d", i, got, c.want)
		}
	}
	if got := events(t, l, t0.Add(-24*time.Hour), t0.Add(24*time.Hour)); got != 216 {
		t.Errorf("of two days it is %d", got)
	}
	hours, _, err := l.Between(t.Context(), hour.Add(time.Hour), hour.Add(90*time.Minute))
	if err != nil || len(hours) != 1 || !hours[0].Hour.Equal(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) || hours[0].Minutes[30].Events != 10 {
		t.Errorf("%v, %+v", err, hours)
	}
	found, err := dynamo.Get(t.Context(), l.DB, "Live", key.Live(hour, "a"))
	if ttl := dynamo.NumberOf(found, dynamo.AttrTTL); err != nil || ttl != time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("it ends at %d, %v", ttl, err)
	}
	newer := key.Live(hour, "z").Item()
	newer[dynamo.AttrBody] = dynamo.BytesValue([]byte{9, 9})
	if err := dynamo.Do(t.Context(), l.DB, dynamo.Put("Live", newer, dynamo.Condition{})); err != nil || events(t, l, t0, hour.Add(2*time.Hour)) != 16 {
		t.Errorf("%v: a newer version's item counts", err)
	}
}

// TestAWriteThatFails: what failed is written with the next, whether it was kept or not; nothing is counted twice.
func TestAWriteThatFails(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.Persisted, dynamotest.NotPersisted} {
		db := dynamotest.NewAt(t, func() time.Time { return t0 })
		i := Begin(db, "Live", func() time.Time { return t0 })
		db.Fail("PutItem", 1, how)
		i.Count(live.Figures{Events: 1})
		i.Write(t.Context())
		if got, want := events(t, i.live, t0, t0.Add(time.Minute)), map[dynamotest.How]int64{dynamotest.Persisted: 1}[how]; got != want {
			t.Errorf("%v: it is %d, want %d", how, got, want)
		}
		i.Write(t.Context()) // nothing came: it is written all the same
		if got := events(t, i.live, t0, t0.Add(time.Minute)); got != 1 {
			t.Errorf("%v: again it is %d", how, got)
		}
		i.Count(live.Figures{Events: 1})
		i.Write(t.Context())
		if got := events(t, i.live, t0, t0.Add(time.Minute)); got != 2 {
			t.Errorf("%v: at last it is %d", how, got)
		}
	}
}
