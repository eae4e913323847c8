package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

func TestAgents(t *testing.T) {
	for agent, want := range map[string]Client{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.44 Safari/604": {OS: "iOS", Browser: "wechat", DeviceType: "mobile"},
		"Mozilla/5.0 (iPad; CPU OS 17_1 like Mac OS X) Version/17.1 Safari/604.1":                               {OS: "iPadOS", Browser: "safari", DeviceType: "mobile"},
		"Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Safari/537.36":                                            {OS: "Android", Browser: "chrome", DeviceType: "mobile"},
		"Mozilla/5.0 (Phone; HarmonyOS 4.0) Chrome/114.0 Mobile Safari/537.36":                                  {OS: "HarmonyOS", Browser: "chrome", DeviceType: "mobile"},
		"Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/120.0":                                    {OS: "Windows", Browser: "edge", DeviceType: "desktop"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14.1) Version/17.1 Safari/605.1.15":                             {OS: "macOS", Browser: "safari", DeviceType: "desktop"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0":                                {OS: "Linux", Browser: "firefox", DeviceType: "desktop"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) CriOS/120.0 Safari/604":                         {OS: "iOS", Browser: "chrome", DeviceType: "mobile"},
		"Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Safari/537.36 AlipayClient/10.5":                          {OS: "Android", Browser: "alipay", DeviceType: "mobile"},
		"curl/8.4.0": {},
	} {
		p := person0().in(fmt.Sprintf(`{"userAgent":%q}`, agent), 0)
		want.At = t0
		if p.Client != want {
			t.Errorf("%s: %+v", agent, p.Client)
		}
	}
	said := person0().in(`{"userAgent":"Mozilla/5.0 (Windows NT 10.0) Chrome/120.0","os":{"name":"Chrome OS","version":"9"},"device":{"type":"tablet"},"app":{"name":"shop"}}`, 0)
	if said.Client != (Client{At: t0, OS: "Chrome OS", OSVersion: "9", DeviceType: "tablet", App: "shop"}) {
		t.Errorf("what was said counts before the agent, and an app is no browser: %+v", said.Client)
	}
}

// TestEachPartOfTheContextMakesAClient: one of these is enough; a library or version alone is not.
func TestEachPartOfTheContextMakesAClient(t *testing.T) {
	for context, is := range map[string]bool{
		`{"os":{"name":"x"}}`: true, `{"device":{"type":"x"}}`: true, `{"device":{"model":"x"}}`: true, `{"app":{"name":"x"}}`: true, `{"userAgent":"x"}`: true,
		`{"device":{"id":"x"}}`: true, `{"device":{"token":"x"}}`: true,
		`{"library":{"name":"x"}}`: false, `{"os":{"version":"1"}}`: false, `{"app":{"version":"1"}}`: false, `{"device":{"manufacturer":"x"}}`: false, `{}`: false, `{"os":"iOS"}`: false,
	} {
		if p := person0().in(context, 0); p.Client.At.IsZero() == is {
			t.Errorf("%s makes %+v", context, p.Client)
		}
	}
}

func TestClientsGoByTime(t *testing.T) {
	p := person0().in(`{"os":{"name":"b"},"device":{"id":"d"}}`, 1).in(`{"os":{"name":"c"},"device":{"id":"d"}}`, 0).in(`{"os":{"name":"a"},"device":{"id":"d"}}`, 1)
	if p.Client.OS != "b" || p.Devices["d"].OS != "b" {
		t.Errorf("client %+v, device %+v", p.Client, p.Devices["d"])
	}
	base := Client{At: t0}
	for i, set := range []func(*Client){
		func(c *Client) { c.OS = "x" }, func(c *Client) { c.OSVersion = "x" }, func(c *Client) { c.DeviceType = "x" }, func(c *Client) { c.Manufacturer = "x" }, func(c *Client) { c.Model = "x" },
		func(c *Client) { c.App = "x" }, func(c *Client) { c.AppVersion = "x" }, func(c *Client) { c.Browser = "x" }, func(c *Client) { c.Library = "x" }, func(c *Client) { c.At = minute(1) },
	} {
		more := base
		set(&more)
		if compareClients(more, base) <= 0 || compareClients(base, more) >= 0 || compareClients(more, more) != 0 {
			t.Errorf("member %d does not count", i)
		}
	}
}

