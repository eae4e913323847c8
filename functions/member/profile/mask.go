package profile

import (
	"context"
	"fmt"
	"net/http"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/operator/mask"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/httpapi"
)

// What an operator sees of each answer without a reason: what userops says of the person, in its own words. Of what anybody sent, an address, a number or a
// name shows its ends, names of events, traits and properties are shown, and no value is but that of a city and of goods.
var (
	profileMask = mask.Rules{
		"profileId": mask.Shown, "mergedFrom": mask.Shown, "firstSeen": mask.Shown, "lastSeen": mask.Shown,
		"ids.*.kind": mask.Shown, "ids.*.value": mask.Identifier,
		"tags": mask.Shown, "tagged": mask.Shown, "orders": mask.Shown, "lifecycle": mask.Shown, "stage": mask.Shown, "activity": mask.Shown, "rfm": mask.Shown, "predictions": mask.Shown, "segments": mask.Shown,
		"consent.*.granted": mask.Shown, "consent.*.at": mask.Shown, "consent.*.receivedAt": mask.Shown, "consent.*.by": mask.Shown, "consent.*.source": mask.Shown, "consent.*.reason": mask.OneOf("unsubscribe", "complaint", "bounce"),
		"demographics.*": mask.Hidden, "place.*": mask.Hidden, "place.city": mask.City, "place.province": mask.City, "place.country": mask.City, "interests.*": mask.Hidden,
		"cart.total": mask.Shown, "cart.lines.*.quantity": mask.Shown, "cart.lines.*.price": mask.Shown, "cart.lines.*.unproven": mask.Shown,
		"addresses.*.address": mask.Hidden, "addresses.email.address": mask.Email, "addresses.sms.address": mask.Phone,
		"addresses.*.reachable": mask.Shown, "addresses.email.reachable": mask.Shown, "addresses.sms.reachable": mask.Shown,
		"addresses.*.reason": mask.Shown, "addresses.email.reason": mask.Shown, "addresses.sms.reason": mask.Shown,
		"devices.*.at": mask.Shown, "pushTokens.*.at": mask.Shown, "touch.*.at": mask.Shown,
		"unproven.traits.*": mask.Word, "unproven.segments": mask.Shown, "unproven.claimedDevices.*.at": mask.Shown,
		"unproven.addresses.email": mask.Email, "unproven.addresses.sms": mask.Phone,
	}.Under("traits", mask.Traits)

	eventsMask = mask.Rules{
		"next": mask.Shown, "items.*.messageId": mask.Shown, "items.*.type": mask.Shown, "items.*.trust": mask.Shown, "items.*.event": mask.Word,
		"items.*.timestamp": mask.Shown, "items.*.originalTimestamp": mask.Shown, "items.*.sentAt": mask.Shown, "items.*.receivedAt": mask.Shown,
		"items.*.userId": mask.Identifier, "items.*.anonymousId": mask.Identifier, "items.*.previousId": mask.Identifier, "items.*.groupId": mask.Hidden,
		"items.*.properties.*": mask.Hidden, "items.*.context.*": mask.Hidden, "items.*.integrations.*": mask.Hidden,
		"items.*.proof.by": mask.Shown, "items.*.proof.source": mask.Shown,
	}.Under("items.*.traits", mask.Traits)

	decisionsMask = mask.Rules{
		"next": mask.Shown, "items.*.notificationId": mask.Shown, "items.*.profileId": mask.Shown, "items.*.campaignId": mask.Shown, "items.*.campaignVersion": mask.Shown,
		"items.*.step": mask.Shown, "items.*.variant": mask.Shown, "items.*.channel": mask.Shown, "items.*.templateId": mask.Shown, "items.*.outcome": mask.Shown, "items.*.reason": mask.Shown,
		"items.*.detail": mask.Shown, "items.*.asked": mask.Shown, "items.*.at": mask.Shown, "items.*.until": mask.Shown, "items.*.attempt": mask.Shown,
	}

	peopleMask = mask.Rules{
		"items.*.profileId": mask.Shown, "items.*.ids.*.kind": mask.Shown, "items.*.ids.*.value": mask.Identifier, "items.*.name": mask.Name,
		"items.*.addresses.*.address": mask.Hidden, "items.*.addresses.email.address": mask.Email, "items.*.addresses.sms.address": mask.Phone, "items.*.addresses.*.reachable": mask.Shown,
		"items.*.addresses.email.reachable": mask.Shown, "items.*.addresses.sms.reachable": mask.Shown,
		"items.*.addresses.*.reason": mask.Shown, "items.*.addresses.email.reason": mask.Shown, "items.*.addresses.sms.reason": mask.Shown,
		"next": mask.Shown, "items.*.proof": mask.Shown, "items.*.firstSeen": mask.Shown, "items.*.lastSeen": mask.Shown, "items.*.orders": mask.Shown,
	}

	// The book is ours from the first line to the last.
	ledgerMask = mask.Rules{
		"next": mask.Shown, "balance": mask.Shown, "owed": mask.Shown, "lifetime": mask.Shown, "lots": mask.Shown, "entries": mask.Shown,
	}

	// An order's number is the shop's, and shows its ends; what was bought is the shop's too. By which code it was is hidden, as a property of an event is.
	ordersMask = mask.Rules{
		"next": mask.Shown, "items.*.orderId": mask.Identifier, "items.*.placedAt": mask.Shown, "items.*.completedAt": mask.Shown, "items.*.cancelledAt": mask.Shown,
		"items.*.total": mask.Shown, "items.*.revenue": mask.Shown, "items.*.net": mask.Shown, "items.*.discount": mask.Shown, "items.*.coupon": mask.Hidden,
		"items.*.products.*.productId": mask.Goods, "items.*.products.*.name": mask.Goods, "items.*.products.*.category": mask.Goods, "items.*.products.*.quantity": mask.Shown, "items.*.products.*.price": mask.Shown,
		"items.*.refunds": mask.Shown,
	}

	// A referral is ours. Its code is what the advocate hands around.
	referralsMask = mask.Rules{"next": mask.Shown}.Under("asAdvocate.*", referralMask).Under("asFriend.*", referralMask)
	referralMask  = mask.Rules{
		"programId": mask.Shown, "code": mask.Identifier, "friendProfileId": mask.Shown, "advocateProfileId": mask.Shown, "flags": mask.Shown, "state": mask.Shown, "reason": mask.Shown, "claimedAt": mask.Shown,
		"expiresAt": mask.Shown, "qualifiedAt": mask.Shown, "heldUntil": mask.Shown, "settledAt": mask.Shown, "endedAt": mask.Shown, "rewards": mask.Shown,
	}

	devicesMask = mask.Rules{
		"partial": mask.Shown, "items.*.anonymousId": mask.Identifier, "items.*.state": mask.Shown, "items.*.firstSeen": mask.Shown, "items.*.lastSeen": mask.Shown,
		"items.*.events": mask.Shown, "items.*.joinedBy": mask.Shown, "items.*.takenOffAt": mask.Shown,
	}
)

