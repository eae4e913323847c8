package pagestest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/userops/userops/functions/reporting"
	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/functiontest"
)

// Asked answers questions about what people did, from an archive that is written by hand.
type Asked struct {
	*reporting.Process
	Bucket *buckettest.Bucket
	Jobs   *functiontest.Queue // parts of questions
	shop   *functiontest.Shop
	happen map[profile.Day][]columns.Event
}

// openArchive is an archive in which nothing has happened.
func openArchive(b *functiontest.Shop, keys access.Keys, zone *time.Location) *Asked {
	a := &Asked{shop: b, Bucket: buckettest.New(), Jobs: &functiontest.Queue{}, happen: map[profile.Day][]columns.Event{}}
	a.Bucket.Now = b.Now
	a.Process = reporting.New(reporting.Settings{
		Bucket: "archive", Due: "Due", Runs: "Runs", Audit: "Audit", Catalog: "Catalog", Profiles: "Profiles", Dead: "DeadLetters", OperatorKeys: keys, Zone: zone, Currency: money.Currency("CNY"),
	}, b.DB, nil, nil, b.Now)
	a.Objects, a.Process.Jobs = a.Bucket, a.Jobs
	return a
}

// Happened files what somebody did, who is known by their userId, in the archive: a file a day of all that has happened on it.
func (a *Asked) Happened(userID string, events ...event.Event) {
	b := a.shop
	b.Helper()
	person, err := columns.PersonOf(profile.Identifier{Kind: profile.UserID, Value: userID}.ID())
	b.Must(err)
	for _, e := range events {
		day := a.Shop.Day(e.Timestamp)
		a.happen[day] = append(a.happen[day], columns.Event{Person: person, Event: e})
	}
	head := &archive.Head{Version: 1, Number: 1, At: b.Now().Add(-10 * time.Minute), Days: map[profile.Day]*archive.Day{}}
	for day, all := range a.happen {
		raw, counts, err := columns.Merging{Head: columns.Head{Day: day, Shards: 1}}.Merge(columns.Sorted(slices.Clone(all)))
		b.Must(err)
		f := archive.File{Name: archive.FileName(day, 0, 1, raw), Events: counts.Written}
		b.Must(a.Bucket.Put(b.Context(), f.Name, raw))
		d := &archive.Day{Shards: 1, At: b.Now(), Files: []archive.File{f}, Closes: 1}
		if day >= a.Shop.Day(b.Now()) {
			d.Open, d.Closes = true, 0
		}
		head.Days[day] = d
	}
	raw, err := json.Marshal(head)
	b.Must(err)
	b.Must(a.Bucket.Put(b.Context(), "head.json", raw))
}

// Count does the jobs of the questions that were asked.
func (a *Asked) Count() {
	b := a.shop
	b.Helper()
	for bodies := a.Jobs.Take(); len(bodies) > 0; bodies = a.Jobs.Take() {
		if again := functiontest.Deliver(b.Context(), b, a.Handle, bodies...); len(again) > 0 {
			b.Fatalf("%d jobs come again", len(again))
		}
	}
}
