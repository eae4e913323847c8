package console

import (
	"net/http"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/httpapi"
)

// staff is who may work here, as far as the deployment says: whoever holds a key. Of those who sign in elsewhere only that they may is known.
type staff struct {
	Items []access.Caller `json:"items"`
	// Issuer says that tokens are taken, whose claims name operators and their roles.
	Issuer bool `json:"issuer"`
}

// operators lists them by the marks of their keys, never by a key or a whole hash.
func (p *Process) operators(w http.ResponseWriter, _ *http.Request) {
	httpapi.JSON(w, http.StatusOK, staff{Items: p.Auth.Staff(), Issuer: p.Auth.Claims.Role != ""})
}
