// Package call is the page that shows what the API answers to a call, for those who want to know what is behind a page. It reads alone. The surprising thing: it asks as the visitor, so it shows nobody
// what they may not see.
package call

import (
	"bytes"
	"embed"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{view.Show("call", access.Viewer, "call.title", "", show)}
}

type answer struct {
	Path, Body string
}

func show(v *view.Visit) error {
	path := v.Query("path")
	at, err := url.Parse(path)
	if err != nil || at.IsAbs() || at.Host != "" || !strings.HasPrefix(at.Path, "/v1/") {
		return &api.Fault{Status: http.StatusBadRequest, Errors: []api.FieldFault{{Field: "path", Reason: v.Lang.Of("call.path")}}}
	}
	var raw json.RawMessage
	if err := v.API.Get(v.Context(), at.EscapedPath(), at.Query(), &raw); err != nil {
		return err
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, raw, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(raw)
	}
	return v.Show(pages, "call", answer{path, pretty.String()})
}
