package people

import (
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// packOrders writes the entries as differences in seconds: an order takes seven bytes or so.
func packOrders(w *packed.Writer, o profile.Orders) {
	w.Int(int64(o.Count))
	var currencies []money.Currency
	for _, e := range o.Entries {
		if !slices.Contains(currencies, e.Currency) {
			currencies = append(currencies, e.Currency)
		}
	}
	w.Uint(uint64(len(currencies)))
	for _, c := range currencies {
		w.Text(string(c))
	}
	w.Uint(uint64(len(o.Entries)))
	last := packed.Epoch.Unix()
	for _, e := range o.Entries {
		w.Int(e.At.Unix() - last)
		last = e.At.Unix()
		w.Int(e.Net)
		if len(currencies) > 1 {
			w.Uint(uint64(slices.Index(currencies, e.Currency)))
		}
	}
	w.Uint(uint64(len(o.Base)))
	for _, b := range o.Base {
		w.Text(string(b.Currency))
		w.Int(int64(b.Orders))
		w.Int(int64(b.Count))
		w.Int(b.Net)
		w.Time(b.FirstAt)
		w.Time(b.LastAt)
	}
}

func unpackOrders(r *packed.Reader) profile.Orders {
	o := profile.Orders{Count: int(r.Int())}
	currencies := make([]money.Currency, r.Count())
	for i := range currencies {
		currencies[i] = money.Currency(r.Text())
	}
	if n := r.Count(); n > 0 {
		o.Entries = make([]profile.OrderEntry, n)
	}
	last := packed.Epoch.Unix()
	for i := range o.Entries {
		last += r.Int()
		e := profile.OrderEntry{At: time.Unix(last, 0).UTC(), Net: r.Int()}
		at := uint64(0)
		if len(currencies) > 1 {
			at = r.Uint()
		}
		if at >= uint64(len(currencies)) {
			r.Fail()
			return o
		}
		e.Currency = currencies[at]
		o.Entries[i] = e
	}
	for range r.Count() {
		o.Base = append(o.Base, profile.Collapsed{Currency: money.Currency(r.Text()), Orders: int(r.Int()), Count: int(r.Int()),
			Net: r.Int(), FirstAt: r.Time(), LastAt: r.Time()})
	}
	return o
}
