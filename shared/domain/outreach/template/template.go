// Package template is what operators write to be sent: the sources of a notification's parts, by locale. It knows which parts a channel carries and how
// long they may be, and not the language in which they are written, which is package liquid's. The surprising thing: a payload is Liquid inside of JSON or
// JSON inside of a text, whichever its author found easier.
package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/sms"
	"github.com/userops/userops/shared/domain/slug"
)

// DefaultLocale is the locale that every template has.
const DefaultLocale = "default"

const (
	maxLocales = 50
	maxSource  = 64 << 10 // bytes of one part
	maxSubject = 1 << 10  // bytes of a subject's source
)

// Definition is a template as it is saved. Locales holds its content by locale ("default", "zh", "zh-CN").
type Definition struct {
	ID      string             `json:"id"`
	Name    string             `json:"name,omitempty"`
	Channel delivery.Channel   `json:"channel"`
	Locales map[string]Content `json:"locales"`
}

// Content is the sources of one locale: subject with text, HTML or both for e-mail; the registered text and a JSON payload for sms; a title as subject, a text and a payload of data, if any, for push; a JSON payload for social.
type Content struct {
	Subject string          `json:"subject,omitempty"`
	Text    string          `json:"text,omitempty"`
	HTML    string          `json:"html,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"` // a JSON string of Liquid, or JSON with Liquid in its strings
}

// Parts are the parts that a content may have.
func Parts() []delivery.Part {
	return []delivery.Part{delivery.Subject, delivery.Text, delivery.HTML, delivery.Payload}
}

// code is Liquid in JSON.
var code = regexp.MustCompile(`\{\{.*?\}\}|\{%.*?%\}`)

// Source is the Liquid of a part, empty if there is none. Of a payload it is what a JSON string holds, or other JSON as it stands, but for the Liquid in its strings, which is there as it was meant: a quote
// is written \" in JSON.
func (c Content) Source(p delivery.Part) string {
	switch p {
	case delivery.Subject:
		return c.Subject
	case delivery.Text:
		return c.Text
	case delivery.HTML:
		return c.HTML
	case delivery.Payload:
		var text string
		if json.Unmarshal(c.Payload, &text) == nil {
			return text
		}
		return code.ReplaceAllStringFunc(string(c.Payload), func(written string) string {
			var meant string
			if json.Unmarshal([]byte(`"`+written+`"`), &meant) != nil {
				return written // it stands in several strings, and Liquid will say what is wrong with it
			}
			return meant
		})
	}
	return ""
}

// Parse reads a definition that is about to be saved and checks it. Its error is fault.Faults where the document is at fault. Whether its parts are Liquid
// is for package liquid to say.
func Parse(body []byte) (Definition, error) {
	var d Definition
	faults := fault.Decode(body, &d)
	var named fault.Faults
	if reason := slug.Fault(d.ID); reason != "" {
		named.Add("id", reason)
	}
	return d, faults.And(slices.Concat(named, d.faults(), d.unconfirming()).Err())
}

// Validate answers every fault of the definition as fault.Faults.
func (d Definition) Validate() error { return d.faults().Err() }

func (d Definition) faults() fault.Faults {
	var f fault.Faults
	if !slices.Contains(delivery.Channels(), d.Channel) {
		f.Addf("channel", "must be one of %v", delivery.Channels())
		return f // which parts there may be is not known
	}
	if d.ID == campaign.ConfirmationTemplate && d.Channel != delivery.Email {
		f.Addf("channel", "must be email: %s asks people to confirm their address", d.ID)
	}
	if _, ok := d.Locales[DefaultLocale]; !ok {
		f.Add("locales", "must have "+DefaultLocale)
	}
	if len(d.Locales) > maxLocales {
		f.Addf("locales", "must be at most %d", maxLocales)
	}
	for _, name := range d.LocaleNames() {
		f = append(f, d.Locales[name].faults(d.Channel).Under("locales."+name)...)
	}
	return f
}

// LocaleNames are the locales in the order in which faults are told.
func (d Definition) LocaleNames() []string { return slices.Sorted(maps.Keys(d.Locales)) }

func (c Content) faults(channel delivery.Channel) fault.Faults {
	var f fault.Faults
	kind := delivery.KindOf(channel)
	there := map[delivery.Part]bool{}
	for _, p := range Parts() {
		most := maxSource
		if p == delivery.Subject {
			most = maxSubject
		}
		source := c.Source(p)
		there[p] = source != ""
		switch {
		case source == "":
		case !kind.Carries(p):
			f.Addf(string(p), "is not a part of channel %s", channel)
		case len(source) > most:
			f.Addf(string(p), "must be at most %d bytes", most)
		}
	}
	if check := checks[channel]; check != nil {
		f = append(f, check(c.Text, c.Payload)...)
	}
	for _, group := range kind.Parts {
		if !slices.ContainsFunc(group, func(p delivery.Part) bool { return there[p] }) {
			f.Add(string(group[0]), alternatives(group[1:])+"is required")
		}
	}
	return f
}

// checks are of channels whose parts have to agree with one another.
var checks = map[delivery.Channel]func(text string, payload json.RawMessage) fault.Faults{
	delivery.SMS:  sms.Faults,
	delivery.Push: pushFaults,
}

// pushFaults are of what an app is given beside what its device shows: texts by their names, some of which Firebase and Apple keep for themselves, and two are ours.
func pushFaults(_ string, payload json.RawMessage) (f fault.Faults) {
	if len(payload) == 0 {
		return nil
	}
	if !strings.HasPrefix(strings.TrimSpace(string(payload)), "{") {
		f.Add("payload", "must be an object of texts")
		return f
	}
	var data map[string]string
	if faults := fault.Decode(payload, &data); len(faults) > 0 {
		return faults.Under("payload")
	}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if slices.Contains([]string{"aps", "from", "message_type", "notificationId", "campaignId"}, name) || strings.HasPrefix(name, "google.") || strings.HasPrefix(name, "gcm.") {
			f.Add("payload."+name, "is a name that is kept for others")
		}
	}
	return f
}

// OptsOut tells whether every locale says in its text how to want no more.
func (d Definition) OptsOut() bool {
	for _, c := range d.Locales {
		if !sms.OptsOut(c.Text) {
			return false
		}
	}
	return true
}

// alternatives are what may stand in the place of a part: "or html ".
func alternatives(parts []delivery.Part) (text string) {
	for _, p := range parts {
		text += fmt.Sprintf("or %s ", p)
	}
	return text
}

// unconfirming finds a part of a confirmation in which the link is missing. What was saved without one before that was asked stays valid.
func (d Definition) unconfirming() fault.Faults {
	var f fault.Faults
	if d.ID != campaign.ConfirmationTemplate {
		return nil
	}
	for _, name := range d.LocaleNames() {
		for _, p := range []delivery.Part{delivery.Text, delivery.HTML} {
			if source := d.Locales[name].Source(p); source != "" && !strings.Contains(source, "confirmUrl") {
				f.Addf("locales."+name+"."+string(p), "must have {{ confirmUrl }}: without it nobody can confirm")
			}
		}
	}
	return f
}
