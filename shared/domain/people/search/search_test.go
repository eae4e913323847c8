package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// spoken reads the characters of these tests.
func spoken(han []rune) (all []string) {
	for _, r := range han {
		all = append(all, map[rune]string{'王': "wang", '小': "xiao", '明': "ming", '张': "zhang", '伟': "wei"}[r])
	}
	return all
}

func known(change func(*profile.Profile)) *profile.Profile {
	p := &profile.Profile{ID: "p", Version: 1, Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: "u"}}, Memory: profile.Memory{FirstSeen: t0, LastSeen: t0}}
	if change != nil {
		change(p)
	}
	return p
}

func TestNamesAreListed(t *testing.T) {
	for name, want := range map[string]string{
		"王小明":               "wangxiaoming wxm xiaoming 小明 明 王小明", // the last syllable alone lists nobody
		"张 伟":               "wei zhangwei zw 伟 张伟",
		"Anna Maria Müller": "annamariamuller mariamuller muller",
		"O’Brien, ＡＮＮ":      "ann obrienann",
		"王Anna":             "anna wa wanganna 王anna",
		"Łukasz Żółć":       "lukaszzolc zolc",
		"Иван":              "иван",
		"  ·-— ":            "",
		"䶮":                 "䶮",
	} {
		got := namesOf(name, spoken)
		slices.Sort(got)
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s is listed under %q, want %q", name, text, want)
		}
	}
}

// TestLongNamesAreBounded: a trait may be a page of text, and a transaction has a hundred actions.
func TestLongNamesAreBounded(t *testing.T) {
	f := Facts{Names: []string{strings.Repeat("王小明", 300), strings.Repeat("word ", 300) + strings.Repeat("x", 900)}}
	for i := range 40 {
		f.Phones = append(f.Phones, fmt.Sprint(13800000000+i))
	}
	terms := f.Terms(spoken)
	if len(terms) != maxTerms {
		t.Errorf("%d terms, want %d", len(terms), maxTerms)
	}
	for _, term := range terms {
		if n := len([]rune(term.Text)); n > maxTerm {
			t.Errorf("a term of %d characters", n)
		}
	}
}

