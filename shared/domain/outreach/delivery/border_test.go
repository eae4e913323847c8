package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/experiment"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
)

func TestCapsAtTheirBorders(t *testing.T) {
	for rule, field := range map[string]string{
		`{"limit":0,"per":1,"unit":"days"}`: "caps[0].limit", `{"limit":1,"per":1,"unit":"days"}`: "", `{"limit":500,"per":1,"unit":"days"}`: "",
		`{"limit":501,"per":1,"unit":"days"}`: "caps[0].limit", `{"limit":1,"per":0,"unit":"days"}`: "caps[0].per", `{"limit":1,"per":-1,"unit":"weeks"}`: "caps[0].per",
	} {
		_, err := ParseSettings([]byte(`{"caps":[` + rule + `]}`))
		if field == "" {
			if err != nil {
				t.Errorf("%s: %v", rule, err)
			}
		} else if got := fieldsOf(t, err); got != field {
			t.Errorf("%s: faults of %q, want %q", rule, got, field)
		}
	}
	ten := strings.TrimSuffix(strings.Repeat(`{"limit":1,"per":1,"unit":"days"},`, 10), ",")
	if _, err := ParseSettings([]byte(`{"caps":[` + ten + `]}`)); err != nil {
		t.Errorf("ten caps: %v", err)
	}
}

// The text of a rule stands in decisions.
func TestCapAsText(t *testing.T) {
	for want, c := range map[string]Cap{
		"3 any per 1 days":           {Limit: 3, Per: 1, Unit: Days},
		"3 email per 2 weeks":        {Limit: 3, Channel: Email, Per: 2, Unit: Weeks},
		"1 any #promo per 5 minutes": {Limit: 1, Channel: AnyChannel, Tag: "promo", Per: 5, Unit: Minutes},
	} {
		if c.String() != want {
			t.Errorf("%q, want %q", c, want)
		}
	}
}

// A tag may be kept as its mark: the first six bytes of its SHA-256, computed by another program. A mark is its own mark.
func TestTagMark(t *testing.T) {
	const mark = "\x00\xbc\xef\x11\xb6\xa3\xed"
	if got := TagMark("promo"); got != mark {
		t.Errorf("the mark is %x", got)
	}
	if got := TagMark(mark); got != mark {
		t.Errorf("the mark of a mark is %x", got)
	}
	c := Cap{Tag: "promo"}
	for _, x := range []struct {
		tags []string
		want bool
	}{{[]string{"promo"}, true}, {[]string{"a", mark}, true}, {[]string{"a"}, false}, {nil, false}, {[]string{TagMark("a")}, false}} {
		if got := c.concerns(Email, x.tags); got != x.want {
			t.Errorf("%q: %v", x.tags, got)
		}
	}
}

// Only what lies in the window counts, in whichever sequence it is told; a place is free when the oldest that fills it leaves.
func TestRoomInAWindow(t *testing.T) {
	c := Cap{Limit: 2, Per: 60, Unit: Minutes}
	at := func(minutes ...int) (out []time.Time) {
		for _, m := range minutes {
			out = append(out, noon.Add(time.Duration(m)*time.Minute))
		}
		return out
	}
	for _, x := range []struct {
		sent []time.Time
		free int
	}{
		{nil, 0}, {at(-1), 0}, {at(-1, -2), 58}, {at(-60, -1), 0}, {at(-59, -1), 1}, {at(-90, -80, -70), 0}, {at(-90, -80, -1), 0}, {at(-1, -90, -2), 58}, {at(-3, -2, -1), 58},
	} {
		if got := c.room(x.sent, noon, shanghai); !got.Equal(noon.Add(time.Duration(x.free) * time.Minute)) {
			t.Errorf("%v: free at %v, want in %d minutes", x.sent, got, x.free)
		}
	}
}

