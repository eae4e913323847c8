package console

import (
	"math"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/httpapi"
)

// z95 is the normal quantile of a two-sided interval of 95%.
const z95 = 1.959963984540054

// interval is an estimate with the bounds that hold it in 95 of 100 samples.
type interval struct {
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// estimate is the answer to a preview.
type estimate struct {
	Segment segment.ID `json:"segment"`
	Sampled int        `json:"sampled"`
	Matched int        `json:"matched"`
	// Members is how many were in the saved segment by the last run, which an audience is listed from.
	Members *lastMembers `json:"members,omitempty"`
	// Unreadable profiles are not among the sampled.
	Unreadable int `json:"unreadable,omitempty"`
	// Exact says that the sample was everybody.
	Exact bool     `json:"exact"`
	Share interval `json:"share"`
	// Profiles is how many there are by the last finished run, or by the sample if it was everybody; absent when neither is known.
	Profiles *int      `json:"profiles,omitempty"`
	Audience *interval `json:"audience,omitempty"`
	// Conditions are how many of the sample meet each place of the rule by itself, the whole of it first: the one that nobody meets empties it. A rule of one condition has none.
	Conditions []condition `json:"conditions,omitempty"`
	// AsOfRun is there where parts of the rule are answered by runs only.
	AsOfRun *asOfRun `json:"asOfRun,omitempty"`
	// Reach is what is left of them over the campaign's channel, or over each channel.
	Reach []reach `json:"reach"`
	// Warnings are what may be meant otherwise in a rule that is not saved yet, and that no run has gone by a saved one.
	Warnings []httpapi.FieldError `json:"warnings,omitempty"`
	// People are some of those who match, to look at: who they are, their profiles tell as far as the caller may see it.
	People []profile.ID `json:"people,omitempty"`
}

// lastMembers is how many were in a saved segment by the newest finished run.
type lastMembers struct {
	Count     int       `json:"count"`
	RunID     string    `json:"runId"`
	CreatedAt time.Time `json:"createdAt"` // when the run read the segments
}

// maxPeople bounds how many of those who match are named.
const maxPeople = 5

// match counts somebody who matches. Profiles lie in the sequence of a hash, so that the first ones are as good as any.
func (e *estimate) match(one *profile.Profile) {
	if e.Matched++; len(e.People) < maxPeople {
		e.People = append(e.People, one.ID)
	}
}

// part is how many of the sample are something, and how many people that makes.
type part struct {
	Sampled  int       `json:"sampled"`
	Audience *interval `json:"audience,omitempty"` // absent where it is not known how many profiles there are
}

// condition is a place of the rule, and how many meet it.
type condition struct {
	Place string         `json:"place"` // as faults name it: rule.all[0]
	Asks  map[string]any `json:"asks,omitempty"`
	part
	// UpTo is how many may meet it, where it asks what runs only answer.
	UpTo *part `json:"upTo,omitempty"`
}

// asOfRun is what of a rule only runs answer. Of a saved segment the last run's answer is taken; of a rule that is not saved it is not known: those who are counted match whatever the run answers, and UpTo is how many may.
type asOfRun struct {
	Places []string `json:"places"`
	UpTo   *part    `json:"upTo,omitempty"`
}

// reach is what is left of those who match, over one channel.
type reach struct {
	Channel delivery.Channel `json:"channel"`
	// Reachable is who has an address and the consent that it takes, and does not stand out by a bounce or a complaint of their own.
	Reachable part `json:"reachable"`
	// Unreachable is why the others are not, HeldOut who is kept out of those who are reachable: in the sample.
	Unreachable map[delivery.Reason]int `json:"unreachable"`
	HeldOut     heldOut                 `json:"heldOut"`
	// NotEligible is whom the campaign's condition refuses now of the rest.
	NotEligible *part `json:"notEligible,omitempty"`
	// Left is who would get it.
	Left part `json:"left"`
	// NotAsked are guards that can refuse more: they are of each person's record, of the address, or of the time.
	NotAsked []delivery.Reason `json:"notAsked"`
}

// heldOut is who is kept out of everything, and out of the campaign, to measure it.
type heldOut struct {
	Holdout part `json:"holdout"`
	Control part `json:"control"`
}

// share is the part of everybody that so many of the sample stand for.
func (e estimate) share(k int) interval {
	share := wilson(k, e.Sampled)
	if e.Exact {
		share.Low, share.High = share.Estimate, share.Estimate
	}
	return share
}

// people is how many so many of the sample stand for, nil where it is not known how many profiles there are.
func (e estimate) people(k int) *interval {
	if e.Profiles == nil {
		return nil
	}
	if e.Exact {
		return &interval{Estimate: float64(k), Low: float64(k), High: float64(k)}
	}
	share, n := e.share(k), float64(*e.Profiles)
	return &interval{Estimate: math.Round(share.Estimate * n), Low: math.Floor(share.Low * n), High: math.Ceil(share.High * n)}
}

// wilson is the share k of n with the score interval of E. B. Wilson (1927) at 95%. Of nothing it is anything from 0 to 1.
func wilson(k, n int) interval {
	if n == 0 {
		return interval{Low: 0, High: 1}
	}
	share, of := float64(k)/float64(n), float64(n)
	base := 1 + z95*z95/of
	middle := (share + z95*z95/(2*of)) / base
	half := z95 / base * math.Sqrt(share*(1-share)/of+z95*z95/(4*of*of))
	low, high := math.Max(0, middle-half), math.Min(1, middle+half)
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return interval{Estimate: share, Low: low, High: high}
}
