package sqs

import "bytes"

// batchEntry is an entry of a batch request: it takes the members that it knows, and has an id.
type batchEntry[T any] interface {
	*T
	member(d *decoder, key []byte) (bool, error)
	batchID() []byte
	failed() *fault
}

// answerBatch writes which entries of a batch were carried out, each with what more adds to its id, and which failed alone.
func answerBatch[T any, E batchEntry[T]](x *exchange, entries []T, more func(E)) {
	x.out = append(x.out, `{"Successful":[`...)
	var failed []failure
	first := true
	for i := range entries {
		n := E(&entries[i])
		if f := n.failed(); f != nil {
			failed = append(failed, failure{n.batchID(), f})
			continue
		}
		if !first {
			x.out = append(x.out, ',')
		}
		first = false
		x.out = append(x.out, `{"Id":`...)
		x.out = appendString(x.out, n.batchID())
		more(n)
		x.out = append(x.out, '}')
	}
	x.out = append(x.out, ']')
	x.appendFailed(failed)
	x.out = append(x.out, '}')
}

// decodeBatch reads a batch request and checks the number of its entries and their ids.
func decodeBatch[T any, E batchEntry[T]](x *exchange) (url string, entries []T, f *fault) {
	entries = make([]T, 0, maxBatchEntries)
	count := 0
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueUrl":
			return x.in.str(&url)
		case "Entries":
			return x.in.array(func() error {
				if count++; count > maxBatchEntries {
					return x.in.skip()
				}
				var n T
				err := x.in.object(func(key []byte) error {
					if known, err := E(&n).member(&x.in, key); known {
						return err
					}
					return x.in.skip()
				})
				entries = append(entries, n)
				return err
			})
		}
		return x.in.skip()
	}); f != nil {
		return "", nil, f
	}
	return url, entries, checkBatch(count, len(entries), func(i int) []byte { return E(&entries[i]).batchID() })
}

// failure is an entry of a batch that failed alone.
type failure struct {
	id    []byte
	fault *fault
}

func (x *exchange) appendFailed(failed []failure) {
	if len(failed) == 0 {
		return
	}
	x.out = append(x.out, `,"Failed":[`...)
	for i, f := range failed {
		if i > 0 {
			x.out = append(x.out, ',')
		}
		x.out = append(x.out, `{"Id":`...)
		x.out = appendString(x.out, f.id)
		x.out = append(x.out, `,"SenderFault":true,"Code":`...)
		x.out = appendString(x.out, f.fault.wireCode())
		x.out = append(x.out, `,"Message":`...)
		x.out = appendString(x.out, f.fault.message)
		x.out = append(x.out, '}')
	}
	x.out = append(x.out, ']')
}

// checkBatch checks the number of entries and their ids; kept is how many of count entries id can be asked about.
func checkBatch(count, kept int, id func(i int) []byte) *fault {
	if count == 0 {
		return faultf("EmptyBatchRequest", legacy+"EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if count > maxBatchEntries {
		return faultf("TooManyEntriesInBatchRequest", legacy+"TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", maxBatchEntries, count)
	}
	for i := range kept {
		if !queueName.Match(id(i)) {
			return faultf("InvalidBatchEntryId", legacy+"InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long. You sent %q.", shorten(string(id(i))))
		}
		for j := range i {
			if bytes.Equal(id(i), id(j)) {
				return faultf("BatchEntryIdsNotDistinct", legacy+"BatchEntryIdsNotDistinct", "Id %s repeated.", id(i))
			}
		}
	}
	return nil
}
