package profile

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// said is an event about consent that happened and was received at minutes after t0.
func said(name, properties string, happened, received int) event.Event {
	return event.Event{Kind: event.Track, Name: name, Properties: json.RawMessage(properties),
		Timestamp: t0.Add(time.Duration(happened) * time.Minute), ReceivedAt: t0.Add(time.Duration(received) * time.Minute)}
}

func TestTheLastWordByReceiptCounts(t *testing.T) {
	const mail, again = `{"channel":"email"}`, `{"channel":"email","restated":true}`
	day := 24 * 60
	for _, c := range []struct {
		name   string
		events []event.Event
		want   bool
		reason string
	}{
		{"granted", []event.Event{said(event.ConsentGranted, mail, 0, 0)}, true, ""},
		{"withdrawn after a grant that is dated ahead", []event.Event{said(event.ConsentGranted, mail, day, 0), said(event.Unsubscribed, mail, 5, 5)}, false, "unsubscribe"},
		{"granted again after that", []event.Event{said(event.ConsentGranted, mail, day, 0), said(event.Unsubscribed, mail, 5, 5), said(event.ConsentGranted, mail, 6, 6)}, true, ""},
		{"an older withdrawal that came later", []event.Event{said(event.ConsentGranted, mail, 5, 5), said(event.ConsentRevoked, mail, 1, 6)}, false, ""},
		{"received at once, happened one after the other", []event.Event{said(event.ConsentRevoked, mail, 1, 9), said(event.ConsentGranted, mail, 2, 9)}, true, ""},
		{"received at once, the grant dated ahead, the withdrawal of now", []event.Event{said(event.ConsentRevoked, mail, 9, 9), said(event.ConsentGranted, mail, day, 9)}, false, ""},
		{"received at once, the stricter", []event.Event{said(event.ConsentGranted, mail, 3, 9), said(event.ConsentRevoked, mail, 3, 9)}, false, ""},
		{"in other letters", []event.Event{said(event.ConsentGranted, mail, 0, 0), said(event.ConsentRevoked, `{"channel":" Email "}`, 1, 1)}, false, ""},
		{"without a channel", []event.Event{said(event.ConsentGranted, mail, 0, 0), said(event.Unsubscribed, `{}`, 1, 1)}, false, "unsubscribe"},
		{"complained", []event.Event{said(event.ConsentGranted, mail, day, 0), said(event.EmailMarkedAsSpam, `{}`, 1, 1)}, false, "complaint"},
		{"opted in after a complaint", []event.Event{said(event.EmailMarkedAsSpam, `{}`, 1, 1), said(event.ConsentGranted, mail, 0, 2)}, true, ""},
		{"told again after a withdrawal", []event.Event{said(event.ConsentGranted, mail, 0, 0), said(event.Unsubscribed, mail, 3*day, 3*day), said(event.ConsentGranted, again, 0, 5*day)}, false, "unsubscribe"},
		{"granted anew, and told", []event.Event{said(event.Unsubscribed, mail, 3*day, 3*day), said(event.ConsentGranted, again, 4*day, 5*day)}, true, ""},
		{"a refusal told again after a grant", []event.Event{said(event.ConsentRevoked, again, 0, 1), said(event.ConsentGranted, mail, 3*day, 3*day), said(event.ConsentRevoked, again, 0, 5*day)}, true, ""},
		{"told ahead of its time", []event.Event{said(event.ConsentGranted, again, 9*day, 2), said(event.Unsubscribed, mail, 3, 3)}, false, "unsubscribe"},
		{"a bounce is no word", []event.Event{said(event.ConsentGranted, mail, 0, 0), said(event.EmailBounced, `{}`, 1, 1)}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			forward, backward := &Profile{}, &Profile{}
			halves := [2]*Profile{{}, {}}
			for i := range c.events {
				forward.Fold(&c.events[i], Shop{Currency: "CNY"})
				backward.Fold(&c.events[len(c.events)-1-i], Shop{Currency: "CNY"})
				halves[i%2].Fold(&c.events[i], Shop{Currency: "CNY"})
			}
			halves[0].Absorb(halves[1])
			for name, p := range map[string]*Profile{"in order": forward, "in reverse": backward, "in two profiles": halves[0]} {
				if got := p.Consent["email"]; got.Granted != c.want || got.Reason != c.reason || len(p.Consent) != 1 || got.At.After(got.ReceivedAt) {
					t.Errorf("%s: %+v", name, p.Consent)
				}
			}
		})
	}
}

