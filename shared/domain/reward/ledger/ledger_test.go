package ledger

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestQuantityJSON(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		want   Quantity
		reason string
	}{
		"points":                {text: `{"points":500}`, want: Quantity{Points, 500}},
		"zero points are said":  {text: `{"points":0}`, want: Quantity{Points, 0}},
		"voucher":               {text: `{"voucher":{"amount":1500,"currency":"CNY"}}`, want: Quantity{"CNY", 1500}},
		"both":                  {text: `{"points":1,"voucher":{"amount":1,"currency":"CNY"}}`, reason: "must be"},
		"neither":               {text: `{}`, reason: "must be"},
		"a fraction of a point": {text: `{"points":1.5}`, reason: "must be"},
		"no currency":           {text: `{"voucher":{"amount":1}}`, reason: "voucher.currency"},
		"not an object":         {text: `5`, reason: "must be"},
	} {
		t.Run(name, func(t *testing.T) {
			var got Quantity
			err := json.Unmarshal([]byte(c.text), &got)
			if c.reason != "" {
				if err == nil || !strings.Contains(err.Error(), c.reason) {
					t.Fatalf("error = %v, want one with %q", err, c.reason)
				}
				return
			}
			if err != nil || got != c.want {
				t.Fatalf("got %v, %v, want %v", got, err, c.want)
			}
			back, err := json.Marshal(got)
			if err != nil || string(back) != c.text {
				t.Errorf("written back as %s, %v", back, err)
			}
		})
	}
}

func TestAccrueRepaysDebtFirst(t *testing.T) {
	ann := Person("ann")
	for name, c := range map[string]struct {
		owed, remaining, change int64
	}{
		"no debt":            {0, 100, 0},
		"a part of the lot":  {30, 70, -30},
		"all of the lot":     {100, 0, -100},
		"more than the lot":  {130, 0, -100},
		"all but one point":  {99, 1, -99},
		"one point too many": {101, 0, -100},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Accrue(Effect{"test", name}, noon, []Grant{{To: ann, From: House("spring"), Quantity: Quantity{Points, 100}}},
				map[Holding]int64{{ann, Points}: c.owed})
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Opened[0].Remaining; got != c.remaining {
				t.Errorf("lot opens with %d, want %d", got, c.remaining)
			}
			b := p.Balances[0]
			if b.Amount != 100 || b.Lifetime != 100 || b.Owed != c.change {
				t.Errorf("balance changes by %+v", b)
			}
			if b.GuardsDebt() != (c.change != 0) {
				t.Errorf("GuardsDebt = %v", b.GuardsDebt())
			}
		})
	}
}

func TestAccrueRefuses(t *testing.T) {
	for name, g := range map[string]Grant{
		"nothing":        {To: Person("ann"), From: House("spring"), Quantity: Quantity{Points, 0}},
		"less":           {To: Person("ann"), From: House("spring"), Quantity: Quantity{Points, -1}},
		"too much":       {To: Person("ann"), From: House("spring"), Quantity: Quantity{Points, MaxAmount + 1}},
		"to the house":   {To: House("spring"), From: House("spring"), Quantity: Quantity{Points, 1}},
		"from a person":  {To: Person("ann"), From: Person("bob"), Quantity: Quantity{Points, 1}},
		"person to shop": {To: House("spring"), From: Person("ann"), Quantity: Quantity{Points, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := Accrue(Effect{"test", name}, noon, []Grant{g}, nil); err == nil {
				t.Errorf("built %+v", p)
			}
		})
	}
	if _, err := Accrue(Effect{"test", "most"}, noon, []Grant{{To: Person("ann"), From: House("spring"), Quantity: Quantity{Points, MaxAmount}}}, nil); err != nil {
		t.Errorf("the greatest amount: %v", err)
	}
}

