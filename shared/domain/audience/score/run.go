package score

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// State says how far a run is.
type State string

// The states of a run. One that only reports goes from collecting to finished.
const (
	StateCollecting State = "collecting"
	StateScoring    State = "scoring"
	StateFinished   State = "finished"
)

// maxRunIDLength bounds a run's id, which is part of a key.
const maxRunIDLength = 64

// ValidRunID says whether an id can name a run: 1 to 64 of letters, digits and -_.:
func ValidRunID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.:", c) >= 0) {
			return false
		}
	}
	return id != "" && len(id) <= maxRunIDLength
}

// Run is one pass of segmentation: what it was asked, how far it is and what it found. Its JSON form is what operators see.
type Run struct {
	ID   string `json:"runId"`
	AsOf Date   `json:"asOf"`
	// ReportOnly runs are for past dates: they change no profile and emit nothing.
	ReportOnly bool           `json:"reportOnly"`
	CreatedAt  time.Time      `json:"createdAt"`
	Zone       string         `json:"timeZone"`
	Currency   money.Currency `json:"currency"`
	Scoring    Scoring        `json:"scoring"`
	Shards     int            `json:"shards"`

	// Asks is into how many parts the people are divided of whom the archive is asked first, 0 where no segment asks it; Asked are those that are done.
	Asks  int      `json:"archiveParts,omitempty"`
	Asked ShardSet `json:"archivePartsAsked"`

	// InBucket says that the columns are objects of the archive's bucket. Those of a run that the version before has planned are items.
	InBucket bool `json:"columnsInBucket,omitempty"`

	State State `json:"state"`
	// Collected and Scored are the shards that are done with the step.
	Collected ShardSet `json:"shardsCollected"`
	Scored    ShardSet `json:"shardsScored"`
	// Findings stand once all shards are collected, Outcome once the run is finished.
	*Findings
	*Outcome
}

// ShardSet is a set of shards; its JSON form is their number.
type ShardSet []int

// Has says whether the shard is in the set.
func (s ShardSet) Has(shard int) bool { return slices.Contains(s, shard) }

// MarshalJSON writes the number of shards.
func (s ShardSet) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, int64(len(s)), 10), nil
}

// Findings are what the columns of all shards say together.
type Findings struct {
	Profiles int `json:"profiles"`
	// Approximate counts profiles with history around the as-of date that is no longer kept one by one.
	Approximate int `json:"approximate"`
	// Unreadable counts profiles that could not be read. They are in no other number, and stay as they are.
	Unreadable int `json:"unreadable"`
	// Refused counts profiles that refuse profiling. They are among Profiles, in no class, and the others' classes do not depend on them.
	Refused int `json:"refused,omitempty"`
	Model
	Counts Counts `json:"counts"`
}

// Outcome is what a run did.
type Outcome struct {
	// Changed counts the profiles whose scores or memberships were written.
	Changed int `json:"changed"`
	// Unasked says that the archive could not be asked: whoever was in a segment that asks it has stayed in it.
	Unasked bool `json:"archiveUnasked,omitempty"`
	// PassedOver counts profiles that had become unreadable when they were to be written, or that others wrote all the time.
	PassedOver int `json:"passedOver,omitempty"`
	// Segments counts the members of each defined segment; a run that only reports does not ask them.
	Segments   map[string]int `json:"segments,omitempty"`
	FinishedAt time.Time      `json:"finishedAt"`
}

// Counts holds how many profiles are in each class, by group: class8, segment11, class15, lifecycle; r, f and m with the scores 1 to
// 5; day, week and month with the states of the interval that holds the as-of date.
type Counts map[string]map[string]int

// Add counts n more in a class.
func (c Counts) Add(group, class string, n int) {
	if class == "" || n == 0 {
		return
	}
	if c[group] == nil {
		c[group] = map[string]int{}
	}
	c[group][class] += n
}

// Merge adds other counts.
func (c Counts) Merge(other Counts) {
	for group, classes := range other {
		for class, n := range classes {
			c.Add(group, class, n)
		}
	}
}

// AddScores counts a profile in the classes of its scores.
func (c Counts) AddScores(s profile.Scores) {
	for _, score := range [...]struct {
		group string
		n     int
	}{{"r", s.R}, {"f", s.F}, {"m", s.M}} {
		if score.n > 0 {
			c.Add(score.group, string(rune('0'+score.n)), 1)
		}
	}
	for _, g := range groups {
		c.Add(g.name, g.of(s), 1)
	}
}

// AddIntervals counts a profile's states in the day, week and month of a date.
func (c Counts) AddIntervals(p *profile.Profile, asOf profile.Day, shop profile.Shop) {
	for _, interval := range Intervals() {
		c.Add(string(interval), interval.State(p, asOf, shop), 1)
	}
}
