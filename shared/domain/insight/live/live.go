// Package live is today's figures while they come in, by the minute. They are provisional: a closed day's come from the archive. It reads no event and writes no table. The surprising thing: an
// instance counts in its memory and hands out what it has counted within an hour whole each time, so that a write which is repeated, or whose answer is lost, counts nothing twice; what an instance
// holds when it ends is lost.
package live

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// Figures are what is counted. Money is in minor units of the shop's currency.
type Figures struct {
	Events   int64 `json:"events"`   // that happened today, those of ours included
	Views    int64 `json:"views"`    // page and screen events
	Visitors int64 `json:"visitors"` // people by their first event of the shop's day
	Orders   int64 `json:"orders"`   // placed, or paid where nobody said that they were placed
	GMV      int64 `json:"gmv"`      // of Orders, as far as it is in the shop's currency
	Paid     int64 `json:"paid"`     // orders
	Sum      int64 `json:"sum"`      // of Paid, as far as it is in the shop's currency
	Sent     int64 `json:"sent"`     // notifications
	Clicks   int64 `json:"clicks"`   // on links of notifications
}

// each are the figures in the sequence in which they are packed. New ones come last.
func (f *Figures) each() [9]*int64 {
	return [...]*int64{&f.Events, &f.Views, &f.Visitors, &f.Orders, &f.GMV, &f.Paid, &f.Sum, &f.Sent, &f.Clicks}
}

// Add adds figures. Neither may be negative; a sum stops at the greatest number.
func (f *Figures) Add(o Figures) {
	from := o.each()
	for i, to := range f.each() {
		if *to > math.MaxInt64-*from[i] {
			*to = math.MaxInt64
			continue
		}
		*to += *from[i]
	}
}

// Minutes is how many an hour has.
const Minutes = 60

// Hour is what was counted within one.
type Hour struct {
	Hour    time.Time // its first instant, UTC
	Minutes [Minutes]Figures
	// Changes is how often something was added, by which the later of two is known.
	Changes int64
}

// HourOf is the first instant of a time's hour in UTC.
func HourOf(at time.Time) time.Time { return at.UTC().Truncate(time.Hour) }

// Sum is what the hour comes to.
func (h *Hour) Sum() (sum Figures) {
	for _, m := range h.Minutes {
		sum.Add(m)
	}
	return sum
}

// packedVersion begins a packed hour.
const packedVersion = 1

// errPacked says that bytes are not a packed hour, or one of a newer version.
var errPacked = errors.New("is no packed hour")

// Pack is the hour's figures in few bytes: those of each minute that has any.
func (h *Hour) Pack() []byte {
	out := []byte{packedVersion}
	for n, m := range h.Minutes {
		if m == (Figures{}) {
			continue
		}
		out = append(out, byte(n))
		all := m.each()
		for _, v := range all {
			out = binary.AppendUvarint(out, uint64(*v))
		}
	}
	return out
}

// Unpack reads what Pack wrote. An error leaves the hour as it comes.
func (h *Hour) Unpack(in []byte) error {
	if len(in) == 0 || in[0] != packedVersion {
		return errPacked
	}
	for in = in[1:]; len(in) > 0; {
		n := in[0]
		if in = in[1:]; n >= Minutes {
			return errPacked
		}
		for _, v := range h.Minutes[n].each() {
			u, size := binary.Uvarint(in)
			if size <= 0 || u > math.MaxInt64 {
				return errPacked
			}
			*v, in = int64(u), in[size:]
		}
	}
	return nil
}
