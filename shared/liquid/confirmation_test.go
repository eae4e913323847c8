package liquid

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// TestTheConfirmation speaks the language of whoever has typed the address, and has no other word of theirs: of all variables it names the shop and
// the link.
func TestTheConfirmation(t *testing.T) {
	spy := sample
	spy.ConfirmURL = "https://x.example/v1/confirm/T?a=1&b=2"
	spy.ShopName = "Tea & Cups"
	for locale, want := range map[string][3]string{
		"":      {"Please confirm your e-mail address for Tea & Cups", "If it was not you", "Yes, this is my address"},
		"en-GB": {"Please confirm your e-mail address for Tea & Cups", "If it was not you", "Yes, this is my address"},
		"zh-CN": {"请确认您在Tea & Cups的邮箱地址", "如果不是您本人", "是的，这是我的邮箱"},
		"zh_TW": {"请确认您在Tea & Cups的邮箱地址", "如果不是您本人", "是的，这是我的邮箱"},
	} {
		m, err := Confirmation().Render(locale, spy)
		if err != nil || m.Subject != want[0] || !strings.Contains(m.Text, want[1]) || !strings.Contains(m.HTML, want[2]) ||
			!strings.Contains(m.Text, "\n"+spy.ConfirmURL+"\n") || !strings.Contains(m.HTML, `<a href="https://x.example/v1/confirm/T?a=1&amp;b=2">`) || !strings.Contains(m.HTML, "Tea &amp; Cups") {
			t.Errorf("%q: %+v, %v", locale, m, err)
		}
		for _, word := range []string{"Zhang", "u1", "Order Completed", "Autumn", "c1", "12345678"} {
			if strings.Contains(m.Subject+m.Text+m.HTML, word) {
				t.Errorf("%q: the confirmation says %q", locale, word)
			}
		}
	}
}

// TestATemplateInPlaceOfTheConfirmation must have the link in each of its parts, and be a mail. What was saved before is not asked.
func TestATemplateInPlaceOfTheConfirmation(t *testing.T) {
	const good = `{"id":"confirm-address","channel":"email","locales":{"default":{"subject":"S","text":"{{ confirmUrl }}"},"zh":{"subject":"S","html":"<a href=\"{{ confirmUrl }}\">x</a>"}}}`
	for change, want := range map[[2]string]string{
		{"", ""}: "",
		{`"text":"{{ confirmUrl }}"`, `"text":"hello"`}:                                          "locales.default.text must have {{ confirmUrl }}",
		{`<a href=\"{{ confirmUrl }}\">x</a>`, `x`}:                                              "locales.zh.html must have {{ confirmUrl }}",
		{`"text":"{{ confirmUrl }}"`, `"text":"{{ confirmUrl }}","html":"<p>x</p>"`}:             "locales.default.html must have {{ confirmUrl }}",
		{`"channel":"email"`, `"channel":"social"`}:                                              "channel must be email",
		{`"id":"confirm-address","channel":"email"`, `"id":"welcome","channel":"email"`}:         "",
		{`"text":"{{ confirmUrl }}"`, `"text":"{{ confirmUrl }} {{ shop.name }} {{ profile }}"`}: "",
	} {
		d, _, err := Parse([]byte(strings.Replace(good, change[0], change[1], 1)))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", change, err, want)
		}
		if d.Channel == delivery.Email {
			if _, err := Compile(d); err != nil {
				t.Errorf("%v: what was saved does not compile any more: %v", change, err)
			}
		}
	}
}
