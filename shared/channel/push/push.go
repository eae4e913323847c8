// Package push sends notifications to apps: over Firebase Cloud Messaging (HTTP v1) and over Apple's service (APNs, by token). It knows one device at a time; which devices a person has, and
// that one of them is enough, is dispatch's. The surprising thing: which of the two services a device is reached by is told by its token, since Apple's are
// hexadecimal digits alone and Firebase's never are.
package push

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
)

// The names of the secrets: the key file of a service account as Google gives it, and the .p8 file of a key as Apple gives it.
const (
	Account = "fcm-account"
	Key     = "apns-key"
)

// Settings are of one app at each service; one of the services is enough.
type Settings struct {
	Project      string `env:"FCM_PROJECT" default:""` // of Firebase
	FCMEndpoint  string `env:"FCM_ENDPOINT" default:"https://fcm.googleapis.com"`
	Topic        string `env:"APNS_TOPIC" default:""` // the app's bundle
	KeyID        string `env:"APNS_KEY_ID" default:""`
	Team         string `env:"APNS_TEAM_ID" default:""`
	APNSEndpoint string `env:"APNS_ENDPOINT" default:"https://api.push.apple.com"`
}

// Wanted is by what either service needs.
func (s Settings) Wanted() bool { return s.Project != "" || s.apple() }

func (s Settings) apple() bool { return s.Topic != "" || s.KeyID != "" || s.Team != "" }

// Open makes a sender, which calls nobody yet.
func (s Settings) Open(m channel.Means) channel.Sender {
	client := call.NewClient()
	return &Sender{Settings: s, Timeout: m.Timeout,
		google: google{project: s.Project, endpoint: s.FCMEndpoint, client: client, now: m.Now, grant: grant{secret: m.Named(Account), client: client, now: m.Now}},
		apple:  apple{topic: s.Topic, endpoint: s.APNSEndpoint, client: client, now: m.Now, provider: provider{team: s.Team, keyID: s.KeyID, secret: m.Named(Key), now: m.Now}},
	}
}

// Sender calls both services. It is safe for concurrent use.
type Sender struct {
	Settings
	Timeout time.Duration

	google google
	apple  apple
}

// Check says whether the settings can be used at all, naming the environment's variables.
func (s *Sender) Check() error {
	var faults []error
	if s.Project != "" && !call.IsAddress(s.FCMEndpoint) {
		faults = append(faults, errors.New("FCM_ENDPOINT is not an http or https address"))
	}
	if !s.Settings.apple() {
		return errors.Join(faults...)
	}
	for _, one := range []struct{ name, value string }{{"APNS_TOPIC", s.Topic}, {"APNS_KEY_ID", s.KeyID}, {"APNS_TEAM_ID", s.Team}} {
		if one.value == "" {
			faults = append(faults, errors.New(one.name+" is not set"))
		}
	}
	if !call.IsAddress(s.APNSEndpoint) {
		faults = append(faults, errors.New("APNS_ENDPOINT is not an http or https address"))
	}
	return errors.Join(faults...)
}

// appleToken is the form of a device token of Apple's.
var appleToken = regexp.MustCompile(`^([0-9a-fA-F]{2}){32,128}$`)

// Send hands over one notification to one device. Its errors are *channel.Error.
func (s *Sender) Send(ctx context.Context, n channel.Notification) error {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	data := map[string]string{}
	if len(n.Content.Payload) > 0 {
		if err := json.Unmarshal(n.Content.Payload, &data); err != nil {
			return &channel.Error{Class: channel.Reject, Code: "payload"}
		}
	}
	data = maps.Clone(data)
	// By these an app tells the shop what was opened.
	data["notificationId"], data["campaignId"] = n.ID, n.CampaignID
	switch apple := appleToken.MatchString(n.Address); {
	case apple && s.Settings.apple():
		return s.apple.send(ctx, n, data)
	case apple:
		return &channel.Error{Class: channel.Reject, Code: "apnsOff"}
	case s.Project == "":
		return &channel.Error{Class: channel.Reject, Code: "fcmOff"}
	}
	return s.google.send(ctx, n, data)
}
