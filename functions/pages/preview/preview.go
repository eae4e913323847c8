// Package preview is a template filled with what is known of a real person, as several screens show it: saved, or still on its form. Nothing is sent from here. The surprising thing: whoever may not see the person
// sees the template filled with masks, since it is filled with what the API shows the visitor.
package preview

import (
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/sms"
	"github.com/userops/userops/shared/domain/outreach/template"
	"github.com/userops/userops/shared/liquid"
)

// Parts are the templates that show a preview.
//
//go:embed *.html
var Parts embed.FS

// known is what the API shows of a person, as far as a template may say it.
type known struct {
	ProfileID string
	IDs       []struct{ Kind, Value string }
	Traits    map[string]any
	Tags      []string
	Place     struct{ Locale string }
	Orders    struct {
		Count           int
		Revenue         []money.Amount
		FirstAt, LastAt *time.Time
	}
	Cart struct {
		Lines []struct {
			ProductID, Name string
			Quantity        int64
			Price           money.Amount
			Unproven        bool
		}
	}
	Interests struct{ Categories, Brands []string }
	Masked    bool
}

// of is what a template may say of the person beside their traits: what only public events say it does not.
func (k *known) of(currency money.Currency) liquid.Known {
	known := liquid.Known{Orders: liquid.Orders{Count: k.Orders.Count, Total: money.In(currency, k.Orders.Revenue)}, Categories: k.Interests.Categories, Brands: k.Interests.Brands}
	if at := k.Orders.FirstAt; at != nil {
		known.Orders.FirstAt = *at
	}
	if at := k.Orders.LastAt; at != nil {
		known.Orders.LastAt = *at
	}
	for _, line := range k.Cart.Lines {
		if !line.Unproven {
			known.Cart = append(known.Cart, liquid.Line{ProductID: line.ProductID, Name: line.Name, Quantity: line.Quantity, Price: line.Price})
		}
	}
	return known
}

// Preview is a template with the person for whom it is looked at.
type Preview struct {
	template.Definition
	User, Reason string
	Person       *known // nil for nobody
	Absent       bool   // there is no such person
	Several      bool   // there is more than one with the address
	// Draft says that the template stands on a form and is not saved: its mails are asked for by that form.
	Draft     bool
	compiled  *liquid.Template
	variables liquid.Variables
}

// Of fills a template for the person whom a visitor names by their userId, their profileId, a mail address or a phone number, with the reason for which they are to be seen as they are; nobody and no reason are empty. An error of the template is fault.Faults.
func Of(v *view.Visit, d template.Definition, user, reason string) (*Preview, error) {
	p := &Preview{Definition: d, User: strings.TrimSpace(user), Reason: strings.TrimSpace(reason)}
	var err error
	if p.compiled, err = liquid.Compile(d); err != nil {
		return nil, err
	}
	if err := p.read(v); err != nil {
		return nil, err
	}
	p.variables = liquid.Variables{ShopName: v.Shop.Name, UnsubscribeURL: example, ConfirmURL: example, Zone: v.Shop.Zone, Currency: v.Shop.Currency, Event: &liquid.Event{Timestamp: v.Now()}}
	if k := p.Person; k != nil {
		p.variables.Traits, p.variables.Tags, p.variables.Locale = k.Traits, k.Tags, k.Place.Locale
		p.variables.Known = func() liquid.Known { return k.of(v.Shop.Currency) }
		for _, one := range k.IDs {
			if one.Kind == "user" {
				p.variables.UserID = one.Value
			}
		}
	}
	return p, nil
}

// example stands for the links that are signed for one person, and leads nowhere.
const example = "#"

// read reads the person, if one is named.
func (p *Preview) read(v *view.Visit) error {
	if p.User == "" {
		return nil
	}
	named, err := find(v, p.User)
	if err != nil {
		return err
	}
	if p.User, p.Several = named.user, named.several; p.Several {
		return nil
	}
	for _, q := range named.asked {
		if p.Reason != "" {
			q.Set("reason", p.Reason)
		}
		p.Person = &known{}
		err := v.API.Get(v.Context(), api.Path("profiles", "-"), q, p.Person)
		if api.Status(err) != http.StatusNotFound {
			return err
		}
		p.Person = nil
	}
	p.Absent = true
	return nil
}

// Lacking are the names of the template for which nothing is known of the person.
func (p *Preview) Lacking() []string { return p.compiled.Lacking(p.variables) }

// OfEvents are the names that only an event fills, which there is none of here.
func (p *Preview) OfEvents() (names []string) {
	for _, name := range p.compiled.Names() {
		if strings.HasPrefix(name, "event.") || strings.HasPrefix(name, "order.") {
			names = append(names, name)
		}
	}
	return names
}

// content is one locale as it comes out.
type content struct {
	Locale  string
	Theirs  bool // the person gets this one, as far as the visitor is shown their language
	Fault   string
	Subject string
	Text    string
	Payload string
	Parts   int  // as how many messages it is billed, 0 where the channel bills by none
	HTML    bool // it has a part to be looked at in a frame
}

// Letters is how long a text is, in characters.
func (*Preview) Letters(text string) int { return utf8.RuneCountInString(text) }

// Contents are all locales, filled.
func (p *Preview) Contents() (all []content) {
	theirs := p.compiled.Chosen(p.variables.Locale)
	for _, name := range p.LocaleNames() {
		c := content{Locale: name, Theirs: p.Person != nil && !p.Person.Masked && strings.EqualFold(name, theirs)}
		filled, err := p.compiled.Render(name, p.variables)
		if err != nil {
			c.Fault = err.Error()
		}
		c.Subject, c.Text, c.HTML = filled.Subject, filled.Text, filled.HTML != ""
		if len(filled.Payload) > 0 {
			c.Payload = indented(filled.Payload)
		}
		if p.Channel == delivery.SMS {
			var m sms.Message
			_ = json.Unmarshal(filled.Payload, &m) // what is faulty is told above
			c.Text = sms.Filled(filled.Text, m)
			c.Parts = sms.Parts(c.Text, true)
		}
		all = append(all, c)
	}
	return all
}

func indented(raw json.RawMessage) string {
	var any any
	if json.Unmarshal(raw, &any) != nil {
		return string(raw)
	}
	text, err := json.MarshalIndent(any, "", "  ")
	if err != nil {
		return string(raw)
	}
	return string(text)
}

const policyHeader = "Content-Security-Policy"

// Framed lets a page have frames, which are of ours: where a mail stands in one.
func Framed(v *view.Visit) {
	v.W.Header().Set(policyHeader, v.W.Header().Get(policyHeader)+"; frame-src 'self'")
}

// mailPolicy lets a mail be looked at and do nothing: it has no origin, runs nothing, loads nothing and leads nowhere.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// Mail answers with the HTML of one locale as it would be sent.
func (p *Preview) Mail(v *view.Visit, locale string) error {
	filled, err := p.compiled.Render(locale, p.variables)
	if errors.Is(err, liquid.ErrRender) {
		return &api.Fault{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	}
	if err != nil {
		return err
	}
	v.W.Header().Set(policyHeader, mailPolicy)
	v.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.W.Write([]byte(filled.HTML))
	return nil
}
