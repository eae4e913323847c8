package profile

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/people/address"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/rawjson"
)

// ID names a profile: 22 characters of base64url, 128 bits. It is a pseudonym and may appear in logs.
type ID string

// idBytes is what an ID stands for.
const idBytes = 16

// Valid says whether a text could be the id of a profile at all, in the one way in which it is written: base64 has others, with line breaks in between or bits behind the end.
func (id ID) Valid() bool {
	raw, err := base64.RawURLEncoding.DecodeString(string(id))
	return err == nil && len(raw) == idBytes && base64.RawURLEncoding.EncodeToString(raw) == string(id)
}

// IdentifierKind says in which system an identifier's value is unique.
type IdentifierKind string

// The identifier kinds. The API spells a profile by userId bare, `anonymous:<anonymousId>` or `profile:<profileId>`.
const (
	UserID      IdentifierKind = "user"
	AnonymousID IdentifierKind = "anonymous"
)

// Identifier is one name of a person.
type Identifier struct {
	Kind  IdentifierKind `json:"kind"`
	Value string         `json:"value"`
}

// ID is the profile id that this identifier founds, and the key under which its pointer stands if it joined another.
func (i Identifier) ID() ID {
	sum := sha256.Sum256([]byte(string(i.Kind) + ":" + i.Value))
	return ID(base64.RawURLEncoding.EncodeToString(sum[:idBytes]))
}

// Base is the kind without the count of how often such a device was taken off somebody.
func (k IdentifierKind) Base() IdentifierKind {
	if strings.HasPrefix(string(k), string(AnonymousID)+".") {
		return AnonymousID
	}
	return k
}

// Next is a device once more, after it was taken off.
func (i Identifier) Next() Identifier {
	times, _ := strconv.Atoi(strings.TrimPrefix(string(i.Kind), string(AnonymousID)+"."))
	return Identifier{IdentifierKind(string(AnonymousID) + "." + strconv.Itoa(times+1)), i.Value}
}

// The identifier kinds beside userId and anonymousId. They join people by identify and alias only.
const (
	Email   IdentifierKind = "email"   // as address.Email
	Phone   IdentifierKind = "phone"   // as address.Number
	Device  IdentifierKind = "device"  // a device's push token
	OpenID  IdentifierKind = "openid"  // a person within one WeChat app
	UnionID IdentifierKind = "unionid" // a person across the WeChat apps of one owner
)

// Limits of identifiers.
const (
	MaxIdentifiers = 5 // of each kind but userId, of which there is one
	// MaxUnited bounds the identifiers of a profile that grew by explicit merges, which may go beyond the limits of kinds. Erasing
	// a person stays one transaction.
	MaxUnited = 40
	// minToken keeps placeholders apart from device tokens, openids and unionids.
	minToken = 16
	maxValue = 256 // bytes
)

// Claimed tells whether whoever knows the identifier's value may still be somebody else: an e-mail address is no secret. Such an
// identifier joins only on the word of a source that is trusted.
func (k IdentifierKind) Claimed() bool { return k.Base() != AnonymousID && k != Device }

// Named lists the identifiers that an identify or alias event gives for its person beside the ids that every event has: from
// traits, of identify also context.traits, context.externalIds and context.device.token. Values that mean nothing are left out.
func Named(e *event.Event) []Identifier {
	var found []Identifier
	add := func(i Identifier, ok bool) {
		if ok && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	traits := func(raw []byte) {
		rawjson.Members(raw, func(name, value []byte) {
			switch string(name) {
			case "email":
				add(email(rawjson.Plain(value)))
			case "phone":
				add(phone(rawjson.Plain(value)))
			case "openid", "openId":
				add(token(OpenID, rawjson.Plain(value)))
			case "unionid", "unionId":
				add(token(UnionID, rawjson.Plain(value)))
			}
		})
	}
	traits(e.Traits)
	rawjson.Members(e.Context, func(name, value []byte) {
		switch string(name) {
		case "traits":
			if e.Kind == event.Identify {
				traits(value)
			}
		case "device":
			rawjson.Members(value, func(name, value []byte) {
				if string(name) == "token" {
					add(token(Device, rawjson.Plain(value)))
				}
			})
		case "externalIds":
			rawjson.Elements(value, func(value []byte) { add(external(value)) })
		}
	})
	return found
}

// external reads one of context.externalIds; ids of other collections than users are not a person's.
func external(raw []byte) (Identifier, bool) {
	var id, kind, collection string
	rawjson.Members(raw, func(name, value []byte) {
		switch string(name) {
		case "id":
			id = rawjson.Plain(value)
		case "type":
			kind = rawjson.Text(value)
		case "collection":
			collection = rawjson.Text(value)
		}
	})
	if collection != "" && collection != "users" {
		return Identifier{}, false
	}
	switch strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(kind)) {
	case "email":
		return email(id)
	case "phone", "mobile":
		return phone(id)
	case "devicetoken", "pushtoken", "androidpushtoken", "iospushtoken":
		return token(Device, id)
	case "openid", "wechatopenid", "weixinopenid":
		return token(OpenID, id)
	case "unionid", "wechatunionid", "weixinunionid":
		return token(UnionID, id)
	}
	return Identifier{}, false
}

// email is an address in the form in which it is compared. Only its shape is looked at.
func email(s string) (Identifier, bool) {
	s = address.Email(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > 254 || strings.ContainsAny(s, " \t\r\n<>,;") || strings.Count(s, "@") > 1 ||
		event.Meaningful(s[:at]) == "" || event.Meaningful(s[at+1:]) == "" {
		return Identifier{}, false
	}
	return Identifier{Email, s}, true
}

func phone(s string) (Identifier, bool) {
	number := address.Number(s)
	return Identifier{Phone, number}, number != ""
}

// Written is the identifier of a kind as somebody has written it down, in the one form by which people are joined; false for what means nobody. A userId and an
// anonymousId are taken as they are: who was stored under a placeholder can be found, too.
func Written(kind IdentifierKind, text string) (Identifier, bool) {
	switch kind {
	case Email:
		return email(text)
	case Phone:
		return phone(text)
	}
	return Identifier{kind, text}, strings.TrimSpace(text) != ""
}

// Spellings are those of an identifier by which people may have been joined, its own first: a mobile number of China has its country in front of it, or has not.
func (i Identifier) Spellings() []Identifier {
	all := []Identifier{i}
	if i.Kind != Phone || strings.HasPrefix(i.Value, "+") && !strings.HasPrefix(i.Value, china) {
		return all
	}
	if number := address.Phone(i.Value); len(number) == chinaMobile && number[0] == '1' {
		for _, other := range []string{number, china + number} {
			if other != i.Value {
				all = append(all, Identifier{Phone, other})
			}
		}
	}
	return all
}

// A mobile number of China has eleven digits, of which the first is 1.
const (
	china       = "+86"
	chinaMobile = 11
)

// token is an id that is long and random; what is short is a placeholder.
func token(kind IdentifierKind, s string) (Identifier, bool) {
	s = strings.TrimSpace(s)
	if len(s) < minToken || len(s) > maxValue || event.Meaningful(s) == "" || strings.Count(s, s[:1]) == len(s) {
		return Identifier{}, false
	}
	return Identifier{kind, s}, true
}

func limit(kind IdentifierKind) int {
	if kind == UserID {
		return 1
	}
	return MaxIdentifiers
}
