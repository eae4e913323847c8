package simulation

import (
	"strings"
	"time"
)

// fault is one way in which the world fails.
type fault string

// The faults. Those of a call strike between the SDK and a stand-in, those of a queue between a queue and its function.
const (
	throttled    fault = "throttled"            // refused for the rate
	failedBefore fault = "request lost"         // the request never arrived
	failedAfter  fault = "response lost"        // it was carried out, and nobody heard
	conflicted   fault = "transaction conflict" // another transaction has the item in hand
	unprocessed  fault = "unprocessed items"    // a batch of reads or writes done in part
	partialSend  fault = "partial send"         // a batch of messages sent in part
	stale        fault = "stale read"           // an eventually consistent read answers what was
	slow         fault = "slow call"
	outage       fault = "store away for an hour" // every call to DynamoDB fails
	denied       fault = "files of the archive cannot be read for hours"
	hung         fault = "call hangs until the invocation's time is over"
	crashBefore  fault = "crash before an effect"
	crashAfter   fault = "crash after an effect"

	redelivered fault = "message not deleted"       // and so delivered again
	doubled     fault = "message to two workers"    // at the same time
	replayed    fault = "message again hours later" // or days, or weeks
	reordered   fault = "message held back"         // behind those that came after it
	givenUp     fault = "message is a dead letter"  // as after ten receives
	redriven    fault = "dead letters sent again"

	tickSkipped fault = "schedule skipped"
	tickLate    fault = "schedule late"
	tickTwice   fault = "schedule twice"

	providerSlow    fault = "provider slow"
	providerRefuses fault = "provider refuses"
	providerNotNow  fault = "provider says not now"
	providerLost    fault = "provider's answer lost"

	secretsAway fault = "secrets cannot be read" // once, or for some time
	secretsSlow fault = "secrets come late"

	gatewayLost fault = "client heard nothing"
	skewed      fault = "clock skewed"
	previous    fault = "version before at work"
	// failedQuestion is no fault by itself: it says that a question has failed by others.
	failedQuestion fault = "question failed"
	unreadable     fault = "profile unreadable" // cut off, or of a program that is not known yet
)

// usual is the rate of each fault in an average seed: how many of a thousand chances it takes. A seed multiplies each by a factor of its own.
// An invocation has one chance to crash and one to hang, however much it does: ten receives are meant to outlast what is usual.
var usual = map[fault]float64{
	throttled: 6, failedBefore: 5, failedAfter: 8, conflicted: 10, unprocessed: 60, partialSend: 200, stale: 250, slow: 15, outage: 150, denied: 150, hung: 10,
	crashBefore: 12, crashAfter: 12,
	redelivered: 15, doubled: 25, replayed: 8, reordered: 40, givenUp: 100, redriven: 1000,
	tickSkipped: 60, tickLate: 60, tickTwice: 60,
	providerSlow: 60, providerRefuses: 25, providerNotNow: 60, providerLost: 30,
	secretsAway: 120, secretsSlow: 60,
	gatewayLost: 25, skewed: 250, previous: 350,
}

// rates are the faults of one seed.
type rates struct {
	seed uint64
	of   map[fault]float64
	only map[string]bool // the single faults that a shrunk replay has, nil for all
	none bool
}

// newRates draws how bad a seed is. One in eight has no fault at all, and in each some kinds are left out and some are frequent.
func newRates(seed uint64) rates {
	r := rates{seed: seed, of: map[fault]float64{}}
	d := dice{hash(seed, "rates")}
	calm := d.happens(0.125)
	for _, f := range allFaults() {
		d := dice{hash(seed, "rate", string(f))}
		factor := one(&d, 0, 0.3, 1, 1, 1, 2, 4)
		if f == providerSlow && d.happens(0.15) {
			factor = 12
		}
		if f == redriven {
			factor = 1
		}
		if l, is := lasting[f]; is && seed%10 == l.certain {
			factor = 1
		} else if calm {
			factor = 0
		}
		if f == givenUp && lateRedrive(seed) && !calm {
			factor = 5
		}
		r.of[f] = min(usual[f]*factor, 900)
		if f == redriven && !calm {
			r.of[f] = 1000
		}
	}
	return r
}

// lasting are faults of some time: each once in some seeds, and in one of any ten that follow each other for certain.
var lasting = map[fault]struct {
	certain     uint64
	least, most time.Duration
}{
	outage: {7, 10 * time.Minute, 80 * time.Minute},
	denied: {4, time.Hour, 6 * time.Hour},
}

// window is when a lasting fault begins and ends, since the beginning; is false where a seed has none.
func (r *rates) window(f fault, horizon time.Duration) (begin, end time.Duration, is bool) {
	d, l := dice{hash(r.seed, string(f))}, lasting[f]
	if happens := d.happens(r.of[f] / 1000); r.none || r.of[f] == 0 || !happens && r.seed%10 != l.certain {
		return 0, 0, false
	}
	begin = time.Duration(d.share() * float64(horizon))
	return begin, begin + d.pause(l.least, l.most), true
}

// lasts says whether a lasting fault is there at a time since the beginning.
func (r *rates) lasts(f fault, since, horizon time.Duration) bool {
	begin, end, is := r.window(f, horizon)
	return is && since >= begin && since < end
}

// strikes says whether a fault happens at a named occasion. The name alone decides: what else happens does not move a fault.
func (r *rates) strikes(f fault, name string) bool {
	if r.none || r.of[f] == 0 || share(hash(r.seed, string(f), name))*1000 >= r.of[f] {
		return false
	}
	return r.has(f, name)
}

// has says whether a replay has a single fault.
func (r *rates) has(f fault, name string) bool { return r.only == nil || r.only[single(f, name)] }

// single is one fault by itself.
func single(f fault, name string) string { return string(f) + " at " + name }

// kindOf is the kind of a single fault.
func kindOf(single string) fault {
	kind, _, _ := strings.Cut(single, " at ")
	return fault(kind)
}

func allFaults() []fault {
	return []fault{
		throttled, failedBefore, failedAfter, conflicted, unprocessed, partialSend, stale, slow, outage, denied, hung, crashBefore, crashAfter,
		redelivered, doubled, replayed, reordered, givenUp, redriven, tickSkipped, tickLate, tickTwice,
		providerSlow, providerRefuses, providerNotNow, providerLost, secretsAway, secretsSlow, gatewayLost, skewed, previous, unreadable, failedQuestion,
	}
}
