package campaign

import (
	"fmt"
	"math"
	"slices"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/slug"
	"github.com/userops/userops/shared/domain/span"
)

const (
	maxWait     = 365 * span.Day
	maxExpiry   = 30 * span.Day
	maxOnce     = 365 * span.Day
	maxVariants = 20
	maxList     = 20
	maxName     = 200
)

// Parse reads and checks a definition. A field that no campaign has is a fault: it is a misspelt one. With faults the definition
// holds what could be read.
func Parse(body []byte) (Definition, error) {
	var d Definition
	faults := fault.Decode(body, &d)
	faults = append(faults, d.conditionFaults(segment.Definition.Unanswerable)...)
	faults = append(faults, d.conditionFaults(segment.Definition.OfTheRun)...)
	return d, faults.And(d.Validate())
}

// Validate answers every fault of the definition as fault.Faults. Whether the templates and segments that it names exist is for
// whoever can look them up.
func (d Definition) Validate() error {
	var f fault.Faults
	if reason := slug.Fault(d.ID); reason != "" {
		f.Add("id", reason)
	}
	if d.Name == "" || len(d.Name) > maxName {
		f.Addf("name", "must be 1 to %d bytes", maxName)
	}
	if !slices.Contains([]State{Draft, Scheduled, Running, Paused, Finished, Cancelled}, d.State) {
		f.Add("state", "must be draft, scheduled, running, paused, finished or cancelled")
	}
	if d.State == Scheduled && d.Trigger.Audience == nil {
		f.Add("state", "scheduled is only for a campaign with trigger.audience")
	}
	f = append(f, d.Trigger.faults().Under("trigger")...)
	f = append(f, d.spanFaults()...)
	f = append(f, d.conditionFaults(segment.Definition.Unreadable)...)
	for i, name := range d.CancelOn {
		if name == "" || len(name) > maxName {
			f.Addf(fmt.Sprintf("cancelOn[%d]", i), "must be an event's name of 1 to %d bytes", maxName)
		}
	}
	if len(d.CancelOn) > maxList {
		f.Addf("cancelOn", "must be at most %d events", maxList)
	}
	if !slices.Contains(delivery.Channels(), d.Channel) {
		f.Addf("channel", "must be one of %v", delivery.Channels())
	}
	f = append(f, d.armFaults()...)
	if d.Transactional && d.Unproven != nil && *d.Unproven {
		f.Add("unproven", "must be absent or false with transactional: nobody asks for something in another's name")
	}
	for i, tag := range d.Tags {
		if tag == "" || len(tag) > 64 {
			f.Add(fmt.Sprintf("tags[%d]", i), "must be 1 to 64 bytes")
		}
	}
	if len(d.Tags) > maxList {
		f.Addf("tags", "must be at most %d", maxList)
	}
	return f.Err()
}

func (t Trigger) faults() fault.Faults {
	var f fault.Faults
	set := 0
	for _, one := range []bool{t.EnteredSegment != "", t.ExitedSegment != "", t.Event != nil, t.Audience != nil} {
		if one {
			set++
		}
	}
	if set != 1 {
		f.Add("", "must have exactly one of enteredSegment, exitedSegment, event and audience")
	}
	if e := t.Event; e != nil {
		if e.Name == "" || len(e.Name) > maxName {
			f.Addf("event.name", "must be 1 to %d bytes", maxName)
		}
		if len(e.Where) > maxList {
			f.Addf("event.where", "must be at most %d conditions", maxList)
		}
		for i, m := range e.Where {
			f = append(f, m.faults().Under(fmt.Sprintf("event.where[%d]", i))...)
		}
	}
	if a := t.Audience; a != nil {
		if a.SegmentID == "" {
			f.Add("audience.segmentId", "is required")
		}
		if a.At.IsZero() {
			f.Add("audience.at", "is required")
		}
	}
	return f
}

func (d Definition) spanFaults() fault.Faults {
	var f fault.Faults
	for _, one := range []struct {
		field       string
		value, most span.Span
	}{{"wait", d.Wait, maxWait}, {"expiresAfter", d.ExpiresAfter, maxExpiry}, {"onceEvery", d.OnceEvery, maxOnce}} {
		if one.value < 0 || one.value > one.most {
			f.Addf(one.field, "must be at most %s", one.most)
		}
	}
	if d.OncePerPerson && d.OnceEvery > 0 {
		f.Add("onceEvery", "must be absent with oncePerPerson")
	}
	if d.Trigger.Audience != nil && d.Wait > 0 {
		f.Add("wait", "must be absent with trigger.audience: the time of the audience is the wait")
	}
	if d.OnceEvery > 0 && d.OnceEvery < span.Minute {
		f.Add("onceEvery", "must be at least 1m")
	}
	return f
}

func (d Definition) armFaults() fault.Faults {
	var f fault.Faults
	if !(d.Control >= 0 && d.Control <= 0.5) {
		f.Add("control", "must be from 0 to 0.5")
	}
	if len(d.Variants) == 0 && d.TemplateID == "" {
		f.Add("templateId", "is required")
	}
	if len(d.Variants) > maxVariants {
		f.Addf("variants", "must be at most %d", maxVariants)
	}
	sum := 0.0
	seen := map[string]bool{}
	for i, v := range d.Variants {
		field := fmt.Sprintf("variants[%d]", i)
		if reason := slug.Fault(v.ID); reason != "" {
			f.Add(field+".id", reason)
		}
		if seen[v.ID] {
			f.Add(field+".id", "is the id of another variant too")
		}
		seen[v.ID] = true
		if !(v.Weight >= 0 && v.Weight <= 1) {
			f.Add(field+".weight", "must be from 0 to 1")
		}
		if v.TemplateID == "" && d.TemplateID == "" {
			f.Add(field+".templateId", "is required, since the campaign has none")
		}
		sum += v.Weight
	}
	if len(d.Variants) > 0 && math.Abs(sum-1) > 1e-6 {
		f.Addf("variants", "have weights that sum to %g and not to 1", sum)
	}
	return f
}
