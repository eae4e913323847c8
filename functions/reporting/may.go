package reporting

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/httpapi"
)

// patience is how long a sample, or a page of people, is looked for while somebody waits. The gateway waits for half a minute.
const patience = 8 * time.Second

// errCursor says that a cursor is none that a list has given.
var errCursor = errors.New("the cursor is none of this list")

// mayAsk tells whether the caller may ask people by these fields: a question that one person alone meets tells of that person. Where they may not, the request is answered.
func mayAsk(w http.ResponseWriter, r *http.Request, fields []string) bool {
	caller := httpapi.Caller(r.Context())
	if len(fields) == 0 || caller.Role.May(access.Question.Least()) {
		return true
	}
	httpapi.Problem(w, http.StatusForbidden, "", fmt.Sprintf("the role %s asks what people did: to ask who they are, by %s, takes %s", caller.Role, fields[0], access.Question.Least()))
	return false
}

// find reads the question that a request is about; where there is none, or the caller may not ask it, the request is answered.
func (p *Process) find(w http.ResponseWriter, r *http.Request) (asking, bool) {
	a, err := load(r.Context(), p.Objects, r.PathValue("id"))
	switch {
	case missing(err):
		httpapi.Problem(w, http.StatusNotFound, "", "there is no question with this id, or none any more: an answer is kept for 30 days")
		return a, false
	case err != nil:
		httpapi.Failed(w, r, err)
		return a, false
	}
	return a, mayAsk(w, r, personal(a.Definition)) // the version before knew fewer of them
}

// missing says that there is no question of an id.
func missing(err error) bool { return errors.Is(err, bucket.ErrNotFound) }
