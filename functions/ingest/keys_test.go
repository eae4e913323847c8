package ingest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/source"
)

func TestKeys(t *testing.T) {
	for name, tc := range map[string]struct {
		key, body string
		headers   []string
		status    int
		source    string
		noMoney   bool
	}{
		"none":                      {"", track, nil, 401, "", false},
		"default, basic":            {defaultKey, track, nil, 200, "default", true},
		"default, bearer":           {"", track, []string{"authorization", "Bearer " + defaultKey}, 200, "default", true},
		"default, in the body":      {"", `{"writeKey":"default-key",` + track[1:], nil, 200, "default", true},
		"header before body":        {"app-key-1", `{"writeKey":"default-key",` + track[1:], nil, 200, "app", true},
		"an empty basic user":       {"", `{"writeKey":"default-key",` + track[1:], []string{"authorization", "Basic Og=="}, 200, "default", true},
		"server":                    {serverKey, track, nil, 200, "server", false},
		"till":                      {"till-key-1", track, nil, 200, "till", false},
		"unknown":                   {"unknown-key", track, nil, 401, "", false},
		"unknown, in the body":      {"", `{"writeKey":"unknown-key",` + track[1:], nil, 401, "", false},
		"nonsense":                  {"no key at all", track, nil, 401, "", false},
		"a disabled source":         {"off-key-1", track, nil, 403, "", false},
		"an allowed origin":         {"web-key-1", track, []string{"origin", "https://shop.example"}, 200, "web", true},
		"another origin":            {"web-key-1", track, []string{"origin", "https://evil.example"}, 403, "", false},
		"no origin, though it must": {"web-key-1", track, nil, 403, "", false},
		"text/plain by a beacon":    {"", `{"writeKey":"default-key",` + track[1:], []string{"content-type", "text/plain"}, 200, "default", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.sources["app-key-1"] = source.Source{ID: "app", Kind: source.KindApp}
			b.sources["till-key-1"] = source.Source{ID: "till", Kind: source.KindTill}
			b.sources["off-key-1"] = source.Source{ID: "off", Kind: source.KindApp, Disabled: true}
			b.sources["web-key-1"] = source.Source{ID: "web", Kind: source.KindBrowser, AllowedOrigins: []string{"https://shop.example"}}
			a := b.post("/v1/track", tc.key, tc.body, tc.headers...)
			if a.status != tc.status {
				t.Fatalf("got %+v, want %d", a, tc.status)
			}
			if tc.status != 200 {
				if len(b.queue.Bodies()) != 0 {
					t.Error("refused, and yet queued")
				}
				return
			}
			if j := b.jobs(); len(j) != 1 || j[0].Source != tc.source || j[0].NoMoney != tc.noMoney {
				t.Errorf("queued %+v", j)
			}
		})
	}
}

func TestKeysAreReadOnceAndRevokedWithinAMinute(t *testing.T) {
	b := newBench(t)
	b.sources["app-key-1"] = source.Source{ID: "app", Kind: source.KindApp}
	for range 3 {
		b.post("/v1/track", "app-key-1", track)
		b.post("/v1/track", "unknown-key", track)
		b.post("/v1/track", "no key at all", track)
	}
	if b.reads != 2 {
		t.Errorf("%d reads for two keys, want 2", b.reads)
	}
	delete(b.sources, "app-key-1")
	b.sources["unknown-key"] = source.Source{ID: "new", Kind: source.KindApp}
	b.Pass(keyAge - time.Millisecond)
	if was, will := b.post("/v1/track", "app-key-1", track), b.post("/v1/track", "unknown-key", track); was.status != 200 || will.status != 401 {
		t.Errorf("within the age: %d, %d", was.status, will.status)
	}
	b.Pass(time.Millisecond)
	if was, will := b.post("/v1/track", "app-key-1", track), b.post("/v1/track", "unknown-key", track); was.status != 401 || will.status != 200 {
		t.Errorf("past the age: %d, %d", was.status, will.status)
	}
	if keyAge > time.Minute {
		t.Error("a revoked key lives longer than a minute")
	}
}

func TestKeysAreBounded(t *testing.T) {
	b := newBench(t)
	for i := range maxKeys + 10 {
		if _, known, err := b.sourceOf(t.Context(), fmt.Sprintf("guessed-key-%d", i)); known || err != nil {
			t.Fatal(known, err)
		}
	}
	if n := len(b.keys.answers); n > maxKeys || n < 1 {
		t.Errorf("%d keys remembered", n)
	}
}

func TestAnUnreadableSourceIsNoVerdict(t *testing.T) {
	b := newBench(t)
	b.down = errors.New("no catalog")
	if a := b.post("/v1/track", "app-key-1", track); a.status != 503 || a.header["retry-after"] != "1" {
		t.Errorf("got %+v", a)
	}
	b.down = nil
	b.sources["app-key-1"] = source.Source{ID: "app", Kind: source.KindApp}
	if a := b.post("/v1/track", "app-key-1", track); a.status != 200 {
		t.Errorf("afterwards: %+v", a)
	}
}
