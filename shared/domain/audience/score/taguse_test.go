package score

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestUseOfTags(t *testing.T) {
	var v Values
	for tag, people := range map[string]int{"vip": 9, "tea": 6, "rare": 4, "cups": 7} {
		for range people {
			v.Add("tags", tag)
			v.Add("city", "tea")
		}
	}
	use := v.UseOfTags(map[string]bool{"vip": true, "unborn": true, "": true})
	got, err := json.Marshal(use)
	if want := `{"tags":4,"asked":1,"idle":[{"value":"cups","count":7},{"value":"tea","count":6}]}`; err != nil || string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	if use := (&Values{}).UseOfTags(nil); use == nil || use.Tags != 0 || use.Asked != 0 {
		t.Errorf("of nobody: %+v", use)
	}
	if use := (&Values{Missing: true}).UseOfTags(nil); use != nil {
		t.Errorf("of a part that counted nothing: %+v", use)
	}
	for i := range maxDistinct + 1 {
		v.Add("tags", fmt.Sprint("more-", i))
	}
	if use := v.UseOfTags(nil); use != nil {
		t.Errorf("of too many: %+v", use)
	}
}
