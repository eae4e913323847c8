package profile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestTheCartOfAPerson has lines the newest first, says which of them only public events have put there, and leaves out what was taken out. Who sees people masked sees how much is in it.
func TestTheCartOfAPerson(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	at := func(hours int) time.Time { return membertest.Noon.Add(time.Duration(hours) * time.Hour) }
	b.Save("ann", func(p *profile.Profile) {
		p.Cart = map[string]profile.CartLine{"tea": {Quantity: 2, Price: 4550, At: at(-2), Name: "Oolong"}, "gone": {Quantity: 0, Price: 100, At: at(-1)}}
		p.Unproven.FirstSeen, p.Unproven.Cart = at(-1), map[string]profile.CartLine{"cup": {Quantity: 1, Price: 1990, At: at(-1), Name: "Call 13800001111"}}
	})
	w := b.Call("GET", "/v1/profiles/ann", "")
	b.Want(w, 200, `"cart":{"lines":[{"productId":"cup","name":"Call 13800001111","quantity":1,"price":{"amount":1990,"currency":"CNY"},"unproven":true},`+
		`{"productId":"tea","name":"Oolong","quantity":2,"price":{"amount":4550,"currency":"CNY"}}],"total":{"amount":11090,"currency":"CNY"}}`)
	masked := fmt.Sprint(b.Want(b.Anybody("GET", "/v1/profiles/ann", "", "Authorization", "Bearer viewer"), 200, `"total":{"amount":11090,"currency":"CNY"}`)["cart"])
	if strings.Contains(masked, "Call") || strings.Contains(masked, "cup") || !strings.Contains(masked, "quantity:2") {
		t.Errorf("a viewer is shown %s", masked)
	}
}
