package play

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/userops/userops/shared/shop"
)

// invitations says who invites how many friends. The friends are new people who are in no other part of the play.
var invitations = []struct {
	advocate string
	friends  int
}{{first, 3}, {"demo-002", 2}, {"demo-030", 1}, {"demo-031", 1}}

// friend is somebody who came by a code.
type friend struct {
	person   person
	advocate string
	claimed  time.Time
	state    string
}

// circle is what came of the referral program.
type circle struct {
	friends  []friend
	refusals []string // what the rules refused, as the stack said it
}

// invite gives out codes, lets friends claim them and buy, and has one of them send the order back. What depends on the time of a
// claim takes it from the stack, so that it is the same the next time.
func (p *Play) invite(ctx context.Context, now time.Time) (*circle, error) {
	r := rand.New(rand.NewPCG(p.Seed, 1))
	c := &circle{}
	script := &Script{Events: map[string][]Event{}}
	for _, i := range invitations {
		for range i.friends {
			w := &writer{script: script, r: r, now: now, person: stranger(r, habit{name: "friend"}, fmt.Sprintf("demo-friend-%02d", len(c.friends)+1))}
			w.welcome()
			c.friends = append(c.friends, friend{person: w.person, advocate: i.advocate})
		}
	}
	if err := p.send(ctx, script); err != nil {
		return nil, err
	}
	if err := p.settle(ctx, "welcoming"); err != nil {
		return nil, err
	}
	codes, err := p.claim(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := p.provoke(ctx, c, codes); err != nil {
		return nil, err
	}
	var orders []Event
	for i, f := range c.friends {
		a := articles[i%len(articles)]
		e := orderEvent(f.person.userID+"-order-1", a.price+5000, f.claimed.Add(time.Second), []map[string]any{a.properties(1)})
		e.MessageID, e.UserID = f.person.userID+"-order", f.person.userID
		orders = append(orders, e)
	}
	if err := p.post(ctx, p.Client.ServerKey, orders); err != nil {
		return nil, err
	}
	if err := p.settle(ctx, "settling"); err != nil {
		return nil, err
	}
	if err := p.await(ctx, c, "settled"); err != nil {
		return nil, err
	}
	last := &c.friends[len(c.friends)-1]
	back := refundEvent(last.person.userID+"-order-1", articles[(len(c.friends)-1)%len(articles)].price+5000, last.claimed.Add(2*time.Second))
	back.MessageID, back.UserID = last.person.userID+"-refund", last.person.userID
	if err := p.post(ctx, p.Client.ServerKey, []Event{back}); err != nil {
		return nil, err
	}
	if err := p.settle(ctx, "returning"); err != nil {
		return nil, err
	}
	return c, p.await(ctx, c, "reversed")
}

// claim binds the friends to their advocates and notes when. A claim of an earlier performance stands.
func (p *Play) claim(ctx context.Context, c *circle) (codes map[string]string, err error) {
	codes = map[string]string{}
	for i := range c.friends {
		f := &c.friends[i]
		if codes[f.advocate] == "" {
			if codes[f.advocate], err = p.code(ctx, f.advocate); err != nil {
				return nil, err
			}
		}
		err := p.Client.Ask(ctx, http.MethodPost, "/v1/referrals/claims", p.Client.ServerKey, object{"code": codes[f.advocate], "userId": f.person.userID}, nil)
		var answer *shop.StatusError
		if err != nil && (!errors.As(err, &answer) || answer.Answer.Status != http.StatusConflict) {
			return nil, fmt.Errorf("claiming a code: %w", err)
		}
		if err := p.look(ctx, f); err != nil {
			return nil, err
		}
	}
	return codes, nil
}

func (p *Play) code(ctx context.Context, advocate string) (string, error) {
	var given struct {
		Code string `json:"code"`
	}
	err := p.Client.Ask(ctx, http.MethodPost, "/v1/referrals/codes", p.Client.ServerKey, object{"programId": programID, "userId": advocate}, &given)
	if err != nil {
		return "", fmt.Errorf("asking for a code: %w", err)
	}
	return given.Code, nil
}

// look reads a friend's referral in the play's program.
func (p *Play) look(ctx context.Context, f *friend) error {
	var known struct {
		AsFriend []struct {
			ProgramID string    `json:"programId"`
			State     string    `json:"state"`
			ClaimedAt time.Time `json:"claimedAt"`
		} `json:"asFriend"`
	}
	if err := p.Client.Ask(ctx, http.MethodGet, "/v1/referrals/"+f.person.userID, p.Client.ServerKey, nil, &known); err != nil {
		return fmt.Errorf("reading a referral: %w", err)
	}
	for _, r := range known.AsFriend {
		if r.ProgramID == programID {
			f.state, f.claimed = r.State, r.ClaimedAt
			return nil
		}
	}
	return fmt.Errorf("%s has no referral in %s after its claim", f.person.userID, programID)
}

// provoke makes claims that the rules forbid.
func (p *Play) provoke(ctx context.Context, c *circle, codes map[string]string) error {
	for _, try := range []struct{ who, code, what string }{
		{first, codes[first], "an advocate claims the own code"},
		{"demo-060", codes[first], "somebody claims who has bought before"},
		{c.friends[0].person.userID, codes["demo-002"], "a friend claims a second code"},
	} {
		answer, err := p.Client.Call(ctx, http.MethodPost, "/v1/referrals/claims", p.Client.ServerKey, fmt.Appendf(nil, `{"code":%q,"userId":%q}`, try.code, try.who))
		if err != nil {
			return fmt.Errorf("claiming a code: %w", err)
		}
		c.refusals = append(c.refusals, try.what+": "+answer.Problem())
	}
	return nil
}

// await waits until the last friend's referral is in a state, and every other one settled.
func (p *Play) await(ctx context.Context, c *circle, last string) error {
	defer p.Progress.End()
	for range maxPolls {
		done := 0
		for i := range c.friends {
			f := &c.friends[i]
			if err := p.look(ctx, f); err != nil {
				return err
			}
			// An earlier performance has reversed it already.
			if f.state == "settled" || f.state == "reversed" {
				done++
			}
		}
		end := c.friends[len(c.friends)-1].state
		if done == len(c.friends) && (end == last || end == "reversed") {
			return nil
		}
		p.Progress.Show("settling", done, len(c.friends), "referrals")
		if err := p.Client.Sleep(ctx, pollPause); err != nil {
			return err
		}
	}
	return fmt.Errorf("the referrals are not settled after %s; see the logs of the stack", maxPolls*pollPause)
}
