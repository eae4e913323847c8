package dynamo_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/idempotency"
)

// The tests of this file let something happen between what a writer has read and its write. Each names a part of a condition that nothing else asks.

func TestWhatIsSavedWhileADefinitionGoes(t *testing.T) {
	db := dynamotest.New(t)
	c := dynamo.Catalog{DB: db, Table: "Catalog"}
	gone := func(version int) func() {
		return func() {
			if err := c.Delete(t.Context(), dynamo.KindSegment, "vip", version, dynamotest.By(catalogNow.Add(time.Second))); err != nil {
				t.Fatal(err)
			}
		}
	}
	one := 1
	save(t, c, "vip", "one", nil)
	db.Interrupt("TransactWriteItems", 1, gone(1))
	if _, err := c.Save(t.Context(), dynamo.KindSegment, "vip", body("over one"), &one, dynamotest.By(catalogNow)); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("saved over what is gone: %v", err)
	}
	if err := errOf(c.Definition(t.Context(), dynamo.KindSegment, "vip")); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("it is back: %v", err)
	}
	// Somebody saves the next version and deletes it. It stays what it was; this one is the version after it.
	db.Interrupt("TransactWriteItems", 1, func() {
		save(t, c, "vip", "theirs", nil)
		gone(2)()
	})
	if got := save(t, c, "vip", "mine", nil); got.Version != 3 {
		t.Errorf("saved as version %d", got.Version)
	}
	if got, err := c.Version(t.Context(), dynamo.KindSegment, "vip", 2); err != nil || string(got.Body) != string(body("theirs")) {
		t.Errorf("version 2 is %s, %v", got.Body, err)
	}
}

func TestAnAnswerIsGivenOnce(t *testing.T) {
	a := dynamo.Answers{DB: dynamotest.New(t), Table: "Catalog"}
	answer := idempotency.Answer{Scope: "runs", Key: "k", Request: "hash", Status: 202, Body: []byte("first"), At: noon}
	remember := func(at time.Time, text string) error {
		one := answer
		one.At, one.Body = at, []byte(text)
		return a.Remember(t.Context(), one)
	}
	if err := remember(noon, "first"); err != nil {
		t.Fatal(err)
	}
	if err := remember(noon.Add(idempotency.Life-time.Second), "second"); !errors.Is(err, idempotency.ErrAnswered) {
		t.Errorf("answered a second time: %v", err)
	}
	if got, found, err := a.Recall(t.Context(), "runs", "k", noon); err != nil || !found || string(got.Body) != "first" || got.Status != 202 || got.Request != "hash" {
		t.Errorf("the answer is %+v, %v", got, err)
	}
	if err := remember(noon.Add(idempotency.Life), "anew"); err != nil {
		t.Errorf("after its life: %v", err)
	}
	if got, found, err := a.Recall(t.Context(), "runs", "k", noon.Add(idempotency.Life)); err != nil || !found || string(got.Body) != "anew" {
		t.Errorf("the answer is %+v, %v", got, err)
	}
	if got, found, err := a.Recall(t.Context(), "runs", "k", noon.Add(2*idempotency.Life)); err != nil || found {
		t.Errorf("after its life: %+v, %v", got, err)
	}
}

