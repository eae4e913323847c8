package people

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/realdata"
	"github.com/userops/userops/shared/shop/format"
)

// commitTo does to a profile what projection does in one commit, but for the writes: it folds the events, counts the orders and
// records the hashes. What follows stays in the outbox until the next commit.
func commitTo(p *profile.Profile, source string, orders map[string]*order.Order, events []event.Event) {
	p.Outbox = nil
	p.Version++
	record := profile.Commit{Version: p.Version}
	var follows []profile.Follow
	for i := range events {
		e := &events[i]
		hash := event.Fingerprint(source, e.MessageID)
		p.Fold(e, profile.Shop{Currency: "CNY"})
		record.Hashes = append(record.Hashes, hash)
		if e.ReceivedAt.After(record.At) {
			record.At = e.ReceivedAt
		}
		r, err := order.ParseReport(e, hash, "CNY")
		if err != nil {
			continue
		}
		o := orders[r.OrderID]
		if o == nil {
			o = &order.Order{ID: r.OrderID}
			orders[r.OrderID] = o
		}
		o.Apply(r, p, "CNY")
		follows = append(follows, profile.Follow{Kind: profile.FollowOrder, Ref: r.OrderID, At: e.Timestamp})
	}
	p.Append(p.Version, follows...)
	p.Window.Record(record)
}

// itemSize is what the service bills: names and values of all attributes.
func itemSize(p *profile.Profile) int {
	size := 0
	for name, v := range (Profiles{Months: TimelineMonths}).item(p) {
		size += len(name)
		if text := dynamo.TextOf(dynamo.Item{name: v}, name); text != "" {
			size += len(text)
		}
		size += len(dynamo.BytesOf(dynamo.Item{name: v}, name))
	}
	return size + 8 // of the version, at most
}

// TestSizeOfRealProfiles folds real people, as they would have come: each event at its time, and all at once, as an import sends them.
func TestSizeOfRealProfiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		format format.Format
		file   string
		people int
	}{
		{"complete journey", format.CompleteJourney, "complete_journey/transactions_sample.csv.gz", 2377},
		{"rees46", format.REES46, "rees46/2019-Oct_first17435.csv.gz", 4504},
	} {
		t.Run(c.name, func(t *testing.T) {
			people := map[string][]event.Event{}
			known := map[string]bool{}
			arrival := event.Arrival{ReceivedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
			if err := format.Read(c.format, bytes.NewReader(realdata.Open(t, c.file)), format.Options{Currency: "CNY"}, format.Sink{Event: func(e format.Event) error {
				if known[e.MessageID] {
					return nil
				}
				known[e.MessageID] = true
				batch, err := event.ParseBatch([]byte(`{"batch":[`+string(e.Body)+`]}`), arrival)
				if err != nil || len(batch.Events) != 1 {
					return fmt.Errorf("%s: %w %v", e.Body, err, batch)
				}
				people[e.Person] = append(people[e.Person], batch.Events...)
				return nil
			}, Refuse: func(format.Refusal) {}, Line: func(int) {}}); err != nil {
				t.Fatal(err)
			}
			if len(people) != c.people {
				t.Errorf("%d people, want %d", len(people), c.people)
			}
			var lived, imported, told []int
			for id, events := range people {
				slices.SortStableFunc(events, func(a, b event.Event) int { return a.Timestamp.Compare(b.Timestamp) })
				p := &profile.Profile{ID: profile.Identifier{Kind: profile.UserID, Value: id}.ID()}
				p.Attach(profile.Identifier{Kind: profile.UserID, Value: id})
				q, r := *p, *p
				orders := map[string]*order.Order{}
				for _, e := range events {
					e.ReceivedAt = e.Timestamp
					commitTo(p, "import", orders, []event.Event{e})
				}
				orders = map[string]*order.Order{}
				for chunk := range slices.Chunk(events, 20) {
					commitTo(&q, "import", orders, chunk)
				}
				// The same by a page that knows the userId and proves nothing, the orders by the back end.
				orders = map[string]*order.Order{}
				for chunk := range slices.Chunk(slices.Clone(events), 20) {
					for i := range chunk {
						if chunk[i].AnonymousID = "0b7a1f9e-6c1f-4f0e-9f55-3a0f7a1c2d3e"; !order.Reports(chunk[i].Name) {
							chunk[i].Trust = trust.Public
						}
					}
					commitTo(&r, "web", orders, chunk)
				}
				lived, imported, told = append(lived, itemSize(p)), append(imported, itemSize(&q)), append(told, itemSize(&r))
			}
			for name, sizes := range map[string][]int{"lived": lived, "imported": imported, "told by a page": told} {
				slices.Sort(sizes)
				half, most := sizes[len(sizes)/2], sizes[len(sizes)*99/100]
				t.Logf("%s: median %d, 99%% below %d, greatest %d bytes", name, half, most, sizes[len(sizes)-1])
				if half > 1<<10 || most > 4<<10 {
					t.Errorf("%s: median %d bytes, 99th percentile %d; want at most 1 KB and 4 KB", name, half, most)
				}
			}
		})
	}
}

