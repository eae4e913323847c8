package rule

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// personFields are who somebody is and how they can be reached.
var personFields = slices.Concat([]field{
	{name: "known", kind: Flag, meaning: "whether the person has a userId", read: yes(func(s *Subject) bool { return s.p.UserID() != "" })},
	{name: "firstSeen.daysSince", kind: Number, unit: Days, meaning: "whole days since the first event, in the shop's time zone", read: since(func(s *Subject) time.Time { return s.p.FirstSeen })},
	{name: "gender", kind: Text, values: of("female", "male", "other"), meaning: "from the trait gender", read: text(func(s *Subject) string { return s.p.Gender() })},
	{name: "age", kind: Number, unit: Years, meaning: "years, from the trait birthday, else the trait age",
		read: func(s *Subject, _ string) (value, bool) {
			age, ok := s.p.Age(s.now.In(s.shop.Zone))
			return whole(int64(age)), ok
		}},
	{name: "birthday.month", kind: Number, unit: Plain, meaning: "month of the trait birthday, 1 to 12",
		read: func(s *Subject, _ string) (value, bool) {
			_, month, _, ok := s.p.Birthday()
			return whole(int64(month)), ok
		}},
	{name: "birthday.day", kind: Number, unit: Plain, meaning: "day of the month of the trait birthday",
		read: func(s *Subject, _ string) (value, bool) {
			_, _, day, ok := s.p.Birthday()
			return whole(int64(day)), ok
		}},
	{name: "birthday.daysUntil", kind: Number, unit: Days, meaning: "days until the next birthday, 0 on the day itself", read: birthdayIn},
	{name: "city", kind: Text, meaning: "from the trait city or address", read: text(func(s *Subject) string { return s.p.Place("city") })},
	{name: "province", kind: Text, meaning: "from the trait province, state, region or address", read: text(func(s *Subject) string { return s.p.Place("province") })},
	{name: "country", kind: Text, meaning: "from the trait country or address, as the shop writes it", read: text(func(s *Subject) string { return s.p.Place("country") })},
	{name: "postalCode", kind: Text, meaning: "from the trait postalCode or address", read: text(func(s *Subject) string { return s.p.Place("postalCode") })},
	{name: "language", kind: Text, meaning: "the first part of the locale, such as zh",
		read: text(func(s *Subject) string {
			language, _, _ := strings.Cut(strings.ReplaceAll(s.p.Locale.Value, "_", "-"), "-")
			return strings.ToLower(language)
		})},
	{name: "email.domain", kind: Text, meaning: "what follows the @ of the e-mail address",
		read: text(func(s *Subject) string {
			_, domain, _ := strings.Cut(s.p.Address(profile.ChannelEmail), "@")
			return domain
		})},
	{name: "ids.devices", kind: Number, meaning: "anonymousIds that joined", read: identifiers(profile.AnonymousID)},
	{name: "ids.emails", kind: Number, meaning: "e-mail addresses that joined", read: identifiers(profile.Email)},
	{name: "ids.phones", kind: Number, meaning: "phone numbers that joined", read: identifiers(profile.Phone)},
	{name: "ids.openids", kind: Number, meaning: "WeChat openids that joined", read: identifiers(profile.OpenID)},
	{name: "ids.unionids", kind: Number, meaning: "WeChat unionids that joined", read: identifiers(profile.UnionID)},
	{name: "merged", kind: Number, meaning: "profiles that were merged into this one", read: amount(func(s *Subject) int { return len(s.p.Parts) })},
	{name: "tags.count", kind: Number, meaning: "how many tags the person has", read: amount(func(s *Subject) int { return len(s.tags()) })},
	{name: "groups.count", kind: Number, meaning: "how many groups the person joined, of the newest 10", read: amount(func(s *Subject) int { return len(s.p.Groups) })},
	{name: "detail.traits", kind: Number, meaning: "how many traits are known", read: amount(func(s *Subject) int { return len(s.p.Traits) })},
	{name: "detail.changedAt", kind: Time, meaning: "when a trait was last changed",
		read: moment(func(s *Subject) time.Time {
			var at time.Time
			for _, t := range s.p.Traits {
				if t.At.After(at) {
					at = t.At
				}
			}
			return at
		})},
	{name: "consents.granted", kind: List, meaning: "channels with consent to marketing", read: many(func(s *Subject) []string { return consents(s.p, true) })},
	{name: "consents.revoked", kind: List, meaning: "channels whose consent to marketing was revoked", read: many(func(s *Subject) []string { return consents(s.p, false) })},
	{name: "profiling.refused", kind: Flag, meaning: "whether the person refuses profiling: then no condition on a field marked profiling is met, and none behind a not", read: yes(func(s *Subject) bool { return s.p.RefusesProfiling() })},
	{name: "detail.leftOut", kind: Number, meaning: "pieces of detail (traits, groups, cart lines, devices, tokens, consents) that were let go for a bound; about, and never money",
		read: func(s *Subject, _ string) (value, bool) {
			var n int64
			for _, left := range s.p.LeftOut {
				n += left
			}
			return whole(n), true
		}},

	{name: "device.os", kind: Text, meaning: "operating system used last", read: text(func(s *Subject) string { return s.p.Client.OS })},
	{name: "device.osVersion", kind: Text, meaning: "its version", read: text(func(s *Subject) string { return s.p.Client.OSVersion })},
	{name: "device.type", kind: Text, meaning: "type of the device used last, as the client says; else mobile or desktop", read: text(func(s *Subject) string { return s.p.Client.DeviceType })},
	{name: "device.manufacturer", kind: Text, meaning: "its manufacturer", read: text(func(s *Subject) string { return s.p.Client.Manufacturer })},
	{name: "device.model", kind: Text, meaning: "its model", read: text(func(s *Subject) string { return s.p.Client.Model })},
	{name: "device.app", kind: Text, meaning: "app used last; absent in a browser", read: text(func(s *Subject) string { return s.p.Client.App })},
	{name: "device.appVersion", kind: Text, meaning: "its version", read: text(func(s *Subject) string { return s.p.Client.AppVersion })},
	{name: "device.browser", kind: Text, meaning: "browser used last: wechat, alipay, edge, firefox, chrome, safari", read: text(func(s *Subject) string { return s.p.Client.Browser })},
	{name: "device.library", kind: Text, meaning: "client library that sent the last event of a device", read: text(func(s *Subject) string { return s.p.Client.Library })},
	{name: "device.lastAt", kind: Time, meaning: "when a device was used last", read: moment(func(s *Subject) time.Time { return s.p.Client.At })},
	{name: "device.count", kind: Number, meaning: "devices with an id of their own, of the newest 5", read: amount(func(s *Subject) int { return len(s.p.Devices) })},
	{name: "device.systems", kind: List, meaning: "operating systems of those devices", read: many(func(s *Subject) []string { return clients(s.p, func(c profile.Client) string { return c.OS }) })},
	{name: "device.models", kind: List, meaning: "models of those devices", read: many(func(s *Subject) []string { return clients(s.p, func(c profile.Client) string { return c.Model }) })},
	{name: "push.tokens", kind: Number, meaning: "push tokens, of the newest 5", read: amount(func(s *Subject) int { return len(s.p.Tokens) })},
	{name: "push.lastAt", kind: Time, meaning: "when a push token was last seen",
		read: moment(func(s *Subject) time.Time { return s.p.Tokens[s.p.Address(profile.ChannelPush)].At })},

	{name: "touch.first.at", kind: Time, meaning: "when the first touch was", read: moment(func(s *Subject) time.Time { return s.p.Touch["first"].At })},
	{name: "touch.last.at", kind: Time, meaning: "when the last touch was", read: moment(func(s *Subject) time.Time { return s.p.Touch["last"].At })},
	{name: "touch.first.daysSince", kind: Number, unit: Days, meaning: "whole days since the first touch", read: since(func(s *Subject) time.Time { return s.p.Touch["first"].At })},
	{name: "touch.last.daysSince", kind: Number, unit: Days, meaning: "whole days since the last touch", read: since(func(s *Subject) time.Time { return s.p.Touch["last"].At })},
}, reachFields())

