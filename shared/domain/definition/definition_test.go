package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// samples are a document of each kind that can be saved beside the segment vip, by the kind and, of settings, the id.
var samples = map[string]string{
	Segment:  `{"id":"x","name":"S","rule":{"segment":"vip"}}`,
	Campaign: `{"id":"x","name":"C","state":"running","channel":"email","templateId":"welcome","trigger":{"enteredSegment":"vip"},"condition":{"notSegment":"vip"}}`,
	Template: `{"id":"x","channel":"email","locales":{"default":{"subject":"s","text":"t"}}}`,
	Program:  `{"id":"x","name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"friend":[{"points":5}]}}`,
	Source:   `{"id":"x","name":"S","kind":"browser"}`,
	Settings: `{"killSwitch":true}`,
}

// idOf is the id under which the sample of a kind is saved.
func idOf(kind string) string {
	if kind == Settings {
		return delivery.SettingsID
	}
	return "x"
}

var vip = segment.Definition{ID: "vip", Name: "VIP", Rule: json.RawMessage(`{"field":"orders.count","op":"gte","value":3}`)}

func segments() ([]segment.Definition, error) { return []segment.Definition{vip}, nil }

// with is a JSON object with one more field at its beginning.
func with(body, field string) string { return strings.Replace(body, "{", "{"+field+",", 1) }

// TestKinds holds each row to what all kinds have in common. It begins with what whoever adds a kind has to add beside its row.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range Rows() {
		kind, plural := row.Names()
		t.Run(kind, func(t *testing.T) {
			if kind == "" || plural == "" || strings.ContainsAny(kind+plural, "#/ ") || seen[kind] || seen[plural] {
				t.Errorf("%q and %q are no names, or another kind's", kind, plural)
			}
			seen[kind], seen[plural] = true, true
			hasRoutes(t, row)
			isDocumented(t, plural)
			sample, ok := samples[kind]
			if !ok {
				t.Fatalf("there is no sample: add a document of the kind that can be saved to samples, in this file")
			}
			id := idOf(kind)
			if _, err := row.Check(id, []byte(sample), segments); err != nil {
				t.Fatalf("the sample is refused: %v", err)
			}
			if row.HasID() != strings.Contains(sample, `"id"`) {
				t.Errorf("HasID is %v", row.HasID())
			}
			for body, want := range map[string]string{
				with(sample, `"misspelt":1`): "misspelt is not known here", with(sample, `"a":1,"a":2`): "a is there twice", `{`: "is not valid JSON",
			} {
				if _, err := row.Check(id, []byte(body), segments); err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, new(fault.Faults)) {
					t.Errorf("%s is saved with %v, want %q", body, err, want)
				}
			}
			away := errors.New("away")
			if _, err := row.Check(id, []byte(sample), func() ([]segment.Definition, error) { return nil, away }); err != nil && !errors.Is(err, away) {
				t.Errorf("without segments: %v", err)
			}
			// What a newer program has saved is read as far as it is understood.
			later := Document{Kind: kind, ID: id, Version: 7, Body: []byte(with(sample, `"later":{"a":[1]}`))}
			if refers, err := row.Refers(later); err != nil || len(refers) > 0 && refers[0].ID == "" {
				t.Errorf("what is newer refers to %v, %v", refers, err)
			}
		})
	}
	if len(samples) > len(Rows()) {
		t.Errorf("there are %d samples of %d kinds", len(samples), len(Rows()))
	}
}

// hasRoutes says what the table of access lacks.
func hasRoutes(t *testing.T, row Row) {
	t.Helper()
	_, plural := row.Names()
	at := "/v1/" + plural
	routes := []string{"GET " + at, "GET " + at + "/{id}", "PUT " + at + "/{id}", "DELETE " + at + "/{id}", "GET " + at + "/{id}/versions", "GET " + at + "/{id}/versions/{n}"}
	if row.Reaches() {
		routes = append(routes, "POST "+at+"/{id}/preview")
	}
	for _, route := range routes {
		if _, ok := access.Of(route); !ok {
			t.Errorf("nobody may call %s: say who may read %s and who may change them in the list of kinds in shared/domain/operator/access/table.go", route, plural)
			return
		}
	}
}

