package people

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/people/upload"
)

// uploading is the page on which people are put on a list, or tagged, many at once.
type uploading struct {
	List, Mode, Lines string
	Done              *uploaded
	Faults            []api.FieldFault
}

// uploaded is what became of it.
type uploaded struct {
	At             time.Time
	Lines, Matched int
	Twice          []struct{ Line, Of int }
	Unmatched      []struct {
		Line   int
		Reason string
	}
}

// Most is how many lines a part has.
func (uploading) Most() int { return upload.MaxLines }

// Rule is the rule of a segment of those who are on the list.
func (u uploading) Rule() string {
	return `{"field": "onList.` + u.List + `", "op": "exists", "value": true}`
}

func showUpload(v *view.Visit) error { return v.Show(pages, "upload", uploading{}) }

// sendUpload sends the lines that were typed, or pasted out of a table. The page keeps them, so that what was not matched can be mended.
func sendUpload(v *view.Visit) error {
	u := uploading{List: strings.TrimSpace(v.Field("list")), Mode: v.Field("mode"), Lines: v.Field("lines")}
	path := "/v1/tags"
	if u.List != "" {
		path = api.Path("lists", u.List)
	}
	u.Done = &uploaded{}
	err := v.API.PutTable(v.Context(), path, url.Values{"mode": {u.Mode}}, pasted(u.Lines), u.Done)
	if f, said := api.FaultOf(err); said && slices.Contains([]int{http.StatusBadRequest, http.StatusUnprocessableEntity}, f.Status) && len(f.Errors) > 0 {
		u.Done, u.Faults = nil, f.Errors
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "upload", u)
	}
	if err != nil {
		return err
	}
	return v.Show(pages, "upload", u)
}

// pasted are lines as a table has them: what is copied out of a program for tables has tabs between its cells.
func pasted(lines string) string {
	if head, _, _ := strings.Cut(lines, "\n"); strings.Contains(head, "\t") {
		return strings.ReplaceAll(lines, "\t", ",")
	}
	return lines
}
