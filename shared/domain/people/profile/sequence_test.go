package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// anyEvent draws an event of a person who goes beyond every bound.
func anyEvent(r *rand.Rand) event.Event {
	pickOne := func(list ...string) string { return list[r.IntN(len(list))] }
	e := event.Event{
		Kind: event.Track, Timestamp: t0.Add(time.Duration(r.IntN(400*24)) * time.Hour), Trust: []trust.Level{"", trust.Public, trust.Public, trust.Person}[r.IntN(4)],
		UserID: pickOne("u", ""), AnonymousID: pickOne("", fmt.Sprint("device-", r.IntN(9))),
		Context: json.RawMessage(fmt.Sprintf(`{"locale":%q,"timezone":%q,"device":{"id":"device-%d","token":"token-of-device-%d","type":%q},"os":{"name":%q},"campaign":{"name":"c%d"},"traits":{"t%d":%d}}`,
			pickOne("zh-CN", "en"), pickOne("Asia/Shanghai", "Europe/Berlin", "nowhere"), r.IntN(9), r.IntN(9), pickOne("phone", "tablet"), pickOne("iOS", "Android"), r.IntN(3), r.IntN(90), r.IntN(3))),
	}
	item := fmt.Sprintf(`{"product_id":"p%d","category":"category %d","brand":"brand %d","price":%d,"quantity":%d,"query":"q%d","rating":%d,"channel":"channel %d"}`,
		r.IntN(40), r.IntN(60), r.IntN(50), r.IntN(100), r.IntN(4), r.IntN(9), r.IntN(7), r.IntN(30))
	if r.IntN(4) == 0 {
		item = fmt.Sprintf(`{"channel":%q}`, pickOne("email", "sms", "push"))
	}
	switch r.IntN(14) {
	case 0:
		e.Kind, e.UserID, e.Traits = event.Identify, "u", json.RawMessage(fmt.Sprintf(`{"t%d":%d,"x":%d,"email":"a%d@shop.example","phone":"1380000000%d"}`, r.IntN(90), r.IntN(3), r.IntN(9), r.IntN(9), r.IntN(9)))
		return e
	case 1:
		e.Kind, e.GroupID = event.Group, fmt.Sprint("g", r.IntN(20))
		return e
	case 2:
		e.Kind = event.Page
		return e
	case 6:
		e.Kind, e.UserID, e.PreviousID = event.Alias, "u", fmt.Sprint("device-", r.IntN(9))
		return e
	case 3:
		e.Name = fmt.Sprint("Own ", r.IntN(150))
	case 4:
		e.Name = event.OrderCompleted
		item = `{"order_id":"o","products":[` + item + `,` + item + `]}`
	default:
		e.Name = pickOne(event.ProductViewed, event.ProductAdded, event.ProductRemoved, event.ProductWishlisted, "Products Searched", "Product Reviewed",
			event.ConsentGranted, event.ConsentRevoked, "Notification Sent")
	}
	e.Properties = json.RawMessage(item)
	return e
}

func folded(list []event.Event) *Profile {
	p := &Profile{}
	for i := range list {
		p.Fold(&list[i], Shop{Currency: "CNY"})
	}
	p.LeftOut, p.Unproven.LeftOut = nil, nil // the one thing that may differ
	return p
}

func TestFoldIsAFunctionOfTheSet(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		list := make([]event.Event, 400+r.IntN(900))
		for i := range list {
			list[i] = anyEvent(r)
		}
		want := folded(list)
		if seed == 0 && (len(want.Devices) != MaxDevices || len(want.Tokens) != MaxTokens || len(want.Categories) < 8 || len(want.Viewed) != MaxViewed || len(want.Claims) == 0 || want.ClaimsFrom.IsZero()) {
			t.Fatalf("the events leave something out: %d devices, %d tokens, %d categories, %d viewed, %d claims from %v", len(want.Devices), len(want.Tokens), len(want.Categories), len(want.Viewed), len(want.Claims), want.ClaimsFrom)
		}
		if seed == 0 {
			held := fields(want)
			for name := range fields(&Profile{}) {
				if memory := strings.TrimPrefix(name, "Unproven."); memory != name && memory != "Unknown" && memory != "LeftOut" && (reflect.ValueOf(held[name]).IsZero() || reflect.ValueOf(held[memory]).IsZero()) {
					t.Errorf("no event of anyEvent fills %s of both memories", memory)
				}
			}
		}
		for range 2 {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			if got := folded(list); !reflect.DeepEqual(got, want) {
				for name, want := range fields(want) {
					if got := fields(got)[name]; !reflect.DeepEqual(got, want) {
						t.Errorf("seed %d, %s:\n%+v\nwant\n%+v", seed, name, got, want)
					}
				}
			}
		}
	}
}

