package event

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestTimesOfTheShop reads times without a zone in the shop's, and says so; the oracle is the same time written with its offset.
func TestTimesOfTheShop(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	const local = "has no zone and is read in the shop's, Asia/Shanghai: end it in Z or +08:00"
	for fields, c := range map[string]struct {
		same  string
		doubt string
	}{
		`"timestamp":"2026-11-20 10:00:00"`:                                      {`"timestamp":"2026-11-20T10:00:00+08:00"`, "timestamp"},
		`"timestamp":"2026-11-20T10:00:00.25"`:                                   {`"timestamp":"2026-11-20T10:00:00.25+08:00"`, "timestamp"},
		`"timestamp":"2026-11-20"`:                                               {`"timestamp":"2026-11-20T00:00:00+08:00"`, "timestamp"},
		`"timestamp":"2026-11-20t10:00:00z"`:                                     {`"timestamp":"2026-11-20T10:00:00Z"`, ""},
		`"timestamp":"2026-11-20 10:00:00+0100"`:                                 {`"timestamp":1`, ""},
		`"originalTimestamp":"2026-11-20 10:00:00"`:                              {`"originalTimestamp":"2026-11-20T10:00:00+08:00"`, "originalTimestamp"},
		`"timestamp":"2026-11-20 10:00:00","sentAt":"2026-11-20T10:00:05"`:       {`"timestamp":"2026-11-20T10:00:00+08:00","sentAt":"2026-11-20T10:00:05+08:00"`, "sentAt timestamp"},
		`"timestamp":"2026-11-20T02:00:00Z","sentAt":"2026-11-20 10:00:05"`:      {`"timestamp":"2026-11-20T02:00:00Z","sentAt":"2026-11-20T02:00:05Z"`, "sentAt"},
		`"timestamp":"1989-07-01 00:00:00","sentAt":"1989-07-01T00:00:00Z"`:      {`"timestamp":"1989-07-01T00:00:00+09:00","sentAt":"1989-07-01T00:00:00Z"`, "timestamp"}, // a summer of Shanghai's
		`"timestamp":"2026-11-20T10:00:00.000Z","sentAt":"2026-11-20T10:00:00Z"`: {`"timestamp":"2026-11-20T10:00:00Z","sentAt":"2026-11-20T10:00:00Z"`, ""},
	} {
		read := func(fields string) (Batch, Event) {
			b, err := ParseOne([]byte(`{"userId":"u","messageId":"m",`+fields+`}`), Page, Arrival{ReceivedAt: received, Zone: shanghai})
			if err != nil {
				t.Fatal(err)
			}
			if len(b.Events) == 0 {
				return *b, Event{}
			}
			return *b, b.Events[0]
		}
		b, got := read(fields)
		if _, want := read(c.same); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\nwant %+v", fields, got, want)
		}
		var want []Warning
		for _, field := range strings.Fields(c.doubt) {
			want = append(want, Warning{0, field, local})
		}
		if warned := b.Warnings(); !reflect.DeepEqual(warned, want) && len(warned)+len(want) > 0 {
			t.Errorf("%s: warned %+v, want %+v", fields, warned, want)
		}
	}
}

func TestWarningsOfABatch(t *testing.T) {
	const utc = "has no zone and is read in the shop's, UTC: end it in Z or +08:00"
	b, err := ParseBatch([]byte(`{"sentAt":"2026-11-21 08:00:00","batch":[
		{"type":"page","userId":"u","timestamp":"2026-11-21 08:00:00"},
		{"type":"page","userId":"u","timestamp":"2026-11-21 08:00:00","sentAt":"yesterday"},
		{"type":"page","userId":"u","timestamp":"2026-11-21 08:00:01"},
		{"type":"page","userId":"u","timestamp":"2026-11-22T08:00:00.001Z"},
		{"type":"page","userId":"u","timestamp":"2026-11-22T08:00:00Z"}]}`), arrival())
	if err != nil {
		t.Fatal(err)
	}
	b.Judge(func(e *Event, as Sent) (field, reason string) {
		b.Warn(as.Index, "event", "looks odd")
		b.Warn(as.Index, "event", "")
		if as.Index == 2 {
			return "event", "is refused after all"
		}
		return "", ""
	})
	want := []Warning{{-1, "sentAt", utc}, {0, "timestamp", utc}, {0, "event", "looks odd"}, {3, "timestamp", "is more than 24 hours ahead and counts as now"},
		{3, "event", "looks odd"}, {4, "event", "looks odd"}}
	if got := b.Warnings(); !reflect.DeepEqual(got, want) {
		t.Errorf("warned %+v\nwant %+v", got, want)
	}
	if got := b.Warnings(); !reflect.DeepEqual(got, want) {
		t.Errorf("asked again: %+v", got)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	const item = `{"type":"page","userId":"u","timestamp":"2026-11-21 08:00:00"}`
	b, err := ParseBatch([]byte(`{"batch":[`+strings.Repeat(item+",", 2*MaxWarnings)+item+`]}`), arrival())
	if err != nil || len(b.Events) != 2*MaxWarnings+1 {
		t.Fatal(err, b)
	}
	if got := b.Warnings(); len(got) != MaxWarnings || got[MaxWarnings-1].Index != MaxWarnings-1 {
		t.Errorf("%d warnings, the last %+v", len(got), got[len(got)-1])
	}
}
