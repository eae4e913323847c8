package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// folding folds events into one person; minutes count from t0.
type folding struct{ *Profile }

func (f folding) track(name string, minutes int, properties string) folding {
	f.Fold(&event.Event{Kind: event.Track, Name: name, Timestamp: minute(minutes), Properties: json.RawMessage(properties)}, Shop{Currency: "CNY"})
	return f
}

func (f folding) in(context string, minutes int) folding {
	f.Fold(&event.Event{Kind: event.Identify, Timestamp: minute(minutes), Context: json.RawMessage(context)}, Shop{Currency: "CNY"})
	return f
}

func minute(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }

func person0() folding { return folding{&Profile{}} }

func TestSeenIsFromTheEarliestToTheLatest(t *testing.T) {
	p := person0().track("x", 5, "").track("x", 3, "").track("x", 9, "").track("x", 5, "")
	if !p.FirstSeen.Equal(minute(3)) || !p.LastSeen.Equal(minute(9)) {
		t.Errorf("seen from %v to %v", p.FirstSeen, p.LastSeen)
	}
	q := &Profile{}
	q.Fold(&event.Event{Kind: event.Alias, Timestamp: t0.Add(1_999_999)}, Shop{})
	if !q.FirstSeen.Equal(t0.Add(time.Millisecond)) || q.Counters != nil || q.Active.Count(0) != 1 {
		t.Errorf("an alias: first seen %v, counters %v: times are kept to the millisecond, and it is no event to count", q.FirstSeen, q.Counters)
	}
}

func TestWhatIsCounted(t *testing.T) {
	for kind, want := range map[event.Kind]map[string]int64{
		event.Track: {"N": 1}, event.Page: {"page": 1}, event.Screen: {"screen": 1}, event.Identify: {}, event.Group: {}, event.Alias: {},
	} {
		p := &Profile{}
		p.Fold(&event.Event{Kind: kind, Name: "N", GroupID: "g", Timestamp: t0, Traits: json.RawMessage(`{"a":1}`)}, Shop{})
		got := map[string]int64{}
		for name, c := range p.Counters {
			got[name] = c.Total
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s counts %v, want %v", kind, got, want)
		}
		if _, has := p.Traits["a"]; has != (kind == event.Identify) {
			t.Errorf("%s sets traits: %v", kind, has)
		}
		if _, has := p.Groups["g"]; has != (kind == event.Group) {
			t.Errorf("%s joins a group: %v", kind, has)
		}
		var hours uint32
		for _, n := range p.Hours {
			hours += n
		}
		if want := kind == event.Track || kind == event.Page || kind == event.Screen; (hours == 1) != want {
			t.Errorf("%s is an active hour: %d, want %v", kind, hours, want)
		}
	}
	for name, active := range map[string]bool{"Own": true, "Email Delivered": false, event.OrderRefunded: false, "Notification Sent": false, "Notifications Opened": true, event.OrderCompleted: true} {
		if p := person0().track(name, 0, ""); (len(p.Hours) > 0) != active {
			t.Errorf("%s is an active hour: %v, want %v", name, !active, active)
		}
	}
}

func TestStampsGoByTheirTime(t *testing.T) {
	long := strings.Repeat("x", MaxTraitText)
	for name, c := range map[string]struct {
		minutes int
		value   string
		want    string
	}{
		"later": {1, "a", "a"}, "earlier": {-1, "z", "m"}, "at once, greater": {0, "n", "n"}, "at once, smaller": {0, "l", "m"}, "at once, the same": {0, "m", "m"},
		"nothing": {1, "", "m"}, "as long as may be": {1, long, long}, "too long": {1, long + "x", "m"},
	} {
		p := &Profile{Memory: Memory{Locale: Stamped{"m", t0}}}
		p.stamp(&p.Locale, c.value, minute(c.minutes))
		if p.Locale.Value != c.want {
			t.Errorf("%s: %.20q, want %.20q", name, p.Locale.Value, c.want)
		}
		if want := minute(max(c.minutes, 0)); c.want == c.value && !p.Locale.At.Equal(want) {
			t.Errorf("%s: at %v, want %v", name, p.Locale.At, want)
		}
	}
	p := person0().in(`{"locale":"zh-CN","timezone":"Asia/Shanghai"}`, 0).in(`{"timezone":"Nowhere/At All"}`, 1).in(`{"timezone":"Local"}`, 2)
	if p.Locale != (Stamped{"zh-CN", t0}) || p.Zone != (Stamped{"Asia/Shanghai", t0}) {
		t.Errorf("place %v %v: what is no zone changes nothing", p.Locale, p.Zone)
	}
	if p.in(`{"timezone":"Asia/Shanghai"}`, 3); !p.Zone.At.Equal(minute(3)) {
		t.Errorf("the same zone again is of %v", p.Zone.At)
	}
}

