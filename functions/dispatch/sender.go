package dispatch

import (
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/email"
	"github.com/userops/userops/shared/channel/webhook"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/secret"
)

// providerTime bounds one call of a provider.
const providerTime = 10 * time.Second

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
