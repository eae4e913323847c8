package member

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
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
func (p *Process) act(w http.ResponseWriter, r *http.Request, what, userID, userHash string, faults []httpapi.FieldError, do func(context.Context, httpapi.Call) (httpapi.Reply, error)) *httpapi.Act {
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
	scope, ok := p.caller(w, r, userID, userHash)
	if !ok {
		return nil
	}
	return &httpapi.Act{Scope: what + "#" + scope, Do: do}
}

// caller tells who calls: the shop's back end, or the person itself. Where it is neither, the request is answered.
func (p *Process) caller(w http.ResponseWriter, r *http.Request, userID, userHash string) (scope string, ok bool) {
	if p.Auth.Server(r) {
		return "server", true
	}
	if userHash != "" {
		keys, err := p.Secrets.Keys(r.Context())
		if err != nil {
			httpapi.Failed(w, r, err)
			return "", false
		}
		if keys.Owns(userID, userHash) {
			return string(userKey(userID)), true
		}
	}
	httpapi.Unauthorized(w, "the server key, or the person's userId with userHash, is needed here")
	return "", false
}

type codeRequest struct {
	ProgramID string `json:"programId"`
	UserID    string `json:"userId"`
	UserHash  string `json:"userHash"`
}

type codeAnswer struct {
	ProgramID string `json:"programId"`
	Code      string `json:"code"`
}

func (p *Process) postCode(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	var in codeRequest
	if !httpapi.ParseJSON(w, body, &in) {
		return nil
	}
	return p.act(w, r, "codes", in.UserID, in.UserHash, given("programId", in.ProgramID, maxProgram), func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
		return p.code(ctx, in, call)
	})
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

