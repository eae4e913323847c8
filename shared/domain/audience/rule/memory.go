package rule

import (
	"fmt"

	"github.com/userops/userops/shared/domain/people/profile"
)

// A profile keeps, for each event, on which of the newest profile.MaxRecentDays days with any it happened how often. A count over a
// longer time is therefore exact below that number, and from it on only known to be that or more: each of the days kept has one at
// least. Rules may ask what follows from this, and are refused the rest when they are saved. One that was saved before it was refused is asked all
// the same, as far as the profile remembers.

// sureTimes is the greatest number of times of which it is known, over any number of days, whether they were reached.
const sureTimes = profile.MaxRecentDays

// sureDays is the longest withinDays for which every number is known. The day itself counts too, and an event may be dated a day ahead.
const sureDays = profile.MaxRecentDays - 2

// forgotten is why a rule cannot be answered.
var forgotten = fmt.Sprintf("cannot be told: over more than %d days a profile knows whether something happened up to %d times, not more", sureDays, sureTimes)

// certain says whether a comparison of a count with a number is decided by the count as far as it is known.
func certain(op operation, with number) bool {
	switch sign := with.compare(number{whole: sureTimes, isWhole: true}); op {
	case opAtLeast, opBelow:
		return sign <= 0
	default:
		return sign < 0
	}
}
