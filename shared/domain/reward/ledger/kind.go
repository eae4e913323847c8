package ledger

import "slices"

// Kind says what an entry is for.
type Kind string

// The kinds of entry. Holds, releases, expiries and adjustments by hand have their place in the book before they have a builder.
const (
	Accrual    Kind = "accrual"
	Redemption Kind = "redemption"
	Expiry     Kind = "expiry"
	Reversal   Kind = "reversal"
	Adjustment Kind = "adjustment" // here: a new lot repays what the account owes
	Hold       Kind = "hold"
	Release    Kind = "release"
)

// kind is a row of the registry.
type kind struct {
	name Kind
	sign int64 // of its amounts in a person's account: 1, -1, or 0 for either; in a house's it is the opposite
	owed bool  // only in units that may be owed; otherwise in every unit
}

// kinds are what an entry may be for. One without a row is a newer version's: it is read and shown as it is, and not reversed.
var kinds = []kind{
	{name: Accrual, sign: 1},
	{name: Redemption, sign: -1},
	{name: Expiry, sign: -1},
	{name: Reversal},
	{name: Adjustment, owed: true},
	{name: Hold, sign: -1},
	{name: Release, sign: 1},
}

func (k Kind) row() (r kind, known bool) {
	i := slices.IndexFunc(kinds, func(r kind) bool { return r.name == k })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}
