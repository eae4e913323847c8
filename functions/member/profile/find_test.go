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
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// findable makes Ann with an address, a number, a device and an order, and Bob, who has another of each.
func findable(b *membertest.Bench) (ann *profile.Profile) {
	b.Helper()
	for _, name := range []string{"bob", "ann"} {
		number := map[string]string{"ann": "+8613812345678", "bob": "+8613812345679"}[name]
		ann = b.Save(name, func(p *profile.Profile) {
			p.Traits = profile.Traits{"name": {Value: "Mei of " + name}, "email": {Value: name + "@example.com"}}
		})
		change := people.Change{Profile: ann, Orders: []*order.Order{{ID: name + "-1", Owner: ann.ID, Currency: "CNY", Total: 1000, CompletedAt: membertest.Noon}}}
		for kind, value := range map[profile.IdentifierKind]string{profile.Email: name + "@example.com", profile.Phone: number, profile.AnonymousID: name + "s-device"} {
			change.Attach = append(change.Attach, attach(b, ann, profile.Identifier{Kind: kind, Value: value}))
		}
		b.Must(b.Profiles.Commit(b.Context(), change))
	}
	return ann
}

// attach gives a profile an identifier, and gives who is there by now: nobody, who is to point to the profile.
func attach(b *membertest.Bench, p *profile.Profile, i profile.Identifier) *profile.Profile {
	b.Helper()
	p.Attach(i)
	vacant, err := b.Profiles.Load(b.Context(), i.ID())
	b.Must(err)
	return vacant
}

func TestPeopleAreFoundByWhatIsExactlyTheirs(t *testing.T) {
	b := membertest.Start(t)
	ann := findable(b)
	b.Hire()
	for q, finds := range map[string]bool{
		"email:ann@example.com": true, "email: ANN@Example.com": true, "phone:138 1234 5678": true, "phone:0086-138-1234-5678": true, "phone:+1 3812345678": false, "phone:+86 13812345678": true, "user:ann": true, "anonymous:anns-device": true, "order:ann-1": true,
		"email:an@example.com": false, "phone:13812345677": false, "user:Ann": false, "anonymous:anns": false, "order:ann-2": false, "order:ANN-1": false, "user:ann-1": false, "order:ann": false,
	} {
		status, body := b.As(access.Viewer, "GET", "/v1/people?q="+url.QueryEscape(q))
		items, _ := body["items"].([]any)
		if status != 200 || body["masked"] != true || len(items) != map[bool]int{true: 1}[finds] {
			t.Errorf("%s is answered %d %v", q, status, body)
			continue
		}
		if !finds {
			continue
		}
		one := items[0].(map[string]any)
		if one["profileId"] != string(ann.ID) || one["name"] != "M***" || fmt.Sprint(one["orders"].(map[string]any)["count"]) != "0" {
			t.Errorf("%s finds %v", q, one)
		}
		if text := fmt.Sprint(one["ids"], one["addresses"]); !strings.Contains(text, "a***@example.com") || strings.Contains(text, "ann") || strings.Contains(text, "13812345678") {
			t.Errorf("%s shows %s", q, text)
		}
	}
}

// TestWhoLooksForSomebodyIsWrittenDown with the kind of what they look by, and shown the person as they are for a reason.
func TestWhoLooksForSomebodyIsWrittenDown(t *testing.T) {
	b := membertest.Start(t)
	ann := findable(b)
	b.Hire()
	for _, c := range []struct {
		role       access.Role
		path       string
		status     int
		shown      bool
		line, kind string
	}{
		{access.Viewer, "?q=email:ann@example.com", 200, false, "find of " + string(ann.ID) + ` for ""`, "email"},
		{access.Viewer, "?q=phone:13800000000", 200, false, `find of - for ""`, "phone"},
		{access.Viewer, "?q=user:ann&reason=ticket+7", 403, false, "", ""},
		{access.Editor, "?q=order:ann-1&reason=ticket+7", 200, true, "reveal of " + string(ann.ID) + ` for "ticket 7"`, "order"},
		{access.Editor, "?q=order:ann-9&reason=ticket+7", 200, false, `find of - for "ticket 7"`, "order"},
		{access.Editor, "?q=user:ann&reason=", 400, false, "", ""},
	} {
		before := len(lines(b))
		w := b.Anybody("GET", "/v1/people"+c.path, "", "Authorization", "Bearer "+string(c.role))
		if w.Code != c.status || strings.Contains(w.Body.String(), "ann@example.com") != c.shown || c.status == 200 && strings.Contains(w.Body.String(), `"masked":true`) == c.shown {
			t.Errorf("%s as %s: %d %s", c.path, c.role, w.Code, w.Body)
		}
		all := lines(b)
		if c.line == "" {
			if len(all) != before {
				t.Errorf("%s as %s was refused and has a line", c.path, c.role)
			}
			continue
		}
		last := all[len(all)-1]
		if got := fmt.Sprintf("%s of %s for %q", last.Action, last.Of, last.Reason); len(all) != before+1 || got != c.line || fmt.Sprint(last.Fields) != "["+c.kind+"]" || last.Asked != "" || last.By.Role != c.role {
			t.Errorf("%s as %s has the line %s %+v, want %s", c.path, c.role, got, last, c.line)
		}
		b.Pass(time.Millisecond)
	}
	// Without the log nobody is found.
	for _, fault := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		b.DB.Fail("TransactWriteItems", 1, fault)
		if w := b.Anybody("GET", "/v1/people?q=user:ann", "", "Authorization", "Bearer owner"); w.Code != 503 {
			t.Errorf("without a log: %d %s", w.Code, w.Body)
		}
	}
	if w := b.Call("GET", "/v1/people?q=user:ann", ""); w.Code != 403 {
		t.Errorf("the server key is answered %d", w.Code)
	}
}

