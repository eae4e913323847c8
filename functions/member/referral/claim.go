package referral

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
)

type claimRequest struct {
	Code     string `json:"code"`
	UserID   string `json:"userId"`
	UserHash string `json:"userHash"`
}

func (h *Handler) postClaim(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	var in claimRequest
	if !httpapi.ParseJSON(w, body, &in) {
		return nil
	}
	return h.act(w, r, "claims", in.UserID, in.UserHash, given("code", in.Code, maxRequest), func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
		return h.claim(ctx, in, call)
	})
}

func (h *Handler) claim(ctx context.Context, in claimRequest, call httpapi.Call) (httpapi.Reply, error) {
	const title = "Claim refused"
	code, ok := referral.ParseCode(in.Code)
	if !ok {
		return refused(ctx, title, "code", referral.UnknownCode), nil
	}
	programID, owner, err := h.Codes.CodeOwner(ctx, code)
	if errors.Is(err, dynamo.ErrNotFound) {
		return refused(ctx, title, "code", referral.UnknownCode), nil
	}
	if err != nil {
		return httpapi.Reply{}, err
	}
	program, err := h.Programs.Program(ctx, programID)
	if err != nil {
		return httpapi.Reply{}, err
	}
	for range maxTries {
		two, err := h.pair(ctx, program, programID, in.UserID, owner)
		if err != nil {
			return httpapi.Reply{}, err
		}
		switch rule := two.claim.Refusal(); rule {
		case "":
		case referral.UnknownCode:
			return refused(ctx, title, "code", rule), nil
		default:
			return refused(ctx, title, "userId", rule), nil
		}
		claimed := referral.New(*program, code, two.friend.Keys[0], two.advocate.Keys[0], h.Now().UTC())
		claimed.Flags = two.claim.Flags()
		out, err := call.Commit(httpapi.Replied(ctx, http.StatusCreated, asFriend([]referral.Referral{claimed})[0]), func(beside *idempotency.Answer) error {
			return h.Moves.Claim(ctx, reward.Claim{Referral: claimed, Friend: two.friend, Advocate: two.advocate, Origin: two.origin, Answer: beside})
		})
		if !errors.Is(err, dynamo.ErrConflict) {
			return out, err
		}
	}
	return httpapi.Reply{}, fmt.Errorf("claiming a code of %s: %w", programID, dynamo.ErrConflict)
}

// pair is a friend and an advocate as they were read for a claim, and what the rules ask of them.
type pair struct {
	friend, advocate people.Person
	origin           []profile.ID // as reward.Claim has it
	claim            referral.Claim
}

// pair reads both sides of a claim. program is nil where there is none of programID.
func (h *Handler) pair(ctx context.Context, program *referral.Program, programID, userID string, owner profile.ID) (two pair, err error) {
	if two.friend, err = h.People.Person(ctx, subject.UserKey(userID)); err != nil {
		return pair{}, err
	}
	if two.advocate, err = h.People.Person(ctx, owner); err != nil {
		return pair{}, err
	}
	before, err := h.Referrals.InProgram(ctx, two.friend.Keys, programID)
	if err != nil {
		return pair{}, err
	}
	ancestors, origin, err := h.Referrals.Ancestors(ctx, programID, two.advocate.Keys)
	if err != nil {
		return pair{}, err
	}
	circle := slices.ContainsFunc(ancestors, func(keys []profile.ID) bool { return slices.Contains(keys, two.friend.Keys[0]) })
	two.origin = origin
	two.claim = referral.Claim{Program: program, Friend: referral.PersonOf(two.friend.Profile, two.friend.Keys), Advocate: referral.PersonOf(two.advocate.Profile, two.advocate.Keys), Referred: len(before) > 0, Circle: circle}
	return two, nil
}
