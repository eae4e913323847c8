package job

import (
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Destination is a queue on which somebody hears what follows from commits.
type Destination string

// The destinations. Projection is told by itself of somebody else's order, and of what somebody is found by.
const (
	ToSettlement    Destination = "settlement"
	ToOrchestration Destination = "orchestration"
	ToProjection    Destination = "projection"
	ToArchive       Destination = "archive"
)

// destinations say who hears of what, and in what form. A kind that nobody hears of is one that only a newer version of the program knows: it stays in the
// outbox for it.
var destinations = []struct {
	name  Destination
	hears []profile.FollowKind
	form  func(follows []Follow, perMessage int) (jobs []any)
}{
	{ToProjection, []profile.FollowKind{profile.FollowReport, profile.FollowSearch},
		toThemselves},
	{ToSettlement, []profile.FollowKind{profile.FollowOrder, profile.FollowSignUp},
		inChunks(func(f []Follow) any { return Follows{Follows: f} })},
	{ToOrchestration, []profile.FollowKind{profile.FollowEvent, profile.FollowEntered, profile.FollowExited, profile.FollowProved, profile.FollowUnproved, profile.FollowUnconfirmed},
		inChunks(func(f []Follow) any { return Orchestration{Follows: f} })},
	{ToArchive, []profile.FollowKind{profile.FollowMerged},
		inChunks(func(f []Follow) any { return Archive{Merges: f} })},
}

// AllDestinations are the destinations in the order in which they are told.
func AllDestinations() []Destination {
	all := make([]Destination, len(destinations))
	for i, d := range destinations {
		all[i] = d.name
	}
	return all
}

// Destinations are those that hear of a kind; none for a kind that is not known here.
func Destinations(kind profile.FollowKind) (all []Destination) {
	for _, d := range destinations {
		if slices.Contains(d.hears, kind) {
			all = append(all, d.name)
		}
	}
	return all
}

// Jobs are the follows as a destination's queue carries them, at most perMessage of them in one job.
func Jobs(to Destination, follows []Follow, perMessage int) []any {
	for _, d := range destinations {
		if d.name == to {
			return d.form(follows, perMessage)
		}
	}
	return nil
}

func inChunks(form func([]Follow) any) func([]Follow, int) []any {
	return func(follows []Follow, perMessage int) (jobs []any) {
		for chunk := range slices.Chunk(follows, perMessage) {
			jobs = append(jobs, form(chunk))
		}
		return jobs
	}
}

// toThemselves gives each follow a job of its own, since each is for another person.
func toThemselves(follows []Follow, _ int) (jobs []any) {
	for _, f := range follows {
		if f.Kind == profile.FollowSearch {
			jobs = append(jobs, List(f.ID, f.ProfileID, f.At))
			continue
		}
		jobs = append(jobs, toOwner(f))
	}
	return jobs
}

// List is the job that lists a person under what they are found by now.
func List(id string, of profile.ID, at time.Time) Events {
	return Events{Command: &Command{ID: id, Kind: CommandList, ProfileID: of, At: at}}
}

// toOwner is the job that passes an event about somebody else's order on to the order's owner.
func toOwner(f Follow) Events {
	by := f.ProfileID
	if f.Part != "" {
		by = f.Part
	}
	return Events{Command: &Command{
		ID: f.ID, Kind: CommandOrder, ProfileID: profile.ID(f.Ref), At: f.At,
		Report: &Reference{ProfileID: by, Day: profile.DayOf(f.At), Version: f.Follow.Version, Source: f.Source, MessageID: f.Event},
	}}
}
