package delivery

import (
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/address"
)

// zoneOfCountry holds countries (ISO 3166) that keep one time, and the zone that they keep.
var zoneOfCountry = map[string]string{
	"CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong", "MO": "Asia/Macau", "TW": "Asia/Taipei", "JP": "Asia/Tokyo", "KR": "Asia/Seoul",
	"SG": "Asia/Singapore", "MY": "Asia/Kuala_Lumpur", "TH": "Asia/Bangkok", "VN": "Asia/Ho_Chi_Minh", "PH": "Asia/Manila",
	"IN": "Asia/Kolkata", "PK": "Asia/Karachi", "BD": "Asia/Dhaka", "LK": "Asia/Colombo", "NP": "Asia/Kathmandu",
	"AE": "Asia/Dubai", "SA": "Asia/Riyadh", "IL": "Asia/Jerusalem", "TR": "Europe/Istanbul",
	"GB": "Europe/London", "IE": "Europe/Dublin", "DE": "Europe/Berlin", "FR": "Europe/Paris", "IT": "Europe/Rome",
	"NL": "Europe/Amsterdam", "BE": "Europe/Brussels", "AT": "Europe/Vienna", "CH": "Europe/Zurich", "SE": "Europe/Stockholm",
	"NO": "Europe/Oslo", "DK": "Europe/Copenhagen", "FI": "Europe/Helsinki", "PL": "Europe/Warsaw", "CZ": "Europe/Prague",
	"GR": "Europe/Athens", "RO": "Europe/Bucharest", "HU": "Europe/Budapest", "UA": "Europe/Kyiv",
	"ZA": "Africa/Johannesburg", "EG": "Africa/Cairo", "NG": "Africa/Lagos", "KE": "Africa/Nairobi", "MA": "Africa/Casablanca",
	"CO": "America/Bogota", "PE": "America/Lima", "AR": "America/Argentina/Buenos_Aires",
}

// countryOfCode holds the calling codes of those countries; codes are free of prefixes of each other.
var countryOfCode = map[string]string{
	"86": "CN", "852": "HK", "853": "MO", "886": "TW", "81": "JP", "82": "KR", "65": "SG", "60": "MY", "66": "TH", "84": "VN",
	"63": "PH", "91": "IN", "92": "PK", "880": "BD", "94": "LK", "977": "NP", "971": "AE", "966": "SA", "972": "IL", "90": "TR",
	"44": "GB", "353": "IE", "49": "DE", "33": "FR", "39": "IT", "31": "NL", "32": "BE", "43": "AT", "41": "CH", "46": "SE",
	"47": "NO", "45": "DK", "358": "FI", "48": "PL", "420": "CZ", "30": "GR", "40": "RO", "36": "HU", "380": "UA",
	"27": "ZA", "20": "EG", "234": "NG", "254": "KE", "212": "MA", "57": "CO", "51": "PE", "54": "AR",
}

// Zone is the person's time zone: the one that their client named, else that of their country, else that of their phone's
// calling code (written behind a plus or 00), else the shop's.
func Zone(name, country, phone string, shop *time.Location) *time.Location {
	if l := location(name); l != nil {
		return l
	}
	if l := location(zoneOfCountry[strings.ToUpper(strings.TrimSpace(country))]); l != nil {
		return l
	}
	if digits, abroad := address.Digits(phone); abroad {
		for n := 2; n <= 3 && n <= len(digits); n++ {
			if l := location(zoneOfCountry[countryOfCode[digits[:n]]]); l != nil {
				return l
			}
		}
	}
	return shop
}

// locations remembers zones that were read; only names that exist get in, so it is bounded by their number.
var locations sync.Map

func location(name string) *time.Location {
	if l, ok := locations.Load(name); ok {
		return l.(*time.Location)
	}
	// LoadLocation takes these for UTC and for the machine's zone.
	if name == "" || name == "Local" {
		return nil
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	locations.Store(name, l)
	return l
}
