package console

import (
	"net/http"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
)

// How many items a page of a list has.
const (
	usualPage = 50
	mostPage  = 200
)

// listFailed answers an error of a list: a foreign cursor is the caller's fault.
func listFailed(w http.ResponseWriter, r *http.Request, err error) {
	httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
}
