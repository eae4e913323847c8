//go:build linux

package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	crashPeople = 40 // the first of them invite the others
	advocates   = 4
	crashKills  = 3 // KILLS= makes more of them
)

// tally is what was accepted of one person, each event once however often it was sent.
type tally struct {
	events, visits, orders int
	cents                  int64
}

// trial is a stack that is killed again and again while it is used.
type trial struct {
	*machine
	child  *child
	client *http.Client
	seed   uint64
	pause  time.Duration // of a worker between two requests

	mu     sync.Mutex
	people [crashPeople]tally
	runs   []string
	sent   int // event requests, retries included
}

// TestCrash uses the stack over HTTP while random processes of it, or all of it, are ended by kill -9. At rest it must have
// had the effect of every accepted event once.
func TestCrash(t *testing.T) {
	t.Parallel()
	kills := crashKills
	if text := os.Getenv("KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("KILLS is %q, no number from 1 on", text)
		}
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEED=%d", seed) // chooses traffic and victims; the moments are the machine's
	c := startChild(t, hastily)
	x := &trial{machine: &machine{t: t, base: "http://" + c.gateway}, child: c, client: &http.Client{Timeout: 20 * time.Second}, seed: seed}
	x.define()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var load sync.WaitGroup
	for worker := range 4 {
		load.Go(func() { x.shop(ctx, uint64(worker)) })
	}
	load.Go(func() { x.segmentations(ctx) })
	all, one := x.killings(rand.New(rand.NewPCG(seed, 99)), kills)
	stop()
	load.Wait()
	x.nameTheRest()
	x.rest()
	x.account()
	x.t.Logf("%d kills of everything, %d of one function; %d requests, %d runs", all, one, x.sent, len(x.runs))
}