// TestWhoIsListed: what pages say is a name at the most, of somebody of whom somebody else speaks too.
func TestWhoIsListed(t *testing.T) {
	name := func(by trust.Level) profile.Traits {
		return profile.Traits{"name": {Value: "Mei", By: by}, "phone": {Value: "13800001111", By: by}, "email": {Value: "mei@shop.example", By: by}}
	}
	page := func(p *profile.Profile) { p.Unproven.Traits, p.Unproven.FirstSeen = name(""), t0 }
	for what, c := range map[string]struct {
		p    *profile.Profile
		want string
	}{
		"the shop":          {known(func(p *profile.Profile) { p.Traits = name("") }), "[Mei] [13800001111] [{mei@shop.example shop}]"},
		"the person":        {known(func(p *profile.Profile) { p.Traits = name(trust.Person) }), "[Mei] [13800001111] [{mei@shop.example person}]"},
		"a page":            {known(func(p *profile.Profile) { p.Memory = profile.Memory{}; page(p) }), "[] [] []"},
		"a page of a buyer": {known(func(p *profile.Profile) { p.Memory = profile.Memory{}; page(p); p.Orders.Count = 1 }), "[Mei] [] []"},
		"a page beside the shop": {known(func(p *profile.Profile) {
			p.Traits = profile.Traits{"name": {Value: "May"}}
			page(p)
		}), "[May Mei] [] []"},
		"a link": {known(func(p *profile.Profile) {
			p.Memory = profile.Memory{}
			page(p)
			p.Confirmed.Value = "mei@shop.example"
		}), "[Mei] [] [{mei@shop.example confirmed}]"},
		"a link and the person": {known(func(p *profile.Profile) {
			p.Traits = name(trust.Person)
			p.Confirmed.Value = "mei@shop.example"
		}), "[Mei] [13800001111] [{mei@shop.example confirmed}]"},
		"one who has joined": {known(func(p *profile.Profile) {
			p.Traits = name("")
			p.Attach(profile.Identifier{Kind: profile.Email, Value: "mei@shop.example"})
			p.Attach(profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
		}), "[Mei] [13800001111] []"},
		"what a device would have confirmed": {known(func(p *profile.Profile) { p.Unconfirmed.Email.Value = "mei@shop.example" }), "[] [] []"},
		"two names": {known(func(p *profile.Profile) {
			p.Traits = profile.Traits{"firstName": {Value: "小明"}, "lastName": {Value: "王"}}
		}), "[王小明] [] []"},
	} {
		f := Of(c.p)
		if got := fmt.Sprint(f.Names, f.Phones, f.Emails); got != strings.Join(strings.Fields(c.want), " ") {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
		if listed := f.Mark("list") != 0; listed != (c.want != "[] [] []") {
			t.Errorf("%s: the mark is %d", what, f.Mark("list"))
		}
	}
}

// TestTheMarkTellsFactsApart, and is the same for the same ones.
func TestTheMarkTellsFactsApart(t *testing.T) {
	seen := map[uint64]string{}
	for _, f := range []Facts{
		{}, {Names: []string{"a"}}, {Names: []string{"a", "b"}}, {Names: []string{"ab"}}, {Phones: []string{"a"}}, {Emails: []Email{{"a", ByShop}}}, {Emails: []Email{{"a", ByPerson}}},
		{Names: []string{"a"}, Phones: []string{"b"}},
	} {
		mark := f.Mark("list")
		if other, is := seen[mark]; is || mark == profile.Relist || mark != f.Mark("list") || mark >= 1<<48 {
			t.Errorf("%v has the mark %d, as %s", f, mark, other)
		}
		seen[mark] = fmt.Sprint(f)
		if anew := f.Mark("list, begun anew"); (anew == mark) != (mark == 0) {
			t.Errorf("%v has the mark %d in a list that was begun anew too", f, mark)
		}
	}
}

func TestProofs(t *testing.T) {
	mail := profile.Identifier{Kind: profile.Email, Value: "mei@shop.example"}
	trait := func(by trust.Level) func(*profile.Profile) {
		return func(p *profile.Profile) { p.Traits = profile.Traits{"email": {Value: "Mei@Shop.example", By: by}} }
	}
	confirmed := func(p *profile.Profile) { p.Confirmed.Value = mail.Value }
	for want, changes := range map[Proof][]func(*profile.Profile){
		ByShop:    {trait(""), func(p *profile.Profile) { p.Attach(mail); trait(trust.Person)(p) }, func(p *profile.Profile) { trait("")(p); confirmed(p) }},
		Confirmed: {confirmed, func(p *profile.Profile) { trait(trust.Person)(p); confirmed(p) }},
		ByPerson:  {trait(trust.Person)},
		"":        {func(p *profile.Profile) { p.Unproven.Traits = profile.Traits{"email": {Value: mail.Value}} }, func(*profile.Profile) {}},
	} {
		for i, change := range changes {
			if got := ProofOf(known(change), []profile.Identifier{mail}); got != want {
				t.Errorf("%s %d: proven by %q", want, i, got)
			}
		}
	}
	if !(ByShop.Compare(Confirmed) < 0 && Confirmed.Compare(ByPerson) < 0 && ByPerson.Compare(ByPublic) < 0) {
		t.Error("proofs are not in their order")
	}
}

// TestQuestionsFind holds what questions begin with to the terms of names and numbers.
func TestQuestionsFind(t *testing.T) {
	for name, asks := range map[string]map[string]bool{
		"王小明":               {"王": true, "王小": true, "小明": true, "明": true, "wang": true, "wang xiao ming": true, "WangXiaoMing": true, "xiaoming": true, "xiao ming": true, "wxm": true, "小明 王": true, "xiaoming wang": true, "wm": false, "王明": false, "小": true, "w": false, "张": false},
		"Anna Maria Müller": {"anna": true, "an mar": true, "Anna Mar": true, "müll": true, "MULLER": true, "muller anna": true, "maria anna": true, "na": false, "nna": false, "anna müller": true},
	} {
		terms := Facts{Names: []string{name}}.Terms(spoken)
		for ask, want := range asks {
			q, ok := ByName(ask)
			longest, several := q.Longest()
			got := ok && slices.ContainsFunc(terms, func(term Term) bool {
				return strings.HasPrefix(term.Text, q.Whole) || several && strings.HasPrefix(term.Text, longest) && q.Met(term.Of)
			})
			if got != want {
				t.Errorf("%q finds %s: %v", ask, name, got)
			}
		}
	}
	terms := Facts{Phones: []string{"+8613812345678", "13812345678", "110"}}.Terms(spoken)
	if len(terms) != 1 || terms[0].Text != "8765432183168" {
		t.Errorf("the number is listed as %v", terms)
	}
	for digits, want := range map[string]string{"5678": "8765", " 56-78": "8765", "５６７８": "8765", "678": "", "": "", strings.Repeat("1", 21): ""} {
		if q, ok := ByDigits(digits); ok != (want != "") || ok && q.Whole != want {
			t.Errorf("%q asks for %v, %v", digits, q, ok)
		}
	}
	for _, everybody := range []string{"", " ", "a", "·", "é"} {
		if q, ok := ByName(everybody); ok {
			t.Errorf("%q asks for %v", everybody, q)
		}
	}
}
