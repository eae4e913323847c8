package referral_test

import (
	"fmt"
	"testing"

	"github.com/userops/userops/functions/member/membertest"
)

func TestReferralsInPages(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	b.Program("autumn", "")
	for i := range 5 {
		b.Want(b.Claim(b.Code([]string{"spring", "autumn"}[i%2], "ann"), fmt.Sprint("friend", i)), 201)
	}
	seen := map[string]bool{}
	cursor := ""
	for range 5 {
		body := b.Want(b.Call("GET", "/v1/referrals/ann?limit=2&cursor="+cursor, ""), 200)
		items := body["asAdvocate"].([]any)
		if len(items) > 2 {
			t.Fatalf("a page of %d", len(items))
		}
		for _, i := range items {
			seen[i.(map[string]any)["friendProfileId"].(string)] = true
		}
		cursor, _ = body["next"].(string)
		if cursor == "" {
			break
		}
	}
	if len(seen) != 5 || cursor != "" {
		t.Errorf("%d friends, next %q", len(seen), cursor)
	}
	b.Want(b.Call("GET", "/v1/referrals/ann?cursor=!", ""), 400, "cursor")
	b.Want(b.Call("GET", "/v1/referrals/ann?limit=0", ""), 400, "limit")
	b.Want(b.Call("GET", "/v1/referrals/nobody", ""), 200, `"asAdvocate":[]`, `"asFriend":[]`)
}
