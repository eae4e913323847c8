package people

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

// data is the page of a person's data: devices, and what may be done with all of it.
type data struct {
	person
	Devices []device
	Partial bool
	// Typed is what was typed to confirm an erasure, and Fault what is wrong with it.
	Typed, Fault string
}

// device is one that was ever heard of together with the person.
type device struct {
	AnonymousID, State  string
	FirstSeen, LastSeen *time.Time
	Events              int
}

func showData(v *view.Visit) error {
	d, err := readData(v, v.Query("id"), strings.TrimSpace(v.Query("reason")))
	if err != nil {
		return err
	}
	return d.show(v, "data", d)
}

func readData(v *view.Visit, id, reason string) (data, error) {
	d := data{person: person{ID: id, Reason: reason, Tab: "person/data"}}
	var devices struct {
		Items   []device
		Partial bool
	}
	err := v.Together(v.Read(&d.Known, who(id, reason), "profiles", "-"), v.Read(&devices, who(id, reason), "profiles", "-", "devices"))
	d.Devices, d.Partial = devices.Items, devices.Partial
	return d, err
}

// maxExport bounds what a page hands out at once: an answer of the gateway has at most 6 MB.
const maxExport = 4 << 20

// export hands out everything that is held of the person as one file. What is more than a page can hand out goes by the API.
func export(v *view.Visit) error {
	var all []json.RawMessage
	size := 0
	for cursor := ""; ; {
		q := url.Values{"profileId": {v.Field("id")}, "limit": {"500"}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		if err := v.API.Get(v.Context(), api.Path("profiles", "-", "export"), q, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			size += len(item)
		}
		if size > maxExport {
			return &api.Fault{Status: http.StatusRequestEntityTooLarge, Detail: v.Lang.Of("people.data.large")}
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	body, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	v.W.Header().Set("Content-Type", "application/json")
	v.W.Header().Set("Content-Disposition", `attachment; filename="person.json"`)
	_, _ = v.W.Write(body)
	return nil
}

// erase forgets the person, once the visitor has typed the end of their id: what is gone does not come back.
func erase(v *view.Visit) error {
	id, typed := v.Field("id"), strings.TrimSpace(v.Field("typed"))
	if typed != Confirmation(id) || typed == "" {
		d, err := readData(v, id, "")
		if err != nil {
			return err
		}
		d.Typed, d.Fault = typed, "people.data.typed"
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "data", d)
	}
	if err := v.API.Delete(v.Context(), "/v1/profiles/-?"+url.Values{"profileId": {id}}.Encode(), -1, nil); err != nil {
		return err
	}
	return v.Go(view.Link("people"), "people.done.erased")
}

// confirmation is how many letters of an id are typed.
const confirmation = 6

// Confirmation is what is typed to erase somebody: the last letters of their id.
func Confirmation(id string) string { return id[max(0, len(id)-confirmation):] }

// Confirmation is what is typed to erase this person.
func (d data) Confirmation() string { return Confirmation(d.ID) }
