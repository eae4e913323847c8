package profile

import (
	"fmt"
	"time"
)

// FollowKind says what follows from a commit.
type FollowKind string

// What can follow. Package job says who hears of which.
const (
	FollowOrder   FollowKind = "order"   // an order was completed, refunded or cancelled; Ref is its order_id
	FollowSignUp  FollowKind = "signup"  // the person signed up
	FollowEvent   FollowKind = "event"   // an event that a campaign listens to; Ref is its name
	FollowEntered FollowKind = "entered" // Ref is the segment
	FollowExited  FollowKind = "exited"  // Ref is the segment
	// A membership has become proven, or is no longer. Who listens to what is proven alone hears this in place of entered and exited.
	FollowProved   FollowKind = "proved"   // Ref is the segment
	FollowUnproved FollowKind = "unproved" // Ref is the segment
	// FollowUnconfirmed says that a device has named an address and given consent, and that whoever reads there is to be asked.
	FollowUnconfirmed FollowKind = "unconfirmed"
	// FollowSearch goes back to projection: the person is to be listed under something else for those who look for somebody.
	FollowSearch FollowKind = "search"
	// FollowMerged says that another profile was merged into this one; Ref is its profileId.
	FollowMerged FollowKind = "merged"
	// FollowReport goes back to projection: an event about an order that belongs to somebody else; Ref is the owner's profileId.
	FollowReport FollowKind = "report"
)

// Follow is an entry of the outbox: the reference of a job, without a body.
type Follow struct {
	Part    ID         `json:"part,omitempty"` // the profile that was committed, when it was merged into this one since
	Kind    FollowKind `json:"kind"`
	Ref     string     `json:"ref,omitempty"`
	Version int64      `json:"version"` // the commit that wrote it
	N       int        `json:"n"`       // its place among that commit's follows
	At      time.Time  `json:"at"`      // when what it speaks of happened
	// Event finds the event in the timeline (day At, pack Version) for follows that came from one.
	Event string `json:"event,omitempty"` // messageId
	// Source tells it from another source's event of the same messageId; empty in what the version before wrote.
	Source string `json:"source,omitempty"`
	Run    string `json:"run,omitempty"` // the segmentation run, for entered and exited
	// Unproven says that only public events make it so.
	Unproven bool `json:"unproven,omitempty"`
}

// JobID names what follows from a commit of a profile: the same however often it is sent.
func (f Follow) JobID(p ID) string {
	if f.Part != "" {
		p = f.Part
	}
	return fmt.Sprintf("%s.%d.%d", p, f.Version, f.N)
}
