//go:build unix

package functions

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/userops/userops/shared/functiontest/client"
)

// TestTheConsoleInABrowser goes the ways of an operator in a real one, on a wide and a narrow screen, in both languages: through the door, over each page of the navigation, to somebody, and out. The
// browser finds no fault: no error, no violation of the policy, no request elsewhere, no page that is wider than the screen. SHOTS=folder keeps pictures.
func TestTheConsoleInABrowser(t *testing.T) {
	chromium := client.Chromium(t)
	m := newMachine(t, t.TempDir())
	m.call(http.StatusOK, "POST", "/v1/identify", serverKey, `{"messageId":"m1","userId":"mei","traits":{"name":"<b>Mei</b>","email":"mei@example.com"}}`, nil)
	m.call(http.StatusCreated, "PUT", "/v1/segments/buyers", operatorKey, `{"name":"买过的人","rule":{"field":"orders.count","op":"gte","value":1}}`, nil)
	m.idle()
	for _, c := range []struct {
		name          string
		width, height int
		english       bool
	}{{"wide", 1440, 900, false}, {"narrow", 390, 844, true}} {
		t.Run(c.name, func(t *testing.T) {
			p := client.Open(t, chromium, c.width, c.height)
			look := func(what string) {
				t.Helper()
				if faults := p.Faults(); len(faults) > 0 {
					t.Errorf("%s: %s", what, strings.Join(faults, "\n"))
				}
				var wide int
				p.Eval("document.documentElement.scrollWidth", &wide)
				if wide > c.width {
					t.Errorf("%s is %d wide on a screen of %d", what, wide, c.width)
				}
				if folder := os.Getenv("SHOTS"); folder != "" {
					picture, err := base64.StdEncoding.DecodeString(p.Shot())
					if err == nil {
						err = os.WriteFile(filepath.Join(folder, c.name+"-"+strings.ReplaceAll(what, "/", "-")+".png"), picture, 0o600)
					}
					if err != nil {
						t.Error(err)
					}
				}
			}
			says := func(want string) {
				t.Helper()
				if text := p.Text(); !strings.Contains(text, want) {
					t.Errorf("the page does not say %q: %s", want, text)
				}
			}
			p.Visit(m.base + "/console")
			if c.english {
				p.Do(func() { p.Press("form.language button") })
				says("Operator key")
			}
			look("door")
			p.Type("#key", "wrong")
			p.Do(func() { p.Press("main form button") })
			says(map[bool]string{true: "This is no operator's key", false: "密钥不正确"}[c.english])
			p.Faults() // the browser tells of the 403 itself
			p.Type("#key", operatorKey)
			p.Do(func() { p.Press("main form button") })
			says(map[bool]string{true: "Overview", false: "概况"}[c.english])
			look("home")
			var pages []string
			p.Eval(`[...document.querySelectorAll(".side nav a")].map(a => a.href)`, &pages)
			if len(pages) < 3 {
				t.Errorf("the navigation has %v", pages)
			}
			for _, page := range pages {
				p.Visit(page)
				look(strings.TrimPrefix(page, m.base+"/console"))
			}
			p.Visit(m.base + "/console/people")
			p.Type("#q", "mei")
			p.Do(func() { p.Press("main form button") })
			says("<***")
			look("found")
			p.Do(func() { p.Press("table a") })
			look("person")
			p.Visit(strings.Replace(hrefOf(p, ".tabs a"), "?", "?reason=test&", 1))
			says("<b>Mei</b>")
			look("revealed")
			p.Do(func() { p.Press(`form[action="/console/sign-out"] button`) })
			says(map[bool]string{true: "Operator key", false: "运营密钥"}[c.english])
			look("out")
			for _, request := range p.Requests() {
				if !strings.HasPrefix(request, m.base+"/console") && request != "about:blank" && !strings.HasPrefix(request, "data:") {
					t.Errorf("it asks %s", request)
				}
			}
		})
	}
}

// hrefOf is the address of the first link that a selector finds.
func hrefOf(p *client.Page, selector string) (href string) {
	p.Eval(`document.querySelector("`+selector+`").href`, &href)
	return href
}
