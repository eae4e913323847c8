//go:build unix

package functions

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
)

const (
	priceStoredByte = 0.023e-9 // S3, a month
	archiveMonths   = 13
	// oneCore is what a function with one processor costs a second: 1,769 MB.
	oneCore = 1769.0 / 1024 * priceGBSecond
)

// keeping is what the archive's files take of an event, measured on a shard of a few days.
type keeping struct {
	bytes float64            // in the files
	write float64            // seconds of a processor to write it once
	ask   map[string]float64 // seconds of a processor to ask it once, by question
}

// perEvent is what an event costs in the files for as long as they are kept: written twice, by the hour and at the close, and stored.
func (k keeping) perEvent() float64 {
	return 2*k.write*oneCore + k.bytes*archiveMonths*priceStoredByte
}

var kept *keeping

// archiveKeeps measures once.
func archiveKeeps(b *testing.B) keeping {
	b.Helper()
	if kept != nil {
		return *kept
	}
	days := archived(b)
	k, events, size := keeping{ask: map[string]float64{}}, 0, 0
	var files []*columns.File
	before := cpuTime()
	for day := range days {
		text, counts, err := columns.Merging{Head: columns.Head{Day: profile.DayOf(archiveFirst) + profile.Day(day), Shards: 1}}.Merge(columns.Sorted(days[day]))
		if err != nil {
			b.Fatal(err)
		}
		f, err := columns.Open(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			b.Fatal(err)
		}
		files, events, size = append(files, f), events+counts.Written, size+len(text)
	}
	k.write, k.bytes = (cpuTime()-before).Seconds()/float64(events), float64(size)/float64(events)
	for _, name := range slices.Sorted(maps.Keys(archiveQuestions)) {
		best := time.Duration(math.MaxInt64)
		for range 3 {
			q, err := fold.Compile([]byte(archiveQuestions[name]), profile.Shop{}, profile.DayOf(archiveFirst)+archiveDays-1)
			if err != nil {
				b.Fatal(err)
			}
			before := cpuTime()
			if err := (columns.Reading{Shards: 1}).Fold(q, files...); err != nil {
				b.Fatal(err)
			}
			best = min(best, cpuTime()-before)
		}
		k.ask[name] = best.Seconds() / float64(events)
	}
	kept = &k
	return k
}

// insightLoad is a shop whose archive and reports have to cost less than 40 USD a month: 10 million people, 40 reports every night and 200 questions a month, and into how many shards and jobs they are divided.
var insightLoad = struct {
	eventsADay, shards float64
	asked              map[string]insightAsked
}{50e6, 16, map[string]insightAsked{"reports": {40 * 30, 30, 4, togetherAsked}, "questions": {200, 90, 8, 1}}}

// insightAsked is how often in a month something is asked of so many days, in so many jobs, and how many of them wait at once and are asked together.
type insightAsked struct {
	times, days float64
	jobs        int
	together    float64
}

// togetherAsked is how many questions of 30 days are asked together.
const togetherAsked = 8

// insightMeasured is what was measured of the archive on a whole stack, beside what the files take by themselves.
type insightMeasured struct {
	keeping
	queueUnits    float64         // of SQS, billed, to send an event
	intakeSeconds float64         // GB-seconds of the function archive, an event
	writes, reads float64         // calls of the bucket that regroup and close a day of one shard
	askedBytes    float64         // of the bucket that a question reads, an event
	merged        map[int]float64 // how many times as long a question takes in so many jobs, where one of a hundred people was merged since
	together      float64         // the same of each of those that are asked together
}

// insightBill is what the load costs a month, in USD by what it is for. What is stated and not measured: what is sent is received for as much, and deleted ten at a time; an object of packs is written each half
// minute, since two invocations run at once and each gathers for a minute. A question reads the end of each file in every job, its columns as package archive does: of all files of the job side by side within 512 MB, and
// those of whoever was merged 4 MB at a time.
func insightBill(m insightMeasured) bill {
	const days, objects, looks, room, alone = 30, 2 * 24 * 60, 6 * 24, 512 << 20, 4 << 20
	l, b, mean := insightLoad, bill{}, 0.0
	for _, seconds := range m.ask {
		mean += seconds / float64(len(m.ask))
	}
	b["queue"] = days * l.eventsADay * 2.1 * m.queueUnits * priceQueueCall
	b["intake"] = days * (l.eventsADay*m.intakeSeconds*priceGBSecond + objects*(priceInvocation+priceObjectWrite+priceObjectRead))
	b["regroup"] = days * (l.eventsADay*2*m.write*oneCore + looks*(priceInvocation+3*priceObjectWrite) + l.shards*(m.writes*priceObjectWrite+m.reads*priceObjectRead))
	b["storage"] = m.bytes * l.eventsADay * 30.4 * archiveMonths * priceStoredByte
	for name, a := range l.asked {
		jobs, files := float64(a.jobs), a.days*l.shards
		bytes, window := a.days*l.eventsADay*m.askedBytes, min(1<<20, float64(room)/5/(files/jobs))
		// What was merged lies in the files of other jobs, whose columns are read too, by far the most of their blocks.
		calls := files*jobs + bytes/window + jobs*bytes/alone
		slower := m.merged[a.jobs]
		if a.together > 1 {
			slower = m.together
		}
		b[name] = a.times * (a.days*l.eventsADay*mean*slower*oneCore + calls/a.together*priceObjectRead)
	}
	return b
}

// insightUSD are the figures of the bill.
func insightUSD(m insightMeasured) map[string]float64 {
	b := insightBill(m)
	figures := map[string]float64{"insight.usd_per_month": b.sum()}
	for what, usd := range b {
		figures["insight.usd_per_month_"+what] = usd
	}
	return figures
}