func TestACodeIsOnePairs(t *testing.T) {
	v := invites(t)
	answer := &idempotency.Answer{Scope: "codes", Key: "k", Request: "hash", Status: 200, Body: []byte("AAAA"), At: noon}
	for _, c := range []struct {
		name, code, program, advocate string
		answer                        *idempotency.Answer
		want                          error
	}{
		{"the first", "AAAA", "spring", "ann", answer, nil},
		{"again", "AAAA", "spring", "ann", nil, nil},
		{"again, and answered", "AAAA", "spring", "ann", answer, idempotency.ErrAnswered},
		{"another advocate's", "AAAA", "spring", "bob", nil, dynamo.ErrCodeTaken},
		{"another program's", "AAAA", "autumn", "ann", nil, dynamo.ErrCodeTaken},
		{"a second of the pair", "BBBB", "spring", "ann", nil, dynamo.ErrConflict},
		{"in another program", "BBBB", "autumn", "ann", nil, nil},
		{"of another advocate", "CCCC", "spring", "bob", nil, nil},
	} {
		if err := v.PutCode(t.Context(), c.code, c.program, user(c.advocate), noon, c.answer); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestTheCountComesBack: what was paid meanwhile was taken back again, so that the count is as it was read. The turn tells.
func TestTheCountComesBack(t *testing.T) {
	for name, first := range map[string]func(v *invite){
		"a standing that has taken turns":     func(v *invite) { v.settled("bob", 0) },
		"a standing of the version before":    func(v *invite) { v.before(user("ann"), 1, noon) },
		"a standing that nobody has made yet": func(*invite) {},
	} {
		t.Run(name, func(t *testing.T) {
			v := invites(t)
			v.known("ann")
			for _, friend := range []string{"bob", "cid", "dan"} {
				v.claimed(friend, "ann")
			}
			first(v)
			looked := v.settlement("cid", 0)
			v.settled("dan", 0)
			v.must(v.Reverse(t.Context(), v.reversal("dan")))
			if now := v.standing("ann").Settled; now != looked.Standings[0].Settled {
				t.Fatalf("the count is %d, and was %d", now, looked.Standings[0].Settled)
			}
			if _, err := v.Settle(t.Context(), looked); !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("settled: %v", err)
			}
		})
	}
}

// TestAPlaceThatIsTakenOverMeanwhile: a proven cause is about to take the place of an unproven one.
func TestAPlaceThatIsTakenOverMeanwhile(t *testing.T) {
	later := deliveryNoon.Add(2 * time.Hour)
	type step struct {
		of dynamo.Taking
		at time.Time
	}
	for name, c := range map[string]struct {
		meanwhile []step
		as        string
	}{
		"by nobody":                       {nil, "page 1"},
		"by itself, which is proven now":  {[]step{{dynamo.Taking{Cause: "page 1"}, deliveryNoon}}, "page 1"}, // nothing is noted of that
		"by another proven one":           {[]step{{dynamo.Taking{Cause: "shop 2"}, deliveryNoon}}, ""},
		"by another unproven one, later":  {[]step{{dynamo.Taking{Cause: "page 9", Unproven: true}, later}}, "page 9"},
		"by another, and by itself later": {[]step{{dynamo.Taking{Cause: "shop 2"}, deliveryNoon}, {dynamo.Taking{Cause: "page 1"}, later}}, ""},
	} {
		db := dynamotest.New(t)
		s := dynamo.Takings{DB: db, Table: "Due"}
		take := func(of dynamo.Taking, now time.Time) string {
			t.Helper()
			of.IDs, of.CampaignID, of.Until = []profile.ID{"p"}, "c", now.Add(time.Hour)
			as, err := s.Take(t.Context(), of, now)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return as
		}
		take(dynamo.Taking{Cause: "page 1", Unproven: true}, deliveryNoon)
		db.Interrupt("PutItem", 2, func() {
			for _, m := range c.meanwhile {
				take(m.of, m.at)
			}
		})
		if as := take(dynamo.Taking{Cause: "shop 1"}, deliveryNoon); as != c.as {
			t.Errorf("%s: taken as %q, want %q", name, as, c.as)
		}
	}
}

// TestALeftoverThatSomebodyElseTakes: of two sources that take over a key which no definition lists, one has it.
func TestALeftoverThatSomebodyElseTakes(t *testing.T) {
	s := newSourceShelf(t)
	s.save("web", keyA)
	s.save("web")
	s.db.Interrupt("PutItem", 2, func() {
		if err := s.PutKeys(t.Context(), "till", keyA); err != nil {
			t.Fatal(err)
		}
	})
	if err := s.PutKeys(t.Context(), "app", keyA); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("both have it: %v", err)
	}
	s.define("till", keyA)
	s.want(keyA, "till")
}