func (p *Process) code(ctx context.Context, in codeRequest, call httpapi.Call) (httpapi.Reply, error) {
	person, err := p.Referrals.Person(ctx, userKey(in.UserID))
	if err != nil {
		return httpapi.Reply{}, err
	}
	attempt := 0
	for range maxTries {
		have, err := p.Referrals.CodeOf(ctx, person.Keys, in.ProgramID)
		if err == nil {
			return httpapi.Replied(ctx, http.StatusOK, codeAnswer{in.ProgramID, have}), nil
		}
		if !errors.Is(err, dynamo.ErrNotFound) {
			return httpapi.Reply{}, err
		}
		program, err := p.Referrals.Program(ctx, in.ProgramID)
		if err != nil {
			return httpapi.Reply{}, err
		}
		if program == nil || program.State != referral.Running {
			return refused(ctx, "Code refused", "programId", referral.ProgramClosed), nil
		}
		code := referral.Code(in.ProgramID, person.Keys[0], attempt)
		out, err := call.Commit(httpapi.Replied(ctx, http.StatusOK, codeAnswer{in.ProgramID, code}), func(beside *idempotency.Answer) error {
			return p.Referrals.PutCode(ctx, code, in.ProgramID, person.Keys[0], p.Now(), beside)
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

type claimRequest struct {
	Code     string `json:"code"`
	UserID   string `json:"userId"`
	UserHash string `json:"userHash"`
}

func (p *Process) postClaim(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	var in claimRequest
	if !httpapi.ParseJSON(w, body, &in) {
		return nil
	}
	return p.act(w, r, "claims", in.UserID, in.UserHash, given("code", in.Code, maxRequest), func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
		return p.claim(ctx, in, call)
	})
}

func (p *Process) claim(ctx context.Context, in claimRequest, call httpapi.Call) (httpapi.Reply, error) {
	refuse := func(field string, rule referral.Reason) (httpapi.Reply, error) {
		return refused(ctx, "Claim refused", field, rule), nil
	}
	code, ok := referral.ParseCode(in.Code)
	if !ok {
		return refuse("code", referral.UnknownCode)
	}
	programID, owner, err := p.Referrals.CodeOwner(ctx, code)
	if errors.Is(err, dynamo.ErrNotFound) {
		return refuse("code", referral.UnknownCode)
	}
	if err != nil {
		return httpapi.Reply{}, err
	}
	program, err := p.Referrals.Program(ctx, programID)
	if err != nil {
		return httpapi.Reply{}, err
	}
	for range maxTries {
		friend, err := p.Referrals.Person(ctx, userKey(in.UserID))
		if err != nil {
			return httpapi.Reply{}, err
		}
		advocate, err := p.Referrals.Person(ctx, owner)
		if err != nil {
			return httpapi.Reply{}, err
		}
		before, err := p.Referrals.InProgram(ctx, friend.Keys, programID)
		if err != nil {
			return httpapi.Reply{}, err
		}
		ancestors, origin, err := p.Referrals.Ancestors(ctx, programID, advocate.Keys)
		if err != nil {
			return httpapi.Reply{}, err
		}
		circle := slices.ContainsFunc(ancestors, func(keys []profile.ID) bool { return slices.Contains(keys, friend.Keys[0]) })
		claim := referral.Claim{
			Program: program, Friend: friend.Identity(), Advocate: advocate.Identity(), Referred: len(before) > 0, Circle: circle,
		}
		switch rule := claim.Refusal(); rule {
		case "":
		case referral.UnknownCode:
			return refuse("code", rule)
		default:
			return refuse("userId", rule)
		}
		now := p.Now().UTC()
		claimed := referral.New(*program, code, friend.Keys[0], advocate.Keys[0], now)
		claimed.Flags = claim.Flags()
		out, err := call.Commit(httpapi.Replied(ctx, http.StatusCreated, asFriend([]referral.Referral{claimed})[0]), func(beside *idempotency.Answer) error {
			return p.Referrals.Claim(ctx, reward.Claim{Referral: claimed, Friend: friend, Advocate: advocate, Origin: origin, Answer: beside})
		})
		if !errors.Is(err, dynamo.ErrConflict) {
			return out, err
		}
	}
	return httpapi.Reply{}, fmt.Errorf("claiming a code of %s: %w", programID, dynamo.ErrConflict)
}

// invitation is a referral as one of its sides sees it. Rewards are that side's own.
type invitation struct {
	ProgramID   string            `json:"programId"`
	Code        string            `json:"code"`
	Friend      profile.ID        `json:"friendProfileId,omitempty"` // to the server key only
	Flags       []referral.Flag   `json:"flags,omitempty"`           // to the server key only
	State       referral.State    `json:"state"`
	Reason      referral.Reason   `json:"reason,omitempty"`
	ClaimedAt   time.Time         `json:"claimedAt"`
	ExpiresAt   time.Time         `json:"expiresAt"`
	QualifiedAt *time.Time        `json:"qualifiedAt,omitempty"`
	HeldUntil   *time.Time        `json:"heldUntil,omitempty"`
	SettledAt   *time.Time        `json:"settledAt,omitempty"`
	EndedAt     *time.Time        `json:"endedAt,omitempty"`
	Rewards     []ledger.Quantity `json:"rewards"`
}

func asFriend(found []referral.Referral) []invitation {
	out := make([]invitation, len(found))
	for i, r := range found {
		out[i] = invite(r, r.Rewards.Friend)
	}
	return out
}

func asAdvocate(found []referral.Referral, friends bool) []invitation {
	out := make([]invitation, len(found))
	for i, r := range found {
		out[i] = invite(r, r.Rewards.Advocate)
		if friends {
			out[i].Friend, out[i].Flags = r.Friend, r.Flags
		}
	}
	return out
}

func invite(r referral.Referral, rewards []ledger.Quantity) invitation {
	return invitation{
		ProgramID: r.Program, Code: r.Code, State: r.State, Reason: r.Reason, ClaimedAt: r.ClaimedAt, ExpiresAt: r.ExpiresAt,
		QualifiedAt: instant(r.QualifiedAt), HeldUntil: instant(r.HeldUntil), SettledAt: instant(r.SettledAt), EndedAt: instant(r.EndedAt),
		Rewards: list(rewards),
	}
}

// personally finds which userId a path names and who calls for it: the server, or the person. Where that is nobody, the request is answered.
func (p *Process) personally(w http.ResponseWriter, r *http.Request) (userID, scope string, ok bool) {
	userID = r.PathValue("userId")
	if userID == byQuery {
		if userID = r.URL.Query().Get("userId"); userID == "" {
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "userId", Reason: "is missing: - in the path asks for it in the query"})
			return "", "", false
		}
	}
	if strings.TrimSpace(userID) == "" {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "userId", Reason: "means nobody"})
		return "", "", false
	}
	scope, ok = p.caller(w, r, userID, r.URL.Query().Get("userHash"))
	return userID, scope, ok
}

// referrals shows a person's referrals on both sides; next goes on with those as advocate.
func (p *Process) referrals(w http.ResponseWriter, r *http.Request) {
	userID, scope, ok := p.personally(w, r)
	if !ok {
		return
	}
	page, ok := httpapi.ParsePage(w, r, usualPage, 100)
	if !ok {
		return
	}
	person, err := p.Referrals.Person(r.Context(), userKey(userID))
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	made, next, err := p.Referrals.OfAdvocate(r.Context(), person.Keys, page.Limit, page.Cursor)
	if err != nil {
		listFailed(w, r, err)
		return
	}
	taken, err := p.Referrals.OfFriend(r.Context(), person.Keys)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, struct {
		AsAdvocate []invitation `json:"asAdvocate"`
		AsFriend   []invitation `json:"asFriend"`
		Next       string       `json:"next,omitempty"`
	}{asAdvocate(made, scope == "server"), asFriend(taken), next})
}
