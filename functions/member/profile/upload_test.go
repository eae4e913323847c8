package profile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// listed saves people and what they are found by: the shop's word of ann's address, a link that bob opened, what cat says of herself, and a number that two have.
func listed(b *membertest.Bench) map[string]profile.ID {
	ids := map[string]profile.ID{}
	save := func(name string, change func(*profile.Profile)) {
		p := b.Save(name, func(p *profile.Profile) {
			p.FirstSeen, p.LastSeen = membertest.Noon.Add(-time.Hour), membertest.Noon
			change(p)
		})
		ids[name] = p.ID
		b.Must(b.Process.Search.List(b.Context(), p, search.Of(p).Terms(nil)))
	}
	at := membertest.Noon.Add(-time.Hour)
	save("ann", func(p *profile.Profile) {
		p.Traits = profile.Traits{"email": {Value: "ann@shop.example", At: at}, "phone": {Value: "13800001111", At: at}}
	})
	save("bob", func(p *profile.Profile) { p.Confirmed = profile.Stamped{Value: "bob@shop.example", At: at} })
	save("cat", func(p *profile.Profile) {
		p.Traits = profile.Traits{"email": {Value: "cat@shop.example", At: at, By: trust.Person}}
	})
	save("dan", func(p *profile.Profile) { p.Traits = profile.Traits{"phone": {Value: "13800001111", At: at}} })
	return ids
}

// sent is what projection is asked for, in an order of its own: by whom, of what kind, with which properties.
func sent(b *membertest.Bench, ids map[string]profile.ID) string {
	var all []string
	for _, j := range b.Jobs() {
		c := j.Command
		who := string(c.ProfileID)
		for name, id := range ids {
			if id == c.ProfileID {
				who = name
			}
		}
		if !strings.HasSuffix(c.Event.MessageID, c.ID) || !c.At.Equal(membertest.Noon) || !c.Event.Timestamp.Equal(membertest.Noon) || c.Event.Trust != trust.Shop {
			b.Errorf("sent %+v of %+v", c.Event, c)
		}
		all = append(all, fmt.Sprintf("%s %s %s %s", who, c.Kind, c.Event.Name, c.Event.Properties))
	}
	b.Sent.Take()
	slices.Sort(all)
	return strings.Join(all, "\n")
}

const table, objects = "text/csv", "application/x-ndjson"

