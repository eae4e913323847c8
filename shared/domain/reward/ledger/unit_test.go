package ledger

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// withRows adds units for one test, as a version to come may have them.
func withRows(t *testing.T, more ...unit) {
	before := units
	units = append(slices.Clone(units), more...)
	t.Cleanup(func() { units = before })
}

// A row's name is a field in JSON and a part of what is stored: it can be taken neither for a currency nor for two.
func TestNamesOfUnits(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range units {
		if !unitName.MatchString(r.name) || seen[strings.ToLower(r.name)] {
			t.Errorf("%q cannot be told from another", r.name)
		}
		seen[strings.ToLower(r.name)] = true
	}
	for name, ok := range map[string]bool{"water": true, "drawChance2": true, "a": true, "CNY": false, "Water": false, "deposit:CNY": false, "": false, "2nd": false, "with space": false} {
		if unitName.MatchString(name) != ok {
			t.Errorf("%q is a name: %v", name, !ok)
		}
	}
}

// What is stored and what JSON shows say the same, of units with a row here and of those that only a newer version has.
func TestUnitsStoredAndShown(t *testing.T) {
	for _, rows := range [][]unit{nil, {{name: "water"}, {name: "deposit", money: true}}} {
		withRows(t, rows...)
		for stored, c := range map[Unit]struct {
			shown string
			here  bool
		}{
			"points":      {`{"points":7}`, true},
			"CNY":         {`{"voucher":{"amount":7,"currency":"CNY"}}`, true},
			"XXX":         {`{"voucher":{"amount":7,"currency":"XXX"}}`, true}, // as it was stored before currencies were looked up
			"water":       {`{"water":7}`, rows != nil},
			"deposit:JPY": {`{"deposit":{"amount":7,"currency":"JPY"}}`, rows != nil},
		} {
			text, err := json.Marshal(Quantity{stored, 7})
			if err != nil || string(text) != c.shown {
				t.Errorf("%s is shown as %s, %v", stored, text, err)
			}
			var back Quantity
			if err := json.Unmarshal(text, &back); err != nil || back != (Quantity{stored, 7}) {
				t.Errorf("%s is read as %+v, %v", text, back, err)
			}
			if err := stored.Check(); (err == nil) != c.here {
				t.Errorf("%s is a unit here: %v", stored, err)
			}
		}
	}
	for _, none := range []Unit{"", "voucher", "points:CNY", "water:CNY", "deposit", "cny"} {
		if none.Check() == nil {
			t.Errorf("%q is a unit", none)
		}
	}
	want := `must be {"points": n} or {"voucher": {"amount": n, "currency": "CNY"}} or {"water": n} or {"deposit": {"amount": n, "currency": "CNY"}}`
	if err := Unit("stars").Check(); err == nil || err.Error() != want {
		t.Errorf("whoever writes another reads %v", err)
	}
}

// What was taken before is taken still, and no other unit is guessed.
func TestQuantitiesThatAreWrittenOddly(t *testing.T) {
	for text, want := range map[string]Quantity{
		`{"Points":5}`:                                {Points, 5},
		`{"points":5,"voucher":null}`:                 {Points, 5},
		`{"points":5,"stars":1}`:                      {Points, 5},
		`{"VOUCHER":{"amount":5,"currency":"cny"}}`:   {"CNY", 5},
		`{"stars":-9223372036854775808}`:              {"stars", -9223372036854775808},
		`{"stars":{"amount":5,"currency":"usd"}}`:     {"stars:USD", 5},
		`{"points":null,"stars":1}`:                   {"stars", 1},
		`{"CNY":5}`:                                   {},
		`{"Stars":5}`:                                 {},
		`{"stars":5,"moons":5}`:                       {},
		`{"stars":5.5}`:                               {},
		`{"stars":{"amount":5}}`:                      {},
		`{"stars":"5"}`:                               {},
		`{"points":5,"Points":5}`:                     {},
		`{"points":5,"voucher":{"amount":1}}`:         {},
		`{"points":{"amount":5,"currency":"CNY"}}`:    {},
		`{"voucher":5}`:                               {},
		`{"voucher":{"amount":5,"currency":"CNYEN"}}`: {},
		`{"points":null}`:                             {},
		`null`:                                        {},
		`[{"points":5}]`:                              {},
	} {
		got := Quantity{}
		err := json.Unmarshal([]byte(text), &got)
		if got != want || (err == nil) == (want == Quantity{}) {
			t.Errorf("%s is %+v, %v, want %+v", text, got, err, want)
		}
	}
}

