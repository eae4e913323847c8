//go:build linux

package functions

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// filedEvent is an event by whose it is and what it is known by.
type filedEvent struct{ profile, source, id string }

// archive holds what the bucket has to the timeline: the files that the head names, and the objects of packs that no file holds yet.
func (x *trial) archive() {
	ctx := x.t.Context()
	keys := credentials.NewStaticCredentialsProvider("developer", "developer", "")
	objects := bucket.Bucket{Name: "test-archivebucket", Client: s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(x.child.at.S3), UsePathStyle: true, HTTPClient: cloud.Client(), Credentials: keys})}
	must := func(err error) {
		x.t.Helper()
		if err != nil {
			x.t.Fatal(err)
		}
	}
	kept := map[filedEvent]int{}
	head, _, err := archive.Load(ctx, objects)
	must(err)
	for _, d := range head.Days {
		for _, one := range d.Files {
			f, err := archive.OpenFile(ctx, objects, one.Name)
			must(err)
			for e, err := range f.Rows() {
				must(err)
				kept[filedEvent{string(e.Person.ID()), e.Source, e.MessageID}]++
			}
		}
	}
	filed := len(kept)
	listed, err := objects.List(ctx, archive.PacksPrefix)
	must(err)
	for _, o := range head.Fresh(listed) {
		body, _, err := objects.Read(ctx, o.Key)
		must(err)
		var all job.Archive
		must(json.Unmarshal(body, &all))
		for _, p := range all.Packs {
			list, err := people.EventsOf(p.Body)
			must(err)
			for _, e := range list {
				k := filedEvent{string(p.ProfileID), e.Source, e.Event.MessageID}
				kept[k] = max(kept[k], 1)
			}
		}
	}
	db := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String(x.child.at.DynamoDB), HTTPClient: cloud.Client(), Credentials: keys})
	timeline := people.Timeline{DB: db, Table: "test-Timeline"}
	want := map[filedEvent]bool{}
	for place, begun := (people.Place{}), false; !begun || place != (people.Place{}); begun = true {
		packs, next, err := timeline.Scan(ctx, place)
		must(err)
		for _, p := range packs {
			list, err := people.EventsOf(p.Body)
			must(err)
			for _, e := range list {
				if e.Event.Name != event.ProfilesMerged {
					want[filedEvent{string(p.Profile), e.Source, e.Event.MessageID}] = true
				}
			}
		}
		place = next
	}
	for k := range want {
		if kept[k] != 1 {
			x.t.Errorf("%s of %s is %d times in the archive", k.id, k.profile, kept[k])
		}
	}
	for k := range kept {
		if !want[k] {
			x.t.Errorf("%s of %s is in the archive and not in the timeline", k.id, k.profile)
		}
	}
	x.t.Logf("the archive has %d events as the timeline has, %d of them in files", len(kept), filed)
}
