package link

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
)

// confirmForm shows nothing of the address nor of who has named it: the link may have come to somebody else.
var confirmForm = form{
	title:    "Confirm your address 确认邮箱",
	question: "Did you ask us to write to the address at which you got this link? 是您请我们向收到此链接的邮箱发送邮件吗？",
	button:   "Yes, it is mine 是的，这是我的邮箱",
	done:     "Thank you, your address is confirmed. 谢谢，您的邮箱已确认。",
	invalid:  "This link is not valid, or no longer. 链接无效或已过期。",
}

// confirmation opens the link of a confirmation. ok is false, and the request answered, where it is none, its time is over, or whoever's device it
// was has been erased since.
func (h *Handler) confirmation(w http.ResponseWriter, r *http.Request) (c delivery.Confirmation, person people.Person, ok bool) {
	keys, err := h.Secrets.Keys(r.Context())
	if err != nil {
		httpapi.Failed(w, r, err)
		return c, person, false
	}
	c, err = delivery.ParseConfirmation(keys, r.PathValue("token"))
	if err != nil || !h.Now().Before(c.Until()) {
		confirmForm.refuse(w)
		return c, person, false
	}
	if person, err = h.People.Person(r.Context(), c.ProfileID); err != nil {
		httpapi.Failed(w, r, err)
		return c, person, false
	}
	if len(person.Profile.Identifiers) == 0 || person.Profile.Erased(c.ProfileID, c.Sent) {
		confirmForm.refuse(w)
		return c, person, false
	}
	return c, person, true
}

func (h *Handler) confirmPage(w http.ResponseWriter, r *http.Request) {
	if c, _, ok := h.confirmation(w, r); ok {
		confirmForm.ask(w, c.Channel)
	}
}

// confirm is what the button does: whoever reads at the address says that the device is theirs. It is said of the device, never of a userId that it
// may claim.
func (h *Handler) confirm(w http.ResponseWriter, r *http.Request) {
	c, person, ok := h.confirmation(w, r)
	if !ok {
		return
	}
	properties, err := json.Marshal(map[string]string{"channel": string(c.Channel), "email": c.Address})
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	now := h.Now().UTC()
	sum := sha256.Sum256([]byte(r.PathValue("token")))
	e := event.Event{MessageID: "confirm-" + hex.EncodeToString(sum[:16]), Kind: event.Track, Name: event.EmailConfirmed, Properties: properties,
		AnonymousID: founder(person.Profile, c.ProfileID), Timestamp: now, ReceivedAt: now}
	if e.AnonymousID == "" {
		e.UserID = value(person.Profile, profile.UserID) // by now the device's key is the person's
	}
	if err := h.Events.Send(r.Context(), job.Events{Source: subject.Source, Trust: trust.Person, Events: []event.Event{e}}); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	confirmForm.pressed(w)
}

// founder is the device under whose key a profile stands, else one of its devices; empty where it has none.
func founder(p *profile.Profile, key profile.ID) string {
	for _, i := range p.Identifiers {
		if i.Kind.Base() == profile.AnonymousID && i.ID() == key {
			return i.Value
		}
	}
	return value(p, profile.AnonymousID)
}
