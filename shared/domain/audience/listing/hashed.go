package listing

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/userops/userops/shared/domain/people/address"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Platform is an ad platform, for which addresses are hashed in its own spelling.
type Platform string

// The platforms. Meta: Conversions API, "Customer Information Parameters" (e-mail trimmed and in lower case; phone with its country, digits alone, without leading zeros). Google: Google Ads API, "Manage online
// click conversions" and Customer Match (e-mail trimmed and in lower case, without the dots before gmail.com and googlemail.com; phone in E.164, which begins with +).
const (
	Meta   Platform = "meta"
	Google Platform = "google"
)

// Platforms lists them.
func Platforms() []Platform { return []Platform{Meta, Google} }

// Columns are what the platform calls the two columns of a file.
func (f Platform) Columns() []string {
	if f == Google {
		return []string{"Email", "Phone"}
	}
	return []string{"email", "phone"}
}

// Hashed are the hashes of somebody's e-mail address and phone number for a platform, each empty where there is none or where the person has refused to get marketing there: who is not to be advertised to over an
// address is not to be found by it either. Country is the calling code of numbers that do not say their country, such as 86.
func (f Platform) Hashed(p *profile.Profile, country string) (email, phone string) {
	if !refuses(p, profile.ChannelEmail) {
		email = hash(f.email(p.Address(profile.ChannelEmail)))
	}
	if !refuses(p, profile.ChannelSMS) {
		phone = hash(f.phone(p.Address(profile.ChannelSMS), country))
	}
	return email, phone
}

func refuses(p *profile.Profile, channel string) bool {
	word, said := p.Consent[channel]
	return said && !word.Granted
}

func (f Platform) email(text string) string {
	text = address.Email(text)
	local, domain, ok := strings.Cut(text, "@")
	if !ok {
		return ""
	}
	if f == Google && (domain == "gmail.com" || domain == "googlemail.com") {
		return strings.ReplaceAll(local, ".", "") + "@" + domain
	}
	return text
}

// leastAtHome is how many digits a number has behind its country where it says it without a + : within a country none has as many that begin like the country.
const leastAtHome = 10

// phone is a number with its country. Of one that does not say its country, where nobody says it either, there is none: a hash of it would find nobody, or somebody else.
func (f Platform) phone(text, country string) string {
	digits, abroad := address.Digits(text)
	if rest, says := strings.CutPrefix(digits, country); !abroad && !(says && len(rest) >= leastAtHome) {
		digits = country + strings.TrimLeft(digits, "0")
	}
	if digits = strings.TrimLeft(digits, "0"); !abroad && country == "" || len(digits) < leastPhone || len(digits) > mostPhone {
		return ""
	}
	if f == Google {
		return "+" + digits
	}
	return digits
}

// How many digits a number with its country has; E.164 has at most fifteen.
const (
	leastPhone = 8
	mostPhone  = 15
)

func hash(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
