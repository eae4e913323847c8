package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Orders reads orders, which stand in the Profiles table. Profiles.Commit writes them, together with their owner's sums;
// Save those that have no owner.
type Orders struct {
	DB    API
	Table string
}

// Load reads an order with a consistent read; one that nobody has reported has Version 0.
func (s Orders) Load(ctx context.Context, orderID string) (*order.Order, error) {
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: orderKey(orderID).item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, fmt.Errorf("loading order: %w", err)
	}
	return readOrder(orderID, out.Item)
}

// maxBatchKeys is the service's limit of one BatchGetItem.
const maxBatchKeys = 100

// maxBatchRounds bounds how often keys are asked for that the service left unprocessed.
const maxBatchRounds = 20

// LoadAll is Load for many orders, with one call for every hundred. The ids must differ.
func (s Orders) LoadAll(ctx context.Context, orderIDs []string) (map[string]*order.Order, error) {
	orders := make(map[string]*order.Order, len(orderIDs))
	for chunk := range slices.Chunk(orderIDs, maxBatchKeys) {
		keys := make([]item, len(chunk))
		for i, id := range chunk {
			keys[i] = orderKey(id).item()
			orders[id] = &order.Order{ID: id}
		}
		ask := map[string]types.KeysAndAttributes{s.Table: {Keys: keys, ConsistentRead: aws.Bool(true)}}
		for round := 0; len(ask) > 0; round++ {
			if round == maxBatchRounds {
				return nil, fmt.Errorf("loading orders: unprocessed after %d rounds", round)
			}
			out, err := s.DB.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
			if err != nil {
				return nil, fmt.Errorf("loading orders: %w", err)
			}
			for _, found := range out.Responses[s.Table] {
				id := strings.TrimPrefix(textOf(found, attrPK), orderKey("").PK)
				if orders[id], err = readOrder(id, found); err != nil {
					return nil, err
				}
			}
			ask = out.UnprocessedKeys
		}
	}
	return orders, nil
}

func readOrder(id string, i item) (*order.Order, error) {
	o := &order.Order{ID: id}
	if i == nil {
		return o, nil
	}
	o.Version = numberOf(i, attrVersion)
	if err := unpackOrder(bytesOf(i, attrBody), o); err != nil {
		return nil, fmt.Errorf("reading order: %w", err)
	}
	return o, nil
}

// Save writes an order alone, if it is still as it was loaded, and counts its Version up. ErrConflict says that it is not; any other error leaves
// open whether the write happened.
func (s Orders) Save(ctx context.Context, o *order.Order) error {
	if err := do(ctx, s.DB, s.put(o)); err != nil {
		return fmt.Errorf("saving an order: %w", err)
	}
	o.Version++
	return nil
}

// put writes an order while it is as it was loaded.
func (s Orders) put(o *order.Order) write { return put(s.Table, orderItem(o), ofVersion(o.Version)) }

func orderItem(o *order.Order) item {
	i := orderKey(o.ID).item()
	i[attrVersion] = numberValue(o.Version + 1)
	i[attrBody] = bytesValue(packOrder(o))
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
)

func packOrder(o *order.Order) []byte {
	w := &packer{out: make([]byte, 0, 256)}
	w.section(sectionOrderOwner, func(w *packer) { w.text(string(o.Owner)) })
	w.section(sectionOrderContent, func(w *packer) {
		w.text(string(o.Currency))
		w.int(o.Total)
		w.int(o.Revenue)
		w.text(o.Coupon)
		w.time(o.ReportedAt)
		w.fixed(uint64(o.Reporter))
		w.uint(uint64(len(o.Products)))
		for _, p := range o.Products {
			w.text(p.ID)
			w.text(p.Name)
			w.text(p.Category)
			w.int(p.Quantity)
			w.int(p.Price)
		}
	})
	w.section(sectionOrderTimes, func(w *packer) { w.time(o.PlacedAt); w.time(o.CompletedAt); w.time(o.CancelledAt) })
	w.section(sectionOrderRefunds, func(w *packer) {
		for _, r := range o.Refunds {
			w.text(r.Key)
			w.int(r.Amount)
			w.flag(r.Whole)
			w.time(r.At)
		}
	})
	if o.Discount != 0 || o.Lines != 0 || o.DiscountedLines != 0 {
		w.section(sectionOrderSavings, func(w *packer) {
			w.int(o.Discount)
			w.uint(uint64(o.Lines))
			w.uint(uint64(o.DiscountedLines))
		})
	}
	if !o.PaidAgainAt.IsZero() || !o.VoidedAgainAt.IsZero() {
		w.section(sectionOrderLatest, func(w *packer) { w.time(o.PaidAgainAt); w.time(o.VoidedAgainAt) })
	}
	w.section(sectionOrderMoney, func(w *packer) {
		for _, r := range o.Refunds {
			if r.Currency != "" || r.Own != (money.Decimal{}) {
				w.text(r.Key)
				w.text(string(r.Currency))
				w.int(r.Own.Digits)
				w.uint(uint64(r.Own.Scale))
			}
		}
	})
	if len(o.Told) > 0 {
		w.section(sectionOrderTold, func(w *packer) {
			for _, t := range o.Told {
				w.fixed(uint64(t))
			}
		})
	}
	return append(w.out, o.Unknown...)
}

func unpackOrder(body []byte, o *order.Order) error {
	return sections(body, func(number uint64, s *unpacker) (known bool) {
		switch number {
		case sectionOrderOwner:
			o.Owner = profile.ID(s.text())
		case sectionOrderContent:
			o.Currency, o.Total, o.Revenue, o.Coupon = money.Currency(s.text()), s.int(), s.int(), s.text()
			o.ReportedAt, o.Reporter = s.time(), event.Hash(s.fixed())
			for range s.count() {
				o.Products = append(o.Products, order.Product{ID: s.text(), Name: s.text(), Category: s.text(), Quantity: s.int(), Price: s.int()})
			}
		case sectionOrderTimes:
			o.PlacedAt, o.CompletedAt, o.CancelledAt = s.time(), s.time(), s.time()
		case sectionOrderRefunds:
			for s.more() {
				o.Refunds = append(o.Refunds, order.Refund{Key: s.text(), Amount: s.int(), Whole: s.flag(), At: s.time()})
			}
		case sectionOrderSavings:
			o.Discount, o.Lines, o.DiscountedLines = s.int(), int(s.uint()), int(s.uint())
		case sectionOrderLatest:
			o.PaidAgainAt, o.VoidedAgainAt = s.time(), s.time()
		case sectionOrderTold:
			for s.more() {
				o.Told = append(o.Told, event.Hash(s.fixed()))
			}
		case sectionOrderMoney:
			for s.more() {
				key, currency, own := s.text(), money.Currency(s.text()), money.Decimal{Digits: s.int(), Scale: int(s.uint())}
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