// isDocumented says that operators are not told of the kind, in either language.
func isDocumented(t *testing.T, plural string) {
	t.Helper()
	for page, from := range map[string][2]string{"docs/operators.md": {"Definitions", "JSON documents"}, "docs/zh/operators.md": {"定义", "JSON 文档"}} {
		guide, err := os.ReadFile("../../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(guide), "\n## "+from[0]+"\n")
		kinds, _, _ := strings.Cut(text, from[1])
		if !strings.Contains(strings.ToLower(kinds), plural) {
			t.Errorf("%s does not name %s in its list of kinds, below %s", page, plural, from[0])
		}
	}
}

// TestReadIsLenient reads what no check lets in any more: a field of another version, a campaign of a channel that is gone, and what cannot be read at all.
func TestReadIsLenient(t *testing.T) {
	read := func(body string) Saved[campaign.Definition] {
		return Campaigns.Read(Document{Kind: Campaign, ID: "c", Version: 3, Body: []byte(body)})
	}
	if s := read(`{"id":"other","state":"running","channel":"pigeon","trigger":{"event":{"name":"E"}},"later":1}`); s.Err != nil || s.Value.ID != "c" || s.Value.State != campaign.Running || s.Version != 3 {
		t.Errorf("read as %+v, %v", s.Value, s.Err)
	}
	s := read(`{"name":7,"state":"paused"}`)
	if s.Err == nil || !strings.Contains(s.Err.Error(), "reading version 3 of campaign c") || s.Value.ID != "c" || s.Value.State != campaign.Paused {
		t.Errorf("what cannot be read is %+v, %v", s.Value, s.Err)
	}
	if _, err := Campaigns.Refers(s.Document); !errors.Is(err, s.Err) && err == nil {
		t.Error("what cannot be read refers to nothing")
	}
	if _, err := Campaigns.Audience(s.Document); err == nil {
		t.Error("what cannot be read has an audience")
	}
}

// counted is read once for each time that it is decoded.
type counted struct{ decoded int }

var decoded int

func (c *counted) UnmarshalJSON([]byte) error {
	decoded++
	c.decoded = decoded
	return nil
}

// TestWhatIsHeldIsReadOnce, also by several at once; what is not held is read each time.
func TestWhatIsHeldIsReadOnce(t *testing.T) {
	k := Kind[counted]{Name: "count", identify: func(*counted, string) {}}
	loose := Document{Body: []byte(`{}`)}
	held := loose.Held()
	for want := 1; want <= 2; want++ {
		if s := k.Read(loose); s.Value.decoded != want {
			t.Errorf("reading %d gave %d", want, s.Value.decoded)
		}
	}
	done := make(chan int)
	for range 8 {
		go func() { done <- k.Read(held).Value.decoded }()
	}
	for range 8 {
		if got := <-done; got != 3 {
			t.Errorf("what is held was read for the %d. time", got)
		}
	}
	bad := Document{Kind: Campaign, Version: 1, Body: []byte(`{"name":7}`)}.Held()
	for range 2 {
		if s := Campaigns.Read(bad); s.Err == nil {
			t.Error("a fault is forgotten")
		}
	}
}

// told are references as lines.
func told(all []Reference) string {
	var lines []string
	for _, r := range all {
		lines = append(lines, fmt.Sprintf("%s %s at %q", r.Kind, r.ID, r.Field))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func TestReferences(t *testing.T) {
	for body, want := range map[string]string{
		`{"trigger":{"enteredSegment":"a"},"templateId":"t","variants":[{"id":"1","templateId":"u"},{"id":"2"}],"condition":{"all":[{"segment":"b"},{"not":{"notSegment":"b"}},{"segment":"class8:111"}]}}`: `segment a at "trigger"; segment b at ""; template t at "templateId"; template u at "templateId"`,
		`{"trigger":{"audience":{"segmentId":"lifecycle:new"}}}`: ``,
		`{"trigger":{"event":{"name":"E"}},"templateId":"t"}`:    `template t at "templateId"`,
		`{"trigger":{"exitedSegment":"a"},"condition":{"x":1}}`:  `segment a at "trigger"`,
	} {
		refers, err := Campaigns.Refers(Document{Kind: Campaign, ID: "c", Version: 1, Body: []byte(body)})
		if got := told(refers); err != nil || got != want {
			t.Errorf("%s\nrefers to %s, %v\nwant      %s", body, got, err, want)
		}
	}
	refers, err := Segments.Refers(Document{Kind: Segment, ID: "s", Version: 1, Body: []byte(`{"rule":{"any":[{"segment":"a"},{"segment":"b"},{"segment":"a"}]}}`)})
	if got := told(refers); err != nil || got != `segment a at ""; segment b at ""` {
		t.Errorf("a segment refers to %s, %v", got, err)
	}
}

func TestUnfit(t *testing.T) {
	stored := func(body string) *Document { return &Document{Kind: Template, ID: "t", Version: 1, Body: []byte(body)} }
	for _, c := range []struct {
		channel string
		found   *Document
		want    string
	}{
		{"email", nil, "names the template t, which is not there"},
		{"email", stored(`{"channel":"email"}`), ""},
		{"email", stored(`{"channel":"social"}`), "names the template t, which is for the channel social and not for email"},
		{"pigeon", stored(`{"channel":"social"}`), ""}, // the channel is the fault
		{"email", stored(`{"channel":7}`), "error"},
		{"sms", stored(`{"channel":"sms","locales":{"default":{"text":"上新了，拒收请回复R"}}}`), ""},
		{"sms", stored(`{"channel":"sms","locales":{"default":{"text":"上新了，拒收请回复R"},"en":{"text":"New tea"}}}`), "names the template t, which has no words by which to want no more, such as 拒收请回复R"},
	} {
		refers := neededByCampaign(campaign.Definition{TemplateID: "t", Channel: delivery.Channel(c.channel)})
		got, err := refers[0].Unfit(c.found)
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.channel, c.found, got, c.want)
		}
	}
	asked := neededByCampaign(campaign.Definition{TemplateID: "t", Channel: delivery.SMS, Transactional: true})[0]
	for text, want := range map[string]string{"拒收请回复R": "names the template t, which says how to want no more, which is for advertising alone", "已发货": ""} {
		if got, err := asked.Unfit(stored(`{"channel":"sms","locales":{"default":{"text":"` + text + `"}}}`)); got != want || err != nil {
			t.Errorf("transactional, %s: %q, %v, want %q", text, got, err, want)
		}
	}
	if got, err := (Reference{Kind: Segment, ID: "s", Field: "trigger"}).Unfit(&Document{}); got != "" || err != nil {
		t.Errorf("what is there is unfit: %q, %v", got, err)
	}
}

func TestAudience(t *testing.T) {
	for body, want := range map[string]string{
		`{"trigger":{"enteredSegment":"a"}}`: "a", `{"trigger":{"exitedSegment":"b"}}`: "b", `{"trigger":{"audience":{"segmentId":"c"}}}`: "c", `{"trigger":{"event":{"name":"E"}}}`: "trigger is an event",
	} {
		id, err := Campaigns.Audience(Document{Kind: Campaign, ID: "x", Version: 1, Body: []byte(body)})
		got := string(id)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || err != nil && !errors.As(err, new(fault.Faults)) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	for _, row := range Rows() {
		if kind, _ := row.Names(); row.Reaches() != (kind == Campaign) {
			t.Errorf("documents of kind %s reach somebody: %v", kind, row.Reaches())
		}
	}
}

// TestRulesStandBesideTheSegments: a rule that asks a segment which is not there is refused at its place, beside every other fault.
func TestRulesStandBesideTheSegments(t *testing.T) {
	for kind, want := range map[string]string{Segment: "rule.segment gone is not a segment", Campaign: "condition.notSegment gone is not a segment"} {
		at := slices.IndexFunc(Rows(), func(r Row) bool { name, _ := r.Names(); return name == kind })
		body := strings.NewReplacer(`{"segment":"vip"}`, `{"segment":"gone"}`, `{"notSegment":"vip"}`, `{"notSegment":"gone"}`).Replace(samples[kind])
		_, err := Rows()[at].Check("x", []byte(with(body, `"misspelt":1`)), segments)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "misspelt is not known here") {
			t.Errorf("%s: %v, want %q", kind, err, want)
		}
	}
}

// TestSettings: what messaging and holdout do not say in words of this program is an error, in reading too; scoring has its defaults and no number that cannot be.
func TestSettings(t *testing.T) {
	at := func(id, body string) Document {
		return Document{Kind: Settings, ID: id, Version: 2, Body: []byte(body)}
	}
	if s, err := Messaging.Read(at(Messaging.ID, `{"killSwitch":true}`)); err != nil || !s.KillSwitch || len(s.Caps) != 1 {
		t.Errorf("messaging is %+v, %v", s, err)
	}
	for _, later := range []string{`{"killSwitchOfLater":true}`, `{"caps":7}`} {
		if _, err := Messaging.Read(at(Messaging.ID, later)); err == nil || !strings.Contains(err.Error(), "reading version 2 of setting messaging") {
			t.Errorf("%s: %v", later, err)
		}
	}
	if h, err := Holdout.Read(at(Holdout.ID, `{"share":0.1,"season":"s"}`)); err != nil || h.Share != 0.1 || Holdout.Absent != (delivery.Holdout{}) {
		t.Errorf("holdout is %+v, %v", h, err)
	}
	if _, err := Holdout.Read(at(Holdout.ID, `{"shares":0.1}`)); err == nil {
		t.Error("a holdout of a later version is taken for none")
	}
	if s, err := Scoring.Read(at(Scoring.ID, `{"quietDays":200,"later":1}`)); err != nil || s.QuietDays != 200 || s.ActiveDays != 30 {
		t.Errorf("scoring is %+v, %v", s, err)
	}
	if _, err := Scoring.Read(at(Scoring.ID, `{"activeDays":-1}`)); err == nil {
		t.Error("a number of days below zero is taken")
	}
	for id, c := range map[string][2]string{
		Messaging.ID: {`{}`, `{"stopped":["fax"]}`}, Holdout.ID: {`{}`, `{"share":2}`}, Scoring.ID: {`{}`, `{"windowDays":-1}`},
	} {
		if _, err := (settings{}).Check(id, []byte(c[0]), nil); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if _, err := (settings{}).Check(id, []byte(c[1]), nil); !errors.As(err, new(fault.Faults)) {
			t.Errorf("%s: %s is saved, %v", id, c[1], err)
		}
	}
	if _, err := (settings{}).Check("colour", []byte(`{}`), nil); err == nil || err.Error() != "id is no setting: there are messaging, holdout and segmentation" {
		t.Errorf("a setting that nobody reads: %v", err)
	}
}
