package link

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
)

var unsubscribeForm = form{
	title:    "Unsubscribe",
	question: "No more messages over CHANNEL? 不再通过 CHANNEL 接收消息？",
	button:   "Unsubscribe 退订",
	done:     "You will get no more of these. 您已退订。",
	invalid:  "This link is not valid. 链接无效。",
}

func (h *Handler) unsubscribePage(w http.ResponseWriter, r *http.Request) {
	if u, ok := h.link(w, r); ok {
		unsubscribeForm.ask(w, u.Channel)
	}
}

// link reads the link to unsubscribe. Where it is none, the request is answered.
func (h *Handler) link(w http.ResponseWriter, r *http.Request) (u delivery.Unsubscribe, ok bool) {
	keys, err := h.Secrets.Keys(r.Context())
	if err != nil {
		httpapi.Failed(w, r, err)
		return u, false
	}
	if u, err = delivery.ParseUnsubscribe(keys, r.PathValue("token")); err != nil {
		unsubscribeForm.refuse(w)
		return u, false
	}
	return u, true
}

// unsubscribe is what the button does, and the one click of mail programs (RFC 8058).
func (h *Handler) unsubscribe(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	u, ok := h.link(w, r)
	if !ok {
		return
	}
	person, err := h.People.Person(r.Context(), u.ProfileID)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	now := h.Now().UTC()
	// Written before the answer, it holds from the answer on, also for who was erased meanwhile and comes back; the event makes the
	// profile say so too.
	if err := h.withdraw(r.Context(), person.Profile, u.Channel, now); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if len(person.Profile.Identifiers) > 0 {
		properties, err := json.Marshal(map[string]string{"channel": string(u.Channel), "notificationId": u.NotificationID})
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		// The time belongs to the id: somebody who came back may leave again by the same link.
		sum := sha256.Sum256([]byte(token + now.Format("20060102150405")))
		e := event.Event{
			MessageID: "unsubscribe-" + hex.EncodeToString(sum[:16]), Kind: event.Track, Name: event.Unsubscribed, Properties: properties,
			UserID: value(person.Profile, profile.UserID), Timestamp: now, ReceivedAt: now,
		}
		if e.UserID == "" {
			e.AnonymousID = value(person.Profile, profile.AnonymousID)
		}
		if err := h.Events.Send(r.Context(), job.Events{Source: subject.Source, Trust: trust.Person, Events: []event.Event{e}}); err != nil {
			httpapi.Failed(w, r, err)
			return
		}
	}
	unsubscribeForm.pressed(w)
}

// withdraw notes the withdrawal where dispatch asks: with the person, and with the address.
func (h *Handler) withdraw(ctx context.Context, person *profile.Profile, channel delivery.Channel, now time.Time) error {
	if err := h.Withdrawals.Withdraw(ctx, person.ID, channel, now); err != nil {
		return err
	}
	return h.Withdrawals.Mark(ctx, channel, person.Address(delivery.KindOf(channel).Address), "unsubscribe", now)
}
