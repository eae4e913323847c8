package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	figures "github.com/userops/userops/shared/domain/insight/live"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/live"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/outbox"
	"github.com/userops/userops/shared/pinyin"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// outlet is a queue whose jobs may be read as follows.
type outlet struct{ functiontest.Queue }

// follows lists the distinct jobs of an outlet as "kind ref profile".
func (o *outlet) follows(t *testing.T) []string {
	t.Helper()
	ids := map[string]string{}
	for _, envelope := range functiontest.Jobs[job.Follows](t, &o.Queue) {
		for _, f := range envelope.Follows {
			what := fmt.Sprintf("%s %s %s", f.Kind, f.Ref, f.ProfileID)
			if old, sent := ids[f.ID]; sent && old != what {
				t.Errorf("job %s says %q and %q", f.ID, old, what)
			}
			ids[f.ID] = what
		}
	}
	return slices.Sorted(maps.Values(ids))
}

// shop is one store with as many workers as a test wants.
type shop struct {
	counts bool // today's figures, too
	*functiontest.Shop
	settlement *outlet
	campaigns  *outlet
	reports    *outlet
	archive    *outlet
	watch      *Watch
	rested     int  // how many of the reports rest and tick have delivered
	blind      bool // nothing is read ahead

	mu        sync.Mutex
	postponed int
}

type fixed struct{ w *Watch }

func (f fixed) Current(context.Context) (*Watch, error) { return f.w, nil }

func newShop(t *testing.T) *shop {
	return &shop{Shop: functiontest.Open(t, t0.Add(time.Hour)), settlement: &outlet{}, campaigns: &outlet{}, reports: &outlet{}, archive: &outlet{}}
}

// uncounted counts nothing: the figures of today are writes that no job hangs on.
type uncounted struct{}

func (uncounted) Count(figures.Figures) {}
func (uncounted) Write(context.Context) {}

func (s *shop) worker() *Process {
	ahead := people.NewAhead(s.DB, "Profiles", "Timeline")
	timeline := people.Timeline{DB: ahead, Table: "Timeline"}
	p := &Process{
		Profiles: people.Profiles{DB: ahead, Table: "Profiles", History: timeline}, Orders: people.Orders{DB: ahead, Table: "Profiles"}, Ahead: ahead,
		Timeline: timeline, Archive: outbox.Packs{Queue: s.archive}, Rules: fixed{s.watch},
		Addresses: s.Deliveries,
		Traces: []Traces{
			people.OrderTraces{Orders: s.Orders, Timeline: timeline, Kept: reward.Referrals{DB: s.DB, Table: "Referrals"}.OrdersOf},
			timeline, s.Deliveries, outreach.Enrolments{DB: s.DB, Table: "Due"}, due.Waits{DB: s.DB, Table: "Due"},
			reward.Referrals{DB: s.DB, Table: "Referrals"},
			people.Search{DB: s.DB, Table: "Search"},
		},
		Search: people.Search{DB: s.DB, Table: "Search"}, List: "list", Present: people.Profiles{DB: s.DB, Table: "Profiles"}, Reading: pinyin.Name,
		Outbox: outbox.Queues{job.ToSettlement: s.settlement, job.ToOrchestration: s.campaigns, job.ToProjection: s.reports, job.ToArchive: s.archive},
		Self:   s.reports, Currency: "CNY",
		Later:     due.Due{DB: s.DB, Table: "Due", Now: s.Now},
		Now:       s.Now,
		Live:      uncounted{},
		Postponer: s, Jitter: func(time.Duration) time.Duration { return 0 },
	}
	if s.blind {
		p.Ahead = nil
	}
	if s.counts {
		p.Live = live.Begin(s.DB, "Live", s.Now)
	}
	return p
}

// ownEntry tells whether something waits in Due for projection itself.
func ownEntry(item map[string]types.AttributeValue) bool {
	pk := item["pk"].(*types.AttributeValueMemberS).Value
	return item["b"] != nil && !strings.HasPrefix(pk, due.OwnerArchive+"#")
}

// Postpone notes the delay.
func (s *shop) Postpone(_ context.Context, _ string, delay time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postponed++
	return nil
}

func envelope(t testing.TB, source string, list ...event.Event) events.SQSMessage {
	t.Helper()
	return events.SQSMessage{Body: functiontest.Body(t, job.Events{Source: source, Events: list})}
}

// deliver hands the records to the worker and answers those that are to come again.
func deliver(t testing.TB, p *Process, records ...events.SQSMessage) []events.SQSMessage {
	t.Helper()
	for i := range records {
		records[i].MessageId = fmt.Sprint("record-", i)
	}
	out, err := p.Handle(context.Background(), events.SQSEvent{Records: records})
	if err != nil {
		t.Fatal(err)
	}
	var again []events.SQSMessage
	for _, f := range out.BatchItemFailures {
		for _, r := range records {
			if r.MessageId == f.ItemIdentifier {
				again = append(again, r)
			}
		}
	}
	return again
}

// settle delivers until nothing comes back, to a new worker each time, as after a crash.
func (s *shop) settle(records ...events.SQSMessage) (rounds int) {
	s.Helper()
	for rounds = 1; ; rounds++ {
		records = deliver(s, s.worker(), records...)
		if len(records) == 0 {
			return rounds
		}
		if rounds == 6 {
			s.Fatal("jobs still come back after six rounds")
		}
	}
}

func (s *shop) load(i profile.Identifier) *profile.Profile {
	s.Helper()
	p, err := s.Profiles.Load(s.Context(), i.ID())
	s.Must(err)
	return p
}

func user(id string) profile.Identifier {
	return profile.Identifier{Kind: profile.UserID, Value: id}
}

func anonymous(id string) profile.Identifier {
	return profile.Identifier{Kind: profile.AnonymousID, Value: id}
}

// knowledge is what the store holds of a person, without the record of the protocol.
type knowledge struct {
	Profile  profile.Profile
	Timeline []string // messageIds, newest first
}

func (s *shop) knows(i profile.Identifier) knowledge {
	s.Helper()
	p := s.load(i)
	list, next, err := s.Timeline.Events(context.Background(), p.Keys(), 10_000, "")
	if err != nil || next != "" {
		s.Fatal(err, next)
	}
	k := knowledge{Profile: *p}
	k.Profile.Version, k.Profile.Window, k.Profile.Outbox = 0, profile.Window{}, nil
	for _, e := range list {
		if e.Name != event.ProfilesMerged { // whether there are merges hangs on the sequence
			k.Timeline = append(k.Timeline, e.MessageID)
		}
	}
	return k
}

func track(id, userID, name string, at time.Time, properties string) event.Event {
	e := event.Event{MessageID: id, Kind: event.Track, UserID: userID, Name: name, Timestamp: at, OriginalTimestamp: at, ReceivedAt: t0}
	if properties != "" {
		e.Properties = json.RawMessage(properties)
	}
	return e
}

func identify(id, userID, anonymousID string, at time.Time, traits string) event.Event {
	return event.Event{MessageID: id, Kind: event.Identify, UserID: userID, AnonymousID: anonymousID, Timestamp: at, OriginalTimestamp: at, ReceivedAt: t0, Traits: json.RawMessage(traits)}
}

func browse(id, anonymousID string, at time.Time) event.Event {
	return event.Event{MessageID: id, Kind: event.Page, AnonymousID: anonymousID, Timestamp: at, OriginalTimestamp: at, ReceivedAt: t0}
}
