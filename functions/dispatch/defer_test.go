package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestADecisionThatCannotBeWritten: the job comes again, whichever guard had turned the notification away.
func TestADecisionThatCannotBeWritten(t *testing.T) {
	for name, c := range map[string]struct{ campaign, settings string }{
		"kill switch": {welcome, `{"killSwitch":true}`},
		"a cap":       {welcome, `{"caps":[{"limit":1,"per":1,"unit":"days"}]}`},
		"quiet hours": {welcome, `{"quietHours":{"start":"11:00","end":"14:00"}}`},
		"no template": {strings.Replace(welcome, "hello", "none", 1), `{}`},
	} {
		b := start(t, c.campaign)
		b.define(definition.Settings, delivery.SettingsID, c.settings)
		if name == "a cap" {
			settle(b, b.process, b.ask("first"))
		}
		b.DB.Fail(dynamotest.AnyWrite, 1, dynamotest.NotPersisted)
		b.DB.Fail(dynamotest.AnyWrite, 2, dynamotest.NotPersisted) // a deferral is written twice at once
		if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 {
			t.Errorf("%s: a notification that is not on record is taken as done", name)
		}
	}
}

// minutes are those under which something is filed, with how many entries each has.
func (b *bench) minutes() map[string]int {
	b.Helper()
	found := map[string]int{}
	b.DB.Each(b, "Due", func(item map[string]types.AttributeValue) {
		if of := strings.Split(item["pk"].(*types.AttributeValueMemberS).Value, "#")[1]; of != "waits" {
			found[of]++
		}
	})
	return found
}

// TestTheEndOfANightIsSpread: what waits for it is filed over the minutes after it, always under the same one, and never too late.
func TestTheEndOfANightIsSpread(t *testing.T) {
	const quiet = `{"quietHours":{"start":"11:00","end":"14:00"}}`
	for name, c := range map[string]struct {
		settings string
		end      time.Time
		notAfter time.Time
	}{
		"a night":                 {quiet, noon.Add(2 * time.Hour), noon.Add(24 * time.Hour).UTC()},
		"a night, without an end": {quiet, noon.Add(2 * time.Hour), time.Time{}},
		"a cap's next day":        {`{"caps":[{"limit":1,"per":1,"unit":"days","over":"defer"}]}`, noon.Add(12 * time.Hour), time.Time{}},
	} {
		b := start(t, welcome)
		b.define(definition.Settings, delivery.SettingsID, c.settings)
		if name == "a cap's next day" {
			settle(b, b.process, b.ask("first"))
		}
		for i := range 60 {
			for range 2 { // a redelivery files the same entry
				n := b.ask(fmt.Sprint("s", i))
				n.NotAfter = c.notAfter
				settle(b, b.process, n)
			}
		}
		total := 0
		for minute, n := range b.minutes() {
			at, err := time.Parse("200601021504", minute)
			if late := at.Sub(c.end); err != nil || late < 0 || late > spread {
				t.Errorf("%s: %d are filed %v after the end", name, n, late)
			}
			total += n
		}
		if found := b.minutes(); total != 60 || len(found) < 10 {
			t.Errorf("%s: %d entries in %d minutes", name, total, len(found))
		}
	}
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, quiet)
	for i := range 30 {
		n := b.ask(fmt.Sprint("s", i))
		n.NotAfter = noon.Add(2 * time.Hour).UTC() // it may not be later than the end itself
		settle(b, b.process, n)
	}
	if found := b.minutes(); len(found) != 1 {
		t.Errorf("filed under %v", found)
	}
}

// TestAPauseIsAskedAboutInTime: soon at first, less often the longer it lasts, and once more when the notification is about to expire.
func TestAPauseIsAskedAboutInTime(t *testing.T) {
	for _, c := range []struct{ late, left, want time.Duration }{
		{0, 24 * time.Hour, time.Minute},
		{8 * time.Minute, 24 * time.Hour, 2 * time.Minute},
		{10 * time.Hour, 24 * time.Hour, 30 * time.Minute},
		{10 * time.Hour, 5 * time.Minute, 5 * time.Minute},
	} {
		b := start(t, strings.Replace(welcome, "running", "paused", 1))
		b.Pass(c.late)
		n := b.ask("s1")
		n.NotAfter = b.Now().Add(c.left).UTC()
		settle(b, b.process, n)
		b.expect(0, "deferred notRunning")
		waiting := b.waiting()
		if len(waiting) != 1 || !waiting[0].At.Equal(b.Now().Add(c.want)) {
			t.Errorf("%v late, %v left: %+v", c.late, c.left, waiting)
		}
	}
}

// TestADecidedAttemptIsNotJudgedAnew puts a notification off, skips it when it comes again, and then lets the first job come once more: by now
// nothing forbids it.
func TestADecidedAttemptIsNotJudgedAnew(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"quietHours":{"start":"11:00","end":"14:00"}}`)
	first := b.ask("s1")
	settle(b, b.process, first)
	waiting := b.waiting()
	b.Pass(2 * time.Hour)
	b.define(definition.Settings, delivery.SettingsID, `{"killSwitch":true}`)
	settle(b, b.process, waiting...)
	b.define(definition.Settings, delivery.SettingsID, `{}`)
	settle(b, b.process, first)
	settle(b, b.process, waiting...)
	b.expect(0, "deferred quietHours", "skipped killSwitch")
}

// TestWhatIsPutOffComesWhenItsRecordSays breaks what files a notification; the job comes again when it would be put off to another time, and when it would
// be sent.
func TestWhatIsPutOffComesWhenItsRecordSays(t *testing.T) {
	for _, later := range []time.Duration{10 * time.Minute, 5 * time.Hour} {
		b := start(t, welcome)
		b.provider.answer = func(call int) error {
			if call == 1 {
				return notNow
			}
			return nil
		}
		b.DB.Fail("PutItem", 3, dynamotest.NotPersisted) // after the reservation and what takes it back
		if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 || len(b.waiting()) != 0 {
			t.Fatalf("%d come again, %d wait: no write of the filing was broken", len(again), len(b.waiting()))
		}
		b.DB.Heal()
		b.expect(1, "deferred providerError")
		until := b.lastDecision().Until
		b.Pass(later)
		settle(b, b.another(), b.ask("s1"))
		b.expect(1, "deferred providerError")
		if w := b.waiting(); len(w) != 1 || !w[0].At.Equal(until) || w[0].Deferred != 1 {
			t.Errorf("it waits as %+v, and the record says %v", w, until)
		}
	}
}
