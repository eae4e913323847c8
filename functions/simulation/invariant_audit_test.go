package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// deed is something that the audit log must tell of: it was answered that it was done.
type deed struct {
	line       string // the id of its line, as far as it is known
	begun, end time.Time
}

// did notes what a call has done, if the audit log tells of such.
func (m *model) did(method, path string, status int, answer []byte, begun time.Time) {
	if status < 200 || status > 299 {
		return
	}
	var told struct {
		Version        int
		RunID, Receipt string
		ReentryID, ID  string
		Resumed        map[string]any
	}
	var stop map[string]any
	_ = json.Unmarshal(answer, &stop)
	_ = json.Unmarshal(answer, &told)
	pure, _, _ := strings.Cut(path, "?")
	parts := strings.Split(strings.TrimPrefix(pure, "/v1/"), "/")
	line := ""
	switch {
	case parts[0] == "profiles" && method == "DELETE" && len(parts) == 3:
		line = "takeOff#" + told.Receipt
	case parts[0] == "profiles" && method == "DELETE":
		line = "erase#" + told.Receipt
	case parts[0] == "profiles" && method == "PUT":
		line = "tag#" + told.Receipt
	case parts[0] == "stops" && len(parts) == 3 && parts[2] == "reenter":
		line = "reenter#" + parts[1] + "#" + told.ReentryID
	case parts[0] == "queues" && method == "POST":
		line = "redrive#" + told.ID
	case parts[0] == "lists" && method == "PUT":
		line = "upload#" + told.Receipt
	case parts[0] == "profiles", len(parts) > 2:
		return
	case method == "PUT":
		line = fmt.Sprintf("save#%s#%s#%d", strings.TrimSuffix(parts[0], "s"), parts[1], told.Version)
	case method == "DELETE":
		line = fmt.Sprintf("delete#%s#%s#", strings.TrimSuffix(parts[0], "s"), parts[1])
	case method == "POST" && parts[0] == "runs":
		line = "start#" + told.RunID
	case parts[0] == "stop" && status == 201:
		line = "save#stop#" + scopeOf(stop) + "#"
	case parts[0] == "resume" && told.Resumed != nil:
		line = "delete#stop#" + scopeOf(told.Resumed) + "#"
	default:
		return
	}
	m.deeds = append(m.deeds, deed{line, begun, time.Now()})
}

// auditLine is a line of the audit log as the judge reads it.
type auditLine struct {
	ID, From, Action, Kind, Of, Reason string
	At                                 time.Time
	Before, After                      int
	By                                 struct{ Name, Role, Key string }
}

// operatorLine is who every operator's line must name: they all use one key.
var operatorLine = struct{ Name, Role, Key string }{"operator key", "owner", hashed(operatorKey)[:8]}

// checkAudit holds that whatever was answered as done has exactly one line in each list where it is looked for, that each version which stands has the line
// of who saved it, and that no line tells of a change that was not made.
func checkAudit(w *world, s *state, broken func(string, string, ...any)) {
	lists, lines := map[string]int{}, map[string]auditLine{}
	for _, i := range s.raw["Audit"] {
		var l auditLine
		check(json.Unmarshal([]byte(i.text("b")), &l))
		lists[l.ID+" in "+i.text("pk")]++
		if before, twice := lines[l.ID]; twice && before != l {
			broken("", "the line %s says %v in one list and %v in another", l.ID, before, l)
		}
		lines[l.ID] = l
		if l.From == "" || l.At.Before(w.begun.Add(-time.Hour)) || i.number("ttl") != l.At.AddDate(0, 13, 0).Unix() {
			broken("", "the line %s is from %q at %s until %d", l.ID, l.From, l.At, i.number("ttl"))
		}
	}
	whole := func(id, why string) {
		l, there := lines[id]
		for _, list := range []string{"t#" + l.At.UTC().Format("200601"), "o#" + l.By.Name, "w#" + l.Kind + "#" + l.Of} {
			if n := lists[id+" in "+list]; !there || n != 1 {
				broken("", "%s %s, and its line stands %d times in %s", id, why, n, list)
			}
		}
	}
	versions, last := map[string]bool{}, map[string]int{}
	for _, i := range s.raw["Catalog"] {
		parts := strings.SplitN(i.text("pk"), "#", 3)
		if parts[0] != "v" {
			continue
		}
		n := int(i.number("v"))
		thing := parts[1] + "#" + parts[2]
		id := fmt.Sprintf("save#%s#%d", thing, n)
		versions[id], last[thing] = true, max(last[thing], n)
		if !i.has("by") && havePrevious {
			continue // its workers write no lines
		}
		whole(id, "was saved")
		if by := lines[id].By; by != operatorLine {
			broken("", "%s is by %v", id, by)
		}
	}
	for id, l := range lines {
		switch {
		case l.Action == "save" && (!versions[id] || l.After < 1 || l.Before >= l.After):
			broken("", "the line %s tells of a version that there is not", id)
		case l.Action == "delete" && (l.After != 0 || l.Before < 1 || l.Before > last[l.Kind+"#"+l.Of]):
			broken("", "the line %s tells of a deletion of what there was not", id)
		}
	}
	if havePrevious {
		return
	}
	for _, d := range w.model.deeds {
		if !strings.HasSuffix(d.line, "#") {
			whole(d.line, "was answered as done")
			continue
		}
		// Which version was deleted is not told; it was in the time of the call, clocks that differ apart.
		found := false
		for id, l := range lines {
			if strings.HasPrefix(id, d.line) && !l.At.Before(d.begun.Add(-time.Minute)) && !l.At.After(d.end.Add(time.Minute)) {
				whole(id, "was answered as done")
				found = true
			}
		}
		if !found {
			broken("", "%s was answered as done at %s and has no line", d.line, d.end.Format(time.RFC3339))
		}
	}
	// What is not there any more was deleted once, at its last version.
	for _, thing := range slices.Sorted(maps.Keys(last)) {
		kind, id, _ := strings.Cut(thing, "#")
		current := slices.ContainsFunc(s.raw["Catalog"], func(i item) bool { return i.text("pk") == "d#"+kind && i.text("sk") == id })
		line := fmt.Sprintf("delete#%s#%d", thing, last[thing])
		if _, told := lines[line]; told == current {
			broken("", "%s is there: %v; that it was deleted is told: %v", thing, current, told)
		}
	}
}