func TestDevicesAndTokensAreTheNewest(t *testing.T) {
	id := func(i int) string { return fmt.Sprintf("%016d", i+1) }
	p := person0()
	for i := range MaxDevices + 1 {
		p.in(fmt.Sprintf(`{"device":{"id":%q,"token":%q},"os":{"name":"iOS"}}`, id(i), id(i)), i)
	}
	if _, there := p.Devices[id(0)]; there || len(p.Devices) != MaxDevices || p.LeftOut["devices"] != 1 {
		t.Errorf("devices %v, left out %v", slices.Sorted(maps.Keys(p.Devices)), p.LeftOut)
	}
	if _, there := p.Tokens[id(0)]; there || len(p.Tokens) != MaxTokens || p.LeftOut["tokens"] != 1 {
		t.Errorf("tokens %v, left out %v", p.Tokens, p.LeftOut)
	}
	for n, kept := range map[int]bool{minToken - 1: false, minToken: true, maxValue: true, maxValue + 1: false} {
		if q := person0().in(fmt.Sprintf(`{"device":{"token":%q}}`, strings.Repeat("t", n)), 0); (len(q.Tokens) == 1) != kept {
			t.Errorf("a token of %d bytes is kept: %v", n, !kept)
		}
	}
	if q := person0().in(`{"device":{"token":"[object Undefined]"}}`, 0); len(q.Tokens) != 0 {
		t.Errorf("a placeholder is a token: %v", q.Tokens)
	}
	for name, c := range map[string]struct {
		minutes int
		os      string
		wins    bool
	}{"later": {6, "a", true}, "earlier": {4, "z", false}, "at once, greater": {5, "n", true}, "at once, smaller": {5, "l", false}} {
		q := &Profile{Reach: Reach{Tokens: map[string]Token{"t": {minute(5), "m"}}}}
		q.token("t", Token{minute(c.minutes), c.os})
		if got := q.Tokens["t"].OS == c.os; got != c.wins {
			t.Errorf("%s: %+v", name, q.Tokens["t"])
		}
	}
}

func TestOldTextsAreSharedOnlyIfTheyAreTheSame(t *testing.T) {
	for _, c := range []struct{ old, raw, want string }{
		{"ab", `"ab"`, "ab"}, {"ab", `"ac"`, "ac"}, {"ab", `"a\n"`, "a\n"}, {`a\n`, `"a\n"`, "a\n"}, {"1", `1`, "1"}, {"12", `1234`, "1234"}, {"", `""`, ""}, {"x", ``, ""}, {"a", `["b"]`, ""},
	} {
		if got := same(c.old, []byte(c.raw)); got != c.want {
			t.Errorf("%q after %q: %q, want %q", c.raw, c.old, got, c.want)
		}
	}
}

func TestHoursAreFull(t *testing.T) {
	at := time.Date(2026, 3, 7, 23, 59, 0, 0, time.UTC) // a Saturday
	var h, q Hours
	h.add(at)
	if h[6*24+23] != 1 {
		t.Errorf("Saturday, the last hour: %v", h)
	}
	h[6*24+23] = math.MaxUint32 - 1
	h.add(at)
	h.add(at)
	if h[6*24+23] != math.MaxUint32 {
		t.Errorf("a full counter became %d", h[6*24+23])
	}
	q.Count(6*24+23, 5)
	q.Count(0, 7)
	h.absorb(q)
	if h[6*24+23] != math.MaxUint32 || h[0] != 7 {
		t.Errorf("united %d and %d", h[6*24+23], h[0])
	}
}

