package segmentation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// errPartFull ends a scan before the page that was offered.
var errPartFull = errors.New("the part is full")

// collect reads the profiles of a shard into parts. Each part begins where the one before ends and is written once, so whoever
// finds a part already there goes on behind it.
func (p *Process) collect(ctx context.Context, run score.Run, shop profile.Shop, j job.Segmentation) error {
	switch {
	case run.Collected.Has(j.Shard):
		return p.collected(ctx, run, len(run.Collected))
	case len(run.Asked) < run.Asks:
		return fmt.Errorf("run %s has asked %d of %d parts of the archive: the last one sends this job", run.ID, len(run.Asked), run.Asks)
	}
	number, from, err := parsePartCursor(j.Cursor)
	if err != nil {
		return queue.Drop(err)
	}
	set := &segment.Set{}
	if !run.ReportOnly {
		if set, err = p.definitions(ctx, run); err != nil {
			return err
		}
		if set, err = p.knowing(ctx, run, set); err != nil {
			return err
		}
	}
	for {
		next, err := p.part(ctx, run, shop, set, runs.RunPart{Shard: j.Shard, Number: number}, from)
		if err != nil {
			return err
		}
		if next == "" {
			break
		}
		number, from = number+1, next
		if p.Late(ctx) {
			j.Cursor = strconv.Itoa(number) + "|" + from
			return p.sendJobs(ctx, []job.Segmentation{j})
		}
	}
	done, err := p.Runs.Mark(ctx, run.ID, collectedOf(run), j.Shard)
	if err != nil {
		return err
	}
	return p.collected(ctx, run, done)
}

// collected sends the closing step when it was the last shard. Whichever shard sees that sends it, also when it sees it again.
func (p *Process) collected(ctx context.Context, run score.Run, done int) error {
	if done < run.Shards || run.Outcome != nil {
		return nil
	}
	return p.sendJobs(ctx, []job.Segmentation{{Kind: job.Close, RunID: run.ID, Shards: run.Shards}})
}

func parsePartCursor(cursor string) (number int, from string, err error) {
	if cursor == "" {
		return 0, "", nil
	}
	text, from, _ := strings.Cut(cursor, "|")
	number, err = strconv.Atoi(text)
	if err != nil || number < 1 || from == "" {
		return 0, "", fmt.Errorf("%.64q is no cursor of a part", cursor)
	}
	return number, from, nil
}

// part makes a part sure and answers the cursor behind it.
func (p *Process) part(ctx context.Context, run score.Run, shop profile.Shop, set *segment.Set, part runs.RunPart, from string) (string, error) {
	found, err := p.partAt(ctx, run, part.Shard, part.Number)
	if err == nil {
		return found.Next, nil
	}
	if !errors.Is(err, dynamo.ErrNotFound) {
		return "", err
	}
	c := collectorOf(p, run, shop, set)
	part.Next, err = p.Profiles.ScanShard(ctx, part.Shard, run.Shards, from, func(page people.ScanPage) error { return c.page(ctx, page) })
	if err != nil && !errors.Is(err, errPartFull) {
		return "", err
	}
	c.summary.Likenesses = c.liker.Likenesses()
	if part.Body, err = c.pack(); err != nil {
		return "", err
	}
	return p.keepPart(ctx, run, part)
}

// pack packs the part. Should what people have, or the answers of very many definitions, burst it, they are left out, and scoring asks everybody again.
func (c *collector) pack() ([]byte, error) {
	packed, err := packColumns(c.summary, c.rows)
	if err != nil || len(packed) <= maxPartBytes {
		return packed, err
	}
	c.summary.Values, c.summary.Likenesses = &score.Values{Missing: true}, &score.Likenesses{Missing: true}
	if packed, err = packColumns(c.summary, c.rows); err != nil || len(packed) <= maxPartBytes {
		return packed, err
	}
	for i := range c.rows {
		c.rows[i].members, c.rows[i].differs = nil, true
	}
	return packColumns(c.summary, c.rows)
}

