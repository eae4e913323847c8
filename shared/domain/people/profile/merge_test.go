package profile

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// notOfEvents are the fields of a profile that a fold of both halves' events does not tell, each with what holds it.
var notOfEvents = map[string]string{
	"ID": "TestAMergeFieldByField", "Version": "the store", "Identifiers": "TestAMergeFieldByField", "Parts": "TestAMergeFieldByField",
	"Tagging": "TestAMergeFieldByField", "Orders": "TestMergedOrders", "Members": "TestAMergeFieldByField", "Scores": "of the last run", "Purchases": "TestAMergeFieldByField",
	"LeftOut": "may differ", "ShopDays": "package segment", "Erasures": "TestAMergeFieldByField", "ErasedAt": "TestAMergeFieldByField", "Window": "TestAMergeFieldByField",
	"Outbox": "TestAMergeFieldByField", "Unknown": "TestAMergeFieldByField",
	"Unproven.LeftOut": "may differ", "Unproven.ShopDays": "package segment", "Unproven.Unknown": "TestAMergeFieldByField",
}

// TestAMergeIsTheFoldOfAllEvents folds events into two people and unites them, either way: everything is as if all had been one person's.
func TestAMergeIsTheFoldOfAllEvents(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		list := make([]event.Event, 2+r.IntN(60))
		for i := range list {
			list[i] = anyEvent(r)
			list[i].ReceivedAt = list[i].Timestamp.Add(time.Duration(r.IntN(48)) * time.Hour)
		}
		cut := r.IntN(len(list) + 1)
		want := folded(list)
		for half, halves := range map[string][2][]event.Event{"first": {list[:cut], list[cut:]}, "second": {list[cut:], list[:cut]}} {
			got, other := folded(halves[0]), folded(halves[1])
			got.Absorb(other)
			for name, want := range fields(want) {
				if notOfEvents[name] != "" || alike(fields(got)[name], want) {
					continue
				}
				t.Errorf("seed %d, the %s half stays, %s:\n%+v\nwant\n%+v", seed, half, name, fields(got)[name], want)
			}
		}
	}
}

// fields are the exported fields of a profile by name, those of its parts too.
func fields(p *Profile) map[string]any {
	all := map[string]any{}
	var add func(prefix string, v reflect.Value)
	add = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case f.Type == reflect.TypeFor[Memory]() && !f.Anonymous:
				add(f.Name+".", v.Field(i))
			case f.Anonymous:
				add(prefix, v.Field(i))
			case f.IsExported():
				all[prefix+f.Name] = v.Field(i).Interface()
			}
		}
	}
	add("", reflect.ValueOf(*p))
	return all
}

// alike tells whether two values are the same, or both an empty table.
func alike(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	return reflect.DeepEqual(a, b) || x.Kind() == reflect.Map && x.Len() == 0 && y.Len() == 0
}

