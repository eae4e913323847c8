package push

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
)

// google is a project of Firebase.
type google struct {
	project, endpoint string
	client            *http.Client
	now               func() time.Time
	grant             grant
}

// message is what Firebase takes: projects.messages.send of its HTTP v1 API.
type message struct {
	Message struct {
		Token        string            `json:"token"`
		Notification shown             `json:"notification"`
		Data         map[string]string `json:"data"`
	} `json:"message"`
}

// shown is what the device shows.
type shown struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

func (g *google) send(ctx context.Context, n channel.Notification, data map[string]string) error {
	var m message
	m.Message.Token, m.Message.Notification, m.Message.Data = n.Address, shown{n.Content.Subject, n.Content.Text}, data
	body, err := json.Marshal(m)
	if err != nil {
		return &channel.Error{Class: channel.Reject, Code: "payload"}
	}
	for attempt := range 2 {
		access, err := g.grant.token(ctx)
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.endpoint+"/v1/projects/"+url.PathEscape(g.project)+"/messages:send", bytes.NewReader(body))
		if err != nil {
			return &channel.Error{Class: channel.Retry, Code: "settings"}
		}
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
		request.Header.Set("Authorization", "Bearer "+access)
		answer, err := call.Do(ctx, g.client, request)
		if err != nil {
			return err
		}
		refusal, stale := g.judge(answer)
		if refusal == nil {
			return nil
		}
		if !stale {
			return refusal
		}
		// Nothing was delivered: the token is of before, or was taken back.
		g.grant.forget(access)
		if attempt > 0 {
			return refusal
		}
	}
	return nil
}

// judge sorts what Firebase said. stale says that the access token counts no more.
func (g *google) judge(answer *call.Answer) (refusal *channel.Error, stale bool) {
	if refusal = answer.Refusal(g.now()); refusal == nil {
		return nil, false
	}
	var said struct {
		Error struct {
			Status, Message string
			Details         []struct {
				ErrorCode       string            `json:"errorCode"`
				FieldViolations []json.RawMessage `json:"fieldViolations"`
			}
		}
	}
	_ = json.Unmarshal(answer.Body, &said) // without a word the status has to do
	word, violated := "", false
	for _, d := range said.Error.Details {
		word, violated = cmp.Or(word, d.ErrorCode), violated || len(d.FieldViolations) > 0
	}
	refusal.Code = cmp.Or(call.Code(word), call.Code(said.Error.Status), refusal.Code)
	switch {
	case word == "UNREGISTERED":
		refusal.Bounce = true
	case word == "INVALID_ARGUMENT" && !violated && strings.Contains(said.Error.Message, "registration token"):
		refusal.Bounce = true // the token is none
	case word == "THIRD_PARTY_AUTH_ERROR", answer.Status == http.StatusForbidden && word != "SENDER_ID_MISMATCH", answer.Status == http.StatusNotFound:
		refusal.Class = channel.Retry // a key, a right or a project of the deployment's
	case answer.Status == http.StatusUnauthorized:
		refusal.Class, stale = channel.Retry, true
	}
	return refusal, stale
}