func TestTouches(t *testing.T) {
	campaign := func(name string) string { return `{"campaign":{"name":"` + name + `"}}` }
	p := person0().in(campaign("b"), 0).in(campaign("a"), 0).in(`{}`, -9).in(`{"campaign":{},"page":{"referrer":""}}`, 9)
	if p.Touch["first"].Campaign != "b" || p.Touch["last"].Campaign != "b" {
		t.Errorf("at one time: %+v", p.Touch)
	}
	p.in(campaign("c"), 0)
	if p.Touch["first"].Campaign != "c" || p.Touch["last"].Campaign != "c" {
		t.Errorf("at one time, the greater: %+v", p.Touch)
	}
	p.in(campaign("early"), -1).in(campaign("late"), 1)
	if p.Touch["first"] != (Touch{At: minute(-1), Campaign: "early"}) || p.Touch["last"] != (Touch{At: minute(1), Campaign: "late"}) {
		t.Errorf("earlier and later: %+v", p.Touch)
	}
	for context, want := range map[string]Touch{
		`{"campaign":{"source":"s"}}`: {At: t0, Source: "s"}, `{"campaign":{"medium":"m"}}`: {At: t0, Medium: "m"}, `{"page":{"referrer":"r"}}`: {At: t0, Referrer: "r"},
	} {
		if got := person0().in(context, 0).Touch["first"]; got != want {
			t.Errorf("%s: %+v", context, got)
		}
	}
	if got := person0().in(`{"page":{"title":"x"}}`, 0).Touch; got != nil {
		t.Errorf("a touch by nothing: %+v", got)
	}
	a, b := Touch{}, Touch{At: t0}
	if earliestTouch(a, b) != b || earliestTouch(b, a) != b || latestTouch(a, b) != b || latestTouch(b, a) != b {
		t.Error("no touch counts as one")
	}
}

func TestTraitsGoByTheirTime(t *testing.T) {
	key, long := strings.Repeat("k", MaxTraitKey), strings.Repeat("v", MaxTraitText)
	p := person0().in(fmt.Sprintf(`{"traits":{"":1,%q:%q,%q:2,"n":null,"b":true}}`, key, long, key+"k"), 0)
	want := Traits{key: {Value: long, At: t0}, "n": {At: t0}, "b": {Value: true, At: t0}}
	if !reflect.DeepEqual(p.Traits, want) || p.LeftOut["traits"] != 1 {
		t.Errorf("traits %v, left out %v", p.Traits, p.LeftOut)
	}
	// A list that is cut leaves out its rest.
	for list, out := range map[string]int64{`["` + strings.Repeat("x", MaxTraitTree-4) + `"]`: 0, `["` + strings.Repeat("x", MaxTraitTree-3) + `"]`: 1, `[` + strings.Repeat(" ", MaxTraitTree) + `]`: 0} {
		if got := person0().in(`{"traits":{"list":`+list+`}}`, 0).LeftOut["traits"]; got != out {
			t.Errorf("of a list of %d bytes %d are left out", len(list), got)
		}
	}
	for name, c := range map[string]struct {
		minutes int
		value   any
		want    any
	}{"later": {1, "a", "a"}, "earlier": {-1, "z", "m"}, "at once, greater": {0, "n", "n"}, "at once, smaller": {0, "l", "m"}, "at once, the same": {0, "m", "m"}} {
		q := &Profile{Memory: Memory{Traits: map[string]Trait{"t": {Value: "m", At: t0}}}}
		q.Traits.set("t", Trait{Value: c.value, At: minute(c.minutes)})
		if q.Traits["t"].Value != c.want {
			t.Errorf("%s: %v, want %v", name, q.Traits["t"].Value, c.want)
		}
	}
	q := &Profile{}
	for i := range MaxTraits {
		q.Traits.set(fmt.Sprintf("t%02d", i), Trait{Value: "v", At: t0})
	}
	if q.say(nil, "", t0); len(q.Traits) != MaxTraits || q.LeftOut != nil {
		t.Errorf("%d traits, left out %v", len(q.Traits), q.LeftOut)
	}
	q.Traits.set("a", Trait{Value: "old", At: minute(-1)})
	q.Traits.set("z", Trait{Value: "new", At: minute(1)})
	if q.say(nil, "", t0); len(q.Traits) != MaxTraits || q.LeftOut["traits"] != 2 {
		t.Errorf("%d traits, left out %v", len(q.Traits), q.LeftOut)
	}
	for name, stays := range map[string]bool{"a": false, "z": true, "t62": true, fmt.Sprintf("t%02d", MaxTraits-1): false} {
		if _, there := q.Traits[name]; there != stays {
			t.Errorf("%s is there: %v, want %v: the newest stay, and of one time those that sort first", name, there, stays)
		}
	}
}

