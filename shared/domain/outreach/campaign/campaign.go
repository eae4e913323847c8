// Package campaign is what an operator defines to be sent: what it listens to, what it waits for, whom it leaves out, which
// template goes to whom. It decides whether a campaign wants a person and which arm they get; whether a notification may be
// sent to them now is package delivery's. The surprising thing: a notification's id is a hash of person, campaign and step, so
// however often the same cause is reported, it is the same notification.
package campaign

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/experiment"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/span"
)

// State is where a campaign stands. Operators move it; nothing else does.
type State string

// The states. Running campaigns enrol people and send; a scheduled one becomes effective at its audience's time.
const (
	Draft     State = "draft"
	Scheduled State = "scheduled"
	Running   State = "running"
	Paused    State = "paused"
	Finished  State = "finished"
	Cancelled State = "cancelled"
)

// Definition is a campaign as it is saved.
type Definition struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	State   State   `json:"state"`
	Trigger Trigger `json:"trigger"`
	// Wait passes between the trigger and the notification. Then the condition is asked, and whether a cancelling event happened.
	Wait span.Span `json:"wait,omitzero"`
	// Condition is a rule as segments have them.
	Condition json.RawMessage `json:"condition,omitempty"`
	// CancelOn names events that end the matter when they happen after the trigger.
	CancelOn   []string         `json:"cancelOn,omitempty"`
	Channel    delivery.Channel `json:"channel"`
	TemplateID string           `json:"templateId,omitempty"`
	Variants   []Variant        `json:"variants,omitempty"`
	// Control is the share of the audience that gets nothing.
	Control float64 `json:"control,omitempty"`
	// Transactional says that the person asked for it by an act of their own, such as an order.
	Transactional bool     `json:"transactional,omitempty"`
	Tags          []string `json:"tags,omitempty"`
	// Unproven says whether what only public events say may start it; absent, it may, unless it is transactional.
	Unproven *bool `json:"unproven,omitempty"`
	// ExpiresAfter is how late a notification may be, counted from the end of the wait; a day when it is zero.
	ExpiresAfter span.Span `json:"expiresAfter,omitzero"`
	// OncePerPerson and OnceEvery limit how often a person is enrolled. Without either, every trigger counts.
	OncePerPerson bool      `json:"oncePerPerson,omitempty"`
	OnceEvery     span.Span `json:"onceEvery,omitzero"`
	// Confirms is of Confirmation alone.
	Confirms bool `json:"-"`
}

// Trigger is what a campaign listens to; exactly one field is set.
type Trigger struct {
	EnteredSegment segment.ID `json:"enteredSegment,omitempty"`
	ExitedSegment  segment.ID `json:"exitedSegment,omitempty"`
	Event          *Event     `json:"event,omitempty"`
	Audience       *Audience  `json:"audience,omitempty"`
}

// Event is a track event by name, narrowed by its properties.
type Event struct {
	Name  string  `json:"name"`
	Where []Match `json:"where,omitempty"`
}

// Audience is everybody in a segment at a time.
type Audience struct {
	SegmentID segment.ID `json:"segmentId"`
	At        time.Time  `json:"at"`
}

// ListingID names the listing of an audience: the same for the same campaign and time.
func ListingID(campaign string, at time.Time) string {
	return listingOf(campaign) + strconv.FormatInt(at.Unix(), 10)
}

