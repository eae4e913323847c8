package profile

import (
	"strings"
	"testing"
	"time"
)

// TestSessionsOfCursors: one without its time, or its end, is none, and is left as it is.
func TestSessionsOfCursors(t *testing.T) {
	at := time.UnixMilli(1795262400000).UTC()
	for cursor, want := range map[string]struct {
		session
		rest string
	}{
		"x1795262400000.id-1:3:y": {session{at, "id-1"}, "3:y"},
		"x1795262400000.id-1:":    {session{at, "id-1"}, ""},
		"x1795262400000.id-1":     {session{}, "x1795262400000.id-1"},
		"xnoon.id-1:3:y":          {session{}, "xnoon.id-1:3:y"},
		"1795262400000.id-1:3:y":  {session{}, "1795262400000.id-1:3:y"},
		"3:y":                     {session{}, "3:y"},
		"":                        {session{}, ""},
	} {
		if s, rest := readSession(cursor); s.id != want.id || !s.at.Equal(want.at) || rest != want.rest {
			t.Errorf("%q: %+v and %q, want %+v and %q", cursor, s, rest, want.session, want.rest)
		}
	}
}

// FuzzSession reads any text as an export's cursor: what is before the page's own cursor is a session, or everything is the page's own.
func FuzzSession(f *testing.F) {
	for _, cursor := range []string{"", "1:", "x1764000000000.id:2:rest", "x1.:0:", "x:1:", "x1.a", "xx1.a:b", session{time.UnixMilli(5).UTC(), "a.b"}.cursor(3, "c:d")} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		s, rest := readSession(cursor)
		if s == (session{}) && s.id == "" {
			if rest != cursor && !strings.HasPrefix(cursor, sessionMark) {
				t.Fatalf("%q has the rest %q", cursor, rest)
			}
			return
		}
		if !strings.HasPrefix(cursor, sessionMark) || !strings.HasSuffix(cursor, rest) {
			t.Fatalf("%q is the session %+v with the rest %q", cursor, s, rest)
		}
		if again, behind := readSession(s.cursor(7, "rest")); again != s || behind != "7:rest" {
			t.Fatalf("%+v comes back as %+v with %q", s, again, behind)
		}
	})
}
