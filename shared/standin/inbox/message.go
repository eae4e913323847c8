package inbox

import "time"

// Channel is the way a message came.
type Channel string

// The channels that end here.
const (
	Email   Channel = "email"
	Webhook Channel = "webhook"
	SMS     Channel = "sms"
	Push    Channel = "push"
)

// Message is one mail to one recipient, one webhook delivery, one message to a phone, or one notification to a device.
type Message struct {
	Channel Channel `json:"channel"`
	// To is the mail address, the phone number, the device's token, or the user id or profile id of a webhook's body, or the webhook's name.
	To string `json:"to"`
	// From is the envelope's sender, or the webhook's name.
	From    string `json:"from"`
	Subject string `json:"subject"`
	// Text is the plain text, or the webhook's body as it came; HTML is as it came and not to be trusted.
	Text string `json:"text"`
	HTML string `json:"html"`
	// Headers are decoded; those that occur several times are joined by line breaks.
	Headers map[string]string `json:"headers"`
	// Attachments are the names of what was attached; the files themselves are not kept.
	Attachments []string  `json:"attachments,omitempty"`
	ReceivedAt  time.Time `json:"receivedAt"`
}
