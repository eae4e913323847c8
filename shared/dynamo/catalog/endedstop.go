package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// EndedStop is a stop that is over, and who asked to enter again whom it had skipped.
type EndedStop struct {
	delivery.Stop
	Since     time.Time     `json:"since"`
	By        access.Caller `json:"by"`
	Ended     time.Time     `json:"ended"`
	EndedBy   access.Caller `json:"endedBy"`
	Reentries []Reentry     `json:"reentries,omitempty"`
}

// Reentry is a request to enter again whom a stop has skipped, of one campaign where that is given.
type Reentry struct {
	ID         string        `json:"id"`
	CampaignID string        `json:"campaign,omitempty"`
	At         time.Time     `json:"at"`
	By         access.Caller `json:"by"`
}

// EndedStops remembers stops that are over, as long as the decisions that they have caused are kept.
type EndedStops struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// maxStopID is how long the id of a stop may be that is looked for.
const maxStopID = 100

// Put writes a stop in place of what was read of it; version 0 is of one that was not.
func (s EndedStops) Put(e EndedStop, version int64) (dynamo.Write, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return dynamo.Write{}, fmt.Errorf("writing stop %s: %w", e.ID, err)
	}
	i := key.EndedStop(e.ID).Item()
	i[dynamo.AttrBody], i[dynamo.AttrVersion] = dynamo.TextValue(string(body)), dynamo.NumberValue(version+1)
	i[dynamo.AttrTTL] = dynamo.NumberValue(e.Ended.Add(delivery.DecisionLife).Unix())
	return dynamo.Put(s.Table, i, dynamo.OfVersion(version)), nil
}

// Find reads one, consistently. version is 0 where there is none.
func (s EndedStops) Find(ctx context.Context, id string) (e EndedStop, version int64, err error) {
	if len(id) > maxStopID {
		return e, 0, nil
	}
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.EndedStop(id))
	if err != nil {
		return e, 0, fmt.Errorf("reading stop %s: %w", id, err)
	}
	if found == nil || s.forgotten(found) {
		return e, 0, nil
	}
	e, err = readEnded(found)
	return e, dynamo.NumberOf(found, dynamo.AttrVersion), err
}

// List reads a page of them, those that began last first. A cursor that List did not give is ErrCursor.
func (s EndedStops) List(ctx context.Context, limit int, cursor string) (page []EndedStop, next string, err error) {
	of := dynamo.Stretch{Table: s.Table, PK: key.EndedStop("").PK, Newest: true, Limit: limit}
	if of.After, err = dynamo.SortKeyOf(cursor, ""); err != nil {
		return nil, "", err
	}
	items, last, err := of.Page(ctx, s.DB)
	if err != nil {
		return nil, "", fmt.Errorf("listing stops that are over: %w", err)
	}
	for _, i := range items {
		if s.forgotten(i) {
			continue
		}
		one, err := readEnded(i)
		if err != nil {
			return nil, "", err
		}
		page = append(page, one)
	}
	if last != "" {
		next = dynamo.CursorAfter(last)
	}
	return page, next, nil
}

// forgotten asks the time as well: TTL deletes late.
func (s EndedStops) forgotten(i dynamo.Item) bool {
	return dynamo.NumberOf(i, dynamo.AttrTTL) <= s.Now.Time().Unix()
}

func readEnded(i dynamo.Item) (e EndedStop, err error) {
	if err = json.Unmarshal([]byte(dynamo.TextOf(i, dynamo.AttrBody)), &e); err != nil {
		err = fmt.Errorf("reading stop %s: %w", dynamo.TextOf(i, dynamo.AttrSK), err)
	}
	return e, err
}