// TestWhoeverACursorNamesHasALine: whether somebody's place is in the list of a question tells of them, letter by letter where the cursor was made up, and be it that the answer is a refusal.
func TestWhoeverACursorNamesHasALine(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	mei := traited(b, "mei", "", map[string]string{"name": "Wang Mei", "phone": "13800138000"})
	other := traited(b, "other", "", map[string]string{"name": "Wang Xia"})
	for _, c := range []struct {
		q, cursor string
		status    int
		of        []profile.ID
	}{
		{"name:wangmei", "w#0#" + string(mei.ID), 200, []profile.ID{mei.ID}},
		{"name:wangxia", "w#0#" + string(mei.ID), 400, []profile.ID{mei.ID}},
		{"digits:38000", "w#0#" + string(mei.ID), 200, []profile.ID{mei.ID}},
		{"digits:48000", "w#0#" + string(mei.ID), 400, []profile.ID{mei.ID}},
		{"name:wang", "w#0#" + string(mei.ID), 200, nil}, // of the other too, or not, as their keys lie
		{"name:wang", "made up", 400, []profile.ID{audit.Nobody}},
	} {
		before := len(lines(b))
		w := b.Anybody("GET", "/v1/people?q="+c.q+"&cursor="+dynamo.CursorAfter(c.cursor), "", "Authorization", "Bearer viewer")
		var of []profile.ID
		for _, l := range lines(b)[before:] {
			if of = append(of, profile.ID(l.Of)); l.Action != audit.Find || l.By.Role != access.Viewer {
				t.Errorf("%s behind %s has the line %+v", c.q, c.cursor, l)
			}
		}
		if w.Code != c.status || c.of != nil && !slices.Equal(of, c.of) || c.of == nil && (!slices.Contains(of, mei.ID) || strings.Contains(w.Body.String(), string(other.ID)) != slices.Contains(of, other.ID)) {
			t.Errorf("%s behind %s: %d, with lines of %v: %s", c.q, c.cursor, w.Code, of, w.Body)
		}
		b.Pass(time.Millisecond)
	}
}

// TestEachWhoWasFoundHasALine: all of a page by one transaction, in the lists of the person, of the operator and of the month; all or none of them.
func TestEachWhoWasFoundHasALine(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	of := map[string]bool{}
	for n := range people.MaxHits + 5 {
		of[string(traited(b, fmt.Sprint("u", n), "", map[string]string{"name": "王小明"}).ID)] = true
	}
	ask := func() int {
		return b.Anybody("GET", "/v1/people?q=name:%E7%8E%8B&reason=ticket+7", "", "Authorization", "Bearer editor").Code
	}
	listed := func(q audit.Query) (n int) {
		page, _, err := b.Process.Audit.List(b.Context(), q, 200, "")
		b.Must(err)
		for _, l := range page {
			if l.Action != audit.Reveal || l.Reason != "ticket 7" || l.By.Role != access.Editor || !of[l.Of] {
				t.Errorf("a line is %+v", l)
			}
		}
		return len(page)
	}
	for _, c := range []struct {
		fault  dynamotest.How
		status int
		more   int
	}{{status: 200, more: people.MaxHits}, {dynamotest.NotPersisted, 503, 0}, {dynamotest.Persisted, 503, people.MaxHits}} {
		before, calls := listed(audit.Query{}), b.DB.Calls("TransactWriteItems")
		if c.fault != "" {
			b.DB.Fail("TransactWriteItems", 1, c.fault)
		}
		if got := ask(); got != c.status || listed(audit.Query{})-before != c.more || b.DB.Calls("TransactWriteItems") != calls+1 {
			t.Errorf("%v: answered %d, %d lines more by %d writes", c.fault, got, listed(audit.Query{})-before, b.DB.Calls("TransactWriteItems")-calls)
		}
		b.Pass(time.Second)
	}
	all, byOperator, each := listed(audit.Query{}), listed(audit.Query{Operator: "the editor"}), 0
	for id := range of {
		n := listed(audit.Query{Kind: audit.KindProfile, Of: id})
		if each += n; n != 0 && n != 2 {
			t.Errorf("%s has %d lines", id, n)
		}
	}
	if all != 2*people.MaxHits || byOperator != all || each != all {
		t.Errorf("%d lines in all, %d of the operator, %d of the people", all, byOperator, each)
	}
}

