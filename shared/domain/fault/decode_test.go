package fault

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// span is a text that not every text is.
type span int

func (s *span) UnmarshalText(b []byte) error {
	if string(b) != "1d" {
		return errors.New("is not 1d")
	}
	*s = 1
	return nil
}

type inner struct {
	Weight float64 `json:"weight"`
	ID     string  `json:"id"`
}

type document struct {
	Name  string           `json:"name"`
	Wait  span             `json:"wait"`
	At    time.Time        `json:"at"`
	Part  *inner           `json:"part"`
	Arms  []inner          `json:"arms"`
	By    map[string]inner `json:"by"`
	Rule  json.RawMessage  `json:"rule"`
	Any   any              `json:"any"`
	Plain int
}

func TestDecodeNamesEveryPlace(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"fits":      {`{"name":"a","wait":"1d","at":"2026-11-21T08:00:00Z","part":{"weight":1},"arms":[{"id":"x"}],"by":{"k":{"id":"y"}},"rule":{"a":[1]},"any":[1],"Plain":2}`, ""},
		"nulls fit": {`{"name":null,"wait":null,"part":null,"arms":null,"by":null,"any":null}`, ""},
		"several":   {`{"name":5,"wait":"soon","at":"now","nam":1}`, "at is not a time with its zone, such as 2026-11-21T08:00:00Z or 2026-11-21T16:00:00+08:00; nam is not known here: did you mean \"name\"?; name is a JSON number, which does not fit; wait is not 1d"},
		"inside": {`{"part":{"weight":"x","wait":1},"arms":[{},{"id":1,"weight":[]}],"by":{"k":{"id":{}}}}`,
			"arms[1].id is a JSON number, which does not fit; arms[1].weight is a JSON array, which does not fit; by.k.id is a JSON object, which does not fit; " +
				"part.wait is not known here; part.weight is a JSON string, which does not fit"},
		"another case":     {`{"NAME":"a","name":"b","part":{"Id":"x"}}`, `NAME is not known here: did you mean "name"?; part.Id is not known here: did you mean "id"?`},
		"other shapes":     {`{"part":[],"arms":{},"by":3}`, "arms is a JSON object, which does not fit; by is a JSON number, which does not fit; part is a JSON array, which does not fit"},
		"a list":           {`[]`, "is a JSON array, which does not fit"},
		"a text as number": {`{"wait":7}`, "wait is a JSON number, which does not fit"},
		"empty":            {" \n", "is empty"},
		"cut off":          {`{"name":`, "is not valid JSON: it ends too early at byte 8"},
		"a wrong sign":     {`{"name":]}`, "is not valid JSON: invalid character ']' looking for beginning of value at byte 8"},
		"two values":       {`{}{}`, "is not valid JSON: more follows at byte 2"},
	} {
		t.Run(name, func(t *testing.T) {
			var d document
			if got := Decode([]byte(c.body), &d).Error(); got != c.want {
				t.Errorf("faults are %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestDecodeKeepsWhatFits(t *testing.T) {
	body := []byte(`{"name":"a","wait":"1d","part":{"weight":0.5},"arms":[{"id":"x"},{"id":7}],"by":{"k":{"id":"y"}},"rule":{"a":[1]}}`)
	var got, want document
	if faults := Decode(body, &got); faults.Error() != "arms[1].id is a JSON number, which does not fit" {
		t.Errorf("faults are %v", faults)
	}
	want = document{Name: "a", Wait: 1, Part: &inner{Weight: 0.5}, Arms: []inner{{ID: "x"}, {}}, By: map[string]inner{"k": {ID: "y"}}, Rule: json.RawMessage(`{"a":[1]}`)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v\nwant %+v", got, want)
	}
}

func TestDecodeReportsAHundred(t *testing.T) {
	list := strings.Repeat(`{"id":1},`, 101)
	var d document
	if n := len(Decode([]byte(`{"arms":[`+list[:len(list)-1]+`]}`), &d)); n != 100 {
		t.Errorf("%d faults, want 100", n)
	}
}

func TestAndLeavesOutWhatFollowsFromAnUnreadableValue(t *testing.T) {
	read := Faults{{"name", "is a JSON number, which does not fit"}, {"arms[1].weight", "is a JSON string, which does not fit"}, {"stat", unknownReason}}
	err := read.And(Faults{{"name", "is missing"}, {"arms", "sum to 0"}, {"arms[1].id", "is missing"}, {"arms[10]", "is wrong"}, {"state", "is missing"}, {"stat", unknownReason}})
	want := read.Error() + "; arms[1].id is missing; arms[10] is wrong; state is missing"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if err := Faults(nil).And(nil); err != nil {
		t.Errorf("nothing and nothing is %v", err)
	}
	other := errors.New("the table is away")
	if err := read.And(other); err != other {
		t.Errorf("a failure became %v", err)
	}
}

// TestRepeated looks for names that stand twice at every depth. The same name in two objects, and texts and numbers that look alike, are none.
func TestRepeated(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":true,"b":1,"a":false}`:                                        "a is there twice",
		`{"a":{"x":1,"x":{"y":1,"y":2}},"l":[{"z":1},{"z":1,"z":1,"z":1}]}`: "a.x is there twice; a.x.y is there twice; l[1].z is there twice; l[1].z is there twice",
		`{"\u0061":1,"a":2}`:                                                "a is there twice",
		`[{"a":1},{"a":1},["a","a",1e999]]`:                                 "",
		`{"a":{"a":{"a":"a"}},"A":1,"":0}`:                                  "",
		`"a"`:                                                               "", `{"a":1,"a":`: "", ``: "", `{} {"a":1,"a":1}`: "",
	} {
		if got := Repeated([]byte(body)).Error(); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