// Nothing is posted in a unit without a row; what a newer version has posted stays as it is.
func TestUnitsOfANewerVersion(t *testing.T) {
	ann, house := Person("ann"), House("s")
	posted := []Entry{{ID: "1", Account: ann, Unit: "water", Amount: 5, Kind: Accrual, Lot: "l"}, {ID: "2", Account: house, Unit: "water", Amount: -5, Kind: Accrual}}
	lots := []Lot{{ID: "l", Account: ann, Unit: "water", Amount: 5, Remaining: 5}}
	_, accrued := Accrue(Effect{"x", "1"}, noon, []Grant{{To: ann, From: house, Quantity: Quantity{"water", 5}}}, nil)
	_, _, redeemed := Redeem(Effect{"x", "1"}, noon, ann, house, Quantity{"water", 5}, lots, 0)
	_, reversed := Reverse(Effect{"x", "1"}, noon, posted, lots, nil)
	for name, err := range map[string]error{"accrual": accrued, "redemption": redeemed, "reversal": reversed} {
		if err == nil || err.Error() != "building a posting: x/1 counts water, which is no unit here" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Posting{Effect: Effect{"x", "1"}, Entries: posted, Opened: lots, Balances: []BalanceChange{{Holding: Holding{ann, "water"}, Amount: 5}}}).Check(); err != nil {
		t.Errorf("posted by a newer version: %v", err)
	}
}

// Of a unit that nobody owes only what is left is taken back, at the expense of the house that gave it.
func TestReverseOfWhatNobodyOwes(t *testing.T) {
	withRows(t, unit{name: "water"})
	ann, bob := Person("ann"), Person("bob")
	accrued, err := Accrue(Effect{"gift", "1"}, noon, []Grant{
		{To: ann, From: House("spring"), Quantity: Quantity{"water", 100}}, {To: ann, From: House("autumn"), Quantity: Quantity{"water", 40}},
		{To: bob, From: House("autumn"), Quantity: Quantity{"water", 7}}, {To: ann, From: House("spring"), Quantity: Quantity{Points, 100}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	left := func(remaining ...int64) []Lot {
		lots := slices.Clone(accrued.Opened)
		for i := range lots {
			lots[i].Remaining = remaining[i]
		}
		return lots
	}
	for name, c := range map[string]struct {
		lots []Lot
		want string
	}{
		"nothing was spent": {left(100, 40, 7, 100), `
back/1/00 h#spring +100 water reversal []
back/1/01 h#autumn +40 water reversal []
back/1/02 h#autumn +7 water reversal []
back/1/03 h#spring +100 points reversal []
back/1/04 p#ann -100 water reversal [gift/1/00]
back/1/05 p#ann -40 water reversal [gift/1/01]
back/1/06 p#bob -7 water reversal [gift/1/02]
back/1/07 p#ann -100 points reversal [gift/1/03]
lot p#ann gift/1/00 -100 from 100
lot p#ann gift/1/01 -40 from 40
lot p#bob gift/1/02 -7 from 7
lot p#ann gift/1/03 -100 from 100
balance p#ann water -140 owed +0 lifetime -140 seen 0 false
balance p#bob water -7 owed +0 lifetime -7 seen 0 false
balance p#ann points -100 owed +0 lifetime -100 seen 0 false
`},
		"some was spent, points too": {left(30, 0, 7, 60), `
back/1/00 h#autumn +30 water reversal []
back/1/01 h#autumn +7 water reversal []
back/1/02 h#spring +100 points reversal []
back/1/03 p#ann -30 water reversal [gift/1/00]
back/1/04 p#bob -7 water reversal [gift/1/02]
back/1/05 p#ann -60 points reversal [gift/1/03]
back/1/06 p#ann -40 points reversal []
lot p#ann gift/1/00 -30 from 30
lot p#bob gift/1/02 -7 from 7
lot p#ann gift/1/03 -60 from 60
balance p#ann water -30 owed +0 lifetime -30 seen 0 false
balance p#bob water -7 owed +0 lifetime -7 seen 0 false
balance p#ann points -100 owed +40 lifetime -100 seen 0 false
`},
		"all was spent": {left(0, 0, 0, 0), `
back/1/00 h#spring +100 points reversal []
back/1/01 p#ann -100 points reversal []
balance p#ann water +0 owed +0 lifetime +0 seen 0 false
balance p#bob water +0 owed +0 lifetime +0 seen 0 false
balance p#ann points -100 owed +100 lifetime -100 seen 0 false
`},
	} {
		p, err := Reverse(Effect{"back", "1"}, noon, accrued.Entries, c.lots, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		is(t, p, c.want)
	}
}
