package referral

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
)

type codeRequest struct {
	ProgramID string `json:"programId"`
	UserID    string `json:"userId"`
	UserHash  string `json:"userHash"`
}

type codeAnswer struct {
	ProgramID string `json:"programId"`
	Code      string `json:"code"`
}

func (h *Handler) postCode(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	var in codeRequest
	if !httpapi.ParseJSON(w, body, &in) {
		return nil
	}
	return h.act(w, r, "codes", in.UserID, in.UserHash, given("programId", in.ProgramID, maxProgram), func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
		return h.code(ctx, in, call)
	})
}

func (h *Handler) code(ctx context.Context, in codeRequest, call httpapi.Call) (httpapi.Reply, error) {
	person, err := h.People.Person(ctx, subject.UserKey(in.UserID))
	if err != nil {
		return httpapi.Reply{}, err
	}
	attempt := 0
	for range maxTries {
		have, err := h.Codes.CodeOf(ctx, person.Keys, in.ProgramID)
		if err == nil {
			return httpapi.Replied(ctx, http.StatusOK, codeAnswer{in.ProgramID, have}), nil
		}
		if !errors.Is(err, dynamo.ErrNotFound) {
			return httpapi.Reply{}, err
		}
		program, err := h.Programs.Program(ctx, in.ProgramID)
		if err != nil {
			return httpapi.Reply{}, err
		}
		if program == nil || program.State != referral.Running {
			return refused(ctx, "Code refused", "programId", referral.ProgramClosed), nil
		}
		code := referral.Code(in.ProgramID, person.Keys[0], attempt)
		out, err := call.Commit(httpapi.Replied(ctx, http.StatusOK, codeAnswer{in.ProgramID, code}), func(beside *idempotency.Answer) error {
			return h.Codes.PutCode(ctx, code, in.ProgramID, person.Keys[0], h.Now(), beside)
		})
		switch {
		case errors.Is(err, reward.ErrCodeTaken):
			attempt++
		case !errors.Is(err, dynamo.ErrConflict):
			return out, err
		}
	}
	return httpapi.Reply{}, fmt.Errorf("giving a code of %s: %w", in.ProgramID, dynamo.ErrConflict)
}