func TestAMergeFieldByField(t *testing.T) {
	day := func(n int) time.Time { return t0.AddDate(0, 0, n) }
	p := &Profile{
		ID: "p", Version: 5, Identifiers: []Identifier{{UserID, "mei"}, {Email, "mei@shop.example"}}, Parts: []ID{"a"}, Tagging: Tagging{Words: map[string]Tagged{"b": {}, "d": {}}},
		Members: map[string]Membership{"both": {Since: day(2), Run: "r2"}, "mine": {Since: day(1)}}, Scores: Scores{R: 5}, Memory: Memory{LeftOut: map[string]int64{"cart": 1}, Unknown: []byte("U")},
		Purchases: Purchases{Lines: 1, Refunds: 2},
		Window:    Window{Commits: []Commit{{Version: 4, At: day(1), Hashes: []event.Hash{1, 2}}, {Version: 5, At: day(3), Hashes: []event.Hash{3}}}},
		Outbox:    []Follow{{Kind: FollowOrder, Ref: "P", Version: 5}},
		Reach:     Reach{Consent: map[string]Consent{"email": {Granted: true, ReceivedAt: day(1)}, "sms": {ReceivedAt: day(4), Reason: "unsubscribe"}}},
	}
	p.RememberErasure("a", day(-9))
	p.RememberErasure("both", day(-3))
	q := &Profile{
		ID: "q", Version: 8, Identifiers: []Identifier{{Email, "mei@shop.example"}, {AnonymousID, "phone"}}, Parts: []ID{"x", "y"}, Memory: Memory{FirstSeen: day(-1), LastSeen: day(4), LeftOut: map[string]int64{"cart": 2, "traits": 1}, Unknown: []byte("V")}, Tagging: Tagging{Words: map[string]Tagged{"a": {}, "b": {}, "c": {}}},
		Members: map[string]Membership{"both": {Since: day(1), Run: "r1"}, "theirs": {Since: day(3), Run: "r3"}}, Scores: Scores{R: 1},
		Purchases: Purchases{Lines: 3, Discount: 9},
		Window:    Window{Commits: []Commit{{Part: "x", Version: 2, At: day(2), Hashes: []event.Hash{2, 3}, Owed: []Day{7}}, {Version: 8, At: day(4), Hashes: []event.Hash{4}}}, Floor: day(1)},
		Outbox:    []Follow{{Kind: FollowSignUp, Version: 8}, {Part: "y", Kind: FollowOrder, Ref: "Y", Version: 1}},
		Reach:     Reach{Consent: map[string]Consent{"email": {ReceivedAt: day(2), Reason: "complaint"}, "sms": {Granted: true, ReceivedAt: day(3)}, "push": {Granted: true, ReceivedAt: day(1)}}},
	}
	q.RememberErasure("q", day(-5))
	q.RememberErasure("both", day(-4))
	before := *q
	if got := p.Twice(q); got != 2 {
		t.Errorf("%d messages are remembered by both, want 2", got)
	}
	p.Absorb(q)
	for what, pair := range map[string][2]any{
		"identifiers":    {p.Identifiers, []Identifier{{UserID, "mei"}, {Email, "mei@shop.example"}, {AnonymousID, "phone"}}},
		"parts":          {p.Parts, []ID{"a", "x", "y", "q"}},
		"first seen":     {p.FirstSeen, day(-1)},
		"last seen":      {p.LastSeen, day(4)},
		"tags":           {p.Tags(), []string{"a", "b", "c", "d"}},
		"members":        {p.Members, map[string]Membership{"both": {Since: day(1), Run: "r1"}, "mine": {Since: day(1)}, "theirs": {Since: day(3), Run: "r3"}}},
		"scores":         {p.Scores, Scores{R: 5}},
		"left out":       {p.LeftOut, map[string]int64{"cart": 3, "traits": 1}},
		"purchases":      {p.Purchases, Purchases{Lines: 4, Refunds: 2, Discount: 9}},
		"consent":        {p.Consent, map[string]Consent{"email": {ReceivedAt: day(2), Reason: "complaint"}, "sms": {ReceivedAt: day(4), Reason: "unsubscribe"}, "push": {Granted: true, ReceivedAt: day(1)}}},
		"unknown":        {string(p.Unknown), "UV"},
		"erasures":       {p.Erasures, map[ID]time.Time{"a": day(-9), "both": day(-3), "q": day(-5)}},
		"erased":         {p.ErasedAt, day(-3)},
		"what was read":  {p.Mark(), Mark{Version: 5}},
		"id and version": {[]any{p.ID, p.Version}, []any{ID("p"), int64(5)}},
		"the other half": {*q, before},
		"window":         {p.Window.Commits, []Commit{{Version: 4, At: day(1), Hashes: []event.Hash{1, 2}}, {Part: "x", Version: 2, At: day(2), Hashes: []event.Hash{2, 3}, Owed: []Day{7}}, {Version: 5, At: day(3), Hashes: []event.Hash{3}}, {Part: "q", Version: 8, At: day(4), Hashes: []event.Hash{4}}}},
		"floor":          {p.Window.Floor, day(1)},
		"outbox":         {p.Outbox, []Follow{{Kind: FollowOrder, Ref: "P", Version: 5}, {Part: "q", Kind: FollowSignUp, Version: 8}, {Part: "y", Kind: FollowOrder, Ref: "Y", Version: 1}}},
		"refused":        {[]bool{p.Erased("q", day(-5)), p.Erased("q", day(-5).Add(1)), p.Erased("p", day(-9)), p.Erased("a", day(-9)), p.Erased("a", day(-5))}, []bool{true, false, false, true, false}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %+v, want %+v", what, pair[0], pair[1])
		}
	}
	// A floor is never lowered, and an earlier life than the other's stays.
	r := &Profile{ID: "r", Memory: Memory{FirstSeen: day(0), LastSeen: day(0)}, Window: Window{Floor: day(-1)}}
	p.Absorb(r)
	if !p.Window.Floor.Equal(day(1)) || !p.FirstSeen.Equal(day(-1)) || !p.LastSeen.Equal(day(4)) {
		t.Errorf("floor %v, seen %v to %v", p.Window.Floor, p.FirstSeen, p.LastSeen)
	}
}

