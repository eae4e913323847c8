package profile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// wordOf is one word about a tag, or about all.
type wordOf struct {
	tag  string
	only []string // that this word names and no other; nil of a word about one tag
	Tagged
}

// newestWords says by sorting what a Tagging keeps of a list of words: of what is no older than the last that named all, of each tag the greatest, of those the newest.
func newestWords(words []wordOf) (map[string]Tagged, time.Time) {
	off := map[bool]int{true: 1}
	var from time.Time
	var all []wordOf
	for _, one := range words {
		if one.only == nil {
			all = append(all, one)
		} else if one.At.After(from) {
			from = one.At
		}
		for _, tag := range one.only {
			all = append(all, wordOf{tag: tag, Tagged: one.Tagged})
		}
	}
	all = slices.DeleteFunc(all, func(one wordOf) bool { return one.At.Before(from) })
	slices.SortFunc(all, func(a, b wordOf) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(off[b.Off], off[a.Off]), cmp.Compare(b.By, a.By))
	})
	of := map[string]Tagged{}
	var tags []string
	for _, one := range all {
		if _, known := of[one.tag]; !known {
			of[one.tag], tags = one.Tagged, append(tags, one.tag)
		}
	}
	slices.SortFunc(tags, func(a, b string) int { return cmp.Or(of[b].At.Compare(of[a].At), cmp.Compare(b, a)) })
	kept := map[string]Tagged{}
	for _, tag := range tags[:min(len(tags), MaxTags)] {
		kept[tag] = of[tag]
	}
	return kept, from
}

// TestTagsAreAFunctionOfTheSetOfWords: in whatever sequence they come, some twice, and to however many people who become one.
func TestTagsAreAFunctionOfTheSetOfWords(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 13))
		tags := 1 + r.IntN(2*MaxTags)
		words := make([]wordOf, r.IntN(4*MaxTags))
		for i := range words {
			words[i] = wordOf{tag: fmt.Sprint("t", r.IntN(tags)), Tagged: Tagged{Off: r.IntN(3) == 0, At: minute(r.IntN(60)), By: fmt.Sprint(r.IntN(3))}}
			if seed%2 == 0 && r.IntN(40) == 0 {
				words[i] = wordOf{only: []string{}, Tagged: Tagged{At: words[i].At, By: words[i].By}}
				for range r.IntN(4) {
					words[i].only = append(words[i].only, fmt.Sprint("t", r.IntN(tags)))
				}
			}
		}
		want, from := newestWords(words)
		for range 3 {
			people := make([]Profile, 1+r.IntN(3))
			for _, i := range append(r.Perm(len(words)), r.Perm(len(words))...) {
				if who := &people[r.IntN(len(people))].Tagging; words[i].only != nil {
					who.Only(words[i].only, words[i].Tagged)
				} else {
					who.Say(words[i].tag, words[i].Tagged)
				}
			}
			for i := 1; i < len(people); i++ {
				people[0].Absorb(&people[i])
			}
			if got := people[0].Tagging; len(got.Words)+len(want) > 0 && !reflect.DeepEqual(got.Words, want) || !got.From.Equal(from) {
				t.Fatalf("seed %d: %d words from %v\n%v\nwant %d from %v\n%v", seed, len(got.Words), got.From, got.Words, len(want), from, want)
			}
		}
	}
}

func TestWhoMayTag(t *testing.T) {
	change := `{"add":["vip","茶"],"remove":["new"],"by":"Ann"}`
	for level, may := range map[trust.Level]bool{"": true, trust.Shop: true, trust.Operator: true, trust.Person: false, trust.Public: false, trust.Provider: false} {
		p := &Profile{Tagging: Tagging{Words: map[string]Tagged{"new": {At: t0}}}}
		p.Fold(&event.Event{Kind: event.Track, Name: event.TagsChanged, Trust: level, Timestamp: minute(1), Properties: json.RawMessage(change)}, Shop{})
		want := []string{"new"}
		if may {
			want = []string{"vip", "茶"}
		}
		if got := p.Tags(); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", level, got, want)
		}
		if may && p.Tagging.Words["new"] != (Tagged{Off: true, At: minute(1), By: "Ann"}) {
			t.Errorf("%q: %v", level, p.Tagging.Words)
		}
		if !p.FirstSeen.IsZero() || p.Counters != nil || p.Active.Count(0) != 0 || p.Unproven.Counters != nil {
			t.Errorf("%q: the person has done something: %+v", level, p.Memory)
		}
	}
	// What is taken at the door has its effect, however its names are written.
	odd := &event.Event{Kind: event.Track, Name: event.TagsChanged, Timestamp: t0, Properties: json.RawMessage(`{"Add":["a"],"ALL":null,"By":"Ann"}`)}
	if field, reason := JudgeTags(odd); reason != "" {
		t.Errorf("%s %s", field, reason)
	}
	q := &Profile{}
	if q.Fold(odd, Shop{}); !slices.Equal(q.Tags(), []string{"a"}) || q.Tagging.Words["a"].By != "Ann" {
		t.Errorf("names in other letters: %v", q.Tagging.Words)
	}
	p := &Profile{}
	p.Fold(&event.Event{Kind: event.Track, Name: event.TagsChanged, Source: "erp", Timestamp: t0, Properties: json.RawMessage(`{"add":["a",7," b","","` + strings.Repeat("x", MaxTag+1) + `"]}`)}, Shop{})
	if want := map[string]Tagged{"a": {At: t0, By: "erp"}}; !reflect.DeepEqual(p.Tagging.Words, want) {
		t.Errorf("what is no tag: %v, want %v", p.Tagging.Words, want)
	}
}

