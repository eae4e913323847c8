//go:build unix

package functions

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// crowd makes what the people of a shop's app send: events of about 600 bytes with the times, ids and contexts of real clients. It
// is seeded, so that two runs differ in times alone.
type crowd struct {
	random *rand.Rand
	clock  time.Time // of the newest event
	orders int
}

func newCrowd(seed uint64) *crowd {
	return &crowd{random: rand.New(rand.NewPCG(seed, 4)), clock: time.Now()}
}

// pause is the longest time between two events of a person. It is short because what the person sent before is only moments old here, and
// the events of a batch are newer than the batch before.
const pause = 20 * time.Millisecond

func (c *crowd) tick() string {
	c.clock = c.clock.Add(time.Duration(c.random.Int64N(int64(pause))))
	return stamp(c.clock)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (c *crowd) uuid() string {
	a, b := c.random.Uint64(), c.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func (c *crowd) pick(from []string) string { return from[c.random.IntN(len(from))] }

var (
	categories = []string{"Tea/Green", "Tea/Black", "Tea/Oolong", "Teaware/Cups", "Teaware/Pots", "Snacks", "Gifts/Boxes", "Coffee/Beans"}
	adjectives = []string{"Spring", "Wild", "Organic", "Classic", "Imperial", "Mountain", "Roasted", "Misty", "Hand-picked", "Jade"}
	nouns      = []string{"Longjing", "Tieguanyin", "Pu'er", "Keemun", "Gaiwan", "Teapot", "Biluochun", "Da Hong Pao", "Matcha", "Yirgacheffe"}
	phones     = []string{"iPhone15,3", "iPhone14,5", "SM-S9110", "Mi 13", "PGEM10", "V2241A"}
	searches   = []string{"longjing 2026", "gift box", "tea cup", "white tea", "pu'er cake", "travel set"}
)

// device is what does not change from one event of a person's device to the next.
type device struct {
	user, anonymous, context string
}

func (c *crowd) device(user string) device {
	return device{user, c.uuid(), fmt.Sprintf(`"app":{"name":"TeaShop","version":"5.%d.%d","build":"%d"},"device":{"type":"mobile","model":%q},"library":{"name":"analytics-flutter","version":"1.1.4"},"locale":"zh-CN","network":{"wifi":%t},"timezone":"Asia/Shanghai"`,
		c.random.IntN(4), c.random.IntN(10), 4000+c.random.IntN(300), c.pick(phones), c.random.IntN(2) == 0)}
}

func (c *crowd) product() (id int, fields string) {
	id = c.random.IntN(2000)
	return id, fmt.Sprintf(`"product_id":"SKU-%05d","name":"%s %s %dg","category":%q,"price":%d.%02d`,
		id, adjectives[id%10], nouns[id/10%10], 50*(1+id%9), categories[id%8], 19+id%400, id%4*25)
}

// event is one event as it goes over the wire.
func (c *crowd) event(d device) string {
	kind, name := "track", ""
	var properties, page string
	id, product := c.product()
	switch n := c.random.IntN(100); {
	case n < 45:
		name, page = "Product Viewed", fmt.Sprintf("/p/%d", id)
		properties = fmt.Sprintf(`%s,"currency":"CNY","position":%d`, product, 1+c.random.IntN(60))
	case n < 60:
		name, page = "Product List Viewed", "/c/"+strings.ToLower(categories[id%8])
		properties = fmt.Sprintf(`"list_id":"list-%d","category":%q,"products":[{"product_id":"SKU-%05d","position":1},{"product_id":"SKU-%05d","position":2}]`, id%50, categories[id%8], id, (id+7)%2000)
	case n < 68:
		name, page = "Product Added", "/cart"
		properties = fmt.Sprintf(`%s,"quantity":%d,"currency":"CNY","cart_id":"cart-%s"`, product, 1+c.random.IntN(3), d.anonymous[:8])
	case n < 78:
		name, page = "Products Searched", "/search"
		properties = fmt.Sprintf(`"query":%q,"results":%d,"sort":"%s"`, c.pick(searches), c.random.IntN(400), c.pick([]string{"price", "newest", "sold"}))
	default:
		kind, name, page = "screen", c.pick([]string{"Home", "Category", "Product", "Cart", "Account", "Live"}), ""
		properties = fmt.Sprintf(`"referring_screen":%q,"scroll_depth":%d,"visible_ms":%d,"entry":"%s"`, c.pick([]string{"Home", "Search", "Push", "Product"}), c.random.IntN(101), c.random.IntN(60000), c.pick([]string{"tab", "link", "push", "back"}))
	}
	field := "event"
	if kind == "screen" {
		field = "name"
	}
	if page != "" {
		properties += fmt.Sprintf(`,"url":"https://shop.example%s"`, page)
	}
	return c.write(d, c.tick(), kind, field, name, properties)
}

func (c *crowd) write(d device, at, kind, field, name, properties string) string {
	return fmt.Sprintf(`{"type":%q,%q:%q,"messageId":"%s","userId":%q,"anonymousId":%q,"timestamp":%q,"properties":{%s},"context":{%s},"integrations":{}}`,
		kind, field, name, c.uuid(), d.user, d.anonymous, at, properties, d.context)
}

// order is an Order Completed with up to three products, at a time.
func (c *crowd) order(d device, at time.Time) string {
	c.orders++
	var products []string
	total := 0
	for range 1 + c.random.IntN(3) {
		id, product := c.product()
		products = append(products, "{"+product+`,"quantity":1}`)
		total += (19+id%400)*100 + id%4*25
	}
	return c.write(d, stamp(at), "track", "event", "Order Completed", fmt.Sprintf(`"order_id":"%d-%06d","total":%d.%02d,"currency":"CNY","products":[%s]`,
		at.UnixMilli(), c.orders, total/100, total%100, strings.Join(products, ",")))
}

// identify makes a person known, as a sign-in does.
func (c *crowd) identify(d device) string {
	traits, _ := json.Marshal(map[string]any{"name": "Person " + d.user, "email": d.user + "@example.com", "city": "Hangzhou", "gender": c.pick([]string{"f", "m"}), "birthday": "1990-05-17"})
	return fmt.Sprintf(`{"type":"identify","messageId":"%s","userId":%q,"anonymousId":%q,"timestamp":%q,"traits":%s,"context":{%s},"integrations":{}}`,
		c.uuid(), d.user, d.anonymous, c.tick(), traits, d.context)
}

// request is what a client posts.
type request struct{ path, body string }

// batch is a request with several events.
func batch(events []string) request {
	return request{"/v1/batch", `{"batch":[` + strings.Join(events, ",") + `],"sentAt":"` + stamp(time.Now()) + `"}`}
}

// single is a request with one event.
func single(event string) request {
	kind, _, _ := strings.Cut(strings.TrimPrefix(event, `{"type":"`), `"`)
	return request{"/v1/" + kind, event}
}

// some makes n events of one device, the last of them a moment ago.
func (c *crowd) some(d device, n int) []string {
	c.clock = time.Now().Add(-time.Duration(n) * pause)
	events := make([]string, n)
	for i := range events {
		events[i] = c.event(d)
	}
	return events
}
