package source

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/fault/faulttest"
)

// FuzzSource reads any text as a source: refused with fields and reasons, or the same once written and read again, with an id that can be a key and no origin that lets everybody in.
func FuzzSource(f *testing.F) {
	for _, body := range []string{
		`{"id":"web","name":"Web","kind":"browser","writeKeys":["web-shop-write-key"],"allowedOrigins":["https://shop.example","https://*.shop.example"],"allowedEvents":["track"],"ratePerSecond":200,"burst":400,"newPerMinute":60,"money":false}`,
		`{"id":"till","kind":"till","hookSecret":"12345678"}`, `{"id":"a","kind":"app","allowedOrigins":["*","https://*","https://a@b","https://x/?"]}`, `{"ratePerSecond":1e999}`, `{"id":"server"}`, `[]`, `{`,
	} {
		f.Add([]byte(body), "https://evil.example")
	}
	f.Fuzz(func(t *testing.T, body []byte, origin string) {
		var s, again Source
		faults := fault.Decode(body, &s)
		if faulttest.Refused(t, body, faults.And(s.Validate())) {
			return
		}
		text, err := json.Marshal(s)
		if err != nil || len(fault.Decode(text, &again)) > 0 {
			t.Fatalf("%s is %+v, written %s, %v", body, s, text, err)
		}
		other, err := json.Marshal(again)
		if err != nil || !reflect.DeepEqual(text, other) || again.Validate() != nil || !s.ID.Valid() || s.ID == Default || s.ID == Server {
			t.Fatalf("%s is %+v, written %s, and again %s, %v", body, s, text, other, err)
		}
		_ = s.AllowsOrigin(origin)
	})
}
