package console

import (
	"context"
	"net/http"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/httpapi"
)

// results is how far a campaign is, and what became of its notifications.
type results struct {
	Campaign string         `json:"campaign"`
	Version  int            `json:"version"`
	State    campaign.State `json:"state"`
	Phase    campaign.Phase `json:"phase"`
	// Stopped are the ids of the stops that are of it: what comes due is skipped.
	Stopped []string `json:"stopped,omitempty"`
	// Audience is of a campaign that has one, with what was decided for the time that it names now.
	Audience *audienceShown `json:"audience,omitempty"`
	// These are of everything that the campaign has decided, in all its versions.
	delivery.Summary
	Variants []delivery.Arm `json:"variants"`
}

// audienceShown is when an audience is spoken to, and how many of it were.
type audienceShown struct {
	SegmentID segment.ID `json:"segmentId"`
	At        time.Time  `json:"at"`
	// Until is when nothing is sent to it any more.
	Until time.Time `json:"until"`
	// Listing is absent before its members are asked for.
	Listing *listingShown `json:"listing,omitempty"`
	spoken
}

// listingShown is how far the members of an audience are listed.
type listingShown struct {
	BegunAt time.Time `json:"begunAt"`
	Shards  int       `json:"shards"`
	Done    int       `json:"shardsDone"`
	Listed  int       `json:"listed"`
}

// phase is how far a saved campaign is.
func phase(ctx context.Context, p *Process, found definition.Document) (any, error) {
	saved := definition.Campaigns.Read(found)
	if saved.Err != nil {
		return nil, nil // a document that cannot be read is shown as it is
	}
	at := saved.Value.Phase(p.Now())
	if at != campaign.Sending {
		return at, nil
	}
	decided, err := p.Results.Of(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	far, err := p.Audiences.Of(ctx, found.ID, campaign.ListingID(found.ID, saved.Value.Trigger.Audience.At))
	return sent(at, far, ofAudience(saved.Value, decided)), err
}

// spoken is what was decided for an audience, and how many notifications of it are of people who were entered again.
type spoken struct {
	delivery.Summary
	EnteredAgain int64 `json:"enteredAgain,omitempty"`
}

// ofAudience is what was decided for the audience that a campaign names now. What was entered again is counted apart, under the step that follows.
func ofAudience(c campaign.Definition, decided delivery.Results) spoken {
	sending := delivery.SendingOf(c.Step(""))
	of := func(wanted func(again int) bool) delivery.Summary {
		return decided.Of(func(of string) bool { first, again := delivery.FirstStep(of); return first == sending && wanted(again) }).Summary()
	}
	return spoken{of(func(int) bool { return true }), of(func(again int) bool { return again > 0 }).Begun}
}

// sent is the phase of a campaign whose audience is spoken to, with what became of it: all who were listed are decided, and none waits. Who was entered again is no further one who was listed.
func sent(at campaign.Phase, far outreach.Listing, all spoken) campaign.Phase {
	if at == campaign.Sending && far.Finished() && all.Begun-all.EnteredAgain >= int64(far.Listed) && all.Waiting <= 0 {
		return campaign.SentOut
	}
	return at
}

func (p *Process) results(w http.ResponseWriter, r *http.Request) {
	ctx, id := r.Context(), r.PathValue("id")
	found, err := p.Catalog.Definition(ctx, definition.Campaign, id)
	if err != nil {
		p.answer(w, r, 0, definition.Document{Kind: definition.Campaign, ID: id}, err)
		return
	}
	saved := definition.Campaigns.Read(found)
	if saved.Err != nil {
		httpapi.Failed(w, r, saved.Err)
		return
	}
	c := saved.Value
	decided, err := p.Results.Of(ctx, id)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	stops, err := catalog.Stops(ctx, p.Catalog)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	out := results{Campaign: id, Version: found.Version, State: c.State, Phase: c.Phase(p.Now()), Summary: decided.Summary(), Variants: decided.Arms()}
	for _, stop := range stops {
		if stop.Of(id, c.Channel) {
			out.Stopped = append(out.Stopped, stop.ID)
		}
	}
	if a := c.Trigger.Audience; a != nil {
		_, until := c.DueAfter(a.At)
		far, err := p.Audiences.Of(ctx, id, campaign.ListingID(id, a.At))
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		out.Audience = &audienceShown{SegmentID: a.SegmentID, At: a.At.UTC(), Until: until.UTC(), spoken: ofAudience(c, decided)}
		if far.Shards > 0 {
			out.Audience.Listing = &listingShown{far.BegunAt, far.Shards, far.Done, far.Listed}
		}
		out.Phase = sent(out.Phase, far, out.Audience.spoken)
	}
	httpapi.JSON(w, http.StatusOK, out)
}
