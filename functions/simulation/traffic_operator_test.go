package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// roles are those of operators, the least first: an editor may be shown people as they are, for a reason, and an approver exports them.
var roles = []string{"viewer", "editor", "approver", "owner"}

func roleKey(role string) string { return "sim-" + role + "-key" }

// operators are the keys of one operator of each role, as the template takes them.
func operators() string {
	var all []string
	for _, role := range roles {
		all = append(all, "the "+role+":"+role+":"+hashed(roleKey(role)))
	}
	return strings.Join(all, ",")
}

func mayReveal(role string) bool { return slices.Index(roles, role) >= 1 }
func mayExport(role string) bool { return slices.Index(roles, role) >= 2 }

// glance is a look of an operator at somebody for a reason that nobody else gives.
type glance struct {
	role, reason string
	// shown is how many people answers that came have shown, most how many those may have shown of which nobody knows whether they came.
	shown, most int
}

// operatorsLook are operators of every role who look at a person, with a reason or without.
func operatorsLook(w *world, d *dice, p *human) {
	for range d.between(1, 5) {
		role := one(d, roles...)
		path := "/v1/profiles/" + escape(one(d, p.user, p.user, "anonymous:"+p.device(d))) + one(d, "", "", "/events", "/decisions", "/ledger", "/devices", "/export")
		g := &glance{role: role}
		if d.happens(0.6) && !strings.Contains(path, "/export") {
			g.reason = fmt.Sprintf("ticket-%08x", d.name())
			w.model.glances = append(w.model.glances, g)
			path += "?reason=" + g.reason
		}
		for range d.between(1, 3) { // some look again, above all those who heard nothing
			begun := time.Now()
			g.most++
			status, body := w.call("GET", path, roleKey(role), "")
			if status == 200 {
				g.shown++
				w.glanced(g, path, body, begun)
			}
			if status == 200 && d.happens(0.7) {
				break
			}
			w.sleep(d.pause(time.Second, 2*time.Minute))
		}
	}
}

// glanced holds that an answer shows nobody as they are to whom it may not, and to others only with a line that stands already.
func (w *world) glanced(g *glance, path string, body []byte, begun time.Time) {
	exported := strings.Contains(path, "/export")
	if !exported && bytes.Contains(body, []byte(`"masked":true`)) {
		for _, h := range w.cast.people {
			for _, word := range []string{h.email(), h.phone(), fmt.Sprintf("Canaryname%03d", h.number), fmt.Sprintf("Canarywoo%03d", h.number), fmt.Sprintf("Canaryshopify%03d", h.number)} {
				if bytes.Contains(body, []byte(word)) {
					w.violate(peopleAreMasked, h.user, "%s is in what %s was shown masked by %s", word, g.role, path)
				}
			}
		}
		return
	}
	if exported && !mayExport(g.role) || !exported && (g.reason == "" || !mayReveal(g.role)) {
		w.violate(peopleAreMasked, "", "%s was shown somebody as they are by %s", g.role, path)
		return
	}
	found := slices.ContainsFunc(w.lines("o#the "+g.role), func(l auditLine) bool {
		return l.Action == "reveal" && l.Reason == g.reason && !exported || l.Action == "export" && exported && !l.At.Before(begun.Truncate(time.Millisecond))
	})
	if !found {
		w.violate(peopleAreMasked, "", "%s was shown somebody as they are by %s, and no line tells of it yet", g.role, path)
	}
}

// lines are the lines of one list of the audit log, as it stands.
func (w *world) lines(list string) (all []auditLine) {
	for _, i := range w.scan(w.table("Audit")) {
		if i.text("pk") == list {
			var l auditLine
			check(json.Unmarshal([]byte(i.text("b")), &l))
			all = append(all, l)
		}
	}
	return all
}

// checkReveals holds that each look at somebody as they are has one line, in each list, also when its writing failed or nobody heard the answer; and one who
// may not look has none.
func checkReveals(w *world, s *state, broken func(string, string, ...any)) {
	lines := map[string]map[string]int{} // by reason, kind of list and role
	counted := map[string]bool{}         // a line stands in two lists of a person who was asked for by another key
	for _, i := range s.raw["Audit"] {
		var l auditLine
		check(json.Unmarshal([]byte(i.text("b")), &l))
		list := i.text("pk")[:2] + l.By.Role
		if l.Action != "reveal" || counted[l.ID+list] {
			continue
		}
		counted[l.ID+list] = true
		if lines[l.Reason] == nil {
			lines[l.Reason] = map[string]int{}
		}
		lines[l.Reason][list]++
	}
	for _, g := range w.model.glances {
		least, most := g.shown, g.most
		if !mayReveal(g.role) {
			most = 0
		}
		for _, list := range []string{"t#", "o#", "w#"} {
			if n := lines[g.reason][list+g.role]; n < least && mayReveal(g.role) || n > most {
				broken("", "%s has seen %d people for %s, at most %d; %d lines stand in %s", g.role, g.shown, g.reason, g.most, n, list)
			}
		}
		if len(lines[g.reason]) > 3 {
			broken("", "the lines of %s name several roles: %v", g.reason, lines[g.reason])
		}
	}
}
