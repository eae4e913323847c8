package link

import (
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// form is what a link opens: a question with a button, and what is said once that was pressed, or where the link is none. It asks before it acts: mail scanners
// follow links, but press no buttons. It is no html/template, for which the linker keeps every exported method there is: that is a quarter of the zipped program.
type form struct {
	title, question, button, done, invalid string // HTML; CHANNEL in the question stands for the channel
}

const frame = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>%s</title></head><body style="font:16px sans-serif;max-width:32em;margin:4em auto;padding:0 1em">
%s
</body></html>
`

// ask shows the question and the button.
func (f form) ask(w http.ResponseWriter, channel delivery.Channel) {
	question := strings.ReplaceAll(f.question, "CHANNEL", html.EscapeString(string(channel)))
	f.show(w, http.StatusOK, question, `<form method="post"><button style="font:inherit;padding:.5em 1em">`+f.button+`</button></form>`)
}

// pressed says that it is done.
func (f form) pressed(w http.ResponseWriter) { f.show(w, http.StatusOK, f.done) }

// refuse says that the link is none.
func (f form) refuse(w http.ResponseWriter) { f.show(w, http.StatusNotFound, f.invalid) }

func (f form) show(w http.ResponseWriter, status int, says string, button ...string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	w.WriteHeader(status)
	body := strings.Join(append([]string{"<p>" + says + "</p>"}, button...), "\n")
	_, _ = fmt.Fprintf(w, frame, f.title, body)
}
