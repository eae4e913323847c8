package console

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/campaign"
)

// late is how long ago the time of an audience may be that is to be asked for now: clocks differ, and somebody wrote the document.
const late = 10 * time.Minute

// ofShop are the faults of a document that only this shop and this moment know: money in its rules that is not the shop's, and the time of an audience that is over.
// What cannot be read is told of elsewhere.
func (p *Process) ofShop(body json.RawMessage) (faults fault.Faults) {
	var d struct {
		State     campaign.State   `json:"state"`
		Rule      json.RawMessage  `json:"rule"`
		Condition json.RawMessage  `json:"condition"`
		Trigger   campaign.Trigger `json:"trigger"`
	}
	_ = json.Unmarshal(body, &d)
	for _, of := range []struct {
		name string
		raw  json.RawMessage
	}{{"rule", d.Rule}, {"condition", d.Condition}} {
		parsed, _ := rule.Parse(of.raw)
		for _, price := range parsed.Prices {
			path := of.name + strings.TrimPrefix(price.Path, "rule")
			switch currency := p.Shop.Currency; {
			case price.Currency != "" && price.Currency != currency:
				faults.Addf(path+".currency", "is %s, and the shop's money is %s: orders in other currencies do not count here", price.Currency, currency)
			case price.Decimals > currency.Exponent():
				faults.Addf(path+".money", "has %d decimals, %s has %d", price.Decimals, currency, currency.Exponent())
			}
		}
	}
	if a := d.Trigger.Audience; a != nil && !a.At.IsZero() && a.At.Before(p.Now().Add(-late)) {
		at := a.At.UTC().Format(time.RFC3339)
		switch d.State {
		case campaign.Finished, campaign.Cancelled:
		case campaign.Draft:
			faults.Addf("trigger.audience.at", "is %s, which is over", at)
		default:
			// Not the words of a draft's: who starts one whose time has come and gone is told.
			faults.Addf("trigger.audience.at", "is %s, which is over: nobody would be enrolled", at)
		}
	}
	return faults
}
