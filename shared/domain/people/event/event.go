// Package event is one accepted call of a storefront: what it may look like, how it is judged, what it means for time.
// It is not a shop's business event store; what follows from an event is decided in package profile and beyond. The
// surprising thing: an Event keeps the accepted JSON of its open parts (properties, traits, context) as bytes, because
// most of them are stored and shown, and only a few are ever looked into.
package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/userops/userops/shared/domain/people/trust"
)

// Kind is the call that brought the event.
type Kind string

// The six calls of the protocol.
const (
	Track    Kind = "track"
	Identify Kind = "identify"
	Page     Kind = "page"
	Screen   Kind = "screen"
	Group    Kind = "group"
	Alias    Kind = "alias"
)

// Event is one accepted call. Times are UTC. Its JSON form is what travels in the events queue, what the timeline keeps and
// what the API shows.
type Event struct {
	MessageID   string `json:"messageId"`
	Kind        Kind   `json:"type"`
	UserID      string `json:"userId,omitempty"`
	AnonymousID string `json:"anonymousId,omitempty"`
	PreviousID  string `json:"previousId,omitempty"` // alias only
	GroupID     string `json:"groupId,omitempty"`    // group only
	// Name is the event's name for track and the page's or screen's name for those.
	Name         string          `json:"event,omitempty"`
	Properties   json.RawMessage `json:"properties,omitempty"`
	Traits       json.RawMessage `json:"traits,omitempty"`
	Context      json.RawMessage `json:"context,omitempty"`
	Integrations json.RawMessage `json:"integrations,omitempty"`
	// Timestamp is when it happened, corrected for the client's clock; OriginalTimestamp is what the client said.
	Timestamp         time.Time `json:"timestamp"`
	OriginalTimestamp time.Time `json:"originalTimestamp,omitzero"`
	SentAt            time.Time `json:"sentAt,omitzero"`
	ReceivedAt        time.Time `json:"receivedAt"`
	// Trust is who says it; empty where the shop does, and of what was stored before there were levels.
	Trust trust.Level `json:"trust,omitempty"`
	// Source is the source that it came by, for the fold. It travels with the job and stands in the pack, beside the event and not in it.
	Source string `json:"-"`
}

// Happened is when the event counts to have happened: as its client says, and not after it was received.
func (e *Event) Happened() time.Time {
	if e.Timestamp.After(e.ReceivedAt) && !e.ReceivedAt.IsZero() {
		return e.ReceivedAt
	}
	return e.Timestamp
}

// Hash identifies an event of a source for duplicates: the first eight bytes of SHA-256 over source, zero byte, messageId.
type Hash uint64

// Fingerprint is the event's Hash within its source.
func Fingerprint(source, messageID string) Hash {
	h := sha256.New()
	h.Write([]byte(source))
	h.Write([]byte{0})
	h.Write([]byte(messageID))
	var sum [sha256.Size]byte
	return Hash(binary.BigEndian.Uint64(h.Sum(sum[:0])))
}

// Names of the e-commerce events that the product itself acts on. The whole list is in the contract of ingest.
const (
	OrderPlaced        = "Order Placed"
	OrderCompleted     = "Order Completed"
	OrderUpdated       = "Order Updated"
	OrderRefunded      = "Order Refunded"
	OrderCancelled     = "Order Cancelled"
	ProductViewed      = "Product Viewed"
	ProductAdded       = "Product Added"
	ProductRemoved     = "Product Removed"
	ProductWishlisted  = "Product Added to Wishlist"
	SignedUp           = "Signed Up"
	ConsentGranted     = "Consent Granted"
	ConsentRevoked     = "Consent Revoked"
	Unsubscribed       = "Unsubscribed"
	EmailBounced       = "Email Bounced"
	EmailLinkClicked   = "Email Link Clicked"
	EmailMarkedAsSpam  = "Email Marked as Spam"
	EmailConfirmed     = "Email Address Confirmed" // ours: by the link of a confirmation
	ExperimentViewed   = "Experiment Viewed"
	SegmentEntered     = "Segment Entered"
	SegmentExited      = "Segment Exited"
	ProfilesMerged     = "Profiles Merged"
	TagsChanged        = "Tags Changed"
	ListChanged        = "List Membership Changed" // ours: by an upload of an operator
	SubscriptionCredit = "Subscription Accepted"
)

// reserved are the names of what only we can know. Of anybody else they would be an invention.
var reserved = map[string]trust.Fact{
	SegmentEntered: trust.OurNews, SegmentExited: trust.OurNews, ProfilesMerged: trust.OurNews, EmailConfirmed: trust.OurNews, ListChanged: trust.OurNews,
	TagsChanged: trust.Tag, "Points Earned": trust.OurBooks, "Points Redeemed": trust.OurBooks, "Points Expired": trust.OurBooks, "Tier Changed": trust.OurBooks, "Badge Earned": trust.OurBooks,
	"Referral Qualified": trust.OurBooks, "Referral Settled": trust.OurBooks, "Lottery Drawn": trust.OurBooks, "Bargain Completed": trust.OurBooks,
	"Group Completed": trust.OurBooks, "Group Expired": trust.OurBooks, "Notification Sent": trust.OurBooks, "Notification Suppressed": trust.OurBooks,
	"Notification Delivered": trust.OurBooks, "Notification Complained": trust.OurBooks,
}

// JudgeName refuses news of our own from whoever cannot know it. The reason is empty for every other event.
func JudgeName(e *Event) (field, reason string) {
	fact, is := reserved[e.Name]
	if e.Kind != Track || !is || trust.May(e.Trust, false, fact) == trust.Yes {
		return "", ""
	}
	if fact == trust.OurNews {
		return "event", "is the name of news that only userops tells"
	}
	return "event", "is the name of news that a public key cannot tell"
}
