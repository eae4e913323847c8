package dynamo

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/profile"
)

// packDetail writes the sections of devices, interests, hours and purchases. Those without content are left out.
func packDetail(w *packer, p *profile.Profile) {
	if !p.Client.At.IsZero() {
		w.section(sectionClient, func(w *packer) { packClient(w, p.Client) })
	}
	w.section(sectionDevices, func(w *packer) {
		for _, id := range slices.Sorted(maps.Keys(p.Devices)) {
			w.text(id)
			packClient(w, p.Devices[id])
		}
	})
	w.section(sectionTokens, func(w *packer) {
		for _, token := range slices.Sorted(maps.Keys(p.Tokens)) {
			w.text(token)
			w.time(p.Tokens[token].At)
			w.text(p.Tokens[token].OS)
		}
	})
	w.section(sectionCategories, func(w *packer) { packInterests(w, p.Categories) })
	w.section(sectionBrands, func(w *packer) { packInterests(w, p.Brands) })
	w.section(sectionViewed, func(w *packer) {
		for _, id := range slices.Sorted(maps.Keys(p.Viewed)) {
			w.text(id)
			w.time(p.Viewed[id])
		}
	})
	w.section(sectionHours, func(w *packer) {
		// Only the hours in which something happened, each as its distance from the one before.
		last := 0
		for i, n := range p.Hours {
			if n > 0 {
				w.uint(uint64(i - last))
				w.uint(uint64(n))
				last = i
			}
		}
	})
	if s := p.Purchases; s != (profile.Purchases{}) {
		w.section(sectionPurchases, func(w *packer) {
			for _, n := range []int{s.Discounted, s.Coupons, s.Cancelled, s.Refunded, s.Refunds, s.Lines, s.DiscountedLines} {
				w.int(int64(n))
			}
			w.int(s.Pieces)
			w.int(s.Discount)
		})
	}
	if r := p.Ratings; r != (profile.Ratings{}) {
		w.section(sectionRatings, func(w *packer) { w.int(r.Count); w.int(r.Sum) })
	}
	if p.Search.Value != "" {
		w.section(sectionSearch, func(w *packer) { w.text(p.Search.Value); w.time(p.Search.At) })
	}
	w.section(sectionLeftOut, func(w *packer) {
		for _, what := range slices.Sorted(maps.Keys(p.LeftOut)) {
			w.text(what)
			w.int(p.LeftOut[what])
		}
	})
}

func unpackDetail(number uint64, s *unpacker, p *profile.Profile) {
	switch number {
	case sectionClient:
		p.Client = unpackClient(s)
	case sectionDevices:
		p.Devices = map[string]profile.Client{}
		for s.more() {
			id := s.text()
			p.Devices[id] = unpackClient(s)
		}
	case sectionTokens:
		p.Tokens = map[string]profile.Token{}
		for s.more() {
			token := s.text()
			p.Tokens[token] = profile.Token{At: s.time(), OS: s.text()}
		}
	case sectionCategories:
		p.Categories = unpackInterests(s)
	case sectionBrands:
		p.Brands = unpackInterests(s)
	case sectionViewed:
		p.Viewed = map[string]time.Time{}
		for s.more() {
			id := s.text()
			p.Viewed[id] = s.time()
		}
	case sectionHours:
		last := uint64(0)
		for s.more() {
			last += s.uint()
			n := s.uint()
			if last >= uint64(len(p.Hours)) {
				s.fail()
				return
			}
			p.Hours[last] = uint32(n)
		}
	case sectionPurchases:
		for _, n := range []*int{&p.Purchases.Discounted, &p.Purchases.Coupons, &p.Purchases.Cancelled, &p.Purchases.Refunded, &p.Purchases.Refunds, &p.Purchases.Lines, &p.Purchases.DiscountedLines} {
			*n = int(s.int())
		}
		p.Purchases.Pieces, p.Purchases.Discount = s.int(), s.int()
	case sectionRatings:
		p.Ratings = profile.Ratings{Count: s.int(), Sum: s.int()}
	case sectionSearch:
		p.Search = profile.Stamped{Value: s.text(), At: s.time()}
	case sectionLeftOut:
		p.LeftOut = map[string]int64{}
		for s.more() {
			what := s.text()
			p.LeftOut[what] = s.int()
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
