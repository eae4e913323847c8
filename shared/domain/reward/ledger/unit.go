package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/spelling"
)

// Unit is what an amount counts, as it is stored: the name of a row of units, with a currency behind it where the row counts money
// ("points", "deposit:CNY"). Vouchers came before there were rows, and are stored as their currency alone ("CNY"). Amounts of two units
// never meet. A unit without a row is a newer version's: it is read, kept and shown, and nothing is posted in it.
type Unit string

// unit is a row of the registry.
type unit struct {
	name  string // the field of a quantity in JSON: a lower-case letter, then letters and digits
	money bool   // written as {"amount": n, "currency": "CNY"} in minor units; otherwise as a whole number
	owed  bool   // what is taken back after it was spent is owed; otherwise the shop bears it
}

// units are what accounts may count. A new one is a row; ADR 26 says when it may be added.
var units = []unit{
	{name: string(Points), owed: true},
	{name: voucher, money: true, owed: true},
}

// Form is how quantities of a unit are written: below its name, as a whole number, or as money.
type Form struct {
	Name  string
	Money bool
}

// Forms lists the units that rewards may be of.
func Forms() []Form {
	var all []Form
	for _, r := range units {
		all = append(all, Form{r.name, r.money})
	}
	return all
}

// Points are whole; they have no currency.
const Points Unit = "points"

const voucher = "voucher"

// Cash is the unit of vouchers in a currency.
func Cash(c money.Currency) Unit { return unitOf(voucher, c) }

// unitOf is the stored form; the currency is empty for what counts no money.
func unitOf(name string, c money.Currency) Unit {
	switch {
	case c == "":
		return Unit(name)
	case name == voucher:
		return Unit(c)
	}
	return Unit(name + ":" + string(c))
}

// parts takes the stored form apart, also that of a unit without a row.
func (u Unit) parts() (name string, c money.Currency) {
	if c, err := money.ParseCurrency(string(u)); err == nil && string(c) == string(u) {
		return voucher, c
	}
	name, currency, _ := strings.Cut(string(u), ":")
	return name, money.Currency(currency)
}

func (u Unit) row() (r unit, known bool) {
	name, c := u.parts()
	i := slices.IndexFunc(units, func(r unit) bool { return r.name == name && r.money == (c != "") })
	if i < 0 {
		return unit{}, false
	}
	return units[i], true
}

// Check tells whoever defines a reward what its unit may be; nil where it is one of them.
func (u Unit) Check() error {
	if _, known := u.row(); !known {
		names := make([]string, len(units))
		for i, r := range units {
			names[i] = r.name
		}
		name, _ := u.parts()
		return fmt.Errorf("%w%s", errForm(), spelling.Hint(name, names...))
	}
	return nil
}

// errForm says what a quantity may look like.
func errForm() error {
	var forms []string
	for _, r := range units {
		amount := "n"
		if r.money {
			amount = `{"amount": n, "currency": "CNY"}`
		}
		forms = append(forms, fmt.Sprintf("{%q: %s}", r.name, amount))
	}
	return errors.New("must be " + strings.Join(forms, " or "))
}

// Quantity is an amount of one unit. In JSON it is an object of one field, the unit's name: {"points": 500},
// {"voucher": {"amount": 500, "currency": "CNY"}}.
type Quantity struct {
	Unit   Unit
	Amount int64
}

// MaxAmount bounds one quantity, so that sums of a person's lifetime stay far from overflow.
const MaxAmount = 1_000_000_000_000

// MarshalJSON writes the form that the API shows and definitions are written in.
func (q Quantity) MarshalJSON() ([]byte, error) {
	name, c := q.Unit.parts()
	if c == "" {
		return json.Marshal(map[string]int64{name: q.Amount})
	}
	return json.Marshal(map[string]money.Amount{name: {Minor: q.Amount, Currency: c}})
}

// UnmarshalJSON reads that form; no unit, or two, is an error. One without a row is read where it stands alone, as stored items of a newer
// version have it: whoever takes a quantity from outside asks Unit.Check.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return errForm()
	}
	var known, unknown []string
	for field, value := range fields {
		switch {
		case string(value) == "null":
		case slices.ContainsFunc(units, func(r unit) bool { return strings.EqualFold(r.name, field) }):
			known = append(known, field)
		default:
			unknown = append(unknown, field)
		}
	}
	switch {
	case len(known) == 1: // what stands beside it was never looked at
		return q.read(known[0], fields[known[0]])
	case len(known) == 0 && len(unknown) == 1 && unitName.MatchString(unknown[0]):
		return q.keep(unknown[0], fields[unknown[0]])
	}
	return errForm()
}

var unitName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// read takes the value of a unit that has a row.
func (q *Quantity) read(field string, value json.RawMessage) error {
	r := units[slices.IndexFunc(units, func(r unit) bool { return strings.EqualFold(r.name, field) })]
	if !r.money {
		return q.whole(r.name, value)
	}
	return q.cash(r.name, value)
}

// keep takes the value of a unit that has none, in either form.
func (q *Quantity) keep(name string, value json.RawMessage) error {
	if q.whole(name, value) == nil || q.cash(name, value) == nil {
		return nil
	}
	return errForm()
}

func (q *Quantity) whole(name string, value json.RawMessage) error {
	var amount int64
	if err := json.Unmarshal(value, &amount); err != nil {
		return errForm()
	}
	*q = Quantity{Unit: Unit(name), Amount: amount}
	return nil
}

func (q *Quantity) cash(name string, value json.RawMessage) error {
	var amount money.Amount
	if err := json.Unmarshal(value, &amount); err != nil {
		return errForm()
	}
	c, err := money.ParseCurrency(string(amount.Currency))
	if err != nil {
		return fmt.Errorf("%s.currency %w", name, err)
	}
	*q = Quantity{Unit: unitOf(name, c), Amount: amount.Minor}
	return nil
}
