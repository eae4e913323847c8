package sqs

// batchEntry is an entry of a batch request: it takes the members that it knows, and has an id.
type batchEntry[T any] interface {
	*T
	member(d *decoder, key []byte) (bool, error)
	batchID() []byte
	failed() *fault
}

func (n *entry) batchID() []byte     { return n.id }
func (n *receipted) batchID() []byte { return n.id }
func (n *entry) failed() *fault      { return n.fault }
func (n *receipted) failed() *fault  { return n.fault }

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
