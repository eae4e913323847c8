// Package sms sends text messages over Alibaba Cloud's Short Message Service: SendSms of 2017-05-25, signed by hand. It receives none, and what carriers
// report later does not come this way. The surprising thing: no text is sent but the code of one that was approved, with values, so that most of what can be
// wrong with a message is wrong with its template.
package sms

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
	"github.com/userops/userops/shared/domain/outreach/sms"
	"github.com/userops/userops/shared/domain/people/address"
)

// Credential is the name of the secret that calls are signed with, the AccessKey secret.
const Credential = "sms-secret"

// Settings are of one account.
type Settings struct {
	KeyID    string `env:"SMS_KEY_ID" default:""`                                // the AccessKey ID
	Sign     string `env:"SMS_SIGN_NAME" default:""`                             // the sender's name, without brackets
	Endpoint string `env:"SMS_ENDPOINT" default:"https://dysmsapi.aliyuncs.com"` // where the service is
}

// Wanted is by the key or the sender's name.
func (s Settings) Wanted() bool { return s.KeyID != "" || s.Sign != "" }

// Open makes a sender, which calls nobody yet.
func (s Settings) Open(m channel.Means) channel.Sender {
	return &Sender{Settings: s, Secret: m.Named(Credential), Timeout: m.Timeout, Now: m.Now, Client: call.NewClient()}
}

// Sender calls the service. It is safe for concurrent use.
type Sender struct {
	Settings
	Secret  func(context.Context) (string, error)
	Timeout time.Duration
	Now     func() time.Time
	Client  *http.Client
}

// Check says whether the settings can be used at all, naming the environment's variables.
func (s *Sender) Check() error {
	var faults []error
	if s.KeyID == "" {
		faults = append(faults, errors.New("SMS_KEY_ID is not set"))
	}
	if s.Sign == "" || strings.ContainsAny(s.Sign, "【】[]") {
		faults = append(faults, errors.New("SMS_SIGN_NAME is not a sender's name without brackets"))
	}
	if !call.IsAddress(s.Endpoint) {
		faults = append(faults, errors.New("SMS_ENDPOINT is not an http or https address"))
	}
	return errors.Join(faults...)
}

// Send hands over one message. Its errors are *channel.Error.
func (s *Sender) Send(ctx context.Context, n channel.Notification) error {
	to := number(n.Address)
	if to == "" {
		return &channel.Error{Class: channel.Reject, Code: "address", Bounce: true}
	}
	var m sms.Message
	if err := json.Unmarshal(n.Content.Payload, &m); err != nil {
		return &channel.Error{Class: channel.Reject, Code: "payload"}
	}
	secret, err := s.Secret(ctx)
	if err != nil || secret == "" {
		return &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint, nil)
	if err != nil {
		return &channel.Error{Class: channel.Retry, Code: "settings"}
	}
	asked := url.Values{"PhoneNumbers": {to}, "SignName": {cmp.Or(m.Sign, s.Sign)}, "TemplateCode": {m.Template}, "OutId": {n.ID}}
	if len(m.Params) > 0 {
		params, err := json.Marshal(m.Params)
		if err != nil {
			return &channel.Error{Class: channel.Reject, Code: "payload"}
		}
		asked.Set("TemplateParam", string(params))
	}
	request.URL.RawQuery = query(asked)
	sign(request, operation{"SendSms", "2017-05-25", s.Now().UTC().Format("2006-01-02T15:04:05Z"), rand.Text()}, s.KeyID, secret)
	answer, err := call.Do(ctx, s.Client, request)
	if err != nil {
		return err
	}
	return s.judge(answer)
}

// china is the country whose numbers go without it.
const china = "+86"

// number is a phone number as the service wants it: one of mainland China as it is dialled there, another with its country and without the +. It is empty for
// what is no number.
func number(text string) string {
	full := address.Number(text)
	if strings.HasPrefix(full, china) {
		return address.Phone(full)
	}
	return strings.TrimPrefix(full, "+")
}

