package people_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// ends is when the service may delete a profile's item, the zero time for never.
func ends(t *testing.T, db *dynamotest.DB, id profile.ID) (at time.Time) {
	t.Helper()
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("Profiles"), Key: map[string]types.AttributeValue{"pk": text("p#" + string(id)), "sk": text("p")}})
	if err != nil {
		t.Fatal(err)
	}
	if ttl, has := out.Item["ttl"].(*types.AttributeValueMemberN); has {
		seconds, err := strconv.ParseInt(ttl.Value, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		at = time.Unix(seconds, 0).UTC()
	}
	return at
}

// TestAStrangerGoes two days after the last of their events have gone: it is put off by whatever is heard, and taken back as soon as they are
// somebody. Whoever reads meanwhile finds them.
func TestAStrangerGoes(t *testing.T) {
	device := profile.Identifier{Kind: profile.AnonymousID, Value: "a-1"}
	late := midday.AddDate(0, 0, 3)
	for name, c := range map[string]struct {
		change func(*profile.Profile)
		months int
		want   time.Time
	}{
		"a device":                        {func(*profile.Profile) {}, 13, midday.AddDate(0, 13, 2)},
		"where nothing ends":              {func(*profile.Profile) {}, 0, time.Time{}},
		"seen by pages alone":             {func(p *profile.Profile) { p.Unproven, p.Memory = p.Memory, profile.Memory{} }, 13, midday.AddDate(0, 13, 2)},
		"heard of later than it happened": {func(p *profile.Profile) { p.Window.Commits = []profile.Commit{{At: late}} }, 13, late.AddDate(0, 13, 2)},
		"heard of, and let go":            {func(p *profile.Profile) { p.Window.Floor = late }, 13, late.AddDate(0, 13, 2)},
		"heard of long before":            {func(p *profile.Profile) { p.Window.Commits = []profile.Commit{{At: midday.Add(-time.Hour)}} }, 13, midday.AddDate(0, 13, 2)},
		"with a push token":               {func(p *profile.Profile) { p.Tokens = map[string]profile.Token{"t": {At: midday}} }, 13, midday.AddDate(0, 13, 2)},
		"a userId that only pages name": {func(p *profile.Profile) {
			p.Identifiers, p.Unproven, p.Memory = []profile.Identifier{mei}, p.Memory, profile.Memory{}
		}, 13, midday.AddDate(0, 13, 2)},
		"one that pages name first, who has ordered": {func(p *profile.Profile) {
			p.Identifiers, p.Unproven, p.Memory, p.Orders.Count = []profile.Identifier{mei}, p.Memory, profile.Memory{}, 1
		}, 13, time.Time{}},
		"somebody":          {func(p *profile.Profile) { p.Identifiers = []profile.Identifier{mei} }, 13, time.Time{}},
		"somebody's device": {func(p *profile.Profile) { p.Attach(mei) }, 13, time.Time{}},
		"with an address":   {func(p *profile.Profile) { p.Attach(profile.Identifier{Kind: profile.Email, Value: "a@b.example"}) }, 13, time.Time{}},
		"of two":            {func(p *profile.Profile) { p.Parts = []profile.ID{"p"} }, 13, time.Time{}},
		"who has ordered":   {func(p *profile.Profile) { p.Orders.Count = 1 }, 13, time.Time{}},
		"who has withdrawn": {func(p *profile.Profile) { p.SetConsent("email", profile.Consent{At: midday}) }, 13, time.Time{}},
		"with a tag":        {func(p *profile.Profile) { p.Tagging.Say("vip", profile.Tagged{At: time.Unix(1, 0)}) }, 13, time.Time{}},
	} {
		db := dynamotest.New(t)
		p := &profile.Profile{ID: device.ID(), Identifiers: []profile.Identifier{device}, Memory: profile.Memory{FirstSeen: midday, LastSeen: midday}}
		c.change(p)
		s := people.Profiles{DB: db, Table: "Profiles", Months: c.months}
		if err := s.Save(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got := ends(t, db, p.ID); !got.Equal(c.want) {
			t.Errorf("%s: ends at %v, want %v", name, got, c.want)
		}
	}

	// Who becomes somebody has no end any more; who has gone meanwhile begins anew.
	db := dynamotest.New(t)
	s := people.Profiles{DB: db, Table: "Profiles", Months: 13}
	p := &profile.Profile{ID: device.ID(), Identifiers: []profile.Identifier{device}, Memory: profile.Memory{FirstSeen: midday, LastSeen: midday}}
	for range 2 {
		if err := s.Save(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	stale, err := s.Load(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.SetConsent("email", profile.Consent{At: midday})
	if err := s.Save(t.Context(), p); err != nil || !ends(t, db, p.ID).IsZero() {
		t.Errorf("%v, ends at %v", err, ends(t, db, p.ID))
	}
	if _, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: new("Profiles"), Key: map[string]types.AttributeValue{"pk": text("p#" + string(p.ID)), "sk": text("p")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), stale); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("what was read before it went is written: %v", err)
	}
}