// maxHostile is how large an item can become by what somebody with a public write key and a userHash sends, beside the outbox of its last commit, which
// has at most an entry for each of the commit's events, and is empty after the next. The service takes 400 KB.
const maxHostile = 115 << 10

// unfilled lists what of a memory is empty. Unknown is what a newer version wrote.
func unfilled(m *profile.Memory) (names []string) {
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Unknown" {
			names = append(names, name)
		}
	}
	return names
}

// TestHostileProfileIsBounded fills every table with the longest texts that ingest lets through.
func TestHostileProfileIsBounded(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	wide := func(kind string, i int) string { return fmt.Sprintf("%s-%06d-", kind, i) + strings.Repeat("漢", 160) }
	p := &profile.Profile{ID: "hostile"}
	for i := range profile.MaxIdentifiers + 3 {
		id := fmt.Sprint(i, strings.Repeat("𠮷", event.MaxName-1))
		p.Attach(profile.Identifier{Kind: profile.UserID, Value: id})
		p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: id})
		p.Attach(profile.Identifier{Kind: profile.Device, Value: id[:256]})
	}
	orders := map[string]*order.Order{}
	fold := func(n int) {
		var batch []event.Event
		add := func(e event.Event, properties map[string]any) {
			e.MessageID = fmt.Sprint(n, "-", len(batch))
			e.Trust = []trust.Level{trust.Public, trust.Person}[n%2]
			e.Source = wide("source", n)
			e.UserID, e.AnonymousID = "mei", wide("a", n)[:126]
			e.Timestamp, e.ReceivedAt = at.Add(time.Duration(n)*25*time.Hour), at.Add(time.Duration(n)*time.Second)
			if e.Name == event.OrderCompleted {
				e.Timestamp = e.Timestamp.AddDate(-30, 0, 0) // so that it does not empty the cart
			}
			e.Properties, _ = json.Marshal(properties)
			e.Context, _ = json.Marshal(map[string]any{"locale": wide("l", n), "timezone": "America/Argentina/ComodRivadavia", "campaign": map[string]any{"name": wide("c", n), "source": wide("s", n), "medium": wide("m", n)},
				"page": map[string]any{"referrer": wide("r", n)}, "app": map[string]any{"name": wide("a", n), "version": wide("v", n)}, "os": map[string]any{"name": wide("o", n), "version": wide("v", n)},
				"device": map[string]any{"id": wide("d", n), "token": wide("t", n)[:255], "type": wide("t", n), "manufacturer": wide("m", n), "model": wide("m", n)},
				"traits": map[string]any{fmt.Sprintf("trait-%06d-%s", n, strings.Repeat("x", 51)): wide("v", n)}})
			batch = append(batch, e)
		}
		track := func(name string, properties map[string]any) {
			add(event.Event{Kind: event.Track, Name: name}, properties)
		}
		product := map[string]any{"product_id": wide("p", n), "name": wide("n", n), "category": wide("c", n), "brand": wide("b", n), "price": "99999999.99", "quantity": 1 << 30}
		track(event.ProductViewed, product)
		track(event.ProductAdded, product)
		track("Product Reviewed", map[string]any{"rating": 1 + n%5})
		track("Products Searched", map[string]any{"query": wide("q", n)})
		track(event.ConsentRevoked, map[string]any{"channel": []string{"sms", "push", "store", "phone", wide("c", n)}[n/2%5], "reason": wide("r", n), "textVersion": wide("v", n), "purpose": []string{"", "service"}[n/10%2]})
		track(event.ConsentRevoked, map[string]any{"purpose": "profiling", "reason": wide("r", n), "textVersion": wide("v", n)})
		add(event.Event{Kind: event.Identify, Traits: json.RawMessage(fmt.Sprintf(`{"email":"%d%s@shop.example"}`, n, strings.Repeat("m", 200)))}, nil)
		track(wide("Own", n), nil)
		if name := profile.StandardEvents[n%len(profile.StandardEvents)]; name != profile.OtherEvents {
			track(name, nil)
		}
		add(event.Event{Kind: event.Group, GroupID: wide("g", n)[:254]}, nil)
		track(event.OrderCompleted, map[string]any{"order_id": fmt.Sprintf("%06d%s", n, strings.Repeat("x", order.MaxIDLength-6)), "total": "90000000000.00", "currency": []string{"CNY", "USD", "EUR"}[n%3]})
		commitTo(p, "web", orders, batch)
	}
	for n := range 900 {
		fold(n)
	}
	first := itemSize(p)
	for n := range 300 {
		fold(900 + n)
	}
	for _, name := range unfilled(&p.Memory) {
		t.Errorf("no event above fills %s: the bound says nothing of it", name)
	}
	body, _ := packSections(p)
	size, plain := itemSize(p), len(body)
	t.Logf("%d bytes after 900 rounds of events, %d after 1,200; %d before they are compressed", first, size, plain)
	if plain > maxHostile {
		t.Errorf("%d bytes, want at most %d", plain, maxHostile)
	}
	if size > first+first/20 {
		t.Errorf("%d bytes, and %d after more of the same: something grows on", first, size)
	}
	var orderCount int
	var sum int64
	for _, b := range p.Orders.Base {
		orderCount, sum = orderCount+b.Orders, sum+b.Net
	}
	for _, e := range p.Orders.Entries {
		orderCount, sum = orderCount+1, sum+e.Net
	}
	if orderCount != 1200 || sum != 1200*9_000_000_000_000 {
		t.Errorf("%d orders worth %d: money was dropped", orderCount, sum)
	}
	for _, what := range []string{"traits", "cart", "groups", "devices", "tokens", "consent"} {
		if p.All().LeftOut[what] == 0 {
			t.Errorf("%s were left out and not counted", what)
		}
	}
	if got, want := p.Counters[profile.OtherEvents].Total+p.Unproven.Counters[profile.OtherEvents].Total, int64(1200-2*profile.MaxCounters); got != want {
		t.Errorf("%d events of other names, want %d", got, want)
	}
}

