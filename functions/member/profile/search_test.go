package profile_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/pinyin"
)

// lists lists a profile under what it is found by, as projection does.
func lists(b *membertest.Bench, p *profile.Profile) {
	b.Helper()
	b.Must(b.Process.Search.List(b.Context(), p, search.Of(p).Terms(pinyin.Name)))
}

// traited saves somebody with traits that somebody has said, and lists them.
func traited(b *membertest.Bench, userID string, by trust.Level, traits map[string]string) *profile.Profile {
	b.Helper()
	p := b.Save(userID, func(p *profile.Profile) {
		p.Traits = profile.Traits{}
		for name, value := range traits {
			p.Traits[name] = profile.Trait{Value: value, By: by}
		}
	})
	lists(b, p)
	return p
}

// finds is who is found by a question, with the proof, page by page.
func finds(b *membertest.Bench, names map[profile.ID]string, q string) (all []string) {
	b.Helper()
	cursor := ""
	for page := 0; page == 0 || cursor != ""; page++ {
		status, body := b.As(access.Viewer, "GET", "/v1/people?q="+url.QueryEscape(q)+"&cursor="+cursor)
		if status != 200 || page > 20 {
			b.Fatalf("%s is answered %d on page %d", q, status, page)
		}
		for _, item := range body["items"].([]any) {
			one := item.(map[string]any)
			all = append(all, fmt.Sprint(names[profile.ID(one["profileId"].(string))], " ", one["proof"]))
		}
		cursor, _ = body["next"].(string)
	}
	return all
}

// TestPeopleAreFoundByNamesAndEndings in every spelling, whoever they were merged into, and not once they are erased.
func TestPeopleAreFoundByNamesAndEndings(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	wang := traited(b, "wang", "", map[string]string{"name": "王小明", "phone": "+86 138 0000 5678"})
	anna := traited(b, "anna", trust.Person, map[string]string{"firstName": "Anna Maria", "lastName": "Müller", "phone": "13900005678"})
	gone := traited(b, "gone", "", map[string]string{"name": "王五", "phone": "13700005678"})
	b.Must(b.Profiles.Erase(b.Context(), gone, membertest.Noon, gone.TombstoneVersion(membertest.Noon)))
	back := &profile.Profile{ID: gone.ID, Version: gone.Version, Identifiers: gone.Identifiers, ErasedAt: membertest.Noon, Memory: profile.Memory{FirstSeen: membertest.Noon, LastSeen: membertest.Noon}}
	back.Stored(gone.Mark())
	back.RememberErasure(gone.ID, membertest.Noon)
	b.Must(b.Profiles.Save(b.Context(), back)) // under the key of who was erased, whose entries are not wiped yet
	part := traited(b, "part", "", map[string]string{"name": "Anna Alt"})
	anna.Absorb(part)
	b.Must(b.Profiles.Merge(b.Context(), anna, part, people.Pack{}))
	names := map[profile.ID]string{wang.ID: "wang", anna.ID: "anna", back.ID: "back"}
	for q, want := range map[string][]string{
		"name:王": {"wang shop"}, "name:小明": {"wang shop"}, "name:wang xiaoming": {"wang shop"}, "name:wxm": {"wang shop"}, "name:张": nil, "name:wu": nil,
		"name:müller": {"anna shop"}, "name:MULLER anna": {"anna shop"}, "name:alt": {"anna shop"}, // she is called as the shop calls her
		"digits:5678": {"wang shop", "anna person"}, "digits:0000 5678": {"wang shop", "anna person"}, "digits:800005678": {"wang shop"}, "digits:5679": nil,
		"phone:13800005678": {"wang shop"}, "phone:+8613900005678": {"anna person"}, "phone:13800005679": nil,
	} {
		got := finds(b, names, q)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", q, got, want)
		}
	}
	for _, l := range lines(b) {
		if text := fmt.Sprint(l.Fields); !slices.Contains([]string{"[name]", "[digits]", "[phone]"}, text) {
			t.Errorf("a line has the fields %s", text)
		}
	}
}

// TestAnAddressThatOthersName: who has proved it stands before who only says so, whatever their order otherwise; a page's word finds nobody.
func TestAnAddressThatOthersName(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	const mail = "mei@shop.example"
	names := map[profile.ID]string{}
	for n := range 30 { // more than a page holds
		p := traited(b, fmt.Sprint("eve", n), trust.Person, map[string]string{"email": mail})
		names[p.ID] = "eve"
	}
	page := b.Save("page", func(p *profile.Profile) {
		p.Unproven.Traits = profile.Traits{"email": {Value: mail}}
		p.Unconfirmed.Email = profile.Stamped{Value: mail, At: membertest.Noon}
		p.Orders.Count = 1
	})
	names[page.ID] = "page"
	lists(b, page)
	link := b.Save("link", func(p *profile.Profile) { p.Confirmed = profile.Stamped{Value: mail, At: membertest.Noon} })
	names[link.ID] = "link"
	lists(b, link)
	check := func(first ...string) {
		t.Helper()
		got := finds(b, names, "email:Mei@shop.example")
		if len(got) != 30+len(first) || !slices.Equal(got[:len(first)], first) || slices.Contains(got, "page") {
			t.Errorf("found are %v, want %v first", got, first)
		}
	}
	check("link confirmed")
	mei := b.Save("mei", nil)
	b.Must(b.Profiles.Commit(b.Context(), people.Change{Profile: mei, Attach: []*profile.Profile{attach(b, mei, profile.Identifier{Kind: profile.Email, Value: mail})}}))
	names[mei.ID] = "mei"
	check("mei shop", "link confirmed")
	// Who says another address by now is not found by the former, though the list does not know yet.
	eve, err := b.Profiles.Load(b.Context(), profile.Identifier{Kind: profile.UserID, Value: "link"}.ID())
	b.Must(err)
	eve.Confirmed = profile.Stamped{Value: "other@shop.example", At: membertest.Noon.Add(time.Minute)}
	b.Must(b.Profiles.Save(b.Context(), eve))
	check("mei shop")
}

// TestACursorTellsNothing that is masked, and belongs to the question that gave it.
func TestACursorTellsNothing(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	for n := range 25 {
		traited(b, fmt.Sprint("u", n), "", map[string]string{"name": fmt.Sprint("Wang Secret", n), "phone": fmt.Sprint(13800001000 + n)})
	}
	_, body := b.As(access.Viewer, "GET", "/v1/people?q=name:wang")
	next, _ := body["next"].(string)
	if items := body["items"].([]any); len(items) != 20 || next == "" || body["masked"] != true || strings.Contains(strings.ToLower(fmt.Sprint(body)), "secret") {
		t.Errorf("the page is %v", body)
	}
	for query, want := range map[string]string{
		"q=name:zhang&cursor=" + next: "is not one that this question gave", "q=name:wang&cursor=x": "is not one that this question gave", "q=user:u1&cursor=" + next: "has one page",
		"q=name:w": "2 letters", "q=name:": "2 letters", "q=digits:123": "last 4 digits", "q=digits:123456789012345678901": "20 at most",
	} {
		b.Want(b.Anybody("GET", "/v1/people?"+query, "", "Authorization", "Bearer viewer"), 400, want)
	}
}
