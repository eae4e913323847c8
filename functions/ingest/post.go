package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

// sendTimeout leaves the function time to answer 503 when the queue does not.
const sendTimeout = 5 * time.Second

// accepted is the answer to a call; Errors has the refused events of a batch of which others were accepted, Warnings what counts of the accepted ones
// otherwise than it may have been meant.
type accepted struct {
	Success  bool                 `json:"success"`
	Errors   []httpapi.FieldError `json:"errors,omitempty"`
	Warnings []httpapi.FieldError `json:"warnings,omitempty"`
}

// parser reads a body into events and verdicts.
type parser func(body []byte, arrival event.Arrival) (*event.Batch, error)

func (p *Process) arrival() event.Arrival {
	return event.Arrival{ReceivedAt: p.Now(), Zone: p.Zone, NewID: p.NewID}
}

// post takes events by the key of the header, else by that of the body.
func (p *Process) post(w http.ResponseWriter, r *http.Request, parse parser) {
	p.postBy(w, r, httpapi.Key(r), parse)
}

// postBy takes events by a key; without one, by that of the body.
func (p *Process) postBy(w http.ResponseWriter, r *http.Request, key string, parse parser) {
	body, err := readBody(r)
	switch {
	case errors.Is(err, httpapi.ErrBodyTooLarge):
		httpapi.TooLarge(w, event.MaxBody)
		return
	case err != nil:
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", err.Error())
		return
	}
	from, ok := source.Source{}, false
	if key != "" {
		if from, ok = p.source(w, r, key, aKey); !ok {
			return
		}
	}
	batch, err := parse(body, p.arrival())
	if err != nil {
		p.malformed(w, r, from, err)
		return
	}
	if key == "" {
		if from, ok = p.source(w, r, batch.WriteKey, aKey); !ok {
			return
		}
	}
	p.take(w, r, from, batch, from.Speaks(), nil)
}

// What opens a route of events, and one that is for pages and apps alone.
var (
	aKey      = httpapi.Needs(access.Row{Write: true, Server: true})
	aWriteKey = httpapi.Needs(access.Row{Write: true})
)

// source finds the source of a key and answers the request when it may not go on.
func (p *Process) source(w http.ResponseWriter, r *http.Request, key, needed string) (source.Source, bool) {
	if key == "" {
		httpapi.Unauthorized(w, needed+", as HTTP Basic user, bearer token or writeKey in the body")
		return source.Source{}, false
	}
	if httpapi.Matches(key, p.Auth.ServerKeyHash) {
		return source.Source{ID: source.Server, Kind: source.KindServer}, true
	}
	from, ok, err := p.sourceOf(r.Context(), key)
	switch {
	case err != nil:
		httpapi.Failed(w, r, err)
	case !ok:
		p.Auth.Refuse(w, r, key, needed)
	case from.Disabled:
		p.refuse(r.Context(), from, "", refusal.Disabled)
		httpapi.Problem(w, http.StatusForbidden, "", "the source is disabled")
	case !from.AllowsOrigin(r.Header.Get("Origin")):
		p.refuse(r.Context(), from, "", refusal.Origin)
		httpapi.Problem(w, http.StatusForbidden, "", "the source does not allow this origin")
	default:
		return from, true
	}
	return source.Source{}, false
}

const notAllowed = "is not one that the source may send"

const movesNothing = "moves no money, since the source may not: send it with the server key, or give the source \"money\": true"

// judgeOrder refuses an order event that cannot be read as one: the sender is the only one who can mend it, and by whichever key it tries, it hears the
// same. An order event of a source that may not move money is taken as one that is only shown; so it may do without the order's id.
func (p *Process) judgeOrder(from source.Source, e *event.Event, warn func(field, reason string)) (field, reason string) {
	if e.Kind != event.Track || !order.Reports(e.Name) {
		return "", ""
	}
	if !from.MayMoveMoney() {
		warn("event", movesNothing)
	}
	r, err := order.ParseReport(e, 0, p.Currency)
	if err == nil {
		order.Doubt(e, &r, warn)
		return "", ""
	}
	if field, reason, _ = strings.Cut(err.Error(), ": "); field == order.FieldOrderID && !from.MayMoveMoney() {
		warn(field, reason)
		return "", ""
	}
	return field, reason
}

// unproved stands for a verdict while the keys are not known.
const unproved = "cannot be judged now"

