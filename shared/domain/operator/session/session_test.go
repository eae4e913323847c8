package session

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
)

var (
	now = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	ann = access.Caller{Name: "Ann 安", Role: access.Editor, Key: "0a0a0a0a"}
)

func TestASessionLastsADay(t *testing.T) {
	k := New("one")
	s := Begin("id", ann, "https://login.example/", now)
	text := k.Seal(s)
	for after, want := range map[time.Duration]bool{0: true, 8*time.Hour - time.Second: true, 8 * time.Hour: false, 9 * time.Hour: false} {
		got, ok := k.Open(text, now.Add(after))
		if ok != want || want && (got.Caller != ann || got.ID != "id" || got.Issuer != "https://login.example/") {
			t.Errorf("after %s: %+v, %v", after, got, ok)
		}
	}
}

func TestAPassHoldsForAMinuteAndNotBeyondTheSession(t *testing.T) {
	k := New("one")
	s := Begin("id", ann, "", now)
	for _, c := range []struct {
		made, used time.Duration
		want       bool
	}{
		{0, 0, true}, {0, 59 * time.Second, true}, {0, time.Minute, false},
		{8*time.Hour - 10*time.Second, 8*time.Hour - time.Second, true}, {8*time.Hour - 10*time.Second, 8 * time.Hour, false},
	} {
		token := k.Issue(s.Pass("192.0.2.1", now.Add(c.made)))
		p, ok := k.Accept(token, now.Add(c.used))
		if ok != c.want || ok && (p.Caller != ann || p.From != "192.0.2.1") || !IsPass(token) {
			t.Errorf("made after %s, used after %s: %+v, %v", c.made, c.used, p, ok)
		}
	}
}

// TestNothingPassesForAnother: each thing that is signed opens only what it is for, by the secrets of now and of before, and with not one letter changed.
func TestNothingPassesForAnother(t *testing.T) {
	k := New("one")
	s := Begin("id", ann, "", now)
	cookie, pass, attempt := k.Seal(s), k.Issue(s.Pass("", now)), k.Remember(Trying("state", "nonce", "verifier", "/console", now))
	for name, text := range map[string]string{"cookie": cookie, "pass": pass, "attempt": attempt} {
		for spelt, one := range map[string]string{"": text, "without its beginning": strings.TrimPrefix(text, passPrefix), "with one": passPrefix + strings.TrimPrefix(text, passPrefix)} {
			_, a := k.Open(one, now)
			_, b := k.Accept(one, now)
			_, c := k.Recall(one, now)
			wantPass := name == "pass" && spelt != "without its beginning"
			if a != (name == "cookie" && spelt != "with one") || b != wantPass || c != (name == "attempt" && spelt != "with one") {
				t.Errorf("the %s %s opens a session %v, the API %v, an attempt %v", name, spelt, a, b, c)
			}
		}
		for i := range text {
			changed := text[:i] + string(text[i]^1) + text[i+1:]
			if _, ok := k.Open(changed, now); ok {
				t.Errorf("%s is a session", changed)
			}
			if _, ok := k.Accept(changed, now); ok {
				t.Errorf("%s is a pass", changed)
			}
		}
	}
	for name, c := range map[string]struct {
		k    *Keys
		want bool
	}{"the next one beside it": {New("two", "one"), true}, "another": {New("two"), false}, "none": {New(), false}, "an empty one": {New(""), false}, "no keys": {nil, false}} {
		if _, ok := c.k.Open(cookie, now); ok != c.want {
			t.Errorf("with %s: %v", name, ok)
		}
		if c.k.CanSign() != strings.Contains(name, "the") || !c.k.CanSign() && (c.k.Seal(s) != "" || c.k.Issue(s.Pass("", now)) != "" || c.k.Network("x") != "") {
			t.Errorf("with %s something is signed", name)
		}
	}
	if a, b := k.Network("192.0.2.1"), New("two").Network("192.0.2.1"); a == b || len(a) != 24 || a == k.Network("192.0.2.2") {
		t.Errorf("networks are called %s and %s", a, b)
	}
}

func TestAnAttemptEnds(t *testing.T) {
	k := New("one")
	text := k.Remember(Trying("state", "nonce", "verifier", "/console/people", now))
	for after, want := range map[time.Duration]bool{0: true, 10*time.Minute - time.Second: true, 10 * time.Minute: false} {
		if got, ok := k.Recall(text, now.Add(after)); ok != want || ok && (got.State != "state" || got.Next != "/console/people") {
			t.Errorf("after %s: %+v, %v", after, got, ok)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := New("one")
	f.Add(k.Seal(Begin("id", ann, "", now)))
	f.Add(".")
	f.Add("")
	good := k.Seal(Begin("id", ann, "", now))
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := k.Open(text, now); ok && text != good {
			t.Errorf("%q is a session", text)
		}
	})
}
