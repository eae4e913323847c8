// Package setup is the table of the channels that have a sender, with the settings and the credential of each. dispatch sends over those that are on, and operators hear from console which are off and why. It sends
// nothing itself. The surprising thing: a channel that somebody has set up in part is off and says what it lacks, and keeps back no other.
package setup

import (
	"errors"
	"strings"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/email"
	"github.com/userops/userops/shared/channel/push"
	"github.com/userops/userops/shared/channel/sms"
	"github.com/userops/userops/shared/channel/webhook"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// Settings are those of all channels.
type Settings struct {
	Email  email.Settings
	SMS    sms.Settings
	Push   push.Settings
	Social webhook.Settings
}

// rows are the channels that have a sender, with the names of their credentials.
var rows = []struct {
	channel     delivery.Channel
	credentials []string
	settings    func(Settings) channel.Settings
}{
	{delivery.Email, []string{email.Credential}, func(s Settings) channel.Settings { return s.Email }},
	{delivery.SMS, []string{sms.Credential}, func(s Settings) channel.Settings { return s.SMS }},
	{delivery.Push, []string{push.Account, push.Key}, func(s Settings) channel.Settings { return s.Push }},
	{delivery.Social, []string{webhook.Credential}, func(s Settings) channel.Settings { return s.Social }},
}

// Credentials are the names of the channels' credentials.
func Credentials() (names []string) {
	for _, r := range rows {
		names = append(names, r.credentials...)
	}
	return names
}

// Open makes a sender of each channel that is on, and says of each other one that somebody has begun to set up what it lacks, by names of the environment and without a value of it. publicURL is where people reach the
// shop's deployment.
func (s Settings) Open(publicURL string, means channel.Means) (on map[delivery.Channel]channel.Sender, lacking map[delivery.Channel]string) {
	on, lacking = map[delivery.Channel]channel.Sender{}, map[delivery.Channel]string{}
	for _, r := range rows {
		settings := r.settings(s)
		if !settings.Wanted() {
			continue
		}
		sender := settings.Open(means)
		err := sender.Check()
		if delivery.KindOf(r.channel).Link && publicURL == "" {
			err = errors.Join(err, errors.New("PUBLIC_URL is not set: each notification of the channel has a signed link to unsubscribe"))
		}
		if err != nil {
			lacking[r.channel] = strings.ReplaceAll(err.Error(), "\n", "; ")
			continue
		}
		on[r.channel] = sender
	}
	return on, lacking
}

// Off is a channel over which nothing is sent, since it is not set up, or not as a whole.
type Off struct {
	Channel delivery.Channel `json:"channel"`
	Lacks   string           `json:"lacks,omitempty"` // empty where nobody has begun to set it up
}

// Off lists the channels that are off, in the order of the table of channels.
func (s Settings) Off(publicURL string) (all []Off) {
	on, lacking := s.Open(publicURL, channel.Means{})
	for _, c := range delivery.Channels() {
		if on[c] == nil {
			all = append(all, Off{c, lacking[c]})
		}
	}
	return all
}
