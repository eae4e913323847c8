package ingest

import (
	"cmp"
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/allowance"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/people/trust"
)

// quotas bound how many identifiers nobody has named lately a public key may name in a minute: from one network address, and from all of them.
// Each may be a profile that is stored for a year. Like the rates they stand in this instance's memory: they cost no write, n instances let
// through n times as many, and what an instance has not seen for a while, or never, counts as new.
type quotas struct {
	mu        sync.Mutex
	seed      maphash.Seed
	seen, old map[uint64]struct{} // identifiers named lately; old are those of before seen was begun anew
	addresses map[netip.Prefix]*allowance.Bucket
	sources   map[source.ID]*allowance.Bucket
}

const (
	// usualNew is how many new identifiers a minute a source may name that says nothing else: an instance answers one request at a time, and no more
	// pages than that come in a minute.
	usualNew = 6000
	// burstMinutes is how much of a quota may be used at once, in minutes of it.
	burstMinutes = 5
	// maxSeen and maxAddresses bound the memory: about 5 MB together.
	maxSeen      = 50_000
	maxAddresses = 10_000
)

// over says whose quota a request is over, and how long to wait; empty where it may pass. A request that names more than a quota holds passes once
// and leaves a debt, so that none is refused for ever.
func (q *quotas) over(from source.Source, address netip.Prefix, perAddress float64, events []event.Event, now time.Time) (whose string, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	fresh := q.fresh(events)
	if len(fresh) == 0 {
		return "", 0
	}
	if q.sources == nil || len(q.addresses) >= maxAddresses {
		q.addresses = map[netip.Prefix]*allowance.Bucket{}
	}
	if q.sources == nil {
		q.sources = map[source.ID]*allowance.Bucket{}
	}
	ofAll := held(q.sources, from.ID, cmp.Or(from.NewPerMinute, usualNew), now)
	ofOne := (*allowance.Bucket)(nil)
	if address.IsValid() && perAddress > 0 {
		ofOne = held(q.addresses, address, perAddress, now)
	}
	if wait := wants(ofOne, len(fresh)); wait > 0 {
		return "network address", wait
	}
	if wait := wants(ofAll, len(fresh)); wait > 0 {
		return "source", wait
	}
	for _, b := range []*allowance.Bucket{ofOne, ofAll} {
		if b != nil {
			b.Tokens -= float64(len(fresh))
		}
	}
	if len(q.seen)+len(fresh) > maxSeen {
		q.old, q.seen = q.seen, map[uint64]struct{}{}
	}
	for id := range fresh {
		q.seen[id] = struct{}{}
	}
	return "", 0
}

// held is the bucket of a key as of now; it begins full.
func held[K comparable](all map[K]*allowance.Bucket, key K, perMinute float64, now time.Time) *allowance.Bucket {
	b := all[key]
	if b == nil {
		b = &allowance.Bucket{Tokens: perMinute * burstMinutes, At: now}
		all[key] = b
	}
	b.Rate, b.Burst = perMinute/60, perMinute*burstMinutes
	b.Fill(now)
	return b
}

// fresh are the identifiers of the events that nobody has named lately, of those that nothing is proven of.
func (q *quotas) fresh(events []event.Event) map[uint64]struct{} {
	if q.seen == nil {
		q.seen, q.seed = map[uint64]struct{}{}, maphash.MakeSeed()
	}
	var fresh map[uint64]struct{}
	for i := range events {
		e := &events[i]
		if e.Trust != trust.Public {
			continue
		}
		for kind, id := range [...]string{e.UserID, e.AnonymousID, e.PreviousID} {
			if id == "" {
				continue
			}
			hash := maphash.String(q.seed, id) + uint64(kind) // a userId and a device of one name are two
			if _, known := q.seen[hash]; known {
				continue
			}
			if _, known := q.old[hash]; known {
				q.seen[hash] = struct{}{}
				continue
			}
			if fresh == nil {
				fresh = map[uint64]struct{}{}
			}
			fresh[hash] = struct{}{}
		}
	}
	return fresh
}

// networkOf is the address that a quota goes by: that of one connection in IPv4, and the network that a connection is given in IPv6. It is invalid where
// the request comes from the shop's own network, or nobody knows from where.
func networkOf(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	address := at.Addr().Unmap()
	if err != nil || address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast() || address.IsUnspecified() {
		return netip.Prefix{}
	}
	bits := 32
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits)
	return network
}

// wants says how long to wait for n tokens, or for a full bucket if it never holds so many. No bucket has no limit.
func wants(b *allowance.Bucket, n int) time.Duration {
	if b == nil {
		return 0
	}
	missing := math.Min(float64(n), b.Burst) - b.Tokens
	if missing <= 0 {
		return 0
	}
	return max(time.Duration(missing/b.Rate*float64(time.Second)), time.Millisecond)
}
