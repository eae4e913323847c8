package delivery

import (
	"encoding/json"
	"testing"
)

// TestStops asks each stop about each notification, and each stop names itself.
func TestStops(t *testing.T) {
	mail := Case{CampaignID: "welcome", Channel: Email}
	receipt := Case{CampaignID: "receipt", Channel: Social, Transactional: true}
	for name, c := range map[string]struct {
		stop          Stop
		mail, receipt bool // stopped
	}{
		"everything":               {Stop{}, true, true},
		"all but transactional":    {Stop{KeepTransactional: true}, true, false},
		"the channel":              {Stop{Channel: Email}, true, false},
		"another channel":          {Stop{Channel: Social}, false, true},
		"it, but no transactional": {Stop{Channel: Social, KeepTransactional: true}, false, false},
		"the campaign":             {Stop{CampaignID: "welcome"}, true, false},
		"another campaign":         {Stop{CampaignID: "receipt"}, false, true},
		"it, but not this kind":    {Stop{CampaignID: "receipt", KeepTransactional: true}, false, false},
		"a campaign of that name":  {Stop{CampaignID: "wel"}, false, false},
	} {
		c.stop.ID = "s1"
		for _, of := range []struct {
			what    Case
			stopped bool
		}{{mail, c.mail}, {receipt, c.receipt}} {
			of.what.Stops = []Stop{{ID: "s0", CampaignID: "else"}, c.stop}
			got, want := killSwitch(of.what), Verdict{Action: Proceed}
			if of.stopped {
				want = Verdict{Action: Skip, Reason: KillSwitch, Detail: "s1"}
			}
			if got != want {
				t.Errorf("%s, of %s: %+v, want %+v", name, of.what.CampaignID, got, want)
			}
		}
	}
}

func TestScopeOfAStop(t *testing.T) {
	for want, s := range map[string]Stop{"everything": {ID: "x", KeepTransactional: true}, "channel-email": {Channel: Email}, "campaign-a.b": {CampaignID: "a.b"}} {
		if got := s.Scope(); got != want {
			t.Errorf("%+v is of %s, want %s", s, got, want)
		}
	}
}

func TestParseStop(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: `{}`,
		`{"channel":"email","keepTransactional":true}`: `{"channel":"email","keepTransactional":true}`,
		`{"id":"1","campaign":"a"}`:                    `{"id":"1","campaign":"a"}`,
		`{"channel":"email","campaign":"a"}`:           `campaign stands beside a channel: a stop is of one of them, or of everything`,
		`{"tag":"promo"}`:                              `tag is not known here`,
		`{"chanel":"email"}`:                           `chanel is not known here: did you mean "channel"?`,
		`{"keepTransactional":1}`:                      `keepTransactional is a JSON number, which does not fit`,
	} {
		s, err := ParseStop([]byte(body))
		got, _ := json.Marshal(s)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
