//go:build unix

package functions

import (
	"testing"

	"github.com/userops/userops/shared/functiontest/client"
)

// TestTheConsoleInABrowser goes the ways of an operator in a real one, on a wide and a narrow screen, in both languages: through the door, over each page of the navigation, to somebody and why they were sent
// nothing, to a segment and how many of it can be reached, to a mail that is not saved yet, to a test of two texts for tomorrow at ten, to a dead letter and why it failed, to a funnel and who is behind its number, to stop everything, and out. The browser finds no fault: no error, no violation of the policy, no request
// elsewhere, no page that is wider than the screen, and, where axe-core can be had, nothing that keeps somebody from using a page. SHOTS=folder keeps pictures.
func TestTheConsoleInABrowser(t *testing.T) {
	chromium := client.Chromium(t)
	axe := client.Axe(t)
	m := newMachine(t, t.TempDir())
	m.stock()
	for _, c := range []struct {
		name          string
		width, height int
		english       bool
	}{{"wide", 1440, 900, false}, {"wide-english", 1440, 900, true}, {"narrow", 390, 844, false}, {"narrow-english", 390, 844, true}} {
		t.Run(c.name, func(t *testing.T) {
			v := &visitor{Page: client.Open(t, chromium, c.width, c.height), t: t, m: m, axe: axe, name: c.name, width: c.width, english: c.english}
			v.enter()
			v.tour()
			v.person()
			v.segment()
			v.words()
			v.split()
			v.letter()
			v.asked()
			v.everything()
			v.leave()
		})
	}
}

// hrefOf is the address of the first link that a selector finds.
func hrefOf(p *client.Page, selector string) (href string) {
	p.Eval(`document.querySelector("`+selector+`").href`, &href)
	return href
}
