package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// line notes the jobs of one queue, or fails.
type line struct {
	jobs []string
	err  error
}

func (l *line) Send(_ context.Context, v any) error {
	text, err := json.Marshal(v)
	l.jobs = append(l.jobs, string(text))
	return errors.Join(err, l.err)
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func follow(kind profile.FollowKind, n int) profile.Follow {
	return profile.Follow{Kind: kind, Ref: "r", Version: 3, N: n, At: noon}
}

func TestEachHearsOfItsKinds(t *testing.T) {
	settlement, orchestration, projection := &line{}, &line{}, &line{}
	all := Queues{job.ToSettlement: settlement, job.ToOrchestration: orchestration, job.ToProjection: projection}
	var owed Owed
	owed.Add("p", []profile.Follow{
		follow(profile.FollowOrder, 0), follow(profile.FollowEvent, 1), follow(profile.FollowReport, 2), follow("of-a-newer-version", 3),
		follow(profile.FollowSignUp, 4), follow(profile.FollowEntered, 5),
	})
	owed.Add("q", []profile.Follow{follow(profile.FollowOrder, 0)})
	if err := all.Send(t.Context(), &owed, 2); err != nil {
		t.Fatal(err)
	}
	one := func(id, kind, n string) string {
		return `{"id":"` + id + `.3.` + n + `","profileId":"` + id + `","kind":"` + kind + `","ref":"r","version":3,"n":` + n + `,"at":"2026-03-01T12:00:00Z"}`
	}
	for name, c := range map[string]struct {
		got  *line
		want []string
	}{
		"settlement": {settlement, []string{
			`{"follows":[` + one("p", "order", "0") + `,` + one("p", "signup", "4") + `]}`, `{"follows":[` + one("q", "order", "0") + `]}`}},
		"orchestration": {orchestration, []string{
			`{"follows":[` + one("p", "event", "1") + `,` + one("p", "entered", "5") + `]}`}},
		"projection": {projection, []string{
			`{"source":"","command":{"id":"p.3.2","kind":"order","profileId":"r","at":"2026-03-01T12:00:00Z","report":{"profileId":"p","day":20513,"version":3,"messageId":""}}}`}},
	} {
		if !slices.Equal(c.got.jobs, c.want) {
			t.Errorf("%s got\n%q\nwant\n%q", name, c.got.jobs, c.want)
		}
	}
}

func TestTake(t *testing.T) {
	two := Queues{job.ToSettlement: &line{}, job.ToOrchestration: &line{}}
	for kind, want := range map[profile.FollowKind]bool{
		profile.FollowOrder: true, profile.FollowSignUp: true, profile.FollowEvent: true, profile.FollowEntered: true, profile.FollowExited: true,
		profile.FollowProved: true, profile.FollowUnproved: true, profile.FollowUnconfirmed: true, profile.FollowReport: false, "of-a-newer-version": false,
	} {
		if got := two.Take(follow(kind, 0)); got != want {
			t.Errorf("%s is taken: %v, want %v", kind, got, want)
		}
	}
}

func TestAFailedSendIsToldWithItsQueue(t *testing.T) {
	lost := errors.New("lost")
	var owed Owed
	owed.Add("p", []profile.Follow{follow(profile.FollowOrder, 0), follow(profile.FollowEvent, 1)})
	orchestration := &line{}
	err := Queues{job.ToSettlement: &line{err: lost}, job.ToOrchestration: orchestration}.Send(t.Context(), &owed, 25)
	if !errors.Is(err, lost) || err.Error() != "telling settlement what follows: lost" || len(orchestration.jobs) != 0 {
		t.Errorf("%v; %q", err, orchestration.jobs)
	}
	if err := (Queues{job.ToOrchestration: orchestration}).Send(t.Context(), &owed, 25); err != nil || len(orchestration.jobs) != 1 {
		t.Errorf("who is not reached stands in the way of others: %v, %q", err, orchestration.jobs)
	}
}
