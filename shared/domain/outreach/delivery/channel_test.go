package delivery

import (
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestEveryChannelHasItsRow says by hand what is known of each channel.
func TestEveryChannelHasItsRow(t *testing.T) {
	known := map[Channel]struct {
		address string
		basis   Basis
		parts   []Part
		link    bool
		optOut  bool
		several bool
	}{
		"email":  {profile.ChannelEmail, OptIn, []Part{Subject, Text, HTML}, true, false, false},
		"sms":    {profile.ChannelSMS, OptIn, []Part{Text, Payload}, false, true, false},
		"push":   {profile.ChannelPush, OptIn, []Part{Subject, Text, Payload}, false, false, true},
		"social": {"", OptOut, []Part{Payload}, false, false, false},
	}
	if len(Channels()) != len(known) {
		t.Errorf("the channels are %v: say in this test what the row of a new one should hold", Channels())
	}
	for c, want := range known {
		k := KindOf(c)
		if !slices.Contains(Channels(), c) || k.Address != want.address || k.Basis != want.basis || k.Link != want.link || k.OptOut != want.optOut || k.Several != want.several {
			t.Errorf("%s is %+v", c, k)
		}
		for _, p := range []Part{Subject, Text, HTML, Payload, "picture"} {
			if k.Carries(p) != slices.Contains(want.parts, p) {
				t.Errorf("%s carries %s: %v", c, p, k.Carries(p))
			}
		}
	}
	if k := KindOf("fax"); k.Basis != OptIn || k.Carries(Text) || k.Link || k.Address != "" {
		t.Errorf("a channel that nobody knows is %+v", k)
	}
}

// TestWhoIsAskedCanAnswer holds the channels that need a word of consent to those that somebody can give it for: over another one nothing would ever go out.
func TestWhoIsAskedCanAnswer(t *testing.T) {
	for _, k := range kinds {
		for _, purpose := range []profile.Purpose{profile.Marketing, profile.Service} {
			if why := profile.JudgeConsentKey(profile.ConsentKey(string(k.Channel), purpose)); why != "" {
				t.Errorf("nobody can consent to %s, so nothing would go out; channels without an address are listed in people/profile/word.go: %s", k.Channel, why)
			}
		}
	}
}
