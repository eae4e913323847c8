package people

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/packed"
)

// packMemory writes the sections of what somebody did and what is said of them. Those without content are left out. What is proven stands beside the
// profile's own sections, as it always did; what is not, as sections within one.
func packMemory(w *packed.Writer, m *profile.Memory) {
	w.Section(sectionTraits, func(w *packed.Writer) {
		for _, k := range slices.Sorted(maps.Keys(m.Traits)) {
			w.Text(k)
			packValue(w, m.Traits[k].Value)
			w.Time(m.Traits[k].At)
		}
	})
	w.Section(sectionCounters, func(w *packed.Writer) {
		for _, k := range slices.Sorted(maps.Keys(m.Counters)) {
			packCounter(w, k, m.Counters[k])
		}
	})
	w.Section(sectionGroups, func(w *packed.Writer) {
		for _, k := range slices.Sorted(maps.Keys(m.Groups)) {
			w.Text(k)
			w.Time(m.Groups[k])
		}
	})
	w.Section(sectionCart, func(w *packed.Writer) {
		for _, k := range slices.Sorted(maps.Keys(m.Cart)) {
			l := m.Cart[k]
			w.Text(k)
			w.Int(int64(l.Quantity))
			w.Int(l.Price)
			w.Time(l.At)
			w.Text(l.Name)
		}
	})
	w.Section(sectionTouch, func(w *packed.Writer) {
		for _, k := range slices.Sorted(maps.Keys(m.Touch)) {
			t := m.Touch[k]
			w.Text(k)
			w.Time(t.At)
			w.Text(t.Campaign)
			w.Text(t.Source)
			w.Text(t.Medium)
			w.Text(t.Referrer)
		}
	})
	w.Section(sectionActive, func(w *packed.Writer) {
		if len(m.Active.Bits) > 0 {
			w.Int(int64(m.Active.Last))
			w.Bytes(m.Active.Bits)
		}
	})
	if !m.CartClearedAt.IsZero() {
		w.Section(sectionCartCleared, func(w *packed.Writer) { w.Time(m.CartClearedAt) })
	}
	if m.Locale.Value != "" || m.Zone.Value != "" {
		w.Section(sectionPlace, func(w *packed.Writer) {
			w.Text(m.Locale.Value)
			w.Time(m.Locale.At)
			w.Text(m.Zone.Value)
			w.Time(m.Zone.At)
		})
	}
	if m.ShopDays != 0 {
		w.Section(sectionShopDays, func(w *packed.Writer) { w.Int(int64(m.ShopDays)) })
	}
	packDetail(w, m)
	w.Out = append(w.Out, m.Unknown...)
}

// packDetail writes the sections of devices, interests, hours and ratings.
func packDetail(w *packed.Writer, m *profile.Memory) {
	if !m.Client.At.IsZero() {
		w.Section(sectionClient, func(w *packed.Writer) { packClient(w, m.Client) })
	}
	w.Section(sectionDevices, func(w *packed.Writer) {
		for _, id := range slices.Sorted(maps.Keys(m.Devices)) {
			w.Text(id)
			packClient(w, m.Devices[id])
		}
	})
	w.Section(sectionCategories, func(w *packed.Writer) { packInterests(w, m.Categories) })
	w.Section(sectionBrands, func(w *packed.Writer) { packInterests(w, m.Brands) })
	w.Section(sectionViewed, func(w *packed.Writer) {
		for _, id := range slices.Sorted(maps.Keys(m.Viewed)) {
			w.Text(id)
			w.Time(m.Viewed[id])
		}
	})
	w.Section(sectionHours, func(w *packed.Writer) {
		// Only the hours in which something happened, each as its distance from the one before.
		last := 0
		for i, n := range m.Hours {
			if n > 0 {
				w.Uint(uint64(i - last))
				w.Uint(uint64(n))
				last = i
			}
		}
	})
	if r := m.Ratings; r != (profile.Ratings{}) {
		w.Section(sectionRatings, func(w *packed.Writer) { w.Int(r.Count); w.Int(r.Sum) })
	}
	if m.Search.Value != "" {
		w.Section(sectionSearch, func(w *packed.Writer) { w.Text(m.Search.Value); w.Time(m.Search.At) })
	}
	w.Section(sectionLeftOut, func(w *packed.Writer) {
		for _, what := range slices.Sorted(maps.Keys(m.LeftOut)) {
			w.Text(what)
			w.Int(m.LeftOut[what])
		}
	})
}

// fresh is an empty table, which what is read is written to: the one that is there, where the profile is one that is used again.
func fresh[M ~map[K]V, K comparable, V any](table *M) {
	if *table == nil {
		*table = M{}
		return
	}
	clear(*table)
}

