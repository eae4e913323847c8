package console

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/operator/access"
)

// TestOperators are listed for approvers by their names, roles and the marks of their keys: the one of before too, and not the shop's back end.
func TestOperators(t *testing.T) {
	b := newBench(t)
	b.hire(access.Viewer, access.Editor, access.Approver)
	b.process.Auth.ServerKeyHash = strings.Repeat("5", 64)
	var want []string
	for _, k := range b.process.Auth.Operators {
		want = append(want, `{"name":"`+k.Name+`","role":"`+string(k.Role)+`","key":"`+k.Hash[:8]+`"}`)
	}
	answer := func() string {
		status, body := b.as(access.Approver, "GET", "/v1/operators", "")
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		return strings.TrimSpace(body)
	}
	old := `{"name":"operator key","role":"owner","key":"`
	got := answer()
	if !strings.HasPrefix(got, `{"items":[`+old) || !strings.HasSuffix(got, strings.Join(want, ",")+`],"issuer":false}`) || strings.Contains(got, "55555555") || strings.Contains(got, b.process.Auth.Operators[0].Hash) {
		t.Errorf("%s", got)
	}
	b.process.Auth.OperatorKeyHash, b.process.Auth.Claims.Role = "", "role"
	if got := answer(); got != `{"items":[`+strings.Join(want, ",")+`],"issuer":true}` {
		t.Errorf("%s", got)
	}
	if status, _ := b.as(access.Editor, "GET", "/v1/operators", ""); status != 403 {
		t.Errorf("an editor: %d", status)
	}
}
