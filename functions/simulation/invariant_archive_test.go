package simulation

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// kept is an event by what it is known by, of the profile whose commit it was.
type kept struct{ profile, source, id string }

// packedEvents are the events of all packs of the timeline, and the merges that it tells of: absorbed by kept.
func (w *world) packedEvents() (all map[kept]event.Event, times map[kept]int, merges map[string]string) {
	all, times, merges = map[kept]event.Event{}, map[kept]int{}, map[string]string{}
	for _, i := range w.scan(w.table("Timeline")) {
		text, _ := i["b"]["B"].(string)
		body, err := base64.StdEncoding.DecodeString(text)
		check(err)
		list, err := people.EventsOf(body)
		check(err)
		for _, e := range list {
			if e.Event.Name == event.ProfilesMerged && e.Source == "projection" {
				var p struct{ Kept, Absorbed string }
				check(json.Unmarshal(e.Event.Properties, &p))
				merges[p.Absorbed] = p.Kept
				continue
			}
			k := kept{i.text("pk"), e.Source, e.Event.MessageID}
			all[k] = e.Event
			times[k]++
		}
	}
	return all, times, merges
}

// direct carries calls to the bucket's stand-in, past all faults.
type direct struct{ w *world }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	answer := &reply{status: 200, header: http.Header{}}
	d.w.objects.ServeHTTP(answer, r)
	return &http.Response{StatusCode: answer.status, Header: answer.header, Body: io.NopCloser(bytes.NewReader(answer.body)), ContentLength: int64(len(answer.body)), Request: r}, nil
}

// bucket is the archive's, past all faults.
func (w *world) bucket() bucket.Bucket {
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://s3.sim"), UsePathStyle: true, Credentials: aws.AnonymousCredentials{}, HTTPClient: direct{w}})
	return bucket.Bucket{Client: client, Name: w.template.Buckets[0].Name}
}

// library is what the archive holds by its head: events with how often each is there, merges, and up to when what was received of people is left out.
type library struct {
	head   *archive.Head
	events map[kept]event.Event
	times  map[kept]int
	merged map[string]bool
	gone   columns.Erasures
	packs  []bucket.Object // that no file holds yet
}

func (w *world) library() *library {
	ctx, b := context.Background(), w.bucket()
	l := &library{events: map[kept]event.Event{}, times: map[kept]int{}, merged: map[string]bool{}}
	var err error
	l.head, _, err = archive.Load(ctx, b)
	check(err)
	erased, err := archive.LoadErased(ctx, b, l.head)
	check(err)
	l.gone = archive.Erasures(erased)
	for _, d := range l.head.Days {
		for _, one := range d.Files {
			f, err := archive.OpenFile(ctx, b, one.Name)
			check(err)
			for e, err := range f.Rows() {
				check(err)
				if k := (kept{string(e.Person.ID()), e.Source, e.MessageID}); l.take(k, e.Event) {
					l.times[k]++
				}
			}
		}
	}
	merges, err := archive.LoadMerges(ctx, b, l.head)
	check(err)
	for absorbed := range merges {
		l.merged[string(absorbed.ID())] = true
	}
	objects, err := b.List(ctx, archive.PacksPrefix)
	check(err)
	l.packs = l.head.Fresh(objects)
	for _, o := range l.packs {
		body, _, err := b.Read(ctx, o.Key)
		check(err)
		var a job.Archive
		check(json.Unmarshal(body, &a))
		for _, p := range a.Packs {
			list, err := people.EventsOf(p.Body)
			check(err)
			for _, e := range list {
				if k := (kept{string(p.ProfileID), e.Source, e.Event.MessageID}); l.take(k, e.Event) {
					l.times[k] = max(l.times[k], 1) // copies fall away when it is taken
				}
			}
		}
		for _, m := range a.Merges {
			l.merged[m.Ref] = true
		}
	}
	return l
}

// take notes an event, of several copies the one that was received last, and tells whether an answer would read this one.
func (l *library) take(k kept, e event.Event) bool {
	if old, there := l.events[k]; !there || e.ReceivedAt.After(old.ReceivedAt) {
		l.events[k] = e
	}
	return e.ReceivedAt.After(l.erased(k))
}

// erased is up to when what was received of a profile is left out, the zero time for none.
func (l *library) erased(k kept) time.Time {
	who, err := columns.PersonOf(profile.ID(k.profile))
	check(err)
	return l.gone[who]
}

// read tells whether an answer would read an event.
func (l *library) read(k kept) bool { return l.events[k].ReceivedAt.After(l.erased(k)) }

// goesToo says that an erasure takes more from the archive than from the timeline: what was received before it by an id that was not erased, and came to the profile only after it.
func (l *library) goesToo(k kept, e event.Event) bool {
	by := profile.Identifier{Kind: profile.UserID, Value: e.UserID}
	if e.UserID == "" {
		by = profile.Identifier{Kind: profile.AnonymousID, Value: e.AnonymousID}
	}
	return string(by.ID()) != k.profile && !e.ReceivedAt.After(l.erased(k))
}

// checkArchive holds the archive to the timeline, event by event.
func checkArchive(w *world, _ *state, broken func(string, string, ...any)) {
	timeline, times, _ := w.packedEvents()
	l := w.library()
	for k, e := range timeline {
		other, there := l.events[k]
		switch {
		case l.goesToo(k, e):
		case !there || !l.read(k):
			broken("profile:"+k.profile, "%s of %s, received at %s, stands in the timeline and not in the archive: there %v", k.id, k.source, clock(e.ReceivedAt), there)
		case !bytes.Equal(e.Properties, other.Properties) || e.Name != other.Name || e.Kind != other.Kind:
			broken("profile:"+k.profile, "%s is another event in the archive", k.id)
		case l.times[k] > times[k]: // days later it may be told anew
			broken("profile:"+k.profile, "%s of %s is %d times in the archive", k.id, k.source, l.times[k])
		}
	}
	for k, e := range l.events {
		if _, there := timeline[k]; there || !l.read(k) {
			continue
		}
		// What came between the asking and the tombstones goes with the timeline, and stays in the archive.
		if l.erased(k).IsZero() || e.ReceivedAt.After(w.buriedAt(k.profile)) {
			broken("profile:"+k.profile, "%s of %s, received at %s, is read in the archive and not in the timeline", k.id, k.source, clock(e.ReceivedAt))
		}
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	check(err)
	for day, d := range l.head.Days {
		if end := (day + 1).Start(zone); time.Since(end) > 30*time.Hour && (d.Closes == 0 || d.Open) {
			broken("", "the day %s ended at %s and is not closed: %d times, open %v", day, clock(end), d.Closes, d.Open)
		}
	}
	for _, o := range l.packs {
		if time.Since(o.Written) > 3*time.Hour {
			broken("", "%s was written at %s, and no file holds it", o.Key, clock(o.Written))
		}
	}
}

func checkArchivedMerges(w *world, _ *state, broken func(string, string, ...any)) {
	_, _, told := w.packedEvents()
	l := w.library()
	for absorbed, by := range told {
		if !l.merged[absorbed] && w.buriedAt(absorbed).IsZero() {
			broken("profile:"+by, "the archive has not heard that %s was merged into this one", absorbed)
		}
	}
}

// buriedAt is when the last tombstones were written that name a profile, the zero time for none.
func (w *world) buriedAt(id string) (at time.Time) {
	for _, t := range w.watch.tombstones {
		if bytes.Contains(t.body, []byte("p#"+id)) {
			at = later(at, t.at)
		}
	}
	return at
}
