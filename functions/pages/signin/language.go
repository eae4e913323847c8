package signin

import (
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

// changeLanguage lets a visitor choose another one, signed in or not.
func changeLanguage(secure bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if to := text.Lang(r.PostFormValue("to")); slices.Contains(text.Langs(), to) {
			http.SetCookie(w, &http.Cookie{
				Name: languageCookie, Value: string(to), Path: "/", MaxAge: int(languageLife / time.Second), HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
		}
		http.Redirect(w, r, backTo(r.PostFormValue("next")), http.StatusSeeOther)
	}
}
