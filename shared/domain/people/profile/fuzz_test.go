package profile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// FuzzFold folds any two events, said by anybody, in both sequences: the profile is the same, keeps its bounds, and holds no text that was not sent.
func FuzzFold(f *testing.F) {
	for _, c := range [][3]string{
		{`{"product_id":"p","category":"Tea","price":"1.5","quantity":2}`, `{"email":"ann@example.com","phone":"13800001111","birthday":"1990-05-31","city":"上海"}`,
			`{"locale":"zh-CN","timezone":"Asia/Shanghai","device":{"id":"d","token":"t","type":"ios"},"userAgent":"Mozilla/5.0 (iPhone)","campaign":{"name":"c"},"page":{"referrer":"https://a.example"}}`},
		{`{"channel":"email","reason":"x"}`, `{"a":{"b":1},"c":[1],"d":1e999,"e":null}`, `{"device":[],"os":7,"traits":{"email":1}}`}, {`{"rating":5,"query":"tea","products":[{"product_id":"a"},7]}`, `[]`, `null`}, {``, ``, ``},
	} {
		for which := range uint8(8) {
			f.Add(which, []byte(c[0]), []byte(c[1]), []byte(c[2]), "name", "device", uint8(which))
		}
	}
	kinds := []event.Kind{event.Track, event.Identify, event.Page, event.Screen, event.Group, event.Alias}
	levels := []trust.Level{"", trust.Public, trust.Person, trust.Shop, trust.Provider}
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, which uint8, properties, traits, context []byte, name, device string, by uint8) {
		for _, raw := range [][]byte{properties, traits, context} {
			if len(raw) > 0 && (!json.Valid(raw) || !utf8.Valid(raw)) {
				return // ingest refuses it
			}
		}
		if !utf8.ValidString(name + device) {
			return
		}
		kind := kinds[int(which)%len(kinds)]
		if kind == event.Track && int(which) < len(StandardEvents) {
			name = StandardEvents[which]
		}
		events := []event.Event{
			{MessageID: "a", Kind: kind, Name: name, UserID: "u", AnonymousID: device, GroupID: name, Properties: properties, Traits: traits, Context: context, Timestamp: noon, ReceivedAt: noon, Trust: levels[int(by)%len(levels)]},
			{MessageID: "b", Kind: event.Identify, UserID: "u", AnonymousID: device, Traits: traits, Context: context, Timestamp: noon.Add(time.Minute), ReceivedAt: noon.Add(time.Minute), Trust: levels[int(by/8)%len(levels)]},
		}
		var got []*Profile
		for _, sequence := range [][]int{{0, 1}, {1, 0}} {
			p := &Profile{ID: "p", Identifiers: []Identifier{{Kind: UserID, Value: "u"}}}
			for _, i := range sequence {
				e := events[i]
				before := bytes.Clone(e.Context)
				p.Fold(&e, Shop{Currency: "CNY"})
				if !bytes.Equal(before, e.Context) {
					t.Fatal("the event was changed")
				}
			}
			got = append(got, p)
		}
		one, other := canonical(t, got[0]), canonical(t, got[1])
		if !reflect.DeepEqual(one, other) {
			t.Fatalf("told in one sequence it is\n%s\nand in the other\n%s", one, other)
		}
		for _, m := range []*Memory{&got[0].Memory, &got[0].Unproven} {
			if len(m.Traits) > MaxTraits || len(m.Counters) > MaxCounters+len(StandardEvents) || len(m.Groups) > MaxGroups || len(m.Cart) > MaxCartLines {
				t.Fatalf("over the bounds: %+v", m)
			}
			for key, trait := range m.Traits {
				if text, is := trait.Value.(string); len(key) > MaxTraitKey || is && (len(text) > MaxTraitText || !utf8.ValidString(text)) {
					t.Fatalf("the trait %q is %v", key, trait.Value)
				}
			}
		}
	})
}

// canonical is a profile as JSON, whose maps are sorted.
func canonical(t *testing.T, p *Profile) string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
