package campaign

import "github.com/userops/userops/shared/domain/outreach/delivery"

const (
	// ConfirmationID names the campaign that asks people to confirm an address. No definition can have it.
	ConfirmationID = "userops:confirm-address"
	// ConfirmationTemplate is the id of the template that a shop may save in place of the built-in one.
	ConfirmationTemplate = "confirm-address"
)

// Confirmation is the campaign that every shop has: it asks whoever reads at an address that only a device has named, and only so nobody is
// written to who did not ask for it. It is started by public events, and nothing of theirs is in it.
func Confirmation() Definition {
	return Definition{
		ID: ConfirmationID, Name: "Confirm an address", State: Running, Channel: delivery.Email, TemplateID: ConfirmationTemplate,
		Transactional: true, Tags: []string{delivery.ConfirmationTag}, Confirms: true,
	}
}
