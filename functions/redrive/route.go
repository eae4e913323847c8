package redrive

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// Handler serves the routes of redrive. Each needs an operator of the role that package access says.
func (p *Process) Handler() http.Handler {
	mux := new(httpapi.Router)
	list, redrive := "GET /v1/queues/{queue}/letters", "POST /v1/queues/{queue}/redrive"
	mux.HandleFunc(list, p.Auth.Require(list, p.list))
	mux.HandlePost(redrive, httpapi.Once{Memory: p.Memory, Now: p.Now}.Post(maxRequest, p.ask), p.Auth.Require)
	return mux
}

// How many letters a page has.
const (
	usualPage = 20
	mostPage  = 100
)

// shown is a letter as an operator sees it: never what it holds, since it may be somebody's.
type shown struct {
	ID      string    `json:"id"`
	Sent    time.Time `json:"sent"` // first
	Job     job.Told  `json:"job"`
	Message string    `json:"message"` // its id in the log of the function
	Why     *why      `json:"why,omitempty"`
}

// why is what the function said whose job failed.
type why struct {
	Cause queue.Cause `json:"cause"`
	Text  string      `json:"text"`
}

func (p *Process) list(w http.ResponseWriter, r *http.Request) {
	q, ok := p.named(w, r)
	if !ok {
		return
	}
	page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
	if !ok {
		return
	}
	letters, next, err := p.Letters.List(r.Context(), q.Name, page.Limit, page.Cursor)
	if err != nil {
		httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
		return
	}
	all, err := p.told(r.Context(), letters)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[shown]{Items: all, Next: next})
}

// sentAgain is the kind of a letter of which only the place in the list is left: a redrive was cut off behind it, and the next one takes it away.
const sentAgain = "sentAgain"

// told reads what letters tell of themselves. One whose body is gone or torn is shown all the same: it is counted, and somebody has to know of it.
func (p *Process) told(ctx context.Context, letters []deadletter.Letter) ([]shown, error) {
	all := make([]shown, len(letters))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, l := range letters {
		group.Go(func() error {
			all[i] = shown{ID: letterID(l), Sent: l.Sent, Job: job.Told{Kind: job.Unreadable}, Message: l.ID}
			said, err := p.Letters.Why(ctx, l)
			if err != nil {
				return err
			}
			if said != nil {
				all[i].Why = &why{said.Cause, said.Text}
			}
			body, err := p.Letters.Body(ctx, l)
			switch {
			case err == nil:
				all[i].Job = tellOf(l.Queue, body)
			case errors.Is(err, dynamo.ErrNotFound):
				all[i].Job.Kind = sentAgain
			case !errors.Is(err, deadletter.ErrTorn):
				return err
			}
			return nil
		})
	}
	return all, group.Wait()
}
