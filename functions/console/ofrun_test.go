package console

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestWhatRunsOnlyAnswerIsSaid: the answer to a save and the estimate name the places; of a rule that is not saved the estimate has two numbers, of a saved one those who are in by the last run. A campaign's condition is refused such a part.
func TestWhatRunsOnlyAnswerIsSaid(t *testing.T) {
	const tea = `{"performed":{"event":"Order Completed","where":[{"field":"properties.category","op":"eq","value":"tea"}]}}`
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	var crowd []*profile.Profile
	for i := range 8 {
		who := profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint("p", i)}
		p := &profile.Profile{ID: who.ID(), Identifiers: []profile.Identifier{who}, Memory: profile.Memory{FirstSeen: b.Now()}, Orders: profile.Orders{Count: i}}
		if i < 3 {
			p.Members = map[string]profile.Membership{"tea": {}}
		}
		crowd = append(crowd, p)
	}
	b.process.Profiles = population{0: {crowd}}
	rule := `{"all":[` + tea + `,{"field":"orders.count","op":"gte","value":2}]}`
	saved := b.must(201, "PUT", "/v1/segments/tea", `{"name":"Tea","rule":`+rule+`}`)
	if !strings.Contains(saved, `"warnings":[{"field":"rule.all[0].performed","reason":"is asked of the archive: who meets it is as of the last run"}]`) {
		t.Errorf("the save is answered %s", saved)
	}
	type estimated struct {
		Matched int
		AsOfRun *struct {
			Places []string
			UpTo   *struct{ Sampled int }
		}
		Conditions []struct {
			Place   string
			Sampled int
			UpTo    *struct{ Sampled int }
		}
	}
	ask := func(body string) (e estimated) {
		if err := json.Unmarshal([]byte(b.must(200, "POST", "/v1/segments/tea/preview", body)), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := ask(""); e.Matched != 3 || e.AsOfRun == nil || e.AsOfRun.UpTo != nil || !reflect.DeepEqual(e.AsOfRun.Places, []string{"rule.all[0].performed"}) || len(e.Conditions) > 0 {
		t.Errorf("of the saved one the estimate is %+v", e)
	}
	for body, want := range map[string]string{
		`{"rule":` + rule + `}`: "0 to 6; rule 0 to 6, rule.all[0] 0 to 8, rule.all[1] 6",
		`{"rule":{"all":[{"not":` + tea + `},{"field":"orders.count","op":"gte","value":2}]}}`: "0 to 6; rule 0 to 6, rule.all[0] 0 to 8, rule.all[0].not 0 to 8, rule.all[1] 6",
		`{"rule":{"any":[` + tea + `,{"field":"orders.count","op":"gte","value":2}]}}`:         "6 to 8; rule 6 to 8, rule.any[0] 0 to 8, rule.any[1] 6",
		`{"rule":{"all":[{"segment":"tea"},{"field":"orders.count","op":"gte","value":2}]}}`:   "",
	} {
		b.must(201, "PUT", "/v1/segments/drafted", strings.Replace(vip, "vip", "drafted", 1))
		var e estimated
		if err := json.Unmarshal([]byte(b.must(200, "POST", "/v1/segments/drafted/preview", body)), &e); err != nil {
			t.Fatal(err)
		}
		b.must(204, "DELETE", "/v1/segments/drafted", "")
		got := ""
		if e.AsOfRun != nil {
			got = fmt.Sprintf("%d to %d;", e.Matched, e.AsOfRun.UpTo.Sampled)
			for i, c := range e.Conditions {
				got += strings.Repeat(",", min(i, 1)) + fmt.Sprintf(" %s %d", c.Place, c.Sampled)
				if c.UpTo != nil {
					got += fmt.Sprintf(" to %d", c.UpTo.Sampled)
				}
			}
		} else if e.Matched != 1 { // p2 is in it by the last run, and has ordered twice
			t.Errorf("who is in a segment by the last run is asked live: %+v", e)
		}
		if got != want {
			t.Errorf("%s is estimated %s, want %s", body, got, want)
		}
	}
	refused := b.must(422, "PUT", "/v1/campaigns/c", strings.Replace(thanks, `{`, `{"condition":{"not":`+tea+`},`, 1))
	if !strings.Contains(refused, `{"field":"condition.not.performed","reason":"is answered by runs only: put it in a segment, and ask for that"}`) {
		t.Errorf("the condition is answered %s", refused)
	}
}
