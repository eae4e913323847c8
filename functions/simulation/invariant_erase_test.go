package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func checkErasedGone(w *world, s *state, broken func(string, string, ...any)) {
	for _, e := range w.model.erasures {
		if !e.Accepted {
			continue
		}
		// Whoever was not heard of since is gone everywhere.
		back := false
		joined := w.model.joins()
		for _, x := range w.model.said {
			if joined[x.id()] == joined[e.ID] && !x.Refused && (x.First.After(e.Begun.Add(-time.Second)) || x.Again || !x.Accepted) {
				back = true
			}
		}
		for _, c := range w.model.claims {
			back = back || c.Friend == e.ID || c.Advocate == e.ID
		}
		if back {
			continue
		}
		if s.of[e.ID] != "" {
			broken(e.ID, "was erased at %s and is a profile", e.Ended.Format(time.RFC3339))
		}
		ids := []string{e.Profile}
		objected := slices.ContainsFunc(w.model.withdrawals, func(x *withdrawal) bool { return x.Profile == e.Profile && x.Ended.After(e.Begun) })
		for table, items := range s.raw {
			for _, i := range items {
				if objected && table == "Deliveries" && i.text("sk") == "contact" {
					continue // what was withdrawn after the erasure was asked for holds
				}
				if left := remains(table, i, ids); left != "" {
					broken(e.ID, "was erased at %s, and %s still holds %s / %s", e.Ended.Format(time.RFC3339), table, i.text("pk"), i.text("sk"))
				}
			}
		}
	}
}

// remains says what an item still holds of an erased person, empty for what may stay: tombstones, the ledger and the audit log under a pseudonym, orders without
// their owner, and the standing of an advocate, which says what was paid.
func remains(table string, i item, ids []string) string {
	if table == "Ledger" || table == "Audit" {
		return ""
	}
	if strings.HasPrefix(i.text("pk"), "o#") {
		if i.names(ids...) {
			return fmt.Sprint(table, " ", i.text("pk"))
		}
		return ""
	}
	for _, id := range ids {
		if !strings.Contains(i.text("pk"), id) && !strings.Contains(i.text("sk"), id) {
			continue
		}
		if table == "Profiles" && i.has("erased") && !i.has("b") {
			return ""
		}
		if table == "Referrals" && strings.HasPrefix(i.text("pk"), "l#") {
			return ""
		}
		return fmt.Sprint(table, " ", i.text("pk"))
	}
	return ""
}

func (m *model) everErased(s *state, profile string) bool {
	joined := m.joins()
	for _, e := range m.erasures {
		if s.of[e.ID] == profile {
			return true
		}
		for id, p := range s.of {
			if p == profile && joined[id] == joined[e.ID] {
				return true
			}
		}
	}
	return false
}
