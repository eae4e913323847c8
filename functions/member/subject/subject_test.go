package subject_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// TestEveryIDIsReached reads and erases people by each id that ingest takes, wherever it would not survive in a path.
func TestEveryIDIsReached(t *testing.T) {
	b := membertest.Start(t)
	for i, id := range []string{"ann?x", "user/13", "gid://shopify/Customer/1", "profile:x", "anonymous:x", "a&userId=b", "50%", "..", "张三 ", "a+b", strings.Repeat("界", 512)} {
		p := b.Save(id, nil)
		query := "?userId=" + url.QueryEscape(id)
		b.Want(b.Call("GET", "/v1/profiles/-"+query, ""), 200, `"profileId":"`+string(p.ID)+`"`)
		b.Want(b.Call("GET", "/v1/profiles/-/events"+query+"&limit=1", ""), 200)
		b.Want(b.Call("GET", "/v1/referrals/-"+query, ""), 200)
		b.Want(b.Call("DELETE", "/v1/profiles/-"+query, ""), 202, `"profileId":"`+string(p.ID)+`"`)
		if got := b.Jobs()[i].Command.ProfileID; got != p.ID {
			t.Errorf("%q: erases %s, want %s", id, got, p.ID)
		}
	}
	b.Sent.Take()
	phone := profile.Identifier{Kind: profile.AnonymousID, Value: "a/1?"}
	b.Want(b.Call("DELETE", "/v1/profiles/-?anonymousId=a%2F1%3F", ""), 202, `"profileId":"`+string(phone.ID())+`"`)
	b.Want(b.Call("DELETE", "/v1/profiles/-?profileId="+string(phone.ID()), ""), 202, `"profileId":"`+string(phone.ID())+`"`)
	b.Sent.Take()
	for _, path := range []string{"profile:", "profile:x", "profile:gbOBfCNI2WeriD7lUXFExR", "profile:gbOBfCNI2WeriD7lUXFEx%0AQ", "profile:" + strings.Repeat("x", 3000), "anonymous:", "anonymous:%20", "%20", "-", "-?userId=", "-?userId=a&userId=b",
		"-?userId=a&anonymousId=b", "-?profileId=ann", "-?other=ann", "ann?userId=ann", "ann?x=", "ann?limit=1", "-?userId=ann&x=1"} {
		b.Want(b.Call("DELETE", "/v1/profiles/"+path, ""), 400)
		if len(b.Jobs()) != 0 {
			t.Fatalf("%s erased %+v", path, b.Jobs()[0].Command)
		}
	}
	// A prefix in a path is no licence to read or erase somebody else: here are people whose whole userIds begin so.
	device := profile.Identifier{Kind: profile.AnonymousID, Value: "shared-device"}
	for _, path := range []string{"anonymous:" + device.Value, "profile:" + string(device.ID())} {
		b.Want(b.Call("DELETE", "/v1/profiles/"+path, ""), 202, string(device.ID()))
		b.Save(path, nil)
		b.Sent.Take()
		for _, method := range []string{"DELETE", "GET"} {
			b.Want(b.Call(method, "/v1/profiles/"+path, ""), 400, "is also the whole userId of somebody", "/v1/profiles/-?userId=")
		}
		b.Want(b.Call("GET", "/v1/profiles/"+path+"/export", ""), 400)
		if len(b.Jobs()) != 0 {
			t.Errorf("%s erased %+v", path, b.Jobs()[0].Command)
		}
	}
	b.Want(b.Call("GET", "/v1/referrals/-", ""), 400, "userId")
	b.Want(b.Call("DELETE", "/v1/profiles/null", ""), 202) // what was stored under a placeholder before is still reached
}

// TestADeviceIsFoundByTheKeyThatItHasNow: by its anonymousId nobody reads or erases whom it was taken off.
func TestADeviceIsFoundByTheKeyThatItHasNow(t *testing.T) {
	b := membertest.Start(t)
	ann := b.Save("ann", nil)
	// The device founded her: its first key is hers.
	ann.RememberOff(membertest.Device("own").ID(), membertest.Noon.Add(-time.Hour))
	profiles := b.Process.Profiles
	vacant, err := profiles.Load(t.Context(), membertest.Device("own").ID())
	b.Must(err)
	b.Must(profiles.Commit(t.Context(), people.Change{Profile: ann, Attach: []*profile.Profile{vacant}}))
	b.Want(b.Call("GET", "/v1/profiles/anonymous:own", ""), 404)
	b.Want(b.Call("DELETE", "/v1/profiles/-?anonymousId=own", ""), 202, `"profileId":"`+string(membertest.Device("own").Next().ID())+`"`)
	own := &profile.Profile{ID: membertest.Device("own").Next().ID(), Identifiers: []profile.Identifier{membertest.Device("own").Next()}, Memory: profile.Memory{FirstSeen: membertest.Noon, LastSeen: membertest.Noon}}
	b.Must(profiles.Save(t.Context(), own))
	b.Want(b.Call("GET", "/v1/profiles/anonymous:own", ""), 200, `"profileId":"`+string(own.ID)+`"`, `"ids":[{"kind":"anonymous","value":"own"}]`)
	b.Want(b.Call("GET", "/v1/profiles/profile:"+string(membertest.Device("own").ID()), ""), 200, `"profileId":"`+string(ann.ID)+`"`)
}

// TestWhoseNameBeginsLikeADevice is looked for before an answer is given of the device: where that cannot be read, nobody is shown.
func TestWhoseNameBeginsLikeADevice(t *testing.T) {
	b := membertest.Start(t)
	b.Save("x", func(p *profile.Profile) {
		p.ID, p.Identifiers = membertest.Device("a").ID(), []profile.Identifier{membertest.Device("a")}
	})
	path := "/v1/profiles/anonymous:a"
	before := b.DB.Calls("GetItem") + b.DB.Calls("BatchGetItem")
	b.Want(b.Call("GET", path, ""), 200)
	reads := b.DB.Calls("GetItem") + b.DB.Calls("BatchGetItem") - before
	for _, op := range []string{"GetItem", "BatchGetItem"} {
		for nth := 1; ; nth++ {
			before := b.DB.Calls(op)
			b.DB.Fail(op, nth, dynamotest.NotPersisted)
			w := b.Call("GET", path, "")
			b.DB.Heal()
			if b.DB.Calls(op)-before < nth {
				break
			}
			b.Want(w, 503)
			if strings.Contains(w.Body.String(), "profileId") {
				t.Errorf("%s %d: shown all the same: %s", op, nth, w.Body)
			}
			reads--
		}
	}
	if reads > 0 {
		t.Errorf("%d reads were not broken", reads)
	}
}
