package simulation

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// provider plays those who deliver mail and take webhooks.
type provider struct {
	w       *world
	objects *s3.Client // of the instance that calls
}

// sending is a notification that was handed to a provider.
type sending struct {
	Channel, Notification, Campaign, Profile, UserID, Address, Text, Unsubscribe string

	Handed    time.Time // when dispatch called, by its own clock
	Begun     time.Time
	Look      sight     // what dispatch had seen
	Invoked   time.Time // when the invocation began that sent it
	Answer    providerAnswer
	Delivered bool // the person has it
	Bounced   bool // the address is dead
}

type providerAnswer string

const (
	tookIt  providerAnswer = "took it"
	refused providerAnswer = "refused"
	notNow  providerAnswer = "not now"
	silent  providerAnswer = "no answer"
)

type providerSays struct {
	answer providerAnswer
	bounce bool
	after  time.Duration
}

// take answers as a provider does, and remembers what it delivered.
func (p *provider) take(ctx context.Context, s sending) providerSays {
	w := p.w
	inv := invocationOf(ctx)
	if inv == nil || inv.dead() {
		return providerSays{answer: silent}
	}
	s.Handed = time.Now().Add(inv.instance.skew)
	name := inv.callName(request{op: "send", where: s.Channel, key: s.Notification})
	d := dice{hash(w.seed, "provider", name)}
	w.operations++
	q := request{op: "send", where: s.Channel, effect: true, key: s.Notification}
	if w.wait(ctx, d.pause(time.Millisecond, 30*time.Millisecond)) != nil || inv.dead() {
		return providerSays{answer: silent}
	}
	if inv.crashes(crashBefore, q) {
		return providerSays{answer: silent}
	}
	s.Begun, s.Invoked, s.Look = time.Now(), inv.begun, w.consents.lastLook(s.Profile)
	inv.step(q)
	says := providerSays{answer: tookIt}
	strikes := func(f fault) bool {
		if !w.faults.strikes(f, name) {
			return false
		}
		inv.struck(f, name)
		return true
	}
	switch {
	case strikes(providerRefuses):
		says = providerSays{answer: refused, bounce: d.happens(0.3)}
	case strikes(providerNotNow):
		says = providerSays{answer: notNow, after: one(&d, 0, 0, 90*time.Second, 10*time.Minute)}
	case strikes(providerLost):
		s.Delivered = d.happens(0.7)
		s.Answer = silent
		w.sent(s)
		_ = w.wait(ctx, d.pause(time.Second, 20*time.Second))
		return providerSays{answer: silent}
	}
	s.Answer, s.Delivered, s.Bounced = says.answer, says.answer == tookIt, says.bounce
	w.sent(s)
	if inv.crashes(crashAfter, q) {
		return providerSays{answer: silent}
	}
	took := d.pause(5*time.Millisecond, 200*time.Millisecond)
	if strikes(providerSlow) {
		took = d.pause(time.Second, 9*time.Second)
	}
	if w.wait(ctx, took) != nil || inv.dead() {
		return providerSays{answer: silent}
	}
	return says
}

func (s sending) String() string {
	return s.Channel + " " + s.Notification + " of " + s.Campaign + " to " + s.Profile + ": " + string(s.Answer) + " (delivered " + strconv.FormatBool(s.Delivered) + ")"
}
