// Package source is one storefront, app, mini-program or till that sends events, and what it may send. It is not the check of an
// event's form (package event). The surprising thing: a write key is public, since it lies in every browser, so what guards a
// shop's money is not the key but the source: order events of a browser source count and are shown, but move no order unless the
// source says so.
package source

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/slug"
)

// ID names a source.
type ID string

// The sources that no definition makes: Default has the deployment's first write key, Server is whoever holds the server key.
const (
	Default ID = "default"
	Server  ID = "server"
)

// Valid says whether a text could be the id of a source at all.
func (id ID) Valid() bool { return slug.Fault(string(id)) == "" }

// Kind is where a source runs, which decides whether its key is public.
type Kind string

// The kinds of source.
const (
	KindBrowser Kind = "browser"
	KindApp     Kind = "app"
	KindServer  Kind = "server"
	KindTill    Kind = "till"
)

// Source is the definition that an operator saves.
type Source struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// AllowedEvents lists what the source may send: names of track events ("Order Completed") and calls ("identify", "track" for
	// every track event). Empty allows all.
	AllowedEvents []string `json:"allowedEvents,omitempty"`
	// AllowedOrigins lists the web origins that may use the source's keys: "https://shop.example", or "https://*.shop.example" for
	// every subdomain. Empty allows all, and calls from elsewhere than a browser.
	AllowedOrigins []string `json:"allowedOrigins,omitempty"`
	// Money says whether the source's order events may change orders. Unset, only server and till sources may.
	Money *bool `json:"money,omitempty"`
	// RatePerSecond is how many events a second the source may send for long, 0 for no limit; Burst how many at once, a second's
	// worth when 0. Each running instance of ingest counts by itself.
	RatePerSecond float64 `json:"ratePerSecond,omitempty"`
	Burst         int     `json:"burst,omitempty"`
	// NewPerMinute is how many userIds and anonymousIds a minute the source may name that were not named lately, without a proof of them; the usual number
	// when 0. It asks nothing of sources of the kinds server and till. Each running instance of ingest counts by itself.
	NewPerMinute float64  `json:"newPerMinute,omitempty"`
	WriteKeys    []string `json:"writeKeys,omitempty"`
	// HookSecret is what the shop system signs its webhooks with, as an operator sends it; without one they are refused. It is kept apart from the
	// definition, which says that there is one; those of older versions have it in them.
	HookSecret    string `json:"hookSecret,omitempty"`
	HookSecretSet bool   `json:"hookSecretSet,omitempty"`
	Disabled      bool   `json:"disabled,omitempty"`
}

// The limits of a definition.
const (
	maxName    = 200
	maxEvents  = 200
	maxOrigins = 100
	maxKeys    = 20
	minKey     = 8
	maxKey     = 128
	maxRate    = 100_000
	maxBurst   = 1_000_000
	maxNew     = 10_000_000
	minSecret  = 8
	maxSecret  = 512
)

