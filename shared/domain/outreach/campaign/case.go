package campaign

import (
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Case is what the guards are asked of a person, as far as campaign and profile tell. What is missing is the caller's: the time, the rules of the shop, what is known
// against the address, the contact record, and whether the campaign wants the person now. all is the person with what only public events say.
func (d Definition) Case(person, all *profile.Profile, shop profile.Shop) delivery.Case {
	f := delivery.Case{
		CampaignID: d.ID, Control: d.Control, Transactional: d.Transactional, Confirms: d.Confirms, Channel: d.Channel, Tags: d.Tags,
		Person: Person(person), Address: d.Address(person),
		Zone: delivery.Zone(all.Zone.Value, person.Place("country"), person.TraitText("phone"), shop.Zone),
	}
	if d.Confirms {
		return f // what the device has consented to is no word of whoever reads there
	}
	f.Consent = wordOf(person, d.Channel, profile.Marketing)
	f.Service = wordOf(person, d.Channel, profile.Service)
	return f
}

// Address is where the campaign's channel reaches the person; empty where it needs none, and where there is none.
func (d Definition) Address(person *profile.Profile) string {
	if d.Confirms {
		return person.ToConfirm()
	}
	return person.Address(delivery.KindOf(d.Channel).Address)
}

// Addresses are where the campaign reaches the person: one, or each of those that its channel goes to, the newest first. Of somebody with none it is one that is empty.
func (d Definition) Addresses(person *profile.Profile) []string {
	if kind := delivery.KindOf(d.Channel); kind.Several {
		if all := person.Addresses(kind.Address); len(all) > 0 {
			return all
		}
	}
	return []string{d.Address(person)}
}

// wordOf is the person's last word, nil if there is none.
func wordOf(person *profile.Profile, c delivery.Channel, purpose profile.Purpose) *profile.Consent {
	if word, given := person.Consent[profile.ConsentKey(string(c), purpose)]; given {
		return &word
	}
	return nil
}
