package dynamo

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/profile"
)

// TestABodyIsSqueezedWhereThatSavesAUnit packs profiles of growing size and holds each to what it was.
func TestABodyIsSqueezedWhereThatSavesAUnit(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	plain, small := 0, 0
	for n := range 60 {
		p := &profile.Profile{ID: "p", Traits: map[string]profile.Trait{}}
		for i := range n {
			p.Traits[fmt.Sprintf("trait_number_%d", i)] = profile.Trait{Value: fmt.Sprintf("the value of trait %d", i), At: at}
		}
		sections, body := packSections(p), packProfile(p)
		if len(body) == len(sections) {
			plain++
		} else if small++; writeUnits(body) >= writeUnits(sections) {
			t.Errorf("%d traits: squeezed from %d to %d bytes, and no unit saved", n, len(sections), len(body))
		}
		got := &profile.Profile{ID: "p", Traits: map[string]profile.Trait{}}
		if err := unpackProfile(body, got); err != nil || !reflect.DeepEqual(got.Traits, p.Traits) {
			t.Fatalf("%d traits: %v", n, err)
		}
	}
	if plain == 0 || small == 0 {
		t.Errorf("%d plain, %d squeezed: the test sees one side only", plain, small)
	}
	if err := unpackProfile(append([]byte(nil), squeezed...), &profile.Profile{}); err == nil {
		t.Error("a torn squeezed body is read")
	}
}

func TestHashesGoWhereThatSavesAUnit(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	window := func(hashes int) profile.Window {
		w := profile.Window{Commits: []profile.Commit{{Version: 1, At: at}, {Version: 2, At: at.Add(time.Minute)}}}
		for i := range hashes {
			w.Commits[0].Hashes = append(w.Commits[0].Hashes, event.Hash(uint64(i+1)*0x9E3779B97F4A7C15))
		}
		return w
	}
	p := &profile.Profile{ID: "p", Window: window(40)}
	if body := fit(p); writeUnits(body) != 1 || len(p.Window.Commits) != 2 {
		t.Errorf("%d bytes, %d commits: what fits stays", len(body), len(p.Window.Commits))
	}
	p.Window = window(200)
	if body := fit(p); writeUnits(body) != 1 || len(p.Window.Commits) != 1 || !p.Window.Floor.Equal(at) {
		t.Errorf("%d bytes, window %+v: what does not fit goes, and the floor says so", len(body), p.Window)
	}
	p.Window = window(200)
	p.Window.Commits[0].Owed = []profile.Day{20513}
	if body := fit(p); writeUnits(body) != 2 || len(p.Window.Commits) != 2 {
		t.Errorf("%d bytes, %d commits: what is owed stays, whatever it costs", len(body), len(p.Window.Commits))
	}
}
