package rule

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

var step = regexp.MustCompile(`^(\w+)(?:\[(\d+)\])?$`)

// under is what stands at a place of a rule, by walking its JSON.
func under(t *testing.T, raw, path string) string {
	t.Helper()
	at := json.RawMessage(raw)
	for _, name := range strings.Split(path, ".")[1:] {
		of := step.FindStringSubmatch(name)
		var object map[string]json.RawMessage
		if err := json.Unmarshal(at, &object); err != nil || object[of[1]] == nil {
			t.Fatalf("%s has no %s", raw, path)
		}
		if at = object[of[1]]; of[2] != "" {
			var list []json.RawMessage
			n, _ := strconv.Atoi(of[2])
			if err := json.Unmarshal(at, &list); err != nil || len(list) <= n {
				t.Fatalf("%s has no %s", raw, path)
			}
			at = list[n]
		}
	}
	return string(at)
}

// TestPartsAreRulesOfTheirOwn asks each place of a rule, and what stands there as a rule by itself, of people who differ; one of them refuses profiling.
func TestPartsAreRulesOfTheirOwn(t *testing.T) {
	now, shop := at(t, "2026-11-21T12:00:00Z"), shopOf(t)
	refuser := person(t)
	refuser.Consent = map[string]profile.Consent{string(profile.Profiling): {Granted: false, At: now, ReceivedAt: now}}
	people := []*profile.Profile{person(t), refuser, {ID: "nobody"}}
	for raw, want := range map[string]string{
		`{"field":"city","op":"eq","value":"杭州"}`:                                                                                   "rule 1",
		`{"all":[{"field":"city","op":"eq","value":"北京"},{"field":"orders.count","op":"gt","value":2}]}`:                            "rule, rule.all[0] 1, rule.all[1] 1",
		`{"not":{"any":[{"performed":{"event":"A.b"}},{"not":{"segment":"class8:110"}},{"field":"known","op":"eq","value":true}]}}`: "rule, rule.not, rule.not.any[0] 1, rule.not.any[1], rule.not.any[1].not 1, rule.not.any[2] 1",
		`{"any":[{"all":[{"percent":{"seed":"s","from":0,"to":50}},{"notSegment":"class8:110"}]},{"segment":"vip"}]}`:               "rule, rule.any[0], rule.any[0].all[0] 1, rule.any[0].all[1] 1, rule.any[1] 1",
	} {
		parsed := read(t, raw)
		var places []string
		for i, part := range parsed.Parts {
			text := part.Path
			if asks, _ := json.Marshal(part.Asks); part.Asks != nil {
				if text += " 1"; !sameJSON(t, string(asks), under(t, raw, part.Path)) {
					t.Errorf("%s asks %s at %s", raw, asks, part.Path)
				}
			}
			places = append(places, text)
			alone := read(t, under(t, raw, part.Path))
			for _, one := range people {
				who := Of(one, now, shop)
				who.In = func(id string) bool { return id == "vip" && one == people[2] }
				who.Perhaps = who.In
				if got, want := parsed.MeetsPart(i, who), alone.Meets(who); got != want {
					t.Errorf("%s at %s: %s meets it %v, and alone %v", raw, part.Path, one.ID, got, want)
				}
			}
		}
		if got := strings.Join(places, ", "); got != want {
			t.Errorf("%s has the parts %s, want %s", raw, got, want)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		t.Fatalf("%s or %s is no JSON", a, b)
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}
