package functions

import (
	"net/http"
	"slices"
)

// stopAndEnterAgain stops all that is sent while somebody is due, lets it go on, and lets enter again whom the stop has skipped.
func (m *machine) stopAndEnterAgain() {
	m.t.Helper()
	var stop struct{ ID string }
	m.call(http.StatusCreated, "POST", "/v1/stop", operatorKey, `{}`, &stop)
	m.call(http.StatusOK, "POST", "/v1/track", serverKey, `{"messageId":"w1","userId":"zhao","event":"Signed Up","properties":{"plan":"jasmine"}}`, nil)
	m.idle()
	if got, want := m.decisions("zhao"), "never skipped notEligible, sign-up skipped killSwitch"; got != want {
		m.t.Errorf("decided for zhao while all is stopped: %s; want %s", got, want)
	}
	path := "/v1/stops/" + stop.ID
	m.call(http.StatusConflict, "POST", path+"/reenter", operatorKey, `{}`, nil)
	m.call(http.StatusOK, "POST", "/v1/resume", operatorKey, `{}`, nil)
	var skipped struct{ Items []struct{ CampaignID string } }
	m.call(http.StatusOK, "GET", path+"/skipped", operatorKey, "", &skipped)
	var campaigns []string
	for _, one := range skipped.Items {
		campaigns = append(campaigns, one.CampaignID)
	}
	if !slices.Equal(campaigns, []string{"sign-up"}) {
		m.t.Errorf("the stop has skipped %v", campaigns)
	}
	for range 2 { // nobody enters twice
		m.call(http.StatusAccepted, "POST", path+"/reenter", operatorKey, `{}`, nil)
		m.idle()
		if got, want := m.decisions("zhao"), "never skipped notEligible, sign-up sent, sign-up skipped killSwitch"; got != want {
			m.t.Errorf("decided for zhao in the end: %s; want %s", got, want)
		}
	}
}
