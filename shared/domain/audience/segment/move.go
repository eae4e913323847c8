package segment

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Diff brings the profile's memberships to what was asked, of all and, where that differs, of what is proven, and returns what it entered and left,
// in the order of the ids. Segments that are no key of members stay as they are. Version and N of the follows are the caller's to fill; run is
// empty when the fold asks. Another tag of a segment changes a membership, and is no news.
func (s *Set) Diff(p *profile.Profile, members, proven map[ID]bool, now time.Time, run string) []profile.Follow {
	var follows []profile.Follow
	for _, id := range slices.Sorted(maps.Keys(members)) {
		f, m, moved := s.move(p, id, members[id], apart(id, members, proven))
		switch {
		case !moved:
			continue
		case !members[id]:
			delete(p.Members, string(id))
		default:
			if f.Kind == profile.FollowEntered {
				m.Since, m.Run = now, run
			}
			if p.Members == nil {
				p.Members = map[string]profile.Membership{}
			}
			p.Members[string(id)] = m
		}
		if f.Kind != "" {
			f.At, f.Run = now, run
			follows = append(follows, f)
		}
	}
	return follows
}

// Differs tells whether Diff would change something.
func (s *Set) Differs(p *profile.Profile, members, proven map[ID]bool) bool {
	for id, is := range members {
		if _, _, moved := s.move(p, id, is, apart(id, members, proven)); moved {
			return true
		}
	}
	return false
}

// apart tells whether what is proven alone says otherwise.
func apart(id ID, members, proven map[ID]bool) bool {
	return proven != nil && proven[id] != members[id]
}

// move is what becomes of one membership. What only public events make so is told as unproven; so is the exit from a membership that was told so. A
// membership that has become proven is told once more, to those who did not hear of it before. What has no kind is to be told to nobody.
func (s *Set) move(p *profile.Profile, id ID, is, apart bool) (f profile.Follow, m profile.Membership, moved bool) {
	m, was := p.Members[string(id)]
	tag := s.gives[id]
	f.Ref = string(id)
	switch {
	case is && !was:
		f.Kind, f.Unproven = profile.FollowEntered, apart
	case !is && was:
		f.Kind, f.Unproven = profile.FollowExited, apart || m.Unproven
	case is && m.Unproven && !apart:
		f.Kind = profile.FollowProved
	case is && !m.Unproven && apart:
		f.Kind = profile.FollowUnproved
	case !is || m.Tag == tag:
		return f, m, false
	}
	m.Unproven, m.Tag = apart, tag
	return f, m, true
}

// Rescore gives the profile its new scores and returns what it left and entered by them among the derived segments, as far as
// somebody listens: four of them change with nearly every change of scores. Scores that differ in Run only are no change and stay.
func Rescore(p *profile.Profile, scores profile.Scores, now time.Time, run string, heard func(profile.Follow) bool) []profile.Follow {
	before, after := p.Scores, scores
	before.Run, after.Run = "", ""
	if before == after {
		return nil
	}
	p.Scores = scores
	if p.RefusesProfiling() {
		return nil // nobody is told of classes that are taken away for that
	}
	p.Scores.Run = run
	var follows []profile.Follow
	add := func(kind profile.FollowKind, of, other profile.Scores) {
		for _, id := range score.Of(of) {
			follow := profile.Follow{Kind: kind, Ref: string(id), At: now, Run: run}
			if !id.Holds(other) && heard(follow) {
				follows = append(follows, follow)
			}
		}
	}
	add(profile.FollowExited, before, after)
	add(profile.FollowEntered, after, before)
	return follows
}
