package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
)

const maxIdempotencyKey = 255

// errOtherBody says that an Idempotency-Key was used with another body.
var errOtherBody = errors.New("the Idempotency-Key was used with another body")

// keyedCall is a POST with its Idempotency-Key, which is empty when the caller sent none.
type keyedCall struct{ scope, key, request string }

// keyed reads the Idempotency-Key of a request, which is its caller's: what somebody was answered is nothing for those who may not ask. Where it is no good, the
// request is answered.
func keyed(w http.ResponseWriter, r *http.Request, scope string, body []byte) (call keyedCall, ok bool) {
	sum := sha256.Sum256(body)
	call = keyedCall{scope: scope + "#by#" + httpapi.Caller(r.Context()).Name, key: r.Header.Get("Idempotency-Key"), request: hex.EncodeToString(sum[:])}
	if len(call.key) > maxIdempotencyKey {
		httpapi.Problem(w, http.StatusBadRequest, "", fmt.Sprintf("an Idempotency-Key has at most %d bytes", maxIdempotencyKey))
		return keyedCall{}, false
	}
	return call, true
}

func (c keyedCall) answer(status int, body []byte, now time.Time) dynamo.Answer {
	return dynamo.Answer{Scope: c.scope, Key: c.key, Request: c.request, Status: status, Body: body, At: now}
}

// before is what was answered to the same call, nil if there was none. errOtherBody if the key was used for another one.
func (c keyedCall) before(ctx context.Context, answers dynamo.Answers, now time.Time) (*dynamo.Answer, error) {
	if c.key == "" {
		return nil, nil
	}
	found, err := answers.Answer(ctx, c.scope, c.key, now)
	if errors.Is(err, dynamo.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if found.Request != c.request {
		return nil, errOtherBody
	}
	return &found, nil
}
