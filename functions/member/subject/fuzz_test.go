package subject

import (
	"net/url"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// FuzzPerson reads any path and query as whom a request is about: refused with a field and a reason, or a key that is made of exactly one of the two. Whoever the path names is
// named by the query too.
func FuzzPerson(f *testing.F) {
	for _, c := range [][2]string{
		{"ann", ""}, {"anonymous:d-1", ""}, {"profile:gbOBfCNI2WeriD7lUXFExQ", ""}, {"profile:gbOBfCNI2WeriD7lUXFEx\nQ", ""}, {"profile:gbOBfCNI2WeriD7lUXFExR", ""}, {"-", "userId=ann"}, {"-", "profileId=x"},
		{"-", "userId=a&userId=b"}, {"-", ""}, {"ann", "userId=bob"}, {" ", ""}, {"anonymous:", ""}, {"", "userId="}, {"null", "reason=x"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, id, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		who, fault := key(id, values)
		if fault != nil {
			if fault.Field == "" || fault.Reason == "" || who != (whom{}) {
				t.Fatalf("%q?%s is %+v, %+v", id, query, who, fault)
			}
			return
		}
		if !who.key.Valid() {
			t.Fatalf("%q?%s is the key %q", id, query, who.key)
		}
		if who.device.Kind != "" && (who.device.Kind != profile.AnonymousID || who.device.ID() != who.key) {
			t.Fatalf("%q?%s is the device %+v of the key %q", id, query, who.device, who.key)
		}
		name, value := "userId", id
		switch {
		case id == byQuery:
			if len(values) == 0 {
				t.Fatalf("nothing names %+v", who)
			}
			return
		case strings.HasPrefix(id, byAnonymousID):
			name, value = "anonymousId", strings.TrimPrefix(id, byAnonymousID)
		case strings.HasPrefix(id, byProfileID):
			name, value = "profileId", strings.TrimPrefix(id, byProfileID)
		}
		if same, fault := key(byQuery, url.Values{name: {value}}); fault != nil || same != who {
			t.Fatalf("%q is %+v, and %s=%q is %+v, %+v", id, who, name, value, same, fault)
		}
	})
}
