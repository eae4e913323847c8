package setup

import (
	"fmt"
	"testing"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/email"
	"github.com/userops/userops/shared/channel/push"
	"github.com/userops/userops/shared/channel/sms"
	"github.com/userops/userops/shared/channel/webhook"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// TestEveryChannelIsOnOrOff: set up as a whole, in part or not at all.
func TestEveryChannelIsOnOrOff(t *testing.T) {
	mail, hook := email.Settings{Addr: "127.0.0.1:25", From: "a@example.com"}, webhook.Settings{URL: "https://x.example"}
	apps := push.Settings{Project: "tea", FCMEndpoint: "https://fcm.googleapis.com"}
	texts := sms.Settings{KeyID: "LTAI", Sign: "茶铺", Endpoint: "https://dysmsapi.aliyuncs.com"}
	for name, c := range map[string]struct {
		s    Settings
		url  string
		want string
	}{
		"all":                 {Settings{mail, texts, apps, hook}, "https://shop.example", "[]"},
		"none":                {Settings{}, "https://shop.example", "[{email } {sms } {push } {social }]"},
		"mail alone":          {Settings{Email: mail}, "https://shop.example", "[{sms } {push } {social }]"},
		"no address to leave": {Settings{mail, texts, apps, hook}, "", "[{email PUBLIC_URL is not set: each notification of the channel has a signed link to unsubscribe}]"},
		"a half":              {Settings{email.Settings{Addr: "127.0.0.1", From: "a@example.com"}, sms.Settings{Sign: "茶铺"}, push.Settings{Topic: "shop.app"}, webhook.Settings{URL: "x.example"}}, "https://shop.example", "[{email SMTP_ADDR is not host:port} {sms SMS_KEY_ID is not set; SMS_ENDPOINT is not an http or https address} {push APNS_KEY_ID is not set; APNS_TEAM_ID is not set; APNS_ENDPOINT is not an http or https address} {social WEBHOOK_URL is not an http or https address}]"},
	} {
		if got := fmt.Sprint(c.s.Off(c.url)); got != c.want {
			t.Errorf("%s: off are %s, want %s", name, got, c.want)
		}
		on, _ := c.s.Open(c.url, channel.Means{})
		if n := len(on) + len(c.s.Off(c.url)); n != len(delivery.Channels()) {
			t.Errorf("%s: %d channels are on or off, of %d", name, n, len(delivery.Channels()))
		}
	}
}
