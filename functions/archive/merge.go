package archive

import (
	"encoding/json"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// mergeOf is the merge that an event of the timeline tells of.
func mergeOf(e people.PackedEvent) (m job.Follow, is bool) {
	if !tellsOfMerge(e) {
		return m, false
	}
	var told struct{ Kept, Absorbed profile.ID }
	if json.Unmarshal(e.Event.Properties, &told) != nil {
		return m, false
	}
	_, bad := columns.PersonOf(told.Absorbed)
	_, worse := columns.PersonOf(told.Kept)
	return job.Follow{ID: e.Event.MessageID, ProfileID: told.Kept, Follow: profile.Follow{Kind: profile.FollowMerged, Ref: string(told.Absorbed), At: e.Event.Timestamp}}, bad == nil && worse == nil
}

// tellsOfMerge tells the news of a merge, which is projection's alone, from what somebody did.
func tellsOfMerge(e people.PackedEvent) bool {
	return e.Event.Kind == event.Track && e.Event.Name == event.ProfilesMerged && e.Source == "projection"
}
