package simulation

import (
	"net/http"
	"time"

	"github.com/userops/userops/shared/standin/dynamodb"
)

// replica is the store as it was a little while ago: a second stand-in that hears of every write late. What is read from it is what
// an eventually consistent read may answer. It only moves forward.
type replica struct {
	engine  *dynamodb.Engine
	pending []written
}

// written is a request that changed the store.
type written struct {
	at     time.Time
	target string
	body   []byte
}

func (r *replica) note(at time.Time, target string, body []byte) {
	r.pending = append(r.pending, written{at, target, body})
}

// catchUp carries out what was written until a time.
func (r *replica) catchUp(until time.Time) {
	n := 0
	for n < len(r.pending) && !r.pending[n].at.After(until) {
		serve(r.engine, r.pending[n].target, r.pending[n].body)
		n++
	}
	r.pending = append(r.pending[:0:0], r.pending[n:]...)
}

// behind says whether there is something that the replica has not heard of.
func (r *replica) behind() bool { return len(r.pending) > 0 }

// reply is what a stand-in answers.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r *reply) Header() http.Header    { return r.header }
func (r *reply) WriteHeader(status int) { r.status = status }
func (r *reply) Write(b []byte) (int, error) {
	r.body = append(r.body, b...)
	return len(b), nil
}