// prove lifts a public word to the person's where it comes with the userHash of its userId. One that is wrong is refused: its sender means to be
// believed, and would not learn otherwise that the two secrets differ. Without a userId there is nobody to be.
func prove(keys func() (*proof.Keys, error), e *event.Event, userHash string) (field, reason string) {
	if e.Trust != trust.Public || userHash == "" || e.UserID == "" {
		return "", ""
	}
	known, err := keys()
	switch {
	case err != nil:
		return "", unproved
	case !known.Owns(e.UserID, userHash):
		return "context.userHash", "is not that of the userId"
	}
	e.Trust = trust.Person
	return "", ""
}

// guestIn is the field of an event that names an order's guest, empty for none. Such an id is no secret, as that of a device is: whoever could speak by it would take the
// order, or have the mail about it sent elsewhere.
func guestIn(e *event.Event) string {
	switch {
	case order.StandsForGuest(e.AnonymousID):
		return "anonymousId"
	case order.StandsForGuest(e.PreviousID):
		return "previousId"
	}
	return ""
}

// take queues what a source sent and may send. level is who says it, as far as an event does not prove more; levels has by messageId those that
// are said by others.
func (p *Process) take(w http.ResponseWriter, r *http.Request, from source.Source, batch *event.Batch, level trust.Level, levels map[string]trust.Level) {
	malformed := len(batch.Refused)
	// Only who proves something needs the keys, so nobody else waits for them.
	keys := sync.OnceValues(func() (*proof.Keys, error) { return p.Secrets.Keys(r.Context()) })
	var place int
	warn := func(field, reason string) { batch.Warn(place, field, reason) }
	batch.Judge(func(e *event.Event, as event.Sent) (field, reason string) {
		place = as.Index
		e.Trust = levels[e.MessageID].Or(level)
		if reason := event.Fits(as.Size, from.MayMoveMoney()); reason != "" {
			return "", reason
		}
		switch {
		case !from.Allows(e.Kind, e.Name) && e.Kind == event.Track:
			return "event", notAllowed
		case !from.Allows(e.Kind, e.Name):
			return "type", notAllowed
		}
		if field := guestIn(e); level == trust.Public && field != "" {
			return field, "stands for the guest of an order, of whom only the shop speaks"
		}
		if field, reason = prove(keys, e, as.UserHash); reason != "" {
			return field, reason
		}
		if field, reason = event.JudgeName(e); reason != "" {
			return field, reason
		}
		if e.Trust == trust.Public || e.Trust == trust.Person {
			batch.Warn(place, "timestamp", e.Now())
		}
		if field, reason = profile.JudgeConsent(e); reason != "" {
			return field, reason
		}
		if field, reason = profile.JudgeTags(e); reason != "" {
			return field, reason
		}
		if field, reason = p.judgeOrder(from, e, warn); reason != "" {
			return field, reason
		}
		profile.Doubt(e, p.Currency, warn)
		return "", ""
	})
	if slices.ContainsFunc(batch.Refused, func(v event.Refusal) bool { return v.Reason == unproved }) {
		// Refused, a call that proves enough would be lost; taken, it would count as public for ever. The client sends all of it again.
		_, err := keys()
		httpapi.Failed(w, r, err)
		return
	}
	if len(batch.Refused) > 0 && len(batch.Events) == 0 {
		p.note(r.Context(), from, ofBatch(batch, nil, p.Now()))
		if malformed == 0 && batch.Refused[0].Reason == notAllowed {
			httpapi.Problem(w, http.StatusForbidden, "", "the source may not send this", faults(batch)...)
			return
		}
		httpapi.Problem(w, http.StatusBadRequest, "Event refused", "", faults(batch)...)
		return
	}
	if len(batch.Events) == 0 {
		httpapi.JSON(w, http.StatusOK, accepted{Success: true})
		return
	}
	if level == trust.Public {
		if whose, wait := p.quotas.over(from, networkOf(r.RemoteAddr), p.NewPerAddress, batch.Events, p.Now()); wait > 0 {
			telemetry.Count("identifiers_over_quota", 1, "function", "ingest", "source", string(from.ID), "of", whose)
			tooMany(w, wait, "too many new userIds and anonymousIds from this "+whose)
			return
		}
	}
	if wait := p.buckets.take(from, len(batch.Events), p.Now()); wait > 0 {
		tooMany(w, wait, "the source is over its rate")
		return
	}
	if err := p.enqueue(r.Context(), from, level, batch.Events); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	// Not before: what is answered 429 or 503 is sent again, and refused again.
	found := batch.Warnings()
	p.note(r.Context(), from, ofBatch(batch, found, p.Now()))
	httpapi.JSON(w, http.StatusOK, accepted{Success: true, Errors: faults(batch), Warnings: warnings(found)})
}

