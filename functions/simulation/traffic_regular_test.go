package simulation

import (
	"fmt"
	"math"
	"time"
)

// waits draws from an exponential distribution of mean 1, and of more than one draw their mean.
func (d *dice) waits(draws int) float64 {
	sum := 0.0
	for range draws {
		sum -= math.Log(float64(d.between(1, 10_000)) / 10_001)
	}
	return sum / float64(draws)
}

// regulars are people whose orders of months a shop sends when it moves here, and the setting by which so few are enough to predict from: a shop of a few days has no 500 buyers of half a year.
// They buy as the models think that people do, each at a pace and with a worth of their own until they leave. They have dice of their own, so that the other seeds are what they were.
func (w *world) regulars() {
	d := dice{hash(w.seed, "regulars")}
	if havePrevious || !d.happens(0.4) { // the version before knows no such setting
		return
	}
	w.define(&d, "settings", "segmentation", map[string]any{"predictFromBuyers": d.between(1, 30), "predictFromDays": d.between(1, 150)})
	for i := range d.between(20, 40) {
		user, pace, worth, leaves := fmt.Sprintf("canaryregular%02d", i), 2+25*d.waits(1), 100/d.waits(3), d.between(0, 30)
		var orders []*said
		for ago := d.between(30, 250); ago >= 0 && len(orders) < 20; ago -= 1 + int(pace*d.waits(1)) {
			s := w.event(&d, "track", "Order Completed")
			s.User, s.Original, s.Moves = user, time.Now().UTC().AddDate(0, 0, -ago).Format(time.RFC3339Nano), false
			s.Properties = map[string]any{"order_id": fmt.Sprintf("r-%08x", d.name()), "total": math.Round(100*worth*d.waits(2)+1) / 100, "currency": "CNY"}
			orders = append(orders, s)
			if d.below(100) < leaves {
				break
			}
		}
		w.post(&d, serverKey, orders...)
	}
}