// reachFields ask of each channel whether it has an address, and consent with it.
func reachFields() []field {
	var all []field
	for _, k := range profile.AddressKinds() {
		all = append(all,
			field{name: "address." + k.Channel, kind: Flag, meaning: "whether " + k.Noun + " is known", read: yes(func(s *Subject) bool { return s.p.Address(k.Channel) != "" })},
			field{name: "reachable." + k.Channel, kind: Flag, meaning: "whether " + k.Noun + " is known and consent granted", read: yes(func(s *Subject) bool { return s.p.Reachable(k.Channel) })})
	}
	return all
}

func identifiers(kind profile.IdentifierKind) func(*Subject, string) (value, bool) {
	return amount(func(s *Subject) int {
		n := 0
		for _, i := range s.p.Identifiers {
			if i.Kind.Base() == kind {
				n++
			}
		}
		return n
	})
}

func consents(p *profile.Profile, granted bool) []string {
	var channels []string
	for key, c := range p.Consent {
		if c.Granted == granted && profile.MarketingConsent(key) {
			channels = append(channels, key)
		}
	}
	slices.Sort(channels)
	return channels
}

func clients(p *profile.Profile, part func(profile.Client) string) []string {
	found := map[string]bool{}
	for _, c := range p.Devices {
		if one := part(c); one != "" {
			found[one] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// birthdayIn counts the days to the next birthday. Who was born on 29 February has it on 1 March of other years.
func birthdayIn(s *Subject, _ string) (value, bool) {
	_, month, day, ok := s.p.Birthday()
	if !ok {
		return value{}, false
	}
	y, m, d := s.now.In(s.shop.Zone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	next := time.Date(y, month, day, 0, 0, 0, 0, time.UTC)
	if next.Before(today) {
		next = time.Date(y+1, month, day, 0, 0, 0, 0, time.UTC)
	}
	return whole(int64(next.Sub(today) / (24 * time.Hour))), true
}
