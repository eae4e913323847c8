package profile

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// TestTheLowestRanksStay: which keys a full table keeps is a function of the set of keys, and what went counts with the others. The oracle sorts all
// keys by their rank.
func TestTheLowestRanksStay(t *testing.T) {
	free := map[string]bool{"free": true, "gratis": true}
	sum := func(a, b int) int { return a + b }
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		most := 1 + r.IntN(6)
		var keys []string
		for range r.IntN(40) {
			keys = append(keys, []string{fmt.Sprint("key ", r.IntN(14)), "free", "gratis", OtherEvents}[min(r.IntN(6), 3)])
		}
		for i := range keys {
			if i%3 != 0 {
				keys[i] = fmt.Sprint("key ", r.IntN(14))
			}
		}
		want := map[string]int{}
		all := map[string]bool{}
		for _, k := range keys {
			all[k] = !free[k] && k != OtherEvents
		}
		own := slices.DeleteFunc(slices.Collect(maps.Keys(all)), func(k string) bool { return !all[k] })
		slices.SortFunc(own, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
		for _, k := range keys {
			if at := slices.Index(own, k); at >= most {
				k = OtherEvents
			}
			want[k]++
		}
		got := map[string]int{}
		for _, k := range keys {
			got[makeRoom(got, k, most, free, sum)]++
		}
		if !maps.Equal(got, want) {
			t.Errorf("seed %d, of %v at most %d: %v, want %v", seed, keys, most, got, want)
		}
	}
}

// TestOfOneTimeTheKeyDecides which goes, in whatever sequence the table is read.
func TestOfOneTimeTheKeyDecides(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 12))
		m := map[string]time.Time{}
		for range 1 + r.IntN(9) {
			m[fmt.Sprint(r.IntN(30))] = minute(r.IntN(3))
		}
		keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(m[a].Compare(m[b]), cmp.Compare(a, b)) })
		n := r.IntN(5)
		want := keys[max(0, len(keys)-n):]
		dropped := dropOldest(m, n, func(t time.Time) time.Time { return t })
		left := slices.Sorted(maps.Keys(m))
		slices.Sort(want)
		if dropped != len(keys)-len(want) || !slices.Equal(left, want) {
			t.Errorf("seed %d: %v of %v stay, want %v; %d dropped", seed, left, keys, want, dropped)
		}
	}
}

// TestTheNewestByTheirTimes fills each bounded table with keys that are sorted against their times.
func TestTheNewestByTheirTimes(t *testing.T) {
	p := &Profile{}
	const more = 3
	key := func(prefix string, i int) string { return fmt.Sprintf("%s-of-some-length-%02d", prefix, 50-i) }
	for i := range max(MaxDevices, MaxTokens, MaxCartLines, MaxGroups, MaxViewed) + more {
		p.device(key("device", i), Client{At: minute(i)})
		p.token(key("token", i), Token{At: minute(i)})
		p.line(key("product", i), CartLine{At: minute(i), Quantity: 1})
		p.join(key("group", i), minute(i))
		p.view(key("product", i), minute(i))
	}
	n := max(MaxDevices, MaxTokens, MaxCartLines, MaxGroups, MaxViewed) + more
	for name, c := range map[string]struct {
		got    []string
		prefix string
		most   int
	}{
		"devices": {slices.Sorted(maps.Keys(p.Devices)), "device", MaxDevices}, "tokens": {slices.Sorted(maps.Keys(p.Tokens)), "token", MaxTokens},
		"cart": {slices.Sorted(maps.Keys(p.Cart)), "product", MaxCartLines}, "groups": {slices.Sorted(maps.Keys(p.Groups)), "group", MaxGroups},
		"viewed": {slices.Sorted(maps.Keys(p.Viewed)), "product", MaxViewed},
	} {
		var want []string
		for i := n - c.most; i < n; i++ {
			want = append(want, key(c.prefix, i))
		}
		slices.Sort(want)
		if !slices.Equal(c.got, want) {
			t.Errorf("%s: %v, want %v", name, c.got, want)
		}
	}
	// What has no name is none, and what is told again of an earlier time changes nothing.
	p.device("", Client{At: minute(999)})
	p.view("", minute(999))
	p.join("", minute(999))
	for name, m := range map[string]bool{"device": p.Devices[""] == Client{}, "product": p.Viewed[""].IsZero(), "group": p.Groups[""].IsZero()} {
		if !m {
			t.Errorf("a %s without a name is kept", name)
		}
	}
	newest := key("device", n-1)
	p.device(newest, Client{At: minute(n - 2), OS: "older"})
	if p.Devices[newest].OS != "" {
		t.Error("an older word about a device stands")
	}
	p.device(newest, Client{At: minute(n), OS: "newer"})
	if p.Devices[newest].OS != "newer" {
		t.Error("a newer word about a device does not stand")
	}
}

