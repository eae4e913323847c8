package operation

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

// redrives is the call that the form makes.
const redrives = "POST /v1/queues/{queue}/redrive"

// queue is how full a queue is.
type queue struct {
	Queue                                  string
	Depth, InFlight, Delayed, DeadLettered int
	OldestDead                             *time.Time
}

func showQueues(v *view.Visit) error {
	var all []queue
	if err := v.Together(v.Read(&all, nil, "queues")); err != nil {
		return err
	}
	return v.Show(pages, "queues", all)
}

// letter is a job that failed too often.
type letter struct {
	ID   string
	Sent time.Time
	Job  struct {
		Kind                             string
		Count                            int
		Source, Campaign, Run, ProfileID string
	}
	Message string // its id in the log
	Why     *struct{ Cause, Text string }
}

// letters is the page of a queue's dead letters.
type letters struct {
	Queue string
	Items []letter
	Next  string
	May   bool
	Least string
	// Chosen are the letters that were ticked, and Faults what is wrong with what was sent.
	Chosen map[string]bool
	Faults []api.FieldFault
	Last   outcome
}

// outcome is what became of a redrive. More is the key by which it goes on.
type outcome struct {
	Told         bool
	Sent, Failed int
	More         string
}

const lettersPerPage = "50"

func showLetters(v *view.Visit) error {
	l := letters{Queue: v.Query("queue"), Last: outcomeOf(v)}
	if err := v.Together(readLetters(v, &l)); err != nil {
		return err
	}
	return v.Show(pages, "letters", l)
}

func readLetters(v *view.Visit, into *letters) func(context.Context) error {
	least := view.Least(redrives)
	into.May, into.Least = v.May(least), string(least)
	q := url.Values{"limit": {lettersPerPage}}
	if cursor := v.Query("cursor"); cursor != "" {
		q.Set("cursor", cursor)
	}
	return v.Read(into, q, "queues", into.Queue, "letters")
}

// outcomeOf reads from the address what became of the redrive that has led here.
func outcomeOf(v *view.Visit) (o outcome) {
	sent, err := strconv.Atoi(v.Query("sent"))
	failed, other := strconv.Atoi(v.Query("failed"))
	if err != nil || other != nil || sent < 0 || failed < 0 {
		return o
	}
	return outcome{true, sent, failed, v.Query("more")}
}

// redrive sends the letters again that were ticked, or all of the queue. It takes a tick that the cause is mended: what failed for a cause that is still there fails again.
func redrive(v *view.Visit) error {
	l := letters{Queue: v.Field("queue"), Chosen: map[string]bool{}}
	ids := v.R.PostForm["letter"]
	for _, id := range ids {
		l.Chosen[id] = true
	}
	fault := ""
	switch some := v.Field("what") == "chosen"; {
	case v.Field("mended") != "yes":
		fault = "operation.fault.mended"
	case some && len(ids) == 0:
		fault = "operation.fault.chosen"
	case !some:
		ids = nil
	}
	if fault != "" {
		l.Faults = []api.FieldFault{{Reason: v.Lang.Of(fault)}}
		if err := v.Together(readLetters(v, &l)); err != nil {
			return err
		}
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "letters", l)
	}
	body := map[string][]string{}
	if len(ids) > 0 {
		body["letters"] = ids
	}
	var told struct {
		Sent, Failed int
		Left         bool
	}
	once := v.Field("once")
	if err := v.API.Post(v.Context(), api.Path("queues", l.Queue, "redrive"), once, body, &told); err != nil {
		return err
	}
	more := ""
	if told.Left {
		more = once
	}
	return v.Go(view.Link("queues/letters", "queue", l.Queue, "sent", fmt.Sprint(told.Sent), "failed", fmt.Sprint(told.Failed), "more", more), "")
}