func TestGroups(t *testing.T) {
	p := &Profile{}
	long := strings.Repeat("g", MaxTraitText)
	p.join("", t0)
	p.join(long, t0)
	p.join(long+"g", t0)
	p.join("a", minute(2))
	p.join("a", minute(1))
	if !reflect.DeepEqual(p.Groups, map[string]time.Time{long: t0, "a": minute(2)}) || p.LeftOut["groups"] != 1 {
		t.Errorf("groups %v, left out %v", p.Groups, p.LeftOut)
	}
	for i := range MaxGroups - 2 {
		p.join(fmt.Sprint(i), minute(3))
	}
	if len(p.Groups) != MaxGroups || p.LeftOut["groups"] != 1 {
		t.Errorf("%d groups, left out %v", len(p.Groups), p.LeftOut)
	}
	p.join("one more", minute(4))
	if _, there := p.Groups[long]; there || len(p.Groups) != MaxGroups || p.LeftOut["groups"] != 2 {
		t.Errorf("%d groups, the oldest is there: %v", len(p.Groups), there)
	}
}

// TestWhatProductsMean is every event of a product, and some that are none.
func TestWhatProductsMean(t *testing.T) {
	const tea = `{"product_id":"p1","sku":"s1","name":"Longjing","category":"Tea","brand":"West Lake","price":"9.90","quantity":3}`
	for name, c := range map[string]struct {
		weight int64
		viewed bool
		cart   map[string]CartLine
	}{
		event.ProductViewed:     {1, true, nil},
		"Product List Viewed":   {1, false, nil},
		event.ProductWishlisted: {2, false, nil},
		event.ProductAdded:      {3, false, map[string]CartLine{"p1": {Quantity: 3, Price: 990, At: t0, Name: "Longjing"}}},
		event.ProductRemoved:    {0, false, map[string]CartLine{"p1": {At: t0, Name: "Longjing"}}},
		"Product Clicked":       {0, false, nil},
		"Product Shared":        {0, false, nil},
	} {
		p := person0().track(name, 0, tea)
		if got := p.Categories["Tea"].Weight(t0); got != float64(c.weight) {
			t.Errorf("%s: the category weighs %v, want %d", name, got, c.weight)
		}
		if got := p.Brands["West Lake"].Weight(t0); got != float64(c.weight) {
			t.Errorf("%s: the brand weighs %v, want %d", name, got, c.weight)
		}
		if _, viewed := p.Viewed["p1"]; viewed != c.viewed {
			t.Errorf("%s: viewed %v, want %v", name, viewed, c.viewed)
		}
		if !reflect.DeepEqual(p.Cart, c.cart) {
			t.Errorf("%s: cart %v, want %v", name, p.Cart, c.cart)
		}
	}
}

