package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// name is one of the names that somebody goes by, some of which several people have.
func (h *human) name(d *dice) string {
	return one(d, "王小明", "张伟", "王 五", fmt.Sprintf("Canaryname%03d", h.number), fmt.Sprintf("Canarylee%03d Wu", h.number))
}

// changeName gives somebody another name, often several at once.
func changeName(w *world, d *dice, p *human) {
	for range d.between(1, 3) {
		s := w.event(d, "identify", "")
		s.User = p.user
		s.Traits = map[string]any{"name": p.name(d)}
		if d.happens(0.4) {
			s.Traits["phone"] = p.phone()
		}
		w.post(d, serverKey, s)
		w.sleep(d.pause(time.Millisecond, 10*time.Second))
	}
}

// foundAtOnce is how many people an answer has at the most.
const foundAtOnce = 20

// operatorsFind are operators of every role who look for somebody by what is theirs, with a reason or without.
func operatorsFind(w *world, d *dice, p *human) {
	for range d.between(1, 3) {
		q := one(d, "email:"+p.email(), "phone:"+p.phone(), "user:"+p.user, "anonymous:"+p.device(d), "name:"+strings.Fields(p.name(d))[0], "digits:"+p.phone()[6:])
		if len(p.orders) > 0 && d.happens(0.3) {
			q = "order:" + p.orders[d.below(len(p.orders))]
		}
		path := "/v1/people?q=" + url.QueryEscape(q)
		g := &glance{role: one(d, roles...)}
		if d.happens(0.5) {
			g.reason = fmt.Sprintf("ticket-%08x", d.name())
			w.model.glances = append(w.model.glances, g)
			path += "&reason=" + g.reason
		}
		begun := time.Now()
		status, body := w.call("GET", path, roleKey(g.role), "")
		g.most = foundAtOnce // as far as anybody knows who has heard nothing
		if status == 400 {
			w.surprise("%s: %s", path, body)
		}
		if status == 200 {
			var found struct{ Items []json.RawMessage }
			check(json.Unmarshal(body, &found))
			if g.most = len(found.Items); !bytes.Contains(body, []byte(`"masked":true`)) { // each has a line
				g.shown += len(found.Items)
			}
			w.glanced(g, path, body, begun)
		}
		w.sleep(d.pause(time.Second, 2*time.Minute))
	}
}
