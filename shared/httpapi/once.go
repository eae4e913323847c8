package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/userops/userops/shared/idempotency"
)

// MaxKey bounds an Idempotency-Key in bytes.
const MaxKey = 255

// Memory remembers what POSTs were answered.
type Memory interface {
	// Recall finds what was answered under a key in the idempotency.Life before now; found is false if nothing was. It reads consistently: what Remember or
	// a transaction has made durable before is found. An error leaves open whether there is an answer.
	Recall(ctx context.Context, scope, key string, now time.Time) (a idempotency.Answer, found bool, err error)
	// Remember makes an answer durable. idempotency.ErrAnswered says that nothing was written, since the key has an answer or is getting one; any other error
	// leaves open whether it was.
	Remember(ctx context.Context, a idempotency.Answer) error
}

// Once is the layer that carries a POST out once for an Idempotency-Key, however often it is sent within idempotency.Life. The same key and body are answered
// as before; the same key and another body are refused with 422.
//
// Where the answer was lost after the effect was committed, the same call sent again finds it: the answer is in the effect's transaction. Where the first call
// is still running, both go on, one of the two transactions is written, and the other call is answered as the first. A call that failed is not remembered, and
// may be sent again. Without a key nothing is remembered and each call is one of its own.
type Once struct {
	Memory Memory
	Now    func() time.Time
}

// Act is a POST that was found in order and may be carried out.
type Act struct {
	// Scope says what is called and by whom. Within one scope a key has one meaning.
	Scope string
	// Do has the effect and says what it is answered. It is called a second time where another call with the key came in between and left no answer. What it
	// does must be written by Call.Commit, or be harmless to repeat.
	Do func(ctx context.Context, call Call) (Reply, error)
	// Then does what follows from the effect and cannot be in its transaction, such as sending a job; nil if nothing follows. It comes before every answer, a
	// remembered one too, since the call before may have ended ahead of it: so it is harmless to repeat. body is the answer's, and header may be given what
	// is not remembered with it.
	Then func(ctx context.Context, header http.Header, body []byte) error
	// Report is Then for work that may take several calls: what it gives is answered in place of the body that is remembered, so that a call sent again goes on with
	// the work and hears how far it is. nil if nothing follows of that kind.
	Report func(ctx context.Context, body []byte) (any, error)
}

// Post is a handler of a POST that has the layer. Router.HandlePost registers it.
type Post struct{ serve http.HandlerFunc }

// Post reads a body of at most limit bytes and lets judge tell what is asked for and who asks. Where the request is no good, judge answers it and gives nil.
func (o Once) Post(limit int, judge func(w http.ResponseWriter, r *http.Request, body []byte) *Act) Post {
	return Post{func(w http.ResponseWriter, r *http.Request) {
		body, ok := WholeBody(w, r, limit)
		if !ok {
			return
		}
		key := r.Header.Get("Idempotency-Key")
		if len(key) > MaxKey {
			Problem(w, http.StatusBadRequest, "Malformed request", "", FieldError{Field: "Idempotency-Key", Reason: fmt.Sprintf("is over %d bytes", MaxKey)})
			return
		}
		act := judge(w, r, body)
		if act == nil {
			return
		}
		sum := sha256.Sum256(body)
		reply, err := Call{o, act.Scope, key, hex.EncodeToString(sum[:])}.carryOut(r.Context(), act)
		if err == nil && act.Then != nil && reply.state != passing {
			err = act.Then(r.Context(), w.Header(), reply.body)
		}
		if err == nil && act.Report != nil && reply.status < 300 && reply.state != passing {
			var report any
			if report, err = act.Report(r.Context(), reply.body); err == nil {
				reply = Replied(r.Context(), reply.status, report)
			}
		}
		switch {
		case errors.Is(err, errOtherBody):
			KeyReused(w)
		case err != nil:
			Failed(w, r, err)
		default:
			reply.write(w)
		}
	}}
}

// Call is one sending of a POST.
type Call struct {
	once                Once
	scope, key, request string
}

// errOtherBody says that an Idempotency-Key was used with another body.
var errOtherBody = errors.New("the Idempotency-Key was used with another body")

// carryOut gives what the same call was answered before, or has the effect.
func (c Call) carryOut(ctx context.Context, act *Act) (Reply, error) {
	for range 2 {
		before, found, err := c.before(ctx)
		if found || err != nil {
			return before, err
		}
		reply, err := act.Do(ctx, c)
		if err == nil && c.key != "" && reply.state == fresh {
			err = c.once.Memory.Remember(ctx, c.answer(reply))
		}
		if !errors.Is(err, idempotency.ErrAnswered) {
			return reply, err
		}
	}
	return Reply{}, idempotency.ErrAnswered
}

func (c Call) before(ctx context.Context) (reply Reply, found bool, err error) {
	if c.key == "" {
		return Reply{}, false, nil
	}
	a, found, err := c.once.Memory.Recall(ctx, c.scope, c.key, c.once.Now())
	if found && a.Request != c.request {
		err = errOtherBody
	}
	return Reply{kept, a.Status, a.Body}, found, err
}

func (c Call) answer(reply Reply) idempotency.Answer {
	return idempotency.Answer{Scope: c.scope, Key: c.key, Request: c.request, Status: reply.status, Body: reply.body, At: c.once.Now()}
}

// Commit hands the answer to write, which makes it durable in the transaction of the effect: both or neither. Without a key there is none to write, and beside
// is nil. write gives idempotency.ErrAnswered if it lost against another call with the key, and so must Do.
func (c Call) Commit(reply Reply, write func(beside *idempotency.Answer) error) (Reply, error) {
	var beside *idempotency.Answer
	if c.key != "" {
		a := c.answer(reply)
		beside = &a
	}
	if err := write(beside); err != nil {
		return Reply{}, err
	}
	reply.state = kept
	return reply, nil
}

// Reply is what a POST is answered: JSON, or a problem.
type Reply struct {
	state  state
	status int
	body   []byte
}

// state tells whether a reply is remembered.
type state int

const (
	fresh   state = iota // to be remembered
	kept                 // remembered
	passing              // not to be remembered
)

// Replied is a reply of v as JSON.
func Replied(ctx context.Context, status int, v any) Reply {
	return Render(ctx, func(w http.ResponseWriter) { JSON(w, status, v) })
}

// Render is a reply of what a function of this package would answer to the request of ctx. Of its headers only the type of the content is kept.
func Render(ctx context.Context, respond func(w http.ResponseWriter)) Reply {
	w := &answer{id: RequestID(ctx), header: http.Header{}}
	respond(w)
	return Reply{status: w.status, body: w.body}
}

// Passing is a reply that is not remembered: nothing was done, and the same call may be answered otherwise when it is sent again.
func (r Reply) Passing() Reply {
	r.state = passing
	return r
}

func (r Reply) write(w http.ResponseWriter) {
	kind := contentJSON
	if r.status >= 400 {
		kind = contentProblem
	}
	writeBody(w, r.status, kind, r.body)
}