// TestTheUnitedViewStandsAlone: looking at both memories at once changes neither.
func TestTheUnitedViewStandsAlone(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 3))
		list := make([]event.Event, 600)
		for i := range list {
			list[i] = anyEvent(r)
		}
		p, same := folded(list), folded(list)
		p.All()
		for name, want := range fields(same) {
			if got := fields(p)[name]; !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d: %s changed by a look:\n%+v\nwas\n%+v", seed, name, got, want)
			}
		}
	}
}

// TestMergedSumsAreThoseOfAllEvents folds halves of the events into two people and unites them.
func TestMergedSumsAreThoseOfAllEvents(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 2))
		list := make([]event.Event, 1000)
		for i := range list {
			list[i] = anyEvent(r)
		}
		all, p, q := folded(list), folded(list[:400]), folded(list[400:])
		p.Absorb(q)
		p.LeftOut = nil
		for name, pair := range map[string][2]any{
			"counters": {p.Counters, all.Counters}, "categories": {p.Categories, all.Categories}, "brands": {p.Brands, all.Brands}, "hours": {p.Hours, all.Hours},
			"devices": {p.Devices, all.Devices}, "tokens": {p.Tokens, all.Tokens}, "viewed": {p.Viewed, all.Viewed}, "ratings": {p.Ratings, all.Ratings},
			"client": {p.Client, all.Client}, "search": {p.Search, all.Search}, "traits": {p.Traits, all.Traits}, "groups": {p.Groups, all.Groups}, "touch": {p.Touch, all.Touch},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("seed %d, %s:\n%+v\nwant\n%+v", seed, name, pair[0], pair[1])
			}
		}
	}
}

func TestInterestsDecay(t *testing.T) {
	now := time.Unix(0, 0).Add(1000 * HalfLife)
	var m Interests
	m.add("tea", now, 4)
	m.add("tea", now.Add(-HalfLife), 2)
	m.add("pots", now.Add(-7*HalfLife), 128)
	m.add("cups", now.Add(-8*HalfLife), 1000)
	m.add("", now, 9)
	if got := m["tea"].Weight(now); got != 5 {
		t.Errorf("4 now and 2 a half-life ago weigh %v, want 5", got)
	}
	if got := m["pots"].Weight(now.Add(HalfLife)); got != 0.5 {
		t.Errorf("128 of eight half-lives ago weigh %v, want 0.5", got)
	}
	if got := m.Favourites(now); !slices.Equal(got, []string{"tea", "cups", "pots"}) {
		t.Errorf("favourites %v", got)
	}
	if got := m.Favourites(now.Add(-8 * HalfLife)); got[0] != "cups" {
		t.Errorf("favourites then %v", got)
	}
	m.add("cups", now, 1)
	if got := m["cups"]; got.Weight(now) != 1 || len(got.Counts) != 1 {
		t.Errorf("eight periods later nothing is left: %+v", got)
	}
	m.add("pots", now, 1)
	if got := m["pots"].Weight(now); got != 2 {
		t.Errorf("seven periods later a 128th is left: %v, want 2", got)
	}
	for i := range 3 * MaxInterests {
		m.add(fmt.Sprint("category ", i), now, 1)
	}
	if len(m) != MaxInterests+1 || m.Sum(now) != 5+1+2+3*MaxInterests {
		t.Errorf("%d interests weigh %v: nothing may be lost", len(m), m.Sum(now))
	}
}

func TestHoursInAZone(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	losAngeles, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	var h Hours
	at := time.Date(2026, 3, 1, 20, 30, 0, 0, time.UTC) // a Sunday
	h.add(at)
	for _, c := range []struct {
		zone *time.Location
		hour int
		day  time.Weekday
	}{{time.UTC, 20, time.Sunday}, {shanghai, 4, time.Monday}, {losAngeles, 12, time.Sunday}} {
		hours, days := h.In(c.zone, at)
		if hours[c.hour] != 1 || days[c.day] != 1 {
			t.Errorf("%v: %v %v, want hour %d on %s", c.zone, hours, days, c.hour, c.day)
		}
	}
}

func TestRhythm(t *testing.T) {
	order := func(day int, net int64) OrderEntry {
		return OrderEntry{At: t0.Add(time.Duration(day) * 24 * time.Hour), Net: net, Currency: "CNY"}
	}
	for _, c := range []struct {
		name            string
		orders          []OrderEntry
		mean, deviation float64
		gaps            int
	}{
		{"none", nil, 0, 0, 0},
		{"one", []OrderEntry{order(0, 1)}, 0, 0, 0},
		{"two on a day", []OrderEntry{order(0, 1), order(0, 2)}, 0, 0, 0},
		{"two", []OrderEntry{order(0, 1), order(7, 1)}, 7, 0, 1},
		{"of 4 and 8 days", []OrderEntry{order(0, 1), order(4, 1), order(4, 2), order(12, 1)}, 6, 2, 2},
		{"one refunded", []OrderEntry{order(0, 1), order(4, 0), order(12, 1)}, 12, 0, 1},
	} {
		if mean, deviation, gaps := (Orders{Entries: c.orders}).Rhythm(time.UTC); mean != c.mean || deviation != c.deviation || gaps != c.gaps {
			t.Errorf("%s: %v ± %v of %d, want %v ± %v of %d", c.name, mean, deviation, gaps, c.mean, c.deviation, c.gaps)
		}
	}
}

