package storefront

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestWhomAttributesName: one that is called something else names nobody, whatever it says; and a hash is a text.
func TestWhomAttributesName(t *testing.T) {
	proves := func(userID, userHash string) bool { return userID != "" && userHash == "of "+userID }
	for name, c := range map[string]struct {
		attributes      []attribute
		user, anonymous string
	}{
		"a userId with its hash":        {[]attribute{{"userId", "u"}, {"userHash", "of u"}}, "u", ""},
		"the hash first":                {[]attribute{{"userHash", "of u"}, {"userId", "u"}}, "u", ""},
		"of another":                    {[]attribute{{"userId", "u"}, {"userHash", "of v"}}, "", ""},
		"under another name":            {[]attribute{{"note", "u"}, {"userHash", "of u"}}, "", ""},
		"a hash under another name":     {[]attribute{{"userId", "u"}, {"note", "of u"}}, "", ""},
		"a number called a hash":        {[]attribute{{"userId", "u"}, {"userHash", "of u"}, {"userHash", json.Number("7")}}, "u", ""},
		"the first of two that count":   {[]attribute{{"anonymousId", "a"}, {"anonymousId", "b"}, {"userId", "v"}, {"userId", "u"}, {"userHash", "of u"}}, "u", "a"},
		"a device under another name":   {[]attribute{{"note", "a"}}, "", ""},
		"nobody":                        {nil, "", ""},
		"a device that is no text":      {[]attribute{{"anonymousId", map[string]any{}}}, "", ""},
		"a device that means nobody":    {[]attribute{{"anonymousId", "undefined"}, {"anonymousId", "a"}}, "", "a"},
		"a userId that is a number":     {[]attribute{{"userId", json.Number("7")}, {"userHash", "of 7"}}, "7", ""},
		"a device that is a number":     {[]attribute{{"anonymousId", json.Number("8")}}, "", "8"},
		"what is called nothing at all": {[]attribute{{"", "u"}, {"userHash", "of u"}}, "", ""},
	} {
		if user, anonymous := person(c.attributes, proves); user != c.user || anonymous != c.anonymous {
			t.Errorf("%s: %q, %q; want %q, %q", name, user, anonymous, c.user, c.anonymous)
		}
	}
}

// TestTextsOfANoticeAreBounded, and not cut within a character.
func TestTextsOfANoticeAreBounded(t *testing.T) {
	got := filled(map[string]any{"at": strings.Repeat("x", maxText), "over": strings.Repeat("x", maxText+1), "wide": "x" + strings.Repeat("名", maxText), "empty": "", "none": nil, "number": json.Number("")})
	want := map[string]any{"at": strings.Repeat("x", maxText), "over": strings.Repeat("x", maxText), "wide": "x" + strings.Repeat("名", (maxText-1)/3)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNoRevenueWithoutACurrency(t *testing.T) {
	o := wooOrder{Currency: "none", Total: "1", TotalTax: "0", ShippingTotal: "0"}
	if got := o.revenue(); got != "" {
		t.Errorf("without a currency: %q", got)
	}
}
