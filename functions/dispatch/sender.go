package dispatch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/email"
	"github.com/userops/userops/shared/channel/webhook"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/secret"
)

// Sender is a channel. Its errors are *channel.Error; a nil error says that the provider took the notification.
type Sender interface {
	Send(context.Context, channel.Notification) error
}

// checked is a Sender that says what its settings lack, by the names of the environment.
type checked interface {
	Sender
	Check() error
}

// setUp is a channel of the table as it is set up here.
type setUp struct {
	channel delivery.Channel
	secret  string // the name of its credential
	wanted  func(Settings) bool
	sender  func(s Settings, credential func(context.Context) (string, error), now func() time.Time) checked
}

// setUps are the channels that have a sender.
var setUps = []setUp{
	{delivery.Email, secret.SMTPPassword, func(s Settings) bool { return s.SMTPAddr != "" },
		func(s Settings, password func(context.Context) (string, error), _ func() time.Time) checked {
			return &email.Sender{Addr: s.SMTPAddr, User: s.SMTPUser, Password: password, From: s.MailFrom, Timeout: providerTime}
		}},
	{delivery.Social, secret.WebhookSecret, func(s Settings) bool { return s.WebhookURL != "" },
		func(s Settings, key func(context.Context) (string, error), now func() time.Time) checked {
			return &webhook.Sender{URL: s.WebhookURL, Secret: key, Timeout: providerTime, Now: now, Client: webhook.NewClient()}
		}},
}

// credentials are the names of what channels prove themselves by.
func credentials() []string {
	var names []string
	for _, u := range setUps {
		names = append(names, u.secret)
	}
	return names
}

// senders are the channels that are on, and what each of the others lacks that somebody began to set up. The process starts without them: a wrong address
// of one provider does not keep back the notifications of the others.
func (s Settings) senders(secrets *secret.Store, now func() time.Time) (on map[delivery.Channel]Sender, lacking map[delivery.Channel]string) {
	on, lacking = map[delivery.Channel]Sender{}, map[delivery.Channel]string{}
	for _, u := range setUps {
		if !u.wanted(s) {
			continue
		}
		sender := u.sender(s, func(ctx context.Context) (string, error) { return secrets.Value(ctx, u.secret) }, now)
		err := sender.Check()
		if delivery.KindOf(u.channel).Link && s.PublicURL == "" {
			err = errors.Join(err, errors.New("PUBLIC_URL is not set: each notification of the channel has a signed link to unsubscribe"))
		}
		if err != nil {
			lacking[u.channel] = strings.ReplaceAll(err.Error(), "\n", "; ")
			continue
		}
		on[u.channel] = sender
	}
	return on, lacking
}
