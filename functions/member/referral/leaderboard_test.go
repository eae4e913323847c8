package referral_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
)

func TestLeaderboard(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	for i, who := range []string{"old", "ann", "bea", "cid"} {
		b.Save(who, func(p *profile.Profile) {
			p.Traits = map[string]profile.Trait{"name": {Value: strings.ToUpper(who[:1]) + who[1:] + " Smith", At: membertest.Noon.Add(time.Duration(i) * time.Second)}}
		})
	}
	b.Settle("f1", "bea", membertest.Noon.Add(2*time.Hour))
	b.Settle("f2", "ann", membertest.Noon.Add(time.Hour))
	b.Settle("f3", "cid", membertest.Noon)
	b.Settle("f4", "old", membertest.Noon.Add(3*time.Hour))
	b.Want(b.Claim(b.Code("spring", "eve"), "f5"), 201) // not settled: not listed
	b.Want(b.Call("GET", "/v1/programs/spring/leaderboard", ""), 200, `{"items":[`+
		`{"rank":1,"name":"C**","settled":1,"at":"2026-11-21T12:00:00Z"},{"rank":2,"name":"A**","settled":1,"at":"2026-11-21T13:00:00Z"},`+
		`{"rank":3,"name":"B**","settled":1,"at":"2026-11-21T14:00:00Z"},{"rank":4,"name":"O**","settled":1,"at":"2026-11-21T15:00:00Z"}]}`)
	load := func(id string) *profile.Profile {
		p, err := b.Profiles.Load(t.Context(), subject.UserKey(id))
		b.Must(err)
		return p
	}
	bea, old := load("bea"), load("old")
	bea.Absorb(old)
	b.Must(b.Profiles.Merge(t.Context(), bea, old, people.Pack{}))
	b.Want(b.Call("GET", "/v1/programs/spring/leaderboard?limit=2", ""), 200, `{"items":[`+
		`{"rank":1,"name":"B**","settled":2,"at":"2026-11-21T15:00:00Z"},{"rank":2,"name":"C**","settled":1,"at":"2026-11-21T12:00:00Z"}]}`)
	b.Settle("f6", "old", membertest.Noon.Add(5*time.Hour))
	b.Want(b.Call("GET", "/v1/programs/spring/leaderboard?limit=1", ""), 200, `"settled":3`)
	b.Want(b.Call("GET", "/v1/programs/none/leaderboard", ""), 404)
	b.Want(b.Call("GET", "/v1/programs/spring/leaderboard?limit=101", ""), 400)
}

// A board of many advocates reads the first places only.
func TestLeaderboardIsBounded(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	const advocates = 70
	for i := range advocates {
		b.Settle(fmt.Sprint("f", i), fmt.Sprint("advocate", i), membertest.Noon.Add(time.Duration(i)*time.Second))
	}
	at := membertest.Noon
	for done := false; !done; at = at.Add(24 * time.Hour) {
		var err error
		if done, err = b.Process.Standings.Rank(t.Context(), "spring", at); err != nil {
			t.Fatal(err)
		}
	}
	for limit, people := range map[int]int{1: 50, 25: 50, 30: 60, 100: advocates} {
		gets, queries := b.DB.Calls("GetItem"), b.DB.Calls("Query")
		items := b.Want(b.Call("GET", fmt.Sprint("/v1/programs/spring/leaderboard?limit=", limit), ""), 200)["items"].([]any)
		if n := b.DB.Calls("GetItem") - gets; len(items) != min(limit, advocates) || n > people+2 || n < people {
			t.Errorf("%d places of %d, %d reads", len(items), limit, n)
		}
		if n := b.DB.Calls("Query") - queries; n != 8 {
			t.Errorf("%d queries", n)
		}
	}
}

// The code of somebody who was erased is nobody's until they come back; they are not on the board.
func TestErasedAdvocates(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	named(b, "ann", "ann@example.com", "")
	named(b, "eve", "eve@example.com", "")
	code := b.Code("spring", "ann")
	b.Settle("f1", "ann", membertest.Noon)
	b.Settle("f2", "eve", membertest.Noon.Add(time.Hour))
	p, err := b.Profiles.Load(t.Context(), subject.UserKey("ann"))
	b.Must(err)
	b.Must(b.Profiles.Erase(t.Context(), p, membertest.Noon, p.TombstoneVersion(membertest.Noon)))
	b.Want(b.Claim(code, "f3"), 422, "unknownCode", `"field":"code"`)
	b.Want(b.Call("GET", "/v1/programs/spring/leaderboard", ""), 200, `{"items":[{"rank":1,"name":"e**","settled":1,"at":"2026-11-21T13:00:00Z"}]}`)
	back, err := b.Profiles.Load(t.Context(), subject.UserKey("ann"))
	b.Must(err)
	back.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: "ann"}}
	back.FirstSeen = membertest.Noon
	b.Must(b.Profiles.Save(t.Context(), back))
	b.Want(b.Claim(code, "f3"), 201)
}
