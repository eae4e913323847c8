package rule

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Kind is the type of what a rule asks of a profile. It decides which operations make sense.
type Kind string

// The kinds of field. A trait is Any: the type of its value is known only when it is looked at, and a comparison with a
// value of another type is simply not met. An Object has fields of its own and can only be asked whether it is there.
const (
	Number Kind = "number"
	Text   Kind = "text"
	Flag   Kind = "flag"
	Time   Kind = "time"
	List   Kind = "list"
	Object Kind = "object"
	Any    Kind = "any"
)

// Unit says what a number counts.
type Unit string

// The units. Money is in minor units of the shop's currency; Plain is a number on a scale of its own, as a score or an hour of the day.
const (
	Money   Unit = "money"
	Days    Unit = "days"
	Hours   Unit = "hours"
	Years   Unit = "years"
	Percent Unit = "percent"
	Count   Unit = "count"
	Plain   Unit = "plain"
)

// Value is one that a field is known to have, and what an operator calls it.
type Value struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Field describes one thing that a rule can ask of a profile, for documentation. A name with a part in angle brackets stands for
// many fields.
type Field struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Unit is of numbers alone.
	Unit    Unit     `json:"unit,omitempty"`
	Label   string   `json:"label"`
	Meaning string   `json:"meaning"`
	Ops     []string `json:"ops"`
	// Live fields are known while events are folded; the others change with a run.
	Live bool `json:"live"`
	// Profiling fields are concluded of what somebody did. They may not be asked of who refuses profiling.
	Profiling bool `json:"profiling,omitempty"`
	// Values are those that the field can have, where they are known.
	Values []Value `json:"values,omitempty"`
}

// Fields lists every field that a rule may name, in the order in which they are documented, in the words of a language.
func Fields(l Language) []Field {
	out := make([]Field, len(registry))
	for i := range registry {
		f := &registry[i]
		out[i] = Field{Name: f.name, Kind: f.kind, Unit: f.counts(), Label: f.label(l), Meaning: f.say(l), Live: !f.scored, Profiling: f.profiles()}
		for _, o := range operations(f.kind) {
			out[i].Ops = append(out[i].Ops, string(o))
		}
		if f.values != nil {
			for _, value := range f.values() {
				out[i].Values = append(out[i].Values, Value{value, f.valueLabel(value, l)})
			}
		}
	}
	return out
}

// field is one entry of the registry. read gives what the profile holds, false for nothing; key is the part in angle brackets.
type field struct {
	name    string
	kind    Kind
	unit    Unit // of a number that counts no things
	meaning string
	scored  bool
	values  func() []string
	// newestDays fields count what happened on the newest profile.MaxRecentDays days on which anything of the kind did, of a longer time.
	newestDays bool
	// concluded fields do not tell what somebody did or said, but what follows from it: a habit, a liking, an expectation. With those of a run, which
	// are classes, they are what profiling comes to; see docs/privacy.md.
	concluded bool
	// judge says why no profile has the field with such a key; empty for one that a profile can have. Without it any key will do.
	judge func(key string) string
	read  func(s *Subject, key string) (value, bool)
}

// counts is the unit of a number.
func (f *field) counts() Unit {
	if f.kind == Number && f.unit == "" {
		return Count
	}
	return f.unit
}

// profiles tells whether the field may not be asked of somebody who refuses profiling.
func (f *field) profiles() bool { return f.concluded || f.scored }

// value is what a field or an operand holds: the member that its kind names.
type value struct {
	kind Kind
	num  number
	text string
	flag bool
	at   time.Time
	list []string
	// elements are those of a list whose elements may be of any kind; list is empty then.
	elements []value
}

func whole(n int64) value           { return value{kind: Number, num: number{whole: n, isWhole: true}} }
func textOf(s string) (value, bool) { return value{kind: Text, text: s}, s != "" }
func timeOf(t time.Time) (value, bool) {
	return value{kind: Time, at: t}, !t.IsZero()
}
func listOf(l []string) (value, bool) { return value{kind: List, list: l}, len(l) > 0 }

func count(n int) (value, bool) { return whole(int64(n)), true }

// registry holds every field, the oldest first.
var registry = slices.Concat(baseFields, personFields, orderFields, activityFields)