func TestTagsOfSegments(t *testing.T) {
	p := &Profile{Members: map[string]Membership{"a": {Tag: "vip"}, "b": {Tag: "vip"}, "c": {}, "d": {Tag: "gone"}}}
	p.Tagging.Say("own", Tagged{At: t0})
	p.Tagging.Say("gone", Tagged{At: t0, Off: true})
	if got, want := p.Tags(), []string{"gone", "own", "vip"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v: a word takes away what was given by a word", got, want)
	}
}

func TestJudgeTags(t *testing.T) {
	many := `["` + strings.Join(strings.Split(strings.Repeat("x", MaxTagChange+1), ""), `","`) + `"]`
	for properties, want := range map[string]string{
		`{"add":["a"]}`: " ", `{"remove":["a"],"by":"x"}`: " ", `{"add":["a"],"remove":["b"]}`: " ", `{"add":["` + strings.Repeat("茶", MaxTag) + `"]}`: " ",
		`{"all":[]}`: " ", `{"all":["a","b"],"by":"erp"}`: " ", `{"all":["a","a"]}`: "properties.all[1] is there twice", `{"all":[],"add":["a"]}`: "properties.all is all tags: leave out add, remove and only",
		`{"only":[]}`: " ", `{"only":["a","b"],"by":"erp"}`: " ", `{"only":["a","a"]}`: "properties.only[1] is there twice", `{"only":[],"all":["a"]}`: "properties.all is all tags: leave out add, remove and only",
		`{"only":["a"],"remove":["b"]}`: "properties.only is all tags by hand: leave out add and remove",
		`{}`:                            "properties.add is missing: name the tags to add, to remove, or both",
		`{"add":"a"}`:                   `properties is not {"add": [...], "remove": [...]}, {"only": [...]} or {"all": [...]} with lists of texts`, `{"add":[1]}`: `properties is not {"add": [...], "remove": [...]}, {"only": [...]} or {"all": [...]} with lists of texts`, ``: `properties is not {"add": [...], "remove": [...]}, {"only": [...]} or {"all": [...]} with lists of texts`,
		`{"add":["a",""]}`: "properties.add[1] is empty", `{"remove":[" a"]}`: "properties.remove[0] begins or ends with a blank", `{"add":["a\u0007"]}`: "properties.add[0] has a character that cannot be shown",
		`{"add":["` + strings.Repeat("茶", MaxTag+1) + `"]}`: "properties.add[0] has 65 characters, at most 64", `{"add":["` + strings.Repeat("𠮷", 49) + `"]}`: "properties.add[0] is longer than 192 bytes",
		`{"add":["a"],"remove":["a"]}`: "properties.remove[0] is there twice", `{"add":` + many + `}`: "properties.add has 251 entries, at most 250",
		`{"add":["a"],"by":"` + strings.Repeat("x", 65) + `"}`: "properties.by is longer than 64 bytes",
	} {
		field, reason := JudgeTags(&event.Event{Kind: event.Track, Name: event.TagsChanged, Properties: json.RawMessage(properties)})
		if got := field + " " + reason; got != want {
			t.Errorf("%s: %q, want %q", properties, got, want)
		}
	}
	if field, _ := JudgeTags(&event.Event{Kind: event.Track, Name: "Own", Properties: json.RawMessage(`{}`)}); field != "" {
		t.Errorf("another event: %s", field)
	}
}

