package sqs

type opKind uint8

const (
	opPut      opKind = iota // a new message
	opState                  // a message's new state
	opDelete                 // a message
	opMove                   // a message from one queue to another, with its new state
	opQueue                  // a queue's record
	opDrop                   // a queue with everything in it
	opPurge                  // a queue's messages
	opDedup                  // a deduplication id
	opForget                 // a deduplication id that has expired
	opTask                   // a move task's record
	opDropTask               // a move task that is too old to be listed
)

// op is one change of the file.
type op struct {
	kind           opKind
	queue, seq     uint64
	toQueue, toSeq uint64
	key            []byte
	value          []byte // of opMove only the state
}
