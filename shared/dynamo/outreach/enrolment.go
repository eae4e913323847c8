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
	attrCause      = "cause"
	attrUntil      = "until"
	attrEnrolledAt = "taken" // when the campaign enrolled the person, milliseconds since 1970
	attrDoubt      = "doubt" // 1 where only public events have brought it
	attrOf         = "of"    // the unproven cause that was replaced
)

// askedLife is how long it is remembered that an audience was asked for: longer than a notification may be late.
const askedLife = 60 * 24 * time.Hour

// Enrolments remembers which people a campaign has enrolled that enrols nobody twice, or nobody twice within a time, and which audiences were
// asked for. It stands in the Due table: its items are of use only as long as something may still come.
type Enrolments struct {
	DB    dynamo.API
	Table string
}

// Enrolment is a campaign's wish to enrol a person.
//
//   - IDs are all ids of the person, the present one first.
//   - Cause is what brought it. The same cause is enrolled again whenever it comes, since jobs come twice; another cause is refused.
//   - Until is when other causes are welcome again; zero means never.
//   - Unproven says that only public events have brought it. An unproven enrolment refuses other unproven ones. A proven cause replaces it, so
//     that nobody takes the place of somebody else's own act.
type Enrolment struct {
	IDs []profile.ID
	// Erasures is when the person who stood under an id before was erased. An enrolment until then was theirs, and bars nobody now.
	Erasures   map[profile.ID]time.Time
	CampaignID string
	Cause      string
	Until      time.Time
	Unproven   bool
}

// seat is an id under which an enrolment is to be written. of is the unproven cause that stands there and is replaced, empty for none.
type seat struct {
	id profile.ID
	of string
}

// maxEnrolTries bounds how often an enrolment is tried anew that met another transaction.
const maxEnrolTries = 5

// Enrol enrols a person under every id that they have, and refuses other causes from then until e.Until. A worker that still knows the person
// by one id alone is refused too. For a person with one id it is one conditional write, else a transaction.
//
// as is the cause whose notification it is, empty where the campaign may not have the person. It is the unproven cause where that was
// replaced, so that what was sent for it is not sent again.
func (s Enrolments) Enrol(ctx context.Context, e Enrolment, now time.Time) (as string, err error) {
	as = e.Cause
	var seats []seat
	for _, id := range e.IDs[:min(len(e.IDs), maxEnrolIDs)] {
		seats = append(seats, seat{id: id})
	}
	var last error
	for range maxEnrolTries {
		err := s.write(ctx, seats, e, now)
		if err == nil {
			return as, nil
		}
		if last = err; errors.Is(err, dynamo.ErrMet) {
			continue
		}
		if !errors.Is(err, errBarred) {
			break
		}
		open, found, err := s.open(ctx, e, now)
		if err != nil {
			last = err
			break
		}
		if as = found; as == "" || len(open) == 0 {
			return as, nil
		}
		seats = open
	}
	return "", fmt.Errorf("enrolling %s in campaign %s: %w", e.IDs[0], e.CampaignID, last)
}

// open are the ids under which the cause has not enrolled the person yet, and the cause whose notification it is, empty if another one
// refuses it.
func (s Enrolments) open(ctx context.Context, e Enrolment, now time.Time) (open []seat, as string, err error) {
	as = e.Cause
	for _, id := range e.IDs[:min(len(e.IDs), maxEnrolIDs)] {
		found, err := dynamo.Get(ctx, s.DB, s.Table, key.Enrolment(due.OwnerOrchestration, id, e.CampaignID))
		if err != nil {
			return nil, "", err
		}
		until, cause := dynamo.NumberOf(found, attrUntil), dynamo.TextOf(found, attrCause)
		switch {
		case e.ofErased(id, dynamo.NumberOf(found, attrEnrolledAt)):
			open = append(open, seat{id: id})
		case found != nil && cause == e.Cause:
			as = cmp.Or(dynamo.TextOf(found, attrOf), as)
		case found == nil || until != 0 && until <= now.Unix():
			open = append(open, seat{id: id})
		case dynamo.NumberOf(found, attrDoubt) != 0 && !e.Unproven:
			as = cause
			open = append(open, seat{id: id, of: cause})
		default:
			return nil, "", nil
		}
	}
	return open, as, nil
}

// ofErased tells whether what was noted at a time, in milliseconds, is of somebody who was erased since. The version before noted no time,
// which is 0.
func (e Enrolment) ofErased(id profile.ID, at int64) bool {
	return at != 0 && at <= e.erased(id)
}

// erased is when the person who stood under an id was erased, in milliseconds; -1 for never.
func (e Enrolment) erased(id profile.ID) int64 {
	if at, known := e.Erasures[id]; known {
		return at.UnixMilli()
	}
	return -1
}

