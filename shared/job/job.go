// Package job is the contract of the queues: what one function tells another. Each queue carries one envelope type, written
// as JSON, and both the previous and the next version of the program can read it: fields are only ever added, none changes its meaning, and a reader
// ignores those it does not know. It is not the queue itself (package queue packs and sends).
package job

import (
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// Events travels from ingest to projection: what one request brought, accepted and stamped. Exactly one of Events and
// Command is set.
type Events struct {
	Source string        `json:"source"`
	Events []event.Event `json:"events,omitempty"`
	// NoMoney says that the source may not move money: its order events are kept in the timeline and counted, but change no order.
	NoMoney bool `json:"noMoney,omitempty"`
	// Trust is who says the events that do not name a level of their own. A job of the version before has none; see Level.
	Trust   trust.Level `json:"trust,omitempty"`
	Command *Command    `json:"command,omitempty"`
}

// Level is who says one of the events. The version before told a public source by NoMoney alone.
func (j Events) Level(e *event.Event) trust.Level {
	otherwise := trust.Shop
	if j.NoMoney {
		otherwise = trust.Public
	}
	return e.Trust.Or(j.Trust.Or(otherwise))
}

// CommandKind is an order to projection that no storefront can give.
type CommandKind string

// The commands. Order passes an event about somebody else's order to the order's owner; Erase forgets a person; Wipe takes away what
// stands under the keys of one who was erased; TakeOff takes a device off a person; List lists a person under what they are found by; Tell tells
// a profile an event of our own, as if the person's source had sent it; Enlist tells it an event about a list, which the version before would take for something that the person did.
const (
	CommandOrder   CommandKind = "order"
	CommandErase   CommandKind = "erase"
	CommandWipe    CommandKind = "wipe"
	CommandTakeOff CommandKind = "takeOff"
	CommandList    CommandKind = "list"
	CommandTell    CommandKind = "tell"
	CommandEnlist  CommandKind = "enlist"
)

// Command asks projection for a change of one profile.
type Command struct {
	ID        string      `json:"id"`
	Kind      CommandKind `json:"kind"`
	ProfileID profile.ID  `json:"profileId"`
	At        time.Time   `json:"at"`
	// Report finds the event of an order command in the timeline of the person who reported it.
	Report *Reference `json:"report,omitempty"`
	// Nobody says of an erasure that there was no profile when it was asked for.
	Nobody bool `json:"nobody,omitempty"`
	// Wipe is how far a wipe has come; At is the time of the erasure.
	Wipe *Wipe `json:"wipe,omitempty"`
	// Device is the anonymousId that is taken off.
	Device string `json:"device,omitempty"`
	// Event is what is told. The job's source and the event's messageId tell it from others.
	Event *event.Event `json:"event,omitempty"`
}

// Wipe goes through all kinds of traces under each key of a person, pass after pass, until one finds nothing.
type Wipe struct {
	Keys []profile.ID `json:"keys"`
	// Version is that of the tombstones, Until the time at which they were put: what is newer is of whoever came back.
	Version int64     `json:"version"`
	Until   time.Time `json:"until"`
	Pass    int       `json:"pass,omitempty"`
	Found   bool      `json:"found,omitempty"` // whether this pass has found anything so far
	// Buried says that the tombstones stood when this was filed. The version before could file it earlier, and does not say so.
	Buried bool `json:"buried,omitempty"`
	// Where to go on: which key, which kind of traces, and behind what.
	Key    int    `json:"key,omitempty"`
	Kind   int    `json:"kind,omitempty"`
	Cursor string `json:"cursor,omitempty"`
}

// Reference finds an event in the timeline: whose, in which commit's pack of which day, from which source, and its messageId.
type Reference struct {
	ProfileID profile.ID  `json:"profileId"`
	Day       profile.Day `json:"day"`
	Version   int64       `json:"version"`
	Source    string      `json:"source,omitempty"` // empty in jobs of the version before
	MessageID string      `json:"messageId"`
}

// Follows travels from projection and segmentation to settlement and to orchestration: what follows from profile commits. One
// envelope holds what one batch brought.
type Follows struct {
	Follows []Follow `json:"follows"`
}

// Follow is one consequence. ID is the same however often it is sent: a consumer drops an id that it knows.
type Follow struct {
	ID        string     `json:"id"`
	ProfileID profile.ID `json:"profileId"`
	profile.Follow
}

// Segmentation travels from segmentation to itself.
type Segmentation struct {
	Kind   SegmentationKind `json:"kind"`
	RunID  string           `json:"runId"`
	Shard  int              `json:"shard"`
	Shards int              `json:"shards"`
	// Cursor resumes a shard that did not finish within one invocation.
	Cursor string `json:"cursor,omitempty"`
	// AsOf is the date of a plan (2006-01-02) in the shop's time zone, empty for today. A past date makes a run that only reports.
	AsOf string `json:"asOf,omitempty"`
	// SegmentID and CampaignID are set for an audience listing.
	SegmentID  string `json:"segmentId,omitempty"`
	CampaignID string `json:"campaignId,omitempty"`
	// Listings are set for several audiences that one reading of the profiles answers; RunID then names the reading.
	Listings []Listing `json:"listings,omitempty"`
	// Listed is how many members of each audience the shard has sent before Cursor, in the order of the listings.
	Listed []int `json:"listed,omitempty"`
	// Lists are those whose members a shard is to write down in the same reading. What asks for a reading has none: all lists that wait are taken up then.
	Lists []MemberList `json:"lists,omitempty"`
}

// MemberList is a list of the members of a segment, which of its parts comes next of a shard, and how many members those before have.
type MemberList struct {
	ID    string `json:"id"`
	Part  int    `json:"part,omitempty"`
	Total int    `json:"total,omitempty"`
}

// Listing asks for the members of a segment for a campaign. RunID names it in the lists that answer it.
type Listing struct {
	RunID      string `json:"runId"`
	SegmentID  string `json:"segmentId"`
	CampaignID string `json:"campaignId"`
}

// SegmentationKind is a step of a run, or an audience listing.
type SegmentationKind string

// The steps: plan makes the shards, ask asks the archive what segments ask it, a part of the people each, collect reads the profiles into columns, close computes the breakpoints, score writes what
// changed, audience lists a segment's members for a campaign, audiences does so for several, members writes lists down, and lists audiences beside them. The version before knows no
// members and no ask and leaves them to the dead letters.
const (
	Plan      SegmentationKind = "plan"
	Ask       SegmentationKind = "ask"
	Collect   SegmentationKind = "collect"
	Close     SegmentationKind = "close"
	Score     SegmentationKind = "score"
	Audience  SegmentationKind = "audience"
	Audiences SegmentationKind = "audiences"
	Members   SegmentationKind = "members"
)

// Orchestration is what orchestration's queue carries: consequences of commits, a part of an audience, or a request to enter people again.
type Orchestration struct {
	Follows  []Follow      `json:"follows,omitempty"`
	Audience *AudienceList `json:"audience,omitempty"`
	Reentry  *Reentry      `json:"reentry,omitempty"`
}

// Reentry asks to enter again whom a stop has skipped, of one campaign where CampaignID is given. ID names the request.
type Reentry struct {
	ID         string `json:"id"`
	StopID     string `json:"stopId"`
	CampaignID string `json:"campaignId,omitempty"`
	// Cursor is where to go on in the stop's list.
	Cursor string `json:"cursor,omitempty"`
}

// AudienceList is a packed list of members of a segment for one campaign. ID is the same when the part is listed again.
type AudienceList struct {
	ID         string       `json:"id"`
	CampaignID string       `json:"campaignId"`
	RunID      string       `json:"runId"`
	SegmentID  string       `json:"segmentId"`
	Profiles   []profile.ID `json:"profiles"`
}

// Notifications travels from orchestration to dispatch, and from console with what operators send to themselves.
type Notifications struct {
	Notifications []Notification `json:"notifications"`
	// Trials are sent to addresses of the shop's own. The version before knows none and drops them.
	Trials []delivery.Trial `json:"trials,omitempty"`
}

// Notification asks dispatch to decide and send one notification. ID is person, campaign and step: at most one send per ID. ProfileID is
// the profile that the trigger was about when it happened: decisions stand under it, whatever it has become part of since.
type Notification struct {
	ID         string     `json:"id"`
	ProfileID  profile.ID `json:"profileId"`
	CampaignID string     `json:"campaignId"`
	Step       string     `json:"step"`              // which sending of the campaign to this person, e.g. the entered event's id
	Variant    string     `json:"variant,omitempty"` // the arm that the hash chose
	// CampaignVersion is the definition that was in force when the campaign took the person.
	CampaignVersion int `json:"campaignVersion"`
	// TemplateVersion is the version of the arm's template when it was decided to send; 0 means the present one.
	TemplateVersion int `json:"templateVersion,omitempty"`
	// At is when it was due; with ID it names the decision. Since is when the trigger happened.
	At    time.Time `json:"at,omitzero"`
	Since time.Time `json:"since,omitzero"`
	// Event finds the event that caused it, for the template; EventOf is the profile whose commit it was.
	EventOf      profile.ID  `json:"eventOf,omitempty"`
	EventDay     profile.Day `json:"eventDay,omitempty"`
	EventVersion int64       `json:"eventVersion,omitempty"`
	EventID      string      `json:"eventId,omitempty"` // messageId
	EventSource  string      `json:"eventSource,omitempty"`
	EventName    string      `json:"eventName,omitempty"`
	NotAfter     time.Time   `json:"notAfter,omitzero"`  // past this it is skipped as expired
	Deferred     int         `json:"deferred,omitempty"` // how often it was deferred before
	Refused      int         `json:"refused,omitempty"`  // how often of these because the provider did not take it then
	// Unproven says that only public events have started it: it has none of their words, and is capped by address as well.
	Unproven bool `json:"unproven,omitempty"`
}
