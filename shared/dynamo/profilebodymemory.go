package dynamo

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// packMemory writes the sections of what somebody did and what is said of them. Those without content are left out. What is proven stands beside the
// profile's own sections, as it always did; what is not, as sections within one.
func packMemory(w *packer, m *profile.Memory) {
	w.section(sectionTraits, func(w *packer) {
		for _, k := range slices.Sorted(maps.Keys(m.Traits)) {
			w.text(k)
			packValue(w, m.Traits[k].Value)
			w.time(m.Traits[k].At)
		}
	})
	w.section(sectionCounters, func(w *packer) {
		for _, k := range slices.Sorted(maps.Keys(m.Counters)) {
			packCounter(w, k, m.Counters[k])
		}
	})
	w.section(sectionGroups, func(w *packer) {
		for _, k := range slices.Sorted(maps.Keys(m.Groups)) {
			w.text(k)
			w.time(m.Groups[k])
		}
	})
	w.section(sectionCart, func(w *packer) {
		for _, k := range slices.Sorted(maps.Keys(m.Cart)) {
			l := m.Cart[k]
			w.text(k)
			w.int(int64(l.Quantity))
			w.int(l.Price)
			w.time(l.At)
			w.text(l.Name)
		}
	})
	w.section(sectionTouch, func(w *packer) {
		for _, k := range slices.Sorted(maps.Keys(m.Touch)) {
			t := m.Touch[k]
			w.text(k)
			w.time(t.At)
			w.text(t.Campaign)
			w.text(t.Source)
			w.text(t.Medium)
			w.text(t.Referrer)
		}
	})
	w.section(sectionActive, func(w *packer) {
		if len(m.Active.Bits) > 0 {
			w.int(int64(m.Active.Last))
			w.bytes(m.Active.Bits)
		}
	})
	if !m.CartClearedAt.IsZero() {
		w.section(sectionCartCleared, func(w *packer) { w.time(m.CartClearedAt) })
	}
	if m.Locale.Value != "" || m.Zone.Value != "" {
		w.section(sectionPlace, func(w *packer) {
			w.text(m.Locale.Value)
			w.time(m.Locale.At)
			w.text(m.Zone.Value)
			w.time(m.Zone.At)
		})
	}
	if m.ShopDays != 0 {
		w.section(sectionShopDays, func(w *packer) { w.int(int64(m.ShopDays)) })
	}
	packDetail(w, m)
	w.out = append(w.out, m.Unknown...)
}

// packDetail writes the sections of devices, interests, hours and ratings.
func packDetail(w *packer, m *profile.Memory) {
	if !m.Client.At.IsZero() {
		w.section(sectionClient, func(w *packer) { packClient(w, m.Client) })
	}
	w.section(sectionDevices, func(w *packer) {
		for _, id := range slices.Sorted(maps.Keys(m.Devices)) {
			w.text(id)
			packClient(w, m.Devices[id])
		}
	})
	w.section(sectionCategories, func(w *packer) { packInterests(w, m.Categories) })
	w.section(sectionBrands, func(w *packer) { packInterests(w, m.Brands) })
	w.section(sectionViewed, func(w *packer) {
		for _, id := range slices.Sorted(maps.Keys(m.Viewed)) {
			w.text(id)
			w.time(m.Viewed[id])
		}
	})
	w.section(sectionHours, func(w *packer) {
		// Only the hours in which something happened, each as its distance from the one before.
		last := 0
		for i, n := range m.Hours {
			if n > 0 {
				w.uint(uint64(i - last))
				w.uint(uint64(n))
				last = i
			}
		}
	})
	if r := m.Ratings; r != (profile.Ratings{}) {
		w.section(sectionRatings, func(w *packer) { w.int(r.Count); w.int(r.Sum) })
	}
	if m.Search.Value != "" {
		w.section(sectionSearch, func(w *packer) { w.text(m.Search.Value); w.time(m.Search.At) })
	}
	w.section(sectionLeftOut, func(w *packer) {
		for _, what := range slices.Sorted(maps.Keys(m.LeftOut)) {
			w.text(what)
			w.int(m.LeftOut[what])
		}
	})
}

