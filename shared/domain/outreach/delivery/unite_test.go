package delivery

import (
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

func after(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }

// What is not newer than an erasure goes, each kind by its own time; the rest stays.
func TestForgetEachKind(t *testing.T) {
	full := func() *Contact {
		return &Contact{
			Intents:      []Intent{{ID: "old", At: after(-1), Asked: after(9)}, {ID: "just then", At: noon}, {ID: "new", At: noon.Add(1), Asked: after(-9)}},
			Suppressions: map[Channel]Suppression{Email: {Reason: "bounce", At: noon}, Social: {Reason: "complaint", At: noon.Add(1)}},
			Withdrawn:    map[Channel]time.Time{Email: noon.Add(1), Social: noon},
		}
	}
	c := full()
	if !c.Forget(noon, noon, spareNone) {
		t.Error("forgot nothing")
	}
	want := &Contact{
		Intents:      []Intent{{ID: "new", At: noon.Add(1), Asked: after(-9)}},
		Suppressions: map[Channel]Suppression{Social: {Reason: "complaint", At: noon.Add(1)}},
		Withdrawn:    map[Channel]time.Time{Email: noon.Add(1)},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("left %+v, want %+v", c, want)
	}
	if c.Forget(noon, noon, spareNone) || !reflect.DeepEqual(c, want) {
		t.Errorf("a second time: %+v", c)
	}
	for name, one := range map[string]*Contact{
		"an intent":     {Intents: full().Intents[:1]},
		"a suppression": {Suppressions: map[Channel]Suppression{Email: {At: noon}}},
		"a withdrawal":  {Withdrawn: map[Channel]time.Time{Email: noon}},
	} {
		if !one.Forget(noon, noon, spareNone) || len(one.Intents)+len(one.Suppressions)+len(one.Withdrawn) != 0 {
			t.Errorf("%s alone: %+v", name, one)
		}
	}
}

// TestWhatCameWithAPartIsSpared, if it is of a part that somebody else was then; what is of nobody else goes in any case.
func TestWhatCameWithAPartIsSpared(t *testing.T) {
	c := &Contact{Intents: []Intent{{ID: "own", At: noon}, {ID: "spared", At: noon, Of: "other"}, {ID: "of before", At: noon, Of: "same"}, {ID: "newer", At: noon.Add(1), Of: "same"}}}
	asked := []profile.ID{}
	found := c.Forget(noon, noon, func(i Intent) bool {
		asked = append(asked, i.Of)
		return i.Of != "same"
	})
	if want := []Intent{{ID: "spared", At: noon, Of: "other"}, {ID: "newer", At: noon.Add(1), Of: "same"}}; !found || !reflect.DeepEqual(c.Intents, want) {
		t.Errorf("left %+v, want %+v", c.Intents, want)
	}
	if want := []profile.ID{"other", "same"}; !reflect.DeepEqual(asked, want) {
		t.Errorf("asked of %v, want %v", asked, want)
	}
}

// What was withdrawn after an erasure was asked for was answered: it stays, whenever the erasure is carried out.
func TestWithdrawnSinceTheErasureWasAskedFor(t *testing.T) {
	c := &Contact{ProfileID: "p", Version: 7, Intents: []Intent{{ID: "old", At: noon}}, Withdrawn: map[Channel]time.Time{Email: noon, Social: noon.Add(1)}}
	left := c.Objections(noon)
	if want := (&Contact{ProfileID: "p", Version: 7, Withdrawn: map[Channel]time.Time{Social: noon.Add(1)}}); !reflect.DeepEqual(left, want) {
		t.Errorf("left %+v, want %+v", left, want)
	}
	if !c.Forget(after(5), noon, spareNone) || !reflect.DeepEqual(c.Withdrawn, left.Withdrawn) {
		t.Errorf("left with who came back: %+v", c)
	}
	if c.Forget(after(5), noon, spareNone) || !c.Bare() {
		t.Errorf("a second time: %+v", c)
	}
	for name, one := range map[string]*Contact{
		"an intent": {Intents: []Intent{{}}}, "a suppression": {Suppressions: map[Channel]Suppression{Email: {}}}, "a part": {United: []profile.ID{"q"}},
		"an intent and a suppression": {Intents: []Intent{{}}, Suppressions: map[Channel]Suppression{Email: {}}},
		"an intent and a part":        {Intents: []Intent{{}}, United: []profile.ID{"q"}},
		"an intent and an unknown":    {Intents: []Intent{{}}, Unknown: []byte{1}},
		"a newer program's":           {Unknown: []byte{1}}, "a pointer": {MovedTo: "q"},
	} {
		if one.Bare() {
			t.Errorf("%s is nothing but withdrawals", name)
		}
	}
}

func TestUniteFieldByField(t *testing.T) {
	own := &Contact{
		ProfileID: "own", Version: 7,
		Intents:      []Intent{{ID: "both", At: after(2), Holder: "own"}, {ID: "late", At: after(4)}},
		Suppressions: map[Channel]Suppression{Email: {Reason: "bounce", At: noon, Address: "x"}},
		Withdrawn:    map[Channel]time.Time{Email: after(5), Social: after(1)},
		United:       []profile.ID{"earlier", "shared"}, Unknown: []byte("abc"),
	}
	own.Unite(&Contact{
		ProfileID: "part", Version: 9,
		Intents:      []Intent{{ID: "both", At: after(1), Holder: "part"}, {ID: "first", At: after(1)}, {ID: "third", At: after(3), Of: "grandpart"}},
		Suppressions: map[Channel]Suppression{Social: {Reason: "complaint", At: noon}},
		Withdrawn:    map[Channel]time.Time{Email: after(4), Social: after(6)},
		United:       []profile.ID{"shared", "grandpart"}, Unknown: []byte("def"),
	})
	want := &Contact{
		ProfileID: "own", Version: 7,
		Intents: []Intent{
			{ID: "first", At: after(1), Of: "part"}, {ID: "both", At: after(2), Holder: "own"}, {ID: "third", At: after(3), Of: "grandpart"}, {ID: "late", At: after(4)},
		},
		Suppressions: map[Channel]Suppression{Email: {Reason: "bounce", At: noon, Address: "x"}, Social: {Reason: "complaint", At: noon}},
		Withdrawn:    map[Channel]time.Time{Email: after(5), Social: after(6)},
		United:       []profile.ID{"earlier", "shared", "part", "grandpart"}, Unknown: []byte("abcdef"),
	}
	if !reflect.DeepEqual(own, want) {
		t.Errorf("united\n%+v want\n%+v", own, want)
	}
	// Records that hold nothing yet take in everything.
	empty := &Contact{ProfileID: "own"}
	empty.Unite(&Contact{ProfileID: "part", Withdrawn: map[Channel]time.Time{Email: noon}, Suppressions: map[Channel]Suppression{Email: {Reason: "bounce"}}})
	if !empty.Withdrawn[Email].Equal(noon) || empty.Suppressions[Email].Reason != "bounce" {
		t.Errorf("an empty record took in %+v", empty)
	}
}

// What bars a whole channel outweighs what bars one address; of two addresses the later suppression stands.
func TestWhichSuppressionStands(t *testing.T) {
	whole, address := Suppression{Reason: "whole", At: noon}, Suppression{Reason: "address", At: noon, Address: "a"}
	wholeLater, addressLater := whole, address
	wholeLater.At, addressLater.At = after(1), after(1)
	wholeLater.Reason, addressLater.Reason = "whole, later", "address, later"
	for name, c := range map[string]struct{ own, part, want Suppression }{
		"a channel, then an address":       {whole, addressLater, whole},
		"an address, then a channel":       {addressLater, whole, whole},
		"two channels":                     {whole, wholeLater, whole},
		"an address, then a later one":     {address, addressLater, addressLater},
		"an address, then an earlier one":  {addressLater, address, addressLater},
		"an address, and one at that time": {address, Suppression{Reason: "other", At: noon, Address: "b"}, address},
	} {
		own := &Contact{}
		own.Suppress(Email, c.own)
		own.Unite(&Contact{Suppressions: map[Channel]Suppression{Email: c.part}})
		if own.Suppressions[Email] != c.want {
			t.Errorf("%s: %+v", name, own.Suppressions[Email])
		}
	}
}

// An intent is given back or kept uncounted by its holder alone, and no other intent with it.
func TestAnIntentIsItsHolders(t *testing.T) {
	for _, c := range []struct {
		id, holder        string
		released, refused []bool // what is left; what counts
	}{
		{"a", "one", []bool{false, true, true}, []bool{false, true, true}},
		{"a", "two", []bool{true, true, true}, []bool{true, true, true}},
		{"c", "one", []bool{true, true, true}, []bool{true, true, true}},
		{"b", "two", []bool{true, true, false}, []bool{true, true, false}},
	} {
		all := func() *Contact {
			return &Contact{Intents: []Intent{{ID: "a", Holder: "one", Counted: true}, {ID: "b", Holder: "one", Counted: true}, {ID: "b", Holder: "two", Counted: true}}}
		}
		left, kept := all(), all()
		left.Release(c.id, c.holder)
		kept.Refuse(c.id, c.holder)
		for i, was := range all().Intents {
			found := false
			for _, now := range left.Intents {
				found = found || now.ID == was.ID && now.Holder == was.Holder
			}
			if found != c.released[i] || kept.Intents[i].Counted != c.refused[i] {
				t.Errorf("%s of %s, intent %d: left %v, counted %v", c.id, c.holder, i, found, kept.Intents[i].Counted)
			}
		}
	}
}

// Notes on one channel leave those on another as they are, and the last withdrawal stands.
func TestNotesOnTwoChannels(t *testing.T) {
	c := &Contact{}
	c.Suppress(Email, Suppression{Reason: "bounce"})
	c.Suppress(Social, Suppression{Reason: "complaint"})
	c.Withdraw(Email, after(2))
	c.Withdraw(Social, after(1))
	c.Withdraw(Email, after(1))
	c.Withdraw(Social, after(3))
	if len(c.Suppressions) != 2 || c.Suppressions[Email].Reason != "bounce" || !c.Withdrawn[Email].Equal(after(2)) || !c.Withdrawn[Social].Equal(after(3)) {
		t.Errorf("%+v", c)
	}
}
