package profile

// Bounds of the tracked detail of one profile. What is over a bound is left out, the newest staying; sums of money and orders are
// never left out.
const (
	MaxTraits       = 64
	MaxTraitKey     = 64  // bytes
	MaxTraitText    = 256 // bytes of a text value
	MaxCounters     = 64  // of names beside StandardEvents
	MaxCounterName  = 64  // bytes
	MaxRecentDays   = 12
	MaxCartLines    = 20
	MaxGroups       = 10
	MaxActiveDays   = 400
	MaxOrderEntries = 256
)
