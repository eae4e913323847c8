package segmentation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// close reads the columns of all shards, learns from the buyers, and counts. Doing it again gives the same and is dropped. It keeps 16 bytes a buyer in memory, and a sample of them.
func (p *Process) close(ctx context.Context, run score.Run) error {
	if len(run.Collected) < run.Shards {
		return queue.Drop(fmt.Errorf("closing run %s: only %d of %d shards are collected; the last one closes it", run.ID, len(run.Collected), run.Shards))
	}
	if run.Findings == nil {
		findings, counted, err := p.findings(ctx, run)
		if err != nil {
			return err
		}
		// What collecting counted stands beside the shards' results, as that of one more shard.
		if err := p.Runs.SaveResult(ctx, run, run.Shards, counted); err != nil {
			return err
		}
		if err := p.Runs.SaveFindings(ctx, run.ID, findings); err != nil {
			return err
		}
		run.Findings = &findings
	}
	if run.ReportOnly {
		if run.Outcome != nil {
			return nil
		}
		return p.finish(ctx, run)
	}
	var jobs []job.Segmentation
	for shard := range run.Shards {
		if !run.Scored.Has(shard) {
			jobs = append(jobs, job.Segmentation{Kind: job.Score, RunID: run.ID, Shard: shard, Shards: run.Shards})
		}
	}
	return p.sendJobs(ctx, jobs)
}

// findings goes over the parts twice: what a buyer's classes are is known once all have been seen, and to read the parts again takes less than to keep everybody.
func (p *Process) findings(ctx context.Context, run score.Run) (score.Findings, runs.RunResult, error) {
	t := tally{findings: score.Findings{Counts: score.Counts{}}, segments: map[string]int{}, worths: map[string]score.Worth{}, values: score.Values{Missing: run.ReportOnly}, likenesses: score.Likenesses{Missing: run.ReportOnly}, quality: score.Quality{}, reportOnly: run.ReportOnly}
	var asked map[string]bool
	if !run.ReportOnly {
		set, planned, err := p.planned(ctx, run)
		if err != nil {
			return score.Findings{}, runs.RunResult{}, err
		}
		for _, id := range set.IDs() {
			t.segments[string(id)] = 0
		}
		if asked, err = p.tagsAsked(ctx, planned); err != nil {
			return score.Findings{}, runs.RunResult{}, err
		}
	}
	if err := p.parts(ctx, run, t.learn); err != nil {
		return score.Findings{}, runs.RunResult{}, err
	}
	t.findings.Model = t.model(run.Scoring)
	if err := p.parts(ctx, run, t.count); err != nil {
		return score.Findings{}, runs.RunResult{}, err
	}
	return t.findings, runs.RunResult{Segments: t.segments, Worths: t.worths, Values: t.values.Told(), Classes: t.portrait.Worths(), Moves: t.portrait.Moves(),
		Likenesses: bounded(t.likenesses), TagUse: t.values.UseOfTags(asked), Quality: t.quality, Cohorts: &t.cohorts}, nil
}

// tagsAsked are those that a segment of the run or a running campaign asks for by name.
func (p *Process) tagsAsked(ctx context.Context, segments []segment.Definition) (map[string]bool, error) {
	campaigns, err := catalog.Readable(ctx, p.Catalog, definition.Campaigns)
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	add := func(d segment.Definition) {
		for _, tag := range d.Tags() {
			asked[tag] = true
		}
	}
	for _, s := range segments {
		add(s)
	}
	for _, c := range campaigns {
		if c.Active(p.Now()) {
			add(segment.Definition{Rule: c.Condition})
		}
	}
	return asked, nil
}

// maxLikenessBytes bounds what an item, or a job, has of the likeness of segments.
const maxLikenessBytes = 200_000

// bounded is what was counted of segments, or that it is missing where there are so many segments that no item holds it.
func bounded(l score.Likenesses) *score.Likenesses {
	text, err := json.Marshal(l)
	if err != nil || len(text) > maxLikenessBytes {
		return &score.Likenesses{Missing: true}
	}
	return &l
}

// tally is what closing learns of all parts.
type tally struct {
	findings score.Findings
	segments map[string]int
	worths   map[string]score.Worth
	values   score.Values
	portrait score.Portrait
	// likenesses, quality and cohorts are what parts have counted of people beside their classes.
	likenesses score.Likenesses
	quality    score.Quality
	cohorts    score.Cohorts
	// reportOnly runs compare with nothing: what people are by now is not what they were before that date.
	reportOnly bool

	r, f     []int32
	m        []int64
	evidence prediction.Evidence
	sample   prediction.Sample
	// withoutBuys says that a part does not know on what days people buy.
	withoutBuys bool
}

// learn takes up a part.
func (t *tally) learn(s summary, rows []row) error {
	t.findings.Profiles += s.Profiles
	t.findings.Approximate += s.Approximate
	t.findings.Unreadable += s.Unreadable
	t.findings.Refused += s.Refused
	t.findings.Counts.Merge(s.Counts)
	t.values.Merge(s.Values)
	t.likenesses.Merge(s.Likenesses)
	t.quality.Merge(s.Quality)
	t.cohorts.Merge(s.Cohorts)
	t.withoutBuys = t.withoutBuys || s.WithoutBuys
	for id, n := range s.Segments {
		t.segments[id] += n
	}
	for id, one := range s.Worths {
		w := t.worths[id]
		w.Merge(one)
		t.worths[id] = w
	}
	for _, one := range rows {
		if !one.facts.Buyer() {
			continue
		}
		t.r, t.f, t.m = append(t.r, int32(one.facts.R)), append(t.f, int32(one.facts.F)), append(t.m, one.facts.M)
		buys := one.facts.Buys
		t.evidence.Add(buys.Repeats, buys.First, buys.Last)
		key, err := keyOf(one.id)
		if err != nil {
			return err
		}
		t.sample.Add(prediction.Buyer{Key: key, History: buys.History(), Spent: buys.Mean()})
	}
	return nil
}

// model is what the buyers say together. It sorts them.
func (t *tally) model(scoring score.Scoring) score.Model {
	model := score.Fit(t.r, t.f, t.m, scoring)
	learned := prediction.Learned{Evidence: t.evidence, Lacks: []prediction.Lack{prediction.LacksParts}}
	if !t.withoutBuys {
		learned = prediction.Learn(t.evidence, t.sample, scoring.Gate())
	}
	model.Predictions = &learned
	return model
}

// count counts the buyers of a part in their classes, and everybody who went from one to another.
func (t *tally) count(_ summary, rows []row) error {
	for _, one := range rows {
		now := one.own
		if one.facts.Buyer() {
			now = score.WithOwn(t.findings.Score(one.facts), one.own)
			t.findings.Counts.AddScores(now)
		}
		before := one.old
		if t.reportOnly {
			before = now
		}
		t.portrait.Add(one.facts, now, before)
	}
	return nil
}