// TestAnOldWordDoesNotComeBack: what a dead letter says of a tag that was taken away since, or was let go, changes nothing.
func TestAnOldWordDoesNotComeBack(t *testing.T) {
	var g Tagging
	g.Say("vip", Tagged{At: minute(5), Off: true})
	for i := range MaxTags {
		g.Say(fmt.Sprint("t", i), Tagged{At: minute(10 + i)})
	}
	if _, known := g.Words["vip"]; g.Say("vip", Tagged{At: minute(4)}) != 1 || known || len(g.Words) != MaxTags || !g.Words["vip"].At.IsZero() {
		t.Errorf("%d words, of vip %v, %v", len(g.Words), known, g.Words["vip"])
	}
	if left := g.Say("vip", Tagged{At: minute(1000)}); left != 1 || g.Words["vip"].Off || len(g.Words) != MaxTags {
		t.Errorf("a newer one: %d let go, %v", left, g.Words["vip"])
	}
	if left := g.Say("vip", Tagged{At: minute(1000)}); left != 0 {
		t.Errorf("the same again lets %d go", left)
	}
}

// TestListsOfTagsReplaceEachOther: of each system its newest list stands, in whatever sequence they come and to however many people who become one; words stand beside them.
func TestListsOfTagsReplaceEachOther(t *testing.T) {
	list := func(n int, by string, tags ...string) event.Event {
		tags = append([]string{}, tags...) // so that none is a list too
		raw, _ := json.Marshal(TagChange{All: &tags, By: by})
		return event.Event{Kind: event.Track, Name: event.TagsChanged, Timestamp: minute(n), Properties: raw}
	}
	told := []event.Event{list(1, "shopify", "a", "b"), list(3, "shopify", "b", "c", "b"), list(2, "shopify"), list(1, "erp", "c"), list(2, "erp"),
		{Kind: event.Track, Name: event.TagsChanged, Timestamp: minute(9), Properties: json.RawMessage(`{"remove":["b"],"add":["own"],"by":"Ann"}`)}}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 14))
		people := make([]Profile, 1+r.IntN(3))
		for _, i := range r.Perm(len(told)) {
			people[r.IntN(len(people))].Fold(&told[i], Shop{})
		}
		for i := 1; i < len(people); i++ {
			people[0].Absorb(&people[i])
		}
		want := map[string]TagList{"shopify": {minute(3), []string{"b", "c"}}, "erp": {At: minute(2)}}
		if p := &people[0]; !slices.Equal(p.Tags(), []string{"b", "c", "own"}) || !reflect.DeepEqual(p.Tagging.Lists, want) {
			t.Fatalf("seed %d: %v of %v", seed, p.Tags(), p.Tagging.Lists)
		}
	}
	p := &Profile{}
	for i := range MaxTagLists + 2 {
		e := list(i, fmt.Sprint("s", i), fmt.Sprint("t", i))
		p.Fold(&e, Shop{})
	}
	if got := p.Tags(); !slices.Equal(got, []string{"t2", "t3", "t4", "t5"}) || p.LeftOut["tags"] != 2 {
		t.Errorf("of many lists: %v, left out %v", got, p.LeftOut)
	}
}

// TestOnlyTheseTags: who is to have certain tags has them and no other by a word, also of what comes later and was said before; what systems and segments give stays.
func TestOnlyTheseTags(t *testing.T) {
	p := &Profile{Members: map[string]Membership{"buyers": {Tag: "buyer"}}}
	p.Tagging.List("shopify", TagList{At: minute(1), Tags: []string{"big"}})
	fold := func(n int, properties string) {
		p.Fold(&event.Event{Kind: event.Track, Name: event.TagsChanged, Trust: trust.Operator, Timestamp: minute(n), Properties: json.RawMessage(properties)}, Shop{})
	}
	fold(2, `{"add":["a","b"],"by":"Ann"}`)
	fold(5, `{"only":["b","c"],"add":["nobody looks at this"],"remove":["c"],"by":"Bob"}`)
	fold(4, `{"add":["d"],"remove":["b"],"by":"Ann"}`)
	fold(3, `{"only":["e"],"by":"Ann"}`)
	if got, want := p.Tags(), []string{"b", "big", "buyer", "c"}; !slices.Equal(got, want) || p.Tagging.Words["b"] != (Tagged{At: minute(5), By: "Bob"}) {
		t.Errorf("%v of %v, want %v", got, p.Tagging, want)
	}
	fold(6, `{"only":[]}`)
	if got, want := p.Tags(), []string{"big", "buyer"}; !slices.Equal(got, want) || p.Tagging.Empty() {
		t.Errorf("of none: %v, want %v", got, want)
	}
	if q := (Tagging{From: minute(1)}); q.Empty() {
		t.Error("what was said of all tags is forgotten")
	}
}