// TestWordsAreInOneOrder unites words of every kind in many sequences: what is left is always the same.
func TestWordsAreInOneOrder(t *testing.T) {
	var words []Consent
	for _, granted := range []bool{false, true} {
		for _, at := range []int{0, 1, 2} {
			for _, received := range []int{-1, 1, 2} {
				for _, reason := range []string{"", "complaint"} {
					w := Consent{Granted: granted, At: t0.Add(time.Duration(at) * time.Hour), Reason: reason}
					if received >= 0 {
						w.ReceivedAt = t0.Add(time.Duration(received) * time.Hour)
					}
					words = append(words, w)
				}
			}
		}
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		some := words[:2+r.IntN(5)]
		unite := func(order []int) Consent {
			p := &Profile{}
			for _, i := range order {
				p.SetConsent("email", some[i])
			}
			return p.Consent["email"]
		}
		want := unite(r.Perm(len(some)))
		for range 5 {
			if got := unite(r.Perm(len(some))); !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v and %+v are left of %+v", got, want, some)
			}
		}
	}
}

func TestOutweighs(t *testing.T) {
	for name, c := range map[string]struct {
		word Consent
		want bool
	}{
		"a grant received after":        {Consent{Granted: true, ReceivedAt: t0.Add(1)}, true},
		"a grant received at that time": {Consent{Granted: true, ReceivedAt: t0}, false},
		"a refusal received after":      {Consent{ReceivedAt: t0.Add(1)}, false},
		"a grant of an unknown time":    {Consent{Granted: true, At: t0.Add(time.Hour)}, false},
	} {
		if got := c.word.Outweighs(t0); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestJudgeConsent(t *testing.T) {
	for _, c := range []struct {
		name, properties string
		taken            bool
	}{
		{event.ConsentGranted, `{"channel":"email"}`, true},
		{event.ConsentGranted, `{"channel":" E Mail"}`, true},
		{event.ConsentRevoked, `{"channel":"SMS"}`, true},
		{event.Unsubscribed, `{}`, true},
		{event.Unsubscribed, `{"channel":null}`, true},
		{event.Unsubscribed, ``, true},
		{event.ConsentRevoked, `{"channel":"e-mail"}`, false},
		{event.ConsentGranted, `{"channel":["email"]}`, false},
		{event.Unsubscribed, `{"channel":7}`, false},
		{event.ConsentRevoked, `{"channels":["email","sms"]}`, false},
		{event.ConsentRevoked, `{"channels":["email","sms"],"channel":"sms"}`, true},
		{"Product Viewed", `{"channel":"window"}`, true},
	} {
		field, reason := JudgeConsent(&event.Event{Kind: event.Track, Name: c.name, Properties: json.RawMessage(c.properties)})
		if (reason == "") != c.taken || !c.taken && (field != "properties.channel" || !strings.Contains(reason, "email, ")) {
			t.Errorf("%s %s: %q %q", c.name, c.properties, field, reason)
		}
	}
}

func TestWithdrawalOf(t *testing.T) {
	for _, c := range []struct {
		name, properties, reason, channel, address string
	}{
		{event.EmailBounced, `{}`, "bounce", "email", ""},
		{event.EmailBounced, `{"type":"hard","email":" Ann@Shop.example "}`, "bounce", "email", "Ann@Shop.example"},
		{event.EmailBounced, `{"type":"soft"}`, "", "", ""},
		{event.EmailBounced, `{"bounce_type":"Transient"}`, "", "", ""},
		{event.EmailBounced, `{"type":"SoftBounce"}`, "", "", ""},
		{event.EmailBounced, `{"bounceType":"soft-bounce"}`, "", "", ""},
		{event.EmailBounced, `{"severity":"temporary"}`, "", "", ""},
		{event.EmailBounced, `{"classification":"Mailbox Full"}`, "", "", ""},
		{event.EmailBounced, `{"type":"HardBounce","bounce_type":"Permanent"}`, "bounce", "email", ""},
		{event.EmailMarkedAsSpam, `{"type":"soft"}`, "complaint", "email", ""},
		{event.Unsubscribed, `{}`, "unsubscribe", "email", ""},
		{event.ConsentRevoked, `{"channel":"SMS","email":"a@b.example"}`, "unsubscribe", "sms", ""},
		{event.ConsentGranted, `{}`, "", "", ""},
	} {
		e := said(c.name, c.properties, 1, 2)
		got := WithdrawalOf(&e)
		want := Withdrawal{Channel: c.channel, Reason: c.reason, Address: c.address}
		if c.reason != "" {
			want.At = e.ReceivedAt
		}
		if got != want {
			t.Errorf("%s %s: %+v, want %+v", c.name, c.properties, got, want)
		}
	}
	told := said(event.ConsentRevoked, `{"restated":true}`, 1, 2)
	if got := WithdrawalOf(&told); !got.At.Equal(told.Timestamp) {
		t.Errorf("told again, it counts as of %v, want %v", got.At, told.Timestamp)
	}
}
