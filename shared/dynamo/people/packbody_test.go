package people

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/packed"
)

func TestPackBodyRoundTrip(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	var events []PackedEvent
	for i, id := range []string{"", "plain", "0b3f2a7e-58aa-4c1e-9d2b-7f6a1c2d3e4f", "ajs-next-0b3f2a7e-58aa-4c1e-9d2b-7f6a1c2d3e4f", "0B3F2A7E-58AA-4C1E-9D2B-7F6A1C2D3E4F",
		"ajs-0b3f2a7e58aa4c1e9d2b7f6a1c2d3e4f", "0b3f2a7e-58aa-4c1e-9d2b-7f6a1c2d3e4g", "0b3f2a7e-58aa-4c1e-9d2b-7f6a1c2d3e4", "--------------------------------", "订单-0b3f2a7e58aa4c1e9d2b7f6a1c2d3e4f"} {
		e := event.Event{MessageID: id, Kind: event.Track, UserID: fmt.Sprint("u", i), Name: []string{"Product Viewed", "Own Event"}[i%2], Timestamp: at.Add(-time.Duration(i) * time.Hour), ReceivedAt: at.Add(time.Duration(i) * time.Second)}
		if i%3 == 0 {
			e.OriginalTimestamp, e.SentAt = e.Timestamp.Add(-time.Minute), e.ReceivedAt.Add(time.Minute)
			e.Properties, e.Context = json.RawMessage(`{"a": 1}`), json.RawMessage(`{}`)
		}
		if i%4 == 0 {
			e.AnonymousID, e.PreviousID, e.GroupID, e.Traits, e.Integrations = "a", "p", "g", json.RawMessage(`{"t":null}`), json.RawMessage(`{"All":true}`)
		}
		events = append(events, PackedEvent{Source: []string{"web", "server"}[i%2], Event: e})
	}
	check := func(what string) {
		t.Helper()
		got, err := unpackBody(packEvents(events))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, events) {
			t.Errorf("%s:\n%+v\nwant\n%+v", what, got, events)
		}
	}
	check("milliseconds")
	plain, _ := packed.Decoder().DecodeAll(packEvents(events), nil)
	for i, level := range []trust.Level{trust.Public, "", trust.Person} {
		events[i].Event.Trust = level
	}
	check("who speaks")
	// What the version before reads is where it was, and what it wrote is the shop's.
	if marked, _ := packed.Decoder().DecodeAll(packEvents(events), nil); !bytes.HasPrefix(marked, plain) {
		t.Error("who speaks is not behind the columns")
	}
	for i := range events {
		events[i].Event.Trust = ""
	}
	events[3].Event.SentAt = at.Add(456 * time.Nanosecond)
	check("nanoseconds")
	events = events[:0:0]
	events = append(events, PackedEvent{})
	events[0].Event.Timestamp, events[0].Event.ReceivedAt = time.Date(1997, 1, 1, 0, 0, 0, 0, time.UTC), at
	check("a year long before the epoch")
	events[0].Event.OriginalTimestamp, events[0].Event.SentAt = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	check("the years that a client can say")
}

func TestPackBodyOfJSONIsRead(t *testing.T) {
	want := []PackedEvent{{Source: "web", Event: event.Event{MessageID: "m", Kind: event.Page, Timestamp: time.Unix(1, 0).UTC(), ReceivedAt: time.Unix(2, 0).UTC()}}}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unpackBody(packed.Encoder().EncodeAll(raw, nil)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := unpackBody(packed.Encoder().EncodeAll([]byte{2, 0, 0}, nil)); err == nil {
		t.Error("a layout of a newer version is read")
	}
}

// TestTwentyBrowserEventsFitIntoTwoKilobytes holds the price of a batch: what is written is paid by the kilobyte.
func TestTwentyBrowserEventsFitIntoTwoKilobytes(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var events []PackedEvent
	for i := range 20 {
		n := uint64(i+1) * 0x9E3779B97F4A7C15
		e := event.Event{MessageID: fmt.Sprintf("ajs-next-%08x-%04x-4%03x-9%03x-%012x", uint32(n), uint16(n>>32), n>>20&0xfff, n>>40&0xfff, n*n>>16&0xffffffffffff), Kind: event.Track, UserID: "u-1001", Name: "Product Viewed", Trust: trust.Public,
			Properties: json.RawMessage(fmt.Sprintf(`{"product_id":"p-%d","sku":"T-%d","category":"tea","name":"Longjing %d","brand":"West Lake","price":%d.%02d,"quantity":1,"currency":"CNY","position":%d}`, n%1009, n%4001, n%97, n%300, n%100, i)),
			Context: json.RawMessage(fmt.Sprintf(`{"library":{"name":"analytics.js","version":"next-1.70.0"},"locale":"zh-CN","timezone":"Asia/Shanghai",`+
				`"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)","page":{"path":"/p/%d","title":"Longjing %d","url":"https://shop.example/p/%d"}}`, n%1009, n%97, n%1009))}
		e.Timestamp = at.Add(time.Duration(n%60_000) * time.Millisecond)
		e.OriginalTimestamp, e.SentAt, e.ReceivedAt = e.Timestamp.Add(-137*time.Millisecond), at.Add(61*time.Second), at.Add(61*time.Second+137*time.Millisecond)
		events = append(events, PackedEvent{Source: "web", Event: e})
	}
	packs, err := Packed([]Pack{{Profile: "gbOBfCNI2WeriD7lUXFExQ", Day: 20513, Version: 123, Events: events}})
	if err != nil {
		t.Fatal(err)
	}
	i := Timeline{}.item(packs[0])
	size := 0
	for name := range i {
		size += len(name) + len(dynamo.BytesOf(i, name)) + len(dynamo.TextOf(i, name))
	}
	if size > 2048 {
		t.Errorf("%d bytes", size)
	}
	t.Logf("%d bytes", size)
}

func FuzzUnpackBody(f *testing.F) {
	f.Add([]byte{packColumns, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		events, err := unpackBody(packed.Encoder().EncodeAll(raw, nil))
		if err == nil {
			_ = packEvents(events)
		}
	})
}
