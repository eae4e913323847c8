package job

import "github.com/userops/userops/shared/domain/profile"

// Routed tells whether Route has a queue for a follow. It has none for what goes back to projection (profile.FollowReport), nor for a kind that
// only a newer version of the program knows: that one stays in the outbox for it.
func Routed(f profile.Follow) bool {
	settlement, orchestration := Route("", []profile.Follow{f})
	return len(settlement)+len(orchestration) > 0
}

// Route sorts what follows from commits of a profile to the queues that want it. What goes back to projection
// (profile.FollowReport) is in neither list.
func Route(id profile.ID, follows []profile.Follow) (settlement, orchestration []Follow) {
	for _, f := range follows {
		j := Follow{ID: f.JobID(id), ProfileID: id, Follow: f}
		switch f.Kind {
		case profile.FollowOrder, profile.FollowSignUp:
			settlement = append(settlement, j)
		case profile.FollowEvent, profile.FollowEntered, profile.FollowExited, profile.FollowProved, profile.FollowUnproved, profile.FollowUnconfirmed:
			orchestration = append(orchestration, j)
		}
	}
	return settlement, orchestration
}

// Report is the job that passes an event about somebody else's order to the order's owner.
func Report(id profile.ID, f profile.Follow) Events {
	by := id
	if f.Part != "" {
		by = f.Part
	}
	return Events{Version: Version, Command: &Command{
		ID: f.JobID(id), Kind: CommandOrder, ProfileID: profile.ID(f.Ref), At: f.At,
		Report: &Reference{ProfileID: by, Day: profile.DayOf(f.At), Version: f.Version, Source: f.Source, MessageID: f.Event},
	}}
}
