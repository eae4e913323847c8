package functions

import "net/http"

// results holds what is counted of each campaign to the decisions of the two people that there are.
func (m *machine) results(profileID string) {
	m.t.Helper()
	onRecord := map[string]int{}
	for _, who := range []string{"profile:" + profileID, "li"} {
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
		var counted struct{ Sent int }
		m.call(http.StatusOK, "GET", "/v1/campaigns/"+c.ID+"/results", operatorKey, "", &counted)
		if counted.Sent != onRecord[c.ID] {
			m.t.Errorf("%s: %d are counted as sent, %d on record", c.ID, counted.Sent, onRecord[c.ID])
		}
		sent += counted.Sent
	}
	if sent == 0 {
		m.t.Error("nothing was sent")
	}
}
