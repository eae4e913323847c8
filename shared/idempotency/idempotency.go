// Package idempotency is what is remembered of a POST with an Idempotency-Key. It is a value alone: the layer of httpapi decides what is remembered and given
// again, and a store of dynamo keeps it, where it can in the transaction of the effect. The surprising thing: an answer that could not be written because its
// key has one is no failure. It tells that the effect has happened, and what it was answered.
package idempotency

import (
	"errors"
	"time"
)

// Life is how long a key is remembered.
const Life = 24 * time.Hour

// Answer is what a POST was answered.
type Answer struct {
	Scope   string // what was called and by whom, e.g. "runs#by#ann": a key is its caller's
	Key     string // the client's Idempotency-Key
	Request string // the hex SHA-256 of the request's body: another body under the same key is refused
	Status  int
	Body    []byte
	At      time.Time // the answer is remembered for Life from then on
}

// ErrAnswered says that a key has an answer, or is getting one at this moment, so that nothing was written.
var ErrAnswered = errors.New("the Idempotency-Key was answered before")
