package job

import "github.com/userops/userops/shared/domain/people/profile"

// Told is what a job tells of itself to an operator who looks at a queue: nothing that somebody has sent, and nobody but by their profileId.
type Told struct {
	// Kind is what it is about: events, the kind of a command or of what follows from a commit, a step of a run; Unreadable for what no program of this version has written.
	Kind string `json:"kind"`
	// Count is of how many things of the kind it is, where there may be several.
	Count     int        `json:"count,omitempty"`
	Source    string     `json:"source,omitempty"`
	Campaign  string     `json:"campaign,omitempty"`
	Run       string     `json:"run,omitempty"`
	Report    string     `json:"report,omitempty"`
	ProfileID profile.ID `json:"profileId,omitempty"` // where it is about one person
}

// The kinds of jobs beside those of commands, follows and runs.
const (
	KindEvents        = "events"
	KindNotifications = "notifications"
	KindAudience      = "audience"
	KindReentry       = "reentry"
	KindPacks         = "packs"
	KindMerges        = "merges"
	KindReport        = "report"
	KindNothing       = "nothing"
	Unreadable        = "unreadable"
)

// Tell is what an envelope of events tells of itself.
func (j Events) Tell() Told {
	switch {
	case j.Command != nil:
		return Told{Kind: string(j.Command.Kind), ProfileID: j.Command.ProfileID}
	case len(j.Events) == 0:
		return Told{Kind: KindNothing, Source: j.Source}
	}
	return Told{Kind: KindEvents, Count: len(j.Events), Source: j.Source}
}

// Tell is what a step of a run tells of itself.
func (j Segmentation) Tell() Told {
	return Told{Kind: string(j.Kind), Run: j.RunID, Campaign: j.CampaignID}
}

// Tell is what a job of orchestration tells of itself.
func (j Orchestration) Tell() Told {
	switch {
	case j.Audience != nil:
		return Told{Kind: KindAudience, Count: len(j.Audience.Profiles), Campaign: j.Audience.CampaignID, Run: j.Audience.RunID}
	case j.Reentry != nil:
		return Told{Kind: KindReentry, Campaign: j.Reentry.CampaignID}
	}
	return Follows{j.Follows}.Tell()
}

// Tell is what consequences of commits tells of itself.
func (j Follows) Tell() Told {
	if len(j.Follows) == 0 {
		return Told{Kind: KindNothing}
	}
	t := Told{Kind: string(j.Follows[0].Kind), Count: len(j.Follows), ProfileID: j.Follows[0].ProfileID}
	for _, f := range j.Follows {
		if f.ProfileID != t.ProfileID {
			t.ProfileID = ""
		}
	}
	return t
}

// Tell is what notifications tells of itself.
func (j Notifications) Tell() Told {
	if len(j.Notifications) == 0 {
		return Told{Kind: KindNothing}
	}
	t := Told{Kind: KindNotifications, Count: len(j.Notifications), Campaign: j.Notifications[0].CampaignID, ProfileID: j.Notifications[0].ProfileID}
	for _, n := range j.Notifications {
		if n.ProfileID != t.ProfileID {
			t.ProfileID = ""
		}
		if n.CampaignID != t.Campaign {
			t.Campaign = ""
		}
	}
	return t
}

// Tell is what packs for the archive tell of themselves.
func (j Archive) Tell() Told {
	switch {
	case len(j.Packs) > 0:
		t := Told{Kind: KindPacks, Count: len(j.Packs), ProfileID: j.Packs[0].ProfileID}
		for _, p := range j.Packs {
			if p.ProfileID != t.ProfileID {
				t.ProfileID = ""
			}
		}
		return t
	case len(j.Merges) > 0:
		return Told{Kind: KindMerges, Count: len(j.Merges)}
	}
	return Told{Kind: KindNothing}
}
