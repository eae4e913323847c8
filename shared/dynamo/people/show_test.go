package people_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// asJSON is how items are shown.
func asJSON(t *testing.T, items []people.Shown, err error) string {
	t.Helper()
	text, jsonErr := json.Marshal(items)
	if err != nil || jsonErr != nil {
		t.Fatal(err, jsonErr)
	}
	return string(text)
}

func TestShowProfile(t *testing.T) {
	db := dynamotest.New(t)
	s := people.Profiles{DB: db, Table: "Profiles"}
	if items, err := s.Show(t.Context(), mei.ID()); err != nil || items != nil {
		t.Errorf("where nothing stands there are %v, %v", items, err)
	}
	p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Tagging: profile.Tagging{Words: map[string]profile.Tagged{"vip": {At: midday}}}}
	p.FirstSeen, p.LastSeen = midday, midday.Add(time.Hour)
	p.Window.Commits = []profile.Commit{{Version: 1, At: midday, Hashes: []event.Hash{1<<63 + 7}, Days: profile.Stretch{From: profile.DayOf(midday), Days: 1}}}
	if err := s.Save(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	key := string(mei.ID())
	put(t, db, "phone", map[string]types.AttributeValue{"to": text(key)})
	put(t, db, "gone", map[string]types.AttributeValue{"v": number(3), "erased": number(midday.UnixMilli()), "ttl": number(midday.Unix())})
	items, err := s.Show(t.Context(), "phone")
	got := asJSON(t, items, err)
	for _, want := range []string{
		`[{"pk":"p#phone","sk":"p","to":"` + key + `","bytes":` /* names and values */, `{"pk":"p#` + key + `","sk":"p","version":1,"bytes":`,
		`{"number":1,"name":"identifiers","bytes":9,"holds":{"Identifiers":[{"kind":"user","value":"mei"}]}}`,
		`{"number":3,"name":"seen","bytes":12,"holds":{"FirstSeen":"2026-03-01T12:00:00Z","LastSeen":"2026-03-01T13:00:00Z"}}`,
		`{"number":6,"name":"tags","bytes":4}`, `{"number":64,"name":"tagging","bytes":13,"holds":{"Tagging":{"words":{"vip":{"at":"2026-03-01T12:00:00Z"}}}}}`,
		`"Hashes":["8000000000000007"]`, `"From":"2026-03-01"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it shows\n%s\nwithout %s", got, want)
		}
	}
	if want := len("pk") + len("p#phone") + len("sk") + len("p") + len("to") + len(key); len(items) != 2 || items[0].Bytes != want || items[1].Body == 0 || items[1].Unpacked != items[1].Body {
		t.Errorf("%d items, of %+v", len(items), items)
	}
	items, err = s.Show(t.Context(), "gone")
	if got, want := asJSON(t, items, err), `[{"pk":"p#gone","sk":"p","version":3,"erased":"2026-03-01T12:00:00Z","expires":"2026-03-01T12:00:00Z","bytes":37}]`; got != want {
		t.Errorf("the tombstone is shown as %s, want %s", got, want)
	}
}

func TestShowOrder(t *testing.T) {
	s := people.Orders{DB: dynamotest.New(t), Table: "Profiles"}
	if items, err := s.Show(t.Context(), "A-1"); err != nil || items != nil {
		t.Errorf("where nothing stands there are %v, %v", items, err)
	}
	o := &order.Order{ID: "A-1", Owner: "p", Currency: "CNY", Total: 1050, ReportedAt: midday, Reporter: 77, CompletedAt: midday, Refunds: []order.Refund{{Key: "r", Amount: 50, At: midday}}}
	if err := s.Save(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	items, err := s.Show(t.Context(), "A-1")
	got := asJSON(t, items, err)
	for _, want := range []string{
		`"pk":"o#A-1","sk":"o","version":1,`, `"sections":[{"number":1,"name":"owner","bytes":2,"holds":{"Owner":"p"}},{"number":2,"name":"content",`,
		`"holds":{"Currency":"CNY","ReportedAt":"2026-03-01T12:00:00Z","Reporter":"000000000000004d","Total":1050}}`,
		`"name":"times",`, `"holds":{"CompletedAt":"2026-03-01T12:00:00Z"}}`, `"name":"refunds",`, `"holds":{"Refunds":[{"Amount":50,"At":"2026-03-01T12:00:00Z","Key":"r"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it shows\n%s\nwithout %s", got, want)
		}
	}
}

func TestShowTimeline(t *testing.T) {
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return midday }}
	for day, id := range map[int]profile.ID{0: "p", 1: "p", 2: "q", 3: "r"} {
		at := midday.AddDate(0, 0, day)
		if err := s.Write(t.Context(), people.Pack{Profile: id, Day: profile.DayOf(at), Version: int64(day + 1), Events: []people.PackedEvent{packed("m", at), packed("n", at)}}); err != nil {
			t.Fatal(err)
		}
	}
	items, err := s.Show(t.Context(), []profile.ID{"p", "q"}, nil)
	if got := asJSON(t, items, err); len(items) != 3 || items[0].SK != "20260301#000000000001" || items[1].SK != "20260302#000000000002" || items[2].PK != "q" || items[2].Events != 2 ||
		items[2].Holds != nil || items[2].Unpacked == 0 || !strings.Contains(got, `"expires":"2027-04-01T12:00:00Z"`) {
		t.Errorf("all packs are %s", got)
	}
	day := profile.DayOf(midday.AddDate(0, 0, 1))
	items, err = s.Show(t.Context(), []profile.ID{"p", "q"}, &day)
	want := `"events":2,"holds":[{"source":"web","event":{"messageId":"m","receivedAt":"2026-03-02T12:00:00Z","timestamp":"2026-03-02T12:00:00Z","type":"page"}},` +
		`{"source":"web","event":{"messageId":"n","receivedAt":"2026-03-02T12:00:00Z","timestamp":"2026-03-02T12:00:00Z","type":"page"}}]}]`
	if got := asJSON(t, items, err); len(items) != 1 || !strings.HasSuffix(got, want) {
		t.Errorf("the day is shown as %s, want %s", got, want)
	}
}
