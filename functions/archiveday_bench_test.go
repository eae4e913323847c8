//go:build unix

package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/functions/archive"
	stored "github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

const (
	dayPeople = 50_000 // each with one visit
	dayVisit  = 20     // events
	dayShards = 4
	askEvents = 100_000_000
)

// dayBench is the archive on a whole stack, with a clock to step.
type dayBench struct {
	*bench
	first   time.Time // of the day that is kept: that of an hour from now, so that what is written now is old enough, and the day not over
	now     time.Time
	process *archive.Process
	objects bucket.Bucket
	packed  int // bytes
}

func newDayBench(b *testing.B) *dayBench {
	d := &dayBench{bench: newBench(b, false, 4), now: time.Now().UTC().Add(time.Hour)}
	d.first = d.now.Truncate(24 * time.Hour)
	at := d.stack.Addresses()
	keys := credentials.NewStaticCredentialsProvider("developer", "developer", "")
	client := bucket.NewClient(aws.Config{Region: "us-east-1", BaseEndpoint: &at.S3, HTTPClient: cloud.Client(), Credentials: keys})
	queues := at.SQS + "/000000000000/bench-"
	d.objects = bucket.Bucket{Client: client, Name: "bench-archivebucket"}
	d.process = archive.New(archive.Settings{Bucket: d.objects.Name, Queue: queues + "ArchiveQueue", Events: queues + "EventsQueue", Timeline: "bench-Timeline", Due: "bench-Due", Dead: "bench-DeadLetters", Zone: time.UTC, Shards: dayShards},
		dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &at.DynamoDB, HTTPClient: cloud.Client(), Credentials: keys}), client,
		sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &at.SQS, HTTPClient: cloud.Client(), Credentials: keys}), func() time.Time { return d.now })
	return d
}

// hour puts the packs of an hour into the bucket, as the function writes what its queue brings: an object a minute.
func (d *dayBench) hour(c *crowd, hour int) {
	d.b.Helper()
	const minutes = 60
	var objects [minutes]job.Archive
	n := 0
	for person := hour; person < dayPeople; person += 24 {
		one := c.device(fmt.Sprintf("user-%08d", person))
		c.clock = d.first.Add(time.Duration(hour)*time.Hour + time.Duration(c.random.Int64N(int64(50*time.Minute))))
		var texts []byte
		for range dayVisit {
			c.clock = c.clock.Add(time.Duration(c.random.Int64N(int64(20 * time.Second))))
			texts = append(append(texts, c.event(one)...), ',')
		}
		received := c.clock.Add(2 * time.Second)
		batch, err := event.ParseBatch(fmt.Appendf(nil, `{"batch":[%s],"sentAt":%q}`, texts[:len(texts)-1], stamp(received)), event.Arrival{ReceivedAt: received})
		if err != nil || len(batch.Events) != dayVisit {
			d.b.Fatal(err, batch.Refused)
		}
		pack := people.Pack{Profile: profile.Identifier{Kind: profile.UserID, Value: one.user}.ID(), Day: profile.DayOf(received)}
		for _, e := range batch.Events {
			pack.Events = append(pack.Events, people.PackedEvent{Source: "app", Event: e})
		}
		packed, err := people.Packed([]people.Pack{pack})
		if err != nil {
			d.b.Fatal(err)
		}
		of := &objects[n*minutes*24/dayPeople%minutes]
		of.Packs = append(of.Packs, job.Pack{ProfileID: pack.Profile, Day: pack.Day, Body: packed[0].Body()})
		d.packed += len(packed[0].Body())
		n++
	}
	for _, of := range objects {
		if len(of.Packs) == 0 {
			continue
		}
		body, err := json.Marshal(of)
		if err == nil {
			err = d.objects.Put(context.Background(), stored.PacksName(of), body)
		}
		if err != nil {
			d.b.Fatal(err)
		}
	}
}

// run lets the schedule come, and tells what it took of time and of this process, which plays S3 too.
func (d *dayBench) run() (wall, cpu time.Duration) {
	d.b.Helper()
	began, before := time.Now(), cpuTime()
	if err := d.process.Run(context.Background()); err != nil {
		d.b.Fatal(err)
	}
	return time.Since(began), cpuTime() - before
}

