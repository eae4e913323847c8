package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/packed"
)

// Orders reads orders, which stand in the Profiles table. Profiles.Commit writes them, together with their owner's sums;
// Save those that have no owner.
type Orders struct {
	DB    dynamo.API
	Table string
}

// Load reads an order with a consistent read; one that nobody has reported has Version 0.
func (s Orders) Load(ctx context.Context, orderID string) (*order.Order, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Order(orderID))
	if err != nil {
		return nil, fmt.Errorf("loading order: %w", err)
	}
	return readOrder(orderID, found)
}

// LoadAll is Load for many orders, with one call for every hundred. The ids must differ.
func (s Orders) LoadAll(ctx context.Context, orderIDs []string) (map[string]*order.Order, error) {
	orders := make(map[string]*order.Order, len(orderIDs))
	keys := make([]dynamo.Key, len(orderIDs))
	for i, id := range orderIDs {
		keys[i], orders[id] = key.Order(id), &order.Order{ID: id}
	}
	found, err := dynamo.GetAll(ctx, s.DB, s.Table, keys)
	if err != nil {
		return nil, fmt.Errorf("loading orders: %w", err)
	}
	for _, i := range found {
		id := strings.TrimPrefix(dynamo.TextOf(i, dynamo.AttrPK), key.Order("").PK)
		if orders[id], err = readOrder(id, i); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

func readOrder(id string, i dynamo.Item) (*order.Order, error) {
	o := &order.Order{ID: id}
	if i == nil {
		return o, nil
	}
	o.Version = dynamo.NumberOf(i, dynamo.AttrVersion)
	if err := unpackOrder(dynamo.BytesOf(i, dynamo.AttrBody), o); err != nil {
		return nil, fmt.Errorf("reading order: %w", err)
	}
	return o, nil
}

// Save writes an order alone, if it is still as it was loaded, and counts its Version up. ErrConflict says that it is not; any other error leaves
// open whether the write happened.
func (s Orders) Save(ctx context.Context, o *order.Order) error {
	if err := dynamo.Do(ctx, s.DB, s.put(o)); err != nil {
		return fmt.Errorf("saving an order: %w", err)
	}
	o.Version++
	return nil
}

// put writes an order while it is as it was loaded.
func (s Orders) put(o *order.Order) dynamo.Write {
	return dynamo.Put(s.Table, orderItem(o), dynamo.OfVersion(o.Version))
}

func orderItem(o *order.Order) dynamo.Item {
	i := key.Order(o.ID).Item()
	i[dynamo.AttrVersion] = dynamo.NumberValue(o.Version + 1)
	i[dynamo.AttrBody] = dynamo.BytesValue(packOrder(o))
	return i
}

// The sections of an order's body. A number is never used again for another layout.
const (
	sectionOrderOwner   = 1
	sectionOrderContent = 2
	sectionOrderTimes   = 3
	sectionOrderRefunds = 4
	sectionOrderSavings = 5
	sectionOrderLatest  = 6 // when it was paid and cancelled last, where that was more than once
	sectionOrderMoney   = 7 // of refunds, the currency that they named, or their amounts in the order's
	sectionOrderTold    = 8 // which reports were folded
	sectionOrderErased  = 9 // that the owner was erased, where the id stays
)

func packOrder(o *order.Order) []byte {
	w := &packed.Writer{Out: make([]byte, 0, 256)}
	w.Section(sectionOrderOwner, func(w *packed.Writer) { w.Text(string(o.Owner)) })
	w.Section(sectionOrderContent, func(w *packed.Writer) {
		w.Text(string(o.Currency))
		w.Int(o.Total)
		w.Int(o.Revenue)
		w.Text(o.Coupon)
		w.Time(o.ReportedAt)
		w.Fixed(uint64(o.Reporter))
		w.Uint(uint64(len(o.Products)))
		for _, p := range o.Products {
			w.Text(p.ID)
			w.Text(p.Name)
			w.Text(p.Category)
			w.Int(p.Quantity)
			w.Int(p.Price)
		}
	})
	w.Section(sectionOrderTimes, func(w *packed.Writer) { w.Time(o.PlacedAt); w.Time(o.CompletedAt); w.Time(o.CancelledAt) })
	w.Section(sectionOrderRefunds, func(w *packed.Writer) {
		for _, r := range o.Refunds {
			w.Text(r.Key)
			w.Int(r.Amount)
			w.Flag(r.Whole)
			w.Time(r.At)
		}
	})
	if o.Discount != 0 || o.Lines != 0 || o.DiscountedLines != 0 {
		w.Section(sectionOrderSavings, func(w *packed.Writer) {
			w.Int(o.Discount)
			w.Uint(uint64(o.Lines))
			w.Uint(uint64(o.DiscountedLines))
		})
	}
	if !o.PaidAgainAt.IsZero() || !o.VoidedAgainAt.IsZero() {
		w.Section(sectionOrderLatest, func(w *packed.Writer) { w.Time(o.PaidAgainAt); w.Time(o.VoidedAgainAt) })
	}
	w.Section(sectionOrderMoney, func(w *packed.Writer) {
		for _, r := range o.Refunds {
			if r.Currency != "" || r.Own != (money.Decimal{}) {
				w.Text(r.Key)
				w.Text(string(r.Currency))
				w.Int(r.Own.Digits)
				w.Uint(uint64(r.Own.Scale))
			}
		}
	})
	if len(o.Told) > 0 {
		w.Section(sectionOrderTold, func(w *packed.Writer) {
			for _, t := range o.Told {
				w.Fixed(uint64(t))
			}
		})
	}
	if o.OwnerErased {
		w.Section(sectionOrderErased, func(w *packed.Writer) { w.Flag(true) })
	}
	return append(w.Out, o.Unknown...)
}

func unpackOrder(body []byte, o *order.Order) error {
	return packed.Sections(body, func(number uint64, s *packed.Reader) (known bool) {
		switch number {
		case sectionOrderOwner:
			o.Owner = profile.ID(s.Text())
		case sectionOrderContent:
			o.Currency, o.Total, o.Revenue, o.Coupon = money.Currency(s.Text()), s.Int(), s.Int(), s.Text()
			o.ReportedAt, o.Reporter = s.Time(), event.Hash(s.Fixed())
			for range s.Count() {
				o.Products = append(o.Products, order.Product{ID: s.Text(), Name: s.Text(), Category: s.Text(), Quantity: s.Int(), Price: s.Int()})
			}
		case sectionOrderTimes:
			o.PlacedAt, o.CompletedAt, o.CancelledAt = s.Time(), s.Time(), s.Time()
		case sectionOrderRefunds:
			for s.More() {
				o.Refunds = append(o.Refunds, order.Refund{Key: s.Text(), Amount: s.Int(), Whole: s.Flag(), At: s.Time()})
			}
		case sectionOrderSavings:
			o.Discount, o.Lines, o.DiscountedLines = s.Int(), int(s.Uint()), int(s.Uint())
		case sectionOrderLatest:
			o.PaidAgainAt, o.VoidedAgainAt = s.Time(), s.Time()
		case sectionOrderTold:
			for s.More() {
				o.Told = append(o.Told, event.Hash(s.Fixed()))
			}
		case sectionOrderErased:
			o.OwnerErased = s.Flag()
		case sectionOrderMoney:
			for s.More() {
				key, currency, own := s.Text(), money.Currency(s.Text()), money.Decimal{Digits: s.Int(), Scale: int(s.Uint())}
				// A refund that an older program has let go since is not brought back.
				if at := slices.IndexFunc(o.Refunds, func(r order.Refund) bool { return r.Key == key }); at >= 0 {
					o.Refunds[at].Currency, o.Refunds[at].Own = currency, own
				}
			}
		default:
			return false
		}
		return true
	}, &o.Unknown)
}
