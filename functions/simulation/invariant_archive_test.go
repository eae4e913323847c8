package simulation

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// kept is an event by what it is known by, of the profile whose commit it was.
type kept struct{ profile, source, id string }

// packedEvents are the events of all packs of the timeline, and the merges that it tells of: absorbed by kept.
func (w *world) packedEvents() (all map[kept]event.Event, merges map[string]string) {
	all, merges = map[kept]event.Event{}, map[string]string{}
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
			all[kept{i.text("pk"), e.Source, e.Event.MessageID}] = e.Event
		}
	}
	return all, merges
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

// archivedPacks are the events in the objects of packs, and the merges.
func (w *world) archivedPacks() (all map[kept]event.Event, merges map[string]string) {
	all, merges = map[kept]event.Event{}, map[string]string{}
	ctx, b := context.Background(), w.bucket()
	objects, err := b.List(ctx, archive.PacksPrefix)
	check(err)
	for _, o := range objects {
		body, _, err := b.Read(ctx, o.Key)
		check(err)
		var a job.Archive
		check(json.Unmarshal(body, &a))
		for _, p := range a.Packs {
			list, err := people.EventsOf(p.Body)
			check(err)
			for _, e := range list {
				all[kept{string(p.ProfileID), e.Source, e.Event.MessageID}] = e.Event
			}
		}
		for _, m := range a.Merges {
			merges[m.Ref] = string(m.ProfileID)
		}
	}
	return all, merges
}

// checkArchive holds the archive to the timeline, event by event. Of who was erased at some time it may hold more: the list of the erased leaves it out.
func checkArchive(w *world, _ *state, broken func(string, string, ...any)) {
	timeline, _ := w.packedEvents()
	archived, _ := w.archivedPacks()
	for k, e := range timeline {
		other, there := archived[k]
		switch {
		case !there:
			broken("profile:"+k.profile, "%s of %s stands in the timeline and not in the archive", k.id, k.source)
		case !bytes.Equal(e.Properties, other.Properties) || e.Name != other.Name || e.Kind != other.Kind:
			broken("profile:"+k.profile, "%s is another event in the archive", k.id)
		}
	}
	for k := range archived {
		if _, there := timeline[k]; !there && !w.wiped(k.profile) {
			broken("profile:"+k.profile, "%s of %s stands in the archive and not in the timeline", k.id, k.source)
		}
	}
}

func checkArchivedMerges(w *world, _ *state, broken func(string, string, ...any)) {
	_, told := w.packedEvents()
	_, archived := w.archivedPacks()
	for absorbed, by := range told {
		if archived[absorbed] == "" && !w.wiped(absorbed) {
			broken("profile:"+by, "the archive has not heard that %s was merged into this one", absorbed)
		}
	}
}

// wiped tells whether a profile was ever erased: of it the archive may hold what the timeline does not.
func (w *world) wiped(profile string) bool {
	for _, t := range w.watch.tombstones {
		if bytes.Contains(t.body, []byte("p#"+profile)) || bytes.Contains(t.body, []byte(`"`+profile+`"`)) {
			return true
		}
	}
	return false
}