// calls counts the calls of the bucket so far: those that write or list, and those that read.
func (d *dayBench) calls() (writes, reads float64) {
	for _, u := range d.stack.Usage() {
		switch {
		case u.Service != "s3":
		case u.Action == "GetObject":
			reads += float64(u.Calls)
		case u.Action != "DeleteObjects" && u.Action != "DeleteObject": // which is free
			writes += float64(u.Calls)
		}
	}
	return writes, reads
}

// BenchmarkArchiveDay keeps a day of a million events on the local stack as it comes, an hour at a time, closes it, and asks a funnel of four steps of a hundred million events: of the day's files, again and
// again, on all processors.
func BenchmarkArchiveDay(b *testing.B) {
	const events = dayPeople * dayVisit
	for range b.N {
		d, c := newDayBench(b), newCrowd(11)
		var hours time.Duration
		var writes, reads float64
		for hour := range 24 {
			d.hour(c, hour)
			w, r := d.calls()
			_, cpu := d.run()
			after, later := d.calls()
			hours, writes, reads = hours+cpu, writes+after-w, reads+later-r
		}
		w, r := d.calls()
		d.now = d.first.Add(24*time.Hour + time.Minute)
		took, cpu := d.run()
		after, later := d.calls()
		head, _, err := stored.Load(context.Background(), d.objects)
		if err != nil {
			b.Fatal(err)
		}
		day := head.Days[profile.DayOf(d.first)]
		if day.Closes != 1 || len(day.Files) != dayShards {
			b.Fatalf("the day was closed %d times and has %d files", day.Closes, len(day.Files))
		}
		files, size, kept := make([]*columns.File, dayShards), 0, 0
		var bodies [][]byte
		for _, one := range day.Files {
			body, _, err := d.objects.Read(context.Background(), one.Name)
			if err != nil {
				b.Fatal(err)
			}
			if files[one.Shard], err = columns.Open(bytes.NewReader(body), int64(len(body))); err != nil {
				b.Fatal(err)
			}
			size, kept, bodies = size+len(body), kept+one.Events, append(bodies, body)
		}
		if kept != events {
			b.Fatalf("the day has %d events", kept)
		}
		figures := map[string]float64{
			"archive.hours_cpu_us_per_event": float64(hours.Microseconds()) / events, "archive.close_cpu_us_per_event": float64(cpu.Microseconds()) / events, "archive.close_1m_s": took.Seconds(), "archive.close_1m_cpu_s": cpu.Seconds(),
			"archive.day_bytes_per_event": float64(size) / events, "archive.pack_bytes_per_event": float64(d.packed) / events,
			// Of the bucket, for a day of one shard. Reading each object of packs once is among them, a minute's a day.
			"archive.writes_per_shard_and_day": (writes + after - w) / dayShards, "archive.reads_per_shard_and_day": (reads + later - r) / dayShards,
		}
		began, before := time.Now(), cpuTime()
		askAgain(b, d.first, files, askEvents/events)
		figures["archive.ask_100m_s"], figures["archive.ask_100m_cpu_s"] = time.Since(began).Seconds(), (cpuTime() - before).Seconds()
		m := d.intake(c)
		m.keeping, m.writes, m.reads = archiveKeeps(b), (writes+after-w)/dayShards, (reads+later-r)/dayShards
		m.write, m.bytes = (hours+cpu).Seconds()/2/events, float64(size)/events // of a whole stack, in place of a file's alone
		m.askedBytes = d.asked(bodies) / events
		figures["archive.asked_bytes_per_event"] = m.askedBytes
		m.merged = map[int]float64{}
		merges := d.mergesOf(c)
		for _, jobs := range []int{1, 2, dayShards, 2 * dayShards} {
			alone, withMerges := askOnce(b, d.first, files, jobs, nil), askOnce(b, d.first, files, jobs, merges)
			figures[fmt.Sprintf("archive.merged_jobs%d_ns_per_event", jobs)] = float64(withMerges.Nanoseconds()) / events
			times := float64(withMerges) / float64(alone)
			figures[fmt.Sprintf("archive.merged_jobs%d_times", jobs)], m.merged[jobs] = times, times
		}
		each, all := askTogether(b, d.first, files, merges)
		figures["archive.together_times"], figures["archive.together_ns_per_event"] = float64(all)/float64(each), float64(all.Nanoseconds())/events/togetherAsked
		m.together = float64(all) / float64(each)
		maps.Copy(figures, insightUSD(m))
		report(b, figures)
	}
}

