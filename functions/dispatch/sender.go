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

// providerTime bounds one call of a provider.
const providerTime = 10 * time.Second

// Sender is a channel that is on. Its errors are *channel.Error; a nil error says that the provider took the notification.
type Sender interface {
	Send(context.Context, channel.Notification) error
}

// Channels are the settings of the channels.
type Channels struct {
	Email  email.Settings
	Social webhook.Settings
}

// setUps are the channels that have a sender, with the names of their credentials.
var setUps = []struct {
	channel    delivery.Channel
	credential string
	settings   func(Channels) channel.Settings
}{
	{delivery.Email, email.Credential, func(c Channels) channel.Settings { return c.Email }},
	{delivery.Social, webhook.Credential, func(c Channels) channel.Settings { return c.Social }},
}

// SecretNames are of what the process reads: what links are signed with, and the credentials of the channels.
func SecretNames() []string {
	names := []string{secret.Root, secret.UserHash}
	for _, u := range setUps {
		names = append(names, u.credential)
	}
	return names
}

// senders are the channels that are on, and what each of the others lacks that somebody began to set up. The process starts without them: a wrong address
// of one provider does not keep back the notifications of the others.
func (s Settings) senders(secrets *secret.Store, now func() time.Time) (on map[delivery.Channel]Sender, lacking map[delivery.Channel]string) {
	on, lacking = map[delivery.Channel]Sender{}, map[delivery.Channel]string{}
	for _, u := range setUps {
		settings := u.settings(s.Channels)
		if !settings.Wanted() {
			continue
		}
		sender := settings.Open(channel.Means{Timeout: providerTime, Now: now,
			Credential: func(ctx context.Context) (string, error) { return secrets.Value(ctx, u.credential) }})
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