var baseFields = []field{
	{name: "userId", kind: Text, meaning: "the shop's own id of the person; absent while the person is anonymous",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.UserID()) }},
	{name: "firstSeen", kind: Time, meaning: "earliest timestamp of an event",
		read: func(s *Subject, _ string) (value, bool) { return timeOf(s.p.FirstSeen) }},
	{name: "lastSeen", kind: Time, meaning: "latest timestamp of an event",
		read: func(s *Subject, _ string) (value, bool) { return timeOf(s.p.LastSeen) }},
	{name: "traits.<name>", kind: Any, meaning: "a trait, by the type of its value; a text may be read as a time, a list is asked for its elements, and what an object holds is named behind a dot: traits.address.city", read: readTrait},
	{name: "tags", kind: List, meaning: "the person's tags",
		read: func(s *Subject, _ string) (value, bool) { return listOf(s.p.Tags) }},
	{name: "groups", kind: List, meaning: "ids of the groups that the person joined",
		read: func(s *Subject, _ string) (value, bool) { return listOf(slices.Sorted(maps.Keys(s.p.Groups))) }},
	{name: "consent.<channel>", kind: Flag, meaning: "true where consent to marketing was granted and not revoked since, false where revoked; absent where never said. consent.<channel>/service is of service", judge: profile.JudgeConsentKey,
		read: func(s *Subject, channel string) (value, bool) {
			c, ok := s.p.Consent[profile.ConsentChannel(channel)]
			return value{kind: Flag, flag: c.Granted}, ok
		}},
	{name: "locale", kind: Text, meaning: "the latest context.locale",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Locale.Value) }},
	{name: "timezone", kind: Text, meaning: "the latest context.timezone, a tzdata name",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Zone.Value) }},

	{name: "orders.count", kind: Number, meaning: "completed orders, those of no worth and refunded ones too",
		read: func(s *Subject, _ string) (value, bool) { return count(s.p.Orders.Count) }},
	{name: "orders.paid", kind: Number, meaning: "orders with a net above zero in the shop's currency",
		read: func(s *Subject, _ string) (value, bool) { return count(s.orders().count) }},
	{name: "orders.revenue", kind: Number, unit: Money, meaning: "their net sum, in minor units of the shop's currency",
		read: func(s *Subject, _ string) (value, bool) { return whole(s.orders().net), true }},
	{name: "orders.average", kind: Number, unit: Money, meaning: "their net sum divided by their number, in whole minor units; absent without one",
		read: func(s *Subject, _ string) (value, bool) {
			o := s.orders()
			return whole(o.net / int64(max(o.count, 1))), o.count > 0
		}},
	{name: "orders.firstAt", kind: Time, meaning: "when the first paid order of those listed one by one was completed",
		read: func(s *Subject, _ string) (value, bool) { return timeOf(s.orders().first) }},
	{name: "orders.lastAt", kind: Time, meaning: "when the last paid order was completed",
		read: func(s *Subject, _ string) (value, bool) { return timeOf(s.orders().last) }},
	{name: "orders.daysSince", kind: Number, unit: Days, meaning: "whole days since the last paid order, in the shop's time zone",
		read: func(s *Subject, _ string) (value, bool) { return s.daysSince(s.orders().last) }},

	{name: "cart.pieces", kind: Number, meaning: "pieces in the open cart",
		read: func(s *Subject, _ string) (value, bool) {
			pieces, _ := s.p.OpenCart()
			return count(pieces)
		}},
	{name: "cart.value", kind: Number, unit: Money, meaning: "worth of the open cart, in minor units of the shop's currency",
		read: func(s *Subject, _ string) (value, bool) {
			_, worth := s.p.OpenCart()
			return whole(worth), true
		}},
	{name: "cart.products", kind: List, meaning: "product ids in the open cart",
		read: func(s *Subject, _ string) (value, bool) { return listOf(cartProducts(s.p)) }},
	{name: "cart.changedAt", kind: Time, meaning: "when a product of the open cart was last added or removed",
		read: func(s *Subject, _ string) (value, bool) { return timeOf(cartChangedAt(s.p)) }},

	{name: "events.<event>.count", kind: Number, meaning: "how often the event happened; page and screen count those calls",
		read: func(s *Subject, name string) (value, bool) { return whole(s.p.Counters[name].Total), true }},
	{name: "events.<event>.lastAt", kind: Time, meaning: "when the event happened last",
		read: func(s *Subject, name string) (value, bool) { return timeOf(s.p.Counters[name].Last) }},
	{name: "activity.daysSince", kind: Number, unit: Days, meaning: "whole days since any event, in the shop's time zone",
		read: func(s *Subject, _ string) (value, bool) { return s.daysSince(s.p.LastSeen) }},
	{name: "activity.days7", kind: Number, unit: Days, meaning: "active days among the last 7", read: activeDays(7)},
	{name: "activity.days30", kind: Number, unit: Days, meaning: "active days among the last 30", read: activeDays(30)},
	{name: "activity.days90", kind: Number, unit: Days, meaning: "active days among the last 90", read: activeDays(90)},
	{name: "activity.days365", kind: Number, unit: Days, meaning: "active days among the last 365", read: activeDays(365)},

	{name: "touch.first.campaign", kind: Text, meaning: "campaign that brought the person first", read: touch("first", touchCampaign)},
	{name: "touch.first.source", kind: Text, meaning: "source that brought the person first", read: touch("first", touchSource)},
	{name: "touch.first.medium", kind: Text, meaning: "medium that brought the person first", read: touch("first", touchMedium)},
	{name: "touch.first.referrer", kind: Text, meaning: "page that the person came from first", read: touch("first", touchReferrer)},
	{name: "touch.last.campaign", kind: Text, meaning: "campaign that brought the person last", read: touch("last", touchCampaign)},
	{name: "touch.last.source", kind: Text, meaning: "source that brought the person last", read: touch("last", touchSource)},
	{name: "touch.last.medium", kind: Text, meaning: "medium that brought the person last", read: touch("last", touchMedium)},
	{name: "touch.last.referrer", kind: Text, meaning: "page that the person came from last", read: touch("last", touchReferrer)},

	{name: "rfm.r", kind: Number, unit: Plain, scored: true, meaning: "score of recency, 1 to 5; absent for those who have not bought",
		read: rfm(func(s profile.Scores) int { return s.R })},
	{name: "rfm.f", kind: Number, unit: Plain, scored: true, meaning: "score of frequency, 1 to 5",
		read: rfm(func(s profile.Scores) int { return s.F })},
	{name: "rfm.m", kind: Number, unit: Plain, scored: true, meaning: "score of monetary value, 1 to 5",
		read: rfm(func(s profile.Scores) int { return s.M })},
	{name: "class8", kind: Text, scored: true, values: score.Classes8, meaning: "class of R, F and M each against the buyers, 1 is good",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Class8) }},
	{name: "segment11", kind: Text, scored: true, values: score.Segments11, meaning: "one of the 11 segments of the grid of scores",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Segment11) }},
	{name: "class15", kind: Text, scored: true, values: score.Classes15, meaning: "band of recency with F and M against the mean, or what those are who have not bought",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Class15) }},
	{name: "lifecycle", kind: Text, scored: true, values: score.Lifecycles, meaning: "state by the days since any activity",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Lifecycle) }},
}

