package referral_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
)

// ofEve asks for what a person is told.
var ofEve = "?userId=eve&userHash=" + proof.UserHash(membertest.Secret, "eve")

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
	b.Want(b.Anybody("GET", "/v1/programs/spring/leaderboard"+ofEve, ""), 200, `{"items":[`+
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
	b.Want(b.Anybody("GET", "/v1/programs/spring/leaderboard"+ofEve+"&limit=2", ""), 200, `{"items":[`+
		`{"rank":1,"name":"B**","settled":2,"at":"2026-11-21T15:00:00Z"},{"rank":2,"name":"C**","settled":1,"at":"2026-11-21T12:00:00Z"}]}`)
	b.Settle("f6", "old", membertest.Noon.Add(5*time.Hour))
	b.Want(b.Call("GET", "/v1/programs/spring/leaderboard?limit=1", ""), 200, `"settled":3`)
	b.Want(b.Call("GET", "/v1/programs/none/leaderboard", ""), 404)
	b.Want(b.Call("GET", "/v1/programs/spring/leaderboard?limit=101", ""), 400)
}

// TestWhoStandsOnTheLeaderboard: the shop's back end is told who it is, operators are shown a userId masked unless they say why, and a person is told nobody's.
func TestWhoStandsOnTheLeaderboard(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	b.Program("spring", "")
	for _, who := range []string{"ann@example.com", "4711"} {
		b.Save(who, func(p *profile.Profile) {
			p.Traits = map[string]profile.Trait{"name": {Value: "Zoe Smith", At: membertest.Noon}}
		})
	}
	b.Settle("f1", "ann@example.com", membertest.Noon)
	b.Settle("f2", "4711", membertest.Noon.Add(time.Hour))
	b.Settle("f3", "gone", membertest.Noon.Add(2*time.Hour)) // of whom there is no profile
	ann, other, third := subject.UserKey("ann@example.com"), subject.UserKey("4711"), subject.UserKey("gone")
	const at = `"settled":1,"at":"2026-11-21T1`
	line := func(rank int, name, hour string, who profile.ID, userID string) string {
		ids := ""
		if who != "" {
			ids = fmt.Sprintf(`,"profileId":%q`, who)
		}
		if userID != "" {
			ids += fmt.Sprintf(`,"userId":%q`, userID)
		}
		return fmt.Sprintf(`{"rank":%d,"name":%q,%s%s:00:00Z"%s}`, rank, name, at, hour, ids)
	}
	list := func(rest string, lines ...string) string {
		return `{"items":[` + strings.Join(lines, ",") + `]` + rest + `}`
	}
	whole := list("", line(1, "Z**", "2", ann, "ann@example.com"), line(2, "Z**", "3", other, "4711"), line(3, "**", "4", third, ""))
	shown := list(`,"masked":true`, line(1, "Z**", "2", ann, "a***@example.com"), line(2, "Z**", "3", other, "***"), line(3, "**", "4", third, ""))
	bare := list("", line(1, "Z**", "2", "", ""), line(2, "Z**", "3", "", ""), line(3, "**", "4", "", ""))
	const path = "/v1/programs/spring/leaderboard"
	as := func(key, query string) (int, string) {
		w := functiontest.Call(t, b.Handler, "GET", path+query, "", "Authorization", "Bearer "+key)
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	proven := "?userId=4711&userHash=" + proof.UserHash(membertest.Secret, "4711")
	for name, c := range map[string]struct {
		key, query string
		status     int
		want       string
	}{
		"the server key":             {membertest.ServerKey, "", 200, whole},
		"a proof beside it":          {membertest.ServerKey, proven, 200, whole},
		"its reason matters nothing": {membertest.ServerKey, "?reason=x", 200, whole},
		"a viewer":                   {"viewer", "", 200, shown},
		"an owner":                   {"owner", "", 200, shown},
		"a viewer with a reason":     {"viewer", "?reason=prize", 403, "without masks it takes editor"},
		"an editor with a reason":    {"editor", "?reason=prize", 200, whole},
		"no reason after all":        {"editor", "?reason=", 400, `"field":"reason"`},
		"a person":                   {"", proven, 200, bare},
		"a person and a wrong key":   {"no key", proven, 200, bare},
		"another's proof":            {"", strings.Replace(proven, "userId=4711", "userId=4712", 1), 401, "userHash"},
		"nobody":                     {"", "", 401, "needed here"},
	} {
		if status, got := as(c.key, c.query); status != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %s\nwant %s", name, status, got, c.want)
		}
	}
	// One was shown the three without masks, and said why.
	lines, _, err := b.Process.Audit.List(t.Context(), audit.Query{Action: audit.Reveal}, 50, "")
	b.Must(err)
	of := map[string]bool{}
	for _, l := range lines {
		of[l.Of] = l.Reason == "prize" && l.By.Role == "editor" && l.Kind == audit.KindProfile
	}
	if len(lines) != 3 || !of[string(ann)] || !of[string(other)] || !of[string(third)] {
		t.Errorf("lines are %+v", lines)
	}
	b.DB.Fail(dynamotest.AnyWrite, 1, dynamotest.NotPersisted)
	if status, got := as("editor", "?reason=prize"); status != 503 || strings.Contains(got, "4711") {
		t.Errorf("without its lines it is answered %d %s", status, got)
	}
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
	b.Want(b.Anybody("GET", "/v1/programs/spring/leaderboard"+ofEve, ""), 200, `{"items":[{"rank":1,"name":"e**","settled":1,"at":"2026-11-21T13:00:00Z"}]}`)
	back, err := b.Profiles.Load(t.Context(), subject.UserKey("ann"))
	b.Must(err)
	back.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: "ann"}}
	back.FirstSeen = membertest.Noon
	b.Must(b.Profiles.Save(t.Context(), back))
	b.Want(b.Claim(code, "f3"), 201)
}