func TestInterestsByPeriod(t *testing.T) {
	for name, c := range map[string]struct {
		adds []int64 // periods, with the weight 1, 2, 4 ...
		want Interest
	}{
		"one":                        {[]int64{10}, Interest{10, []int64{1}}},
		"two of one period":          {[]int64{10, 10}, Interest{10, []int64{3}}},
		"a newer one":                {[]int64{10, 12}, Interest{12, []int64{2, 0, 1}}},
		"an older one":               {[]int64{12, 10}, Interest{12, []int64{1, 0, 2}}},
		"an older one between":       {[]int64{12, 10, 11}, Interest{12, []int64{1, 4, 2}}},
		"the oldest that counts":     {[]int64{12, 12 - maxPeriods + 1}, Interest{12, []int64{1, 0, 0, 0, 0, 0, 0, 2}}},
		"older than that":            {[]int64{12, 12 - maxPeriods}, Interest{12, []int64{1}}},
		"the newest that lets stay":  {[]int64{12, 12 + maxPeriods - 1}, Interest{12 + maxPeriods - 1, []int64{2, 0, 0, 0, 0, 0, 0, 1}}},
		"newer than that":            {[]int64{12, 12 + maxPeriods}, Interest{12 + maxPeriods, []int64{2}}},
		"a part goes":                {[]int64{12, 10, 18}, Interest{18, []int64{4, 0, 0, 0, 0, 0, 1}}},
		"nothing is kept at the end": {[]int64{12, 8, 17}, Interest{17, []int64{4, 0, 0, 0, 0, 1}}},
	} {
		var i Interest
		for n, period := range c.adds {
			i = i.add(period, 1<<n)
		}
		if !reflect.DeepEqual(i, c.want) {
			t.Errorf("%s: %+v, want %+v", name, i, c.want)
		}
	}
	a := Interest{10, []int64{1, 0, 5}}
	b := a.add(9, 3)
	if !slices.Equal(a.Counts, []int64{1, 0, 5}) || !slices.Equal(b.Counts, []int64{1, 3, 5}) {
		t.Errorf("a copy was changed: %v, %v", a, b)
	}
	if got := periodOf(time.Unix(-1, 0)); got != -1 {
		t.Errorf("the period before 1970 is %d", got)
	}
	future := Interest{Last: periodOf(t0) + 1, Counts: []int64{8}}
	if got := future.Weight(t0); got != 8 {
		t.Errorf("what is ahead of its time weighs %v, want 8", got)
	}
}

func TestViewedProducts(t *testing.T) {
	p := &Profile{}
	p.view("", t0)
	for i := range MaxViewed + 1 {
		p.view(fmt.Sprint(i), minute(i))
	}
	p.view("1", minute(-5))
	if _, there := p.Viewed["0"]; there || len(p.Viewed) != MaxViewed || !p.Viewed["1"].Equal(minute(1)) {
		t.Errorf("viewed %v", p.Viewed)
	}
}

func TestNewestDaysOfACounter(t *testing.T) {
	var c Counter
	for d := range Day(MaxRecentDays) {
		c.add(1, minute(int(d)), 10+d)
	}
	copied := c
	c.add(4, minute(-9), 10)
	if copied.Recent[0].Count != 1 || c.Recent[0].Count != 5 || !c.Last.Equal(minute(MaxRecentDays-1)) {
		t.Errorf("%+v after %+v: a copy was changed, or the last time went back", c, copied)
	}
	c.add(1, minute(0), 9)
	if len(c.Recent) != MaxRecentDays || c.Recent[0].Day != 10 || c.Total != MaxRecentDays+5 {
		t.Errorf("an older day than those that are kept came in: %+v", c)
	}
	short := Counter{Recent: []DayCount{{5, 1}}}
	short.addDay(DayCount{4, 2})
	if !reflect.DeepEqual(short.Recent, []DayCount{{4, 2}, {5, 1}}) || short.Since(5) != 1 || short.Since(4) != 3 || short.Since(6) != 0 {
		t.Errorf("%+v", short)
	}
	u := Counter{Total: 3, Last: t0, Recent: []DayCount{{5, 1}}}.union(Counter{Total: 4, Last: minute(1), Recent: []DayCount{{5, 2}, {6, 1}}})
	if !reflect.DeepEqual(u, Counter{Total: 7, Last: minute(1), Recent: []DayCount{{5, 3}, {6, 1}}}) {
		t.Errorf("united %+v", u)
	}
	if v := (Counter{Last: minute(1)}).union(Counter{Last: t0}); !v.Last.Equal(minute(1)) {
		t.Errorf("the last time of both is %v", v.Last)
	}
}