// intake measures what brings events from their commits into the bucket, of device batches of 20.
func (d *dayBench) intake(c *crowd) (m insightMeasured) {
	d.b.Helper()
	const people, batches = 400, 4
	crowd := d.crowdOf(c, people, func(one device) []string { return []string{c.identify(one)} })
	var requests []request
	for range batches {
		for _, one := range crowd {
			requests = append(requests, batch(c.some(one, 20)))
		}
	}
	s := d.measure(func() { d.post(8, serverKey, requests) })
	s.projected(d.b, len(requests))
	const events = people * batches * 20
	for _, u := range s.usage {
		if u.Service == "sqs" && strings.HasSuffix(u.Resource, "ArchiveQueue") && strings.HasPrefix(u.Action, "SendMessage") {
			m.queueUnits += u.Requests / events
		}
	}
	for _, r := range s.readings {
		if r.Function == "archive" {
			m.intakeSeconds += r.gigabyteSeconds() / events
		}
	}
	if m.queueUnits == 0 || m.intakeSeconds == 0 {
		d.b.Fatalf("nothing came to archive: %+v", m)
	}
	return m
}

// counted tells how much is read of a file.
type counted struct {
	io.ReaderAt
	bytes *int64
}

func (c counted) ReadAt(into []byte, at int64) (int, error) {
	*c.bytes += int64(len(into))
	return c.ReaderAt.ReadAt(into, at)
}

// asked is how many bytes a question reads of the day's files, in the mean of a funnel, of counts and of sessions.
func (d *dayBench) asked(bodies [][]byte) float64 {
	d.b.Helper()
	date, total := d.first.Format(time.DateOnly), int64(0)
	questions := [][]byte{fourSteps(d.first), fmt.Appendf(nil, `{"kind":"count","from":%q,"to":%q,"by":"day"}`, date, date), fmt.Appendf(nil, `{"kind":"sessions","from":%q,"to":%q,"by":"day"}`, date, date)}
	for _, definition := range questions {
		var files []*columns.File
		for _, body := range bodies {
			f, err := columns.Open(counted{bytes.NewReader(body), &total}, int64(len(body)))
			if err != nil {
				d.b.Fatal(err)
			}
			files = append(files, f)
		}
		q, err := fold.Compile(definition, profile.Shop{}, profile.DayOf(d.first))
		if err == nil {
			err = (columns.Reading{Shards: 1}).Fold(q, files...)
		}
		if err != nil {
			d.b.Fatal(err)
		}
	}
	return float64(total) / float64(len(questions))
}

// mergesOf lets one of a hundred people have been merged into somebody else since.
func (d *dayBench) mergesOf(c *crowd) map[columns.Person]columns.Person {
	d.b.Helper()
	person := func(n int) columns.Person {
		p, err := columns.PersonOf(profile.Identifier{Kind: profile.UserID, Value: fmt.Sprintf("user-%08d", n)}.ID())
		if err != nil {
			d.b.Fatal(err)
		}
		return p
	}
	merges := map[columns.Person]columns.Person{}
	for n := 0; n < dayPeople; n += 100 {
		merges[person(n)] = person(n + 1 + c.random.IntN(99))
	}
	return merges
}

// jobOf is how a job reads: a shard, where there are more jobs than shards one half of its people.
func jobOf(job, jobs int, merges map[columns.Person]columns.Person) columns.Reading {
	if jobs <= dayShards {
		return columns.Reading{Shard: job, Shards: jobs, Merged: merges}
	}
	r, half := columns.Reading{Shard: job / 2, Shards: dayShards, Merged: merges}, columns.Person{0x80}
	if job%2 == 0 {
		r.Before = half
	} else {
		r.From = half
	}
	return r
}

