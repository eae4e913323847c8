package job

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Archive travels to archive from projection: the packs that commits owe to the timeline, as the timeline has them, and the merges of profiles. An object of the archive's bucket that
// holds what one invocation was given is one too.
type Archive struct {
	Packs  []Pack   `json:"packs,omitempty"`
	Merges []Follow `json:"merges,omitempty"`
}

// Pack is the events of one day of one commit.
type Pack struct {
	ProfileID profile.ID  `json:"profileId"`
	Day       profile.Day `json:"day"` // as the timeline counts it, in UTC
	Body      []byte      `json:"body"`
}

// Erasure is what the archive leaves out from now on. It is filed for archive in the transaction that erases a person.
type Erasure struct {
	Keys []profile.ID `json:"keys"`
	// At is when the erasure was asked for: what was received until then is gone. Until is when it was carried out: who was merged until then is apart.
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
}