// unpackMemory reads one section; known is false where it is none of a memory's.
func unpackMemory(number uint64, s *packed.Reader, m *profile.Memory) (known bool) {
	switch number {
	case sectionSeen:
		m.FirstSeen, m.LastSeen = s.Time(), s.Time()
	case sectionTraits:
		fresh(&m.Traits)
		for s.More() {
			k := s.Text()
			m.Traits[k] = profile.Trait{Value: unpackValue(s), At: s.Time()}
		}
	case sectionCounters:
		fresh(&m.Counters)
		for s.More() {
			k, c := unpackCounter(s)
			m.Counters[k] = c
		}
	case sectionGroups:
		fresh(&m.Groups)
		for s.More() {
			k := s.Text()
			m.Groups[k] = s.Time()
		}
	case sectionCart:
		fresh(&m.Cart)
		for s.More() {
			k := s.Text()
			m.Cart[k] = profile.CartLine{Quantity: int(s.Int()), Price: s.Int(), At: s.Time(), Name: s.Text()}
		}
	case sectionTouch:
		fresh(&m.Touch)
		for s.More() {
			k := s.Text()
			m.Touch[k] = profile.Touch{At: s.Time(), Campaign: s.Text(), Source: s.Text(), Medium: s.Text(), Referrer: s.Text()}
		}
	case sectionActive:
		m.Active = profile.Days{Last: profile.Day(s.Int()), Bits: slices.Clone(s.Bytes())}
	case sectionCartCleared:
		m.CartClearedAt = s.Time()
	case sectionPlace:
		m.Locale = profile.Stamped{Value: s.Text(), At: s.Time()}
		m.Zone = profile.Stamped{Value: s.Text(), At: s.Time()}
	case sectionShopDays:
		m.ShopDays = profile.Day(s.Int())
	default:
		return unpackDetail(number, s, m)
	}
	return true
}

func unpackDetail(number uint64, s *packed.Reader, m *profile.Memory) (known bool) {
	switch number {
	case sectionClient:
		m.Client = unpackClient(s)
	case sectionDevices:
		fresh(&m.Devices)
		for s.More() {
			id := s.Text()
			m.Devices[id] = unpackClient(s)
		}
	case sectionCategories:
		unpackInterests(s, &m.Categories)
	case sectionBrands:
		unpackInterests(s, &m.Brands)
	case sectionViewed:
		fresh(&m.Viewed)
		for s.More() {
			id := s.Text()
			m.Viewed[id] = s.Time()
		}
	case sectionHours:
		last := uint64(0)
		for s.More() {
			last += s.Uint()
			n := s.Uint()
			if last >= profile.HoursOfWeek {
				s.Fail()
				break
			}
			m.Hours.Count(int(last), uint32(n))
		}
	case sectionRatings:
		m.Ratings = profile.Ratings{Count: s.Int(), Sum: s.Int()}
	case sectionSearch:
		m.Search = profile.Stamped{Value: s.Text(), At: s.Time()}
	case sectionLeftOut:
		fresh(&m.LeftOut)
		for s.More() {
			what := s.Text()
			m.LeftOut[what] = s.Int()
		}
	default:
		return false
	}
	return true
}

// packMemories writes both. The version before knows nothing of the second, and knows people by when they were seen: of whom only public events know the
// times stand where the proven ones would, and not a second time.
func packMemories(w *packed.Writer, p *profile.Profile) {
	seen := &p.Memory
	if seen.Empty() {
		seen = &p.Unproven
	}
	packSeen(w, seen)
	if !p.Unproven.Empty() {
		w.Section(sectionUnproven, func(w *packed.Writer) {
			if seen != &p.Unproven {
				packSeen(w, &p.Unproven)
			}
			packMemory(w, &p.Unproven)
		})
	}
	packMemory(w, &p.Memory)
}

func packSeen(w *packed.Writer, m *profile.Memory) {
	w.Section(sectionSeen, func(w *packed.Writer) {
		if !m.FirstSeen.IsZero() || !m.LastSeen.IsZero() {
			w.Time(m.FirstSeen)
			w.Time(m.LastSeen)
		}
	})
}

// memories are those of public events: two of them after the version before has merged two people.
type memories []profile.Memory

func (all *memories) unpack(s *packed.Reader) {
	var m profile.Memory
	if s.Sections(func(number uint64, s *packed.Reader) bool { return unpackMemory(number, s, &m) }, &m.Unknown) != nil {
		s.Fail()
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

func packSaidByPerson(w *packed.Writer, traits profile.Traits) {
	for _, k := range slices.Sorted(maps.Keys(traits)) {
		if t := traits[k]; t.By == trust.Person {
			mark := saidByPerson(k, t)
			w.Out = append(w.Out, byte(mark>>16), byte(mark>>8), byte(mark))
		}
	}
}

func unpackSaidByPerson(s *packed.Reader, marks map[uint32]bool) map[uint32]bool {
	if marks == nil {
		marks = map[uint32]bool{}
	}
	for ; len(s.In) >= saidMark; s.In = s.In[saidMark:] {
		marks[uint32(s.In[0])<<16|uint32(s.In[1])<<8|uint32(s.In[2])] = true
	}
	if len(s.In) > 0 {
		s.Fail()
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

func packClient(w *packed.Writer, c profile.Client) {
	w.Time(c.At)
	for _, text := range []string{c.OS, c.OSVersion, c.DeviceType, c.Manufacturer, c.Model, c.App, c.AppVersion, c.Browser, c.Library} {
		w.Text(text)
	}
}

func unpackClient(s *packed.Reader) profile.Client {
	return profile.Client{At: s.Time(), OS: s.Text(), OSVersion: s.Text(), DeviceType: s.Text(), Manufacturer: s.Text(), Model: s.Text(),
		App: s.Text(), AppVersion: s.Text(), Browser: s.Text(), Library: s.Text()}
}

func packInterests(w *packed.Writer, m profile.Interests) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		w.Text(name)
		w.Int(m[name].Last)
		w.Uint(uint64(len(m[name].Counts)))
		for _, n := range m[name].Counts {
			w.Int(n)
		}
	}
}

func unpackInterests(s *packed.Reader, all *profile.Interests) {
	fresh(all)
	for s.More() {
		name := s.Text()
		i := profile.Interest{Last: s.Int()}
		if n := s.Count(); n > 0 {
			i.Counts = make([]int64, n)
		}
		for n := range i.Counts {
			i.Counts[n] = s.Int()
		}
		(*all)[name] = i
	}
}
