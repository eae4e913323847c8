package referral

import (
	"context"
	"fmt"
	"net/http"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/httpapi"
)

const (
	// maxRequest bounds the body of a code or a claim.
	maxRequest = 16 << 10
	maxUserID  = 512
	// maxProgram bounds the id of a program, which becomes part of a key.
	maxProgram = 64
	// maxTries bounds how often something may move under a claim before the caller is asked to come again.
	maxTries = 6
)

// act judges who calls for userID and gives what is to be carried out for them: do. Where it finds faults, beside those that were found before, or nobody
// calls, the request is answered.
func (h *Handler) act(w http.ResponseWriter, r *http.Request, what, userID, userHash string, faults []httpapi.FieldError, do func(context.Context, httpapi.Call) (httpapi.Reply, error)) *httpapi.Act {
	if userID == "" || len(userID) > maxUserID {
		faults = append(faults, httpapi.FieldError{Field: "userId", Reason: fmt.Sprintf("must be 1 to %d bytes", maxUserID)})
	} else if event.Meaningful(userID) == "" {
		// Everybody whose page has no id yet would else be one person, who has a code and was invited.
		faults = append(faults, httpapi.FieldError{Field: "userId", Reason: "means nobody"})
	}
	if len(faults) > 0 {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", faults...)
		return nil
	}
	scope, ok := h.Callers.Scope(w, r, userID, userHash)
	if !ok {
		return nil
	}
	return &httpapi.Act{Scope: what + "#" + scope, Do: do}
}

// given is what is wrong with a field that must be there and of at most so many bytes.
func given(field, value string, most int) []httpapi.FieldError {
	switch {
	case value == "":
		return []httpapi.FieldError{{Field: field, Reason: "is missing"}}
	case len(value) > most:
		return []httpapi.FieldError{{Field: field, Reason: fmt.Sprintf("is over %d bytes", most)}}
	}
	return nil
}

// sentences says for people what the rules say for machines.
var sentences = map[referral.Reason]string{
	referral.ProgramClosed:    "the program does not run, or there is none",
	referral.UnknownCode:      "nobody has this code",
	referral.SelfReferral:     "nobody can invite themselves",
	referral.AlreadyReferred:  "the person was invited before; the first claim stands",
	referral.ExistingCustomer: "the person has bought before",
	referral.Circle:           "the code's owner came through this person",
}

// refused names the rule as the reason of the field that it speaks of.
func refused(ctx context.Context, title, field string, rule referral.Reason) httpapi.Reply {
	status := http.StatusUnprocessableEntity
	if rule == referral.AlreadyReferred {
		status, title = http.StatusConflict, "Already referred"
	}
	return httpapi.Render(ctx, func(w http.ResponseWriter) {
		httpapi.Problem(w, status, title, sentences[rule], httpapi.FieldError{Field: field, Reason: string(rule)})
	})
}
