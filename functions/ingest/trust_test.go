package ingest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/source"
	"github.com/userops/userops/shared/domain/trust"
	"github.com/userops/userops/shared/httpapi"
)

const hashSecret = "user-hash-secret"

// TestTheKeySaysWhoSpeaks, whatever the source may do to orders.
func TestTheKeySaysWhoSpeaks(t *testing.T) {
	yes, no := true, false
	for key, c := range map[string]struct {
		from source.Source
		want trust.Level
	}{
		defaultKey: {want: trust.Public}, serverKey: {want: trust.Shop},
		"web-key-1": {source.Source{ID: "a", Kind: source.KindBrowser}, trust.Public}, "web-key-2": {source.Source{ID: "b", Kind: source.KindBrowser, Money: &yes}, trust.Public},
		"app-key-1": {source.Source{ID: "c", Kind: source.KindApp}, trust.Public}, "till-key-1": {source.Source{ID: "d", Kind: source.KindTill}, trust.Shop},
		"own-key-1": {source.Source{ID: "e", Kind: source.KindServer}, trust.Shop}, "own-key-2": {source.Source{ID: "f", Kind: source.KindServer, Money: &no}, trust.Shop},
	} {
		b := newBench(t)
		b.sources[key] = c.from
		b.post("/v1/track", key, track)
		j := b.jobs()
		if len(j) != 1 || j[0].Level(&j[0].Events[0]) != c.want || j[0].Events[0].Trust != "" {
			t.Errorf("%s: %+v, want %s", key, j, c.want)
		}
	}
}

// TestUserHashProvesThePerson of the event that it comes with, and of no other.
func TestUserHashProvesThePerson(t *testing.T) {
	mei := httpapi.UserHash(hashSecret, "mei")
	const refused = "context.userHash is not that of the userId"
	for name, c := range map[string]struct {
		key, body string
		levels    []trust.Level // of the accepted, in the job
		faults    string
	}{
		"her own":                 {defaultKey, `{"batch":[{"type":"page","userId":"mei","context":{"userHash":"` + mei + `"}}]}`, []trust.Level{trust.Person}, ""},
		"in capitals":             {defaultKey, `{"batch":[{"type":"page","userId":"mei","context":{"userHash":"` + strings.ToUpper(mei) + `"}}]}`, []trust.Level{trust.Person}, ""},
		"none":                    {defaultKey, `{"batch":[{"type":"page","userId":"mei"}]}`, []trust.Level{""}, ""},
		"somebody else's":         {defaultKey, `{"batch":[{"type":"page","userId":"bob","context":{"userHash":"` + mei + `"}}]}`, nil, "0 " + refused},
		"without a userId":        {defaultKey, `{"batch":[{"type":"page","anonymousId":"mei","context":{"userHash":"` + mei + `"}}]}`, []trust.Level{""}, ""},
		"an empty one":            {defaultKey, `{"batch":[{"type":"page","userId":"mei","context":{"userHash":""}}]}`, []trust.Level{""}, ""},
		"of a batch":              {defaultKey, `{"context":{"userHash":"` + mei + `"},"batch":[{"type":"page","anonymousId":"a"},{"type":"page","userId":"mei"},{"type":"page","userId":"bob"}]}`, []trust.Level{"", trust.Person}, "2 " + refused},
		"of a back end":           {serverKey, `{"batch":[{"type":"page","userId":"bob","context":{"userHash":"` + mei + `"}}]}`, []trust.Level{""}, ""},
		"news of ours":            {defaultKey, `{"batch":[{"type":"track","event":"Points Earned","userId":"mei","context":{"userHash":"` + mei + `"}}]}`, nil, "0 event is the name of news that a public key cannot tell"},
		"news of ours, by a page": {defaultKey, `{"batch":[{"type":"track","event":"Segment Entered","userId":"mei"},{"type":"page","userId":"mei"}]}`, []trust.Level{""}, "0 event is the name of news that only userops tells"},
		"news by the back end":    {serverKey, `{"batch":[{"type":"track","event":"Profiles Merged","userId":"mei"},{"type":"track","event":"Points Earned","userId":"mei"}]}`, []trust.Level{""}, "0 event is the name of news that only userops tells"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Secret = hashSecret
			a := b.post("/v1/batch", c.key, c.body)
			if a.faults() != c.faults || (a.status == 200) != (c.levels != nil) {
				t.Errorf("answered %d, %s; want %q", a.status, a.faults(), c.faults)
			}
			var levels []trust.Level
			for _, j := range b.jobs() {
				for _, e := range j.Events {
					levels = append(levels, e.Trust)
				}
			}
			if !slices.Equal(levels, c.levels) {
				t.Errorf("levels %q, want %q", levels, c.levels)
			}
			for _, body := range b.sent {
				if bytes.Contains(bytes.ToLower(body), []byte(mei)) || bytes.Contains(body, []byte("userHash")) {
					t.Errorf("the proof is on the queue: %s", body)
				}
			}
		})
	}
	b := newBench(t) // without a secret
	if a := b.post("/v1/page", defaultKey, `{"userId":"mei","context":{"userHash":"`+httpapi.UserHash("", "mei")+`"}}`); a.status != 400 || len(b.sent) != 0 {
		t.Errorf("without a secret: %+v", a)
	}
}
