package profile

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
)

func TestNamed(t *testing.T) {
	long := strings.Repeat("x1", 128)
	for _, c := range []struct {
		name, traits, context string
		want                  []Identifier
	}{
		{"nothing", ``, ``, nil},
		{"traits", `{"email":" Mei@Shop.Example","phone":"+86 (138) 1234-5678","name":"Mei"}`, ``, []Identifier{{Email, "mei@shop.example"}, {Phone, "+8613812345678"}}},
		{"a phone as a number", `{"phone":13812345678}`, ``, []Identifier{{Phone, "13812345678"}}},
		{"full width", `{"email":"ｍｅｉ＠ｓｈｏｐ．ｅｘａｍｐｌｅ","phone":"＋８６　１３８１２３４５６７８"}`, ``, []Identifier{{Email, "mei@shop.example"}, {Phone, "+8613812345678"}}},
		{"00 is +", `{"phone":"0049 30 123456"}`, ``, []Identifier{{Phone, "+4930123456"}}},
		{"five digits", `{"phone":"12345"}`, ``, nil},
		{"six digits", `{"phone":"123456"}`, ``, []Identifier{{Phone, "123456"}}},
		{"fifteen digits", `{"phone":"123456789012345"}`, ``, []Identifier{{Phone, "123456789012345"}}},
		{"sixteen digits", `{"phone":"1234567890123456"}`, ``, nil},
		{"all zeros", `{"phone":"000000000"}`, ``, nil},
		{"all the same", `{"phone":"11111111111"}`, ``, nil},
		{"an extension", `{"phone":"138 1234 5678 ext. 4"}`, ``, nil},
		{"a + within", `{"phone":"86+13812345678"}`, ``, nil},
		{"letters outside ASCII are not folded", `{"email":"\u212aATE@Shop.Example"}`, `{"traits":{"email":"ÄNN@Shop.Example"}}`, []Identifier{{Email, "\u212aate@shop.example"}, {Email, "Änn@shop.example"}}},
		{"no address", `{"email":"mei"}`, ``, nil},
		{"no host", `{"email":"mei@"}`, ``, nil},
		{"nobody at a host", `{"email":"@shop.example"}`, ``, nil},
		{"two at signs", `{"email":"a@b@c"}`, ``, nil},
		{"nobody", `{"email":"anonymous@shop.example"}`, ``, nil},
		{"an object", `{"email":{"a":"b@c.d"},"phone":[1]}`, ``, nil},
		{"context.traits", ``, `{"traits":{"email":"a@b.c"}}`, []Identifier{{Email, "a@b.c"}}},
		{"the same twice", `{"email":"a@b.c"}`, `{"traits":{"email":"A@B.C"},"externalIds":[{"id":"a@b.c","type":"email"}]}`, []Identifier{{Email, "a@b.c"}}},
		{"WeChat", `{"unionid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M"}`, `{"externalIds":[{"id":"oLVPpjqs9BhvzwPj5A-vTYAX3GLc","type":"weixin.openid","collection":"users"}]}`,
			[]Identifier{{UnionID, "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"}, {OpenID, "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"}}},
		{"an account's id", ``, `{"externalIds":[{"id":"oLVPpjqs9BhvzwPj5A-vTYAX3GLc","type":"openid","collection":"accounts"}]}`, nil},
		{"an unknown type", ``, `{"externalIds":[{"id":"oLVPpjqs9BhvzwPj5A-vTYAX3GLc","type":"ga_client_id"},7,null]}`, nil},
		{"a token of 15", ``, `{"device":{"token":"abcdefghijklmno"}}`, nil},
		{"a token of 16", ``, `{"device":{"id":"d","token":"abcdefghijklmnop"}}`, []Identifier{{Device, "abcdefghijklmnop"}}},
		{"a token of dashes", ``, `{"device":{"token":"--------------------"}}`, nil},
		{"a token of 256", ``, `{"device":{"token":"` + long + `"}}`, []Identifier{{Device, long}}},
		{"a token of 257", ``, `{"device":{"token":"` + long + `1"}}`, nil},
		{"escapes", `{"\u0065mail":"a\u0040b.c"}`, ``, []Identifier{{Email, "a@b.c"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event.Event{Kind: event.Identify, Traits: json.RawMessage(c.traits), Context: json.RawMessage(c.context)}
			if got := Named(&e); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
