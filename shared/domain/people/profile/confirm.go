package profile

import (
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// AskAgain is how long after one confirmation the same address may be asked for once more, by whoever names it.
const AskAgain = 7 * 24 * time.Hour

// ToConfirm is the e-mail address that whoever reads there is to confirm, empty if there is none: a device has named it and given consent, and
// neither the person nor the shop tells one.
func (p *Profile) ToConfirm() string {
	named := p.Unconfirmed.Email.Value
	if named == "" || named == p.Confirmed.Value || !p.Consent[ChannelEmail].Granted || p.provenEmail() != "" {
		return ""
	}
	return named
}

// Ask tells whether there is an address to be confirmed that was not asked for since it was named, and notes that it is now. A page that names
// the same one with every call asks once in AskAgain.
func (p *Profile) Ask() (news Follow, ask bool) {
	address := p.ToConfirm()
	if address == "" {
		return Follow{}, false
	}
	named := p.Unconfirmed.Email.At
	if p.Asked.Value == address && named.Sub(p.Asked.At) < AskAgain {
		return Follow{}, false
	}
	p.Asked = Stamped{address, event.Latest(named, p.Consent[ChannelEmail].Heard())}
	return Follow{Kind: FollowUnconfirmed, At: p.Asked.At, Unproven: true}, true
}