// hideTitle takes the title of a page or a screen off an event: it shares its field with the names of what people do, and is free text.
func hideTitle(e *event.Event) {
	if e.Kind != event.Track {
		e.Name = mask.Hidden(e.Name)
	}
}

type revealedKey struct{}

// revealed says whether the request of ctx may be shown a person without masks.
func revealed(ctx context.Context) bool { return ctx.Value(revealedKey{}) != nil }

// answer shows something of a person, by the rules unless it is revealed.
func answer(w http.ResponseWriter, r *http.Request, rules mask.Rules, v any) {
	if revealed(r.Context()) {
		httpapi.JSON(w, http.StatusOK, v)
		return
	}
	text, err := httpapi.Marshal(v)
	if err != nil {
		httpapi.Failed(w, r, fmt.Errorf("writing an answer: %w", err))
		return
	}
	shown, err := rules.Mask(text)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if document, is := shown.(map[string]any); is {
		document["masked"] = true
	}
	httpapi.JSON(w, http.StatusOK, shown)
}

// masking shows a person masked, unless the shop's back end asks, which reads its own customers all day, or an operator who may, and says why. That is
// written down before anything is shown.
func (h *Handler) masking(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if httpapi.Caller(r.Context()).Role == access.ServerKey {
			serve(w, reveal(r))
			return
		}
		reason, ok := httpapi.Revealing(w, r)
		if !ok {
			return
		}
		if reason == "" {
			serve(w, r)
			return
		}
		person, ok := h.Find(w, r)
		if !ok {
			return
		}
		if _, err := h.write(r, audit.Reveal, person, h.NewID(), reason); err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		serve(w, reveal(r))
	}
}

// reveal is the request of somebody who is shown a person without masks.
func reveal(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), revealedKey{}, true))
}
