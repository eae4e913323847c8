package segmentation

import (
	"context"
	"fmt"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// close reads the columns of all shards, learns from the buyers, and counts. Doing it again gives the same and is dropped. It keeps
// 34 bytes a buyer in memory.
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

func (p *Process) findings(ctx context.Context, run score.Run) (score.Findings, runs.RunResult, error) {
	findings := score.Findings{Counts: score.Counts{}}
	segments, values := map[string]int{}, score.Values{Missing: run.ReportOnly}
	var (
		r, f       []int32
		m          []int64
		lifecycles []byte
	)
	if !run.ReportOnly {
		set, err := p.definitions(ctx, run)
		if err != nil {
			return score.Findings{}, runs.RunResult{}, err
		}
		for _, id := range set.IDs() {
			segments[string(id)] = 0
		}
	}
	err := p.Runs.Parts(ctx, run.ID, func(part runs.RunPart) error {
		s, rows, err := unpackColumns(part.Body)
		if err != nil {
			return fmt.Errorf("part %d of shard %d: %w", part.Number, part.Shard, err)
		}
		findings.Profiles += s.Profiles
		findings.Approximate += s.Approximate
		findings.Unreadable += s.Unreadable
		findings.Refused += s.Refused
		findings.Counts.Merge(s.Counts)
		values.Merge(s.Values)
		for id, n := range s.Segments {
			segments[id] += n
		}
		for _, one := range rows {
			if !one.facts.Buyer() {
				continue
			}
			r, f, m = append(r, int32(one.facts.R)), append(f, int32(one.facts.F)), append(m, one.facts.M)
			lifecycles = append(lifecycles, codesLifecycle.encode(one.own.Lifecycle))
		}
		return nil
	})
	if err != nil {
		return score.Findings{}, runs.RunResult{}, err
	}
	findings.Model = score.Fit(append([]int32(nil), r...), append([]int32(nil), f...), append([]int64(nil), m...), run.Scoring)
	for i := range m {
		scores := findings.Score(score.Facts{R: int(r[i]), F: int(f[i]), M: m[i]})
		if scores.Lifecycle, err = codesLifecycle.decode(lifecycles[i]); err != nil {
			return score.Findings{}, runs.RunResult{}, err
		}
		findings.Counts.AddScores(scores)
	}
	return findings, runs.RunResult{Segments: segments, Values: values.Told()}, nil
}
