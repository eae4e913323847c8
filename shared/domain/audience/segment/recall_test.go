package segment

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

const (
	bought = `{"performed":{"event":"Order Completed","where":[{"field":"properties.category","op":"eq","value":"tea"}]}}`
	looked = `{"performed":{"event":"Product Viewed","atLeast":20,"withinDays":60}}`
)

// TestTheArchiveIsAskedOnce: what two segments ask alike is one question, and each has its own answer. Where nobody has asked, who was in a segment stays in it, and who asks for that segment goes by it.
func TestTheArchiveIsAskedOnce(t *testing.T) {
	set, faults := Compile(define(map[ID]string{
		"tea": bought, "both": `{"all":[` + looked + `,` + strings.Replace(bought, `{"event"`, `{ "event"`, 1) + `]}`, "loyal": `{"all":[{"segment":"tea"},{"field":"orders.count","op":"gte","value":1}]}`, "plain": `{"field":"orders.count","op":"gte","value":1}`,
	}))
	if len(faults) > 0 || len(set.Recalls()) != 2 {
		t.Fatalf("%v; %s", faults, set.Recalls())
	}
	now, shop := at(t, "2026-11-21T00:00:00Z"), shopOf(t)
	p := &profile.Profile{Orders: profile.Orders{Count: 1}}
	for answers, want := range map[uint32]map[ID]bool{
		0b00: {"tea": false, "both": false, "loyal": false, "plain": true}, 0b10: {"tea": true, "both": false, "loyal": true, "plain": true},
		0b01: {"tea": false, "both": false, "loyal": false, "plain": true}, 0b11: {"tea": true, "both": true, "loyal": true, "plain": true},
	} {
		if strings.Contains(string(set.Recalls()[1]), "Viewed") {
			t.Fatal("the questions are in another order")
		}
		knowing := set.Knowing(func(*profile.Profile) (uint32, uint32) { return answers, 0 })
		if got := knowing.Members(p, now, shop); !reflect.DeepEqual(got, want) {
			t.Errorf("who answers %b is in %v, want %v", answers, got, want)
		}
		p.Members = map[string]profile.Membership{"plain": {}}
		if proven := knowing.Proven(p, want, now, shop); proven["tea"] || proven["both"] || !proven["plain"] {
			t.Errorf("of who answers %b is proven %v", answers, proven)
		}
	}
	live := set.Live()
	for unproven, proven := range map[bool]bool{false: true, true: false} {
		p.Members = map[string]profile.Membership{"tea": {Unproven: unproven}}
		members := live.Members(p, now, shop)
		if want := (map[ID]bool{"tea": true, "both": false, "loyal": true, "plain": true}); !reflect.DeepEqual(members, want) {
			t.Errorf("between runs they are in %v, want %v", members, want)
		}
		sure := live.Proven(p, members, now, shop)
		if sure["tea"] != proven || sure["loyal"] != proven {
			t.Errorf("of a membership that is unproven (%v), proven is %v", unproven, sure)
		}
		if moved := live.Diff(p, members, sure, now, ""); len(moved) != 2 || p.Members["tea"].Unproven != unproven || p.Members["loyal"].Unproven != unproven {
			t.Errorf("between runs %v moved, and the memberships are %v", moved, p.Members)
		}
	}
}

func TestTooManyQuestionsToTheArchive(t *testing.T) {
	var all []Definition
	for n := range MaxRecalls {
		all = append(all, Definition{ID: ID(fmt.Sprintf("s%02d", n)), Rule: []byte(fmt.Sprintf(`{"performed":{"event":"A%d","only":"last"}}`, n))})
	}
	again := Definition{ID: "again", Rule: all[3].Rule}
	if err := Check(again, all); err != nil {
		t.Errorf("a question that is asked already: %v", err)
	}
	more := Definition{ID: "a-more", Rule: []byte(`{"not":` + bought + `}`)}
	want := "rule.not.performed is one question too many to the archive: all segments together ask at most 32 different ones"
	if err := Check(more, all); err == nil || err.Error() != want {
		t.Errorf("one more is refused by %v", err)
	}
	if err := Check(more, all[1:]); err != nil {
		t.Errorf("in place of another one: %v", err)
	}
	set, faults := Compile(append(all, more, again, Definition{ID: "asks", Rule: []byte(`{"segment":"s31"}`)}))
	if len(faults) != 2 || len(set.Recalls()) != MaxRecalls || len(set.IDs()) != MaxRecalls+1 {
		t.Errorf("%d definitions ask %d questions: %v", len(set.IDs()), len(set.Recalls()), faults)
	}
}
