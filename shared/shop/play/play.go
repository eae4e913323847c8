package play

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/format"
)

// Seed is the seed of the play that `make demo` gives.
const Seed = 2026

// Play is one performance on a running stack.
type Play struct {
	Client   *shop.Client
	Progress *shop.Progress
	Out      io.Writer
	Seed     uint64
	Now      func() time.Time

	said int // events that the people themselves have sent
}

const (
	pollPause = time.Second
	// maxPolls bounds the wait for a run or a settlement: the schedules of the stack come every minute.
	maxPolls = 300
)

// say prints a line, without the blanks of empty columns at its end.
func (p *Play) say(text string, args ...any) {
	_, _ = fmt.Fprintln(p.Out, strings.TrimRight(fmt.Sprintf(text, args...), " "))
}

func (p *Play) settle(ctx context.Context, stage string) error {
	defer p.Progress.End()
	most := 0
	return p.Client.Settle(ctx, func(left int) {
		most = max(most, left)
		p.Progress.Show(stage, most-left, most, "jobs")
	})
}

// define saves the documents of the play. A stack that has them already keeps their versions.
func (p *Play) define(ctx context.Context) error {
	all := definitions()
	for i, d := range all {
		if err := p.Client.Ask(ctx, http.MethodPut, d.path, p.Client.OperatorKey, d.body, nil); err != nil {
			return fmt.Errorf("defining the shop: %w", err)
		}
		p.Progress.Show("defining", i+1, len(all), "documents")
	}
	p.Progress.End()
	return nil
}

// present is the hour at which the play is set: that of its first performance on this stack, which the first person's profile
// tells, or now.
func (p *Play) present(ctx context.Context) (at time.Time, again bool, err error) {
	var known struct {
		FirstSeen time.Time `json:"firstSeen"`
	}
	err = p.Client.Ask(ctx, http.MethodGet, "/v1/profiles/"+first, p.Client.ServerKey, nil, &known)
	var answer *shop.StatusError
	if errors.As(err, &answer) && answer.Answer.Status == http.StatusNotFound {
		return p.Now().UTC().Truncate(time.Hour), false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("looking for an earlier performance: %w", err)
	}
	return presentOf(p.Seed, known.FirstSeen), true, nil
}

// send sends the script, each source's events with its own key.
func (p *Play) send(ctx context.Context, script *Script) error {
	total, sent := 0, 0
	for _, events := range script.Events {
		total += len(events)
	}
	for _, source := range slices.Sorted(maps.Keys(script.Events)) {
		key := p.Client.ServerKey
		for _, known := range clientSources {
			if known.id == source {
				key = known.key
			}
		}
		if err := p.post(ctx, key, script.Events[source]); err != nil {
			return err
		}
		sent += len(script.Events[source])
		p.Progress.Show("sending", sent, total, "events")
	}
	p.Progress.End()
	return nil
}

// tag is a word of the shop about its first person. A second performance finds it there.
func (p *Play) tag(ctx context.Context) error {
	if err := p.Client.Ask(ctx, http.MethodPut, "/v1/profiles/"+first+"/tags", p.Client.ServerKey, object{"tags": []string{"常客"}}, nil); err != nil {
		return fmt.Errorf("tagging somebody: %w", err)
	}
	header := []string{"Content-Type", "text/csv"}
	answer, err := p.Client.Call(ctx, http.MethodPut, "/v1/lists/tasting-2026", p.Client.ServerKey, []byte("userId\n"+first+"\nnobody\n"), header...)
	if err == nil && answer.Status > 299 {
		err = &shop.StatusError{Call: "PUT /v1/lists/tasting-2026", Answer: answer}
	}
	if err != nil {
		return fmt.Errorf("uploading a list: %w", err)
	}
	return nil
}

func (p *Play) post(ctx context.Context, key string, events []Event) error {
	wire := make([]format.Event, len(events))
	for i, e := range events {
		body, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("writing an event: %w", err)
		}
		wire[i] = format.Event{Line: i + 1, Person: e.UserID + e.AnonymousID, MessageID: e.MessageID, Body: body}
	}
	account, err := p.Client.Send(ctx, key, wire)
	if err != nil {
		return err
	}
	if account.Refused > 0 {
		return fmt.Errorf("the stack refused %d events of the play: event %s", account.Refused, account.Shown[0])
	}
	if key != p.Client.ServerKey {
		p.said += len(events)
	}
	return nil
}

// segment runs segmentation and waits for its end.
func (p *Play) segment(ctx context.Context) (*run, error) {
	var started struct {
		RunID string `json:"runId"`
	}
	if err := p.Client.Ask(ctx, http.MethodPost, "/v1/runs", p.Client.OperatorKey, object{}, &started); err != nil {
		return nil, fmt.Errorf("starting a run: %w", err)
	}
	defer p.Progress.End()
	for range maxPolls {
		var r run
		if err := p.Client.Ask(ctx, http.MethodGet, "/v1/runs/"+url.PathEscape(started.RunID), p.Client.OperatorKey, nil, &r); err != nil {
			return nil, fmt.Errorf("watching run %s: %w", started.RunID, err)
		}
		if r.State == "finished" {
			return &r, nil
		}
		p.Progress.Show("segmenting", r.Scored, max(r.Shards, 1), "shards")
		if err := p.Client.Sleep(ctx, pollPause); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("run %s has not finished in %s; see the logs of the stack", started.RunID, maxPolls*pollPause)
}

// run is a segmentation run as the API shows it.
type run struct {
	RunID    string                    `json:"runId"`
	AsOf     string                    `json:"asOf"`
	State    string                    `json:"state"`
	Shards   int                       `json:"shards"`
	Scored   int                       `json:"shardsScored"`
	Profiles int                       `json:"profiles"`
	Changed  int                       `json:"changed"`
	Counts   map[string]map[string]int `json:"counts"`
	Segments map[string]int            `json:"segments"`
}