// In Beirut and Havana days have begun at one o'clock: the clock leapt over midnight.
func TestADayThatBeginsWithALeap(t *testing.T) {
	for _, c := range []struct {
		zone string
		at   time.Time
		want string
	}{
		{"Asia/Beirut", time.Date(2024, 3, 30, 10, 0, 0, 0, time.UTC), "2024-03-31T01:00:00+03:00"},
		{"America/Havana", time.Date(2024, 3, 9, 20, 0, 0, 0, time.UTC), "2024-03-10T01:00:00-04:00"},
		{"Asia/Shanghai", time.Date(2024, 3, 9, 17, 0, 0, 0, time.UTC), "2024-03-11T00:00:00+08:00"},
	} {
		if got := dayStart(c.at, 1, mustZone(c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", c.zone, got, c.want)
		}
	}
}

func TestClockAsText(t *testing.T) {
	for text, want := range map[string]Clock{"00:00": 0, "00:01": 1, "08:30": 510, "23:59": 1439} {
		var got Clock
		if err := json.Unmarshal([]byte(`"`+text+`"`), &got); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
		if back, err := json.Marshal(want); err != nil || string(back) != `"`+text+`"` {
			t.Errorf("%d is written %s, %v", want, back, err)
		}
	}
	for _, bad := range []string{"8:30", "24:00", "08:60", "08:3", "", "08:30:00"} {
		if err := new(Clock).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is a time of day", bad)
		}
	}
}

func TestParsedDocumentsAreAnswered(t *testing.T) {
	if h, err := ParseHoldout([]byte(`{"share":0.25,"season":"s"}`)); err != nil || h != (Holdout{0.25, "s"}) {
		t.Errorf("%+v, %v", h, err)
	}
	// A list of rules replaces the rule that stands without one, rule by rule.
	s, err := ParseSettings([]byte(`{"caps":[{"limit":1,"per":1,"unit":"days"}]}`))
	if want := []Cap{{Limit: 1, Per: 1, Unit: Days}}; err != nil || !reflect.DeepEqual(s.Caps, want) {
		t.Errorf("%+v, %v", s.Caps, err)
	}
}

func TestBasisOfEachChannel(t *testing.T) {
	for _, c := range []struct {
		settings Settings
		email    Basis
		social   Basis
	}{{Settings{}, OptIn, OptOut}, {Settings{Consent: map[Channel]Basis{Social: OptIn}}, OptIn, OptIn}, {Settings{Consent: map[Channel]Basis{Email: OptOut}}, OptOut, OptOut}} {
		if e, s := c.settings.basis(Email), c.settings.basis(Social); e != c.email || s != c.social {
			t.Errorf("%v: %s and %s", c.settings.Consent, e, s)
		}
	}
}

func TestTokensWithoutADot(t *testing.T) {
	for _, token := range []string{"nodot", ".", "." + keysOf("s").Sign(proof.Unsubscribe, "")} {
		if u, err := ParseUnsubscribe(keysOf("s"), token); !errors.Is(err, ErrToken) {
			t.Errorf("%q says %+v, %v", token, u, err)
		}
	}
}

func TestZoneOfOddPhones(t *testing.T) {
	shop := mustZone("Europe/Paris")
	for phone, want := range map[string]string{
		"+8": "Europe/Paris", "+": "Europe/Paris", "+86": "Asia/Shanghai", "+852": "Asia/Hong_Kong", "8613800001111": "Europe/Paris", "+85": "Europe/Paris", "+1999": "Europe/Paris",
	} {
		if got := Zone("", "", phone, shop).String(); got != want {
			t.Errorf("%s: %s, want %s", phone, got, want)
		}
	}
	for range 2 { // the second time from memory
		for name, want := range map[string]string{"Asia/Tokyo": "Asia/Tokyo", "Local": "Europe/Paris", "No/Where": "Europe/Paris", "": "Europe/Paris"} {
			if got := Zone(name, "", "", shop).String(); got != want {
				t.Errorf("%q: %s, want %s", name, got, want)
			}
		}
	}
}