// TestAnOutbox numbers what follows from a commit, behind what stands there of the same commit; what came with a part has numbers of its own.
func TestAnOutbox(t *testing.T) {
	shared := make([]Follow, 3, 10)
	copy(shared, []Follow{{Kind: FollowOrder, Ref: "A", Version: 4}, {Kind: FollowOrder, Ref: "B", Version: 5}, {Part: "q", Kind: FollowOrder, Ref: "C", Version: 5, N: 7}})
	p, other := &Profile{ID: "p", Outbox: shared}, &Profile{ID: "p", Outbox: shared}
	p.Append(5, Follow{Part: "wrong", Version: 99, N: 42, Kind: FollowSignUp}, Follow{Kind: FollowOrder, Ref: "D"})
	p.Append(6, Follow{Kind: FollowOrder, Ref: "E"})
	other.Append(5, Follow{Kind: FollowOrder, Ref: "F"})
	want := append(slices.Clone(shared), Follow{Kind: FollowSignUp, Version: 5, N: 1}, Follow{Kind: FollowOrder, Ref: "D", Version: 5, N: 2}, Follow{Kind: FollowOrder, Ref: "E", Version: 6})
	if !reflect.DeepEqual(p.Outbox, want) {
		t.Errorf("the outbox is %+v, want %+v", p.Outbox, want)
	}
	var ids []string
	for _, f := range p.Outbox {
		ids = append(ids, f.JobID(p.ID))
	}
	if want := []string{"p.4.0", "p.5.0", "q.5.7", "p.5.1", "p.5.2", "p.6.0"}; !slices.Equal(ids, want) {
		t.Errorf("the jobs are %v, want %v", ids, want)
	}
}

// TestMarksOfOneKeyGoOn: of a key that was erased, or taken off, again the latest time stands, and a copy of the profile is left alone.
func TestMarksOfOneKeyGoOn(t *testing.T) {
	p := &Profile{}
	p.RememberErasure("a", minute(1))
	p.RememberErasure("b", minute(2))
	p.RememberOff("a", minute(1))
	before := *p
	p.RememberErasure("a", minute(5))
	p.RememberErasure("a", minute(3))
	p.RememberOff("a", minute(5))
	p.RememberOff("a", minute(3))
	if want := map[ID]time.Time{"a": minute(5), "b": minute(2)}; !maps.Equal(p.Erasures, want) || !p.ErasedAt.Equal(minute(5)) {
		t.Errorf("erased %v, at last %v", p.Erasures, p.ErasedAt)
	}
	if !p.Off["a"].Equal(minute(5)) || !before.Off["a"].Equal(minute(1)) || !before.Erasures["a"].Equal(minute(1)) {
		t.Errorf("off %v; before %v, %v", p.Off, before.Off, before.Erasures)
	}
}

// TestOwns goes by the kind of an identifier too: a userId is no device, whatever it is called.
func TestOwns(t *testing.T) {
	p := &Profile{Identifiers: []Identifier{{AnonymousID, "d"}, {UserID, "mei"}}}
	for device, want := range map[string]bool{"d": true, "mei": false, "": false, "e": false} {
		if got := p.Owns(device, t0); got != want {
			t.Errorf("%q: %v", device, got)
		}
	}
}
