package simulation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// checkAlias holds that an explicit alias of a trusted source has united the two, whatever was stored when it came.
func checkAlias(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	for _, e := range w.model.said {
		if e.Kind != "alias" || e.Key != serverKey || !e.Accepted || w.model.erasedNear(joined, e.User) || w.model.erasedNear(joined, e.Prev) {
			continue
		}
		former := e.Prev // a userId, if somebody goes by it
		if !w.model.isUser(e.Prev) {
			former = "anonymous:" + e.Prev
		}
		if s.of[former] == "" || s.of[former] != s.of[e.User] {
			broken(e.User, "alias %s of %s was accepted and the two are not one: %q and %q", e.ID, e.Prev, s.of[e.User], s.of[former])
		}
	}
}

func (m *model) isUser(id string) bool {
	return slices.ContainsFunc(m.said, func(e *said) bool { return e.User == id && !e.Refused })
}

// erasedNear says whether somebody was erased who may ever have been joined to an id.
func (m *model) erasedNear(joined map[string]string, id string) bool {
	for _, e := range m.erasures {
		if joined[e.ID] == joined[id] || joined[e.ID] == joined["anonymous:"+id] {
			return true
		}
	}
	return false
}

func checkPlaceholders(w *world, s *state, broken func(string, string, ...any)) {
	for profile, v := range s.profiles {
		for _, id := range v.IDs {
			switch strings.ToLower(id.Value) {
			case "undefined", "[object object]", "nan", "unknown", "guest", "0":
				broken("profile:"+profile, "goes by %s %q, which means nobody", id.Kind, id.Value)
			}
		}
	}
}

// checkStrangers holds that two userIds are one person by an explicit alias only.
func checkStrangers(w *world, s *state, broken func(string, string, ...any)) {
	united := map[string]string{}
	var find func(string) string
	find = func(id string) string {
		if united[id] == "" || united[id] == id {
			return id
		}
		return find(united[id])
	}
	for _, e := range w.model.said {
		if e.Kind == "alias" && !e.Refused && e.Key == serverKey {
			united[find(e.Prev)] = find(e.User)
		}
	}
	for profile, v := range s.profiles {
		first := ""
		for _, id := range v.IDs {
			if id.Kind != "user" {
				continue
			}
			if first != "" && find(id.Value) != find(first) {
				// An alias of a device that the other has joined unites them too.
				if !slices.ContainsFunc(w.model.said, func(e *said) bool {
					return e.Kind == "alias" && !e.Refused && e.Key == serverKey && s.of[e.User] == profile && !w.model.isUser(e.Prev)
				}) {
					broken("profile:"+profile, "goes by %q and %q, and nobody said that they are one", first, id.Value)
				}
			}
			first = id.Value
		}
	}
}

// checkRewardsComplete holds that a friend who claimed, paid and kept the order has been settled or has a reason.
func checkRewardsComplete(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	orders := w.model.orders()
	d := dice{hash(w.seed, "rewards")}
	for _, c := range w.model.claims {
		if c.Status != 201 || w.model.erasedNear(joined, c.Friend) {
			continue
		}
		good := false
		clear := true
		for _, e := range w.model.said {
			id, _ := e.Properties["order_id"].(string)
			if s.of[e.id()] != s.of[c.Friend] || id == "" || e.Key != serverKey {
				continue
			}
			o := orders[id]
			net, isPaid := o.net()
			clear = clear && e.Accepted && o.sure && isPaid && net > 0 && len(o.refunds) == 0 && o.cancelled.IsZero() && o.paid.After(c.At.Add(10*time.Second)) && o.paid.Before(time.Now().Add(-3*time.Hour))
			good = true
		}
		if !good || !clear || s.of[c.Friend] == "" || len(s.profiles[s.of[c.Friend]].Parts) > 0 {
			continue
		}
		status, body := w.ask(&d, "GET", "/v1/referrals/"+escape(c.Friend), serverKey, "")
		if status != 200 {
			continue
		}
		var r struct {
			AsFriend []struct{ ProgramID, State, Reason string }
		}
		if json.Unmarshal(body, &r) != nil {
			continue
		}
		for _, f := range r.AsFriend {
			if f.ProgramID == c.Program && (f.State == "claimed" || f.State == "qualified" || f.State == "held") {
				broken(c.Friend, "claimed %s, paid and kept an order, and is %q hours later", c.Program, f.State)
			}
		}
	}
}