// lookUp finds the field that a rule names, and the part that its angle brackets stand for.
func lookUp(name string) (f *field, key string, ok bool) {
	for i := range registry {
		f := &registry[i]
		before, rest, pattern := strings.Cut(f.name, "<")
		if !pattern {
			if f.name == name {
				return f, "", true
			}
			continue
		}
		_, after, _ := strings.Cut(rest, ">")
		if len(name) > len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
			return f, name[len(before) : len(name)-len(after)], true
		}
	}
	return nil, "", false
}

type paidOrders struct {
	count       int
	net         int64
	first, last time.Time
}

// orders sums the paid orders in the shop's currency.
func (s *Subject) orders() paidOrders {
	var o paidOrders
	add := func(count int, net int64, first, last time.Time) {
		o.count += count
		o.net = money.AddCapped(o.net, net)
		if o.first.IsZero() || first.Before(o.first) {
			o.first = first
		}
		if last.After(o.last) {
			o.last = last
		}
	}
	for _, base := range s.p.Orders.Base {
		if base.Count > 0 && base.Currency == s.shop.Currency {
			add(base.Count, base.Net, base.FirstAt, base.LastAt)
		}
	}
	for _, entry := range s.p.Orders.Entries {
		if entry.Net > 0 && entry.Currency == s.shop.Currency {
			add(1, entry.Net, entry.At, entry.At)
		}
	}
	return o
}

func (s *Subject) daysSince(t time.Time) (value, bool) {
	if t.IsZero() {
		return value{}, false
	}
	return whole(int64(s.today - s.shop.Day(t))), true
}

func activeDays(n int) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		return count(s.p.Active.Count(s.today - profile.Day(n) + 1))
	}
}

func touchCampaign(t profile.Touch) string { return t.Campaign }
func touchSource(t profile.Touch) string   { return t.Source }
func touchMedium(t profile.Touch) string   { return t.Medium }
func touchReferrer(t profile.Touch) string { return t.Referrer }

func touch(which string, part func(profile.Touch) string) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return textOf(part(s.p.Touch[which])) }
}

func rfm(part func(profile.Scores) int) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		n := part(s.p.Scores)
		return whole(int64(n)), n > 0
	}
}

func cartProducts(p *profile.Profile) []string {
	var ids []string
	for id, line := range p.Cart {
		if line.Quantity > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func cartChangedAt(p *profile.Profile) time.Time {
	var at time.Time
	for _, line := range p.Cart {
		if line.At.After(at) {
			at = line.At
		}
	}
	return at
}