func (x *trial) define() {
	put := func(path, body string) { x.t.Helper(); x.call(http.StatusCreated, "PUT", path, operatorKey, body, nil) }
	put("/v1/settings/messaging", `{"caps":[]}`)
	put("/v1/segments/buyers", `{"name":"Buyers","rule":{"field":"orders.count","op":"gte","value":1}}`)
	put("/v1/templates/hook", `{"name":"Hook","channel":"social","locales":{"default":{"payload":"{\"what\":\"{{ event.name }}\"}"}}}`)
	put("/v1/campaigns/visit", `{"name":"Visit","state":"running","channel":"social","templateId":"hook","transactional":true,"trigger":{"event":{"name":"Store Visited"}}}`)
	put("/v1/campaigns/buyer", `{"name":"Buyer","state":"running","channel":"social","templateId":"hook","transactional":true,"oncePerPerson":true,"trigger":{"enteredSegment":"buyers"}}`)
	put("/v1/programs/invite", `{"name":"Invite","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":500}],"friend":[{"points":200}]}}`)
	var codes [advocates]struct{ Code string }
	for i := range crashPeople {
		if i < advocates {
			x.call(http.StatusOK, "POST", "/v1/referrals/codes", serverKey, fmt.Sprintf(`{"programId":"invite","userId":%q}`, person(i)), &codes[i])
			continue
		}
		x.call(http.StatusCreated, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":%q}`, codes[i%advocates].Code, person(i)), nil)
	}
}

func person(i int) string { return fmt.Sprintf("person-%02d", i) }

// insist sends a request until it is answered with one of the statuses, over any number of crashes.
func (x *trial) insist(method, path, key, body string, statuses ...int) []byte {
	deadline := time.Now().Add(2 * time.Minute)
	for last := ""; time.Now().Before(deadline); {
		r, err := http.NewRequest(method, x.base+path, strings.NewReader(body))
		if err != nil {
			x.t.Error(err)
			return nil
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		answer, err := x.client.Do(r)
		if err == nil {
			text, failed := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			for _, status := range statuses {
				if failed == nil && answer.StatusCode == status {
					return text
				}
			}
			last = fmt.Sprint(answer.StatusCode, " ", string(text), failed)
			if answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusTooManyRequests {
				x.t.Errorf("%s %s: %s", method, path, last)
				return nil
			}
		} else {
			last = err.Error()
		}
		time.Sleep(50 * time.Millisecond) // a client's pause before it tries again
		if time.Now().After(deadline) {
			x.t.Errorf("%s %s is not answered within two minutes: %s", method, path, last)
		}
	}
	return nil
}

// shop sends requests until it is told to stop. What is begun is finished: a client that got no answer sends the same again.
func (x *trial) shop(ctx context.Context, worker uint64) {
	r := rand.New(rand.NewPCG(x.seed, worker))
	for request := 0; ctx.Err() == nil; request++ {
		var events []string
		grown := map[int]tally{}
		for n := range 1 + r.IntN(8) {
			who := r.IntN(crashPeople)
			id := fmt.Sprintf("m-%d-%d-%d", worker, request, n)
			name, properties, g := "Product Viewed", `"product_id":"tea"`, grown[who]
			switch r.IntN(4) {
			case 0:
				name, properties = "Store Visited", `"store":"West Lake"`
				g.visits++
			case 1:
				cents := 100 + r.Int64N(9900)
				name, properties = "Order Completed", fmt.Sprintf(`"order_id":"o-%s","total":%d.%02d`, id, cents/100, cents%100)
				g.orders++
				g.cents += cents
			}
			g.events++
			grown[who] = g
			events = append(events, fmt.Sprintf(`{"type":"track","messageId":%q,"userId":%q,"event":%q,"timestamp":%q,"properties":{%s}}`, id, person(who), name, stamp(time.Now()), properties))
		}
		body := `{"batch":[` + strings.Join(events, ",") + `]}`
		if x.insist("POST", "/v1/batch", serverKey, body, http.StatusOK) == nil {
			return
		}
		x.mu.Lock()
		x.sent++
		for who, g := range grown {
			p := &x.people[who]
			p.events, p.visits, p.orders, p.cents = p.events+g.events, p.visits+g.visits, p.orders+g.orders, p.cents+g.cents
		}
		x.mu.Unlock()
		time.Sleep(x.pause)
	}
}

// nameTheRest lets those visit of whom nothing was sent: on a busy machine all kills have happened after a few requests.
func (x *trial) nameTheRest() {
	for who := range x.people {
		p := &x.people[who]
		if p.events > 0 {
			continue
		}
		body := fmt.Sprintf(`{"batch":[{"type":"track","messageId":"m-rest-%d","userId":%q,"event":"Store Visited","timestamp":%q,"properties":{"store":"West Lake"}}]}`, who, person(who), stamp(time.Now()))
		if x.insist("POST", "/v1/batch", serverKey, body, http.StatusOK) != nil {
			x.sent, p.events, p.visits = x.sent+1, 1, 1
		}
	}
}

// segmentations starts runs one after the other, whatever became of those before.
func (x *trial) segmentations(ctx context.Context) {
	for ctx.Err() == nil {
		var started struct{ RunID string }
		if text := x.insist("POST", "/v1/runs", operatorKey, "{}", http.StatusAccepted); text == nil || json.Unmarshal(text, &started) != nil {
			return
		}
		x.mu.Lock()
		x.runs = append(x.runs, started.RunID)
		x.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// killings ends processes with kill -9, with pauses in which the stack gets on with its work.
func (x *trial) killings(r *rand.Rand, kills int) (all, one int) {
	for all+one < kills && !x.t.Failed() {
		time.Sleep(time.Duration(100+r.IntN(900)) * time.Millisecond) // the load goes on meanwhile
		if r.IntN(4) == 0 || all+one == kills-1 {
			x.child.kill()
			x.child.start()
			all++
			continue
		}
		if running := children(x.child.cmd.Process.Pid); len(running) > 0 {
			_ = syscall.Kill(running[r.IntN(len(running))], syscall.SIGKILL) // it may have ended by itself
			one++
		}
	}
	return all, one
}

// children are the processes that a process has started.
func children(parent int) []int {
	var out []int
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// rest waits until all queues are empty and every run has ended. A job that met an ended DynamoDB four times comes again after a quarter of an hour.
func (x *trial) rest() {
	deadline := time.Now().Add(20 * time.Minute)
	for calm := 0; calm < 3; time.Sleep(200 * time.Millisecond) { // what is asked is approximate for a moment
		states := string(x.insist("GET", "/v1/queues", operatorKey, "", http.StatusOK))
		if strings.Contains(states, `"deadLettered":`) && strings.Count(states, `"deadLettered":0}`) != strings.Count(states, `"queue":`) {
			x.t.Fatalf("there are dead letters: %s", states)
		}
		if calm++; strings.Count(states, `"depth":0,"inFlight":0,"delayed":0`) != strings.Count(states, `"queue":`) {
			calm = 0
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("it does not come to rest: %s", states)
		}
	}
}
