package dynamodb

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// tokenLife is how long a ClientRequestToken makes a repetition harmless.
const tokenLife = 10 * time.Minute

// fingerprint is the same for requests that differ only in spelling.
func (r *request) fingerprint() [16]byte {
	h := sha256.New()
	for i := range r.actions {
		a := &r.actions[i]
		for _, s := range []string{a.verb, a.request.table, a.condition, a.update, a.returnOnFailure} {
			hashPart(h, []byte(s))
		}
		hashPart(h, a.key.raw)
		hashPart(h, a.item.raw)
		names := slices.Clone(a.subs.names)
		slices.SortFunc(names, func(a, b nameSubstitution) int { return strings.Compare(a.key, b.key) })
		for _, n := range names {
			hashPart(h, []byte(n.key))
			hashPart(h, []byte(n.name))
		}
		values := slices.Clone(a.subs.values)
		slices.SortFunc(values, func(a, b valueSubstitution) int { return strings.Compare(a.key, b.key) })
		for _, v := range values {
			hashPart(h, []byte(v.key))
			hashPart(h, v.value)
		}
	}
	return [16]byte(h.Sum(nil))
}

func hashPart(h hash.Hash, b []byte) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(b)))
	_, _ = h.Write(n[:])
	_, _ = h.Write(b)
}

// tokenBook remembers the tokens of the last ten minutes, in memory and, by time, in the file.
type tokenBook struct {
	mu    sync.Mutex
	known map[[16]byte]tokenEntry
	last  uint64
}

type tokenEntry struct {
	fingerprint [16]byte
	at          int64 // Unix nanoseconds
}

func tokenID(token string) [16]byte {
	sum := sha256.Sum256([]byte(token))
	return [16]byte(sum[:])
}

func (b *tokenBook) load(from *bbolt.Bucket) {
	b.known = map[[16]byte]tokenEntry{}
	_ = from.ForEach(func(k, v []byte) error {
		b.last = binary.BigEndian.Uint64(k)
		b.known[[16]byte(v)] = tokenEntry{[16]byte(v[16:]), int64(b.last)}
		return nil
	})
}

func (b *tokenBook) find(token string, fingerprint [16]byte, now time.Time) (known, same bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entry, known := b.known[tokenID(token)]
	if !known || now.Sub(time.Unix(0, entry.at)) >= tokenLife {
		return false, false
	}
	return true, entry.fingerprint == fingerprint
}

// add records a token. It counts at once, so that later requests of the same group see it; if the commit fails the
// entry goes again.
func (b *tokenBook) add(tx *txn, token string, fingerprint [16]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := max(uint64(tx.now.UnixNano()), b.last+1)
	b.last = at
	id := tokenID(token)
	b.known[id] = tokenEntry{fingerprint, int64(at)}
	tx.undo = append(tx.undo, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.known, id)
	})
	tx.put(bucketTokens, binary.BigEndian.AppendUint64(nil, at), append(id[:], fingerprint[:]...))
}

// forget drops tokens that no longer count, a bounded number at a time.
func (b *tokenBook) forget(tx *txn, limit int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := uint64(tx.now.Add(-tokenLife).UnixNano())
	var gone [][]byte
	c := tx.bucket(bucketTokens).Cursor()
	for k, v := c.First(); k != nil && len(gone) < limit && binary.BigEndian.Uint64(k) < before; k, v = c.Next() {
		if id := [16]byte(v); b.known[id].at < int64(before) {
			delete(b.known, id)
		}
		gone = append(gone, bytes.Clone(k))
	}
	for _, k := range gone {
		tx.delete(bucketTokens, k)
	}
}

// stale says whether there is anything to forget.
func (b *tokenBook) stale(from *bbolt.Bucket, now time.Time) bool {
	k, _ := from.Cursor().First()
	return k != nil && binary.BigEndian.Uint64(k) < uint64(now.Add(-tokenLife).UnixNano())
}