// askTogether asks several questions of all files, in a job for each shard, each by itself without merges, and together with them, and tells the processor's time of the rounds that were disturbed least.
func askTogether(b *testing.B, day time.Time, files []*columns.File, merges map[columns.Person]columns.Person) (each, all time.Duration) {
	b.Helper()
	date := day.Format(time.DateOnly)
	definitions := [][]byte{fourSteps(day)}
	for _, kind := range []string{`"kind":"count","by":"day"`, `"kind":"sessions","by":"day"`, `"kind":"retention","by":"day","first":{"event":"*"},"return":{"event":"*"},"periods":3`, `"kind":"count","by":"day","split":"context.device.model"`, `"kind":"count","by":"day","events":[{"event":"Product Viewed"}]`,
		`"kind":"funnel","split":"context.device.model","steps":[{"event":"Product Viewed"},{"event":"Product Added"}]`, `"kind":"sessions","by":"day","split":"context.device.model"`} {
		definitions = append(definitions, fmt.Appendf(nil, `{%s,"from":%q,"to":%q}`, kind, date, date))
	}
	compiled := func() (out []fold.Fold) {
		for _, definition := range definitions {
			q, err := fold.Compile(definition, profile.Shop{}, profile.DayOf(day))
			if err != nil {
				b.Fatal(err)
			}
			out = append(out, q)
		}
		return out
	}
	each, all = math.MaxInt64, math.MaxInt64
	for range 3 {
		alone := time.Duration(0)
		for job := range dayShards {
			for _, q := range compiled() {
				before := cpuTime()
				if err := jobOf(job, dayShards, nil).Fold(q, files...); err != nil {
					b.Fatal(err)
				}
				alone += cpuTime() - before
			}
		}
		before := cpuTime()
		for job := range dayShards {
			if err := jobOf(job, dayShards, merges).FoldAll(compiled(), files...); err != nil {
				b.Fatal(err)
			}
		}
		each, all = min(each, alone), min(all, cpuTime()-before)
	}
	if len(definitions) != togetherAsked {
		b.Fatalf("%d questions", len(definitions))
	}
	return each, all
}

// askOnce asks the funnel of all files once, in so many jobs, and tells the processor's time of the round that was disturbed least.
func askOnce(b *testing.B, day time.Time, files []*columns.File, jobs int, merges map[columns.Person]columns.Person) time.Duration {
	b.Helper()
	best := time.Duration(math.MaxInt64)
	for range 3 {
		before := cpuTime()
		for job := range jobs {
			q, err := fold.Compile(fourSteps(day), profile.Shop{}, profile.DayOf(day))
			if err != nil {
				b.Fatal(err)
			}
			if err := jobOf(job, jobs, merges).Fold(q, files...); err != nil {
				b.Fatal(err)
			}
		}
		best = min(best, cpuTime()-before)
	}
	return best
}

// fourSteps is a funnel of four steps of a day.
func fourSteps(day time.Time) []byte {
	date := day.Format(time.DateOnly)
	return fmt.Appendf(nil, `{"kind":"funnel","from":%q,"to":%q,"steps":[{"event":"Product List Viewed"},{"event":"Product Viewed"},{"event":"Product Added"},{"event":"Products Searched"}]}`, date, date)
}

// askAgain asks a funnel of the files, a shard at a time, so many times, on all processors.
func askAgain(b *testing.B, day time.Time, files []*columns.File, times int) {
	b.Helper()
	var next atomic.Int64
	var all errgroup.Group
	for range runtime.NumCPU() {
		all.Go(func() error {
			for n := next.Add(1) - 1; n < int64(times*len(files)); n = next.Add(1) - 1 {
				q, err := fold.Compile(fourSteps(day), profile.Shop{}, profile.DayOf(day))
				if err != nil {
					return err
				}
				shard := int(n) % len(files)
				if err := (columns.Reading{Shard: shard, Shards: len(files)}).Fold(q, files[shard]); err != nil {
					return err
				}
				if rows := q.Partial().(*fold.Reached).Rows; len(rows) == 0 || rows[0].Steps[0] == 0 {
					return errors.New("nobody takes the first step")
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		b.Fatal(err)
	}
}
