package outreach

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

const (
	attrCause = "cause"
	attrUntil = "until"
	attrTaken = "taken" // when, milliseconds since 1970
	attrDoubt = "doubt" // 1 where only public events have brought it
	attrOf    = "of"    // the cause whose place was taken over
)

// askedLife is how long it is remembered that an audience was asked for: longer than a notification may be late.
const askedLife = 60 * 24 * time.Hour

// Takings remembers whom a campaign has taken, where a person may not be taken again, and which audiences were asked for. It
// stands in the Due table, since it is of use only as long as something may still come.
type Takings struct {
	DB    dynamo.API
	Table string
}

// Taking is a campaign's wish for a person. IDs are all ids of the person, the own one first. Cause is what brought it: the same
// cause may take again, since it may come again, and bars others no longer for that. Until is when the next one is welcome; zero means never.
// Unproven says that only public events have brought it: such a taking bars its like, and a proven cause takes its place over, so that nobody
// takes the place of somebody else's own act.
type Taking struct {
	IDs []profile.ID
	// Erasures says when who stood under an id before was erased: what was taken until then is not theirs.
	Erasures   map[profile.ID]time.Time
	CampaignID string
	Cause      string
	Until      time.Time
	Unproven   bool
}

// seat is an id under which a taking is to be written. of is the unproven cause that stands there and gives way, empty for none.
type seat struct {
	id profile.ID
	of string
}

// maxTakeTries bounds how often a taking meets another transaction.
const maxTakeTries = 5

// Take answers whether the campaign may have the person at a time, and if so bars other causes until then, under every id of the person at
// once: a worker that still knows the person by one of them alone is refused like any other. For a person with one id it is one
// conditional write, else a transaction. as is the cause whose notification it is: the unproven one if its place was taken over, so that what
// was sent for it is not sent again; empty where the campaign may not have the person.
func (s Takings) Take(ctx context.Context, t Taking, now time.Time) (as string, err error) {
	as = t.Cause
	var seats []seat
	for _, id := range t.IDs[:min(len(t.IDs), maxTaken)] {
		seats = append(seats, seat{id: id})
	}
	var last error
	for range maxTakeTries {
		err := s.write(ctx, seats, t, now)
		if err == nil {
			return as, nil
		}
		if last = err; errors.Is(err, dynamo.ErrMet) {
			continue
		}
		if !errors.Is(err, errBarred) {
			break
		}
		open, found, err := s.open(ctx, t, now)
		if err != nil {
			last = err
			break
		}
		if as = found; as == "" || len(open) == 0 {
			return as, nil
		}
		seats = open
	}
	return "", fmt.Errorf("taking %s for campaign %s: %w", t.IDs[0], t.CampaignID, last)
}

// open are the ids under which the cause has not taken the person, and the cause whose notification it is, empty if another one bars it.
func (s Takings) open(ctx context.Context, t Taking, now time.Time) (open []seat, as string, err error) {
	as = t.Cause
	for _, id := range t.IDs[:min(len(t.IDs), maxTaken)] {
		found, err := dynamo.Get(ctx, s.DB, s.Table, key.Taken(due.OwnerOrchestration, id, t.CampaignID))
		if err != nil {
			return nil, "", err
		}
		until, cause := dynamo.NumberOf(found, attrUntil), dynamo.TextOf(found, attrCause)
		switch {
		case t.ofErased(id, dynamo.NumberOf(found, attrTaken)):
			open = append(open, seat{id: id})
		case found != nil && cause == t.Cause:
			as = cmp.Or(dynamo.TextOf(found, attrOf), as)
		case found == nil || until != 0 && until <= now.Unix():
			open = append(open, seat{id: id})
		case dynamo.NumberOf(found, attrDoubt) != 0 && !t.Unproven:
			as = cause
			open = append(open, seat{id: id, of: cause})
		default:
			return nil, "", nil
		}
	}
	return open, as, nil
}

// ofErased tells whether what was noted at a time, in milliseconds, is of somebody who was erased since; 0 is no time.
func (t Taking) ofErased(id profile.ID, taken int64) bool {
	return taken != 0 && taken <= t.erased(id)
}

// erased is when who stood under an id was erased, in milliseconds; -1 for never.
func (t Taking) erased(id profile.ID) int64 {
	if at, known := t.Erasures[id]; known {
		return at.UnixMilli()
	}
	return -1
}

// maxTaken is how many ids a taking names at most; a transaction has a hundred actions.
const maxTaken = 90

func (s Takings) write(ctx context.Context, seats []seat, t Taking, now time.Time) error {
	writes := make([]dynamo.Write, len(seats))
	for i, at := range seats {
		writes[i] = s.put(at, t, now)
	}
	return dynamo.Do(ctx, s.DB, writes...)
}

// errBarred says that a taking does not give way.
var errBarred = errors.New("the campaign has had the person")

