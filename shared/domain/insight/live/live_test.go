package live

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)

// TestPacked: what is packed comes back, and bytes that are none are refused.
func TestPacked(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var h, back Hour
		for range rapid.IntRange(0, 70).Draw(r, "figures") {
			var f Figures
			for _, v := range f.each() {
				*v = rapid.SampledFrom([]int64{0, 1, 127, 128, 1 << 40, math.MaxInt64}).Draw(r, "value")
			}
			h.Minutes[rapid.IntRange(0, Minutes-1).Draw(r, "minute")] = f
		}
		packed := h.Pack()
		if err := back.Unpack(packed); err != nil || back.Minutes != h.Minutes {
			r.Fatalf("%v: %v comes back as %v", err, h.Minutes, back.Minutes)
		}
		if len(packed) > 1 {
			// A cut is noticed wherever it is not between two minutes.
			cut := packed[:rapid.IntRange(1, len(packed)-1).Draw(r, "cut")]
			if part := new(Hour); part.Unpack(cut) == nil && string(part.Pack()) != string(cut) {
				r.Fatalf("%v, a part of %v, is taken as %v", cut, packed, part.Minutes)
			}
		}
	})
	for _, none := range [][]byte{nil, {2}, {1, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {1, 3}, {1, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0}} {
		if err := new(Hour).Unpack(none); err == nil {
			t.Errorf("%v is taken", none)
		}
	}
}

// TestEveryFigureIsCounted: one that is added to Figures and not to each would be lost.
func TestEveryFigureIsCounted(t *testing.T) {
	var f Figures
	all := f.each()
	if n := reflect.TypeFor[Figures]().NumField(); n != len(all) {
		t.Fatalf("%d of %d figures are counted", len(all), n)
	}
	for i, v := range all {
		*v = int64(1) << i
	}
	if want := (Figures{1, 2, 4, 8, 16, 32, 64, 128, 256}); f != want {
		t.Errorf("figures are %+v", f)
	}
	f.Add(Figures{GMV: math.MaxInt64 - 16})
	f.Add(Figures{GMV: 1})
	if f.GMV != math.MaxInt64 {
		t.Errorf("a sum turned around: %d", f.GMV)
	}
}

// TestACounterWrites at once what somebody tries, then as often as its events pay for, or once a minute.
func TestACounterWrites(t *testing.T) {
	var c Counter
	writes, events := 0, 0
	add := func(at time.Time, n int64) {
		events += int(n)
		c.Add(at, Figures{Events: n})
		due := c.Due()
		writes += len(due)
		if len(due) > 0 {
			c.Written(due)
		}
	}
	for range 20 {
		add(t0, 1)
	}
	if writes != 20 {
		t.Errorf("%d of the first 20 are written", writes)
	}
	for range 100_000 {
		add(t0, 1)
	}
	if most := 20 + int(share*float64(events)); writes > most || writes < most-2 {
		t.Errorf("%d writes of %d events, want %d", writes, events, most)
	}
	before := writes
	for n := range 180 {
		add(t0.Add(time.Duration(n+1)*time.Second), 1)
	}
	if n := writes - before; n < 3 || n > 4 {
		t.Errorf("%d writes in three minutes", n)
	}
}

// TestNothingThatWaitsIsForgotten: what was not written comes again with what came since, whole; one writer writes at a time.
func TestNothingThatWaitsIsForgotten(t *testing.T) {
	var c Counter
	c.Add(t0, Figures{Events: 1})
	first := c.Due()
	c.Add(t0.Add(time.Minute), Figures{Events: 2})
	if again := c.Due(); again != nil || len(first) != 1 || first[0].Sum().Events != 1 {
		t.Fatalf("%v while %v is written", again, first)
	}
	c.Written(nil) // it failed
	second := c.Due()
	if len(second) != 1 || second[0].Sum().Events != 3 || second[0].Minutes[30].Events != 1 || second[0].Minutes[31].Events != 2 || second[0].Changes <= first[0].Changes {
		t.Fatalf("after it failed %v is due", second)
	}
	c.Add(t0.Add(2*time.Minute), Figures{Sent: 5})
	c.Written(second)
	if third := c.Due(); len(third) != 1 || third[0].Sum() != (Figures{Events: 3, Sent: 5}) {
		t.Fatalf("what came meanwhile: %v", third)
	}
	c.Written(nil)
	c.Add(t0.Add(time.Hour), Figures{Views: 1})
	both := c.Due()
	if len(both) != 2 || both[0].Hour != t0.Truncate(time.Hour) || both[1].Sum() != (Figures{Views: 1}) {
		t.Fatalf("over the hour: %v", both)
	}
	c.Written(both)
	if none := c.Due(); none != nil {
		t.Errorf("all is written, and %v is due", none)
	}
	c.Add(t0, Figures{})
	if none := c.Due(); none != nil {
		t.Errorf("nothing came, and %v is due", none)
	}
}

// TestADayIsAddedUp by the shop's clock, in zones that are not whole hours off and on days that clocks change.
func TestADayIsAddedUp(t *testing.T) {
	for name, begin := range map[string]string{"Asia/Shanghai": "2026-11-21", "Asia/Kolkata": "2026-11-21", "America/New_York": "2026-11-01", "Australia/Lord_Howe": "2026-10-04"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		from, err := time.ParseInLocation(time.DateOnly, begin, zone)
		if err != nil {
			t.Fatal(err)
		}
		to := from.AddDate(0, 0, 1)
		var hours []Hour
		want := map[string]int64{}
		last := int64(0)
		all := int64(0)
		for at := HourOf(from.Add(-2 * time.Hour)); at.Before(to.Add(2 * time.Hour)); at = at.Add(time.Hour) {
			for instance := range 2 {
				h := Hour{Hour: at}
				for _, minute := range []int{0, 29, 30, 59} {
					n := int64(1 + minute + instance)
					h.Minutes[minute] = Figures{Events: n}
					if moment := at.Add(time.Duration(minute) * time.Minute).In(zone); !moment.Before(from) && moment.Before(to) {
						want[moment.Format("2006-01-02 15 -07:00")] += n
						all += n
						if !moment.Before(to.Add(-time.Hour)) {
							last += n
						}
					}
				}
				hours = append(hours, h)
			}
		}
		d := Add(hours, from, to, to.Add(-time.Hour), zone)
		got := map[string]int64{}
		for i, row := range d.Hours {
			got[row.At.Format("2006-01-02 15 -07:00")] += row.Events
			if i > 0 && !row.At.After(d.Hours[i-1].At) {
				t.Errorf("%s: hours are not in order", name)
			}
		}
		var minutes int64
		for _, row := range d.Minutes {
			minutes += row.Events
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || d.Sum.Events != all || minutes != last {
			t.Errorf("%s: %d in all of %d, %d in the last hour of %d\n%v\n%v", name, d.Sum.Events, all, minutes, last, got, want)
		}
	}
}
