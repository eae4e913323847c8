package profile

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/trust"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/rawjson"
)

// TraitText is the first trait of these names that says something, a number as its digits: clients send phone numbers as either.
func (m *Memory) TraitText(names ...string) string { return m.Traits.text(names...) }

// Gender is female, male or other, read from the trait gender; empty where it says nothing of the kind.
func (m *Memory) Gender() string {
	switch strings.ToLower(m.TraitText("gender", "sex")) {
	case "female", "f", "woman", "w", "女", "女性":
		return "female"
	case "male", "m", "man", "男", "男性":
		return "male"
	case "other", "non-binary", "nonbinary", "x", "diverse":
		return "other"
	}
	return ""
}

// Birthday reads the trait birthday: a date, a time, or a month and day without a year (year is 0 then).
func (m *Memory) Birthday() (year int, month time.Month, day int, ok bool) {
	return birthday(m.TraitText("birthday", "birthdate", "dateOfBirth"))
}

func birthday(text string) (year int, month time.Month, day int, ok bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "20060102", "2006/01/02"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1900 {
			return t.Year(), t.Month(), t.Day(), true
		}
	}
	// A leap year, so that 29 February is a day.
	if t, err := time.Parse(time.DateOnly, "2000-"+strings.TrimPrefix(text, "--")); err == nil {
		return 0, t.Month(), t.Day(), true
	}
	return 0, 0, 0, false
}

// Age is the person's age on a day: by the birthday, else by the trait age.
func (m *Memory) Age(today time.Time) (int, bool) {
	if year, month, day, ok := m.Birthday(); ok && year > 0 {
		age := today.Year() - year
		if today.Month() < month || today.Month() == month && today.Day() < day {
			age--
		}
		return age, age >= 0
	}
	age, ok := m.Traits["age"].Value.(int64)
	return int(age), ok && age >= 0 && age < 150
}

// placeNames are what the parts of a place are called in traits.
var placeNames = map[string][]string{"city": {"city"}, "province": {"province", "state", "region"}, "country": {"country"}, "postalCode": {"postalCode", "postal_code", "zip"}}

// Place is a part of where the person lives, from the trait of that name or from the trait address: city, province or country.
func (m *Memory) Place(part string) string {
	names := placeNames[part]
	if s := m.TraitText(names...); s != "" {
		return s
	}
	address, _ := m.Traits["address"].Value.(string)
	found := ""
	rawjson.Members([]byte(address), func(name, value []byte) {
		if found == "" && slices.Contains(names, string(name)) {
			found = rawjson.Plain(value)
		}
	})
	return found
}

// Stranger tells whether nothing is known but one device and what it did, or a userId that only public events name: no order, nothing that was
// said of what may be sent.
func (p *Profile) Stranger() bool {
	if len(p.Identifiers) != 1 || p.Identifiers[0].Kind.Base() != AnonymousID && !p.Memory.Empty() {
		return false
	}
	return len(p.Parts)+len(p.Off)+len(p.Consent)+len(p.Tagging.On())+p.lists()+p.Orders.Count+len(p.Orders.Entries) == 0 && p.Confirmed.Value == ""
}

// HeardOf is when something was last heard of the person, as far as the profile remembers: by receipt where it does, else when it happened.
func (p *Profile) HeardOf() time.Time {
	_, last := p.Seen()
	for _, c := range p.Window.Commits {
		last = event.Latest(last, c.At)
	}
	return event.Latest(last, event.Latest(p.Window.Floor, p.Window.Horizon))
}

// All is the person as everything shows them that was ever said, proven or not. Where both parts speak of the same trait, time zone or locale, the proven one stands; an
// unproven trait says by whom it is. It is for reading, and until the profile is changed: where only one part has anything, its tables are the profile's own,
// since a run asks this of ten million people.
func (p *Profile) All() *Profile {
	if p.Unproven.Empty() {
		return p
	}
	all := *p
	all.Unproven = Memory{}
	if p.Memory.Empty() && len(p.Traits) == 0 {
		all.Memory = p.Unproven
		all.Traits = maps.Clone(p.Unproven.Traits)
		for k, t := range all.Traits {
			t.By = trust.Public
			all.Traits[k] = t
		}
		return &all
	}
	all.Memory = p.Memory.clone()
	said := p.Unproven
	said.Traits = nil
	// Where somebody is and in which language is said of them and not done: the proven word stands.
	if all.Zone.Value != "" {
		said.Zone = Stamped{}
	}
	if all.Locale.Value != "" {
		said.Locale = Stamped{}
	}
	all.Memory.Absorb(&said)
	for k, t := range p.Unproven.Traits {
		if _, proven := all.Traits[k]; !proven {
			t.By = trust.Public
			all.Traits.set(k, t)
		}
	}
	return &all
}

// Seen is when the person was seen first and last, by whatever event.
func (p *Profile) Seen() (first, last time.Time) {
	first, last = p.FirstSeen, p.LastSeen
	if u := &p.Unproven; first.IsZero() || !u.Empty() && u.FirstSeen.Before(first) {
		first = u.FirstSeen
	}
	return first, event.Latest(last, p.Unproven.LastSeen)
}
