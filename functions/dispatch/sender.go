package dispatch

import (
	"time"

	"github.com/userops/userops/shared/channel/setup"
	"github.com/userops/userops/shared/secret"
)

// providerTime bounds one call of a provider.
const providerTime = 10 * time.Second

// Channels are the settings of the channels.
type Channels = setup.Settings

// SecretNames are of what the process reads: what links are signed with, and the credentials of the channels.
func SecretNames() []string {
	return append([]string{secret.Root, secret.UserHash}, setup.Credentials()...)
}
