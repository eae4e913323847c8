package preview

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/people/profile"
)

// byProfileID is how the address of a person in the API names one by their profileId.
const byProfileID = "profile:"

var number = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{6,19}$`)

// whom is somebody whom a visitor names.
type whom struct {
	// user is how further links name them: an address stands in none, the person whom it has found does.
	user    string
	asked   []url.Values // what the API can be asked for them by, what is meant most surely first: a shop may have ids of any form
	several bool
}

func find(v *view.Visit, typed string) (whom, error) {
	user := url.Values{"userId": {typed}}
	if id := strings.TrimPrefix(typed, byProfileID); profile.ID(id).Valid() {
		return whom{user: typed, asked: []url.Values{{"profileId": {id}}, user}}, nil
	}
	by := ""
	switch {
	case strings.Contains(typed, "@"):
		by = "email"
	case number.MatchString(typed):
		by = "phone"
	default:
		return whom{user: typed, asked: []url.Values{user}}, nil
	}
	var found struct{ Items []struct{ ProfileID string } }
	err := v.API.Get(v.Context(), "/v1/people", url.Values{"q": {by + ":" + typed}}, &found)
	switch {
	case err != nil && api.Status(err) != http.StatusBadRequest:
		return whom{}, err
	case len(found.Items) == 0: // or it only looks like an address
		return whom{user: typed, asked: []url.Values{user}}, nil
	case len(found.Items) > 1:
		return whom{user: typed, several: true}, nil
	}
	id := found.Items[0].ProfileID
	return whom{user: byProfileID + id, asked: []url.Values{{"profileId": {id}}}}, nil
}
