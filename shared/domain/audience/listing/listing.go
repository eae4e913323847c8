// Package listing is a list of the members of a segment that a scan makes when an operator asks for it: what it is called, how far it is, and what is told of each member. It is not the segment, and not a list
// that somebody uploads. The surprising thing: a list names people by their profileIds alone, and everything else is looked up when it is read, so that it never shows who has gone since.
package listing

import (
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
)

// prefix begins the id of every list that a scan makes. It holds a colon, which no id may have that an operator chooses (package slug).
const prefix = "made:"

// maxID bounds an id in bytes: it is part of a key.
const maxID = 100

// ID is the id of a list, of a name that no other has.
func ID(name string) string { return prefix + name }

// Made says whether an id can be that of a list that a scan makes.
func Made(id string) bool {
	return strings.HasPrefix(id, prefix) && len(id) > len(prefix) && len(id) <= maxID && !strings.ContainsAny(id, "#")
}

const (
	// Wait is how long a list waits for others, and for audiences, before its scan begins: all that are asked for meanwhile are answered by one.
	Wait = time.Minute
	// Life is how long a list is kept.
	Life = 7 * 24 * time.Hour
)

// State is how far a list is.
type State string

// The states.
const (
	Waiting State = "waiting" // for its scan
	Reading State = "reading"
	Ready   State = "ready"
)

// List is a list of the members of a segment.
type List struct {
	ID        string     `json:"listId"`
	SegmentID segment.ID `json:"segmentId"`
	State     State      `json:"state"`
	AskedAt   time.Time  `json:"askedAt"`
	// BegunAt is when its scan began, ReadyAt when the last shard was read: it holds who was a member when the scan came by, in between.
	BegunAt time.Time `json:"begunAt,omitzero"`
	ReadyAt time.Time `json:"readyAt,omitzero"`
	Until   time.Time `json:"keptUntil"`
	Shards  int       `json:"shards"`
	Read    int       `json:"shardsRead"`
	// Members is how many there are in the shards that were read.
	Members int `json:"members"`

	// Scan names the scan that answers it, empty while it waits.
	Scan string `json:"-"`
	// Done are the shards that were read.
	Done map[int]bool `json:"-"`
}

// Judge is how far the list is.
func (l List) Judge() State {
	switch {
	case l.Scan == "":
		return Waiting
	case l.Read < l.Shards:
		return Reading
	}
	return Ready
}

// Shows says whether somebody of the list is shown, as they are now. Whoever was erased since it was asked for is not, though they be back, nor who was merged into somebody else, who is listed for themselves,
// nor who has left the segment.
func (l List) Shows(id profile.ID, now *profile.Profile) bool {
	return now.ID == id && !now.Erased(id, l.AskedAt) && segment.In(now, l.SegmentID)
}

// Member is what is told of somebody in a list.
type Member struct {
	UserID    string     `json:"userId,omitempty"`
	ProfileID profile.ID `json:"profileId"`
	// Since is when they entered the segment; of a class that runs give nobody keeps it.
	Since time.Time `json:"since,omitzero"`
	// Reachable are the channels that have an address and the consent of the person.
	Reachable []string `json:"reachable"`
}

// MemberOf tells of somebody in a segment.
func MemberOf(p *profile.Profile, of segment.ID) Member {
	m := Member{UserID: p.UserID(), ProfileID: p.ID, Since: p.Members[string(of)].Since, Reachable: []string{}}
	for _, k := range profile.AddressKinds() {
		if p.Reachable(k.Channel) {
			m.Reachable = append(m.Reachable, k.Channel)
		}
	}
	return m
}
