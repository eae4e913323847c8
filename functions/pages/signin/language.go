package signin

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/text"
)

const (
	languageCookie = "userops-language"
	languageLife   = 365 * 24 * time.Hour
)

// Language is the one that a visitor has chosen.
func Language(r *http.Request) text.Lang {
	if c, err := r.Cookie(languageCookie); err == nil && slices.Contains(text.Langs(), text.Lang(c.Value)) {
		return text.Lang(c.Value)
	}
	return text.Chinese
}

// changeLanguage lets a visitor choose another one, signed in or not. Where a form was being filled in, its browser sends what was typed here, and is told to send it on to the form as it is.
func changeLanguage(secure bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		typed := r.URL.Query()
		if to := text.Lang(cmp.Or(typed.Get("to"), r.PostFormValue("to"))); slices.Contains(text.Langs(), to) {
			http.SetCookie(w, &http.Cookie{
				Name: languageCookie, Value: string(to), Path: "/", MaxAge: int(languageLife / time.Second), HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
		}
		if form := typed.Get("form"); form != "" {
			http.Redirect(w, r, backTo(form), http.StatusTemporaryRedirect)
			return
		}
		http.Redirect(w, r, backTo(r.PostFormValue("next")), http.StatusSeeOther)
	}
}
