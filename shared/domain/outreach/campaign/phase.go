package campaign

import "time"

// Phase is how far a campaign is by itself, beside the state that operators give it.
type Phase string

// The phases. Who is drafting, pausing or ending a campaign has said so by its state, which is its phase then.
const (
	Planned   Phase = "planned"   // its audience is yet to come
	Sending   Phase = "sending"   // its audience is asked for and spoken to
	SentOut   Phase = "sent"      // nothing is sent to its audience any more
	Listening Phase = "listening" // it takes whoever its trigger brings
)

// Phase is how far the campaign is at a time.
func (d Definition) Phase(now time.Time) Phase {
	if d.State != Running && d.State != Scheduled {
		return Phase(d.State)
	}
	a := d.Trigger.Audience
	if a == nil {
		return Listening
	}
	due, until := d.DueAfter(a.At)
	switch {
	case now.Before(due):
		return Planned
	case now.After(until):
		return SentOut
	}
	return Sending
}
