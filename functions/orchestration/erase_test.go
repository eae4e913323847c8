package orchestration

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

func TestErasedWhileWaiting(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"10m"`))
	b.Must(b.tick())
	b.heard(b.signUp(1))
	b.Must(b.Profiles.Erase(t.Context(), b.ann, noon, b.ann.TombstoneVersion(noon)))
	b.Pass(10 * time.Minute)
	b.Must(b.tick())
	b.expect(0)
}

// TestErasedWhileItsCampaignIsPaused: what waits for the end of a pause is filed anew each time. Where no wipe finds it, it goes at the next look.
func TestErasedWhileItsCampaignIsPaused(t *testing.T) {
	for _, deferred := range []int{0, 1} {
		b := start(t, with(onEvent, `"wait":"1h"`))
		b.Must(b.tick())
		b.heard(b.signUp(1))
		b.define(definition.Campaign, "c", strings.Replace(with(onEvent, `"wait":"1h"`), "running", "paused", 1))
		if deferred > 0 { // as dispatch puts it off
			body := functiontest.Body(b, job.Notification{ID: "n", ProfileID: b.ann.ID, CampaignID: "c", CampaignVersion: 1, At: noon, Since: noon, NotAfter: noon.Add(25 * time.Hour), Deferred: deferred})
			b.Must(b.process.Due.Wait(t.Context(), due.OwnerOrchestration, b.ann.ID, noon.Add(time.Hour), "n.1", []byte(body)))
		}
		waits := func() (n int) {
			b.DB.Each(t, "Due", func(i map[string]types.AttributeValue) {
				if _, filed := i["b"]; filed {
					n++
				}
			})
			return n
		}
		b.Pass(time.Hour)
		b.Must(b.tick())
		if n := waits(); n != 1+deferred {
			t.Fatalf("%d wait for the end of the pause", n)
		}
		b.Must(b.Profiles.Erase(t.Context(), b.ann, b.Now(), b.ann.TombstoneVersion(b.Now())))
		for range 35 {
			b.Pass(time.Minute)
			b.Must(b.tick())
		}
		if n := waits(); n != 0 {
			t.Errorf("deferred %d: %d still wait for who was erased", deferred, n)
		}
		b.expect(0)
	}
}

// TestEnrolledBeforeAnErasure: a campaign that enrols nobody twice within a time enrols who came back, also while its note of the former one is not wiped yet.
func TestEnrolledBeforeAnErasure(t *testing.T) {
	b := start(t, with(onEvent, `"onceEvery":"90d"`))
	b.heard(b.signUp(1))
	b.expect(1)
	b.Pass(time.Minute)
	b.Must(b.Profiles.Erase(t.Context(), b.ann, b.Now(), b.ann.TombstoneVersion(b.Now())))
	b.Pass(time.Minute)
	back, err := b.Profiles.Load(t.Context(), b.ann.ID)
	b.Must(err)
	back.Identifiers, back.FirstSeen, back.LastSeen = b.ann.Identifiers, b.Now(), b.Now()
	b.Must(b.Profiles.Save(t.Context(), back))
	b.ann = back
	for n := range 2 {
		f := b.signUp(int(back.Version) + n)
		f.At = b.Now()
		b.heard(f)
	}
	b.expect(2)
}

// TestErasedAndBack: who stands under the id now came after the erasure, and hears nothing of what the other one did.
func TestErasedAndBack(t *testing.T) {
	for _, wait := range []string{"", `"wait":"10m"`} {
		definition := onEvent
		if wait != "" {
			definition = with(onEvent, wait)
		}
		b := start(t, definition)
		b.Must(b.tick())
		before := b.signUp(1)
		if wait != "" {
			b.heard(before)
		}
		b.change(func(p *profile.Profile) { p.RememberErasure(b.ann.ID, noon.Add(time.Second)) })
		if wait == "" {
			b.heard(before)
		}
		b.Pass(10 * time.Minute)
		b.Must(b.tick())
		b.expect(0)
	}
}
