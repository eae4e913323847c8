package member

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
)

const (
	// maxRequest bounds the body of a code or a claim, and maxKey an Idempotency-Key.
	maxRequest = 16 << 10
	maxKey     = 255
	maxUserID  = 512
	// maxProgram bounds the id of a program, which becomes part of a key.
	maxProgram = 64
	// maxTries bounds how often something may move under a claim before the caller is asked to come again.
	maxTries = 6
)

// reply is an answer that may have to be given a second time.
type reply struct {
	status int
	body   []byte
}

func (r reply) write(w http.ResponseWriter) {
	kind := "application/json"
	if r.status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}

// page is a ResponseWriter that only keeps.
type page struct {
	request string
	header  http.Header
	status  int
	body    bytes.Buffer
}

func (p *page) Header() http.Header         { return p.header }
func (p *page) WriteHeader(status int)      { p.status = status }
func (p *page) Write(b []byte) (int, error) { return p.body.Write(b) }

// RequestID gives a problem its instance.
func (p *page) RequestID() string { return p.request }

// render is what a function of httpapi would answer to the request of ctx.
func render(ctx context.Context, answer func(http.ResponseWriter)) reply {
	p := page{request: httpapi.RequestID(ctx), header: http.Header{}}
	answer(&p)
	return reply{p.status, p.body.Bytes()}
}

func answered(ctx context.Context, status int, v any) reply {
	return render(ctx, func(w http.ResponseWriter) { httpapi.JSON(w, status, v) })
}

// keyed is a request with its Idempotency-Key; without one, answer gives nil and nothing is remembered.
type keyed struct{ scope, key, request string }

func (k keyed) answer(r reply, now time.Time) *dynamo.Answer {
	if k.key == "" {
		return nil
	}
	return &dynamo.Answer{Scope: k.scope, Key: k.key, Request: k.request, Status: r.status, Body: r.body, At: now}
}

