package score

import (
	"encoding/json"
	"math/big"
	"reflect"
	"testing"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/fault/faulttest"
)

// FuzzBreakpoint: a breakpoint that is read is the number that was written, and is written so that it is read as the same.
func FuzzBreakpoint(f *testing.F) {
	for _, text := range []string{"0", "3", "2.4", "2.0", "-1", "-0.2", "-0", "1e2", "2.5", "9223372036854775807.8", "9223372036854775808", `"3"`, "null", "", "2."} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var b, again Breakpoint
		if json.Unmarshal(text, &b) != nil {
			return
		}
		written, err := json.Marshal(b)
		if err == nil {
			err = json.Unmarshal(written, &again)
		}
		if err != nil || again != b {
			t.Fatalf("%s is %+v, written %s, read %+v, %v", text, b, written, again, err)
		}
		var number json.Number
		if json.Unmarshal(text, &number) != nil || number == "" {
			return // null leaves it as it is
		}
		said, ok := new(big.Rat).SetString(number.String())
		is := new(big.Rat).Add(new(big.Rat).SetInt64(b.Whole), big.NewRat(int64(b.Fifths), 5))
		if !ok || said.Cmp(is) != 0 {
			t.Fatalf("%s is read as %s", text, is)
		}
	})
}

// FuzzScoring reads any text as the settings of a run: refused with fields and reasons, or the same once written and read again, and whole once filled.
func FuzzScoring(f *testing.F) {
	for _, body := range []string{`{}`, `{"windowDays":365,"class8":"median"}`, `{"class8":"business","lines":{"r":30,"f":2,"m":10000}}`, `{"quintiles":{"r":[1,2,3,4],"f":[1,2,3,4],"m":[1,2,3,4]}}`, `{"quintiles":{"r":[1,2]}}`, `{"activeDays":-1}`, `[]`, `{`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var s, again Scoring
		faults := fault.Decode(body, &s)
		if faulttest.Refused(t, body, faults.And(s.Validate())) {
			return
		}
		text, err := json.Marshal(s)
		if err != nil || len(fault.Decode(text, &again)) > 0 || !reflect.DeepEqual(s, again) {
			t.Fatalf("%s is %+v, written %s, read %+v, %v", body, s, text, again, err)
		}
		if whole := s.Filled(); whole.Validate() != nil || !reflect.DeepEqual(whole.Filled(), whole) {
			t.Fatalf("%s filled is %+v", body, whole)
		}
	})
}