// A consent that was granted for the reason of a complaint's end bars nothing; a refusal without any consent on record stands.
func TestGuardsOfConsentOneByOne(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Case)
		want   Verdict
	}{
		"granted, and the reason says complaint": {func(c *Case) { c.Consent = &profile.Consent{Granted: true, Reason: "complaint"} }, Verdict{Action: Proceed}},
		"refused for a bounce":                   {func(c *Case) { c.Consent = &profile.Consent{Reason: "bounce"} }, skip(Suppressed, "bounce")},
		"no record, and the address complained":  {func(c *Case) { c.Consent, c.Marks.Complained = nil, noon }, skip(Suppressed, "complaint")},
		"no record, transactional, complained":   {func(c *Case) { c.Consent, c.Transactional, c.Marks.Complained = nil, true, noon }, skip(Suppressed, "complaint")},
		"opt-out, no record, withdrawn": {func(c *Case) {
			c.Consent, c.Settings.Consent = nil, map[Channel]Basis{Email: OptOut}
			c.Contacts[0].Withdraw(Email, noon)
		}, skip(NoConsent, "revoked")},
		"opt-out, no record": {func(c *Case) { c.Consent, c.Settings.Consent = nil, map[Channel]Basis{Email: OptOut} }, Verdict{Action: Proceed}},
		"a deferral past the end": {func(c *Case) {
			c.NotAfter, c.Eligible = noon, Verdict{Action: Defer, Reason: NotRunning, Until: noon.Add(1)}
		}, skip(Expired, "notRunning")},
		"a deferral to the very end": {func(c *Case) {
			c.NotAfter, c.Eligible = noon, Verdict{Action: Defer, Reason: NotRunning, Until: noon}
		}, Verdict{Action: Defer, Reason: NotRunning, Until: noon}},
		"a skip with a time is no deferral": {func(c *Case) {
			c.NotAfter, c.Eligible = noon, Verdict{Action: Skip, Reason: Cancelled, Until: noon.Add(1)}
		}, Verdict{Action: Skip, Reason: Cancelled, Until: noon.Add(1)}},
	} {
		one := willing()
		c.change(&one)
		if got := Judge(one); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A share of exactly the person's own bucket leaves the person in: both shares are drawn alike.
func TestSharesAtThePersonsOwnBucket(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*Case, float64)
		key  string
		want Reason
	}{
		"holdout": {func(c *Case, s float64) { c.Holdout = Holdout{Share: s, Season: "s"} }, "holdout:s", InHoldout},
		"control": {func(c *Case, s float64) { c.Control = s }, "c1:control", InControl},
	} {
		one := willing()
		own := experiment.Bucket(c.key, one.Person)
		c.set(&one, own)
		if got := Judge(one); got.Action != Proceed {
			t.Errorf("%s: a share of %v keeps %v out", name, own, fmt.Sprint(got))
		}
		c.set(&one, own+1e-9)
		if got := Judge(one); got.Reason != c.want {
			t.Errorf("%s: a greater share lets in: %+v", name, got)
		}
	}
}

// TestAlwaysQuiet ends all the same.
func TestAlwaysQuiet(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 30, 0, time.UTC)
	if got := (QuietHours{Start: 0, End: 24 * 60}).Until(now, time.UTC); !got.Equal(now.Truncate(time.Minute).AddDate(0, 0, 2)) {
		t.Errorf("quiet until %v", got)
	}
}

// TestOnlyZonesAreRemembered: anybody may name one.
func TestOnlyZonesAreRemembered(t *testing.T) {
	for range 2 {
		if got := location("No/Where"); got != nil {
			t.Errorf("found %v", got)
		}
	}
	if _, kept := locations.Load("No/Where"); kept {
		t.Error("what is no zone is remembered")
	}
}

// TestCapsOfTheDocumentAlone: of the caps that stand where the document names none nothing stays in one that it does name.
func TestCapsOfTheDocumentAlone(t *testing.T) {
	s, err := ParseSettings([]byte(`{"caps":[{"limit":5,"channel":"email","per":2,"unit":"days"}]}`))
	if want := []Cap{{Limit: 5, Channel: Email, Per: 2, Unit: Days}}; err != nil || !reflect.DeepEqual(s.Caps, want) {
		t.Errorf("caps %+v, %v", s.Caps, err)
	}
}
