package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
)

// shown is a definition as the API shows it: its document with version, when it was saved, and who did.
func shown(d definition.Document) (fields, error) {
	var f fields
	if err := json.Unmarshal(d.Body, &f); err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", d.Kind, d.ID, err)
	}
	hide(d.Kind, f)
	f[fieldID] = quoted(d.ID)
	f[fieldVersion] = json.RawMessage(strconv.Itoa(d.Version))
	f[fieldUpdatedAt] = quoted(d.UpdatedAt.Format(time.RFC3339Nano))
	if d.By != (access.Caller{}) {
		by, err := json.Marshal(d.By)
		if err != nil {
			return nil, fmt.Errorf("writing who saved %s %s: %w", d.Kind, d.ID, err)
		}
		f[fieldUpdatedBy] = by
	}
	return f, nil
}

// answer shows a definition with what is doubtful of it, or the reason why there is none to show.
func (p *Process) answer(w http.ResponseWriter, r *http.Request, status int, d definition.Document, err error, doubts ...httpapi.FieldError) {
	if errors.Is(err, dynamo.ErrNotFound) {
		httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no %s %q", d.Kind, d.ID))
		return
	}
	var body fields
	if err == nil {
		body, err = shown(d)
	}
	if err == nil && len(doubts) > 0 {
		body[fieldWarnings], err = httpapi.Marshal(doubts)
	}
	p.write(w, r, status, d, body, err)
}

// write answers with a definition as it is shown.
func (*Process) write(w http.ResponseWriter, r *http.Request, status int, d definition.Document, body fields, err error) {
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	w.Header().Set("ETag", strconv.Quote(strconv.Itoa(d.Version)))
	httpapi.JSON(w, status, body)
}
