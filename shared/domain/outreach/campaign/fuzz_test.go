package campaign

import (
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/fault/faulttest"
	"github.com/userops/userops/shared/domain/people/profile"
)

// FuzzParse reads any text as a campaign: refused with fields and reasons, or the same once written and read again, with times and arms that make sense.
func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`{"id":"a","name":"A","state":"running","channel":"email","templateId":"t","trigger":{"event":{"name":"Order Completed","where":[{"property":"total","op":"gte","value":100}]}},"wait":"1h30m","expiresAfter":"3d","onceEvery":"7d","cancelOn":["Order Completed"],"tags":["x"]}`,
		`{"id":"a","name":"A","state":"scheduled","channel":"sms","variants":[{"id":"a","weight":0.5,"templateId":"t"},{"id":"b","weight":0.5,"templateId":"u"}],"control":0.1,"trigger":{"audience":{"segmentId":"vip","at":"2026-11-21T08:00:00Z"}}}`,
		`{"id":"a","name":"A","state":"draft","channel":"email","templateId":"t","trigger":{"enteredSegment":"vip"},"condition":{"all":[{"field":"orders.count","op":"gte","value":1}]},"transactional":true,"unproven":false,"oncePerPerson":true}`,
		`{"wait":"-1s"}`, `{"wait":"999999h"}`, `{"variants":[{"weight":1e308},{"weight":1e308}]}`, `{"trigger":null}`, `[]`, `{`, `{"name":1}`,
	} {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"id":"a","name":"A","state":"running","channel":"email","templateId":"t","trigger":{"event":{"name":"Signed Up","where":[]}}}`))
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := Parse(body)
		if faulttest.Refused(t, body, err) {
			return
		}
		text, again := faulttest.ReadBack(t, body, d, Parse)
		if e := d.Trigger.Event; e != nil && len(e.Where) == 0 {
			e.Where = nil // an empty list is not written
		}
		if !reflect.DeepEqual(again.Trigger.Event, d.Trigger.Event) || again.Wait != d.Wait || again.OnceEvery != d.OnceEvery {
			t.Fatalf("%s comes back as %+v", text, again)
		}
		due, notAfter := d.DueAfter(now)
		if due.Before(now) && d.Trigger.Audience == nil || notAfter.Before(due) {
			t.Fatalf("%s is due at %s and not after %s", body, due, notAfter)
		}
		arm := d.Assign("ann")
		if again := d.Assign("ann"); !reflect.DeepEqual(arm, again) {
			t.Fatalf("%s has two arms for one person", body)
		}
		if NotificationID(profile.ID("p"), d.ID, d.Step("cause")) == "" {
			t.Fatal("a notification without an id")
		}
	})
}