// ListedAt is the time for which a listing was made, the zero time where the id is not that of a listing of this campaign.
func ListedAt(id, campaign string) time.Time {
	seconds, err := strconv.ParseInt(strings.TrimPrefix(id, listingOf(campaign)), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// listingOf is what the listings of a campaign are called before their time.
func listingOf(campaign string) string { return "audience-" + campaign + "-" }

// Variant is one arm of a split by Weight; the weights of a campaign sum to 1. An empty TemplateID means the campaign's.
type Variant struct {
	ID         string  `json:"id"`
	Weight     float64 `json:"weight"`
	TemplateID string  `json:"templateId,omitempty"`
}

// DefaultExpiry is how late a notification may be when its campaign does not say.
const DefaultExpiry = 24 * time.Hour

// Expiry is how late a notification of the campaign may be.
func (d Definition) Expiry() time.Duration {
	if d.ExpiresAfter > 0 {
		return time.Duration(d.ExpiresAfter)
	}
	return DefaultExpiry
}

// Active says whether the campaign sends at a time.
func (d Definition) Active(now time.Time) bool {
	return d.State == Running || d.State == Scheduled && d.Trigger.Audience != nil && !now.Before(d.Trigger.Audience.At)
}

// Latest is the time by which a notification is judged: now, but never before it was due. A worker whose clock is behind would else find a
// campaign not begun that has begun.
func Latest(now, due time.Time) time.Time { return event.Latest(now, due) }

// TakesUnproven says whether what only public events say may start the campaign. Nothing that somebody asked for by an act of their own can be asked
// for by another.
func (d Definition) TakesUnproven() bool {
	return d.Confirms || !d.Transactional && (d.Unproven == nil || *d.Unproven)
}

// View is the person as the campaign looks at them: all that was ever said, or what is proven alone.
func (d Definition) View(p *profile.Profile) *profile.Profile {
	if d.TakesUnproven() {
		return p.All()
	}
	return p
}

// News is something that a campaign may listen to: an event by its name, or a move into or out of a segment.
type News struct {
	Kind profile.FollowKind
	Ref  string
}

// ListensTo are the news that the campaign takes up: none unless it runs. Who takes what is proven alone hears of a membership also when it becomes
// proven, or is no longer. Where an event must match by its properties, MatchesEvent has the last word.
func (d Definition) ListensTo() []News {
	if d.State != Running {
		return nil
	}
	membership := func(id segment.ID, kind, proven profile.FollowKind) []News {
		if d.TakesUnproven() {
			return []News{{kind, string(id)}}
		}
		return []News{{kind, string(id)}, {proven, string(id)}}
	}
	switch t := d.Trigger; {
	case d.Confirms:
		return []News{{Kind: profile.FollowUnconfirmed}}
	case t.EnteredSegment != "":
		return membership(t.EnteredSegment, profile.FollowEntered, profile.FollowProved)
	case t.ExitedSegment != "":
		return membership(t.ExitedSegment, profile.FollowExited, profile.FollowUnproved)
	case t.Event != nil:
		return []News{{profile.FollowEvent, t.Event.Name}}
	}
	return nil
}

// MatchesEvent asks the trigger's conditions of an event's properties, a JSON object.
func (d Definition) MatchesEvent(properties json.RawMessage) bool {
	return d.Trigger.Event != nil && matchAll(d.Trigger.Event.Where, properties)
}

// DueAfter says when a notification is due whose trigger happened at a time, and until when it may be sent.
func (d Definition) DueAfter(trigger time.Time) (due, notAfter time.Time) {
	due = trigger.Add(time.Duration(d.Wait))
	return due, due.Add(d.Expiry())
}

// CancelledBy names the event that cancels what was triggered at a time, empty if none happened since. A profile remembers the
// latest time of each event. What only public events have started, public events may end; what is proven nobody ends who may be anybody.
func (d Definition) CancelledBy(p *profile.Profile, trigger time.Time, unproven bool) string {
	if unproven {
		p = d.View(p)
	}
	for _, name := range d.CancelOn {
		if p.Counters[name].Last.After(trigger) {
			return name
		}
	}
	return ""
}

// Wants says whether the person is still one that the trigger speaks of. It does not ask Condition.
func (d Definition) Wants(p *profile.Profile) bool {
	in := segment.In
	if !d.TakesUnproven() {
		in = segment.Proven
	}
	switch t := d.Trigger; {
	case t.EnteredSegment != "":
		return in(p, t.EnteredSegment)
	case t.ExitedSegment != "":
		return !in(p, t.ExitedSegment)
	case t.Audience != nil:
		return in(p, t.Audience.SegmentID)
	}
	return true
}

// StepOnce is the step of a campaign that enrols nobody twice.
const StepOnce = "once"

// Step names which sending of the campaign to a person this is: one for each cause, or a single one where a person is enrolled
// only once.
func (d Definition) Step(cause string) string {
	switch {
	case d.Trigger.Audience != nil:
		return delivery.AudienceStep(d.Trigger.Audience.At)
	case d.OncePerPerson:
		return StepOnce
	}
	return cause
}

// NotificationID names a notification: 22 characters of base64url, the same for the same person, campaign and step.
func NotificationID(person profile.ID, campaign, step string) string {
	sum := sha256.Sum256([]byte(string(person) + "\x00" + campaign + "\x00" + step))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Assign is the arm of a person by the hash of the campaign's id and person, who is a userId, or a profileId where there is
// none. A campaign without variants has one arm without a name.
func (d Definition) Assign(person string) Variant {
	weights := make([]float64, len(d.Variants))
	for i, v := range d.Variants {
		weights[i] = v.Weight
	}
	ranges, err := experiment.Ranges(1, weights)
	if err != nil {
		return Variant{TemplateID: d.TemplateID}
	}
	// The weights may sum to a little less than 1; who falls behind the last border belongs to the last arm.
	at := experiment.Choose(experiment.Bucket(d.ID, person), ranges)
	if at < 0 {
		at = len(d.Variants) - 1
	}
	return d.arm(d.Variants[at])
}

// Variant finds an arm by its id. The empty id is the only arm of a campaign without variants.
func (d Definition) Variant(id string) (Variant, bool) {
	if id == "" && len(d.Variants) == 0 {
		return Variant{TemplateID: d.TemplateID}, true
	}
	at := slices.IndexFunc(d.Variants, func(v Variant) bool { return v.ID == id })
	if at < 0 {
		return Variant{}, false
	}
	return d.arm(d.Variants[at]), true
}

func (d Definition) arm(v Variant) Variant {
	if v.TemplateID == "" {
		v.TemplateID = d.TemplateID
	}
	return v
}

// Person is what arms and shares are drawn by: the userId if there is one, else the profileId.
func Person(p *profile.Profile) string {
	if id := p.UserID(); id != "" {
		return id
	}
	return string(p.ID)
}

// Templates lists the ids of the templates that the campaign sends.
func (d Definition) Templates() []string {
	var ids []string
	if d.TemplateID != "" {
		ids = append(ids, d.TemplateID)
	}
	for _, v := range d.Variants {
		if v.TemplateID != "" && !slices.Contains(ids, v.TemplateID) {
			ids = append(ids, v.TemplateID)
		}
	}
	return ids
}

// Segments lists the segments that the trigger names.
func (d Definition) Segments() []segment.ID {
	var ids []segment.ID
	for _, id := range []segment.ID{d.Trigger.EnteredSegment, d.Trigger.ExitedSegment} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	if d.Trigger.Audience != nil {
		ids = append(ids, d.Trigger.Audience.SegmentID)
	}
	return ids
}
