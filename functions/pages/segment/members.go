package segment

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

// made is a list of the members of a segment, as a scan makes it.
type made struct {
	ListID, SegmentID string
	State             string
	AskedAt           time.Time
	ReadyAt           time.Time
	KeptUntil         time.Time
	Shards            int
	ShardsRead        int
	Members           int
}

// Large says that it is more than a file holds.
func (m made) Large() bool { return m.Members > partsPerFile*peoplePerPart }

// Ready says that all of its members are known.
func (m made) Ready() bool { return m.State == "ready" }

// members is the page of who is in a segment: the lists that were made, and the people of one of them.
type members struct {
	Segment string
	Lists   []made
	List    *made // the one that is looked at
	Reason  string
	Items   []struct {
		ProfileID, UserID string
		Since             time.Time
		Reachable         []string
	}
	Next     string
	Masked   bool
	Gone     int
	May      bool // ask for a list
	Download bool
}

const membersPerPage = "50"

// showMembers lists who is in a segment, by the list that is asked for or the newest one, masked until an editor says why they are to be seen.
func showMembers(v *view.Visit) error {
	m := members{Segment: v.Query("segment"), Reason: v.Query("reason"), May: v.May(view.Least("POST /v1/segments/{id}/members")), Download: v.May(access.Download.Least())}
	if m.Segment == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	var found struct{ Items []made }
	if err := v.API.Get(v.Context(), api.Path("segments", m.Segment, "members"), nil, &found); err != nil {
		return err
	}
	m.Lists = found.Items
	for i, one := range m.Lists {
		if one.ListID == v.Query("list") || m.List == nil && v.Query("list") == "" && one.Ready() {
			m.List = &m.Lists[i]
		}
	}
	if m.List != nil && m.List.Ready() {
		q := url.Values{"limit": {membersPerPage}}
		for name, value := range map[string]string{"reason": m.Reason, "cursor": v.Query("cursor")} {
			if value != "" {
				q.Set(name, value)
			}
		}
		if err := v.API.Get(v.Context(), api.Path("lists", m.List.ListID, "members"), q, &m); err != nil {
			return err
		}
	}
	return v.Show(pages, "members", m)
}

// makeList asks for a list of a segment's members.
func makeList(v *view.Visit) error {
	id := v.Field("segment")
	if id == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	if err := v.API.Post(v.Context(), api.Path("segments", id, "members"), v.Field("once"), struct{}{}, nil); err != nil {
		return err
	}
	return v.Go(view.Link("segments/members", "segment", id), "segment.done.asked")
}

// peoplePerPart is how many people the API looks up at once, and partsPerFile bounds how many times it is asked for one file: by what a function may answer, and how long a browser waits.
const (
	peoplePerPart = 2000
	partsPerFile  = 10
)

// mark tells programs for tables that a file is in UTF-8, which they do not guess of Chinese.
const mark = "\uFEFF"

// download hands on who is in a list, as a file.
func download(v *view.Visit) error {
	id, form := v.Query("list"), v.Query("format")
	if id == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	q := url.Values{"format": {form}, "reason": {v.Query("reason")}, "limit": {strconv.Itoa(peoplePerPart)}}
	for _, name := range []string{"platform", "country"} {
		if value := v.Query(name); value != "" {
			q.Set(name, value)
		}
	}
	var all []byte
	if form == "csv" {
		all = []byte(mark)
	}
	var header http.Header
	for n := 0; ; n++ {
		if n == partsPerFile {
			return &api.Fault{Status: http.StatusUnprocessableEntity, Detail: v.Lang.Of("segment.file.large")}
		}
		part, answered, err := v.API.Text(v.Context(), api.Path("lists", id, "members"), q)
		if err != nil {
			return err
		}
		if n > 0 && form != "ndjson" {
			_, part, _ = bytes.Cut(part, []byte("\n")) // each part has its head
		}
		all, header = append(all, part...), answered
		next := answered.Get("Next-Cursor")
		if next == "" {
			break
		}
		q.Set("cursor", next)
	}
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		v.W.Header().Set(name, header.Get(name))
	}
	_, _ = v.W.Write(all)
	return nil
}
