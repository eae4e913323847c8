package referral_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
)

func TestCodes(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	b.Program("autumn", "")
	b.Program("over", `{"name":"P","state":"finished","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}]}}`)
	first := b.Code("spring", "ann")
	if again := b.Code("spring", "ann"); again != first {
		t.Errorf("asked twice: %s and %s", first, again)
	}
	if other := b.Code("autumn", "ann"); other == first {
		t.Error("the same code in two programs")
	}
	if other := b.Code("spring", "bob"); other == first {
		t.Error("the same code for two people")
	}
	b.Want(b.Call("POST", "/v1/referrals/claims", `{"code":"`+first+`","userId":"[object Object]"}`), 400, "userId", "means nobody")
	for name, c := range map[string]struct {
		body   string
		status int
		part   string
	}{
		"a placeholder":   {`{"programId":"spring","userId":"undefined"}`, 400, "means nobody"},
		"no such program": {`{"programId":"none","userId":"ann"}`, 422, `{"field":"programId","reason":"programClosed"}`},
		"a finished one":  {`{"programId":"over","userId":"ann"}`, 422, "programClosed"},
		"no program":      {`{"userId":"ann"}`, 400, `{"field":"programId","reason":"is missing"}`},
		"no user":         {`{"programId":"spring"}`, 400, `"field":"userId"`},
		"a long user":     {`{"programId":"spring","userId":"` + strings.Repeat("x", 513) + `"}`, 400, `"field":"userId"`},
		"a wrong type":    {`{"programId":7,"userId":"ann"}`, 400, "programId"},
		"a misspelt one":  {`{"programID":"spring","user":"ann"}`, 400, "user"},
		"no JSON":         {`{`, 400, "JSON"},
		"too large":       {`{"userId":"` + strings.Repeat("x", 17<<10) + `"}`, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := b.Call("POST", "/v1/referrals/codes", c.body)
			b.Want(w, c.status, c.part)
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %s", got)
			}
		})
	}
	// A merge moves the advocate to another id; the code stays the same.
	anonymous := profile.Identifier{Kind: profile.AnonymousID, Value: "a1"}
	known := profile.Identifier{Kind: profile.UserID, Value: "ann"}
	merged := &profile.Profile{ID: anonymous.ID(), Identifiers: []profile.Identifier{anonymous, known}, Memory: profile.Memory{FirstSeen: membertest.Noon}}
	b.Must(b.Profiles.Commit(t.Context(), people.Change{Profile: merged, Attach: []*profile.Profile{{ID: known.ID()}}}))
	if again := b.Code("spring", "ann"); again != first {
		t.Errorf("after a merge: %s and %s", first, again)
	}
}

func TestCodeOfAnotherPairIsPassedOver(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	taken := b.Code("spring", "ann")
	b.Must(b.Process.Codes.PutCode(t.Context(), "ABCDEFGH", "spring", "x", membertest.Noon, nil))
	err := b.Process.Codes.PutCode(t.Context(), taken, "spring", "x2", membertest.Noon, nil)
	if err == nil || !strings.Contains(err.Error(), reward.ErrCodeTaken.Error()) {
		t.Errorf("another pair's code: %v", err)
	}
	err = b.Process.Codes.PutCode(t.Context(), "HGFEDCBA", "spring", "x", membertest.Noon, nil)
	if err == nil || !strings.Contains(err.Error(), dynamo.ErrConflict.Error()) {
		t.Errorf("a second code of a pair: %v", err)
	}
	if err := b.Process.Codes.PutCode(t.Context(), "ABCDEFGH", "spring", "x", membertest.Noon, nil); err != nil {
		t.Errorf("the same again: %v", err)
	}
}

// codeTries is how many codes are tried for somebody.
const codeTries = 6

// TestCodesThatAreTaken: six people have the codes that would be a person's first ones.
func TestCodesThatAreTaken(t *testing.T) {
	for taken, status := range map[int]int{1: 200, codeTries - 1: 200, codeTries: 503} {
		b := membertest.Start(t)
		b.Program("spring", "")
		for attempt := range taken {
			code := referral.Code("spring", subject.UserKey("ann"), attempt)
			b.Must(b.Process.Codes.PutCode(t.Context(), code, "spring", profile.ID(fmt.Sprint("other", attempt)), membertest.Noon, nil))
		}
		w := b.Call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann"}`)
		if b.Want(w, status); status == 200 && b.Code("spring", "ann") != referral.Code("spring", subject.UserKey("ann"), taken) {
			t.Errorf("with %d taken: %s", taken, w.Body)
		}
	}
}
