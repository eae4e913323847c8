package dynamo

import (
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestTheSchemaStays holds every key to what is stored: an item under another key is lost.
func TestTheSchemaStays(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 0, 5e6, time.UTC)
	for want, got := range map[string]Key{
		"p#P / p":                                   profileKey("P"),
		"o#A-1 / o":                                 orderKey("A-1"),
		"P / 20260301#000000000007":                 packKey("P", profile.DayOf(at), 7, ""),
		"P / 20260301#000000000007#ra":              packKey("P", profile.DayOf(at), 7, "ra"),
		"P / 19691231#999999999999":                 packKey("P", -1, 999999999999, ""),
		"d#segment / buyers":                        definitionKey("segment", "buyers"),
		"v#segment#buyers / 00000003":               definitionVersionKey("segment", "buyers", 3),
		"s#segment / s":                             changeKey("segment"),
		"k#ff / k":                                  sourceKeyKey("ff"),
		"i#scope#key / i":                           idempotencyKey("scope", "key"),
		"c#MESKJCLD / c":                            codeKey("MESKJCLD"),
		"a#P / code#spring":                         advocateCodeKey("P", "spring"),
		"f#F / spring":                              referralKey("F", "spring"),
		"a#P / r#spring#F":                          advocateReferralKey("P", "spring", "F"),
		"b#spring / b":                              budgetKey("spring"),
		"l#spring#6 / PROFILE":                      standingKey("spring", standingShard("PROFILE"), "PROFILE"),
		"person:P / account":                        accountKey("person:P"),
		"person:P / e#01772368200005000000#x":       entryKey("person:P", at, "x"),
		"person:P / l#x":                            lotKey("person:P", "x"),
		"x#referral.settle#spring/F / x":            effectKey("referral.settle", "spring/F"),
		"P / contact":                               contactKey("P"),
		"P / d#01772368200005000000#N":              decisionKey("P", at, "N"),
		"orchestration#taken#P / thanks":            takenKey("orchestration", "P", "thanks"),
		"orchestration#asked#thanks / 001772368200": askedKey("orchestration", "thanks", at),
		"orchestration#202603011230#2 / PROFILE":    dueKey("orchestration", at, dueShard("PROFILE"), "PROFILE"),
		"orchestration#floor / floor":               dueFloorKey("orchestration"),
		"t#202603 / 001772368200005#save#x":         auditKey(auditMonth(at), at, "save#x"),
		"o#Ann / 001772368200005#save#x":            auditKey(auditOperator("Ann"), at, "save#x"),
		"w#segment#vip / 001772368200005#save#x":    auditKey(auditThing("segment", "vip"), at, "save#x"),
		"r#R / run":                                 runKey("R"),
		"runs / 001772368200005#R":                  runListKey(at, "R"),
		"r#R / definitions":                         runDefinitionsKey("R"),
		"r#R / c#00003#00012":                       columnsKey("R", 3, 12),
		"r#R / s#00003":                             resultKey("R", 3),
	} {
		if text := got.PK + " / " + got.SK; text != want {
			t.Errorf("key %q, want %q", text, want)
		}
	}
	names := []string{attrPK, attrSK, attrTTL, attrVersion, attrBody, attrTo, attrErased, attrHashes}
	if got := strings.Join(names, " "); got != "pk sk ttl v b to erased h" {
		t.Errorf("attributes are called %q", got)
	}
}

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

// frozenContact is a contact record as the first version wrote it.
const frozenContact = "" +
	"011c016ef6e9d2e7c014c6f9d2e7c014016805656d61696c010201610162022405656d61696c06626f756e6365f6e9d2e7c01410303238" +
	"35613232333761383231356461"

func fullContact() delivery.Contact {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	return delivery.Contact{ProfileID: "p",
		Intents:      []delivery.Intent{{ID: "n", Asked: t0, At: t0.Add(time.Second), Holder: "h", Channel: delivery.Email, Counted: true, Tags: []string{"a", "b"}}},
		Suppressions: map[delivery.Channel]delivery.Suppression{delivery.Email: {Reason: "bounce", At: t0, Address: "0285a2237a8215da"}}}
}

func TestFrozenContact(t *testing.T) {
	body, err := hex.DecodeString(frozenContact)
	if err != nil {
		t.Fatal(err)
	}
	got, want := delivery.Contact{ProfileID: "p"}, fullContact()
	if err := unpackContact(body, &got); err != nil || !reflect.DeepEqual(got, want) {
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
	got, err := unpackBody(encoder().EncodeAll(columns, nil))
	if want := fullPack(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, %v\nwant\n%+v", got, err, want)
	}
	written, err := decoder().DecodeAll(packEvents(fullPack()), nil)
	if err != nil || hex.EncodeToString(written) != frozenPack {
		t.Errorf("written as %x, %v; the version before reads %s", written, err, frozenPack)
	}
	if got := hex.EncodeToString(packHashes([]event.Hash{1, 0x939f9f945800e129})); got != "0000000000000001939f9f945800e129" {
		t.Errorf("hashes are stored as %s", got)
	}
}
