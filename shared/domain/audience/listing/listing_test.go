package listing

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/slug"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// TestNobodyChoosesTheIdOfAMadeList, since no slug is one.
func TestNobodyChoosesTheIdOfAMadeList(t *testing.T) {
	if id := ID("20261121T120000-ABCDEFGH"); !Made(id) || slug.Fault(id) == "" {
		t.Errorf("%s: made %v, a slug %v", id, Made(id), slug.Fault(id) == "")
	}
	for _, id := range []string{"", "made:", "made", "vip", "made:a#b", "Made:a", "made:" + strings.Repeat("x", 96)} {
		if Made(id) {
			t.Errorf("%q is taken for one", id)
		}
	}
}

func person(edit func(*profile.Profile)) *profile.Profile {
	p := &profile.Profile{ID: "a", Version: 1, Memory: profile.Memory{FirstSeen: noon}, Members: map[string]profile.Membership{"vip": {Since: noon.Add(-time.Hour)}}}
	edit(p)
	return p
}

// TestWhoIsShown is who stands under their own id, was not erased since, and is still in the segment.
func TestWhoIsShown(t *testing.T) {
	l := List{SegmentID: "vip", AskedAt: noon}
	for name, c := range map[string]struct {
		edit func(*profile.Profile)
		want bool
	}{
		"as they were":              {func(*profile.Profile) {}, true},
		"left":                      {func(p *profile.Profile) { delete(p.Members, "vip") }, false},
		"part of somebody else":     {func(p *profile.Profile) { p.ID = "b" }, false},
		"erased, and back":          {func(p *profile.Profile) { p.RememberErasure("a", noon.Add(time.Second)) }, false},
		"erased before it was made": {func(p *profile.Profile) { p.RememberErasure("a", noon.Add(-time.Second)) }, true},
		"erased by another key":     {func(p *profile.Profile) { p.RememberErasure("c", noon.Add(time.Second)) }, true},
	} {
		if got := l.Shows("a", person(c.edit)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	classes := List{SegmentID: "class8:111", AskedAt: noon}
	of := person(func(p *profile.Profile) { p.Scores.Class8 = "111" })
	if !classes.Shows("a", of) || classes.Shows("a", person(func(*profile.Profile) {})) {
		t.Error("the class of a run is not gone by")
	}
	of.Consent = map[string]profile.Consent{"profiling": {}}
	if classes.Shows("a", of) {
		t.Error("a class is told of who refuses profiling")
	}
}

func TestHowFarAListIs(t *testing.T) {
	for _, c := range []struct {
		list List
		want State
	}{{List{}, Waiting}, {List{Scan: "s", Shards: 2, Read: 1}, Reading}, {List{Scan: "s", Shards: 2, Read: 2}, Ready}} {
		if got := c.list.Judge(); got != c.want {
			t.Errorf("%+v is %s, want %s", c.list, got, c.want)
		}
	}
}

func TestWhatIsToldOfAMember(t *testing.T) {
	p := person(func(p *profile.Profile) {
		p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: "u-1"}, {Kind: profile.Email, Value: "a@example.com"}, {Kind: profile.Phone, Value: "13800001111"}}
		p.Consent = map[string]profile.Consent{"email": {Granted: true}, "push": {Granted: true}}
	})
	if got := fmt.Sprint(MemberOf(p, "vip")); got != "{u-1 a 2026-11-21 11:00:00 +0000 UTC [email]}" {
		t.Error(got)
	}
	if got := MemberOf(p, "class8:111"); !got.Since.IsZero() {
		t.Errorf("since %v", got.Since)
	}
}

// TestAddressesAreHashedAsPlatformsAsk: the examples with hashes are those of Meta's page; of the others the text is given that is hashed.
func TestAddressesAreHashedAsPlatformsAsk(t *testing.T) {
	const john, us = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
	of := func(email, phone string, said map[string]profile.Consent) *profile.Profile {
		return person(func(p *profile.Profile) {
			p.Identifiers = []profile.Identifier{{Kind: profile.Email, Value: email}, {Kind: profile.Phone, Value: phone}}
			p.Consent = said
		})
	}
	if email, phone := Meta.Hashed(of("John_Smith@gmail.com", "+1 (650) 555-1212", nil), ""); email != john || phone != us {
		t.Errorf("Meta: %s %s", email, phone)
	}
	for _, c := range []struct {
		platform     Platform
		email, phone string
		country      string
		wantEmail    string // before it is hashed
		wantPhone    string
	}{
		{Meta, "J.Doe+x@GoogleMail.com", "13800001111", "86", "j.doe+x@googlemail.com", "8613800001111"},
		{Google, "J.Doe+x@GoogleMail.com", "13800001111", "86", "jdoe+x@googlemail.com", "+8613800001111"},
		{Google, "J.Doe@example.com", "+8613800001111", "1", "j.doe@example.com", "+8613800001111"},
		{Meta, "a@b.co", "8613800001111", "86", "a@b.co", "8613800001111"},
		{Meta, "a@b.co", "008613800001111", "1", "a@b.co", "8613800001111"},
		{Meta, "a@b.co", "07700 900123", "44", "a@b.co", "447700900123"},
		{Google, "a@b.co", "447700900123", "44", "a@b.co", "+447700900123"},
		{Meta, "a@b.co", "13800001111", "", "a@b.co", ""},
		{Meta, "a@b.co", "123456", "", "a@b.co", ""},
		{Meta, "a@b.co", "+1234567", "", "a@b.co", ""},
		{Meta, "a@b.co", "+12345678", "", "a@b.co", "12345678"},
		{Meta, "a@b.co", "123456789012345", "86", "a@b.co", ""},
		{Meta, "", "", "86", "", ""},
	} {
		email, phone := c.platform.Hashed(of(c.email, c.phone, nil), c.country)
		if want := hashOf(c.wantEmail); email != want {
			t.Errorf("%s %s: not the hash of %q", c.platform, c.email, c.wantEmail)
		}
		if want := hashOf(c.wantPhone); phone != want {
			t.Errorf("%s %s in %q: not the hash of %q", c.platform, c.phone, c.country, c.wantPhone)
		}
	}
	email, phone := Google.Hashed(of("a@b.co", "+8613800001111", map[string]profile.Consent{"email": {}, "sms": {Granted: true}}), "")
	if email != "" || phone == "" {
		t.Errorf("who refuses mail is hashed as %q, %q", email, phone)
	}
	if email, phone := Google.Hashed(of("a@b.co", "+8613800001111", map[string]profile.Consent{"sms": {}}), ""); email == "" || phone != "" {
		t.Errorf("who refuses text messages is hashed as %q, %q", email, phone)
	}
}

func hashOf(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

func TestPlatformsHaveTheirOwnColumns(t *testing.T) {
	for _, p := range Platforms() {
		if want := map[Platform]string{Meta: "[email phone]", Google: "[Email Phone]"}[p]; fmt.Sprint(p.Columns()) != want {
			t.Errorf("%s: %v", p, p.Columns())
		}
	}
}
