package delivery

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

var confirming = Confirmation{ProfileID: "PROFILE", Channel: Email, Address: "mei@shop.example", Sent: time.Unix(1795262400, 0).UTC()}

// The token was computed by another program. It must stay: the mails are out.
func TestTheTokenOfAConfirmation(t *testing.T) {
	const token = "QIECcAbkewX5OkNjYfFLzYUfuJ24Psr4IoSuExEcOH-klLLJNRGNE-l0ayYyIFOFoFIt3BtNAkGppxjP8QmuOgZzHXqs"
	if got := confirming.Token(keysOf("secret")); got != token {
		t.Errorf("the token is %s, want %s", got, token)
	}
	if got, err := ParseConfirmation(keysOf("secret"), token); err != nil || got != confirming {
		t.Errorf("read as %+v, %v", got, err)
	}
	if raw, _ := base64.RawURLEncoding.DecodeString(token); strings.Contains(string(raw), "mei") || strings.Contains(string(raw), "PROFILE") {
		t.Error("whoever sees the link in a log can read whose it is")
	}
	if !confirming.Until().Equal(confirming.Sent.Add(168 * time.Hour)) {
		t.Errorf("it holds until %v", confirming.Until())
	}
}

// TestWhatIsNoTokenOfAConfirmation: any change of any byte, another secret, none, and the link of another kind.
func TestWhatIsNoTokenOfAConfirmation(t *testing.T) {
	token := confirming.Token(keysOf("secret"))
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, secret, token string) {
		t.Helper()
		if c, err := ParseConfirmation(keysOf(secret), token); err != ErrToken || c != (Confirmation{}) {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
	for i := range raw {
		changed := append([]byte{}, raw...)
		changed[i] ^= 1
		refused("a changed byte", "secret", base64.RawURLEncoding.EncodeToString(changed))
		refused("a part", "secret", base64.RawURLEncoding.EncodeToString(raw[:i]))
	}
	// What our own key has sealed, and is no confirmation.
	for _, text := range []string{"", "PROFILE", "PROFILE.email.1795262400", "PROFILE.email.soon.mei@shop.example", "PROFILE.email..mei@shop.example"} {
		seal := sealOf("secret")
		nonce := make([]byte, seal.NonceSize())
		refused(text, "secret", base64.RawURLEncoding.EncodeToString(seal.Seal(nonce, nonce, []byte(text), nil)))
	}
	refused("another secret", "other", token)
	refused("no secret", "", token)
	refused("no token", "secret", "")
	refused("not base64", "secret", token+"!")
	refused("an unsubscribe link", "secret", Unsubscribe{ProfileID: "PROFILE", Channel: Email, NotificationID: "N1"}.Token(keysOf("secret")))
	if confirming.Token(keysOf("")) != "" {
		t.Error("a link without a secret")
	}
	other := confirming
	other.Address = "mai@shop.example"
	if other.Token(keysOf("secret")) == token {
		t.Error("two addresses have one token")
	}
}

// TestGuardsOfAConfirmation: nobody has said anything of the address yet, so a complaint of it stands whatever a device says, and a setting turns
// all confirmations off.
func TestGuardsOfAConfirmation(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Case)
		want   string
	}{
		"as it is":        {func(*Case) {}, " "},
		"everything":      {func(c *Case) { c.Settings.KillSwitch = true }, "killSwitch "},
		"the channel":     {func(c *Case) { c.Settings.Stopped = []Channel{Email} }, "killSwitch email"},
		"turned off":      {func(c *Case) { c.Settings.ConfirmationsOff = true }, "killSwitch confirmations"},
		"no confirmation": {func(c *Case) { c.Settings.ConfirmationsOff, c.Confirms = true, false }, " "},
		"dead":            {func(c *Case) { c.Marks.Bounced = noon }, "suppressed bounce"},
		"complained":      {func(c *Case) { c.Marks.Complained = noon.Add(-time.Hour) }, "suppressed complaint"},
		"unsubscribed":    {func(c *Case) { c.Marks.Withdrawn = noon.Add(-time.Hour) }, " "},
		"no address":      {func(c *Case) { c.Address = "" }, "noAddress "},
		"at night":        {func(c *Case) { c.Settings.QuietHours = QuietHours{Start: 11 * 60, End: 13 * 60} }, "quietHours "},
		"held out":        {func(c *Case) { c.Holdout = Holdout{Share: 1, Season: "s"} }, " "},
	} {
		one := willing()
		one.Confirms, one.Transactional, one.Consent = true, true, nil
		one.Settings = one.Settings.Confirming(CapOfDevice)
		c.change(&one)
		v := Judge(one)
		if got := string(v.Reason) + " " + v.Detail; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestCapsOfConfirmations: one in seven times 24 hours to an address, three on a day of a device; the house's caps do not count.
func TestCapsOfConfirmations(t *testing.T) {
	reserve := func(by Cap, at time.Time, contact *Contact, id string) string {
		one := willing()
		one.Now, one.Confirms, one.Transactional, one.Tags, one.Contacts = at, true, true, []string{ConfirmationTag}, []*Contact{contact}
		one.Settings = one.Settings.Confirming(by)
		return string(Reserve(one, Intent{ID: id}).Reason)
	}
	week := 168 * time.Hour
	address := &Contact{}
	for i, c := range []struct {
		at   time.Time
		want string
	}{{noon, ""}, {noon.Add(time.Second), "frequencyCap"}, {noon.Add(week - time.Second), "frequencyCap"}, {noon.Add(week), ""}, {noon.Add(week + time.Hour), "frequencyCap"}} {
		if got := reserve(CapOfAddress, c.at, address, string(rune('a'+i))); got != c.want {
			t.Errorf("at %v: %q, want %q", c.at, got, c.want)
		}
	}
	device := &Contact{Intents: []Intent{{ID: "1", At: noon, Channel: Email, Counted: true}, {ID: "2", At: noon, Channel: Email, Counted: true}, {ID: "3", At: noon, Channel: Email, Counted: true}}}
	for i, want := range []string{"", "", "", "frequencyCap"} {
		if got := reserve(CapOfDevice, noon, device, string(rune('a'+i))); got != want {
			t.Errorf("confirmation %d of a device: %q, want %q", i+1, got, want)
		}
	}
}
