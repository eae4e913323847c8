package profile_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// tagged saves ann with a tag by a word, one by a list and one by a segment.
func tagged(b *membertest.Bench) *profile.Profile {
	return b.Save("ann", func(p *profile.Profile) {
		p.Tagging.Say("new", profile.Tagged{At: membertest.Noon.Add(-time.Hour), By: "Bob"})
		p.Tagging.Say("old", profile.Tagged{At: membertest.Noon.Add(-time.Hour), Off: true})
		p.Tagging.List("shopify", profile.TagList{At: membertest.Noon, Tags: []string{"big"}})
		p.Members = map[string]profile.Membership{"buyers": {Since: membertest.Noon, Tag: "buyer"}}
	})
}

func TestTagged(t *testing.T) {
	b := membertest.Start(t)
	tagged(b)
	b.Want(b.Call("GET", "/v1/profiles/ann", ""), 200, `"tags":["big","buyer","new"],"tagged":[{"tag":"big","by":"shopify","list":true,"at":"2026-11-21T12:00:00Z"},`+
		`{"tag":"buyer","segment":"buyers","at":"2026-11-21T12:00:00Z"},{"tag":"new","by":"Bob","at":"2026-11-21T11:00:00Z"}]`)
}

// TestTag asks projection for what is to be changed, once there is a line of it.
func TestTag(t *testing.T) {
	b := membertest.Start(t)
	ann := tagged(b)
	for _, c := range []struct{ body, answer, properties, fields string }{
		{`{"add":["vip","big"],"remove":["new"]}`, `"add":["vip","big"],"remove":["new"]`, `{"add":["vip","big"],"remove":["new"],"by":"server key"}`, "[+vip +big -new]"},
		{`{"tags":["vip"]}`, `"add":["vip"],"remove":["new"]`, `{"add":["vip"],"remove":["new"],"only":["vip"],"by":"server key"}`, "[=vip]"},
		{`{"tags":[]}`, `"add":[],"remove":["new"]`, `{"remove":["new"],"only":[],"by":"server key"}`, "[=]"},
		{`{"tags":["new"]}`, `"add":[],"remove":[]`, `{"only":["new"],"by":"server key"}`, "[=new]"},
		{`{"remove":["nobody-has-it"]}`, `"add":[],"remove":["nobody-has-it"]`, `{"remove":["nobody-has-it"],"by":"server key"}`, "[-nobody-has-it]"},
	} {
		b.Sent.Take()
		answer := b.Want(b.Call("PUT", "/v1/profiles/ann/tags", c.body), 202, c.answer)
		jobs := b.Jobs()
		if len(jobs) != 1 {
			t.Fatalf("%s: %d jobs", c.body, len(jobs))
		}
		receipt := fmt.Sprint(answer["receipt"])
		got, err := json.Marshal(jobs[0])
		want := `{"source":"member","command":{"id":"` + receipt + `","kind":"tell","profileId":"` + string(ann.ID) + `","at":"2026-11-21T12:00:00Z","event":` +
			`{"messageId":"tags-` + receipt + `","type":"track","userId":"ann","event":"Tags Changed","properties":` + c.properties + `,"timestamp":"2026-11-21T12:00:00Z","receivedAt":"2026-11-21T12:00:00Z","trust":"shop"}}}`
		if err != nil || string(got) != want {
			t.Errorf("%s: sent\n%s, want\n%s", c.body, got, want)
		}
		line, err := b.Process.Audit.Line(t.Context(), membertest.Noon, "tag#"+receipt)
		if err != nil || fmt.Sprint(line.Fields) != c.fields || line.Of != string(ann.ID) || line.Action != "tag" {
			t.Errorf("%s: the line is %+v, %v", c.body, line, err)
		}
	}
	b.Sent.Take()
	bob := b.Save("bob", nil)
	b.Must(b.Profiles.Commit(t.Context(), people.Change{Profile: bob, Attach: []*profile.Profile{attach(b, bob, membertest.Device("phone"))}}))
	answer := b.Want(b.Call("PUT", "/v1/profiles/anonymous:phone/tags", `{"add":["vip"]}`), 202)
	if line, err := b.Process.Audit.Line(t.Context(), membertest.Noon, fmt.Sprint("tag#", answer["receipt"])); err != nil || line.Asked != string(membertest.Device("phone").ID()) {
		t.Errorf("by a device: %+v, %v", line, err)
	}
	b.Sent.Take()
	b.Save("full", func(p *profile.Profile) {
		for i := range profile.MaxTags {
			p.Tagging.Say(fmt.Sprint("t", i), profile.Tagged{At: membertest.Noon})
		}
	})
	for _, c := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"ann", `{}`, 422, `{"field":"add","reason":"is missing: name the tags to add, to remove, or both"}`}, {"ann", `{"add":[""]}`, 422, `{"field":"add[0]","reason":"is empty"}`},
		{"ann", `{"tags":["a","a"]}`, 422, `{"field":"tags[1]","reason":"is there twice"}`}, {"ann", `{"tags":["a"],"add":["b"]}`, 422, `{"field":"tags","reason":"is all tags that the person is to have: leave out add and remove"}`},
		{"ann", `{"remove":["buyer"]}`, 422, `{"field":"remove[0]","reason":"is given by the segment buyers, to whoever is in it"}`}, {"ann", `{"remove":["new","big"]}`, 422, `{"field":"remove[1]","reason":"is given by shopify, which tells all of its tags: take it away there"}`},
		{"full", `{"add":["one more"]}`, 422, `{"field":"add","reason":"would make 129 tags, at most 128"}`}, {"nobody", `{"add":["a"]}`, 404, "no profile"},
		{"ann", `{"tag":["a"]}`, 400, `"field":"tag"`}, {"ann", `{"add":"a"}`, 400, `"field":"add"`}, {"ann?x=1", `{"add":["a"]}`, 400, `"field":"x"`}, {"ann", `[`, 400, "JSON"},
	} {
		path, query := c.path, ""
		if path == "ann?x=1" {
			path, query = "ann", "?x=1"
		}
		b.Want(b.Call("PUT", "/v1/profiles/"+path+"/tags"+query, c.body), c.status, c.want)
	}
	b.Want(b.Anybody("PUT", "/v1/profiles/ann/tags", `{"add":["a"]}`), 401)
	if len(b.Jobs()) != 0 {
		t.Errorf("sent %+v", b.Jobs())
	}
	b.Want(b.Call("PUT", "/v1/profiles/full/tags", `{"add":["one more"],"remove":["t1"]}`), 202)
}

// TestTagBroken breaks the writes of a change both ways: it is asked for once there is a line, and the caller may ask again.
func TestTagBroken(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		b := membertest.Start(t)
		tagged(b)
		b.DB.Fail("PutItem", 1, how)
		b.DB.Fail("TransactWriteItems", 1, how)
		b.DB.Fail("BatchWriteItem", 1, how)
		b.Want(b.Call("PUT", "/v1/profiles/ann/tags", `{"add":["vip"]}`), 503)
		if len(b.Jobs()) != 0 {
			t.Errorf("%v: sent without a line: %+v", how, b.Jobs())
		}
		b.DB.Heal()
		b.Want(b.Call("PUT", "/v1/profiles/ann/tags", `{"add":["vip"]}`), 202)
	}
	b := membertest.Start(t)
	tagged(b)
	b.Sent.Break(dynamotest.ErrInjected)
	b.Want(b.Call("PUT", "/v1/profiles/ann/tags", `{"add":["vip"]}`), 503)
}
