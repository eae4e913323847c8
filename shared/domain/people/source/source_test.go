package source

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

func valid() Source {
	return Source{ID: "web-1", Name: "Shop", Kind: KindBrowser, AllowedEvents: []string{"track"}, AllowedOrigins: []string{"https://shop.example"},
		RatePerSecond: 10, Burst: 100, WriteKeys: []string{"abcdefgh"}, HookSecret: "12345678"}
}

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Source)
		want   string
	}{
		"valid":                     {func(*Source) {}, ""},
		"least":                     {func(s *Source) { *s = Source{ID: "a", Kind: KindTill} }, ""},
		"no id":                     {func(s *Source) { s.ID = "" }, "id must be 1 to 64 of a-z, A-Z, 0-9, - and _"},
		"id of 64":                  {func(s *Source) { s.ID = ID(strings.Repeat("a", 64)) }, ""},
		"id of 65":                  {func(s *Source) { s.ID = ID(strings.Repeat("a", 65)) }, "id must be 1 to 64 of a-z, A-Z, 0-9, - and _"},
		"id with a slash":           {func(s *Source) { s.ID = "a/b" }, "id must be 1 to 64 of a-z, A-Z, 0-9, - and _"},
		"a built-in id":             {func(s *Source) { s.ID = Server }, "id is the name of a built-in source"},
		"the other built-in id":     {func(s *Source) { s.ID = Default }, "id is the name of a built-in source"},
		"an id of all that may be":  {func(s *Source) { s.ID = "aAzZ09-_" }, ""},
		"name of 200":               {func(s *Source) { s.Name = strings.Repeat("a", 200) }, ""},
		"name of 201":               {func(s *Source) { s.Name = strings.Repeat("a", 201) }, "name is longer than 200 bytes"},
		"no kind":                   {func(s *Source) { s.Kind = "" }, "kind must be browser, app, server or till"},
		"an empty event at first":   {func(s *Source) { s.AllowedEvents = []string{"", "a"} }, "allowedEvents has an empty entry at place 0"},
		"an empty event":            {func(s *Source) { s.AllowedEvents = []string{"a", ""} }, "allowedEvents has an empty entry at place 1"},
		"201 events":                {func(s *Source) { s.AllowedEvents = make201() }, "allowedEvents has more than 200 entries"},
		"200 events":                {func(s *Source) { s.AllowedEvents = make201()[1:] }, ""},
		"100 origins":               {func(s *Source) { s.AllowedOrigins = slices.Repeat([]string{"https://a.b"}, 100) }, ""},
		"101 origins":               {func(s *Source) { s.AllowedOrigins = slices.Repeat([]string{"https://a.b"}, 101) }, "allowedOrigins has more than 100 entries"},
		"an origin with a question": {func(s *Source) { s.AllowedOrigins = []string{"https://a.b?"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"an origin with a query":    {func(s *Source) { s.AllowedOrigins = []string{"https://a.b?c"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"an origin with a place":    {func(s *Source) { s.AllowedOrigins = []string{"https://a.b#c"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"an origin with a hash":     {func(s *Source) { s.AllowedOrigins = []string{"https://a.b#"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"an origin of no scheme":    {func(s *Source) { s.AllowedOrigins = []string{"//a.b"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"an origin without a host":  {func(s *Source) { s.AllowedOrigins = []string{"https://:80"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"an origin of nonsense":     {func(s *Source) { s.AllowedOrigins = []string{"https://a.b:port"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"a star in the middle":      {func(s *Source) { s.AllowedOrigins = []string{"https://*.a.*.b"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"a wildcard origin":         {func(s *Source) { s.AllowedOrigins = []string{"https://*.shop.example:8443"} }, ""},
		"an origin with a path":     {func(s *Source) { s.AllowedOrigins = []string{"https://a.b", "https://a.b/"} }, "allowedOrigins has at place 1 something else than scheme://host[:port]"},
		"an origin with no scheme":  {func(s *Source) { s.AllowedOrigins = []string{"shop.example"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"only a star":               {func(s *Source) { s.AllowedOrigins = []string{"*"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"an origin with a user":     {func(s *Source) { s.AllowedOrigins = []string{"https://u@shop.example"} }, "allowedOrigins has at place 0 something else than scheme://host[:port]"},
		"a negative rate":           {func(s *Source) { s.RatePerSecond = -1 }, "ratePerSecond must be between 0 and 100000"},
		"the highest rate":          {func(s *Source) { s.RatePerSecond = 100_000 }, ""},
		"a higher rate":             {func(s *Source) { s.RatePerSecond = 100_001 }, "ratePerSecond must be between 0 and 100000"},
		"no rate and no burst":      {func(s *Source) { s.RatePerSecond, s.Burst = 0, 0 }, ""},
		"the largest burst":         {func(s *Source) { s.Burst = 1_000_000 }, ""},
		"a larger burst":            {func(s *Source) { s.Burst = 1_000_001 }, "burst must be between 0 and 1000000"},
		"20 keys":                   {func(s *Source) { s.WriteKeys = keys(20) }, ""},
		"21 keys":                   {func(s *Source) { s.WriteKeys = keys(21) }, "writeKeys has more than 20 entries"},
		"no secret":                 {func(s *Source) { s.HookSecret = "" }, ""},
		"a secret of 512":           {func(s *Source) { s.HookSecret = strings.Repeat("a", 512) }, ""},
		"a secret of 513":           {func(s *Source) { s.HookSecret = strings.Repeat("a", 513) }, "hookSecret must be 8 to 512 bytes long"},
		"fewer than no new ids":     {func(s *Source) { s.NewPerMinute = -1 }, "newPerMinute must be between 0 and 10000000"},
		"the most new ids":          {func(s *Source) { s.NewPerMinute = 10_000_000 }, ""},
		"more than the most":        {func(s *Source) { s.NewPerMinute = 10_000_001 }, "newPerMinute must be between 0 and 10000000"},
		"a burst without a rate":    {func(s *Source) { s.RatePerSecond = 0 }, "burst means nothing without ratePerSecond"},
		"a negative burst":          {func(s *Source) { s.Burst = -1 }, "burst must be between 0 and 1000000"},
		"a key of 7":                {func(s *Source) { s.WriteKeys = []string{"abcdefg"} }, "writeKeys has at place 0 something else than 8 to 128 letters, digits, hyphens or underscores"},
		"a key of 128":              {func(s *Source) { s.WriteKeys = []string{strings.Repeat("k", 128)} }, ""},
		"a key of 129":              {func(s *Source) { s.WriteKeys = []string{strings.Repeat("k", 129)} }, "writeKeys has at place 0 something else than 8 to 128 letters, digits, hyphens or underscores"},
		"a key twice":               {func(s *Source) { s.WriteKeys = []string{"abcdefgh", "abcdefgh"} }, "writeKeys has the key at place 1 twice"},
		"a short secret":            {func(s *Source) { s.HookSecret = "1234567" }, "hookSecret must be 8 to 512 bytes long"},
		"two faults":                {func(s *Source) { s.Kind, s.ID = "x", "" }, "id must be 1 to 64 of a-z, A-Z, 0-9, - and _; kind must be browser, app, server or till"},
	} {
		t.Run(name, func(t *testing.T) {
			s := valid()
			tc.change(&s)
			got := ""
			if err := s.Validate(); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func make201() []string {
	all := make([]string, 201)
	for i := range all {
		all[i] = "a"
	}
	return all
}

func keys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("key-%04d", i)
	}
	return all
}

// TestNames has the letters beside those that names are made of.
func TestNames(t *testing.T) {
	for _, no := range "`{@[/:,.^ \x00é" {
		if name := "abcdefg" + string(no); ID(name).Valid() || IsKey(name) {
			t.Errorf("%q is a name", name)
		}
	}
	for _, yes := range "azAZ09-_" {
		if name := strings.Repeat(string(yes), 8); !ID(name).Valid() || !IsKey(name) {
			t.Errorf("%q is no name", name)
		}
	}
}

// TestSpeaks: what a browser or an app sends anybody could have sent.
func TestSpeaks(t *testing.T) {
	for kind, want := range map[Kind]trust.Level{KindBrowser: trust.Public, KindApp: trust.Public, KindServer: trust.Shop, KindTill: trust.Shop, "": trust.Public} {
		if got := (Source{Kind: kind}).Speaks(); got != want {
			t.Errorf("%q speaks as %q", kind, got)
		}
	}
}

// TestKeyHash is what keys are stored as: sha256sum of the same text.
func TestKeyHash(t *testing.T) {
	if got := KeyHash("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("got %s", got)
	}
}

func TestMayMoveMoney(t *testing.T) {
	yes, no := true, false
	for name, tc := range map[string]struct {
		s    Source
		want bool
	}{
		"browser": {Source{Kind: KindBrowser}, false}, "browser that may": {Source{Kind: KindBrowser, Money: &yes}, true},
		"app": {Source{Kind: KindApp}, false}, "server": {Source{Kind: KindServer}, true}, "till": {Source{Kind: KindTill}, true},
		"server that may not": {Source{Kind: KindServer, Money: &no}, false},
	} {
		if got := tc.s.MayMoveMoney(); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	var read Source
	if err := json.Unmarshal([]byte(`{"kind":"server","money":false}`), &read); err != nil || read.MayMoveMoney() {
		t.Errorf("read from JSON: %+v, %v", read, err)
	}
}

func TestAllows(t *testing.T) {
	list := Source{AllowedEvents: []string{"page", "Order Completed"}}
	for name, tc := range map[string]struct {
		s    Source
		kind event.Kind
		name string
		want bool
	}{
		"no list":                          {Source{}, event.Alias, "", true},
		"a listed call":                    {list, event.Page, "Home", true},
		"a listed name":                    {list, event.Track, "Order Completed", true},
		"another name":                     {list, event.Track, "Order Refunded", false},
		"another call":                     {list, event.Identify, "", false},
		"a page so named":                  {Source{AllowedEvents: []string{"Order Completed"}}, event.Page, "Order Completed", false},
		"every track event":                {Source{AllowedEvents: []string{"track"}}, event.Track, "anything", true},
		"a track event called like a call": {Source{AllowedEvents: []string{"page"}}, event.Track, "page", true},
	} {
		if got := tc.s.Allows(tc.kind, tc.name); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAllowsOrigin(t *testing.T) {
	s := Source{AllowedOrigins: []string{"https://Shop.Example", "http://*.Test.Example:8080"}}
	for origin, want := range map[string]bool{
		"https://shop.example": true, "HTTPS://Shop.Example": true, "http://shop.example": false, "https://shop.example:444": false,
		"https://evil-shop.example": false, "https://shop.example.evil": false, "": false, "null": false,
		"http://a.test.example:8080": true, "http://a.b.test.example:8080": true, "http://test.example:8080": false, "http://a.test.example": false,
		"https://a.test.example:8080": false, "http://evil/.test.example:8080": false,
	} {
		if got := s.AllowsOrigin(origin); got != want {
			t.Errorf("%q: %v", origin, got)
		}
	}
	if open := (Source{}); !open.AllowsOrigin("") || !open.AllowsOrigin("https://any.example") {
		t.Error("a source without a list refuses an origin")
	}
}

func TestBurstEvents(t *testing.T) {
	for want, s := range map[float64]Source{0: {}, 5: {RatePerSecond: 4.2}, 7: {RatePerSecond: 4.2, Burst: 7}} {
		if got := s.BurstEvents(); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
