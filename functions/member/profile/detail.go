package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

// How much of each list a profile shows; the profile itself keeps somewhat more.
const (
	shownInterests = 10
	shownViewed    = 20
)

// demographics are what the traits say; null is what they do not.
type demographics struct {
	Gender   *string `json:"gender"`   // female, male, other
	Birthday *string `json:"birthday"` // 1990-05-31, or --05-31 where the year is not known
	Age      *int    `json:"age"`
}

// where is where the person lives and how they read and keep time.
type where struct {
	City       *string `json:"city"`
	Province   *string `json:"province"`
	Country    *string `json:"country"`
	PostalCode *string `json:"postalCode"`
	TimeZone   *string `json:"timeZone"`
	Locale     *string `json:"locale"`
}

// address is how a channel reaches the person; reachable also needs the person's consent.
type address struct {
	Address   string `json:"address"`
	Reachable bool   `json:"reachable"`
	// Reason is why the person is not reachable there, in the words of a decision.
	Reason delivery.Reason `json:"reason,omitempty"`
}

type device struct {
	ID string `json:"deviceId"`
	profile.Client
}

type pushToken struct {
	Value string `json:"token"`
	profile.Token
}

// cart is what is in the open cart, the newest first, at prices in the shop's currency.
type cart struct {
	Lines []cartLine   `json:"lines"`
	Total money.Amount `json:"total"`
}

type cartLine struct {
	ProductID string       `json:"productId"`
	Name      string       `json:"name,omitempty"`
	Quantity  int          `json:"quantity"`
	Price     money.Amount `json:"price"`
	// Unproven says that only public events have put it there, so that no template says it.
	Unproven bool `json:"unproven,omitempty"`
}

// interests are the favourites, the heaviest first, and the products looked at last, the newest first.
type interests struct {
	Categories []string `json:"categories"`
	Brands     []string `json:"brands"`
	Viewed     []viewed `json:"viewed"`
}

type viewed struct {
	ProductID string    `json:"productId"`
	At        time.Time `json:"at"`
}

func demographicsOf(p *profile.Profile, now time.Time) demographics {
	d := demographics{Gender: text(p.Gender())}
	if year, month, day, ok := p.Birthday(); ok {
		d.Birthday = text(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
		if year == 0 {
			d.Birthday = text(fmt.Sprintf("--%02d-%02d", month, day))
		}
	}
	if age, ok := p.Age(now); ok {
		d.Age = &age
	}
	return d
}

func placeOf(p *profile.Profile) where {
	return where{City: text(p.Place("city")), Province: text(p.Place("province")), Country: text(p.Place("country")), PostalCode: text(p.Place("postalCode")),
		TimeZone: text(p.Zone.Value), Locale: text(p.Locale.Value)}
}

func addressesOf(p *profile.Profile) map[string]address {
	out := map[string]address{}
	for _, k := range profile.AddressKinds() {
		if a := p.Address(k.Channel); a != "" {
			out[k.Channel] = address{a, p.Reachable(k.Channel), barred(p.Consent[k.Channel])}
		}
	}
	return out
}

// barred is why a channel's word does not let anything be sent to an address, empty if it does.
func barred(word profile.Consent) delivery.Reason {
	switch {
	case word.Granted:
		return ""
	case word.Reason == "complaint", word.Reason == "bounce":
		return delivery.Suppressed
	}
	return delivery.NoConsent
}

// devicesOf lists the devices, the one used last first.
func devicesOf(p *profile.Profile) []device {
	out := []device{}
	for id, c := range p.Devices {
		out = append(out, device{id, c})
	}
	slices.SortFunc(out, func(a, b device) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return out
}

// tokensOf lists the push tokens, the newest first.
func tokensOf(p *profile.Profile) []pushToken {
	out := []pushToken{}
	for token, t := range p.Tokens {
		out = append(out, pushToken{token, t})
	}
	slices.SortFunc(out, func(a, b pushToken) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Value, b.Value)) })
	return out
}

// cartOf is the cart of all that is known, where proven has what more than public events have said.
func cartOf(all, proven *profile.Profile, currency money.Currency) cart {
	_, worth := all.OpenCart()
	c := cart{Lines: []cartLine{}, Total: money.Amount{Minor: worth, Currency: currency}}
	for _, id := range all.CartLines() {
		line := all.Cart[id]
		c.Lines = append(c.Lines, cartLine{id, line.Name, line.Quantity, money.Amount{Minor: line.Price, Currency: currency}, proven.Cart[id] != line})
	}
	return c
}

func interestsOf(p *profile.Profile, now time.Time) interests {
	first := func(names []string) []string { return list(names[:min(len(names), shownInterests)]) }
	out := interests{Categories: []string{}, Brands: []string{}, Viewed: []viewed{}}
	if !p.RefusesProfiling() {
		out.Categories, out.Brands = first(p.Categories.Favourites(now)), first(p.Brands.Favourites(now))
	}
	for _, id := range slices.SortedFunc(maps.Keys(p.Viewed), func(a, b string) int { return cmp.Or(p.Viewed[b].Compare(p.Viewed[a]), cmp.Compare(a, b)) }) {
		if len(out.Viewed) < shownViewed {
			out.Viewed = append(out.Viewed, viewed{id, p.Viewed[id]})
		}
	}
	return out
}

// text is nil for the empty string.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// list makes an empty JSON array of no slice at all.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
