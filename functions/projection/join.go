package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/telemetry"
)

// Primary is the identifier that an event goes by: its userId, else its anonymousId. ok is false where neither means anybody.
func Primary(e *event.Event) (profile.Identifier, bool) {
	if e.UserID != "" {
		return profile.Identifier{Kind: profile.UserID, Value: e.UserID}, true
	}
	if e.AnonymousID != "" {
		return profile.Identifier{Kind: profile.AnonymousID, Value: e.AnonymousID}, true
	}
	return profile.Identifier{}, false
}

// linksOf are the joins that the ids of an event ask for. An identify or alias joins the ids that it names; any other event joins its ids
// if the person made it. A public event joins nothing; the fold notes what it claims. See docs/adr/0019-who-speaks.md.
func linksOf(e *event.Event) (links []join) {
	if e.UserID == "" || trust.May(e.Trust, false, trust.JoinDevice) != trust.Yes {
		return nil
	}
	user := profile.Identifier{Kind: profile.UserID, Value: e.UserID}
	device := func(id string) join {
		return join{a: user, b: profile.Identifier{Kind: profile.AnonymousID, Value: id}, at: e.ReceivedAt}
	}
	if e.AnonymousID != "" && (e.Kind == event.Identify || e.Trust == trust.Person) {
		links = append(links, device(e.AnonymousID))
	}
	if e.Kind == event.Alias && e.PreviousID != "" && e.PreviousID != e.UserID {
		// Which kind the previous id is of, it does not say; see unite. Of who may not unite people it is a device.
		link := device(e.PreviousID)
		link.explicit = trust.May(e.Trust, false, trust.Unite) == trust.Yes
		links = append(links, link)
	}
	return links
}

// namesOf are the joins with what else the event says of its person: addresses, tokens and ids of other systems.
func namesOf(e *event.Event, primary profile.Identifier) []join {
	if e.Kind != event.Identify && e.Kind != event.Alias || trust.May(e.Trust, false, trust.JoinToken) != trust.Yes {
		return nil
	}
	var joins []join
	for _, i := range profile.Named(e) {
		fact := trust.JoinToken
		if i.Kind.Claimed() {
			fact = trust.JoinAddress
		}
		if trust.May(e.Trust, false, fact) == trust.Yes {
			joins = append(joins, join{a: primary, b: i, at: e.ReceivedAt})
		}
	}
	return joins
}

// view is whose identifiers are, as far as they were looked at: those of the group, and all that a loaded profile has.
type view map[profile.Identifier]*person

// view reads the group's profiles and carries out its joins. Merges are written here, each in a transaction of its own; an
// identifier without a profile is attached by the commit that follows. An identifier that a loaded profile has is not read: its
// key can only point there.
//
// events are the group's by the identifiers that they go by.
func (b *batch) view(ctx context.Context, g *group) (_ view, events map[profile.Identifier][]incoming, _ error) {
	v, byProfile := view{}, map[profile.ID]*person{}
	load := func(i profile.Identifier) (*person, error) {
		if who := v[i]; who != nil {
			return who, nil
		}
		p, err := b.process.Profiles.Load(ctx, i.ID())
		if err != nil {
			return nil, err
		}
		who := byProfile[p.ID]
		if who == nil {
			who = &person{profile: p}
			byProfile[p.ID] = who
		}
		v[i] = who
		for _, has := range p.Identifiers {
			if v[has] == nil {
				v[has] = who
			}
		}
		return who, nil
	}
	events = map[profile.Identifier][]incoming{}
	// Users before devices: a user mostly has the devices of the batch.
	for _, users := range []bool{true, false} {
		for _, i := range g.identifiers {
			if len(g.events[i]) == 0 || (i.Kind == profile.UserID) != users {
				continue
			}
			sorted, err := b.devices(ctx, i, g.events[i], load)
			if err != nil {
				return nil, nil, err
			}
			maps.Copy(events, sorted)
		}
	}
	for _, j := range g.joins {
		if err := b.unite(ctx, v, j, load); err != nil {
			return nil, nil, err
		}
	}
	return v, events, nil
}

// unite carries out what an event says of two ids. The previous id of an alias may be a former userId or an anonymousId; the event does not
// say which.
//
//   - Nobody has it as a userId: both ids become the person's, since events under either may come later than the alias.
//   - Somebody has it as a userId, and a device of that name is theirs or no user's: both become the person's.
//   - Else only the userId is meant. A device of that name may be another user's: anybody with an account can name a device of theirs
//     like somebody's userId.
func (b *batch) unite(ctx context.Context, v view, j join, load func(profile.Identifier) (*person, error)) error {
	named, former := j, j
	former.b = j.former()
	pair := []join{named}
	if j.explicit {
		user, err := load(former.b)
		if err != nil {
			return err
		}
		stands, phone, err := device(named.b, j.at, load)
		if err != nil {
			return err
		}
		named.b = stands
		switch {
		case !user.profile.Has(former.b):
			pair = []join{named, former}
		case phone.profile.Has(named.b) && (phone == user || phone.profile.UserID() == ""):
			pair = []join{former, named}
		default:
			pair = []join{former}
		}
	}
	for _, one := range pair {
		if err := b.join(ctx, v, one, load); err != nil {
			return err
		}
	}
	return nil
}

