package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// found is somebody whom a search has found.
type found struct{ ProfileID, Proof string }

// finds asks as an operator, page by page.
func (w *world) finds(d *dice, q string) (all []found) {
	for cursor := ""; ; {
		status, body := w.ask(d, "GET", "/v1/people?q="+url.QueryEscape(q)+"&cursor="+cursor, roleKey("viewer"), "")
		if status != 200 {
			w.surprise("looking for %s: %d %s", q, status, body)
			return all
		}
		var page struct {
			Items []found
			Next  string
		}
		check(json.Unmarshal(body, &page))
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// checkSearch asks for everybody by what the shop has said of them, and looks who else is found.
func checkSearch(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return // its workers list nobody
	}
	d := dice{hash(w.seed, "search")}
	asked := map[string]map[string]bool{} // who is to be found, by question
	ask := func(q, id string) {
		if asked[q] == nil {
			asked[q] = map[string]bool{}
		}
		asked[q][id] = true
	}
	for id, v := range s.profiles {
		name, _ := v.Traits["name"].(string)
		if name != "" && !slices.Contains(v.Unproven.Traits, "name") {
			ask("name:"+name, id)
		}
		for _, i := range v.IDs {
			if i.Kind == "phone" || i.Kind == "email" {
				ask(i.Kind+":"+i.Value, id)
			}
			if i.Kind == "phone" {
				ask("digits:"+i.Value[len(i.Value)-6:], id)
			}
		}
		if a := v.Addresses["email"].Address; a != "" {
			ask("email:"+a, id)
		}
	}
	for _, q := range slices.Sorted(maps.Keys(asked)) {
		got := map[string]bool{}
		for _, f := range w.finds(&d, q) {
			got[f.ProfileID] = true
			if s.profiles[f.ProfileID] == nil && !slices.Contains(s.strangers(), f.ProfileID) {
				broken("profile:"+f.ProfileID, "nobody is there, and is found by %s", wayOf(q))
			}
		}
		for id := range asked[q] {
			if !got[id] {
				broken("profile:"+id, "is not found by %s", wayOf(q))
			}
		}
	}
	w.tell("judge: %d questions find whom they mean", len(asked))
}

func wayOf(q string) string { kind, _, _ := strings.Cut(q, ":"); return kind }

// checkListings holds the table Search to the profiles: each entry is named by the item of its key, which is a profile's own, and each name is one that somebody has said of that person.
func checkListings(w *world, s *state, broken func(string, string, ...any)) {
	names := map[string][]string{} // that were said of a profile
	for _, x := range w.model.said {
		name, _ := x.Traits["name"].(string)
		for _, id := range []string{s.of[x.User], s.of["anonymous:"+x.Anon], s.of[x.Prev]} {
			if name != "" && id != "" {
				names[id] = append(names[id], strings.ToLower(strings.ReplaceAll(name, " ", "")))
			}
		}
	}
	for id, v := range s.profiles {
		for _, i := range v.IDs {
			if n, is := w.cast.numberOf(i.Value); is { // what shop systems say of their customers
				names[id] = append(names[id], fmt.Sprintf("canarywoo%03d", n), fmt.Sprintf("canaryshopify%03d", n))
			}
		}
	}
	stands := map[string]bool{}
	for _, i := range s.raw["Profiles"] {
		if id, is := strings.CutPrefix(i.text("pk"), "p#"); is && i.has("b") {
			stands[id] = true
		}
	}
	listed, entries := map[string]int{}, map[string]int{}
	for _, i := range s.raw["Search"] {
		id, home := strings.CutPrefix(i.text("pk"), "p#")
		if home {
			listed[id] = strings.Count(i.text("t"), "\n")
			continue
		}
		at := strings.LastIndexByte(i.text("sk"), '#')
		id, term := i.text("sk")[at+1:], i.text("sk")[:at]
		entries[id]++
		if !strings.HasPrefix(i.text("pk"), "n#") || strings.Trim(term, "abcdefghijklmnopqrstuvwxyz") == "" && !strings.Contains(term, "canary") {
			continue // the readings of characters are another's to judge
		}
		if s.profiles[id] != nil && !slices.ContainsFunc(names[id], func(name string) bool { return strings.HasSuffix(name, term) }) {
			broken("profile:"+id, "is listed under %s, which nobody has said of them", term)
		}
	}
	for id := range listed {
		if !stands[id] {
			broken("profile:"+id, "is listed, and nobody stands there")
		}
		if entries[id] != listed[id] {
			broken("profile:"+id, "has %d entries, and a list of %d", entries[id], listed[id])
		}
	}
	for id := range entries {
		if listed[id] == 0 {
			broken("profile:"+id, "has entries, and no list")
		}
	}
}
