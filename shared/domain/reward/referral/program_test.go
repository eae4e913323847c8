package referral

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

const springJSON = `{"id":"spring","name":"Spring","state":"running","qualifying":{"minTotal":{"amount":10000,"currency":"CNY"}},
"hold":"14d","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"voucher":{"amount":500,"currency":"CNY"}}]},
"ladder":[{"friends":3,"advocate":[{"voucher":{"amount":1500,"currency":"CNY"}}]}],
"budget":[{"voucher":{"amount":100000,"currency":"CNY"}}],"maxPerAdvocate":5}`

func TestParseReadsWhatItWrites(t *testing.T) {
	p, err := Parse([]byte(springJSON))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, spring()) {
		t.Errorf("got %+v", p)
	}
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(springJSON, "\n", ""); string(body) != want {
		t.Errorf("written as %s", body)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	for name, c := range map[string]struct{ old, new, field string }{
		"no id":                       {`"id":"spring"`, `"id":""`, "id"},
		"an id that would split keys": {`"id":"spring"`, `"id":"a#b"`, "id"},
		"an id too long":              {`"id":"spring"`, `"id":"` + strings.Repeat("x", 65) + `"`, "id"},
		"blank name":                  {`"Spring"`, `" "`, "name"},
		"another state":               {`"running"`, `"active"`, "state"},
		"another event":               {`"qualifying":{`, `"qualifying":{"event":"Order Placed",`, "qualifying.event"},
		"a minimum below zero":        {`"amount":10000`, `"amount":-1`, "qualifying.minTotal.amount"},
		"a minimum without currency":  {`"amount":10000,"currency":"CNY"`, `"amount":10000`, "qualifying.minTotal.currency"},
		"a currency in lower case":    {`"amount":10000,"currency":"CNY"`, `"amount":10000,"currency":"cny"`, "qualifying.minTotal.currency"},
		"a hold too long":             {`"14d"`, `"367d"`, "hold"},
		"no window":                   {`"attributionWindow":"30d"`, `"attributionWindow":"0s"`, "attributionWindow"},
		"a window too long":           {`"30d"`, `"367d"`, "attributionWindow"},
		"nothing for the advocate":    {`{"points":100}`, `{"points":0}`, "rewards.advocate[0]"},
		"a unit twice":                {`{"points":100}`, `{"points":100},{"points":1}`, "rewards.advocate[1]"},
		"too many rewards":            {`{"points":100}`, strings.Repeat(`{"points":100},`, 5) + `{"points":1}`, "rewards.advocate"},
		"less than nothing, friend":   {`"amount":500,`, `"amount":-500,`, "rewards.friend[0]"},
		"a rung for nobody":           {`"friends":3`, `"friends":0`, "ladder[0].friends"},
		"a rung too high":             {`{"friends":3,`, `{"friends":3},{"friends":3,`, "ladder[1].friends"},
		"no budget at all":            {`"amount":100000,`, `"amount":0,`, "budget[0]"},
		"a limit below zero":          {`"maxPerAdvocate":5`, `"maxPerAdvocate":-1`, "maxPerAdvocate"},
		"a number for a text":         {`"Spring"`, `7`, "name"},
		"an unknown field":            {`"name"`, `"nmae":1,"name"`, "nmae"},
		"a bad reward":                {`{"points":100}`, `{"stars":100}`, "rewards.advocate[0]"},
		"a hold that is no time":      {`"14d"`, `"soon"`, "hold"},
		"no JSON":                     {`{"id"`, `{id`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Replace(springJSON, c.old, c.new, 1)
			if body == springJSON {
				t.Fatal("the case changes nothing")
			}
			_, err := Parse([]byte(body))
			var faults fault.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("error = %v", err)
			}
			for _, f := range faults {
				if f.Field == c.field && f.Reason != "" {
					return
				}
			}
			t.Errorf("no fault of %q in %v", c.field, faults)
		})
	}
}

