package console

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/wording"
	"github.com/userops/userops/shared/httpapi"
)

const fieldAudience = "trigger.audience.segmentId"

// membersOf is nil where the run knows nothing of the segment: of one that is derived, or was saved since for the first time. A run lists no segment that has nobody, so 0 is told of one
// that has not changed since.
func membersOf(id segment.ID, last *score.Run, changed time.Time) *lastMembers {
	if last == nil || id.Derived() {
		return nil
	}
	n, any := last.Segments[string(id)]
	if !any && missed(last, changed) {
		return nil
	}
	return &lastMembers{Count: n, RunID: last.ID, CreatedAt: last.CreatedAt}
}

// missed says that no run has gone by what was changed at a time. A run reads the segments after its start: what was changed at that very moment counts as missed.
func missed(last *score.Run, changed time.Time) bool {
	return last == nil || !changed.Before(last.CreatedAt)
}

// absent doubts that those who meet a segment's rule are in it: they enter by a run.
func absent(field string, id segment.ID, last *score.Run, changed time.Time) []httpapi.FieldError {
	if !missed(last, changed) {
		return nil
	}
	reason := fmt.Sprintf(
		"no run has gone by the segment %s since it was changed at %s: not all who meet its rule are in it yet, and an audience takes only who is in it when it is listed; start a run (POST /v1/runs) before",
		id, changed.UTC().Format(time.RFC3339))
	if changed.IsZero() {
		reason = fmt.Sprintf("no run has gone by the segment %s: not all who meet its rule are in it yet, and an audience takes only who is in it when it is listed; start a run (POST /v1/runs) before", id)
	}
	return []httpapi.FieldError{{Field: field, Reason: reason}}
}

// changedAt is when a segment, or one that its rule asks however deep, by name or for the tag that it gives, was saved last; the zero time of a derived one, which changes by runs alone.
func (p *Process) changedAt(ctx context.Context, id segment.ID) (at time.Time, err error) {
	seen, next := map[segment.ID]bool{}, []segment.ID{id}
	for len(next) > 0 {
		one := next[0]
		if next = next[1:]; seen[one] || one.Derived() {
			continue
		}
		seen[one] = true
		found, there, err := p.Catalog.Find(ctx, definition.Segment, string(one))
		if err != nil {
			return at, err
		}
		if !there {
			continue
		}
		if found.UpdatedAt.After(at) {
			at = found.UpdatedAt
		}
		asks := definition.Segments.Read(found).Value
		givers, err := p.giving(ctx, asks.Tags())
		if err != nil {
			return at, err
		}
		next = append(append(next, asks.Segments()...), givers...)
	}
	return at, nil
}

// giving are the segments that give one of the tags; an empty one stands for any.
func (p *Process) giving(ctx context.Context, tags []string) (ids []segment.ID, err error) {
	if len(tags) == 0 {
		return nil, nil
	}
	all, err := p.Catalog.All(ctx, definition.Segment)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if one := definition.Segments.Read(d).Value; one.Tag != "" && (slices.Contains(tags, one.Tag) || slices.Contains(tags, "")) {
			ids = append(ids, one.ID)
		}
	}
	return ids, nil
}

// tellMembers adds to the estimate of a saved segment how many are in it, and the doubt that all are who match. Of a campaign that listens to entering a segment there is none: it takes
// those who enter by the next run.
func (p *Process) tellMembers(ctx context.Context, e *estimate, of *definition.Saved[campaign.Definition], runs finishedRuns) error {
	changed, err := p.changedAt(ctx, e.Segment)
	if err != nil {
		return err
	}
	all, err := runs()
	if err != nil {
		return err
	}
	last, field := lastMoved(all), "rule"
	if e.Members = membersOf(e.Segment, last, changed); of != nil {
		if field = fieldAudience; of.Value.Trigger.Audience == nil {
			return nil
		}
	}
	e.Warnings = append(e.Warnings, absent(field, e.Segment, last, changed)...)
	return nil
}

// doubtful is all that is doubted of a document that is about to be saved. It is asked before the save, so that what cannot be asked leaves nothing saved.
func (p *Process) doubtful(ctx context.Context, kind string, body json.RawMessage) ([]httpapi.FieldError, error) {
	early, err := p.early(ctx, kind, body)
	return slices.Concat(p.doubts(body), early, worded(kind, body)), err
}

// worded doubts the words of a template: what advertising law forbids, and a promotion without its terms.
func worded(kind string, body json.RawMessage) []httpapi.FieldError {
	if kind != definition.Template {
		return nil
	}
	t, err := definition.Templates.Decode(body)
	if err != nil {
		return nil // it was read when it was checked
	}
	return httpapi.FieldErrors(wording.Doubts(t))
}

// early doubts an audience whose segment no run has gone by. An audience that is over, or is called off, is nobody's to mend.
func (p *Process) early(ctx context.Context, kind string, body json.RawMessage) ([]httpapi.FieldError, error) {
	if kind != definition.Campaign {
		return nil, nil
	}
	c, err := definition.Campaigns.Decode(body)
	a := c.Trigger.Audience
	if err != nil || a == nil || a.At.Before(p.Now().Add(-late)) || c.State == campaign.Finished || c.State == campaign.Cancelled {
		return nil, err
	}
	id := a.SegmentID
	changed, err := p.changedAt(ctx, id)
	if err != nil {
		return nil, err
	}
	runs, err := p.finished(ctx)
	if err != nil {
		return nil, err
	}
	return absent(fieldAudience, id, lastMoved(runs), changed), nil
}