// TestMergedOrders unites people with fewer and with more orders than are listed: the sums are those of all, and every order can still be
// found and taken back.
func TestMergedOrders(t *testing.T) {
	for seed, sizes := range [][2]int{{3, 4}, {0, 5}, {5, 0}, {MaxOrderEntries + 40, 30}, {30, MaxOrderEntries + 40}, {MaxOrderEntries + 9, MaxOrderEntries + 70}, {MaxOrderEntries, MaxOrderEntries}} {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		var all []OrderEntry
		var p, q, want Orders
		for i, o := range []*Orders{&p, &q} {
			for range sizes[i] {
				e := OrderEntry{At: t0.Add(time.Duration(r.IntN(1e6)) * time.Second), Net: int64(r.IntN(500)) - 20, Currency: []money.Currency{"CNY", "USD"}[r.IntN(2)]}
				all = append(all, e)
				o.Replace(nil, &e)
				want.Replace(nil, &e)
			}
		}
		// Who has taken back most of what is listed has little listed and much collapsed.
		if seed%2 == 0 {
			for len(q.Entries) > 5 {
				e := q.Entries[len(q.Entries)-1]
				q.Replace(&e, nil)
				want.Replace(&e, nil)
				at := slices.Index(all, e)
				all = slices.Delete(all, at, at+1)
			}
		}
		keep, other := &Profile{ID: "p", Orders: p}, &Profile{ID: "q", Orders: q}
		bases := fmt.Sprint(q.Base)
		keep.Absorb(other)
		got := keep.Orders
		if got.Count != len(all) || !reflect.DeepEqual(got.Revenue(), want.Revenue()) || !got.FirstAt().Equal(want.FirstAt()) || !got.LastAt().Equal(want.LastAt()) && seed%2 != 0 || len(got.Entries) > MaxOrderEntries {
			t.Errorf("sizes %v: %d orders worth %v from %v to %v, want %d, %v, %v, %v", sizes, got.Count, got.Revenue(), got.FirstAt(), got.LastAt(), len(all), want.Revenue(), want.FirstAt(), want.LastAt())
		}
		if !slices.IsSortedFunc(got.Entries, compareEntries) || !slices.IsSortedFunc(got.Base, func(a, b Collapsed) int { return cmp.Compare(a.Currency, b.Currency) }) || fmt.Sprint(other.Orders.Base) != bases {
			t.Errorf("sizes %v: out of order, or the other half is changed", sizes)
		}
		for _, e := range all {
			if !got.Holds(e) {
				t.Errorf("sizes %v: an order of %v cannot be found any more", sizes, e.At)
				break
			}
		}
		for _, e := range all {
			got.Replace(&e, nil)
		}
		if got.Count != 0 || len(got.Entries) != 0 || slices.ContainsFunc(got.Base, func(b Collapsed) bool { return b.Orders != 0 || b.Net != 0 || b.Count != 0 }) {
			t.Errorf("sizes %v: when all are taken back there are %+v", sizes, got)
		}
	}
}