// collector makes one part.
type collector struct {
	process  *Process
	run      score.Run
	shop     profile.Shop
	set      *segment.Set
	ids      []segment.ID // of the set, in the order of the alphabet
	scored   []segment.ID
	calendar score.Calendar
	summary  summary
	liker    *score.Liker
	in       []int               // of whom is asked, kept for the next one
	asked    map[segment.ID]bool // the same
	rows     []row

	pages, lastPage, bytes int
	unlisted               int // of whom projection was told
}

func collectorOf(p *Process, run score.Run, shop profile.Shop, set *segment.Set) *collector {
	c := &collector{
		process: p, run: run, shop: shop, set: set, ids: slices.Sorted(slices.Values(set.IDs())), scored: set.Scored(), calendar: score.CalendarOf(profile.Day(run.AsOf), shop),
		summary: summary{Counts: score.Counts{}, Segments: map[string]int{}, Values: &score.Values{}, Quality: score.Quality{}, Cohorts: &score.Cohorts{}},
	}
	c.asked = make(map[segment.ID]bool, len(c.ids))
	c.liker = score.LikerOf(namesOf(c.ids))
	return c
}

// namesOf are segments as parts and results name them.
func namesOf(ids []segment.ID) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	return names
}

func (c *collector) page(ctx context.Context, page people.ScanPage) error {
	// Pages are much alike: when one more like the last could burst the part, it is left to the next.
	if c.pages > 0 && (c.bytes+c.lastPage > maxPartBytes || c.process.Late(ctx)) {
		return errPartFull
	}
	before := len(c.rows)
	var left, unlisted []profile.ID
	passed := page.Unreadable
	for _, one := range page.Profiles {
		if !packable(one.ID) {
			passed = append(passed, one.ID)
			continue
		}
		c.add(one)
		if !c.run.ReportOnly && c.process.leftover(one) {
			left = append(left, one.ID)
		}
		if !c.run.ReportOnly && c.unlisted < maxUnlisted && one.Listed != search.Of(one).Mark(c.process.List) {
			c.unlisted++
			unlisted = append(unlisted, one.ID)
		}
	}
	unreadable(ctx, passed, "run", c.run.ID)
	c.summary.Unreadable += len(passed)
	c.pages++
	c.lastPage = (len(c.rows) - before) * (idBytes + 3 + 3 + 9 + 14 + 14 + len(c.scored))
	c.bytes += c.lastPage
	if err := c.process.askToList(ctx, unlisted); err != nil {
		return err
	}
	return each(ctx, left, c.process.sendLeftover)
}

// maxUnlisted is how many of a part are listed in one night: their jobs share the queue with the events of the day.
const maxUnlisted = 2000

// askToList asks projection to list people who are not listed as they want to be: those who were there before anybody was, and of whom nothing was heard since. Projection notes
// it in the profile, so that no run asks again.
func (p *Process) askToList(ctx context.Context, ids []profile.ID) error {
	bodies := make([][]byte, len(ids))
	for i, id := range ids {
		var err error
		if bodies[i], err = queue.Encode(job.List("list."+string(id), id, p.Now().UTC())); err != nil {
			return err
		}
	}
	if len(bodies) == 0 {
		return nil
	}
	return p.Events.SendAll(ctx, bodies)
}

// named is how many unreadable profiles one line of the log names.
const named = 50

// unreadable tells of profiles that a scan passed over. An id is a pseudonym.
func unreadable(ctx context.Context, ids []profile.ID, what, which string) {
	for some := range slices.Chunk(ids, named) {
		slog.ErrorContext(ctx, "profiles cannot be read", what, which, "count", len(some), "profiles", some)
	}
}

