package outreach

import (
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const (
	attrStop    = "stop"    // of a decision: the stop under which it is listed
	attrChannel = "channel" // of what a stop lists, as the following ones
	attrAt      = "at"      // when it was skipped, milliseconds
	attrAgainAt = "againAt" // when the person was entered again, milliseconds; absent before
	attrAgainBy = "againBy" // the request that has done it
	// What is counted of a stop and a campaign.
	attrSkipped = "skipped"
	attrEntered = "entered"
)

// listedUnder is the stop under which a decision is listed, empty for none.
func listedUnder(d delivery.Decision) string {
	if d.Entry == "" {
		return ""
	}
	return d.Stop
}

// listing are the writes that list a decision under its stop, and take what it replaces from the list.
func (s Deliveries) listing(d delivery.Decision, stands dynamo.Item) (writes []dynamo.Write) {
	at := key.Decision(d.ProfileID, d.Asked.UTC().Truncate(time.Millisecond), d.NotificationID)
	stop, was := listedUnder(d), dynamo.TextOf(stands, attrStop)
	if was != "" && was != stop {
		writes = append(writes, dynamo.Remove(s.Table, key.Skip(was, at), dynamo.Condition{}))
	}
	if stop != "" && was != stop {
		i := key.Skip(stop, at).Item()
		i[dynamo.AttrBody], i[attrChannel], i[attrAt] = dynamo.TextValue(d.Entry), dynamo.TextValue(string(d.Channel)), dynamo.NumberValue(d.At.UnixMilli())
		i[dynamo.AttrTTL] = dynamo.NumberValue(s.Now.Time().Add(delivery.DecisionLife).Unix())
		writes = append(writes, dynamo.Put(s.Table, i, dynamo.Condition{}))
	}
	return writes
}

// listed are the items by which stops list decisions.
func listed(decisions []dynamo.Item) (all []dynamo.Item) {
	for _, i := range decisions {
		if stop := dynamo.TextOf(i, attrStop); stop != "" {
			all = append(all, key.Skip(stop, dynamo.At(dynamo.TextOf(i, dynamo.AttrPK), dynamo.TextOf(i, dynamo.AttrSK))).Item())
		}
	}
	return all
}
