package stop_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

const path = "/v1/stops/S/skipped"

// skip records that the stop S has skipped a notification to somebody.
func skip(b *membertest.Bench, id profile.ID, step string) {
	b.Helper()
	n := job.Notification{ID: string(id) + step, ProfileID: id, CampaignID: "spring", Step: step, Variant: "b", At: membertest.Noon, Since: membertest.Noon.Add(-time.Hour)}
	entry, err := json.Marshal(n)
	b.Must(err)
	b.Must(outreach.Deliveries{DB: b.DB, Table: "Deliveries", Results: "Results", Now: b.Now}.Decide(b.Context(), delivery.Decision{
		NotificationID: n.ID, ProfileID: id, CampaignID: n.CampaignID, Step: step, Variant: "b", Channel: delivery.Email, Outcome: delivery.Skipped, Reason: delivery.KillSwitch, Detail: "S", Asked: n.At,
		At: membertest.Noon.Add(time.Second), Stop: "S", Entry: string(entry),
	}))
}

type item struct {
	ProfileID, UserID, CampaignID, Step, Variant, Channel, NotificationID, At string
	EnteredAgain                                                              *struct{ ReentryID, At, Step string }
}

// pages reads the whole list as an operator, page by page.
func pages(b *membertest.Bench, role access.Role, query string) (all []item, pages int) {
	b.Helper()
	for cursor := "first"; cursor != ""; pages++ {
		at := path + "?" + query
		if cursor != "first" {
			at += "&cursor=" + url.QueryEscape(cursor)
		}
		w := b.Anybody("GET", at, "", "Authorization", "Bearer "+string(role))
		b.Want(w, 200)
		var page struct {
			Items []item
			Next  string
		}
		b.Must(json.Unmarshal(w.Body.Bytes(), &page))
		all, cursor = append(all, page.Items...), page.Next
	}
	return all, pages
}

// TestWhomAStopHasSkipped is shown page by page, each once, masked unless the operator says why; nobody else may ask.
func TestWhomAStopHasSkipped(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	want := map[string]string{}
	for i := range 23 {
		p := b.Save(fmt.Sprintf("person-%02d@example.com", i), nil)
		skip(b, p.ID, "once")
		want[string(p.ID)] = p.UserID()
	}
	for _, limit := range []int{1, 5, 23, 200} {
		all, n := pages(b, access.Viewer, fmt.Sprint("limit=", limit))
		seen := map[string]bool{}
		for _, one := range all {
			if seen[one.ProfileID] || want[one.ProfileID] == "" || one.UserID != "p***@example.com" || one.CampaignID != "spring" || one.Step != "once" || one.Variant != "b" || one.Channel != "email" ||
				one.NotificationID != one.ProfileID+"once" || one.At != "2026-11-21T12:00:01Z" || one.EnteredAgain != nil {
				t.Errorf("shown is %+v", one)
			}
			seen[one.ProfileID] = true
		}
		if len(seen) != 23 || n < 23/limit {
			t.Errorf("pages of %d: %d people on %d pages", limit, len(seen), n)
		}
	}
	all, _ := pages(b, access.Editor, "reason=ticket+7")
	for _, one := range all {
		if one.UserID != want[one.ProfileID] {
			t.Errorf("with a reason %s is shown as %s", want[one.ProfileID], one.UserID)
		}
	}
	for key, status := range map[string]int{"viewer": 403, "editor": 200} {
		if w := b.Anybody("GET", path+"?reason=x", "", "Authorization", "Bearer "+key); w.Code != status {
			t.Errorf("%s with a reason is answered %d", key, w.Code)
		}
	}
	b.Want(b.Call("GET", path, ""), 403)
	b.Want(b.Anybody("GET", path, "", "Authorization", "Bearer viewer"), 200, `"masked":true`)
	for _, query := range []string{"?cursor=!", "?cursor=Lw", "?cursor=OTkvYQ", "?cursor=YS9h", "?limit=0", "?limit=201"} {
		b.Want(b.Anybody("GET", path+query, "", "Authorization", "Bearer viewer"), 400)
	}
	b.Want(b.Anybody("GET", "/v1/stops/"+strings.Repeat("x", 101)+"/skipped", "", "Authorization", "Bearer viewer"), 404)
	b.Want(b.Anybody("GET", "/v1/stops/other/skipped", "", "Authorization", "Bearer viewer"), 200, `{"items":[],"masked":true}`)
}

// TestWhoIsShownAsSkipped: as who they are by now, with the entry that followed, and nobody who was erased, though the wipe has not come by.
func TestWhoIsShownAsSkipped(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	ann, part, gone := b.Save("ann", nil), b.Save("part", nil), b.Save("gone", nil)
	for _, p := range []*profile.Profile{ann, part, gone} {
		skip(b, p.ID, "once")
	}
	skip(b, "nobody", "once")
	list := outreach.Skips{DB: b.DB, Table: "Deliveries", Results: "Results", Now: b.Now}
	page, _, _, err := list.Page(t.Context(), "S", "", 10)
	b.Must(err)
	for _, one := range page {
		if one.ProfileID == ann.ID {
			_, err := list.Enter(t.Context(), "S", one, "r1", membertest.Noon.Add(time.Hour))
			b.Must(err)
		}
	}
	ann.Absorb(part)
	b.Must(b.Profiles.Merge(t.Context(), ann, part, people.Pack{}))
	b.Must(b.Profiles.Erase(t.Context(), gone, membertest.Noon, gone.TombstoneVersion(membertest.Noon)))
	all, _ := pages(b, access.Editor, "reason=x")
	if len(all) != 2 {
		t.Fatalf("shown are %+v", all)
	}
	for _, one := range all {
		again := one.NotificationID == string(ann.ID)+"once"
		if one.ProfileID != string(ann.ID) || one.UserID != "ann" || (one.EnteredAgain != nil) != again {
			t.Errorf("shown is %+v", one)
		}
		if again && (one.EnteredAgain.Step != "once~1" || one.EnteredAgain.ReentryID != "r1" || one.EnteredAgain.At != "2026-11-21T13:00:00Z") {
			t.Errorf("entered again is %+v", one.EnteredAgain)
		}
	}
}

// TestNobodyIsShownWithoutALine where the audit log fails, nor anything where a read does.
func TestNobodyIsShownWithoutALine(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	ann := b.Save("ann@example.com", nil)
	skip(b, ann.ID, "once")
	for _, op := range append(membertest.Reads, "PutItem", "TransactWriteItems") {
		for nth := 1; ; nth++ {
			before := b.DB.Calls(op)
			b.DB.Fail(op, nth, dynamotest.NotPersisted)
			w := b.Anybody("GET", path+"?reason=x", "", "Authorization", "Bearer editor")
			b.DB.Heal()
			if b.DB.Calls(op)-before < nth {
				break
			}
			b.Want(w, 503)
			if strings.Contains(w.Body.String(), "ann@") {
				t.Errorf("%s %d: shown all the same: %s", op, nth, w.Body)
			}
		}
	}
}
