package people

import (
	"time"

	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// book is what the ledger holds of somebody.
type book struct {
	person
	Balance, Owed, Lifetime []ledger.Quantity
	Lots                    []struct {
		LotID              string
		Granted, Remaining ledger.Quantity
		At                 time.Time
		ExpiresAt          *time.Time
	}
	Entries []struct {
		EntryID string
		Kind    string
		Amount  ledger.Quantity
		At      time.Time
		Effect  struct{ Kind, ID string }
	}
	Next string
}

func showBook(v *view.Visit) error {
	p, q := head(v)
	b := book{}
	more := who(p.ID, p.Reason)
	more.Set("limit", perPage)
	if cursor := v.Query("cursor"); cursor != "" {
		more.Set("cursor", cursor)
	}
	if err := v.Together(v.Read(&p.Known, q, "profiles", "-"), v.Read(&b, more, "profiles", "-", "ledger")); err != nil {
		return err
	}
	b.person = p
	return b.show(v, "book", b)
}
