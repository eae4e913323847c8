package referral_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
)

func TestClaimRules(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	b.Save("buyer", func(p *profile.Profile) { p.Orders.Count = 1 })
	b.Save("mail1", func(p *profile.Profile) { p.Traits = map[string]profile.Trait{"email": {Value: "x@example.com"}} })
	b.Save("mail2", func(p *profile.Profile) { p.Traits = map[string]profile.Trait{"email": {Value: "X@example.com"}} })
	says := func(email string) profile.Memory { // a page
		return profile.Memory{FirstSeen: membertest.Noon, Traits: profile.Traits{"email": {Value: email, At: membertest.Noon.Add(time.Hour)}}}
	}
	b.Save("mail3", func(p *profile.Profile) {
		p.Traits, p.Unproven = profile.Traits{"email": {Value: "x@example.com"}}, says("other@example.com")
	})
	b.Save("honest", func(p *profile.Profile) { p.Unproven = says("x@example.com") })
	ann, mail := b.Code("spring", "ann"), b.Code("spring", "mail1")
	b.Want(b.Claim(ann, "bob"), 201, `"state":"claimed"`, `"expiresAt":"2026-12-21T12:00:00Z"`)
	bob := b.Code("spring", "bob")
	b.Want(b.Claim(bob, "cid"), 201)
	cid := b.Code("spring", "cid")
	for name, c := range map[string]struct {
		code, user string
		status     int
		rule       string
	}{
		"an unknown code":            {"ABCDEFGH", "dan", 422, "unknownCode"},
		"no code at all":             {"hello", "dan", 422, "unknownCode"},
		"the same claim again":       {ann, "bob", 409, "alreadyReferred"},
		"another advocate":           {mail, "bob", 409, "alreadyReferred"},
		"oneself":                    {ann, "ann", 422, "selfReferral"},
		"oneself by another account": {mail, "mail2", 422, "selfReferral"},
		"oneself, says a page not":   {mail, "mail3", 422, "selfReferral"},
		"somebody who has bought":    {ann, "buyer", 422, "existingCustomer"},
		"a circle of two":            {bob, "ann", 422, "circle"},
		"a circle of three":          {cid, "ann", 422, "circle"},
	} {
		t.Run(name, func(t *testing.T) {
			b.Want(b.Claim(c.code, c.user), c.status, `"reason":"`+c.rule+`"`)
		})
	}
	b.Want(b.Claim(mail, "honest"), 201) // whoever a page says that they are
	b.Want(b.Claim(strings.ToLower(ann[:4])+"-"+ann[4:], "dan"), 201)
	b.Program("spring", `{"name":"P","state":"paused","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}]}}`)
	b.Want(b.Claim(ann, "eve"), 422, "programClosed")
}

func TestClaimSeesAMergedFriend(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	ann, bea := b.Code("spring", "ann"), b.Code("spring", "bea")
	b.Want(b.Claim(ann, "bob"), 201)
	other := b.Save("robert", nil)
	absorbed := b.Save("bob", nil)
	other.Absorb(absorbed)
	b.Must(b.Profiles.Merge(t.Context(), other, absorbed, people.Pack{}))
	b.Want(b.Claim(bea, "robert"), 409, "alreadyReferred")
	b.Want(b.Call("GET", "/v1/referrals/robert", ""), 200, `"asFriend":[{"programId":"spring"`)
}

// Merges may close a circle that no claim could have made; who comes by its codes is claimed all the same.
func TestClaimBelowAClosedCircle(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	b.Want(b.Claim(b.Code("spring", "ann"), "bob"), 201)
	b.Want(b.Claim(b.Code("spring", "bob"), "cid"), 201)
	ann, cid := b.Save("ann", nil), b.Save("cid", nil)
	ann.Absorb(cid)
	b.Must(b.Profiles.Merge(t.Context(), ann, cid, people.Pack{}))
	b.Want(b.Claim(b.Code("spring", "bob"), "dan"), 201)
	b.Want(b.Claim(b.Code("spring", "dan"), "eve"), 201)
}

func TestClaimKnowsPeopleByWhateverSpelling(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	named(b, "ann", "Ann@gmail.com", "+86 138 0000 1111")
	named(b, "phone", "x@example.com", "0086 13800001111")
	named(b, "wide", "ａｎｎ＠ｇｍａｉｌ．ｃｏｍ", "")
	b.Save("digits", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"phone": {Value: int64(13800001111), At: membertest.Noon}}
	})
	named(b, "dots", "a.n.n+2@googlemail.com", "13800001112")
	code := b.Code("spring", "ann")
	wide := strings.Map(func(r rune) rune { return r - '!' + '！' }, code)
	b.Want(b.Claim(code, "phone"), 422, "selfReferral")
	b.Want(b.Claim(code, "wide"), 422, "selfReferral")
	b.Want(b.Claim(code, "digits"), 422, "selfReferral")
	b.Want(b.Claim(wide[:12]+"　"+wide[12:], "dots"), 201)
	b.Want(b.Call("GET", "/v1/referrals/ann", ""), 200, `"flags":["lookAlikeEmail"]`)
	if seen := b.Call("GET", "/v1/referrals/dots", "").Body.String(); strings.Contains(seen, "lookAlike") {
		t.Errorf("the friend sees %s", seen)
	}
}

// TestClaimKnowsAllThatEverJoined: a number and an address by which somebody was joined once give them away, whatever they have by now.
func TestClaimKnowsAllThatEverJoined(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	once := func(who string, joined ...profile.Identifier) {
		b.Save(who, func(p *profile.Profile) {
			p.Identifiers = append(p.Identifiers, joined...)
			p.Traits = map[string]profile.Trait{"email": {Value: who + "@new.example", At: membertest.Noon}, "phone": {Value: "1390000" + fmt.Sprint(1000+len(who)), At: membertest.Noon}}
		})
	}
	once("ann", profile.Identifier{Kind: profile.Email, Value: "ann@old.example"}, profile.Identifier{Kind: profile.Phone, Value: "+8613800001111"})
	once("phone", profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
	once("mailbox", profile.Identifier{Kind: profile.Email, Value: "other@old.example"}, profile.Identifier{Kind: profile.Email, Value: "ann@old.example"})
	once("somebody", profile.Identifier{Kind: profile.Email, Value: "some@old.example"}, profile.Identifier{Kind: profile.Phone, Value: "13800001112"})
	code := b.Code("spring", "ann")
	b.Want(b.Claim(code, "phone"), 422, "selfReferral")
	b.Want(b.Claim(code, "mailbox"), 422, "selfReferral")
	b.Want(b.Claim(code, "somebody"), 201)
}

// named gives somebody an e-mail address and a phone number.
func named(b *membertest.Bench, who, email, phone string) {
	b.Helper()
	b.Save(who, func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"email": {Value: email, At: membertest.Noon}, "phone": {Value: phone, At: membertest.Noon}, "name": {Value: who, At: membertest.Noon}}
	})
}