func (s Takings) put(at seat, t Taking, now time.Time) dynamo.Write {
	i := key.Taken(due.OwnerOrchestration, at.id, t.CampaignID).Item()
	i[attrCause] = dynamo.TextValue(t.Cause)
	i[attrUntil], i[attrTaken] = dynamo.NumberValue(0), dynamo.NumberValue(now.UnixMilli())
	if !t.Until.IsZero() {
		i[attrUntil] = dynamo.NumberValue(t.Until.Unix())
		i[dynamo.AttrTTL] = dynamo.NumberValue(t.Until.Add(24 * time.Hour).Unix())
	}
	open := dynamo.Condition{
		Text:   "attribute_not_exists(#pk) OR #taken <= :erased OR (#cause <> :cause AND #until <> :never AND #until <= :now)",
		Names:  map[string]string{"#pk": dynamo.AttrPK, "#cause": attrCause, "#until": attrUntil, "#taken": attrTaken},
		Values: dynamo.Item{":cause": dynamo.TextValue(t.Cause), ":never": dynamo.NumberValue(0), ":now": dynamo.NumberValue(now.Unix()), ":erased": dynamo.NumberValue(t.erased(at.id))},
	}
	if t.Unproven {
		i[attrDoubt] = dynamo.NumberValue(1)
	}
	if at.of != "" {
		i[attrOf] = dynamo.TextValue(at.of)
		open = dynamo.Condition{Text: "#cause = :of AND #doubt = :doubt", Names: map[string]string{"#cause": attrCause, "#doubt": attrDoubt},
			Values: dynamo.Item{":of": dynamo.TextValue(at.of), ":doubt": dynamo.NumberValue(1)}}
	}
	return dynamo.Put(s.Table, i, open).Or(errBarred)
}

// Asked says whether the audience of a campaign was asked for, for the time that the campaign names.
func (s Takings) Asked(ctx context.Context, campaign string, at time.Time) (bool, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Asked(due.OwnerOrchestration, campaign, at))
	if err != nil {
		return false, fmt.Errorf("reading whether the audience of campaign %s was asked for: %w", campaign, err)
	}
	return found != nil, nil
}

// Ask notes that the audience was asked for. Noting it again changes nothing.
func (s Takings) Ask(ctx context.Context, campaign string, at time.Time) error {
	i := key.Asked(due.OwnerOrchestration, campaign, at).Item()
	i[dynamo.AttrTTL] = dynamo.NumberValue(at.Add(askedLife).Unix())
	if _, err := s.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Table, Item: i}); err != nil {
		return fmt.Errorf("noting that the audience of campaign %s was asked for: %w", campaign, err)
	}
	return nil
}

// Wipe deletes a page of what campaigns noted of a key. Where somebody stands under it again, what was noted since the erasure is theirs, and
// so is what does not say when it was noted.
func (s Takings) Wipe(ctx context.Context, g people.Gone, after string) (found int, next string, err error) {
	items, next, err := dynamo.Stretch{Table: s.Table, PK: key.Taken(due.OwnerOrchestration, g.Key, "").PK, After: after}.Page(ctx, s.DB)
	if err == nil && len(items) > 0 {
		g, err = g.Read(ctx)
	}
	if err == nil {
		items = dynamo.Only(items, func(i dynamo.Item) bool {
			at := dynamo.NumberOf(i, attrTaken)
			return !g.Back || at != 0 && at <= g.Until.UnixMilli()
		})
		err = dynamo.DeleteAll(ctx, s.DB, s.Table, items)
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping what campaigns noted of %s: %w", g.Key, err)
	}
	return len(items), next, nil
}

// Taken is that a campaign has had a person, and until when it will not have them again; never again where Until is nil.
type Taken struct {
	Campaign string     `json:"campaignId"`
	Until    *time.Time `json:"notBefore"`
}

// Of are the campaigns that have had a person and remember it, under the ids that they had.
func (s Takings) Of(ctx context.Context, keys []profile.ID) ([]Taken, error) {
	all := []Taken{}
	for _, id := range keys {
		pk := key.Taken(due.OwnerOrchestration, id, "").PK
		for after, more := "", true; more; more = after != "" {
			items, next, err := dynamo.Stretch{Table: s.Table, PK: pk, After: after}.Page(ctx, s.DB)
			if err != nil {
				return nil, fmt.Errorf("reading what campaigns noted of %s: %w", id, err)
			}
			for _, i := range items {
				taken := Taken{Campaign: dynamo.TextOf(i, dynamo.AttrSK)}
				if until := dynamo.NumberOf(i, attrUntil); until != 0 {
					at := time.Unix(until, 0).UTC()
					taken.Until = &at
				}
				all = append(all, taken)
			}
			after = next
		}
	}
	return all, nil
}
