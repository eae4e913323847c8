package profile

import (
	"cmp"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/trust"
)

// Consent says whether a person may be contacted over a channel, or profiled. The last word counts, by the time at which it was received: a
// client's clock decides nothing, so a withdrawal stands against every grant that was received before it.
type Consent struct {
	Granted bool `json:"granted"`
	// At is when the person said so, as the client tells it, and not after it was received.
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"` // what revoked it: unsubscribe, complaint, bounce
	// ReceivedAt is zero for what the version before has stored.
	ReceivedAt time.Time `json:"receivedAt,omitzero"`
	Proof
}

// Proof is by whom a word was said, where, and to which text. It is empty for what was stored before there were proofs.
type Proof struct {
	By          trust.Level `json:"by,omitempty"`          // public is a device of its own profile, or of one that was joined later
	Source      string      `json:"source,omitempty"`      // id of the source
	TextVersion string      `json:"textVersion,omitempty"` // of the text that was agreed to or refused, as the page names it
}

// Purpose is what somebody consents to.
type Purpose string

// The purposes. A word that names none is about marketing. Profiling has no channel: see RefusesProfiling.
const (
	Marketing Purpose = "marketing"
	Service   Purpose = "service" // what the person asked for by an act of their own: transactional notifications
	Profiling Purpose = "profiling"
)

// MaxTextVersion bounds the name of a text's version, in bytes.
const MaxTextVersion = 64

// MarketingConsent tells whether a key of the consents is one of marketing.
func MarketingConsent(key string) bool {
	return key != string(Profiling) && !strings.HasSuffix(key, "/"+string(Service))
}

// Heard is when the word was received. What was stored without that time counts from the time that it claims.
func (c Consent) Heard() time.Time {
	if c.ReceivedAt.IsZero() {
		return c.At
	}
	return c.ReceivedAt
}

// Outweighs tells whether the word is a grant that was received after a refusal of that time. One of which nobody knows when it was
// received came after nothing.
func (c Consent) Outweighs(refused time.Time) bool {
	return c.Granted && c.ReceivedAt.After(refused)
}

// unproven is a grant of which nobody knows when it was received. Its claimed time may lie ahead, so it stands against nothing.
func (c Consent) unproven() bool { return c.Granted && c.ReceivedAt.IsZero() }

// compareConsents orders two words about a channel; the greater one holds. It is a total order, so that it does not matter in
// which sequence words are folded or profiles united.
func compareConsents(a, b Consent) int {
	return cmp.Or(
		yes(b.unproven())-yes(a.unproven()),
		a.Heard().Compare(b.Heard()),
		a.At.Compare(b.At),
		yes(b.Granted)-yes(a.Granted), // of two at the same time the stricter one holds
		strings.Compare(a.Reason, b.Reason),
		a.ReceivedAt.Compare(b.ReceivedAt),
		cmp.Compare(a.By.Rank(), b.By.Rank()),
		cmp.Compare(a.By, b.By),
		strings.Compare(a.TextVersion, b.TextVersion),
		strings.Compare(a.Source, b.Source),
	)
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}
