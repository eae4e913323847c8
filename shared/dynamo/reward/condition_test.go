package reward_test

import (
	"errors"
	"testing"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/idempotency"
)

func TestACodeIsOnePairs(t *testing.T) {
	v := invites(t)
	answer := &idempotency.Answer{Scope: "codes", Key: "k", Request: "hash", Status: 200, Body: []byte("AAAA"), At: noon}
	for _, c := range []struct {
		name, code, program, advocate string
		answer                        *idempotency.Answer
		want                          error
	}{
		{"the first", "AAAA", "spring", "ann", answer, nil},
		{"again", "AAAA", "spring", "ann", nil, nil},
		{"again, and answered", "AAAA", "spring", "ann", answer, idempotency.ErrAnswered},
		{"another advocate's", "AAAA", "spring", "bob", nil, reward.ErrCodeTaken},
		{"another program's", "AAAA", "autumn", "ann", nil, reward.ErrCodeTaken},
		{"a second of the pair", "BBBB", "spring", "ann", nil, dynamo.ErrConflict},
		{"in another program", "BBBB", "autumn", "ann", nil, nil},
		{"of another advocate", "CCCC", "spring", "bob", nil, nil},
	} {
		if err := v.PutCode(t.Context(), c.code, c.program, user(c.advocate), noon, c.answer); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestTheCountComesBack: what was paid meanwhile was taken back again, so that the count is as it was read. The turn tells.
func TestTheCountComesBack(t *testing.T) {
	for name, first := range map[string]func(v *invite){
		"a standing that has taken turns":     func(v *invite) { v.settled("bob", 0) },
		"a standing of the version before":    func(v *invite) { v.before(user("ann"), 1, noon) },
		"a standing that nobody has made yet": func(*invite) {},
	} {
		t.Run(name, func(t *testing.T) {
			v := invites(t)
			v.known("ann")
			for _, friend := range []string{"bob", "cid", "dan"} {
				v.claimed(friend, "ann")
			}
			first(v)
			looked := v.settlement("cid", 0)
			v.settled("dan", 0)
			v.must(v.Reverse(t.Context(), v.reversal("dan")))
			if now := v.standing("ann").Settled; now != looked.Standings[0].Settled {
				t.Fatalf("the count is %d, and was %d", now, looked.Standings[0].Settled)
			}
			if _, err := v.Settle(t.Context(), looked); !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("settled: %v", err)
			}
		})
	}
}