// join makes two identifiers one person, where the rules allow it.
func (b *batch) join(ctx context.Context, v view, j join, load func(profile.Identifier) (*person, error)) error {
	var one, other *person
	var err error
	if j.a, one, err = device(j.a, j.at, load); err != nil {
		return err
	}
	if j.b.Kind == profile.AnonymousID && one.profile.Owns(j.b.Value, j.at) {
		return nil
	}
	if v[j.b] == nil && !j.explicit && one.profile.Full(j.b.Kind) {
		j.refused()
		return nil
	}
	if j.b, other, err = device(j.b, j.at, load); err != nil {
		return err
	}
	switch {
	case one == other:
		return nil
	case one.profile.Erased(j.a.ID(), j.at) || other.profile.Erased(j.b.ID(), j.at):
		j.said("one of the two was erased since")
		return nil
	case !exists(other.profile):
		one.profile.Attach(j.a)
		v.attach(one, j.b, j)
		return nil
	case !exists(one.profile):
		v.attach(other, j.a, j)
		return nil
	case !j.explicit && one.profile.UserID() != "" && other.profile.UserID() != "":
		return nil
	case !one.profile.Fits(other.profile, j.explicit):
		j.refused()
		return nil
	}
	if one.profile.Window.Owing()+other.profile.Window.Owing() > profile.MaxOwedHashes {
		return errOwing
	}
	for _, who := range []*person{one, other} {
		if err := b.store(ctx, who); err != nil {
			return err
		}
		// What both still owe would else gather in one item, merge after merge.
		if err := b.flush(ctx, who.profile); err != nil {
			return err
		}
	}
	keep, absorbed := profile.Survivor(one.profile, other.profile)
	twice := keep.Twice(absorbed)
	if twice > 0 {
		telemetry.Count("merge_counted_twice", twice, "function", "projection")
	}
	keep.Absorb(absorbed)
	told := tell(keep, absorbed, j, twice, b.process.Now())
	merged := profile.Follow{Kind: profile.FollowMerged, Ref: string(absorbed.ID), At: told.Events[0].Event.Timestamp}
	keep.Append(told.Version, append(b.rules.follows(mergeSource, &told.Events[0].Event), merged)...)
	if err := b.process.Profiles.Merge(ctx, keep, absorbed, told); err != nil {
		return err
	}
	kept, gone := one, other
	if keep == other.profile {
		kept, gone = other, one
	}
	for i, who := range v {
		if who == gone {
			v[i] = kept
		}
	}
	return nil
}

// mergeSource is what the events of merges name as their source.
const mergeSource = "projection"

// tell is the pack with the event of a merge. The event stands in the timeline of the profile that stays, and is counted nowhere: whether
// two profiles had to be merged depends on the order in which events came, and sums must not.
func tell(keep, absorbed *profile.Profile, j join, twice int, now time.Time) people.Pack {
	now = now.UTC().Truncate(time.Millisecond)
	version := keep.Version + 1
	// Strings and a flag cannot fail to be JSON.
	properties, _ := json.Marshal(struct {
		Kept     profile.ID `json:"kept"`
		Absorbed profile.ID `json:"absorbed"`
		By       string     `json:"by"`
		Explicit bool       `json:"explicit"`
		// Twice is how many messages both had counted: retried under another id before the two were known to be one.
		Twice int `json:"countedTwice,omitempty"`
	}{keep.ID, absorbed.ID, string(j.b.Kind.Base()), j.explicit, twice})
	e := event.Event{
		MessageID: fmt.Sprintf("merge:%s.%d", absorbed.ID, version), Kind: event.Track, Name: event.ProfilesMerged,
		UserID: keep.UserID(), Properties: properties, Timestamp: now, ReceivedAt: now,
	}
	if e.UserID == "" && len(keep.Identifiers) > 0 {
		e.AnonymousID = keep.Identifiers[0].Value
	}
	return people.Pack{Profile: keep.ID, Day: profile.DayOf(now), Version: version, Events: []people.PackedEvent{{Source: mergeSource, Event: e}}}
}

// refused counts a join that a limit keeps from happening. One that somebody asked for by name is also logged.
func (j join) refused() {
	telemetry.Count("join_over_limit", 1, "function", "projection")
	j.said("too many identifiers")
}

// said tells why an alias does not unite. Other joins are nobody's express wish.
func (j join) said(reason string) {
	if j.explicit {
		telemetry.Count("alias_refused", 1, "function", "projection")
		slog.Warn("alias refused", "profile", string(j.a.ID()), "previous", string(j.b.ID()), "reason", reason)
	}
}

// attach lets the coming commit point the key of an identifier under which nobody stands to the person, unless a limit is reached: an
// alias knows none but that of all identifiers.
func (v view) attach(to *person, i profile.Identifier, j join) {
	if !to.profile.Attach(i) && !(j.explicit && to.profile.Unite(i)) {
		j.refused()
		return
	}
	vacant := v[i].profile
	to.profile.Inherit(vacant)
	if !slices.Contains(to.attach, vacant) {
		to.attach = append(to.attach, vacant)
	}
	v[i] = to
}

// store writes what earlier joins of the same batch attached, since a merge needs both profiles as the store has them.
func (b *batch) store(ctx context.Context, who *person) error {
	if who.profile.Version > 0 && len(who.attach) == 0 {
		return nil
	}
	err := b.process.Profiles.Commit(ctx, people.Change{Profile: who.profile, Attach: who.attach})
	who.attach = nil
	return err
}

// people gathers events by the profile that they go to.
func (v view) people(byIdentifier map[profile.Identifier][]incoming) []*person {
	var all []*person
	for i, events := range byIdentifier {
		if len(events) == 0 {
			continue
		}
		who := v[i]
		if !exists(who.profile) {
			who.profile.Attach(i)
		}
		if !slices.Contains(all, who) {
			all = append(all, who)
		}
		who.events = append(who.events, events...)
	}
	return all
}