func TestGendersAndPlaces(t *testing.T) {
	for value, want := range map[any]string{"F": "female", "woman": "female", "女": "female", "M": "male", "男性": "male", "x": "other", "Diverse": "other", "y": "", "": "", int64(1): "", true: ""} {
		if got := (&Profile{Memory: Memory{Traits: map[string]Trait{"gender": {Value: value}}}}).Gender(); got != want {
			t.Errorf("gender %v is %q, want %q", value, got, want)
		}
	}
	p := &Profile{Memory: Memory{Traits: map[string]Trait{"gender": {Value: " "}, "sex": {Value: "f"}, "state": {Value: "Zhejiang"}, "zip": {Value: int64(310000)}, "address": {Value: `{"city":"Hangzhou","state":"elsewhere","country":"CN"}`}}}}
	if p.Gender() != "female" || p.Place("province") != "Zhejiang" || p.Place("city") != "Hangzhou" || p.Place("postalCode") != "310000" || p.Place("country") != "CN" || p.Place("street") != "" {
		t.Errorf("%s, %s, %s, %s", p.Gender(), p.Place("province"), p.Place("city"), p.Place("postalCode"))
	}
}

func TestAges(t *testing.T) {
	day := func(text string) time.Time { d, _ := time.Parse(time.DateOnly, text); return d }
	for _, c := range []struct {
		birthday any
		age      any
		today    string
		want     int
		ok       bool
	}{
		{"1990-03-02", nil, "2026-03-01", 35, true}, {"1990-03-02", nil, "2026-03-02", 36, true}, {"1990-03-02", nil, "2026-02-28", 35, true}, {"1990-03-02", nil, "2026-04-01", 36, true},
		{"1990-03-02", nil, "1990-03-02", 0, true}, {"1990-03-02", nil, "1990-03-01", -1, false}, {"1990-03-02", nil, "1989-12-01", -2, false},
		{"1901-01-01", nil, "1902-01-01", 1, true}, {"1900-12-31", int64(3), "1902-01-01", 3, true},
		{"03-02", int64(33), "2026-03-01", 33, true}, {nil, int64(0), "2026-03-01", 0, true}, {nil, int64(149), "2026-03-01", 149, true}, {nil, int64(150), "2026-03-01", 150, false}, {nil, int64(-1), "2026-03-01", -1, false},
		{nil, "33", "2026-03-01", 0, false}, {nil, nil, "2026-03-01", 0, false},
	} {
		p := &Profile{Memory: Memory{Traits: map[string]Trait{}}}
		if c.birthday != nil {
			p.Traits["birthday"] = Trait{Value: c.birthday}
		}
		if c.age != nil {
			p.Traits["age"] = Trait{Value: c.age}
		}
		if got, ok := p.Age(day(c.today)); ok != c.ok || ok && got != c.want {
			t.Errorf("born %v, said to be %v, on %s: %d %v, want %d %v", c.birthday, c.age, c.today, got, ok, c.want, c.ok)
		}
	}
}

