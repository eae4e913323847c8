package liquid

import (
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/outreach/template"
)

// TestNames: what a template says of what it is given, by its whole name, and which of a person's it lacks. What the template itself makes has none.
func TestNames(t *testing.T) {
	compiled, err := Compile(template.Definition{ID: "t", Channel: "email", Locales: map[string]template.Content{
		"default": {Subject: "{{ profile.name | default: profile.nickname }} {{ shop.name }}", Text: `{% for line in event.properties.lines %}{{ line.title }}{% endfor %}{% assign mine = profile.traits.plan %}{{ mine.deep }}{{ profile.tags[0].odd }}{{ unsubscribeUrl }}`},
		"zh-CN":   {Subject: "{% if profile.points > 5 and profile.city == 'x.y' %}{{ profile.userId }}{% endif %}", HTML: "<p>{{ profile.address.city }} {{ campaign.name }}</p>"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"campaign.name", "event.properties.lines", "profile.address.city", "profile.city", "profile.name", "profile.nickname", "profile.points", "profile.tags", "profile.traits.plan", "profile.userId", "shop.name", "unsubscribeUrl"}
	if got := compiled.Names(); !slices.Equal(got, want) {
		t.Errorf("it says %q", got)
	}
	for i, c := range []struct {
		v    Variables
		want []string
	}{
		{Variables{}, []string{"profile.address.city", "profile.city", "profile.name", "profile.nickname", "profile.points", "profile.tags", "profile.traits.plan", "profile.userId"}},
		{Variables{UserID: "u", Tags: []string{"vip"}, Traits: map[string]any{"name": "Mei", "nickname": "", "points": 0, "plan": false, "city": "SH", "address": map[string]any{"city": "SH"}}}, []string{"profile.nickname"}},
		{Variables{UserID: "u", Tags: []string{"vip"}, Traits: map[string]any{"name": "Mei", "nickname": "m", "points": 7, "plan": "p", "city": "SH", "address": "one line"}}, []string{"profile.address.city"}},
	} {
		if got := compiled.Lacking(c.v); !slices.Equal(got, c.want) {
			t.Errorf("%d lacks %q, want %q", i, got, c.want)
		}
	}
	for locale, chosen := range map[string]string{"zh_CN": "zh-cn", "zh-CN-x": "zh-cn", "zh": "default", "": "default", "default": "default"} {
		if got := compiled.Chosen(locale); got != chosen {
			t.Errorf("%q gets %q", locale, got)
		}
	}
}
