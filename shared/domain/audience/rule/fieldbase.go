package rule

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/slug"
)

var baseFields = []field{
	{name: "userId", kind: Text, meaning: "the shop's own id of the person; absent while the person is anonymous",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.UserID()) }},
	{name: "firstSeen", kind: Time, meaning: "earliest timestamp of an event",
		read: func(s *Subject, _ string) (value, bool) { return timeOf(s.p.FirstSeen) }},
	{name: "lastSeen", kind: Time, meaning: "latest timestamp of an event",
		read: func(s *Subject, _ string) (value, bool) { return timeOf(s.p.LastSeen) }},
	{name: "traits.<name>", kind: Any, meaning: "a trait, by the type of its value; a text may be read as a time, a list is asked for its elements, and what an object holds is named behind a dot: traits.address.city", read: readTrait},
	{name: "tags", kind: List, meaning: "the person's tags",
		read: func(s *Subject, _ string) (value, bool) { return listOf(s.tags()) }},
	{name: "onList.<list>", kind: Time, meaning: "when the person was put on the list by an upload; absent for who is not on it, or was taken off since", judge: slug.Fault,
		read: func(s *Subject, list string) (value, bool) {
			at, on := s.p.OnList(list)
			return value{kind: Time, at: at}, on
		}},
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
	{name: "activity.score", kind: Number, unit: Plain, concluded: true, meaning: "how lively the person is, 0 to 100: how recent against their own rhythm, how often, how deep",
		read: func(s *Subject, _ string) (value, bool) {
			return whole(int64(score.Activity(s.p, s.shop.Day(s.now)))), true
		}},
	{name: "activity.band", kind: Text, scored: true, values: score.ActivityBands, meaning: "band of that score in the last run: lively, fading or warning",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Activity) }},
	{name: "stage", kind: Text, scored: true, values: score.Stages, meaning: "how far the shop's relation with the person has come, by the last run",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Stage) }},
	{name: "alive", kind: Text, scored: true, values: prediction.Bands, meaning: "whether a buyer still buys: alive, at-risk or lost; absent without a prediction",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Alive) }},
	{name: "valueDecile", kind: Number, unit: Plain, scored: true, meaning: "tenth of the buyers by what they are expected to bring within a year, 10 the most; absent without a prediction",
		read: rfm(func(s profile.Scores) int { return s.ValueDecile })},
	{name: "lifecycle", kind: Text, scored: true, values: score.Lifecycles, meaning: "state by the days since any activity",
		read: func(s *Subject, _ string) (value, bool) { return textOf(s.p.Scores.Lifecycle) }},
}

func touchCampaign(t profile.Touch) string { return t.Campaign }

func touchSource(t profile.Touch) string { return t.Source }

func touchMedium(t profile.Touch) string { return t.Medium }

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

func cartChangedAt(p *profile.Profile) time.Time {
	var at time.Time
	for _, line := range p.Cart {
		if line.At.After(at) {
			at = line.At
		}
	}
	return at
}
