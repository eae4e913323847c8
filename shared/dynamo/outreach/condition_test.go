package outreach_test

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
)

// TestAPlaceThatIsReplacedMeanwhile: a proven cause is about to take the place of an unproven one.
func TestAPlaceThatIsReplacedMeanwhile(t *testing.T) {
	later := deliveryNoon.Add(2 * time.Hour)
	type step struct {
		of outreach.Enrolment
		at time.Time
	}
	for name, c := range map[string]struct {
		meanwhile []step
		as        string
	}{
		"by nobody":                       {nil, "page 1"},
		"by itself, which is proven now":  {[]step{{outreach.Enrolment{Cause: "page 1"}, deliveryNoon}}, "page 1"}, // nothing is noted of that
		"by another proven one":           {[]step{{outreach.Enrolment{Cause: "shop 2"}, deliveryNoon}}, ""},
		"by another unproven one, later":  {[]step{{outreach.Enrolment{Cause: "page 9", Unproven: true}, later}}, "page 9"},
		"by another, and by itself later": {[]step{{outreach.Enrolment{Cause: "shop 2"}, deliveryNoon}, {outreach.Enrolment{Cause: "page 1"}, later}}, ""},
	} {
		db := dynamotest.New(t)
		s := outreach.Enrolments{DB: db, Table: "Due"}
		enrol := func(of outreach.Enrolment, now time.Time) string {
			t.Helper()
			of.IDs, of.CampaignID, of.Until = []profile.ID{"p"}, "c", now.Add(time.Hour)
			as, err := s.Enrol(t.Context(), of, now)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return as
		}
		enrol(outreach.Enrolment{Cause: "page 1", Unproven: true}, deliveryNoon)
		db.Interrupt("PutItem", 2, func() {
			for _, m := range c.meanwhile {
				enrol(m.of, m.at)
			}
		})
		if as := enrol(outreach.Enrolment{Cause: "shop 1"}, deliveryNoon); as != c.as {
			t.Errorf("%s: enrolled as %q, want %q", name, as, c.as)
		}
	}
}
