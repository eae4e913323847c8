package liquid

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestPlaces renders a value at every kind of place. What it must come to is written by hand.
func TestPlaces(t *testing.T) {
	for _, c := range []struct{ name, source, value, want string }{
		{"an address", `<a href="{{ profile.x }}">`, "https://shop.example/?a=1&b=2", `<a href="https://shop.example/?a=1&amp;b=2">`},
		{"a path", `<a href="{{ profile.x }}">`, "/orders/1:2", `<a href="/orders/1:2">`},
		{"a script as an address", `<a href="{{ profile.x }}">`, "javascript:alert(1)", `<a href="#">`},
		{"a script in another case, with blanks", `<a HREF='{{ profile.x }}'>`, " \tJava\nScript:alert(1)", `<a HREF='#'>`},
		{"a page as an address", `<iframe src={{ profile.x }}>`, "data:text/html,<script>", `<iframe src=#>`},
		{"a telephone", `<a href="{{ profile.x }}">`, "tel:+861380000", `<a href="tel:+861380000">`},
		{"behind a host", `<a href="https://shop.example/{{ profile.x }}">`, "javascript:1", `<a href="https://shop.example/javascript:1">`},
		{"behind an app's own scheme", `<a href="myshop://item/{{ profile.x }}">`, "7:a", `<a href="myshop://item/7:a">`},
		{"an app's scheme in the value", `<a href="{{ profile.x }}">`, "myshop://item/7", `<a href="#">`},
		{"half a scheme each", `{% assign half = "java" %}<a href="{{ half }}{{ profile.x }}">`, "script:alert(1)", `<a href="java#">`},
		{"behind half a scheme", `<a href="java{{ profile.x }}">`, "script:alert(1)", `<a href="java#">`},
		{"behind an escaped letter", `<a href="&#106;ava{{ profile.x }}">`, "script:alert(1)", `<a href="&#106;ava#">`},
		{"captured, as an address", `{% capture u %}{{ profile.x }}{% endcapture %}<a href="{{ u }}">`, "javascript:alert('1')", `<a href="#">`},
		{"escaped, as an address", `<a href="{{ profile.x | escape }}">`, "javascript:alert(1)", `<a href="#">`},
		{"in quotes", `<b title="{{ profile.x }}">`, `" onclick="x`, `<b title="&#34; onclick=&#34;x">`},
		{"in no quotes", `<b title={{ profile.x }}>`, `a onclick=x`, `<b title=a&#32;onclick&#61;x>`},
		{"nothing, in no quotes", `<b title={{ profile.x }} lang=en>`, "", `<b title="" lang=en>`},
		{"captured, in no quotes", `{% capture c %}{{ profile.x }}{% endcapture %}<b title={{ c }}>`, "a\tonclick=`x`", "<b title=a&#9;onclick&#61;&#96;x&#96;>"},
		{"between tags", `<p>{{ profile.x }}</p>`, `javascript:<b>`, `<p>javascript:&lt;b&gt;</p>`},
		{"a colour", `<td style="color: {{ profile.x }}">`, "#f00", `<td style="color: #f00">`},
		{"a call in a style", `<td style="background: {{ profile.x }}">`, "url(javascript:1)", `<td style="background: ">`},
		{"a colour in a sheet", `<style>p { color: {{ profile.x }} }</style>`, "red", `<style>p { color: red }</style>`},
		{"rules in a sheet", `<style>p { color: {{ profile.x }} }</style>`, "red} p{x:y", `<style>p { color:  }</style>`},
		{"a title", `<title>{{ profile.x }}</title><a href="{{ profile.x }}">`, "</title><script>", `<title>&lt;/title&gt;&lt;script&gt;</title><a href="&lt;/title&gt;&lt;script&gt;">`},
		{"a comment", `<!-- {{ profile.x }} --><a href="{{ profile.x }}">`, "javascript:-->", `<!-- javascript:--&gt; --><a href="#">`},
		{"for one mail program alone", `<!--[if mso]><a href="{{ profile.x }}"><![endif]-->`, "javascript:1", `<!--[if mso]><a href="#"><![endif]-->`},
		{"for all the others", `<!--[if !mso]><!--><a href="{{ profile.x }}"><!--<![endif]-->`, "javascript:1", `<!--[if !mso]><!--><a href="#"><!--<![endif]-->`},
		{"after a doctype", `<!DOCTYPE html><a href="{{ profile.x }}">`, "vbscript:1", `<!DOCTYPE html><a href="#">`},
		{"after a sign that opens nothing", `1 < 2 <a href = "{{ profile.x }}">`, "javascript:1", `1 < 2 <a href = "#">`},
		{"data for search engines", `<script type="application/ld+json">{"name":"{{ profile.x }}"}</script>`, `</script>"x`, `<script type="application/ld+json">{"name":"\u003c/script\u003e\"x"}</script>`},
		{"data for search engines, as JSON", `<script type="application/ld+json">{"name":{{ profile.x | json }}}</script>`, `</script>`, `<script type="application/ld+json">{"name":"\u003c/script\u003e"}</script>`},
		{"in a loop", `{% for i in (1..2) %}<a href="{{ profile.x }}">{% endfor %}`, "javascript:1", `<a href="#"><a href="#">`},
		{"in a branch", `<a {% if profile.x %}href="{{ profile.x }}"{% else %}href="/"{% endif %} title="{{ profile.x }}">`, "javascript:1", `<a href="#" title="javascript:1">`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := renderAs(t, c.source, markup, Variables{Traits: map[string]any{"x": c.value}})
			if err != nil || got != c.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

// TestNoPlaceForAValue: such a template is not saved, and one that was saved before is not sent.
func TestNoPlaceForAValue(t *testing.T) {
	for name, source := range map[string]string{
		"a tag":                  `<{{ profile.x }}>`,
		"a tag's name":           `<h{{ profile.x }}>`,
		"an attribute":           `<b {{ profile.x }}>`,
		"an attribute's name":    `<b data-{{ profile.x }}="1">`,
		"a script":               `<script>var x = "{{ profile.x }}"</script>`,
		"an event":               `<b onclick="f('{{ profile.x }}')">`,
		"a page in an attribute": `<iframe srcdoc="{{ profile.x }}">`,
		"in the second branch":   "<b>{% if profile.y %}1{% else %}\n<i {{ profile.x }}>{% endif %}",
		"in a case":              `{% case profile.y %}{% when 1 %}1{% else %}<i {{ profile.x }}>{% endcase %}`,
		"in a loop":              `{% for i in (1..2) %}<i {{ profile.x }}>{% endfor %}`,
		"in a capture":           `{% capture c %}<i {{ profile.x }}>{% endcapture %}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := compile(source, markup, true); err == nil || !strings.HasSuffix(err.Error(), errPlace.Error()) {
				t.Errorf("saved: %v", err)
			}
			p, err := compile(source, markup, false)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := p.render(Variables{Traits: map[string]any{"x": "a"}}.bindings(nil)); !errors.Is(err, ErrRender) {
				t.Errorf("sent: %q, %v", out, err)
			}
		})
	}
}

// TestASchemeThatComesAbout holds what neither the value nor the template says alone.
func TestASchemeThatComesAbout(t *testing.T) {
	p, err := compile(`<a href="{{ profile.x }}:1">`, markup, true)
	if err != nil {
		t.Fatal(err)
	}
	for value, sent := range map[string]bool{"https": true, "javascript": false} {
		if _, err := p.render(Variables{Traits: map[string]any{"x": value}}.bindings(nil)); (err == nil) != sent {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// FuzzPlace writes any value at a place of every kind and reads the page with a parser of HTML: the elements and attributes are those of the
// template, and no address runs anything.
func FuzzPlace(f *testing.F) {
	sources := []string{`<p>{{ profile.x }}</p>`, `<a href="{{ profile.x }}">`, `<a href='{{ profile.x }}'>`, `<a href={{ profile.x }}>`, `<b title={{ profile.x }}>`, `<b title="{{ profile.x }}">`,
		`{% capture c %}{{ profile.x }}{% endcapture %}<a href={{ c }} title="{{ c }}">{{ c }}</a>`, `<!-- {{ profile.x }} --><i>`, `<title>{{ profile.x }}</title><i>`, `<td style="a:{{ profile.x }}">`,
		`<style>p{a:{{ profile.x }}}</style>`, `<script type="application/ld+json">"{{ profile.x }}"</script>`}
	for i := range sources {
		for _, value := range []string{"a", "javascript:alert(1)", `"><script>`, "' onclick='x", "a b=c", "-->", "</title>", "\x00\x01java\tscript:", "&#106;avascript:", "http://x/?a=1&b"} {
			f.Add(i, value)
		}
	}
	f.Fuzz(func(t *testing.T, i int, value string) {
		source := sources[uint(i)%uint(len(sources))]
		p, err := compile(source, markup, true)
		if err != nil {
			t.Fatal(err)
		}
		shape := func(value string) string {
			out, err := p.render(Variables{Traits: map[string]any{"x": value}}.bindings(nil))
			if err != nil {
				t.Fatalf("%q: %v", value, err)
			}
			var shape strings.Builder
			for z := html.NewTokenizer(strings.NewReader(out)); ; {
				kind := z.Next()
				if kind == html.ErrorToken {
					return shape.String()
				}
				token := z.Token()
				if kind == html.TextToken || kind == html.CommentToken {
					continue
				}
				shape.WriteString(kind.String() + token.Data)
				for _, a := range token.Attr {
					shape.WriteString(" " + a.Key)
					if a.Key == "href" && !safe(a.Val) {
						t.Errorf("%s of %q leads to %q", source, value, a.Val)
					}
				}
			}
		}
		if got, want := shape(value), shape("a"); got != want {
			t.Errorf("%s of %q is %s, want %s: it is %q", source, value, got, want, value)
		}
	})
}
