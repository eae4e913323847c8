package people

import (
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/dynamo/packed"
)

// frozenOrder is fullOrder as it has been stored since discounts came. It is never written anew.
const frozenOrder = "" +
	"01020170022903434e59c801b4010143f6e9d2e7c014000000000000004d0102703103546561064472696e6b7304640312f6e9d2e7c014" +
	"b693dae7c014f6a38aebc014041401720a01f6e9d2e7c01401730e00f6e9d2e7c0140503283c03"

func fullOrder() order.Order {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	return order.Order{ID: "A", Owner: "p", Currency: "CNY", Total: 100, Revenue: 90, Coupon: "C",
		Products: []order.Product{{ID: "p1", Name: "Tea", Category: "Drinks", Quantity: 2, Price: 50}},
		Discount: 20, Lines: 60, DiscountedLines: 3, ReportedAt: t0, Reporter: 77, PlacedAt: t0, CompletedAt: t0.Add(time.Minute), CancelledAt: t0.Add(time.Hour),
		Refunds: []order.Refund{{Key: "r", Amount: 5, Whole: true, At: t0}, {Key: "s", Amount: 7, At: t0}}}
}

func TestFrozenOrder(t *testing.T) {
	body, err := hex.DecodeString(frozenOrder)
	if err != nil {
		t.Fatal(err)
	}
	got, want := order.Order{ID: "A"}, fullOrder()
	if err := unpackOrder(body, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, %v\nwant\n%+v", got, err, want)
	}
}

// frozenPack is a pack's columns before they are compressed; compressors may change, what they hold may not.
const frozenPack = "" +
	"010203776562067365727665720300010000f6e9d2e7c01480bab703fff3ee06c6f9d2e7c014b0aab703ffb9b70301bfa907000001cf0f" +
	"00000104616a732d0b3f2a7e58aa4c1e9d2b7f6a1c2d3e4f02000b3f2a7e58aa4c1e9d2b7f6a1c2d3e4f00016d05747261636b0a017501" +
	"610000077b2261223a317d00027b7d0c7b22416c6c223a747275657d0567726f7570000001750000016700077b2274223a327d00000561" +
	"6c69617300034f776e017500016f0000000000"

func fullPack() []PackedEvent {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	return []PackedEvent{
		{Source: "web", Event: event.Event{MessageID: "ajs-0b3f2a7e-58aa-4c1e-9d2b-7f6a1c2d3e4f", Kind: event.Track, UserID: "u", AnonymousID: "a", Name: "Product Viewed",
			Properties: json.RawMessage(`{"a":1}`), Context: json.RawMessage(`{}`), Integrations: json.RawMessage(`{"All":true}`), Timestamp: t0, OriginalTimestamp: t0.Add(-time.Minute), SentAt: t0, ReceivedAt: t0.Add(time.Second)}},
		{Source: "server", Event: event.Event{MessageID: "0b3f2a7e58aa4c1e9d2b7f6a1c2d3e4f", Kind: event.Group, UserID: "u", GroupID: "g", Traits: json.RawMessage(`{"t":2}`), Timestamp: t0.Add(time.Hour), ReceivedAt: t0.Add(time.Hour)}},
		{Source: "web", Event: event.Event{MessageID: "m", Kind: event.Alias, UserID: "u", PreviousID: "o", Name: "Own", Timestamp: t0.Add(-time.Hour), ReceivedAt: t0}},
	}
}

func TestFrozenPack(t *testing.T) {
	columns, err := hex.DecodeString(frozenPack)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unpackBody(packed.Encoder().EncodeAll(columns, nil))
	if want := fullPack(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, %v\nwant\n%+v", got, err, want)
	}
	written, err := packed.Decoder().DecodeAll(packEvents(fullPack()), nil)
	if err != nil || hex.EncodeToString(written) != frozenPack {
		t.Errorf("written as %x, %v; the version before reads %s", written, err, frozenPack)
	}
	if got := hex.EncodeToString(packHashes([]event.Hash{1, 0x939f9f945800e129})); got != "0000000000000001939f9f945800e129" {
		t.Errorf("hashes are stored as %s", got)
	}
}

func TestTheNamesOfAProfilesAttributesStay(t *testing.T) {
	if got := attrErased + " " + attrHashes; got != "erased h" {
		t.Errorf("attributes are called %q", got)
	}
}
