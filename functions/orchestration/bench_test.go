package orchestration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type bench struct {
	*functiontest.Shop
	process       *Process
	notifications *functiontest.Queue
	segmentation  *functiontest.Queue
	self          *functiontest.Queue
	ann           *profile.Profile
}

// with adds fields to a campaign.
func with(body, fields string) string { return strings.Replace(body, "{", "{"+fields+",", 1) }

func start(t testing.TB, body string) *bench {
	t.Helper()
	b := &bench{Shop: functiontest.Open(t, noon), notifications: &functiontest.Queue{}, segmentation: &functiontest.Queue{}, self: &functiontest.Queue{}}
	b.define(definition.Campaign, "c", body)
	b.ann = b.Person("ann", func(*profile.Profile) {})
	b.Item("Due", map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "orchestration#floor"}, "sk": &types.AttributeValueMemberS{Value: "floor"},
		"minute": &types.AttributeValueMemberN{Value: fmt.Sprint(noon.Unix())}}) // so that the first tick need not look back
	return b
}

// define saves a definition; the process forgets what it had cached.
func (b *bench) define(kind, id, body string) {
	b.Helper()
	b.Define(kind, id, body)
	b.process = New(Settings{ProfilesTable: "Profiles", TimelineTable: "Timeline", CatalogTable: "Catalog", DueTable: "Due", DeliveriesTable: "Deliveries", ResultsTable: "Results", TimeZone: time.UTC, Currency: "CNY"}, b.DB, nil, b.Now)
	b.process.Notifications, b.process.Segmentation, b.process.Self = b.notifications, b.segmentation, b.self
}

func (b *bench) change(f func(*profile.Profile)) {
	b.Helper()
	f(b.ann)
	b.Must(b.Profiles.Save(b.Context(), b.ann))
}

// join puts Ann into the segment.
func join(p *profile.Profile) { p.Members = map[string]profile.Membership{"vip": {Since: noon}} }

// follow is the nth thing that followed from Ann's commits.
func (b *bench) follow(n int, kind profile.FollowKind, ref string, at time.Time) job.Follow {
	f := profile.Follow{Kind: kind, Ref: ref, Version: int64(n), At: at}
	if kind == profile.FollowEvent {
		f.Event = fmt.Sprint("m", n)
	}
	return job.Follow{ID: f.JobID(b.ann.ID), ProfileID: b.ann.ID, Follow: f}
}

func (b *bench) signUp(n int) job.Follow {
	return b.follow(n, profile.FollowEvent, "Signed Up", b.Now())
}

// hear hands over a job and answers whether it comes again.
func (b *bench) hear(j job.Orchestration) bool {
	b.Helper()
	return len(functiontest.Deliver(b.Context(), b, b.process.Handle, functiontest.Body(b, j))) > 0
}

func (b *bench) heard(follows ...job.Follow) {
	b.Helper()
	if b.hear(job.Orchestration{Follows: follows}) {
		b.Error("the job comes again")
	}
}

func (b *bench) tick() error {
	_, err := b.process.Handle(b.Context(), json.RawMessage(`{"schedule":"minute"}`))
	return err
}

// asked lists what dispatch was asked for so far.
func (b *bench) asked() []job.Notification {
	b.Helper()
	var all []job.Notification
	for _, j := range functiontest.Jobs[job.Notifications](b, b.notifications) {
		if len(j.Notifications) > perMessage {
			b.Errorf("%d notifications", len(j.Notifications))
		}
		all = append(all, j.Notifications...)
	}
	return all
}

// expect says how many different notifications were asked for.
func (b *bench) expect(want int) {
	b.Helper()
	ids := map[string]bool{}
	for _, n := range b.asked() {
		ids[n.ID] = true
	}
	if len(ids) != want {
		b.Errorf("%d notifications were asked for, want %d", len(ids), want)
	}
}