func TestLinesOfTheCart(t *testing.T) {
	for properties, want := range map[string]map[string]CartLine{
		`{"product_id":"p"}`:                                             {"p": {Quantity: 1}},
		`{"product_id":7}`:                                               {"7": {Quantity: 1}},
		`{"sku":"s"}`:                                                    {"s": {Quantity: 1}},
		`{"product_id":"","sku":"s"}`:                                    {"s": {Quantity: 1}},
		`{"name":"n"}`:                                                   nil,
		`{"product_id":"p","quantity":0}`:                                {"p": {Quantity: 1}},
		`{"product_id":"p","quantity":-2}`:                               {"p": {Quantity: 1}},
		`{"product_id":"p","quantity":"4"}`:                              {"p": {Quantity: 4}},
		`{"product_id":"p","quantity":1.5}`:                              {"p": {Quantity: 1}},
		`{"product_id":"p","quantity":2147483646}`:                       {"p": {Quantity: 2147483646}},
		`{"product_id":"p","quantity":2147483647}`:                       {"p": {Quantity: 1}},
		`{"product_id":"p","price":1.5}`:                                 {"p": {Quantity: 1, Price: 150}},
		`{"product_id":"p","price":1.5,"currency":"CNY"}`:                {"p": {Quantity: 1, Price: 150}},
		`{"product_id":"p","price":1.5,"currency":"USD"}`:                {"p": {Quantity: 1}},
		`{"product_id":"p","price":1.5,"currency":"no currency at all"}`: {"p": {Quantity: 1}},
		`{"product_id":"p","price":"dear"}`:                              {"p": {Quantity: 1}},
	} {
		for product, line := range want {
			line.At = t0
			want[product] = line
		}
		if got := person0().track(event.ProductAdded, 0, properties).Cart; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", properties, got, want)
		}
	}
}

func TestALineGoesByItsNewestEvent(t *testing.T) {
	old := CartLine{Quantity: 3, Price: 5, At: minute(5)}
	for name, c := range map[string]struct {
		line CartLine
		wins bool
	}{
		"later":                         {CartLine{Quantity: 1, At: minute(6)}, true},
		"earlier":                       {CartLine{Quantity: 9, At: minute(4)}, false},
		"at once, fewer":                {CartLine{Quantity: 2, Price: 9, At: minute(5)}, true},
		"at once, more":                 {CartLine{Quantity: 4, Price: 1, At: minute(5)}, false},
		"at once, as many, dearer":      {CartLine{Quantity: 3, Price: 6, At: minute(5)}, true},
		"at once, as many, cheaper":     {CartLine{Quantity: 3, Price: 4, At: minute(5)}, false},
		"at once, as many, at no price": {CartLine{Quantity: 3, Price: 5, At: minute(5), Name: "x"}, false},
	} {
		p := &Profile{Memory: Memory{Cart: map[string]CartLine{"p": old}}}
		p.line("p", c.line)
		if got := p.Cart["p"] == c.line; got != c.wins {
			t.Errorf("%s: it wins %v, want %v", name, got, c.wins)
		}
	}
	p := &Profile{Memory: Memory{CartClearedAt: t0}}
	p.line("p", CartLine{At: t0, Quantity: 1})
	p.line("", CartLine{At: minute(1), Quantity: 1})
	if p.Cart != nil {
		t.Errorf("of the moment of the order, or of no product: %v", p.Cart)
	}
	for i := range MaxCartLines {
		p.line(fmt.Sprint(i), CartLine{At: minute(1 + i), Quantity: 1})
	}
	if len(p.Cart) != MaxCartLines || p.LeftOut != nil {
		t.Errorf("%d lines, left out %v", len(p.Cart), p.LeftOut)
	}
	p.line("new", CartLine{At: minute(99), Quantity: 1})
	if _, there := p.Cart["0"]; there || len(p.Cart) != MaxCartLines || p.LeftOut["cart"] != 1 {
		t.Errorf("%d lines, the oldest is there: %v", len(p.Cart), there)
	}
}

func TestAnOrderEmptiesTheCart(t *testing.T) {
	fill := func() folding {
		return person0().track(event.ProductAdded, 1, `{"product_id":"a","price":2,"quantity":2}`).track(event.ProductAdded, 3, `{"product_id":"b","price":"1.50"}`)
	}
	if pieces, worth := fill().OpenCart(); pieces != 3 || worth != 550 {
		t.Errorf("%d pieces worth %d, want 3 worth 550", pieces, worth)
	}
	for name, empties := range map[string]bool{event.OrderPlaced: true, event.OrderCompleted: true, event.OrderCancelled: false, event.OrderUpdated: false} {
		for minutes, want := range map[int]int{0: 2, 1: 1, 2: 1, 3: 0} {
			p := fill().track(name, minutes, `{"order_id":"o"}`)
			if !empties {
				want = 2
			}
			if len(p.Cart) != want {
				t.Errorf("%s after %d minutes leaves %v, want %d lines", name, minutes, p.Cart, want)
			}
			if want == 0 && p.Cart != nil {
				t.Errorf("%s after %d minutes leaves a cart of nothing", name, minutes)
			}
		}
	}
	p := fill().track(event.OrderPlaced, 2, `{}`).track(event.OrderPlaced, 1, `{}`).track(event.ProductAdded, 2, `{"product_id":"late"}`)
	if !p.CartClearedAt.Equal(minute(2)) || len(p.Cart) != 1 {
		t.Errorf("cleared at %v, cart %v", p.CartClearedAt, p.Cart)
	}
}

