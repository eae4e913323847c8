package member_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/httpapi"
)

// TestNoInputIsAnOutage asks every route for ids, codes, cursors and keys of any length and kind: what cannot be is a 4xx, never a 5xx, and what is wrong
// with it is never said with the caller's own text in our log.
func TestNoInputIsAnOutage(t *testing.T) {
	b := membertest.Start(t)
	b.Save("ann", nil)
	for _, x := range []string{"a", strings.Repeat("x", 300), strings.Repeat("x", 2000), strings.Repeat("界", 700), "a\x00b", "\xff\xfe", "' OR 1", "#", "a#b", "..", "profile:", "anonymous:" + strings.Repeat("y", 2000),
		"eyJwayI6IngifQ", "AAAA", strings.Repeat("A", 4000), cursor("e#"), cursor("d#"), cursor("r#"), cursor("20261121"), cursor("20261121|a|20261121#|1|1.a|m"), cursor("20261121|a|"),
		base64.RawURLEncoding.EncodeToString([]byte("e#\xff")), base64.RawURLEncoding.EncodeToString([]byte("d#"))} {
		q := url.QueryEscape(x)
		paths := []string{}
		for _, of := range []string{"", "/events", "/decisions", "/ledger", "/export"} {
			paths = append(paths, "/v1/profiles/-"+of+"?userId="+q, "/v1/profiles/-"+of+"?anonymousId="+q, "/v1/profiles/-"+of+"?profileId="+q, "/v1/profiles/ann"+of+"?cursor="+q+"&limit=2", "/v1/profiles/ann"+of+"?limit="+q)
		}
		paths = append(paths, "/v1/consents/-?userId="+q, "/v1/referrals/-?userId="+q, "/v1/referrals/ann?cursor="+q, "/v1/programs/spring/leaderboard?cursor="+q+"&limit="+q)
		if len(x) <= httpapi.MaxParameter {
			escaped := url.PathEscape(x)
			if strings.Trim(x, ".") == "" {
				escaped = strings.ReplaceAll(x, ".", "%2E")
			}
			paths = append(paths, "/v1/profiles/"+escaped, "/v1/programs/"+escaped+"/leaderboard", "/v1/consents/"+escaped, "/v1/referrals/"+escaped, "/v1/unsubscribe/"+escaped)
		}
		for _, path := range paths {
			if w := b.Call("GET", path, ""); w.Code >= 500 {
				t.Errorf("GET %.80q: %d %s", path, w.Code, w.Body)
			}
		}
		text := quoted(x)
		for path, body := range map[string]string{
			"/v1/referrals/codes": `{"userId":"ann","programId":` + text + `}`, "/v1/referrals/claims": `{"userId":"ann","code":` + text + `}`,
			"/v1/referrals/codes?": `{"userId":` + text + `,"programId":"spring"}`, "/v1/referrals/claims?": `{"userId":` + text + `,"code":"ABCDEFGH"}`,
		} {
			if w := b.Call("POST", path, body, "Idempotency-Key", strings.ToValidUTF8(x, "?")); w.Code >= 500 || w.Code < 400 && event.Meaningful(x) == "" {
				t.Errorf("POST %s %.80q: %d %s", path, body, w.Code, w.Body)
			}
		}
	}
}

// cursor is one of a list of ours by its look, of a key that is too long.
func cursor(begin string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(begin + strings.Repeat("x", 1500)))
}

// quoted is a text in JSON, also one that is no UTF-8.
func quoted(s string) string {
	return `"` + strings.NewReplacer("\x00", `\u0000`, `"`, `\"`, `\`, `\\`).Replace(s) + `"`
}
