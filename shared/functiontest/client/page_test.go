//go:build unix

package client

import "testing"

// TestAPage drives one and hears what goes wrong in it.
func TestAPage(t *testing.T) {
	p := Open(t, Chromium(t), 800, 600)
	p.Visit(`data:text/html,<p>one<input id=i><script>console.error("loud")</script>`)
	p.Type("#i", "typed")
	var typed string
	if p.Eval(`document.querySelector("#i").value`, &typed); typed != "typed" || p.Text() != "one" {
		t.Errorf("it has %q and says %q", typed, p.Text())
	}
	if faults := p.Faults(); len(faults) != 1 || len(p.Faults()) != 0 {
		t.Errorf("faults %v", faults)
	}
}
