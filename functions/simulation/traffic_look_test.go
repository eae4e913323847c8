package simulation

import (
	"fmt"
	"slices"
	"time"
)

// sendAgain is a client that sends a batch anew which had been answered: it was offline, restarted, or did not hear.
func sendAgain(w *world, d *dice, p *human) {
	var mine []*said
	for _, s := range w.model.said {
		if s.Accepted && !s.hook && (s.User == p.user || slices.Contains(p.devices, s.Anon)) {
			mine = append(mine, s)
		}
	}
	if len(mine) == 0 {
		return
	}
	s := mine[d.below(len(mine))]
	if time.Since(s.Answered) > 20*time.Hour {
		return
	}
	w.post(d, s.Key, s)
}

func busy(w *world, d *dice, p *human) {
	n := d.between(3, 12)
	for range n {
		go w.post(&dice{d.next()}, one(d, publicKey, serverKey), browsing(w, d, p.device(d), one(d, "", p.user), d.between(1, 20))...)
		w.sleep(d.pause(time.Millisecond, 2*time.Second))
	}
}

func otherCalls(w *world, d *dice, p *human) {
	s := w.event(d, one(d, "screen", "group", "page"), "Club")
	s.User = p.user
	w.post(d, serverKey, s)
}

func look(w *world, d *dice, p *human) {
	paths := []string{"", "/events", "/decisions", "/ledger", "/export"}
	w.call("GET", "/v1/profiles/"+escape(one(d, p.user, "anonymous:"+p.device(d)))+one(d, paths...), serverKey, "")
	if d.happens(0.3) {
		w.call("GET", "/v1/programs/invite/leaderboard", serverKey, "")
		w.call("GET", "/v1/referrals/"+escape(p.user), serverKey, "")
	}
}

func startRun(w *world, d *dice, p *human) {
	body := "{}"
	if d.happens(0.25) {
		body = fmt.Sprintf(`{"asOf":%q}`, time.Now().Add(-48*time.Hour).Format("2006-01-02"))
	}
	w.ask(d, "POST", "/v1/runs", operatorKey, body)
}

// editInARun is an operator who has second thoughts about a segment while a run is under way.
func editInARun(w *world, d *dice, p *human) {
	w.ask(d, "POST", "/v1/runs", operatorKey, "{}")
	for range d.between(1, 3) {
		w.sleep(d.pause(time.Millisecond, 2*time.Second))
		editSegment(w, d)
	}
}