// TestAPageOfPeopleHasALimit as other lists have, which the best proven count for.
func TestAPageOfPeopleHasALimit(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	for n := range 6 {
		traited(b, fmt.Sprint("u", n), "", map[string]string{"name": "Wang", "email": "mei@shop.example"})
	}
	mei := b.Save("mei", nil)
	b.Must(b.Profiles.Commit(b.Context(), people.Change{Profile: mei, Attach: []*profile.Profile{attach(b, mei, profile.Identifier{Kind: profile.Email, Value: "mei@shop.example"})}}))
	for query, want := range map[string]string{
		"q=name:wang&limit=4": "4 2", "q=name:wang&limit=1": "1 1 1 1 1 1", "q=name:wang&limit=20": "6", "q=name:wang&limit=": "6", "q=user:u1&limit=1": "1",
		"q=email:mei@shop.example&limit=4": "4 3", "q=email:mei@shop.example&limit=1": "2 1 1 1 1 1",
	} {
		var sizes []string
		for cursor, page := "", 0; page < 10; page++ {
			_, body := b.As(access.Viewer, "GET", "/v1/people?"+query+"&cursor="+cursor)
			items, _ := body["items"].([]any)
			if sizes = append(sizes, fmt.Sprint(len(items))); body["next"] == nil {
				break
			}
			cursor = body["next"].(string)
		}
		if got := strings.Join(sizes, " "); got != want {
			t.Errorf("%s: pages of %s, want %s", query, got, want)
		}
	}
	for _, bad := range []string{"0", "21", "x"} {
		b.Want(b.Anybody("GET", "/v1/people?q=name:wang&limit="+bad, "", "Authorization", "Bearer viewer"), 400, "is not a whole number from 1 to 20")
	}
}

func lines(b *membertest.Bench) []audit.Line {
	b.Helper()
	page, _, err := b.Process.Audit.List(b.Context(), audit.Query{Kind: audit.KindProfile}, 200, "")
	b.Must(err)
	for i, j := 0, len(page)-1; i < j; i, j = i+1, j-1 {
		page[i], page[j] = page[j], page[i]
	}
	return page
}

func TestQuestionsThatMeanNothingAreRefused(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	for query, want := range map[string]string{
		"": "must be there once", "?q=ann": "does not say what it is", "?q=mail:a@b.c": `did you mean \"email\"?`, "?q=email:a": "means nobody", "?q=email:": "means nobody", "?q=phone:12": "means nobody", "?q=user:+": "means nobody",
		"?q=order:": "means nobody", "?q=user:a&q=user:b": "must be there once", "?query=user:a": "is not known here", "?q=user:" + strings.Repeat("a", 901): "has more than 900 bytes",
	} {
		b.Want(b.Anybody("GET", "/v1/people"+query, "", "Authorization", "Bearer owner"), 400, want)
	}
	if all := lines(b); len(all) > 0 {
		t.Errorf("refused, and written down: %+v", all)
	}
}

// TestADeviceThatWasTakenOffFindsWhoHasItNow, no more the person off whom it was taken.
func TestADeviceThatWasTakenOffFindsWhoHasItNow(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	device := membertest.Device("shared")
	ann := b.Save("ann", nil)
	vacant, err := b.Profiles.Load(t.Context(), device.ID())
	b.Must(err)
	change := people.Change{Profile: ann, Attach: []*profile.Profile{vacant}}
	ann.RememberOff(device.ID(), membertest.Noon.Add(-time.Hour))
	b.Must(b.Profiles.Commit(t.Context(), change))
	now := &profile.Profile{ID: device.Next().ID(), Memory: profile.Memory{FirstSeen: membertest.Noon, LastSeen: membertest.Noon}}
	now.Attach(device.Next())
	b.Must(b.Profiles.Save(t.Context(), now))
	b.Want(b.Anybody("GET", "/v1/people?q=anonymous:shared", "", "Authorization", "Bearer owner"), 200, `"profileId":"`+string(now.ID)+`"`)
}

// TestTwoWhoHaveOneNumber, one with the country and one without, are both found, each with a line.
func TestTwoWhoHaveOneNumber(t *testing.T) {
	b := membertest.Start(t)
	findable(b)
	b.Hire()
	eve := b.Save("eve", nil)
	change := people.Change{Profile: eve, Attach: []*profile.Profile{attach(b, eve, profile.Identifier{Kind: profile.Phone, Value: "13812345678"})}}
	b.Must(b.Profiles.Commit(t.Context(), change))
	for _, q := range []string{"phone:13812345678", "phone:%2B8613812345678"} {
		_, body := b.As(access.Viewer, "GET", "/v1/people?q="+q)
		if n := len(body["items"].([]any)); n != 2 {
			t.Errorf("%s finds %d", q, n)
		}
	}
	if n := len(lines(b)); n != 4 {
		t.Errorf("%d lines, want 4", n)
	}
}