// act reads a request's body into v, judges who calls for userID, and gives what do answers: the same as before where the
// Idempotency-Key was used. do returns dynamo.ErrAnswered when it lost a race for the key.
func (p *Process) act(w http.ResponseWriter, r *http.Request, what string, v any, caller func() (userID, userHash string, faults []httpapi.FieldError), do func(keyed) (reply, error)) {
	body, err := httpapi.ReadBody(r, maxRequest)
	if errors.Is(err, httpapi.ErrBodyTooLarge) {
		httpapi.TooLarge(w, maxRequest)
		return
	}
	if err != nil {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "the body could not be read")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !httpapi.ReadJSON(w, r, maxRequest, v) {
		return
	}
	userID, userHash, faults := caller()
	if userID == "" || len(userID) > maxUserID {
		faults = append(faults, httpapi.FieldError{Field: "userId", Reason: fmt.Sprintf("must be 1 to %d bytes", maxUserID)})
	} else if event.Meaningful(userID) == "" {
		// Everybody whose page has no id yet would else be one person, who has a code and was invited.
		faults = append(faults, httpapi.FieldError{Field: "userId", Reason: "means nobody"})
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKey {
		faults = append(faults, httpapi.FieldError{Field: "Idempotency-Key", Reason: fmt.Sprintf("is over %d bytes", maxKey)})
	}
	if len(faults) > 0 {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", faults...)
		return
	}
	scope, ok := p.caller(w, r, userID, userHash)
	if !ok {
		return
	}
	sum := sha256.Sum256(body)
	k := keyed{scope: what + "#" + scope, key: key, request: hex.EncodeToString(sum[:])}
	for range 2 {
		if key != "" {
			before, err := p.answers().Answer(r.Context(), k.scope, k.key, p.Now())
			if err == nil {
				p.repeat(w, before, k)
				return
			}
			if !errors.Is(err, dynamo.ErrNotFound) {
				httpapi.Failed(w, r, err)
				return
			}
		}
		out, err := do(k)
		if errors.Is(err, dynamo.ErrAnswered) {
			continue
		}
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		out.write(w)
		return
	}
	httpapi.Failed(w, r, dynamo.ErrAnswered)
}

func (p *Process) repeat(w http.ResponseWriter, before dynamo.Answer, k keyed) {
	if before.Request != k.request {
		httpapi.KeyReused(w)
		return
	}
	reply{before.Status, before.Body}.write(w)
}

func (p *Process) answers() dynamo.Answers {
	return dynamo.Answers{DB: p.Referrals.DB, Table: p.Referrals.Table}
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

func (p *Process) postCode(w http.ResponseWriter, r *http.Request) {
	var in codeRequest
	p.act(w, r, "codes", &in, func() (string, string, []httpapi.FieldError) {
		return in.UserID, in.UserHash, given("programId", in.ProgramID, maxProgram)
	}, func(k keyed) (reply, error) { return p.code(r.Context(), in, k) })
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

func (p *Process) code(ctx context.Context, in codeRequest, k keyed) (reply, error) {
	person, err := p.Referrals.Person(ctx, userKey(in.UserID))
	if err != nil {
		return reply{}, err
	}
	attempt := 0
	for range maxTries {
		have, err := p.Referrals.CodeOf(ctx, person.Keys, in.ProgramID)
		if err != nil && !errors.Is(err, dynamo.ErrNotFound) {
			return reply{}, err
		}
		if err == nil {
			out := answered(ctx, http.StatusOK, codeAnswer{in.ProgramID, have})
			return out, p.remember(ctx, out, k)
		}
		program, err := p.Referrals.Program(ctx, in.ProgramID)
		if err != nil {
			return reply{}, err
		}
		if program == nil || program.State != referral.Running {
			out := refused(ctx, "Code refused", "programId", referral.ProgramClosed)
			return out, p.remember(ctx, out, k)
		}
		code := referral.Code(in.ProgramID, person.Keys[0], attempt)
		out := answered(ctx, http.StatusOK, codeAnswer{in.ProgramID, code})
		err = p.Referrals.PutCode(ctx, code, in.ProgramID, person.Keys[0], p.Now(), k.answer(out, p.Now()))
		switch {
		case err == nil:
			return out, nil
		case errors.Is(err, dynamo.ErrCodeTaken):
			attempt++
		case !errors.Is(err, dynamo.ErrConflict):
			return reply{}, err
		}
	}
	return reply{}, fmt.Errorf("giving a code of %s: %w", in.ProgramID, dynamo.ErrConflict)
}

// remember keeps an answer that had no effect; dynamo.ErrAnswered says that the key was used meanwhile.
func (p *Process) remember(ctx context.Context, out reply, k keyed) error {
	a := k.answer(out, p.Now())
	if a == nil {
		return nil
	}
	err := p.answers().Remember(ctx, *a)
	if errors.Is(err, dynamo.ErrConflict) {
		return dynamo.ErrAnswered
	}
	return err
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
func refused(ctx context.Context, title, field string, rule referral.Reason) reply {
	status := http.StatusUnprocessableEntity
	if rule == referral.AlreadyReferred {
		status, title = http.StatusConflict, "Already referred"
	}
	return render(ctx, func(w http.ResponseWriter) {
		httpapi.Problem(w, status, title, sentences[rule], httpapi.FieldError{Field: field, Reason: string(rule)})
	})
}

type claimRequest struct {
	Code     string `json:"code"`
	UserID   string `json:"userId"`
	UserHash string `json:"userHash"`
}

func (p *Process) postClaim(w http.ResponseWriter, r *http.Request) {
	var in claimRequest
	p.act(w, r, "claims", &in, func() (string, string, []httpapi.FieldError) {
		return in.UserID, in.UserHash, given("code", in.Code, maxRequest)
	}, func(k keyed) (reply, error) { return p.claim(r.Context(), in, k) })
}

func (p *Process) claim(ctx context.Context, in claimRequest, k keyed) (reply, error) {
	refuse := func(field string, rule referral.Reason) (reply, error) {
		out := refused(ctx, "Claim refused", field, rule)
		return out, p.remember(ctx, out, k)
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
		return reply{}, err
	}
	program, err := p.Referrals.Program(ctx, programID)
	if err != nil {
		return reply{}, err
	}
	for range maxTries {
		friend, err := p.Referrals.Person(ctx, userKey(in.UserID))
		if err != nil {
			return reply{}, err
		}
		advocate, err := p.Referrals.Person(ctx, owner)
		if err != nil {
			return reply{}, err
		}
		before, err := p.Referrals.InProgram(ctx, friend.Keys, programID)
		if err != nil {
			return reply{}, err
		}
		ancestors, origin, err := p.Referrals.Ancestors(ctx, programID, advocate.Keys)
		if err != nil {
			return reply{}, err
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
		out := answered(ctx, http.StatusCreated, asFriend([]referral.Referral{claimed})[0])
		err = p.Referrals.Claim(ctx, dynamo.Claim{Referral: claimed, Friend: friend, Advocate: advocate, Origin: origin, Answer: k.answer(out, now)})
		if err == nil {
			return out, nil
		}
		if !errors.Is(err, dynamo.ErrConflict) {
			return reply{}, err
		}
	}
	return reply{}, fmt.Errorf("claiming a code of %s: %w", programID, dynamo.ErrConflict)
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
