// Package referral is what inviting is worth and who invites: all programs with what each side gets, and of one what an advocate's friends bring step by step, how far the budget goes, and the best advocates. A
// program is written on the form of its definition. The surprising thing: nothing here is what was paid. The ladder is counted out from the program alone, as the API does it before anything is saved.
package referral

import (
	"embed"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

const title = "word.definition.programs"

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("programs", view.Least("GET /v1/programs"), title, view.GroupReward, list),
		view.Show("programs/show", view.Least("POST /v1/programs/{id}/preview"), title, "", show),
	}
}

// document is a program as the API shows it.
type document struct {
	referral.Program
	Version   int
	UpdatedAt time.Time
	UpdatedBy struct{ Name string }
}

// listing is the page of all programs.
type listing struct {
	Items []document
	Next  string
	May   bool
}

func list(v *view.Visit) error {
	l := listing{May: v.May(view.Least("PUT /v1/programs/{id}"))}
	query := url.Values{"limit": {"50"}}
	if cursor := v.Query("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	var found struct {
		Items []document
		Next  string
	}
	if err := v.API.Get(v.Context(), api.Path("programs"), query, &found); err != nil {
		return err
	}
	l.Items, l.Next = found.Items, found.Next
	return v.Show(pages, "list", l)
}

// brought is what the friends of one advocate bring.
type brought struct {
	Friends []referral.Brought
	Cost    []ledger.Quantity
	Budget  []referral.Share
}

// place is a line of the leaderboard.
type place struct {
	Rank, Settled           int
	Name, ProfileID, UserID string
	At                      time.Time
}

// one is the page of a program.
type one struct {
	document
	brought
	Count  int // of friends that are counted out
	Reason string
	Board  struct {
		Items  []place
		Masked bool
	}
	May bool
}

// most friends are counted out on a page, and places are those of a board.
const (
	most   = 100
	places = "20"
)

func show(v *view.Visit) error {
	o := one{Reason: strings.TrimSpace(v.Query("reason")), May: v.May(view.Least("PUT /v1/programs/{id}"))}
	id := v.Query("id")
	if id == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	board := url.Values{"limit": {places}}
	if o.Reason != "" {
		board.Set("reason", o.Reason)
	}
	if err := v.Together(v.Read(&o.document, nil, "programs", id), v.Read(&o.Board, board, "programs", id, "leaderboard")); err != nil {
		return err
	}
	if o.Count, _ = strconv.Atoi(v.Query("friends")); o.Count < 1 {
		o.Count = 5
		for _, rung := range o.Ladder {
			o.Count = max(o.Count, rung.Friends)
		}
	}
	o.Count = min(o.Count, most)
	if err := v.API.Post(v.Context(), api.Path("programs", o.ID, "preview"), "", map[string]int{"friends": o.Count}, &o.brought); err != nil {
		return err
	}
	return v.Show(pages, "show", o)
}

// Brought is how many friends those on the board were rewarded for.
func (o one) Brought() (n int) {
	for _, p := range o.Board.Items {
		n += p.Settled
	}
	return n
}