func tooMany(w http.ResponseWriter, wait time.Duration, reason string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	httpapi.Problem(w, http.StatusTooManyRequests, "", reason)
}

// enqueue makes the events durable: in one message, or in as few as hold them.
func (p *Process) enqueue(ctx context.Context, from source.Source, level trust.Level, events []event.Event) error {
	for i := range events {
		if events[i].Trust == level {
			events[i].Trust = "" // the job says it of all
		}
	}
	bodies, err := pack(job.Events{Source: string(from.ID), NoMoney: !from.MayMoveMoney(), Trust: level}, events)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return p.Queue.SendAll(ctx, bodies)
}

// pack writes a job for the events as messages, each with as many as fit. It is encoding/json's work done by hand, since that
// would check and copy every event a second and a third time.
func pack(head job.Events, events []event.Event) ([][]byte, error) {
	open, err := queue.Encode(head)
	if err != nil {
		return nil, err
	}
	open = append(open[:len(open)-1], `,"events":[`...)
	const end = "]}"
	size := len(open) + len(end)
	for i := range events {
		e := &events[i]
		size += len(e.Properties) + len(e.Traits) + len(e.Context) + len(e.Integrations) + usualRest
	}
	var bodies [][]byte
	body := append(make([]byte, 0, min(size, queue.MaxBytes)), open...)
	for i := range events {
		start := len(body)
		if start > len(open) {
			body = append(body, ',')
		}
		first := len(body)
		body = events[i].AppendJSON(body)
		if allowed := queue.Allowed(body[first:]); len(allowed) != len(body)-first {
			body = append(body[:first], allowed...)
		}
		if len(body)+len(end) > queue.MaxBytes && start > len(open) {
			next := append(append(make([]byte, 0, queue.MaxBytes/2), open...), body[first:]...)
			bodies = append(bodies, append(body[:start], end...))
			body = next
		}
	}
	return append(bodies, append(body, end...)), nil
}

// usualRest is about what an event takes beside its raw parts.
const usualRest = 400

func faults(batch *event.Batch) []httpapi.FieldError {
	var errs []httpapi.FieldError
	for i := range batch.Refused {
		refused := &batch.Refused[i]
		errs = append(errs, httpapi.FieldError{Index: &refused.Index, Field: refused.Field, Reason: refused.Reason})
	}
	return errs
}

func warnings(found []event.Warning) []httpapi.FieldError {
	var all []httpapi.FieldError
	for i := range found {
		w := httpapi.FieldError{Field: found[i].Field, Reason: found[i].Reason}
		if found[i].Index >= 0 {
			w.Index = &found[i].Index
		}
		all = append(all, w)
	}
	return all
}

// malformed answers a body of which no event was looked at. from is zero where the key stood in it.
func (p *Process) malformed(w http.ResponseWriter, r *http.Request, from source.Source, err error) {
	var bad *event.Malformed
	if !errors.As(err, &bad) {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", err.Error())
		return
	}
	if from.ID != "" {
		p.refuse(r.Context(), from, bad.Field, refusal.CodeOf(bad.Reason))
	}
	fault := httpapi.FieldError{Field: bad.Field, Reason: bad.Reason}
	if bad.Index >= 0 {
		fault.Index = &bad.Index
	}
	httpapi.Problem(w, http.StatusBadRequest, "Malformed request", bad.Error(), fault)
}

// readBody reads a body within the limit, which counts before and after gzip.
func readBody(r *http.Request) ([]byte, error) {
	raw, err := httpapi.ReadBody(r, event.MaxBody)
	if err != nil {
		return nil, err
	}
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
		return inflate(raw)
	default:
		return nil, errors.New("the only Content-Encoding taken is gzip")
	}
}

func inflate(raw []byte) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, errors.New("the body is not gzip, as its Content-Encoding says")
	}
	body, err := io.ReadAll(io.LimitReader(zip, event.MaxBody+1))
	if len(body) > event.MaxBody {
		return nil, httpapi.ErrBodyTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("inflating the body: %w", err)
	}
	return body, nil
}
