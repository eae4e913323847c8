package signin

import (
	"log/slog"
	"net/http"

	"github.com/userops/userops/functions/pages/view"
)

// ended is the page of a form that was sent without a session.
type ended struct {
	*view.Site
	Kept *view.Kept
	// Live says that a script has asked for the part of a page by the id Part, and that the page with all that was typed is still there.
	Live bool
	Part string
}

// livePart is the part of forms that a script refreshes: how many people somebody is about.
const livePart = "estimate"

// Ended answers a form of somebody who is not signed in any more. Nothing is done. What was typed goes back with the page, from which it is sent again by whoever has signed in meanwhile.
func (d *Door) Ended(w http.ResponseWriter, r *http.Request) {
	about := ended{Site: d.Site, Live: r.Header.Get("HX-Request") == "true", Part: livePart}
	if !about.Live {
		about.Kept = view.KeptOf(r)
	}
	lang := Language(r)
	body, err := pages.Plain(lang, "ended", about)
	if err != nil {
		slog.ErrorContext(r.Context(), "page cannot be written", "page", "ended", "error", err.Error())
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	view.Answer(w, http.StatusForbidden, lang, body)
}
