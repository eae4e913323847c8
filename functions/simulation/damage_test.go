package simulation

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// damaged says whether a seed has profiles in the end that nobody can read.
func damaged(seed uint64) bool { return seed%3 == 1 }

// broken body of a profile: cut off, or as a program might write it that this one does not know.
func unreadableBody(d *dice, body []byte) []byte {
	if d.happens(0.5) {
		return body[:len(body)-1]
	}
	return append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, body...)
}

// profileItem is the stored item of a profile.
func (w *world) profileItem(id string) item {
	for _, i := range w.scan(w.table("Profiles")) {
		if i.text("pk") == "p#"+id {
			return i
		}
	}
	return nil
}

// put writes an item as somebody does who restores a table.
func (w *world) put(table string, i item) {
	body, err := json.Marshal(map[string]any{"TableName": table, "Item": i})
	check(err)
	if answer := serve(w.db, "DynamoDB_20120810.PutItem", body); answer.status != 200 {
		w.surprise("restoring an item: %d %s", answer.status, answer.body)
	}
	w.replica.note(time.Now(), "DynamoDB_20120810.PutItem", body)
}

// damage makes two people unreadable when everything has been judged, says something of them and of somebody else, and lets a run pass.
// The run must go on and name them, nobody else may wait for them, and nothing of them may be touched. When they can be read again, what was
// said in the meantime must be there, once dead letters are sent again.
func (w *world) damage(s *state) {
	d := dice{hash(w.seed, "damage")}
	users := []string{}
	for _, id := range slices.Sorted(maps.Keys(s.of)) {
		if s.of[id] != "" && !strings.HasPrefix(id, "anonymous:") && !slices.ContainsFunc(users, func(other string) bool { return s.of[other] == s.of[id] }) {
			users = append(users, id)
		}
	}
	if len(users) < 3 {
		return
	}
	first := d.below(len(users) - 2)
	torn := users[first : first+2]
	healthy := users[first+2]
	was, now := map[string]item{}, map[string]item{}
	for _, user := range torn {
		id := s.of[user]
		if !w.faults.has(unreadable, id) {
			continue
		}
		i := w.profileItem(id)
		body, err := base64.StdEncoding.DecodeString(i["b"]["B"].(string))
		check(err)
		was[user], now[user] = i, maps.Clone(i)
		now[user]["b"] = map[string]any{"B": base64.StdEncoding.EncodeToString(unreadableBody(&d, body))}
		w.put(w.table("Profiles"), now[user])
		w.fired(unreadable, id)
	}
	said := map[string]*said{}
	for _, user := range append(slices.Sorted(maps.Keys(was)), healthy) {
		e := w.event(&d, "page", "Home")
		e.User, e.Original = user, ""
		w.post(&d, serverKey, e)
		said[user] = e
	}
	logged := w.log.Len()
	status, body := w.ask(&d, "POST", "/v1/runs", operatorKey, "{}")
	var run struct {
		RunID, State         string
		Profiles, Unreadable int
	}
	if status != 202 {
		w.surprise("POST runs: %d %s", status, body)
		return
	}
	check(json.Unmarshal(body, &run))
	w.sleep(30 * time.Minute)
	status, body = w.ask(&d, "GET", "/v1/runs/"+run.RunID, operatorKey, "")
	if status == 200 {
		check(json.Unmarshal(body, &run))
	}
	broken := func(who, format string, args ...any) { w.violate(unreadableKept, who, format, args...) }
	if run.State != "finished" || run.Unreadable != len(was) {
		broken("", "%d profiles cannot be read; run %s is %q and counts %d", len(was), run.RunID, run.State, run.Unreadable)
	}
	if !w.hasEvent(&d, healthy, said[healthy]) {
		broken(healthy, "%s has waited half an hour for somebody else who cannot be read", said[healthy].ID)
	}
	named := w.log.String()[logged:]
	for _, user := range slices.Sorted(maps.Keys(was)) {
		id := s.of[user]
		if !strings.Contains(named, `"`+id+`"`) {
			broken("profile:"+id, "cannot be read, and no line of the log names it")
		}
		if have := w.profileItem(id); !sameItem(have, now[user]) {
			broken("profile:"+id, "could not be read, and is another now")
		}
		w.put(w.table("Profiles"), was[user])
	}
	w.redrive() // what failed ten times meanwhile
	if !w.rest(w.patience()) {
		broken("", "after everybody could be read again there is still work: %s", w.backlog())
	}
	for _, user := range slices.Sorted(maps.Keys(was)) {
		if !w.hasEvent(&d, user, said[user]) {
			broken(user, "%s was said while nobody could read the profile, and is not in the timeline", said[user].ID)
		}
	}
}

func sameItem(a, b item) bool {
	x, err := json.Marshal(a)
	check(err)
	y, err := json.Marshal(b)
	check(err)
	return string(x) == string(y)
}

// hasEvent says whether an event stands in the timeline of who has an id.
func (w *world) hasEvent(d *dice, id string, e *said) bool {
	list := pages[told](w, d, "/v1/profiles/"+escape(id)+"/events")
	return slices.ContainsFunc(list, func(t told) bool { return t.MessageID == e.ID })
}
