package projection

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/telemetry"
)

// comparedCommits is of how many commits one batch reads a pack to compare duplicates of one person. It bounds what a client that
// sends everything twice can cost.
const comparedCommits = 2

// compare counts, by source, the duplicates whose content differs from that of the event that was folded. They stay duplicates. The count is for
// whoever maintains the client. Only the pack of the day that a duplicate names is read. A duplicate that is not found there, or cannot be
// read, is not counted.
func (b *batch) compare(ctx context.Context, p *profile.Profile, folded map[*profile.Commit][]incoming) {
	read := 0
	for c, events := range folded {
		if read++; read > comparedCommits {
			return
		}
		id := p.ID
		if c.Part != "" {
			id = c.Part
		}
		packed, err := b.process.Timeline.Packed(ctx, id, profile.DayOf(events[0].event.Happened()), c.Version)
		if err != nil {
			return // a count is not worth a redelivery
		}
		stored := map[event.Hash]string{}
		for i := range packed {
			stored[event.Fingerprint(packed[i].Source, packed[i].Event.MessageID)] = content(&packed[i].Event)
		}
		other := map[string]int{}
		for i := range events {
			if was, found := stored[events[i].hash]; found && was != content(&events[i].event) {
				other[events[i].source]++
			}
		}
		for source, n := range other {
			countOther(source, n)
		}
	}
}

func countOther(source string, n int) {
	telemetry.Count("duplicate_with_other_content", n, "function", "projection", "source", source)
}

// content is what an event says without what clients change when they send it again: times, ids of the person, context.
func content(e *event.Event) string {
	var b bytes.Buffer
	b.WriteString(string(e.Kind) + "\x00" + e.Name + "\x00" + e.GroupID + "\x00" + e.PreviousID)
	for _, raw := range []json.RawMessage{e.Properties, e.Traits} {
		b.WriteByte(0)
		if len(raw) > 0 {
			_ = json.Compact(&b, raw) // it was read as JSON before
		}
	}
	return b.String()
}
