// Package sqs is a stand-in for Amazon SQS on one machine: an http.Handler over a durable engine, strict about the
// service's limits and errors, so that a test which is green here is green there.
//
// It speaks the AWS JSON protocol that every current SDK and the AWS CLI use. It is no message broker for production:
// one process owns one file, there is no replication, and access is decided by a function of the caller's.
// Not implemented, and refused with an error that says so: the old query protocol, queue policies (Policy,
// AddPermission, RemovePermission), KMS keys, and ReceiveRequestAttemptId. Fair queues are accepted (a standard queue
// takes a MessageGroupId) without reordering.
//
// The surprising thing: an answer means that the write has reached the operating system, not the disk. It survives
// kill -9 of the process at any moment. A power cut, or a crash of the whole machine, may cost what came after the last fsync
// (Options.SyncEvery), and may leave the file damaged, because pages are written between two syncs in any order. Open then
// fails or panics: delete the file to go on with empty queues.
package sqs

import "time"

// Options are the settings of Open; the zero value is a temporary store with the real clock.
type Options struct {
	// Path of the store's file; its folder is created. Empty means a temporary file, removed at Close.
	Path string
	// Clock tells the time; nil is time.Now. After moving a clock of your own, call Engine.Tick.
	Clock func() time.Time
	// SyncEvery is the interval of fsync, by default a second; Close syncs too.
	SyncEvery time.Duration
	// Region and AccountID appear in ARNs and queue URLs; by default "us-east-1" and "000000000000".
	Region, AccountID string
	// Authorize is asked before every operation, with the IAM action (a SendMessageBatch asks for "SendMessage").
	// Its error is answered as AccessDenied with its text; nil allows everything.
	Authorize func(Call) error
	// Observe hears of every operation after it was answered, with the API action (a SendMessageBatch says so).
	Observe func(Call)
	// Hiding hears, before it is done and while the call waits, of the receipts whose visibility a call asks to change.
	Hiding func(c Call, receipts []string)
	// DeadLettered hears of every message that its redrive policy moved, in order, once the move is stored.
	DeadLettered func(DeadLetter)
}

// Call describes one operation, for deciding about it (before) and for metering it (after).
type Call struct {
	// AccessKeyID is taken from the request's signature, which is not verified; empty if unsigned.
	AccessKeyID string
	// Action is an IAM action for Authorize and an API action for Observe; Queue is the queue's name, if there is one.
	Action, Queue string
	// Messages and Bytes count what was sent, received, deleted or changed; Bytes are bodies with their attributes.
	Messages, Bytes int
	// Requests is what SQS bills: one for every 64 KB or part of it, and one for an empty or failed call.
	Requests float64
	// ErrorCode is the service's code of a call that failed as a whole, such as "QueueDoesNotExist".
	ErrorCode string
}

// DeadLetter tells that a message was moved to a dead-letter queue because it had been received too often.
type DeadLetter struct {
	Queue, DeadLetterQueue, MessageID string
	Receives                          int
}

// Limits of the service.
const (
	maxMessageBytes  = 1 << 20
	maxBatchEntries  = 10
	maxInFlight      = 120_000
	maxVisibility    = 43_200
	maxDelay         = 900
	maxWait          = 20
	maxAttributes    = 10
	dedupInterval    = 5 * time.Minute
	purgeInterval    = 60 * time.Second
	recreateInterval = 60 * time.Second
	billedChunk      = 64 << 10
)
