package console

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/httpapi"
)

// late is how long ago the time of an audience may be that is to be asked for now: clocks differ, and somebody wrote the document.
const late = 10 * time.Minute

// ofShop are the faults of a document that only this shop and this moment know: money in its rules that is not the shop's, and the time of an audience that is over.
// What cannot be read is told of elsewhere.
func (p *Process) ofShop(body json.RawMessage) (faults fault.Faults) {
	var d struct {
		State   campaign.State   `json:"state"`
		Trigger campaign.Trigger `json:"trigger"`
	}
	_ = json.Unmarshal(body, &d)
	for name, parsed := range rulesOf(body) {
		for _, price := range parsed.Prices {
			path := name + strings.TrimPrefix(price.Path, "rule")
			switch currency := p.Shop.Currency; {
			case price.Currency != "" && price.Currency != currency:
				faults.Addf(path+".currency", "is %s, and the shop's money is %s: orders in other currencies do not count here", price.Currency, currency)
			case price.Decimals > currency.Exponent():
				faults.Addf(path+".money", "has %d decimals, %s has %d", price.Decimals, currency, currency.Exponent())
			}
		}
		for _, bare := range p.bare(parsed) {
			if strings.Contains(bare.Number, ".") {
				faults.Addf(name+strings.TrimPrefix(bare.Path, "rule"), `has a decimal point, and a number counts minor units: money is written as {"money": "%s"}`, clip.Shown(bare.Number))
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

// rulesOf are the rules of a document by the names of their fields, in that order. What cannot be read of them is left out.
func rulesOf(body json.RawMessage) iter.Seq2[string, rule.Rule] {
	var d fields
	_ = json.Unmarshal(body, &d)
	return func(yield func(string, rule.Rule) bool) {
		for _, name := range []string{"condition", "rule"} {
			if raw, there := d[name]; there {
				if parsed, _ := rule.Parse(raw); !yield(name, parsed) {
					return
				}
			}
		}
	}
}

// bare are the numbers of a rule that are asked of money and could be meant in another unit than they count: none of nothing, nor in a currency without decimals.
func (p *Process) bare(parsed rule.Rule) []rule.Bare {
	if p.Shop.Currency.Exponent() == 0 {
		return nil
	}
	return slices.DeleteFunc(parsed.Bare, func(b rule.Bare) bool { return strings.Trim(b.Number, "-0.") == "" })
}

// doubts are what somebody may have meant otherwise in a document that is taken: conditions that only runs answer, and whole numbers asked of money, which count minor units, with the sum that each stands for. They
// are no faults, since that is what a number has meant in every document since the first.
func (p *Process) doubts(body json.RawMessage) (doubts []httpapi.FieldError) {
	for name, parsed := range rulesOf(body) {
		for _, one := range parsed.Recalls {
			doubts = append(doubts, httpapi.FieldError{Field: name + strings.TrimPrefix(one.Path, "rule"), Reason: "is asked of the archive: who meets it is as of the last run"})
		}
		for _, bare := range p.bare(parsed) {
			minor, err := strconv.ParseInt(bare.Number, 10, 64)
			if err != nil {
				continue
			}
			sum := money.Amount{Minor: minor, Currency: p.Shop.Currency}
			doubts = append(doubts, httpapi.FieldError{Field: name + strings.TrimPrefix(bare.Path, "rule"), Reason: fmt.Sprintf(
				`counts minor units, so it is %s; money can be written as {"money": "%s"}`, sum, sum.Decimal())})
		}
	}
	return doubts
}
