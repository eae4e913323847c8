package definition

import (
	"encoding/json"

	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/library"
	"github.com/userops/userops/shared/domain/outreach/template"
)

// initials are what new documents of a kind begin with: what nearly all of them have, and what the way here says. A kind that is not here begins with nothing.
var initials = map[string]func(v *view.Visit) any{
	definition.Template: func(v *view.Visit) any {
		if ready, found := library.Find(v.Query("from")); found {
			d := ready.Definition(string(v.Lang))
			d.ID = "" // whoever saves it names it, and may have one of that name
			return d
		}
		return map[string]any{"channel": delivery.Email, "locales": map[string]any{template.DefaultLocale: map[string]any{}}}
	},
	definition.Campaign: func(v *view.Visit) any {
		d := map[string]any{"state": campaign.Draft, "channel": delivery.Email}
		if segment := v.Query("segment"); segment != "" {
			d["trigger"] = map[string]any{"audience": map[string]any{"segmentId": segment}}
		}
		return d
	},
}

// initial is what a new document begins with, nil for nothing.
func (k kind) initial(v *view.Visit) json.RawMessage {
	begin := initials[k.Name]
	if begin == nil {
		return nil
	}
	body, err := json.Marshal(begin(v))
	if err != nil {
		return nil // of what cannot be written, the form begins empty
	}
	return body
}