// judge sorts what the service said. It says no with a status of 200 too, and by its word alone is known what that means.
func (s *Sender) judge(answer *call.Answer) error {
	refusal := answer.Refusal(s.Now())
	var said struct{ Code, Message string }
	err := json.Unmarshal(answer.Body, &said)
	switch {
	case refusal == nil && said.Code == "OK":
		return nil
	case err != nil || said.Code == "":
		if refusal == nil {
			// Taken or not: nobody can tell from an answer that does not say it.
			refusal = &channel.Error{Class: channel.Uncertain, Code: "answer"}
		}
		return refusal
	}
	e := classify(said.Code)
	e.Code = cmp.Or(call.Code(said.Code), "answer")
	if said.Code == limited {
		e.After = pause(said.Message)
	}
	if refusal != nil {
		e.After = max(e.After, refusal.After)
	}
	return e
}

// limited says that the number has had as many as it may have in a minute, an hour or a day.
const limited = "isv.BUSINESS_LIMIT_CONTROL"

// pause is how long the service's limit lasts, by the words in which it says which one it is.
func pause(message string) time.Duration {
	switch {
	case strings.Contains(message, "分钟"), strings.Contains(strings.ToLower(message), "minute"):
		return time.Minute
	case strings.Contains(message, "小时"), strings.Contains(strings.ToLower(message), "hour"):
		return time.Hour
	case strings.Contains(message, "天"), strings.Contains(strings.ToLower(message), "day"):
		return 24 * time.Hour
	}
	return 0
}

// classes are what the service's words mean, by the beginning of each. What is the account's or the deployment's trouble waits, as does what the service asks to be sent again; what is
// wrong with the message is refused for good, and a number that is none is dead.
var classes = []struct {
	begins string
	class  channel.Class
	bounce bool
}{
	{"isv.MOBILE_NUMBER_ILLEGAL", channel.Reject, true},
	{limited, channel.Retry, false},
	{"isv.DAY_LIMIT_CONTROL", channel.Retry, false},
	{"isv.MONTH_LIMIT_CONTROL", channel.Retry, false},
	{"isv.OUT_OF_SERVICE", channel.Retry, false},
	{"isv.AMOUNT_NOT_ENOUGH", channel.Retry, false},
	{"isv.PRODUCT_UN", channel.Retry, false}, // PRODUCT_UN_SUBSCRIPT and PRODUCT_UNSUBSCRIBE
	{"isv.ACCOUNT_", channel.Retry, false},
	{"isv.DENY_IP_RANGE", channel.Retry, false},
	{"isv.SMS_SIGNATURE_ILLEGAL", channel.Retry, false},
	{"isv.SIGN_STATE_ILLEGAL", channel.Retry, false},
	{"isv.", channel.Reject, false},
	{"isp.RAM_PERMISSION_DENY", channel.Retry, false},
	{"isp.SYSTEM_ERROR", channel.Retry, false},
	{"isp.", channel.Uncertain, false},
	{"Throttling", channel.Retry, false},
	{"ServiceUnavailable", channel.Retry, false},
	{"InternalError", channel.Uncertain, false},
	{"InvalidAccessKeyId", channel.Retry, false},
	{"InvalidTimeStamp", channel.Retry, false},
	{"SignatureDoesNotMatch", channel.Retry, false},
	{"IncompleteSignature", channel.Retry, false},
	{"SignatureNonceUsed", channel.Retry, false},
	{"Forbidden", channel.Retry, false},
	{"NoPermission", channel.Retry, false},
	{"Missing", channel.Reject, false},
	{"Invalid", channel.Reject, false},
	{"Unsupported", channel.Reject, false},
}

// classify is what a word means. A word that nobody knows leaves open whether the message was taken.
func classify(code string) *channel.Error {
	for _, c := range classes {
		if strings.HasPrefix(code, c.begins) {
			return &channel.Error{Class: c.class, Bounce: c.bounce}
		}
	}
	return &channel.Error{Class: channel.Uncertain}
}
