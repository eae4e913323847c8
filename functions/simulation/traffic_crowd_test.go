package simulation

import (
	"fmt"
	"time"
)

// The stated load, at which no partition may be asked for more than it gives, is a big promotion of 10,000 events a second, which is what
// twenty invocations of projection fold: 1,500 orders of as many people, 400 of whom used a code, and the rest of 350 devices that nobody
// knew. A single id has up to 100 events a second, a single advocate up to 40 friends. Every fifth seed plays a part of it.
const partOf = 10

// crowd is what a simulated promotion has of it each second. What belongs to one id is not divided.
var crowd = struct {
	lasts                           time.Duration
	orders, friends, devices, views int // orders of as many people, those of them who used a code, devices, events of each
	crm, hot                        int // events under an id that a whole department shares, events of one person
}{2 * time.Second, 1500 / partOf, 400 / partOf, 350 / partOf, 20, 100, 50}

// crowded says whether a seed has a big promotion.
func crowded(seed uint64) bool { return seed%5 == 3 }

// sharedID is of a customer system that sends the events of everybody from one device.
const sharedID = "canarycrm"

// promotion is the first seconds of a sale. A person is its advocate, and somebody whose till reports every touch.
func promotion(w *world, d *dice, p *human) {
	programs := []string{"ladder", "invite"}
	codes := []string{w.codeOf(d, programs[0], p.user), w.codeOf(d, programs[1], p.user)}
	left := 0
	// each does something so many times a second, evenly and at no two times the same.
	each := func(n int, do func(d *dice, i int)) {
		n *= int(crowd.lasts / time.Second)
		for i := range n {
			own := &dice{hash(d.state, fmt.Sprint(n, i))}
			after := crowd.lasts*time.Duration(i)/time.Duration(n) + own.pause(time.Microsecond, time.Second)
			left++
			go func() {
				defer func() { left-- }()
				w.sleep(after)
				do(own, i)
			}()
		}
	}
	each(crowd.orders, func(d *dice, i int) {
		user := fmt.Sprintf("canarycrowd%04d", i)
		if k := i % 2; i%(crowd.orders/crowd.friends) == 0 && codes[k] != "" {
			w.claim(d, programs[k], codes[k], p.user, user)
		}
		_, total := d.sum()
		s := w.event(d, "track", "Order Completed")
		s.User, s.Original, s.Moves = user, time.Now().UTC().Format(time.RFC3339Nano), false
		s.Properties = map[string]any{"order_id": fmt.Sprintf("c-%08x", d.name()), "total": total, "currency": "CNY"}
		w.post(d, serverKey, s)
	})
	each(crowd.devices, func(d *dice, i int) {
		w.post(d, publicKey, browsing(w, d, fmt.Sprintf("canarycrowd-device%04d", i), "", crowd.views)...)
	})
	each(crowd.crm/10, func(d *dice, i int) {
		w.post(d, serverKey, browsing(w, d, sharedID, "", 10)...)
	})
	each(crowd.hot, func(d *dice, i int) {
		w.post(d, publicKey, browsing(w, d, p.devices[0], p.user, 1)...)
	})
	for left > 0 {
		w.sleep(time.Second)
	}
}
