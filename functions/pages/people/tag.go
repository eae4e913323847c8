package people

import (
	"net/http"
	"strings"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

// tag adds the tags that were typed, or takes one away.
func tag(v *view.Visit) error {
	id, typed, removed := v.Field("id"), v.Field("add"), v.Field("remove")
	body := map[string][]string{}
	for _, one := range strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == '，' || r == '、' }) {
		if one = strings.TrimSpace(one); one != "" {
			body["add"] = append(body["add"], one)
		}
	}
	if removed != "" {
		body["remove"] = []string{removed}
	}
	err := v.API.Put(v.Context(), "/v1/profiles/-/tags?"+who(id, "").Encode(), -1, body, nil)
	if f, said := api.FaultOf(err); said && f.Status == http.StatusUnprocessableEntity && len(f.Errors) > 0 {
		o, err := readOverview(v, person{ID: id, Tab: "person"}, who(id, ""))
		if err != nil {
			return err
		}
		o.Typed, o.Fault = typed, f.Errors[0].Reason
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "person", o)
	}
	if err != nil {
		return err
	}
	return v.Go(view.Link("person", "id", id), "people.done.tagged")
}