// maxItem is what no item of ours exceeds, whatever is sent. The service takes 400 KB.
const maxItem = 300 << 10

// TestNoItemIsTooLarge makes the largest of each kind, all bounds at once, and does not count on a compressor.
func TestNoItemIsTooLarge(t *testing.T) {
	wide := strings.Repeat("𠮷", event.MaxName)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

	p := &profile.Profile{ID: "hostile"}
	for i := range profile.MaxUnited {
		p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.AnonymousID, Value: fmt.Sprint(i, wide)})
		p.Parts = append(p.Parts, profile.Identifier{Value: fmt.Sprint(i)}.ID())
	}
	// The outbox of a commit has what its events' names and ids come to, which projection bounds.
	for n := 0; n < 40<<10; {
		f := profile.Follow{Kind: profile.FollowEvent, Ref: wide, Event: strings.Repeat("𠮷", 100), Source: "web", Version: 1 << 40, N: 199, At: at}
		p.Outbox = append(p.Outbox, f)
		n += len(f.Ref) + len(f.Event) + len(f.Source)
	}
	// Owed are commits of one event each, each of another year, and the last one has all that a commit may.
	for i := range profile.MaxOwedHashes {
		p.Window.Commits = append(p.Window.Commits, profile.Commit{Part: p.Parts[0], Version: 1<<40 + int64(i)*999, At: at.Add(time.Duration(i) * time.Hour), Hashes: []event.Hash{event.Hash(i) << 40},
			Owed: []profile.Day{profile.Day(-i * 365)}, Days: profile.Stretch{From: profile.Day(-i * 365), Days: 1}})
	}
	last := profile.Commit{Version: 1 << 41, At: at.AddDate(1, 0, 0)}
	for i := range profile.MaxCommitEvents {
		last.Hashes, last.Owed = append(last.Hashes, event.Hash(i)<<40), append(last.Owed, profile.Day(-i*99))
	}
	last.Days = profile.StretchOf(last.Owed)
	p.Window.Record(last)
	for i := range profile.MaxMarks / profile.MaxFaded {
		for n := range profile.MaxFaded {
			if len(p.Window.Faded) <= n {
				p.Window.Faded = append(p.Window.Faded, profile.Faded{Days: profile.Stretch{From: profile.Day(-n * 9999), Days: 400_000}, At: at})
			}
			p.Window.Faded[n].Marks = append(p.Window.Faded[n].Marks, profile.HashMark(i*128))
		}
	}
	sections, _ := packSections(p)
	protocol := len(sections)

	o := order.Order{ID: strings.Repeat("x", order.MaxIDLength)}
	for n := range 2 * order.MaxRefunds {
		var products []map[string]any
		for range 3 * order.MaxProducts {
			products = append(products, map[string]any{"product_id": wide, "name": wide, "category": wide, "price": "9999999.99", "quantity": 2})
		}
		for _, name := range []string{event.OrderCompleted, event.OrderRefunded} {
			raw, _ := json.Marshal(map[string]any{"order_id": o.ID, "refund_id": fmt.Sprint(n, strings.Repeat(wide, 8)), "coupon": strings.Repeat(wide, 8), "total": "99999999.99", "products": products})
			r, err := order.ParseReport(&event.Event{Kind: event.Track, Name: name, Timestamp: at.Add(time.Duration(n) * time.Second), Properties: raw}, event.Hash(n), "CNY")
			if err != nil {
				t.Fatal(err)
			}
			o.Fold(r, "p")
		}
	}

	largest := PackedEvent{Event: event.Event{Properties: noise(1, 256<<10)}}
	packs, err := Packed([]Pack{{Profile: "p", Events: []PackedEvent{largest}}})
	if err != nil {
		t.Fatalf("one event of 256 KB does not fit into a pack: %v", err)
	}
	one := Timeline{}.item(packs[0])
	for name, size := range map[string]int{"profile": maxHostile + protocol, "order": len(packOrder(&o)), "pack of one event": len(dynamo.BytesOf(one, dynamo.AttrBody)), "pack": maxPackBody + 8*profile.MaxCommitEvents + 200} {
		t.Logf("%s: %d bytes", name, size)
		if size > maxItem {
			t.Errorf("a %s can have %d bytes, want at most %d", name, size, maxItem)
		}
	}
}

// noise is a JSON text of n bytes that hardly compresses.
func noise(seed uint64, n int) []byte {
	b := []byte{'"'}
	for x := seed*2654435761 + 1; len(b) < n; {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b = append(b, byte(' '+x%90))
		if last := b[len(b)-1]; last == '"' || last == '\\' {
			b[len(b)-1] = 'x'
		}
	}
	return append(b, '"')
}
