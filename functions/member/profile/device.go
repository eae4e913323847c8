package profile

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
)

// heldDevice is a device that was ever heard of together with a person. What is not known any more, since the timeline does not go back so far, is null.
type heldDevice struct {
	AnonymousID string     `json:"anonymousId"`
	State       string     `json:"state"` // joined, claimed, takenOff
	FirstSeen   *time.Time `json:"firstSeen"`
	LastSeen    *time.Time `json:"lastSeen"`
	Events      int        `json:"events"`
	JoinedBy    *joining   `json:"joinedBy"`
	TakenOffAt  *time.Time `json:"takenOffAt"` // last
}

// joining is the event that said first that the device is the person's; of one that was taken off and came back, the first since then.
type joining struct {
	MessageID string      `json:"messageId"`
	Type      event.Kind  `json:"type"`
	By        trust.Level `json:"by"` // person or shop
	At        time.Time   `json:"at"` // when it was received
}

// deviceList is the answer; Partial says that the person has more events than are looked through, so that times and counts are those of the newest.
type deviceList struct {
	Items   []heldDevice `json:"items"`
	Partial bool         `json:"partial,omitempty"`
}

const (
	deviceEvents = 10_000 // how many events are looked through
	devicePage   = 500
)

func (h *Handler) devices(w http.ResponseWriter, r *http.Request) {
	person, ok := h.Find(w, r)
	if !ok || !subject.Exists(w, person) {
		return
	}
	list, err := h.devicesOf(r.Context(), person)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	answer(w, r, devicesMask, list)
}

// devicesOf lists the devices that the profile or the timeline names, in the order of their ids.
func (h *Handler) devicesOf(ctx context.Context, person people.Person) (list deviceList, err error) {
	held, who := map[string]*heldDevice{}, person.Profile
	of := func(id string) *heldDevice {
		if held[id] == nil {
			held[id] = &heldDevice{AnonymousID: id, TakenOffAt: takenOff(who, id)}
		}
		return held[id]
	}
	for _, i := range who.Identifiers {
		if i.Kind.Base() == profile.AnonymousID {
			of(i.Value).State = "joined"
		}
	}
	for id, claim := range who.Claims {
		d := of(id)
		d.State, d.LastSeen = "claimed", instant(claim.At)
	}
	for cursor, seen := "", 0; ; {
		events, next, err := h.Timeline.Events(ctx, person.Keys, devicePage, cursor)
		if err != nil {
			return list, err
		}
		for i := range events {
			if e := &events[i]; e.AnonymousID != "" {
				of(e.AnonymousID).see(e)
			}
			if e := &events[i]; e.Kind == event.Alias && held[e.PreviousID] != nil {
				held[e.PreviousID].prove(e)
			}
		}
		if seen += len(events); next == "" || seen >= deviceEvents {
			list.Partial = next != ""
			break
		}
		cursor = next
	}
	for _, d := range held {
		d.settle()
		if d.State != "" {
			list.Items = append(list.Items, *d)
		}
	}
	slices.SortFunc(list.Items, func(a, b heldDevice) int { return cmp.Compare(a.AnonymousID, b.AnonymousID) })
	if list.Items == nil {
		list.Items = []heldDevice{}
	}
	return list, nil
}

// see counts an event of the device.
func (d *heldDevice) see(e *event.Event) {
	at := e.ReceivedAt
	d.Events++
	if d.FirstSeen == nil || at.Before(*d.FirstSeen) {
		d.FirstSeen = &at
	}
	if d.LastSeen == nil || at.After(*d.LastSeen) {
		d.LastSeen = &at
	}
	if e.UserID != "" && (e.Kind == event.Identify || e.Trust == trust.Person) {
		d.prove(e)
	}
}

// prove keeps the earliest event that may say whose the device is. What was said before it was taken off is not why it is the person's now.
func (d *heldDevice) prove(e *event.Event) {
	if d.State == "joined" && d.TakenOffAt != nil && !e.ReceivedAt.After(*d.TakenOffAt) {
		return
	}
	if trust.May(e.Trust, false, trust.JoinDevice) == trust.Yes && (d.JoinedBy == nil || e.ReceivedAt.Before(d.JoinedBy.At)) {
		d.JoinedBy = &joining{e.MessageID, e.Kind, e.Trust.Or(trust.Shop), e.ReceivedAt}
	}
}

// settle says what became of the device. Devices that the timeline alone names, and nobody has taken off, are of no concern: they claimed the
// person once and were let go.
func (d *heldDevice) settle() {
	if d.State == "" && d.TakenOffAt != nil {
		d.State = "takenOff"
	}
	if d.State == "claimed" {
		d.JoinedBy = nil
	}
}

// takenOff is when the device was last taken off the person, nil if it never was.
func takenOff(who *profile.Profile, device string) (at *time.Time) {
	for i := (profile.Identifier{Kind: profile.AnonymousID, Value: device}); ; i = i.Next() {
		off, is := who.Off[i.ID()]
		if !is {
			return at
		}
		at = &off
	}
}

// takeOff asks projection to take a device off a person. What it did before stays the person's; what comes of it later is its own.
func (h *Handler) takeOff(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	device := query["device"]
	if query.Del("device"); len(device) != 1 || device[0] == "" {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "device", Reason: "must be given once: the anonymousId of the device"})
		return
	}
	if !subject.Whole(w, query) {
		return
	}
	person, ok := h.Find(w, r)
	if !ok || !subject.Exists(w, person) {
		return
	}
	now := h.Now().UTC().Truncate(time.Millisecond)
	if reason := refusal(person.Profile, device[0], now); reason != "" {
		httpapi.Problem(w, http.StatusConflict, "Not taken off", "", httpapi.FieldError{Field: "device", Reason: reason})
		return
	}
	receipt := h.NewID()
	if _, err := h.write(r, audit.TakeOff, person, receipt, ""); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if err := h.Events.Send(r.Context(), job.Events{Source: subject.Source, Command: &job.Command{
		ID: receipt, Kind: job.CommandTakeOff, ProfileID: person.Keys[0], At: now, Device: device[0],
	}}); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusAccepted, struct {
		Receipt   string     `json:"receipt"`
		ProfileID profile.ID `json:"profileId"`
		At        time.Time  `json:"at"`
	}{receipt, person.Keys[0], now})
}

// refusal is why a device cannot be taken off somebody, empty if it can.
func refusal(who *profile.Profile, device string, now time.Time) string {
	trial := *who
	switch {
	case trial.TakeOff(device, now, now):
		return ""
	case who.UserID() == "":
		return "is not to be taken off somebody without a userId: erase them instead"
	case len(who.Off) >= profile.MaxOff:
		return "is one too many: as many devices as are remembered were taken off this person"
	}
	return "is not the person's"
}
