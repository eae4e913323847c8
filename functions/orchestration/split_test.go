package orchestration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// TestWhoCannotBeReadGoesAlone: one person in a job cannot be read. Everybody else is asked for, however long the list is, and a job comes
// again that holds that one alone.
func TestWhoCannotBeReadGoesAlone(t *testing.T) {
	const people = perRound + 20
	for name, jobOf := range map[string]func(*bench, []profile.ID) job.Orchestration{
		"audience": func(_ *bench, ids []profile.ID) job.Orchestration {
			return job.Orchestration{Audience: &job.AudienceList{ID: "l", CampaignID: "c", RunID: "audience-c-1795262400", SegmentID: "vip", Profiles: ids}}
		},
		"follows": func(b *bench, ids []profile.ID) job.Orchestration {
			var j job.Orchestration
			for _, id := range ids {
				f := b.follow(1, profile.FollowEntered, "vip", b.Now())
				f.ID, f.ProfileID = fmt.Sprint(id, ".1.0"), id
				j.Follows = append(j.Follows, f)
			}
			return j
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, map[string]string{"audience": toAll, "follows": onEntered}[name])
			var ids []profile.ID
			for i := range people {
				ids = append(ids, b.Person(fmt.Sprint("u", i), join).ID)
			}
			b.Item("Profiles", map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(ids[0])}, "sk": &types.AttributeValueMemberS{Value: "p"},
				"v": &types.AttributeValueMemberN{Value: "1"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}})
			if b.hear(jobOf(b, ids)) {
				t.Error("the whole job comes again")
			}
			b.expect(people - 1)
			rest := b.self.Take()
			if len(rest) != 1 {
				t.Fatalf("%d jobs go on", len(rest))
			}
			var j job.Orchestration
			b.Must(json.Unmarshal([]byte(rest[0]), &j))
			if n := len(j.Follows); n > 1 || n == 1 && j.Follows[0].ProfileID != ids[0] || j.Audience != nil && fmt.Sprint(j.Audience.Profiles) != fmt.Sprint(ids[:1]) {
				t.Errorf("what goes on is %+v", j)
			}
			// By itself it comes again, and its receives are counted.
			if !b.hear(j) || len(b.self.Take()) != 0 {
				t.Error("it does not come again by itself")
			}
			// Sent again weeks later, when it would be too late whoever it is, it ends, on record.
			b.Pass(4 * 7 * 24 * time.Hour)
			if b.hear(j) {
				t.Error("it comes again for ever")
			}
			if got := fmt.Sprint(b.decisions(&profile.Profile{ID: ids[0]})); got != "[expired: unreadable]" {
				t.Errorf("past its time: %s", got)
			}
		})
	}
}

// TestNothingWaitsForEver: a wait of somebody who cannot be read is looked at again until it is too late, and has a decision then.
func TestNothingWaitsForEver(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"10m"`))
	b.heard(b.signUp(1))
	b.Item("Profiles", map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(b.ann.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"},
		"v": &types.AttributeValueMemberN{Value: "1"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}})
	for range 24 {
		b.Pass(time.Hour)
		b.Must(b.tick())
	}
	if got := fmt.Sprint(b.decisions(b.ann)); got != "[]" {
		t.Errorf("while there is time: %s", got)
	}
	b.Pass(time.Hour)
	b.Must(b.tick())
	if got := fmt.Sprint(b.decisions(b.ann)); got != "[expired: unreadable]" {
		t.Errorf("past its time: %s", got)
	}
	b.expect(0)
	if out, err := b.DB.Scan(t.Context(), &dynamodb.ScanInput{TableName: new("Due"), FilterExpression: new("attribute_exists(b)")}); err != nil || len(out.Items) != 0 {
		t.Errorf("it still waits: %v, %v", out.Items, err)
	}
}

// TestACampaignThatANewerProgramHasSaved keeps who waits for it, until it is too late: it is not gone.
func TestACampaignThatANewerProgramHasSaved(t *testing.T) {
	for name, c := range map[string]struct {
		mended bool
		want   string
		sent   int
	}{"another program takes over": {true, "[]", 1}, "none does": {false, "[expired: unreadable]", 0}} {
		b := start(t, with(onEvent, `"wait":"10m"`))
		b.heard(b.signUp(1))
		b.define(definition.Campaign, "c", strings.Replace(with(onEvent, `"wait":"10m"`), `"email"`, `"pigeon"`, 1))
		for range 23 {
			b.Pass(time.Hour)
			b.Must(b.tick())
		}
		if got := fmt.Sprint(b.decisions(b.ann)); got != "[]" {
			t.Errorf("%s: while there is time: %s", name, got)
		}
		if c.mended {
			b.define(definition.Campaign, "c", with(onEvent, `"wait":"10m"`))
		}
		for range 3 {
			b.Pass(time.Hour)
			b.Must(b.tick())
		}
		if got := fmt.Sprint(b.decisions(b.ann)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		b.expect(c.sent)
	}
}

// postponed notes for how long jobs are put off.
type postponed []int32

func (p *postponed) ChangeMessageVisibility(_ context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	*p = append(*p, in.VisibilityTimeout)
	return &sqs.ChangeMessageVisibilityOutput{}, nil
}

// TestATriggerWaitsForItsEvent: the commit stands and its pack does not yet; the job waits for it like for a service that is away.
func TestATriggerWaitsForItsEvent(t *testing.T) {
	b := start(t, strings.Replace(onEvent, `"Signed Up"`, `"Signed Up","where":[{"property":"plan","op":"eq","value":"gold"}]`, 1))
	var put postponed
	b.process.Queue = queue.Consumer{Postponer: queue.Postponer{Client: &put}, Jitter: func(time.Duration) time.Duration { return 0 }}
	f := b.follow(1, profile.FollowEvent, "Signed Up", noon)
	f.Event, f.Source = "m-1", "web"
	if !b.hear(job.Orchestration{Follows: []job.Follow{f}}) || fmt.Sprint(put) != "[30]" {
		t.Errorf("the job is put off by %v", put)
	}
	b.expect(0)
}
