package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/httpapi"
)

// usualFriends is how many friends a preview of a program goes through that does not say.
const usualFriends = 5

// brought is the answer to a preview of a program: what one advocate's friends bring, when nobody else takes of the budget.
type brought struct {
	Program string             `json:"program"`
	Friends []referral.Brought `json:"friends"`
	// Cost is what all of them come to, both sides together.
	Cost []ledger.Quantity `json:"cost"`
	// Budget is how far each limit goes when every advocate brings as many.
	Budget []referral.Share `json:"budget"`
}

// askBrought judges a request for what friends bring by a saved program, or by the one in the body before it is saved.
func (p *Process) askBrought(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	id := r.PathValue("id")
	asked := struct {
		Friends *int   `json:"friends"`
		Program fields `json:"program"`
	}{}
	if len(body) > 0 && !httpapi.ParseJSON(w, body, &asked) {
		return nil
	}
	friends := usualFriends
	if asked.Friends != nil {
		friends = *asked.Friends
	}
	var faults fault.Faults
	if friends < 1 || friends > referral.MaxFriends {
		faults.Addf("friends", "must be from 1 to %d", referral.MaxFriends)
	}
	if asked.Program != nil {
		asked.Program.strip()
		asked.Program[fieldID] = quoted(id)
		draft, err := httpapi.Marshal(asked.Program)
		if err != nil {
			httpapi.Failed(w, r, err)
			return nil
		}
		_, err = definition.Programs.Check(id, draft, nil)
		var own fault.Faults
		if err != nil && !errors.As(err, &own) {
			httpapi.Failed(w, r, err)
			return nil
		}
		faults, body = append(faults, own.Under("program")...), draft
	}
	if len(faults) > 0 {
		httpapi.Invalid(w, "Invalid preview", faults)
		return nil
	}
	if asked.Program == nil {
		found, err := p.Catalog.Definition(r.Context(), definition.Program, id)
		if err != nil {
			p.answer(w, r, 0, definition.Document{Kind: definition.Program, ID: id}, err)
			return nil
		}
		body = found.Body
	}
	return &httpapi.Act{
		Scope: scopePreview + "#" + definition.Program + "#" + id + byCaller(r.Context()),
		Do: func(ctx context.Context, _ httpapi.Call) (httpapi.Reply, error) {
			program, err := definition.Programs.Decode(body)
			if err != nil {
				return httpapi.Reply{}, err
			}
			all := program.Bring(friends)
			return httpapi.Replied(ctx, http.StatusOK, brought{id, all, all[len(all)-1].Sum.Total(), program.Lasts(friends)}), nil
		},
	}
}
