//go:build linux

package functions

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestARunThatIsKilled has runs of segmentation ended by kill -9 again and again, of one function or of everything: the first, which writes everybody, and one after some have bought again.
// Each comes to what a run over the same people that nobody disturbs comes to, which then finds nobody to write. KILLS= and PEOPLE= make more of them.
func TestARunThatIsKilled(t *testing.T) {
	t.Parallel()
	kills, people := number("KILLS", 4), number("PEOPLE", 300)
	c := startChild(t, hastily)
	x := &trial{machine: &machine{t: t, base: "http://" + c.gateway}, child: c, client: &http.Client{Timeout: 20 * time.Second}}
	put := func(id, rule string) {
		x.call(http.StatusCreated, "PUT", "/v1/segments/"+id, operatorKey, `{"name":"x","rule":`+rule+`}`, nil)
	}
	put("buyers", `{"field":"orders.count","op":"gte","value":1}`)
	put("top", `{"all":[{"field":"rfm.m","op":"eq","value":5},{"segment":"buyers"}]}`)
	put("half", `{"percent":{"seed":"s","from":0,"to":50}}`)
	ordered := func(person, nth int) string {
		return fmt.Sprintf(`{"type":"track","messageId":"k-%d-%d","userId":"killed-%06d","event":"Order Completed","timestamp":%q,"properties":{"order_id":"k-%d-%d","total":%d}}`,
			person, nth, person, stamp(time.Now().AddDate(0, 0, -1-person%300*(1-nth))), person, nth, 10+person%97)
	}
	var first, second []string
	for i := range people {
		if i%10 < 3 {
			first = append(first, ordered(i, 0))
		} else {
			first = append(first, fmt.Sprintf(`{"type":"track","messageId":"k-%d","userId":"killed-%06d","event":"Product Viewed","properties":{"product_id":"tea"}}`, i, i))
		}
		if i%50 == 0 {
			second = append(second, ordered(i, 1))
		}
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 5))
	for n, events := range [][]string{first, second} {
		x.tell(events)
		x.rest()
		killed, struck := x.killedRun(random, (kills+1-n)/2, people)
		whole := x.undisturbed()
		if killed["profiles"] != float64(people) || killed["buyers"] != float64(people*3/10) {
			t.Errorf("a killed run saw %v profiles and %v buyers, want %d and %d", killed["profiles"], killed["buyers"], people, people*3/10)
		}
		if whole["changed"] != 0.0 {
			t.Errorf("a run that was killed %d times left %v people to be written by the next", struck, whole["changed"])
		}
		for _, own := range []string{"runId", "changed", "createdAt", "finishedAt"} {
			delete(killed, own)
			delete(whole, own)
		}
		for _, what := range slices.Sorted(maps.Keys(whole)) {
			if !reflect.DeepEqual(killed[what], whole[what]) {
				t.Errorf("a run that was killed %d times says of %s\n%v\nand one that was not\n%v", struck, what, killed[what], whole[what])
			}
		}
		t.Logf("%d kills in a run over %d people", struck, people)
	}
}

// tell sends events in batches, and insists.
func (x *trial) tell(events []string) {
	for len(events) > 0 {
		n := min(len(events), 50)
		x.insist("POST", "/v1/batch", serverKey, `{"batch":[`+strings.Join(events[:n], ",")+`]}`, http.StatusOK)
		events = events[n:]
	}
}

// begin starts a run.
func (x *trial) begin() (id string) {
	var started struct{ RunID string }
	if text := x.insist("POST", "/v1/runs", operatorKey, "{}", http.StatusAccepted); text == nil || json.Unmarshal(text, &started) != nil {
		x.t.Fatal("no run begins")
	}
	return started.RunID
}

// told is what the API tells of a run, with what its classes bring.
func (x *trial) told(id string) (run map[string]any) {
	run, classes := x.read("/v1/runs/"+id), x.read("/v1/runs/"+id+"/classes")
	delete(classes, "runId")
	run["classes"] = classes
	return run
}

// read is an answer of the API.
func (x *trial) read(path string) (answer map[string]any) {
	if err := json.Unmarshal(x.insist("GET", path, operatorKey, "", http.StatusOK), &answer); err != nil {
		x.t.Fatalf("%s: %v", path, err)
	}
	return answer
}

// killedRun is a run in which so many processes are ended, unless it is done before; the time between kills grows with the number of people.
func (x *trial) killedRun(random *rand.Rand, kills, people int) (run map[string]any, struck int) {
	id := x.begin()
	for struck < kills {
		time.Sleep(time.Duration(20+random.IntN(200)+random.IntN(people/50+1)) * time.Millisecond) // the run goes on meanwhile
		if running := children(x.child.cmd.Process.Pid); random.IntN(3) > 0 && len(running) > 0 {
			_ = syscall.Kill(running[random.IntN(len(running))], syscall.SIGKILL)
		} else {
			x.child.kill()
			x.child.start()
		}
		struck++
		if x.read("/v1/runs/" + id)["state"] == "finished" {
			break
		}
	}
	x.rest()
	return x.told(id), struck
}

// undisturbed is a run that nobody kills.
func (x *trial) undisturbed() map[string]any {
	id := x.begin()
	x.rest()
	return x.told(id)
}
