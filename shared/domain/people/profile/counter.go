package profile

import (
	"cmp"
	"hash/fnv"
	"slices"
	"time"
)

// OtherEvents counts the events whose names no longer fit into Counters; the other tables use it in the same way.
const OtherEvents = "*"

// StandardEvents are the names that the product knows, with "page" and "screen" for those calls. Each of them has a counter of its
// own in every profile; a stored profile names it by its position here, so that names are only ever added at the end.
var StandardEvents = []string{
	"page", "screen", "*",
	"Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed", "Promotion Clicked", "Product Clicked",
	"Product Viewed", "Product Added", "Product Removed", "Cart Viewed", "Checkout Started", "Checkout Step Viewed",
	"Checkout Step Completed", "Payment Info Entered", "Order Completed", "Order Updated", "Order Refunded", "Order Cancelled",
	"Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed", "Product Added to Wishlist",
	"Product Removed from Wishlist", "Wishlist Product Added to Cart", "Product Shared", "Cart Shared", "Product Reviewed",
	"Email Delivered", "Email Opened", "Email Link Clicked", "Email Bounced", "Email Marked as Spam", "Unsubscribed",
	"Experiment Viewed", "Order Placed", "Subscription Accepted", "Signed Up", "Signed In", "Checked In", "Task Completed",
	"Badge Earned", "Points Earned", "Points Redeemed", "Points Expired", "Tier Changed", "Invite Sent", "Invite Accepted",
	"Referral Qualified", "Referral Settled", "Group Opened", "Group Joined", "Group Completed", "Group Expired", "Bargain Started",
	"Bargain Helped", "Bargain Completed", "Lottery Drawn", "Notification Sent", "Notification Suppressed",
	"Notification Delivered", "Notification Complained", "Consent Granted", "Consent Revoked", "Store Visited", "Ticket Opened",
}

var standard = func() map[string]bool {
	m := make(map[string]bool, len(StandardEvents))
	for _, name := range StandardEvents {
		m[name] = true
	}
	return m
}()

// Standard tells whether a name is one of StandardEvents.
func Standard(name string) bool { return standard[name] }

// Counter counts the events of one name; Recent holds the newest active days, so that "at least N times within D days"
// can be asked.
type Counter struct {
	Total  int64      `json:"total"`
	Last   time.Time  `json:"last"`
	Recent []DayCount `json:"recent,omitempty"` // newest last, at most MaxRecentDays
}

// DayCount is how often something happened on one day.
type DayCount struct {
	Day   Day `json:"day"`
	Count int `json:"count"`
}

func (c *Counter) add(n int64, at time.Time, day Day) {
	c.Total += n
	if at.After(c.Last) {
		c.Last = at
	}
	c.addDay(DayCount{Day: day, Count: int(n)})
}

// addDay counts a day; of more than MaxRecentDays days the oldest go, and a day that went never comes back, because newer ones
// stand in its way.
func (c *Counter) addDay(d DayCount) {
	at, found := slices.BinarySearchFunc(c.Recent, d.Day, func(x DayCount, day Day) int { return int(x.Day) - int(day) })
	switch {
	case found:
		// The slice may be shared with a copy of the profile.
		c.Recent = slices.Clone(c.Recent)
		c.Recent[at].Count += d.Count
	case at == 0 && len(c.Recent) >= MaxRecentDays:
	default:
		c.Recent = slices.Insert(slices.Clone(c.Recent), at, d)
		if len(c.Recent) > MaxRecentDays {
			c.Recent = c.Recent[1:]
		}
	}
}

func (c Counter) union(d Counter) Counter {
	c.Total += d.Total
	if d.Last.After(c.Last) {
		c.Last = d.Last
	}
	for _, day := range d.Recent {
		c.addDay(day)
	}
	return c
}

// Since counts the events on or after a day, as far as Recent reaches back.
func (c Counter) Since(day Day) int64 {
	var n int64
	for _, d := range c.Recent {
		if d.Day >= day {
			n += int64(d.Count)
		}
	}
	return n
}

// makeRoom answers under which key of a table a key counts: its own, or OtherEvents where there is no room for it. The table has at most most
// keys beside the free ones. Past that the keys of the lowest rank stay, which is a hash; the key of the highest rank is deleted, and what it
// counted is added to OtherEvents. A key that was deleted can never come back. So which keys stay is a function of the set of all keys, in
// whatever order they come.
func makeRoom[V any](m map[string]V, key string, most int, free map[string]bool, union func(V, V) V) string {
	if _, known := m[key]; known || free[key] || key == OtherEvents {
		return key
	}
	if len(m) < most {
		return key
	}
	n, highest := 0, key
	for k := range m {
		if free[k] || k == OtherEvents {
			continue
		}
		n++
		if compareRank(k, highest) > 0 {
			highest = k
		}
	}
	if n < most {
		return key
	}
	if highest == key {
		return OtherEvents
	}
	m[OtherEvents] = union(m[OtherEvents], m[highest])
	delete(m, highest)
	return key
}

func compareRank(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func rank(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return h.Sum32()
}

// dropOldest removes the entries with the oldest time until at most n are left, and tells how many; ties go by key, so that the
// outcome does not depend on the map's order.
func dropOldest[V any](m map[string]V, n int, when func(V) time.Time) (dropped int) {
	for len(m) > n {
		oldest, first := "", true
		for k, v := range m {
			if c := when(v).Compare(when(m[oldest])); first || c < 0 || c == 0 && k < oldest {
				oldest, first = k, false
			}
		}
		delete(m, oldest)
		dropped++
	}
	return dropped
}
