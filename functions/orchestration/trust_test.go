package orchestration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestWhatOnlyPublicEventsSay starts a campaign that takes it, marked so, and is on record where it does not. A membership that has become proven
// is told to those alone who did not hear of it before.
func TestWhatOnlyPublicEventsSay(t *testing.T) {
	doubtful := func(p *profile.Profile) {
		p.Members = map[string]profile.Membership{"vip": {Since: noon, Unproven: true}}
		p.Unproven = profile.Memory{FirstSeen: noon, LastSeen: noon, Traits: profile.Traits{"plan": {Value: "gold", At: noon}}}
	}
	event := func(unproven bool) func(*bench) job.Follow {
		return func(b *bench) job.Follow { f := b.signUp(1); f.Unproven = unproven; return f }
	}
	news := func(kind profile.FollowKind, unproven bool) func(*bench) job.Follow {
		return func(b *bench) job.Follow { f := b.follow(1, kind, "vip", noon); f.Unproven = unproven; return f }
	}
	no, transactional := `"unproven":false`, `"transactional":true`
	left := strings.Replace(onEntered, "entered", "exited", 1)
	gold := `"condition":{"field":"traits.plan","op":"eq","value":"gold"}`
	for name, c := range map[string]struct {
		body   string
		person func(*profile.Profile)
		follow func(*bench) job.Follow
		want   string // asked for, asked for as unproven, or the reason on record
	}{
		"an event":                                {onEvent, nil, event(true), "unproven"},
		"an event, taking none":                   {with(onEvent, no), nil, event(true), "unproven is refused"},
		"an event, transactional":                 {with(onEvent, transactional), nil, event(true), "unproven is refused"},
		"a proven event, taking none":             {with(onEvent, no), nil, event(false), "asked"},
		"a proven event, transactional":           {with(onEvent, transactional), nil, event(false), "asked"},
		"a condition on what a page says":         {with(onEvent, gold), doubtful, event(false), "asked"},
		"a condition of one that takes none":      {with(with(onEvent, gold), no), doubtful, event(false), "notEligible"},
		"entered":                                 {onEntered, doubtful, news(profile.FollowEntered, true), "unproven"},
		"entered, taking none":                    {with(onEntered, no), doubtful, news(profile.FollowEntered, true), "unproven is refused"},
		"proved":                                  {onEntered, join, news(profile.FollowProved, false), ""},
		"proved, taking none":                     {with(onEntered, no), join, news(profile.FollowProved, false), "asked"},
		"proved and doubtful since":               {with(onEntered, no), doubtful, news(profile.FollowProved, false), "notEligible"},
		"no longer proved":                        {left, doubtful, news(profile.FollowUnproved, false), ""},
		"no longer proved, for one taking none":   {with(left, no), doubtful, news(profile.FollowUnproved, false), "asked"},
		"exited by what a page says":              {left, nil, news(profile.FollowExited, true), "unproven"},
		"exited by what a page says, taking none": {with(left, no), nil, news(profile.FollowExited, true), "unproven is refused"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, c.body)
			if c.person != nil {
				b.change(c.person)
			}
			b.heard(c.follow(b))
			b.heard(c.follow(b)) // coming again changes nothing
			got := ""
			for _, n := range b.asked() {
				got = map[bool]string{true: "unproven", false: "asked"}[n.Unproven]
			}
			found, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 10, "")
			b.Must(err)
			for _, d := range found {
				got += strings.Replace(string(d.Reason), "unproven", "unproven is refused", 1)
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestNoPageTakesThePlaceOfAnAct: a campaign that enrols nobody twice, or nobody twice in a time, enrols somebody by a page's word and then by what the person did.
// It is one notification, and the second one that says so asks for it as proven.
func TestNoPageTakesThePlaceOfAnAct(t *testing.T) {
	for _, once := range []string{`"oncePerPerson":true`, `"onceEvery":"90d"`} {
		for _, wait := range []string{"", `,"wait":"10m"`} {
			b := start(t, with(onEvent, once+wait))
			page, shop, again := b.signUp(1), b.signUp(2), b.signUp(3)
			page.Unproven = true
			for _, f := range []job.Follow{page, shop, shop, page, again} {
				b.heard(f)
			}
			if wait != "" {
				b.Pass(11 * time.Minute)
				b.Must(b.tick())
			}
			b.expect(1)
			proven := false
			for _, n := range b.asked() {
				proven = proven || !n.Unproven && n.EventID == "m2"
			}
			if !proven {
				t.Errorf("%s%s: asked for %+v", once, wait, b.asked())
			}
			// A page's word that comes after the act is one too many.
			b = start(t, with(onEvent, once+wait))
			b.heard(shop)
			b.heard(page)
			if got := fmt.Sprint(b.decisions(b.ann)); got != "[taken]" {
				t.Errorf("%s%s, the act first: %s", once, wait, got)
			}
		}
	}
}

// TestAPageEndsNothingThatIsProven: of what has started, a page's order ends what a page has started.
func TestAPageEndsNothingThatIsProven(t *testing.T) {
	bought := map[string]profile.Counter{"Order Completed": {Total: 1, Last: noon.Add(time.Minute).UTC()}}
	for name, c := range map[string]struct {
		unproven bool
		bought   func(*profile.Profile)
		want     string
	}{
		"a page's, by a page":           {true, func(p *profile.Profile) { p.Unproven = profile.Memory{FirstSeen: noon, Counters: bought} }, "[cancelled: Order Completed]"},
		"a page's, by the shop":         {true, func(p *profile.Profile) { p.Counters = bought }, "[cancelled: Order Completed]"},
		"the person's own, by a page":   {false, func(p *profile.Profile) { p.Unproven = profile.Memory{FirstSeen: noon, Counters: bought} }, "[]"},
		"the person's own, by the shop": {false, func(p *profile.Profile) { p.Counters = bought }, "[cancelled: Order Completed]"},
	} {
		b := start(t, with(onEvent, `"wait":"10m","cancelOn":["Order Completed"]`))
		f := b.signUp(1)
		f.Unproven = c.unproven
		b.heard(f)
		b.change(c.bought)
		b.Pass(11 * time.Minute)
		b.Must(b.tick())
		b.expect(map[bool]int{true: 1}[c.want == "[]"])
		if got := fmt.Sprint(b.decisions(b.ann)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