// TestTwoSecretsAtOnce: neither is lost without anybody knowing.
func TestTwoSecretsAtOnce(t *testing.T) {
	for name, had := range map[string][]string{"none before": nil, "one before": {"before"}} {
		s := newSourceShelf(t)
		store := func(id source.ID, secret string) error {
			return s.PutHookSecret(t.Context(), id, secret, dynamotest.By(catalogNow))
		}
		for _, secret := range had {
			if err := store("web", secret); err != nil {
				t.Fatal(err)
			}
		}
		s.db.Interrupt("TransactWriteItems", 1, func() {
			if err := s.PutHookSecret(t.Context(), "web", "theirs", dynamotest.By(catalogNow.Add(time.Second))); err != nil {
				t.Fatal(err)
			}
		})
		if err := s.PutHookSecret(t.Context(), "web", "mine", dynamotest.By(catalogNow.Add(time.Minute))); !errors.Is(err, dynamo.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := s.HookSecrets(t.Context(), "web"); err != nil || !slices.Equal(got, append([]string{"theirs"}, had...)) {
			t.Errorf("%s: the secrets are %q, %v", name, got, err)
		}
	}
}

// TestAClockThatIsBehind lowers no floor: what was done stays done, and the next look begins where the last one ended.
func TestAClockThatIsBehind(t *testing.T) {
	d := newDuty(t)
	floor := func() (minute string) {
		d.DB.(*dynamotest.DB).Each(t, "Due", func(i map[string]types.AttributeValue) {
			if i["pk"].(*types.AttributeValueMemberS).Value == "settlement#floor" {
				minute = i["minute"].(*types.AttributeValueMemberN).Value
			}
		})
		return minute
	}
	d.look(t, "settlement", nil)
	first := floor()
	d.now = d.now.Add(-30 * time.Minute)
	d.look(t, "settlement", nil)
	if got := floor(); got != first || first == "" {
		t.Errorf("the floor was %s and is %s", first, got)
	}
	d.now = d.now.Add(time.Hour)
	d.look(t, "settlement", nil)
	if got := floor(); got <= first {
		t.Errorf("the floor was %s and is %s", first, got)
	}
}

// TestNobodyElseIsErased: under a key of the person somebody stands by now who was not merged.
func TestNobodyElseIsErased(t *testing.T) {
	s := dynamo.Profiles{DB: dynamotest.New(t), Table: "Profiles"}
	device := profile.Identifier{Kind: profile.AnonymousID, Value: "phone"}
	seen := profile.Memory{FirstSeen: midday, LastSeen: midday}
	p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei, device}, Memory: seen}
	other := &profile.Profile{ID: device.ID(), Identifiers: []profile.Identifier{device}, Memory: seen}
	for _, one := range []*profile.Profile{p, other} {
		if err := s.Save(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Erase(t.Context(), p, midday, p.TombstoneVersion(midday)); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("erased: %v", err)
	}
	for _, id := range []profile.ID{p.ID, other.ID} {
		if got, err := s.Resolve(context.Background(), id); err != nil || got == nil || got.ID != id {
			t.Errorf("under %s stands %+v, %v", id, got, err)
		}
	}
}

// TestStands: a profile stands as long as nobody has written it, made it part of another one or erased it.
func TestStands(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s dynamo.Profiles, p, other *profile.Profile) error
		want   bool
	}{
		"nothing":   {func(dynamo.Profiles, *profile.Profile, *profile.Profile) error { return nil }, true},
		"another's": {func(s dynamo.Profiles, _, other *profile.Profile) error { return s.Save(t.Context(), other) }, true},
		"saved":     {func(s dynamo.Profiles, p, _ *profile.Profile) error { return s.Save(t.Context(), p) }, false},
		"part of another": {func(s dynamo.Profiles, p, other *profile.Profile) error {
			return s.Merge(t.Context(), other, p, dynamo.Pack{})
		}, false},
		"erased": {func(s dynamo.Profiles, p, _ *profile.Profile) error {
			return s.Erase(t.Context(), p, midday, p.TombstoneVersion(midday))
		}, false},
	} {
		db := dynamotest.New(t)
		s := dynamo.Profiles{DB: db, Table: "Profiles", History: dynamo.Timeline{DB: db, Table: "Timeline"}}
		seen := profile.Memory{FirstSeen: midday, LastSeen: midday}
		p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Memory: seen}
		bob := profile.Identifier{Kind: profile.UserID, Value: "bob"}
		other := &profile.Profile{ID: bob.ID(), Identifiers: []profile.Identifier{bob}, Memory: seen}
		for _, one := range []*profile.Profile{p, other} {
			if err := s.Save(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		read, err := s.Resolve(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.change(s, p, other); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := s.Stands(t.Context(), read); err != nil || got != c.want {
			t.Errorf("%s: it stands: %v, %v", name, got, err)
		}
		db.Fail("GetItem", 1, dynamotest.NotPersisted)
		if _, err := s.Stands(t.Context(), read); !errors.Is(err, dynamotest.ErrInjected) {
			t.Errorf("%s, and the read fails: %v", name, err)
		}
	}
}