func TestPerson(t *testing.T) {
	p := &Profile{}
	fold := func(e event.Event) {
		e.Timestamp = t0
		p.Fold(&e, Shop{Currency: "CNY"})
	}
	fold(event.Event{Kind: event.Identify, Traits: json.RawMessage(`{"gender":"F","birthday":"1990-03-02","address":{"city":"Hangzhou","state":"Zhejiang","country":"CN"},"email":"Mei@Shop.example","phone":"12"}`),
		Context: json.RawMessage(`{"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.44","device":{"token":"c2a1f00dfeedc2a1f00dfeed"}}`)})
	fold(event.Event{Kind: event.Track, Name: event.ConsentGranted, Properties: json.RawMessage(`{"channel":"email"}`)})
	if p.Gender() != "female" || p.Place("city") != "Hangzhou" || p.Place("province") != "Zhejiang" || p.Place("country") != "CN" {
		t.Errorf("%s from %s, %s, %s", p.Gender(), p.Place("city"), p.Place("province"), p.Place("country"))
	}
	for day, want := range map[string]int{"2026-03-01": 35, "2026-03-02": 36} {
		today, _ := time.Parse(time.DateOnly, day)
		if age, ok := p.Age(today); age != want || !ok {
			t.Errorf("%s: age %d, want %d", day, age, want)
		}
	}
	if p.Client.OS != "iOS" || p.Client.Browser != "wechat" || p.Client.DeviceType != "mobile" {
		t.Errorf("client %+v", p.Client)
	}
	if p.Address(ChannelEmail) != "mei@shop.example" || p.Address(ChannelSMS) != "" || p.Address(ChannelPush) != "c2a1f00dfeedc2a1f00dfeed" {
		t.Errorf("addresses %q %q %q", p.Address(ChannelEmail), p.Address(ChannelSMS), p.Address(ChannelPush))
	}
	if !p.Reachable(ChannelEmail) || p.Reachable(ChannelPush) {
		t.Error("e-mail has consent, push has none")
	}
	for text, want := range map[string]bool{"1990-02-30": false, "02-29": true, "--12-31": true, "19900302": true, "tomorrow": false, "1990-03-02T00:00:00Z": true} {
		q := &Profile{Memory: Memory{Traits: map[string]Trait{"birthday": {Value: text}}}}
		if _, _, _, ok := q.Birthday(); ok != want {
			t.Errorf("birthday %q: %v, want %v", text, ok, want)
		}
	}
}

func TestAbandonedCart(t *testing.T) {
	p := &Profile{}
	fold := func(name, properties string, minutes int) {
		e := event.Event{Kind: event.Track, Name: name, Properties: json.RawMessage(properties), Timestamp: t0.Add(time.Duration(minutes) * time.Minute)}
		p.Fold(&e, Shop{Currency: "CNY"})
	}
	fold("Cart Viewed", `{}`, 0)
	if !p.AbandonedAt().IsZero() {
		t.Error("an empty cart is abandoned")
	}
	fold(event.ProductAdded, `{"product_id":"p","price":9.90}`, 1)
	fold("Checkout Started", `{}`, 5)
	if got := p.AbandonedAt(); !got.Equal(t0.Add(5 * time.Minute)) {
		t.Errorf("abandoned at %v", got)
	}
	fold(event.OrderCompleted, `{"order_id":"o"}`, 6)
	if !p.AbandonedAt().IsZero() {
		t.Error("what was ordered is abandoned")
	}
}

// TestARefusalIsNeverLost floods a profile with consents for channels that nobody knows.
func TestARefusalIsNeverLost(t *testing.T) {
	p := &Profile{}
	for i := range 200 {
		p.SetConsent(fmt.Sprint("channel ", i), Consent{Granted: true, At: t0})
	}
	p.SetConsent("email", Consent{Granted: true, At: t0})
	p.SetConsent("email", Consent{At: t0})
	if c, known := p.Consent["email"]; !known || c.Granted {
		t.Errorf("email %+v, %v", c, known)
	}
	if len(p.Consent) != maxConsents+1 || p.LeftOut["consent"] != 200-maxConsents {
		t.Errorf("%d consents, %d left out", len(p.Consent), p.LeftOut["consent"])
	}
}
