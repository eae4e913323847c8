package form

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition/schema"
)

// shop is the one of the tests: its clock and its money.
var shop = Shop{Zone: zone("Asia/Shanghai"), Currency: "CNY"}

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// drawn is a form as it comes to a browser.
func drawn(t *testing.T, f *Form, p Page) *html.Node {
	t.Helper()
	if p.Language == "" {
		p.Language = rule.Chinese
	}
	text, err := f.HTML(p)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := html.Parse(strings.NewReader("<form>" + string(text) + "</form>"))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func attribute(n *html.Node, name string) (string, bool) {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if i < 0 {
		return "", false
	}
	return n.Attr[i].Val, true
}

func each(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, visit)
	}
}

func textOf(n *html.Node) string {
	var all strings.Builder
	each(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			all.WriteString(n.Data)
		}
	})
	return all.String()
}

// sent is what a browser sends of a form: what HTML's standard says of each control, buttons apart.
func sent(n *html.Node) url.Values {
	values := url.Values{}
	crlf := strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n", "\r", "\r\n")
	each(n, func(n *html.Node) {
		name, has := attribute(n, "name")
		if _, disabled := attribute(n, "disabled"); n.Type != html.ElementNode || !has || disabled {
			return
		}
		value, _ := attribute(n, "value")
		switch n.Data {
		case "input":
			kind, _ := attribute(n, "type")
			_, checked := attribute(n, "checked")
			switch {
			case (kind == "checkbox" || kind == "radio") && !checked:
				return
			case kind != "hidden":
				value = strings.NewReplacer("\r", "", "\n", "").Replace(value)
			}
			values.Add(name, crlf.Replace(value))
		case "textarea":
			values.Add(name, crlf.Replace(textOf(n)))
		case "select":
			first, picked := "", false
			each(n, func(o *html.Node) {
				if o.Data != "option" || o.Type != html.ElementNode {
					return
				}
				v, _ := attribute(o, "value")
				if _, selected := attribute(o, "selected"); selected {
					first, picked = v, true
				} else if first == "" && !picked && o.PrevSibling == nil {
					first = v
				}
			})
			values.Add(name, first)
		}
	})
	return values
}

// through is a document that went to a browser and came back as nobody has changed it.
func through(t *testing.T, f *schema.Field, doc string) (string, *Form) {
	t.Helper()
	form := Show(f, []byte(doc), shop)
	back := Read(f, sent(drawn(t, form, Page{})), shop)
	raw, faults := back.Document()
	if len(faults) > 0 {
		t.Errorf("%s\nhas faults that nobody made: %v", doc, faults)
	}
	return string(raw), back
}
