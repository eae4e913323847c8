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

// names are what the API can be asked for the person by, what is meant most surely first: a shop may have ids of any form. An address stands in no further link: the person whom it has found does.
func (p *Preview) names(v *view.Visit) (all []url.Values, err error) {
	user := url.Values{"userId": {p.User}}
	if id := strings.TrimPrefix(p.User, byProfileID); profile.ID(id).Valid() {
		return []url.Values{{"profileId": {id}}, user}, nil
	}
	by := ""
	switch {
	case strings.Contains(p.User, "@"):
		by = "email"
	case number.MatchString(p.User):
		by = "phone"
	default:
		return []url.Values{user}, nil
	}
	var found struct{ Items []struct{ ProfileID string } }
	err = v.API.Get(v.Context(), "/v1/people", url.Values{"q": {by + ":" + p.User}}, &found)
	switch {
	case api.Status(err) == http.StatusBadRequest: // it only looks like one
		return []url.Values{user}, nil
	case err != nil:
		return nil, err
	case len(found.Items) == 0:
		return []url.Values{user}, nil
	case len(found.Items) > 1:
		p.Several = true
		return nil, nil
	}
	id := found.Items[0].ProfileID
	p.User = byProfileID + id
	return []url.Values{{"profileId": {id}}}, nil
}