// Validate gives all faults as fault.Faults, nil when the source can be used.
func (s Source) Validate() error {
	var faults fault.Faults
	if reason := slug.Fault(string(s.ID)); reason != "" {
		faults.Add("id", reason)
	}
	if s.ID == Default || s.ID == Server {
		faults.Add("id", "is the name of a built-in source")
	}
	if len(s.Name) > maxName {
		faults.Addf("name", "is longer than %d bytes", maxName)
	}
	switch s.Kind {
	case KindBrowser, KindApp, KindServer, KindTill:
	default:
		faults.Add("kind", "must be browser, app, server or till")
	}
	if len(s.AllowedEvents) > maxEvents {
		faults.Addf("allowedEvents", "has more than %d entries", maxEvents)
	}
	if i := slices.Index(s.AllowedEvents, ""); i >= 0 {
		faults.Addf("allowedEvents", "has an empty entry at place %d", i)
	}
	if len(s.AllowedOrigins) > maxOrigins {
		faults.Addf("allowedOrigins", "has more than %d entries", maxOrigins)
	}
	for i, origin := range s.AllowedOrigins {
		if !isOrigin(origin) {
			faults.Addf("allowedOrigins", "has at place %d something else than scheme://host[:port]", i)
		}
	}
	if !(s.RatePerSecond >= 0 && s.RatePerSecond <= maxRate) {
		faults.Addf("ratePerSecond", "must be between 0 and %d", maxRate)
	}
	if !(s.NewPerMinute >= 0 && s.NewPerMinute <= maxNew) {
		faults.Addf("newPerMinute", "must be between 0 and %d", maxNew)
	}
	if s.Burst < 0 || s.Burst > maxBurst {
		faults.Addf("burst", "must be between 0 and %d", maxBurst)
	}
	if s.Burst > 0 && s.RatePerSecond == 0 {
		faults.Add("burst", "means nothing without ratePerSecond")
	}
	if len(s.WriteKeys) > maxKeys {
		faults.Addf("writeKeys", "has more than %d entries", maxKeys)
	}
	for i, key := range s.WriteKeys {
		switch {
		case !IsKey(key):
			faults.Addf("writeKeys", "has at place %d something else than %d to %d letters, digits, hyphens or underscores", i, minKey, maxKey)
		case slices.Contains(s.WriteKeys[:i], key):
			faults.Addf("writeKeys", "has the key at place %d twice", i)
		}
	}
	if n := len(s.HookSecret); n > 0 && (n < minSecret || n > maxSecret) {
		faults.Addf("hookSecret", "must be %d to %d bytes long", minSecret, maxSecret)
	}
	return faults.Err()
}

// MayMoveMoney says whether the source's order events may change orders.
func (s Source) MayMoveMoney() bool {
	if s.Money != nil {
		return *s.Money
	}
	return s.Kind == KindServer || s.Kind == KindTill
}

// Speaks is whose word an event of the source is that proves nothing more: the key of a server or till is a secret of the shop's.
func (s Source) Speaks() trust.Level {
	if s.Kind == KindServer || s.Kind == KindTill {
		return trust.Shop
	}
	return trust.Public
}

// Allows says whether the source may send such an event.
func (s Source) Allows(kind event.Kind, name string) bool {
	if len(s.AllowedEvents) == 0 || slices.Contains(s.AllowedEvents, string(kind)) {
		return true
	}
	return kind == event.Track && slices.Contains(s.AllowedEvents, name)
}

// AllowsOrigin judges the Origin header of a request, empty when it had none. A source that lists origins takes no request
// without one.
func (s Source) AllowsOrigin(origin string) bool {
	if len(s.AllowedOrigins) == 0 {
		return true
	}
	origin = strings.ToLower(origin)
	for _, allowed := range s.AllowedOrigins {
		allowed = strings.ToLower(allowed)
		if origin == allowed {
			return true
		}
		scheme, domain, wild := strings.Cut(allowed, "://*.")
		if wild && strings.HasPrefix(origin, scheme+"://") && strings.HasSuffix(origin, "."+domain) && isOrigin(origin) {
			return true
		}
	}
	return false
}

// BurstEvents is how many events the source may send at once, and 0 when it has no limit.
func (s Source) BurstEvents() float64 {
	if s.Burst > 0 {
		return float64(s.Burst)
	}
	return math.Ceil(s.RatePerSecond)
}

// KeyHash is the form in which a write key is stored and compared: the hex SHA-256 of it.
func KeyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// IsKey says whether a text could be a write key at all, so that nonsense costs no reading.
func IsKey(key string) bool { return slug.Fits(key, minKey, maxKey) }

func isOrigin(s string) bool {
	u, err := url.Parse(strings.Replace(s, "://*.", "://", 1))
	if err != nil || u.Scheme == "" || u.Hostname() == "" || strings.ContainsAny(u.Host, "*@") {
		return false
	}
	return u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == "" && !strings.HasSuffix(s, "#") && !strings.HasSuffix(s, "?")
}
