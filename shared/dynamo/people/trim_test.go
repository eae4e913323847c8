package people

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// TestABodyIsAllButTheWholeItem: a byte too many in the reckoning is a write unit for those whose items nearly fit.
func TestABodyIsAllButTheWholeItem(t *testing.T) {
	i := profile.Identifier{Kind: profile.UserID, Value: "mei"}
	p := &profile.Profile{ID: i.ID(), Identifiers: []profile.Identifier{i}, Memory: profile.Memory{FirstSeen: time.Unix(1, 0), LastSeen: time.Unix(1, 0)}}
	if beside := itemSize(p) - len(packProfile(p)); beside != packed.ItemOverhead {
		t.Errorf("an item takes %d bytes beside its body, %d are reckoned with", beside, packed.ItemOverhead)
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
	if body := trim(p); packed.WriteUnits(body) != 1 || len(p.Window.Commits) != 2 {
		t.Errorf("%d bytes, %d commits: what fits stays", len(body), len(p.Window.Commits))
	}
	p.Window = window(200)
	if body := trim(p); packed.WriteUnits(body) != 1 || len(p.Window.Commits) != 1 || !p.Window.Floor.Equal(at) {
		t.Errorf("%d bytes, window %+v: what does not fit goes, and the floor says so", len(body), p.Window)
	}
	p.Window = window(200)
	p.Window.Commits[0].Owed = []profile.Day{20513}
	if body := trim(p); packed.WriteUnits(body) != 2 || len(p.Window.Commits) != 2 {
		t.Errorf("%d bytes, %d commits: what is owed stays, whatever it costs", len(body), len(p.Window.Commits))
	}
}

// TestABodyIsCompressedWhereThatSavesAUnit packs profiles of growing size, with and without hashes, and holds each to what it was.
func TestABodyIsCompressedWhereThatSavesAUnit(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	plain, whole, apart := 0, 0, 0
	for n := range 120 {
		for _, hashes := range []int{0, 20, 60} {
			p := &profile.Profile{ID: "p", Memory: profile.Memory{Traits: map[string]profile.Trait{}}}
			for i := range n / 2 {
				value := strconv.FormatUint(uint64(n*i+1)*0x9E3779B97F4A7C15, 36)
				p.Traits[fmt.Sprintf("trait_number_%d", i)] = profile.Trait{Value: value, At: at}
			}
			commit := profile.Commit{Version: 1, At: at, Owed: []profile.Day{profile.DayOf(at)}}
			for i := range hashes {
				commit.Hashes = append(commit.Hashes, event.Hash(uint64(i+1)*0x9E3779B97F4A7C15))
			}
			p.Window.Record(commit)
			sections, _ := packSections(p)
			body := packProfile(p)
			switch once := packed.Encoder().EncodeAll(sections, nil); {
			case bytes.Equal(body, sections):
				plain++
				if packed.WriteUnits(once) < packed.WriteUnits(body) {
					t.Errorf("%d traits, %d hashes: %d bytes, and %d would do", n, hashes, len(body), len(once))
				}
				continue
			case bytes.Equal(body, once):
				whole++
			default:
				apart++
				if packed.WriteUnits(body) >= packed.WriteUnits(once) {
					t.Errorf("%d traits, %d hashes: in two frames they take %d bytes, in one %d", n, hashes, len(body), len(once))
				}
			}
			if packed.WriteUnits(body) >= packed.WriteUnits(sections) {
				t.Errorf("%d traits, %d hashes: compressed from %d to %d bytes, and no unit saved", n, hashes, len(sections), len(body))
			}
			got := &profile.Profile{ID: "p", Memory: profile.Memory{Traits: map[string]profile.Trait{}}}
			if err := unpackProfile(body, got); err != nil || !reflect.DeepEqual(got.Traits, p.Traits) || !reflect.DeepEqual(got.Window, p.Window) {
				t.Fatalf("%d traits, %d hashes: %v", n, hashes, err)
			}
			if commits := commitsOf(body); len(commits) != 1 || len(commits[0].Hashes) != hashes || len(commits[0].Owed) != 1 {
				t.Fatalf("%d traits, %d hashes: the commits alone are %+v", n, hashes, commits)
			}
		}
	}
	if plain == 0 || whole == 0 || apart == 0 {
		t.Errorf("%d plain, %d compressed whole, %d without their hashes: the test does not see all of them", plain, whole, apart)
	}
	if err := unpackProfile(append([]byte(nil), packed.Compressed...), &profile.Profile{}); err == nil {
		t.Error("a torn compressed body is read")
	}
}