// unpackMemory reads one section; known is false where it is none of a memory's.
func unpackMemory(number uint64, s *unpacker, m *profile.Memory) (known bool) {
	switch number {
	case sectionSeen:
		m.FirstSeen, m.LastSeen = s.time(), s.time()
	case sectionTraits:
		m.Traits = profile.Traits{}
		for s.more() {
			k := s.text()
			m.Traits[k] = profile.Trait{Value: unpackValue(s), At: s.time()}
		}
	case sectionCounters:
		m.Counters = map[string]profile.Counter{}
		for s.more() {
			k, c := unpackCounter(s)
			m.Counters[k] = c
		}
	case sectionGroups:
		m.Groups = map[string]time.Time{}
		for s.more() {
			k := s.text()
			m.Groups[k] = s.time()
		}
	case sectionCart:
		m.Cart = map[string]profile.CartLine{}
		for s.more() {
			k := s.text()
			m.Cart[k] = profile.CartLine{Quantity: int(s.int()), Price: s.int(), At: s.time(), Name: s.text()}
		}
	case sectionTouch:
		m.Touch = map[string]profile.Touch{}
		for s.more() {
			k := s.text()
			m.Touch[k] = profile.Touch{At: s.time(), Campaign: s.text(), Source: s.text(), Medium: s.text(), Referrer: s.text()}
		}
	case sectionActive:
		m.Active = profile.Days{Last: profile.Day(s.int()), Bits: slices.Clone(s.bytes())}
	case sectionCartCleared:
		m.CartClearedAt = s.time()
	case sectionPlace:
		m.Locale = profile.Stamped{Value: s.text(), At: s.time()}
		m.Zone = profile.Stamped{Value: s.text(), At: s.time()}
	case sectionShopDays:
		m.ShopDays = profile.Day(s.int())
	default:
		return unpackDetail(number, s, m)
	}
	return true
}

func unpackDetail(number uint64, s *unpacker, m *profile.Memory) (known bool) {
	switch number {
	case sectionClient:
		m.Client = unpackClient(s)
	case sectionDevices:
		m.Devices = map[string]profile.Client{}
		for s.more() {
			id := s.text()
			m.Devices[id] = unpackClient(s)
		}
	case sectionCategories:
		m.Categories = unpackInterests(s)
	case sectionBrands:
		m.Brands = unpackInterests(s)
	case sectionViewed:
		m.Viewed = map[string]time.Time{}
		for s.more() {
			id := s.text()
			m.Viewed[id] = s.time()
		}
	case sectionHours:
		last := uint64(0)
		for s.more() {
			last += s.uint()
			n := s.uint()
			if last >= profile.HoursOfWeek {
				s.fail()
				break
			}
			m.Hours.Count(int(last), uint32(n))
		}
	case sectionRatings:
		m.Ratings = profile.Ratings{Count: s.int(), Sum: s.int()}
	case sectionSearch:
		m.Search = profile.Stamped{Value: s.text(), At: s.time()}
	case sectionLeftOut:
		m.LeftOut = map[string]int64{}
		for s.more() {
			what := s.text()
			m.LeftOut[what] = s.int()
		}
	default:
		return false
	}
	return true
}

// packMemories writes both. The version before knows nothing of the second, and knows people by when they were seen: of whom only public events know the
// times stand where the proven ones would, and not a second time.
func packMemories(w *packer, p *profile.Profile) {
	seen := &p.Memory
	if seen.Empty() {
		seen = &p.Unproven
	}
	packSeen(w, seen)
	if !p.Unproven.Empty() {
		w.section(sectionUnproven, func(w *packer) {
			if seen != &p.Unproven {
				packSeen(w, &p.Unproven)
			}
			packMemory(w, &p.Unproven)
		})
	}
	packMemory(w, &p.Memory)
}

