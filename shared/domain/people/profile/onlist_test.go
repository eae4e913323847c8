package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// TestListsAreAFunctionOfTheSetOfWords: of each list the newest word counts, in whatever sequence they come, some twice, and to however many people who become one; of many lists the newest words stay.
func TestListsAreAFunctionOfTheSetOfWords(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 15))
		type said struct {
			event event.Event
			list  string
			word  Tagged
		}
		all, newest := make([]said, r.IntN(200)), map[string]int{}
		lists := 1 + r.IntN(2*MaxOnLists)
		for i := range all {
			c := ListChange{List: fmt.Sprint("l", r.IntN(lists)), Off: r.IntN(3) == 0, By: "Ann"}
			raw, _ := json.Marshal(c)
			all[i] = said{event.Event{Kind: event.Track, Name: event.ListChanged, Trust: trust.Operator, Timestamp: minute(i), Properties: raw}, c.List, Tagged{Off: c.Off, At: minute(i), By: "Ann"}}
			newest[c.List] = i
		}
		want, later := map[string]Tagged{}, 0
		for i := len(all) - 1; i >= 0 && later < MaxOnLists; i-- { // each is of a time of its own
			if newest[all[i].list] == i {
				want[all[i].list] = all[i].word
				later++
			}
		}
		people := make([]Profile, 1+r.IntN(3))
		for _, i := range append(r.Perm(len(all)), r.Perm(len(all))...) {
			people[r.IntN(len(people))].Fold(&all[i].event, Shop{})
		}
		for i := 1; i < len(people); i++ {
			people[0].Absorb(&people[i])
		}
		if got := people[0].OnLists; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %v\nwant %v", seed, got, want)
		}
		for list, word := range want {
			if at, on := people[0].OnList(list); on == word.Off || on && !at.Equal(word.At) {
				t.Errorf("seed %d: %s: %v %v, want %v", seed, list, at, on, word)
			}
		}
	}
}

// TestWhoPutsSomebodyOnAList: nobody but those who may tag, and it is nothing that the person has done.
func TestWhoPutsSomebodyOnAList(t *testing.T) {
	for level, may := range map[trust.Level]bool{"": true, trust.Shop: true, trust.Operator: true, trust.Person: false, trust.Public: false, trust.Provider: false} {
		p := &Profile{}
		p.Fold(&event.Event{Kind: event.Track, Name: event.ListChanged, Trust: level, Timestamp: minute(1), Properties: json.RawMessage(`{"list":"spring","by":"Ann"}`)}, Shop{})
		if _, on := p.OnList("spring"); on != may {
			t.Errorf("%q: on the list %v, want %v", level, on, may)
		}
		if !p.FirstSeen.IsZero() || p.Counters != nil || p.Active.Count(0) != 0 || p.Unproven.Counters != nil {
			t.Errorf("%q: the person has done something: %+v", level, p.Memory)
		}
	}
	p := &Profile{}
	for _, properties := range []string{`{"list":""}`, `{"list":"No!"}`, `{"list":7}`, `{}`, `7`} {
		p.Fold(&event.Event{Kind: event.Track, Name: event.ListChanged, Timestamp: minute(1), Properties: json.RawMessage(properties)}, Shop{})
	}
	if len(p.OnLists) != 0 {
		t.Errorf("what is no list: %v", p.OnLists)
	}
}
