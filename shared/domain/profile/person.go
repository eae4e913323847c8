package profile

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// TraitText is the first trait of these names that says something, a number as its digits: clients send phone numbers as either.
func (p *Profile) TraitText(names ...string) string {
	for _, name := range names {
		switch v := p.Traits[name].Value.(type) {
		case string:
			if s := strings.TrimSpace(v); s != "" {
				return s
			}
		case int64:
			return strconv.FormatInt(v, 10)
		}
	}
	return ""
}

// Gender is female, male or other, read from the trait gender; empty where it says nothing of the kind.
func (p *Profile) Gender() string {
	switch strings.ToLower(p.TraitText("gender", "sex")) {
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
func (p *Profile) Birthday() (year int, month time.Month, day int, ok bool) {
	text := p.TraitText("birthday", "birthdate", "dateOfBirth")
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
func (p *Profile) Age(today time.Time) (int, bool) {
	if year, month, day, ok := p.Birthday(); ok && year > 0 {
		age := today.Year() - year
		if today.Month() < month || today.Month() == month && today.Day() < day {
			age--
		}
		return age, age >= 0
	}
	age, ok := p.Traits["age"].Value.(int64)
	return int(age), ok && age >= 0 && age < 150
}

// Place is a part of where the person lives, from the trait of that name or from the trait address: city, province or country.
func (p *Profile) Place(part string) string {
	names := map[string][]string{"city": {"city"}, "province": {"province", "state", "region"}, "country": {"country"}, "postalCode": {"postalCode", "postal_code", "zip"}}[part]
	if s := p.TraitText(names...); s != "" {
		return s
	}
	address, _ := p.Traits["address"].Value.(string)
	found := ""
	members([]byte(address), func(name, value []byte) {
		if found == "" && slices.Contains(names, string(name)) {
			found = plainText(value)
		}
	})
	return found
}

// The channels whose addresses a profile knows. A campaign may name others; they need no address, or the shop knows it.
const (
	ChannelEmail  = "email"
	ChannelSMS    = "sms"
	ChannelPush   = "push"
	ChannelWeChat = "wechat"
)

// Address is where a channel reaches the person: an e-mail address, a phone number, the newest push token, an openid. What the person said
// last counts before what joined once.
func (p *Profile) Address(channel string) string {
	switch channel {
	case ChannelEmail:
		if i, ok := email(p.TraitText("email")); ok {
			return i.Value
		}
		return p.Identifier(Email)
	case ChannelSMS:
		if i, ok := phone(p.TraitText("phone")); ok {
			return i.Value
		}
		return p.Identifier(Phone)
	case ChannelPush:
		newest := ""
		for token, t := range p.Tokens {
			if old := p.Tokens[newest]; newest == "" || t.At.After(old.At) || t.At.Equal(old.At) && token > newest {
				newest = token
			}
		}
		return newest
	case ChannelWeChat:
		if i, ok := token(OpenID, p.TraitText("openid", "openId")); ok {
			return i.Value
		}
		return p.Identifier(OpenID)
	}
	return ""
}

// Reachable tells whether a channel has an address for the person and the person's consent.
func (p *Profile) Reachable(channel string) bool {
	return p.Address(channel) != "" && p.Consent[channel].Granted
}

// AbandonedAt is when the open cart was last touched: a line changed, the cart or a step of the checkout was looked at. It is zero
// where nothing is in the cart.
func (p *Profile) AbandonedAt() time.Time {
	var at time.Time
	if pieces, _ := p.OpenCart(); pieces == 0 {
		return at
	}
	for _, line := range p.Cart {
		if line.At.After(at) {
			at = line.At
		}
	}
	for _, name := range []string{"Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"} {
		if last := p.Counters[name].Last; last.After(at) {
			at = last
		}
	}
	return at
}