func TestRedeemTakesWhatExpiresSoonest(t *testing.T) {
	ann := Person("ann")
	lots := []Lot{
		{ID: "never", Account: ann, Unit: Points, Amount: 100, Remaining: 100, At: noon.AddDate(0, 0, -9)},
		{ID: "late", Account: ann, Unit: Points, Amount: 100, Remaining: 40, At: noon, ExpiresAt: noon.AddDate(0, 0, 9)},
		{ID: "soon", Account: ann, Unit: Points, Amount: 100, Remaining: 10, At: noon, ExpiresAt: noon.Add(time.Nanosecond)},
		{ID: "over", Account: ann, Unit: Points, Amount: 100, Remaining: 500, At: noon, ExpiresAt: noon},
		{ID: "cash", Account: ann, Unit: "CNY", Amount: 900, Remaining: 900, At: noon},
	}
	for name, c := range map[string]struct {
		amount, owed int64
		ok           bool
		want         string
	}{
		"within the first lot":         {9, 0, true, "soon-9"},
		"the first lot to the end":     {10, 0, true, "soon-10"},
		"into the second":              {11, 0, true, "soon-10 late-1"},
		"all that is alive":            {150, 0, true, "soon-10 late-40 never-100"},
		"one more than is alive":       {151, 0, false, ""},
		"anything while owing a point": {1, 1, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, ok, err := Redeem(Effect{"test", name}, noon, ann, House("shop"), Quantity{Points, c.amount}, lots, c.owed)
			if err != nil || ok != c.ok {
				t.Fatalf("ok = %v, %v, want %v", ok, err, c.ok)
			}
			var got []string
			for _, l := range p.Lots {
				got = append(got, fmt.Sprintf("%s%d", l.ID, l.Delta))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("takes %v, want %s", got, c.want)
			}
			if ok && !p.Balances[0].GuardsDebt() {
				t.Error("spends without asking for debts")
			}
		})
	}
}

func TestReverseOfAnAccrualThatWasSpent(t *testing.T) {
	ann := Person("ann")
	accrued, err := Accrue(Effect{"order", "1"}, noon, []Grant{{To: ann, From: House("spring"), Quantity: Quantity{Points, 100}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ remaining, taken, owed int64 }{
		"nothing spent": {100, -100, 0},
		"a part spent":  {40, -40, 60},
		"all spent":     {0, 0, 100},
	} {
		t.Run(name, func(t *testing.T) {
			lot := accrued.Opened[0]
			lot.Remaining = c.remaining
			p, err := Reverse(Effect{"refund", "1"}, noon, accrued.Entries, []Lot{lot}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var taken int64
			for _, l := range p.Lots {
				taken += l.Delta
			}
			b := p.Balances[0]
			if taken != c.taken || b.Amount != -100 || b.Owed != c.owed || b.Lifetime != -100 {
				t.Errorf("takes %d, balance changes by %+v", taken, b)
			}
			if b.GuardsDebt() {
				t.Error("waits for a debt to stand still that it only adds to")
			}
		})
	}
}

func TestReverseRefuses(t *testing.T) {
	ann := Person("ann")
	accrued, err := Accrue(Effect{"order", "1"}, noon, []Grant{{To: ann, From: House("spring"), Quantity: Quantity{Points, 100}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Reverse(Effect{"refund", "1"}, noon, accrued.Entries, nil, nil); err == nil {
		t.Error("reversed into a lot that was not read")
	}
	reversed, err := Reverse(Effect{"refund", "1"}, noon, accrued.Entries, accrued.Opened, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Reverse(Effect{"refund", "2"}, noon, reversed.Entries, accrued.Opened, nil); err == nil {
		t.Error("reversed a reversal")
	}
}

func TestCheckFindsWhatIsOff(t *testing.T) {
	ann := Person("ann")
	for name, spoil := range map[string]func(*Posting){
		"the book does not balance":     func(p *Posting) { p.Entries[0].Amount++ },
		"a lot opens with too much":     func(p *Posting) { p.Opened[0].Remaining++ },
		"a lot opens with too little":   func(p *Posting) { p.Opened[0].Remaining-- },
		"a balance is off":              func(p *Posting) { p.Balances[0].Amount-- },
		"a debt is off":                 func(p *Posting) { p.Balances[0].Owed++ },
		"a debt below zero":             func(p *Posting) { p.Balances[0].SeenOwed = 29 },
		"a balance is missing":          func(p *Posting) { p.Balances = nil },
		"a lot changes without entry":   func(p *Posting) { p.Lots = []LotChange{{Account: ann, ID: "other", Delta: 5}} },
		"a lot falls below zero":        func(p *Posting) { p.Lots = []LotChange{{Account: ann, ID: "other", Delta: -5, Seen: 4}} },
		"an entry in nobody's balances": func(p *Posting) { p.Entries[0].Account = Person("bob") },
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Accrue(Effect{"order", "1"}, noon, []Grant{{To: ann, From: House("spring"), Quantity: Quantity{Points, 100}}},
				map[Holding]int64{{ann, Points}: 30})
			if err != nil {
				t.Fatal(err)
			}
			if spoil(&p); p.Check() == nil {
				t.Errorf("nothing wrong with %+v", p)
			}
		})
	}
}
