package report

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

// crowd is who is behind a number.
type crowd struct {
	ID, Cell, Reason string
	Items            []struct {
		ProfileID, UserID string
		Count             int64
	}
	Next   string
	Masked bool
}

const crowdsPerPage = "50"

// showPeople lists who is behind a number, masked until an editor says why they are to be seen.
func showPeople(v *view.Visit) error {
	c := crowd{ID: v.Query("id"), Cell: v.Query("cell"), Reason: v.Query("reason")}
	if c.ID == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	q := url.Values{"cell": {c.Cell}, "limit": {crowdsPerPage}}
	for name, value := range map[string]string{"reason": c.Reason, "cursor": v.Query("cursor")} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if err := v.API.Get(v.Context(), api.Path("reports", c.ID, "people"), q, &c); err != nil {
		return err
	}
	return v.Show(pages, "people", c)
}

// mostCSV bounds a file that is handed on: what a function may answer.
const mostCSV = 5 << 20

// mark tells programs for tables that a file is in UTF-8, which they do not guess of Chinese.
const mark = "\uFEFF"

// download hands on a list of an exact answer as CSV, all of its pages.
func download(v *view.Visit) error {
	id, list := v.Query("id"), v.Query("table")
	if id == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	all := []byte(mark)
	header := "attachment"
	for cursor := ""; ; {
		q := url.Values{"format": {"csv"}, "table": {list}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		part, answered, err := v.API.Text(v.Context(), api.Path("reports", id), q)
		if err != nil {
			return err
		}
		if cursor != "" {
			part = withoutHead(part)
		}
		header = cmp.Or(answered.Get("Content-Disposition"), header)
		if all = append(all, part...); len(all) > mostCSV {
			return &api.Fault{Status: http.StatusUnprocessableEntity, Detail: v.Lang.Of("report.csv.large")}
		}
		if cursor = answered.Get("Next-Cursor"); cursor == "" {
			break
		}
	}
	v.W.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.W.Header().Set("Content-Disposition", header)
	_, _ = v.W.Write(all)
	return nil
}

// withoutHead is a page of a file behind its first line, which names the columns.
func withoutHead(part []byte) []byte {
	for i, c := range part {
		if c == '\n' {
			return part[i+1:]
		}
	}
	return nil
}