// maxEnrolIDs is how many ids an enrolment names at most: a transaction has at most a hundred actions.
const maxEnrolIDs = 90

func (s Enrolments) write(ctx context.Context, seats []seat, e Enrolment, now time.Time) error {
	writes := make([]dynamo.Write, len(seats))
	for i, at := range seats {
		writes[i] = s.put(at, e, now)
	}
	return dynamo.Do(ctx, s.DB, writes...)
}

// errBarred says that an enrolment of another cause stands there.
var errBarred = errors.New("the campaign has had the person")

func (s Enrolments) put(at seat, e Enrolment, now time.Time) dynamo.Write {
	i := key.Enrolment(due.OwnerOrchestration, at.id, e.CampaignID).Item()
	i[attrCause] = dynamo.TextValue(e.Cause)
	i[attrUntil], i[attrEnrolledAt] = dynamo.NumberValue(0), dynamo.NumberValue(now.UnixMilli())
	if !e.Until.IsZero() {
		i[attrUntil] = dynamo.NumberValue(e.Until.Unix())
		i[dynamo.AttrTTL] = dynamo.NumberValue(e.Until.Add(24 * time.Hour).Unix())
	}
	open := dynamo.Condition{
		Text:   "attribute_not_exists(#pk) OR #taken <= :erased OR (#cause <> :cause AND #until <> :never AND #until <= :now)",
		Names:  map[string]string{"#pk": dynamo.AttrPK, "#cause": attrCause, "#until": attrUntil, "#taken": attrEnrolledAt},
		Values: dynamo.Item{":cause": dynamo.TextValue(e.Cause), ":never": dynamo.NumberValue(0), ":now": dynamo.NumberValue(now.Unix()), ":erased": dynamo.NumberValue(e.erased(at.id))},
	}
	if e.Unproven {
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
func (s Enrolments) Asked(ctx context.Context, campaign string, at time.Time) (bool, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Asked(due.OwnerOrchestration, campaign, at))
	if err != nil {
		return false, fmt.Errorf("reading whether the audience of campaign %s was asked for: %w", campaign, err)
	}
	return found != nil, nil
}

// Ask notes that the audience was asked for. Noting it again changes nothing.
func (s Enrolments) Ask(ctx context.Context, campaign string, at time.Time) error {
	i := key.Asked(due.OwnerOrchestration, campaign, at).Item()
	i[dynamo.AttrTTL] = dynamo.NumberValue(at.Add(askedLife).Unix())
	if _, err := s.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Table, Item: i}); err != nil {
		return fmt.Errorf("noting that the audience of campaign %s was asked for: %w", campaign, err)
	}
	return nil
}

// Wipe deletes a page of what campaigns noted of a key. Where somebody stands under it again, what was noted since the erasure is theirs, and
// so is what does not say when it was noted.
func (s Enrolments) Wipe(ctx context.Context, g people.Gone, after string) (found int, next string, err error) {
	items, next, err := dynamo.Stretch{Table: s.Table, PK: key.Enrolment(due.OwnerOrchestration, g.Key, "").PK, After: after}.Page(ctx, s.DB)
	if err == nil && len(items) > 0 {
		g, err = g.Read(ctx)
	}
	if err == nil {
		items = dynamo.Only(items, func(i dynamo.Item) bool {
			at := dynamo.NumberOf(i, attrEnrolledAt)
			return !g.Back || at != 0 && at <= g.Until.UnixMilli()
		})
		err = dynamo.DeleteAll(ctx, s.DB, s.Table, items)
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping what campaigns noted of %s: %w", g.Key, err)
	}
	return len(items), next, nil
}

// Enrolled is that a campaign has had a person, and until when it will not enrol them again; never again where Until is nil.
type Enrolled struct {
	Campaign string     `json:"campaignId"`
	Until    *time.Time `json:"notBefore"`
}

// Of are the campaigns that have had a person and remember it, under the ids that they had.
func (s Enrolments) Of(ctx context.Context, keys []profile.ID) ([]Enrolled, error) {
	all := []Enrolled{}
	for _, id := range keys {
		pk := key.Enrolment(due.OwnerOrchestration, id, "").PK
		for after, more := "", true; more; more = after != "" {
			items, next, err := dynamo.Stretch{Table: s.Table, PK: pk, After: after}.Page(ctx, s.DB)
			if err != nil {
				return nil, fmt.Errorf("reading what campaigns noted of %s: %w", id, err)
			}
			for _, i := range items {
				one := Enrolled{Campaign: dynamo.TextOf(i, dynamo.AttrSK)}
				if until := dynamo.NumberOf(i, attrUntil); until != 0 {
					at := time.Unix(until, 0).UTC()
					one.Until = &at
				}
				all = append(all, one)
			}
			after = next
		}
	}
	return all, nil
}
