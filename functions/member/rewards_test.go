package member

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// named gives somebody an e-mail address and a phone number.
func (b *bench) named(who, email, phone string) {
	b.Helper()
	b.save(who, func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"email": {Value: email, At: noon}, "phone": {Value: phone, At: noon}, "name": {Value: who, At: noon}}
	})
}

func TestClaimKnowsPeopleByWhateverSpelling(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	b.named("ann", "Ann@gmail.com", "+86 138 0000 1111")
	b.named("phone", "x@example.com", "0086 13800001111")
	b.named("wide", "ａｎｎ＠ｇｍａｉｌ．ｃｏｍ", "")
	b.save("digits", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"phone": {Value: int64(13800001111), At: noon}}
	})
	b.named("dots", "a.n.n+2@googlemail.com", "13800001112")
	code := b.code("spring", "ann")
	wide := strings.Map(func(r rune) rune { return r - '!' + '！' }, code)
	b.want(b.claim(code, "phone"), 422, "selfReferral")
	b.want(b.claim(code, "wide"), 422, "selfReferral")
	b.want(b.claim(code, "digits"), 422, "selfReferral")
	b.want(b.claim(wide[:12]+"　"+wide[12:], "dots"), 201)
	b.want(b.call("GET", "/v1/referrals/ann", ""), 200, `"flags":["lookAlikeEmail"]`)
	if seen := b.call("GET", "/v1/referrals/dots", "").Body.String(); strings.Contains(seen, "lookAlike") {
		t.Errorf("the friend sees %s", seen)
	}
}

// TestClaimKnowsAllThatEverJoined: a number and an address by which somebody was joined once give them away, whatever they have by now.
func TestClaimKnowsAllThatEverJoined(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	once := func(who string, joined ...profile.Identifier) {
		b.save(who, func(p *profile.Profile) {
			p.Identifiers = append(p.Identifiers, joined...)
			p.Traits = map[string]profile.Trait{"email": {Value: who + "@new.example", At: noon}, "phone": {Value: "1390000" + fmt.Sprint(1000+len(who)), At: noon}}
		})
	}
	once("ann", profile.Identifier{Kind: profile.Email, Value: "ann@old.example"}, profile.Identifier{Kind: profile.Phone, Value: "+8613800001111"})
	once("phone", profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
	once("mailbox", profile.Identifier{Kind: profile.Email, Value: "other@old.example"}, profile.Identifier{Kind: profile.Email, Value: "ann@old.example"})
	once("somebody", profile.Identifier{Kind: profile.Email, Value: "some@old.example"}, profile.Identifier{Kind: profile.Phone, Value: "13800001112"})
	code := b.code("spring", "ann")
	b.want(b.claim(code, "phone"), 422, "selfReferral")
	b.want(b.claim(code, "mailbox"), 422, "selfReferral")
	b.want(b.claim(code, "somebody"), 201)
}

// The code of somebody who was erased is nobody's until they come back; they are not on the board.
func TestErasedAdvocates(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	b.named("ann", "ann@example.com", "")
	b.named("eve", "eve@example.com", "")
	code := b.code("spring", "ann")
	b.settle("f1", "ann", noon)
	b.settle("f2", "eve", noon.Add(time.Hour))
	p, err := b.process.Referrals.Profiles.Load(t.Context(), userKey("ann"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.process.Referrals.Profiles.Erase(t.Context(), p, noon, p.TombstoneVersion(noon)); err != nil {
		t.Fatal(err)
	}
	b.want(b.claim(code, "f3"), 422, "unknownCode", `"field":"code"`)
	b.want(b.call("GET", "/v1/programs/spring/leaderboard", ""), 200, `{"items":[{"rank":1,"name":"e**","settled":1,"at":"2026-11-21T13:00:00Z"}]}`)
	back, err := b.process.Referrals.Profiles.Load(t.Context(), userKey("ann"))
	if err != nil {
		t.Fatal(err)
	}
	back.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: "ann"}}
	back.FirstSeen = noon
	if err := b.process.Referrals.Profiles.Save(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	b.want(b.claim(code, "f3"), 201)
}

// A board of many advocates reads the first places only.
func TestLeaderboardIsBounded(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	const advocates = 70
	for i := range advocates {
		b.settle(fmt.Sprint("f", i), fmt.Sprint("advocate", i), noon.Add(time.Duration(i)*time.Second))
	}
	at := noon
	for done := false; !done; at = at.Add(24 * time.Hour) {
		var err error
		if done, err = b.process.Referrals.Rank(t.Context(), "spring", at); err != nil {
			t.Fatal(err)
		}
	}
	for limit, people := range map[int]int{1: contenders, 25: contenders, 30: 60, maxPlaces: advocates} {
		gets, queries := b.db.Calls("GetItem"), b.db.Calls("Query")
		items := b.want(b.call("GET", fmt.Sprint("/v1/programs/spring/leaderboard?limit=", limit), ""), 200)["items"].([]any)
		if n := b.db.Calls("GetItem") - gets; len(items) != min(limit, advocates) || n > people+2 || n < people {
			t.Errorf("%d places of %d, %d reads", len(items), limit, n)
		}
		if n := b.db.Calls("Query") - queries; n != 8 {
			t.Errorf("%d queries", n)
		}
	}
}