func packSeen(w *packer, m *profile.Memory) {
	w.section(sectionSeen, func(w *packer) {
		if !m.FirstSeen.IsZero() || !m.LastSeen.IsZero() {
			w.time(m.FirstSeen)
			w.time(m.LastSeen)
		}
	})
}

// memories are those of public events: two of them after the version before has merged two people.
type memories []profile.Memory

func (all *memories) unpack(s *unpacker) {
	var m profile.Memory
	if sections(s.in, func(number uint64, s *unpacker) bool { return unpackMemory(number, s, &m) }, &m.Unknown) != nil {
		s.fail()
	}
	*all = append(*all, m)
}

// unite gives the profile one of all. Where the times stand in the place of the proven ones, these are none, unless the version before has
// folded an event there: then a day is active.
func (all memories) unite(p *profile.Profile) {
	borrowed := false
	for i := range all {
		m := &all[i]
		if m.Empty() {
			borrowed = true
			m.FirstSeen, m.LastSeen = p.FirstSeen, p.LastSeen
		}
		if i == 0 {
			p.Unproven = *m
		} else {
			p.Unproven.Absorb(m)
		}
	}
	if borrowed && len(p.Active.Bits) == 0 {
		p.FirstSeen, p.LastSeen = time.Time{}, time.Time{}
	}
}

// A trait that the person said is told by three bytes of a hash of its name and time: where the version before has written another word since, its
// time is another one, and the word is the shop's.
const saidMark = 3

func saidByPerson(name string, t profile.Trait) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(binary.AppendVarint([]byte(name+"\x00"), t.At.UnixMilli())) // never fails
	return h.Sum32() >> 8
}

func packSaidByPerson(w *packer, traits profile.Traits) {
	for _, k := range slices.Sorted(maps.Keys(traits)) {
		if t := traits[k]; t.By == trust.Person {
			mark := saidByPerson(k, t)
			w.out = append(w.out, byte(mark>>16), byte(mark>>8), byte(mark))
		}
	}
}

func unpackSaidByPerson(s *unpacker, marks map[uint32]bool) map[uint32]bool {
	if marks == nil {
		marks = map[uint32]bool{}
	}
	for ; len(s.in) >= saidMark; s.in = s.in[saidMark:] {
		marks[uint32(s.in[0])<<16|uint32(s.in[1])<<8|uint32(s.in[2])] = true
	}
	if len(s.in) > 0 {
		s.fail()
	}
	return marks
}

// sayByPerson gives the traits that the marks are of to the person.
func sayByPerson(traits profile.Traits, marks map[uint32]bool) {
	if len(marks) == 0 {
		return
	}
	for k, t := range traits {
		if marks[saidByPerson(k, t)] {
			t.By = trust.Person
			traits[k] = t
		}
	}
}

func packClient(w *packer, c profile.Client) {
	w.time(c.At)
	for _, text := range []string{c.OS, c.OSVersion, c.DeviceType, c.Manufacturer, c.Model, c.App, c.AppVersion, c.Browser, c.Library} {
		w.text(text)
	}
}

func unpackClient(s *unpacker) profile.Client {
	return profile.Client{At: s.time(), OS: s.text(), OSVersion: s.text(), DeviceType: s.text(), Manufacturer: s.text(), Model: s.text(),
		App: s.text(), AppVersion: s.text(), Browser: s.text(), Library: s.text()}
}

func packInterests(w *packer, m profile.Interests) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		w.text(name)
		w.int(m[name].Last)
		w.uint(uint64(len(m[name].Counts)))
		for _, n := range m[name].Counts {
			w.int(n)
		}
	}
}

func unpackInterests(s *unpacker) profile.Interests {
	m := profile.Interests{}
	for s.more() {
		name := s.text()
		i := profile.Interest{Last: s.int()}
		for range s.count() {
			i.Counts = append(i.Counts, s.int())
		}
		m[name] = i
	}
	return m
}