func TestValidateAllowsTheLeast(t *testing.T) {
	for name, c := range map[string]struct{ body string }{
		"no minimum, no hold, one reward": {`{"id":"x","name":"X","state":"draft","hold":"0s","attributionWindow":"1s","rewards":{"friend":[{"points":1}]}}`},
		"a ladder alone":                  {`{"id":"x","name":"X","state":"draft","hold":"366d","attributionWindow":"366d","ladder":[{"friends":1,"advocate":[{"points":1}]}]}`},
	} {
		if _, err := Parse([]byte(c.body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Parse([]byte(`{"id":"x","name":"X","state":"draft","hold":"0s","attributionWindow":"1s"}`))
	if err == nil || !strings.Contains(err.Error(), "rewards must give something") {
		t.Errorf("without any reward: %v", err)
	}
}

func TestRefusal(t *testing.T) {
	running, paused := spring(), spring()
	paused.State = Paused
	ann := Person{Keys: []profile.ID{"ann", "ann-phone"}, Emails: []string{"Ann@Example.com "}, Phones: []string{"+86 138 0000 1111"}}
	bob := Person{Keys: []profile.ID{"bob"}, Emails: []string{"bob@example.com"}, Phones: []string{"13900002222"}}
	for name, c := range map[string]struct {
		change func(*Claim)
		want   Reason
	}{
		"allowed":                    {func(*Claim) {}, ""},
		"no program":                 {func(c *Claim) { c.Program = nil }, ProgramClosed},
		"a paused program":           {func(c *Claim) { c.Program = &paused }, ProgramClosed},
		"referred before":            {func(c *Claim) { c.Referred = true }, AlreadyReferred},
		"a shared key":               {func(c *Claim) { c.Friend.Keys = []profile.ID{"x", "ann-phone"} }, SelfReferral},
		"the same e-mail":            {func(c *Claim) { c.Friend.Emails = []string{"ann@example.com"} }, SelfReferral},
		"the same phone":             {func(c *Claim) { c.Friend.Phones = []string{"8613800001111"} }, SelfReferral},
		"the same phone from abroad": {func(c *Claim) { c.Friend.Phones = []string{"0086 138 0000 1111"} }, SelfReferral},
		"an e-mail of long ago": {func(c *Claim) {
			c.Friend.Emails, c.Advocate.Emails = []string{"new@example.com", "old@example.com"}, []string{"ann@example.com", "OLD@example.com"}
		}, SelfReferral},
		"another phone as long":  {func(c *Claim) { c.Friend.Phones = []string{"13800001112"} }, ""},
		"another e-mail as long": {func(c *Claim) { c.Friend.Emails = []string{"ani@example.com"} }, ""},
		"another letter in Unicode": {func(c *Claim) {
			c.Friend.Emails, c.Advocate.Emails = []string{"\u212aate@example.com"}, []string{"kate@example.com"}
		}, ""},
		"dots at Google": {func(c *Claim) {
			c.Friend.Emails, c.Advocate.Emails = []string{"a.nn+1@googlemail.com"}, []string{"ann@gmail.com"}
		}, ""},
		"an advocate who was erased": {func(c *Claim) { c.Advocate.Gone = true }, UnknownCode},
		"no phone on either side":    {func(c *Claim) { c.Friend.Phones, c.Advocate.Phones = []string{""}, []string{""} }, ""},
		"a number that is nobody's":  {func(c *Claim) { c.Friend.Phones, c.Advocate.Phones = []string{"000000"}, []string{"000000"} }, ""},
		"a number that is somebody":  {func(c *Claim) { c.Friend.Phones, c.Advocate.Phones = []string{"0000001"}, []string{"000-0001"} }, SelfReferral},
		"no e-mail on either side":   {func(c *Claim) { c.Friend.Emails, c.Advocate.Emails = []string{" "}, []string{""} }, ""},
		"one order":                  {func(c *Claim) { c.Friend.Orders = 1 }, ExistingCustomer},
		"a circle":                   {func(c *Claim) { c.Circle = true }, Circle},
		"second claim of a buyer":    {func(c *Claim) { c.Referred, c.Friend.Orders = true, 1 }, AlreadyReferred},
	} {
		t.Run(name, func(t *testing.T) {
			claim := Claim{Program: &running, Friend: bob, Advocate: ann}
			c.change(&claim)
			if got := claim.Refusal(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		friend, advocate string
		want             []Flag
	}{
		{"a.nn+1@googlemail.com", "ann@gmail.com", []Flag{LookAlike}}, {"a.nn@example.com", "ann@example.com", nil}, {"", "", nil}, {"", "ann@gmail.com", nil},
	} {
		if got := (Claim{Friend: Person{Emails: []string{c.friend}}, Advocate: Person{Emails: []string{c.advocate}}}).Flags(); !slices.Equal(got, c.want) {
			t.Errorf("%q by %q: %v, want %v", c.friend, c.advocate, got, c.want)
		}
	}
}

// A code does not change: people have printed theirs.
func TestCodeIsFrozen(t *testing.T) {
	if got := Code("spring", "ann", 0); got != "S6F9CWAG" {
		t.Errorf("the code of ann in spring is %s", got)
	}
}

func TestCode(t *testing.T) {
	first := Code("spring", "ann", 0)
	if again := Code("spring", "ann", 0); again != first {
		t.Errorf("the same pair has %s and %s", first, again)
	}
	seen := map[string]bool{}
	for _, c := range []string{first, Code("spring", "ann", 1), Code("spring", "bob", 0), Code("summer", "ann", 0)} {
		if seen[c] {
			t.Errorf("%s twice", c)
		}
		seen[c] = true
		if got, ok := ParseCode(c); !ok || got != c {
			t.Errorf("%s read as %s, %v", c, got, ok)
		}
	}
	for typed, want := range map[string]string{
		" abcd-efgh ": "ABCDEFGH", "ABCDEFGH": "ABCDEFGH", "ABCDEFG": "", "ABCDEFGHJ": "", "ABCDEFG0": "", "ABCDEFGÄ": "", "": "",
		"ＡＢＣＤ－ＥＦＧＨ": "ABCDEFGH", "ａｂｃｄ　efgh": "ABCDEFGH", "ABCD\u2013EFGH\n": "ABCDEFGH", "ABCDEFG\u017f": "", "ABCD_EFGH": "",
		strings.Repeat(" ", 56) + "ABCDEFGH": "ABCDEFGH", strings.Repeat(" ", 57) + "ABCDEFGH": "",
	} {
		if got, ok := ParseCode(typed); got != want && ok || ok != (want != "") {
			t.Errorf("%q read as %q, %v", typed, got, ok)
		}
	}
}

func TestRank(t *testing.T) {
	at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
	owner := func(id profile.ID) profile.ID {
		if id == "old" {
			return "ann"
		}
		return id
	}
	stand := func(id profile.ID, settled, hour int) Standing {
		return Standing{Advocate: id, Settled: settled, At: at(hour)}
	}
	got := Rank([]Standing{
		stand("bob", 2, 5), stand("ann", 1, 1), stand("cid", 2, 4), stand("old", 2, 9), stand("dan", 0, 0), stand("eve", 2, 4), stand("fay", -1, 0),
	}, owner)
	want := []Standing{stand("ann", 3, 9), stand("cid", 2, 4), stand("eve", 2, 4), stand("bob", 2, 5)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMask(t *testing.T) {
	for name, want := range map[string]string{"张小明": "张**", "张三": "张**", "Alice Smith": "A**", "": "**", "  x": "x**", "\xff": "**", "\xffy": "y**"} {
		if got := Mask(name); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}