func TestBoughtProductsAreInterests(t *testing.T) {
	line := func(category, brand string) string { return fmt.Sprintf(`{"category":%q,"brand":%q}`, category, brand) }
	lines := []string{line("tea", "a"), line("tea", "b"), line("", "a")}
	for i := len(lines); i < maxBought; i++ {
		lines = append(lines, line("cups", "a"))
	}
	lines[maxBought-1] = line("last", "a")
	lines = append(lines, line("over", "c"))
	p := person0().track(event.OrderCompleted, 0, `{"order_id":"o","products":[`+strings.Join(lines, ",")+`]}`)
	for name, want := range map[string]float64{"tea": 5, "cups": 5, "last": 5, "over": 0} {
		if got := p.Categories[name].Weight(t0); got != want {
			t.Errorf("category %s weighs %v, want %v: each counts once for an order, of %d lines", name, got, want, maxBought)
		}
	}
	for name, want := range map[string]float64{"a": 5, "b": 5, "c": 0} {
		if got := p.Brands[name].Weight(t0); got != want {
			t.Errorf("brand %s weighs %v, want %v", name, got, want)
		}
	}
	if q := person0().track(event.OrderPlaced, 0, `{"order_id":"o","products":[`+line("tea", "a")+`]}`); len(q.Categories) != 0 {
		t.Errorf("what was placed and not paid is an interest: %v", q.Categories)
	}
}

func TestRatingsAndSearches(t *testing.T) {
	p := person0()
	for _, rating := range []string{`4.5`, `"3"`, `0`, `100`, `-0.1`, `100.1`, `"good"`, `null`} {
		p.track("Product Reviewed", 0, `{"rating":`+rating+`}`)
	}
	if p.Ratings != (Ratings{Count: 4, Sum: 45 + 30 + 1000}) {
		t.Errorf("ratings %+v", p.Ratings)
	}
	p.track("Products Searched", 1, `{"query":"tea"}`).track("Products Searched", 0, `{"query":"cup"}`).track("Products Searched", 2, `{}`)
	if p.Search != (Stamped{"tea", minute(1)}) {
		t.Errorf("searched %+v", p.Search)
	}
}

func TestDaysOfTheBorders(t *testing.T) {
	var d Days
	d.Add(1000)
	d.Add(1000 - MaxActiveDays)
	d.Add(1000 - MaxActiveDays + 1)
	if d.Count(0) != 2 || !d.Has(1000-MaxActiveDays+1) || d.Has(1000-MaxActiveDays) || d.Has(1001) {
		t.Errorf("%d days", d.Count(0))
	}
	if d.Count(1000) != 1 || d.Count(1001) != 0 || d.Count(1000-MaxActiveDays+1) != 2 || d.Count(1000-MaxActiveDays+2) != 1 {
		t.Errorf("counted from the borders: %d %d %d %d", d.Count(1000), d.Count(1001), d.Count(1000-MaxActiveDays+1), d.Count(1000-MaxActiveDays+2))
	}
	before := slices.Clone(d.Bits)
	copied := d
	d.Add(990)
	if !slices.Equal(copied.Bits, before) {
		t.Error("adding a day changed a copy")
	}
	d.Add(1001)
	if d.Count(0) != 3 || d.Has(1000-MaxActiveDays+1) || !d.Has(1000) || !d.Has(990) || d.Last != 1001 {
		t.Errorf("a day later %d days", d.Count(0))
	}
	d.Add(1001 + MaxActiveDays)
	if d.Count(0) != 1 || !d.Has(1001+MaxActiveDays) || d.Has(1001) {
		t.Errorf("after a long time %d days", d.Count(0))
	}
}