// TestAnUploadedList: who is named by what is proven to be theirs is told to be on the list, once; every other line has its reason.
func TestAnUploadedList(t *testing.T) {
	b := membertest.Start(t)
	ids := listed(b)
	body := "userId,email,phone,profileId\nann,,,\n,ANN@shop.example,,\n,bob@shop.example,,\n,cat@shop.example,,\n,nobody@shop.example,,\n,,13800001111,\n,,,\nnobody,,,\n,,," + string(ids["dan"]) + "\n"
	b.Sent.Take()
	answer := b.Want(b.Call("PUT", "/v1/lists/spring", body, "Content-Type", table), 202, `"at":"2026-11-21T12:00:00Z","mode":"add","lines":9,"matched":3,"twice":[{"line":3,"of":2}],"unmatched":[`+
		`{"line":5,"reason":"nobody has proven that it is theirs: the shop has not said it, and no link to it was opened"},{"line":6,"reason":"nobody is known by it"},`+
		`{"line":7,"reason":"is proven to be of several people: name the person by userId"},{"line":8,"reason":"names nobody"},{"line":9,"reason":"nobody is known by it"}]}`)
	if got, want := sent(b, ids), `ann enlist List Membership Changed {"list":"spring","by":"server key"}`+"\n"+`bob enlist List Membership Changed {"list":"spring","by":"server key"}`+"\n"+`dan enlist List Membership Changed {"list":"spring","by":"server key"}`; got != want {
		t.Errorf("sent\n%s\nwant\n%s (%v)", got, want, answer)
	}
	lines, _, err := b.Process.Audit.List(t.Context(), audit.Query{Kind: audit.KindList, Of: "spring"}, 10, "")
	if err != nil || len(lines) != 1 || fmt.Sprintln(lines[0].Action, lines[0].Fields) != "upload [add lines 9 matched 3 twice 1 unmatched 5]\n" {
		t.Errorf("the log has %+v, %v", lines, err)
	}
	b.Want(b.Call("PUT", "/v1/lists/spring?mode=remove", `{"userId":"ann"}`, "Content-Type", objects), 202, `"mode":"remove","lines":1,"matched":1`)
	if got, want := sent(b, ids), `ann enlist List Membership Changed {"list":"spring","off":true,"by":"server key"}`; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	for _, c := range []struct {
		path, form, body string
		status           int
		want             string
	}{
		{"/v1/lists/Spring!", table, "userId\nann\n", 422, `"field":"id"`}, {"/v1/lists/spring?mode=replace", table, "userId\nann\n", 400, `"reason":"is neither add nor remove"`}, {"/v1/lists/spring?part=1", table, "userId\nann\n", 400, `"field":"part"`},
		{"/v1/lists/spring", "application/json", "{}", 400, `"reason":"is neither text/csv nor application/x-ndjson"`}, {"/v1/lists/spring", table, "name\nann\n", 400, `"field":"body"`}, {"/v1/lists/spring", table, "userId,tags\nann,a\n", 400, "tags"},
		{"/v1/tags", table, "userId\n" + strings.Repeat("a", 1<<20), 413, "1048576"},
	} {
		b.Want(b.Call("PUT", c.path, c.body, "Content-Type", c.form), c.status, c.want)
	}
	b.Want(b.Anybody("PUT", "/v1/lists/spring", "userId\nann\n", "Content-Type", table), 401)
	if len(b.Jobs()) != 0 {
		t.Error("what was refused was sent")
	}
}

// TestTagsByUpload: each line's tags are the person's, of two lines all of them.
func TestTagsByUpload(t *testing.T) {
	b := membertest.Start(t)
	ids := listed(b)
	b.Sent.Take()
	b.Want(b.Call("PUT", "/v1/tags", "userId,tags\nann,vip;老客\nbob,tea\nann,new\nbob,\n", "Content-Type", table), 202, `"mode":"add","lines":4,"matched":2,"twice":[{"line":4,"of":2}],"unmatched":[{"line":5,"reason":"has no tag"}]`)
	if got, want := sent(b, ids), `ann tell Tags Changed {"add":["new"],"by":"server key"}`+"\n"+`ann tell Tags Changed {"add":["vip","老客"],"by":"server key"}`+"\n"+`bob tell Tags Changed {"add":["tea"],"by":"server key"}`; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	b.Want(b.Call("PUT", "/v1/tags?mode=remove", `{"userId":"ann","tags":["vip"]}`, "Content-Type", objects), 202, `"matched":1`)
	if got, want := sent(b, ids), `ann tell Tags Changed {"remove":["vip"],"by":"server key"}`; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
}

// TestUploadBroken: nothing is sent without a line in the log, and whoever is told of a failure may send the part again.
func TestUploadBroken(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		b := membertest.Start(t)
		listed(b)
		b.Sent.Take()
		for _, op := range []string{"PutItem", "TransactWriteItems", "BatchWriteItem"} {
			b.DB.Fail(op, 1, how)
		}
		b.Want(b.Call("PUT", "/v1/lists/spring", "userId\nann\n", "Content-Type", table), 503)
		if len(b.Jobs()) != 0 {
			t.Errorf("%v: sent without a line", how)
		}
		b.DB.Heal()
		b.Sent.Break(dynamotest.ErrInjected)
		b.Want(b.Call("PUT", "/v1/lists/spring", "userId\nann\n", "Content-Type", table), 503)
	}
}
