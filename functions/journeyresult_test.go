package functions

import "net/http"

// results holds what is counted of each campaign to the decisions of the people that there are, and that all of an audience are listed.
func (m *machine) results(people ...string) {
	m.t.Helper()
	onRecord := map[string]int{}
	for _, who := range people {
		var list struct {
			Items []struct{ CampaignID, Outcome string }
		}
		m.call(http.StatusOK, "GET", "/v1/profiles/"+who+"/decisions", serverKey, "", &list)
		for _, d := range list.Items {
			if d.Outcome == "sent" {
				onRecord[d.CampaignID]++
			}
		}
	}
	var campaigns struct{ Items []struct{ ID string } }
	m.call(http.StatusOK, "GET", "/v1/campaigns", operatorKey, "", &campaigns)
	sent := 0
	for _, c := range campaigns.Items {
		var counted struct {
			Sent     int
			Audience *struct {
				Listing struct{ Shards, ShardsDone, Listed int }
			}
		}
		m.call(http.StatusOK, "GET", "/v1/campaigns/"+c.ID+"/results", operatorKey, "", &counted)
		if counted.Sent != onRecord[c.ID] {
			m.t.Errorf("%s: %d are counted as sent, %d on record", c.ID, counted.Sent, onRecord[c.ID])
		}
		if a := counted.Audience; a != nil && (a.Listing.Shards == 0 || a.Listing.ShardsDone != a.Listing.Shards || a.Listing.Listed != counted.Sent) {
			m.t.Errorf("%s: %+v is listed, %d are sent", c.ID, a.Listing, counted.Sent)
		}
		sent += counted.Sent
	}
	if sent == 0 {
		m.t.Error("nothing was sent")
	}
}