func (c *collector) add(one *profile.Profile) {
	all := one.All()
	facts, ok := score.Observe(all, profile.Day(c.run.AsOf), c.run.Scoring, c.shop)
	if !ok {
		return
	}
	c.summary.Profiles++
	if facts.Approximate {
		c.summary.Approximate++
	}
	c.summary.Counts.AddIntervals(all, profile.Day(c.run.AsOf), c.shop)
	c.summary.Cohorts.Add(all, c.calendar)
	if !c.run.ReportOnly { // what is known of people by now is not what was known then
		c.summary.Quality.Add(one, all)
	}
	if one.RefusesProfiling() {
		c.refused(one, all)
		return
	}
	// Of a model of nobody, the scores hold what needs nothing of the buyers.
	own := score.Model{Scoring: c.run.Scoring}.Score(facts)
	r := row{id: one.ID, facts: score.Facts{R: facts.R, F: facts.F, M: facts.M, Buys: facts.Buys}, old: one.Scores, own: score.WithOwn(profile.Scores{}, own)}
	r.old.Run = ""
	if !facts.Buyer() {
		r.own = own
		c.summary.Counts.AddScores(own)
	}
	if c.run.ReportOnly {
		if facts.Buyer() {
			r.old = profile.Scores{}
			c.rows = append(c.rows, r)
		}
		return
	}
	rule.Of(all, c.run.CreatedAt, c.shop).Values(c.summary.Values.Add)
	c.ask(one, all, &r)
	if facts.Buyer() || r.differs || r.old != r.own {
		c.rows = append(c.rows, r)
	}
}

// refused takes up somebody who refuses profiling: in no class, and of no weight for those of others.
func (c *collector) refused(one, all *profile.Profile) {
	c.summary.Refused++
	if c.run.ReportOnly {
		return
	}
	r := row{id: one.ID, old: one.Scores}
	r.old.Run = ""
	c.ask(one, all, &r)
	if r.differs || r.old != r.own {
		c.rows = append(c.rows, r)
	}
}

// ask asks the definitions: of who is no buyer with the new scores, which stand already, of a buyer with the old ones. Where those turn
// out to be the new ones, the answer stands; else scoring asks again.
func (c *collector) ask(one, all *profile.Profile, r *row) {
	buyer := r.facts.Buyer()
	at := askedAt(all, c.run)
	before := one.Scores
	if !buyer {
		one.Scores, all.Scores = r.own, r.own
	}
	members := c.set.MembersIn(c.asked, all, at, c.shop)
	proven := c.set.Proven(one, members, at, c.shop)
	one.Scores, all.Scores = before, before // a copy of each of ten million people would take longer than the rules
	r.members = make([]bool, len(c.scored))
	for i, id := range c.scored {
		r.members[i] = members[id] && buyer
	}
	for id, in := range members {
		if in && !(buyer && c.isScored(id)) {
			c.summary.Segments[string(id)]++
			bring(&c.summary.Worths, string(id), r.facts)
		}
	}
	c.like(all, members, r.facts)
	c.set.Forget(one, members)
	r.differs = c.set.Differs(one, members, proven)
}

// like counts what somebody is like in their segments: a buyer in those by the old scores. Scoring mends that where they change.
func (c *collector) like(all *profile.Profile, members map[segment.ID]bool, facts score.Facts) {
	c.in = c.in[:0]
	for n, id := range c.ids {
		if members[id] {
			c.in = append(c.in, n)
		}
	}
	if len(c.in) > 0 {
		c.liker.Add(c.in, seen(all, facts, c.run))
	}
}

// seen is what of somebody counts for the likeness of their segments. What they favour is concluded of them, and not of who refuses that.
func seen(all *profile.Profile, facts score.Facts, run score.Run) score.Seen {
	s := score.Seen{Facts: facts, Source: all.Touch["first"].Source}
	if !all.RefusesProfiling() {
		s.Category = all.Categories.Favourite(run.CreatedAt)
	}
	return s
}

// bring adds what a member of a segment brings.
func bring(worths *map[string]score.Worth, id string, f score.Facts) {
	if !f.Buyer() {
		return
	}
	if *worths == nil {
		*worths = map[string]score.Worth{}
	}
	w := (*worths)[id]
	w.Add(f)
	(*worths)[id] = w
}

func (c *collector) isScored(id segment.ID) bool {
	for _, one := range c.scored {
		if one == id {
			return true
		}
	}
	return false
}

// askedAt is when rules are asked: when the run began, for all shards alike, or at the person's last event since.
func askedAt(p *profile.Profile, run score.Run) time.Time {
	if p.LastSeen.After(run.CreatedAt) {
		return p.LastSeen
	}
	return run.CreatedAt
}