func TestAddresses(t *testing.T) {
	p := &Profile{Identifiers: []Identifier{{Email, "old@shop.example"}, {Phone, "+8613800000000"}, {OpenID, "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"}}}
	for channel, want := range map[string]string{ChannelEmail: "old@shop.example", ChannelSMS: "+8613800000000", ChannelWeChat: "oLVPpjqs9BhvzwPj5A-vTYAX3GLc", ChannelPush: "", "store": ""} {
		if got := p.Address(channel); got != want {
			t.Errorf("by what joined, %s: %q, want %q", channel, got, want)
		}
	}
	p.Traits = map[string]Trait{"email": {Value: "New@shop.example"}, "phone": {Value: "+8613812345678"}, "openid": {Value: "oNEWpjqs9BhvzwPj5A-vTYAX3GLc"}}
	p.Tokens = map[string]Token{"a": {At: t0}, "c": {At: t0}, "b": {At: t0}, "z": {At: minute(-1)}}
	for channel, want := range map[string]string{ChannelEmail: "new@shop.example", ChannelSMS: "+8613812345678", ChannelWeChat: "oNEWpjqs9BhvzwPj5A-vTYAX3GLc", ChannelPush: "c"} {
		if got := p.Address(channel); got != want {
			t.Errorf("by what was said, %s: %q, want %q", channel, got, want)
		}
	}
}

func TestLocations(t *testing.T) {
	if got := (&Profile{Memory: Memory{Zone: Stamped{Value: "Asia/Tokyo"}}}).Location(time.UTC).String(); got != "Asia/Tokyo" {
		t.Errorf("location %s", got)
	}
	for _, name := range []string{"", "Local", "Nowhere/At All"} {
		for range 2 { // asked, and remembered
			if got := (&Profile{Memory: Memory{Zone: Stamped{Value: name}}}).Location(time.UTC); got != time.UTC {
				t.Errorf("%q is %v", name, got)
			}
		}
	}
}

func TestCartsAreAbandonedByTheirLastTouch(t *testing.T) {
	for _, name := range []string{"Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered", "Product Viewed"} {
		p := person0().track(event.ProductAdded, 3, `{"product_id":"p"}`).track(event.ProductAdded, 1, `{"product_id":"q"}`).track(name, 7, `{}`)
		want := minute(7)
		if name == "Product Viewed" {
			want = minute(3)
		}
		if got := p.AbandonedAt(); !got.Equal(want) {
			t.Errorf("%s: abandoned at %v, want %v", name, got, want)
		}
	}
}

func TestTheOldestGo(t *testing.T) {
	at := func(t time.Time) time.Time { return t }
	m := map[string]time.Time{"a": t0, "b": t0, "c": minute(1), "d": minute(-1)}
	if n := dropOldest(m, 4, at); n != 0 || len(m) != 4 {
		t.Errorf("%d dropped of just enough", n)
	}
	if n := dropOldest(m, 2, at); n != 2 || !maps.Equal(m, map[string]time.Time{"b": t0, "c": minute(1)}) {
		t.Errorf("%d dropped, %v left", n, m)
	}
	p := &Profile{}
	p.leave("x", 0)
	if p.LeftOut != nil {
		t.Error("nothing was left out and counted")
	}
	p.leave("x", 2)
	p.leave("x", 1)
	if p.LeftOut["x"] != 3 {
		t.Errorf("left out %v", p.LeftOut)
	}
}

func TestNamesOverTheBoundCountTogether(t *testing.T) {
	p := &Profile{}
	count := func(name string) {
		p.Fold(&event.Event{Kind: event.Track, Name: name, Timestamp: t0, Properties: json.RawMessage(`{}`)}, Shop{})
	}
	for i := range MaxCounters {
		count(fmt.Sprint("own ", i))
	}
	if _, other := p.Counters[OtherEvents]; other || len(p.Counters) != MaxCounters {
		t.Fatalf("%d counters, others %v", len(p.Counters), other)
	}
	count("Product Viewed")
	count("own 0")
	if len(p.Counters) != MaxCounters+1 || p.Counters["own 0"].Total != 2 {
		t.Fatalf("%d counters: a standard one has its own place", len(p.Counters))
	}
	count("one more")
	if p.Counters[OtherEvents].Total == 0 || len(p.Counters) != MaxCounters+2 {
		t.Errorf("%d counters, %d others", len(p.Counters), p.Counters[OtherEvents].Total)
	}
	long := strings.Repeat("n", MaxCounterName)
	q := person0().track(long, 0, "").track(long+"n", 0, "")
	if q.Counters[long].Total != 2 {
		t.Errorf("names are cut to %d bytes: %v", MaxCounterName, q.Counters)
	}
}
