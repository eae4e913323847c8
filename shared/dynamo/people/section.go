package people

import (
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// The sections of a profile's body. A number is never used again for another layout.
const (
	sectionIdentifiers = 1
	sectionParts       = 2
	sectionSeen        = 3
	sectionTraits      = 4
	sectionConsent     = 5
	sectionTags        = 6
	sectionOrders      = 7
	sectionCounters    = 8
	sectionGroups      = 9
	sectionCart        = 10
	sectionMembers     = 11
	sectionScores      = 12
	sectionTouch       = 13
	sectionActive      = 14
	sectionCartCleared = 15
	sectionPlace       = 16
	sectionErased      = 17
	sectionClient      = 18
	sectionDevices     = 19
	sectionTokens      = 20
	sectionCategories  = 21
	sectionBrands      = 22
	sectionViewed      = 23
	sectionHours       = 24
	sectionPurchases   = 25
	sectionRatings     = 26
	sectionSearch      = 27
	sectionLeftOut     = 28
	sectionErasures    = 29
	sectionWindow      = 30
	sectionOutbox      = 31
	sectionShopDays    = 45
	sectionWideFaded   = 32
	sectionSources     = 33
	sectionHeard       = 52
	sectionFaded       = 53
	// Who says what: the memory of public events, which traits the person said, and what devices said of addresses and of a userId that they claim.
	sectionUnproven     = 54
	sectionSaidByPerson = 55
	sectionUnconfirmed  = 56
	sectionClaims       = 57
	sectionClaimsFrom   = 58
	sectionDoubted      = 59 // what of the outbox and of the memberships only public events make so
	sectionConfirmed    = 60 // the address that was confirmed, and the one that was asked for
	sectionOff          = 61 // devices that were taken off, by key
	sectionProofs       = 62 // of the consents, of what devices claim too
	sectionListed       = 63
	sectionTagging      = 64 // the words about tags
	sectionGiven        = 65 // the tags that segments give
	sectionTaggedFrom   = 66 // since when only what is said of tags counts
	sectionOnLists      = 67
)

// kinds of a packed value
const (
	valueNil   = 0
	valueText  = 1
	valueTrue  = 2
	valueFalse = 3
	valueInt   = 4
	valueFloat = 5
)

func packValue(w *packed.Writer, v any) {
	switch v := v.(type) {
	case string:
		w.Uint(valueText)
		w.Text(v)
	case bool:
		if v {
			w.Uint(valueTrue)
		} else {
			w.Uint(valueFalse)
		}
	case int64:
		w.Uint(valueInt)
		w.Int(v)
	case float64:
		w.Uint(valueFloat)
		w.Float(v)
	default:
		w.Uint(valueNil)
	}
}

func unpackValue(r *packed.Reader) any {
	switch r.Uint() {
	case valueText:
		return r.Text()
	case valueTrue:
		return true
	case valueFalse:
		return false
	case valueInt:
		return r.Int()
	case valueFloat:
		return r.Float()
	}
	return nil
}

func packCounter(w *packed.Writer, name string, c profile.Counter) {
	w.Name(name)
	w.Int(c.Total)
	w.Time(c.Last)
	w.Uint(uint64(len(c.Recent)))
	last := profile.DayOf(packed.Epoch)
	for _, d := range c.Recent {
		w.Int(int64(d.Day - last))
		last = d.Day
		w.Uint(uint64(d.Count))
	}
}

func unpackCounter(r *packed.Reader) (string, profile.Counter) {
	name := r.Name()
	c := profile.Counter{Total: r.Int(), Last: r.Time()}
	last := profile.DayOf(packed.Epoch)
	if n := r.Count(); n > 0 {
		c.Recent = make([]profile.DayCount, n)
	}
	for n := range c.Recent {
		last += profile.Day(r.Int())
		c.Recent[n] = profile.DayCount{Day: last, Count: int(r.Uint())}
	}
	return name, c
}
