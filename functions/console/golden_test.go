package console

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/httpapi"
)

// demoOperatorHash is the hex SHA-256 of the operator key of `make run`.
const demoOperatorHash = "4a7c449d22a99026fac16a47621ff68792ff589f72334ea3950ce186a5615e9a"

// TestGoldenRequests hands over what the gateway does, as `sam local invoke -e` would, to a console without any definition.
func TestGoldenRequests(t *testing.T) {
	type wanted struct {
		status int
		answer string // a part of it
	}
	want := map[string]wanted{
		"put-segment":                 {201, `"id":"big-spenders"`},
		"put-segment-stale":           {412, `"title":"Precondition Failed"`},
		"put-segment-bad-rule":        {422, `"field":"rule.all[0].field"`},
		"put-segment-not-json":        {400, `"detail":"the body is not valid JSON: it ends too early at byte 8"`},
		"put-template":                {201, `"id":"welcome"`},
		"put-campaign-no-template":    {422, `"reason":"names the template nowhere, which is not there"`},
		"put-program":                 {201, `"id":"invite"`},
		"put-source":                  {201, `"id":"web"`},
		"put-setting":                 {201, `"id":"holdout"`},
		"get-segment-missing":         {404, `"detail":"there is no segment \"nobody\""`},
		"get-segments":                {200, `{"items":[]}`},
		"get-segments-bad-limit":      {400, `"field":"limit"`},
		"delete-segment-missing":      {404, `"status":404`},
		"preview-rule":                {200, `"exact":true`},
		"preview-program":             {200, `"cost":[{"points":2500}],"budget":[]`},
		"post-run":                    {202, `{"runId":"run-1"}`},
		"post-run-future":             {422, `"field":"asOf"`},
		"get-run-missing":             {404, `"detail":"there is no run \"none\""`},
		"get-run-classes-missing":     {404, `"detail":"there is no run \"none\""`},
		"get-run-moves-missing":       {404, `"detail":"there is no run \"none\""`},
		"get-segment-portrait":        {409, `"detail":"no run has finished yet: start one (POST /v1/runs)"`},
		"get-segment-history":         {200, `{"items":[]}`},
		"get-segment-overlap-missing": {404, `"detail":"there is no segment \"none\""`},
		"get-run-cohorts-missing":     {404, `"detail":"there is no run \"none\""`},
		"get-run-quality-missing":     {404, `"detail":"there is no run \"none\""`},
		"post-segment-members":        {202, `{"listId":"made:run-1"}`},
		"get-segment-members":         {200, `{"items":[]}`},
		"get-list-missing":            {404, `"detail":"there is no list \"made:none\", or none any more: a list is kept for 7 days"`},
		"get-list-members-missing":    {404, `"detail":"there is no list \"made:none\", or none any more: a list is kept for 7 days"`},
		"get-queues":                  {200, `[]`},
		"get-live":                    {200, `"day":"2026-11-21","at":"2026-11-21T08:00:00Z","provisional":true,"currency":"CNY","sum":{"events":0,`},
		"post-stop":                   {201, `{"id":"run-1","channel":"email","keepTransactional":true,"since":"2026-11-21T08:00:00Z","by":{"name":"operator key"`},
		"post-resume":                 {200, `{"stopped":[],"note":"nothing was resumed: no call has stopped everything"}`},
		"get-stop-missing":            {404, `there is no stop`},
		"post-reenter-missing":        {404, `there is no stop`},
		"post-test-missing":           {404, `there is no template`},
		"get-stops":                   {200, `{"items":[],"off":[]}`},
		"get-fields":                  {200, `"name":"orders.revenue","kind":"number","unit":"money","label":"累计消费金额"`},
		"get-library":                 {200, `{"id":"cart-reminder","trigger":"cartAbandoned","name":"购物车未结算","template":{"id":"cart-reminder","name":"购物车未结算","channel":"email","locales":{"default":{"subject":"您的购物车还在等您"`},
		"get-operators":               {200, `{"items":[{"name":"operator key","role":"owner","key":"4a7c449d"}],"issuer":`},
		"get-refused":                 {200, `{"items":[{"source":"default","refused":{"day":0,"dayBefore":0,"week":0},"warned":{"day":0,"dayBefore":0,"week":0}},{"source":"server"`},
		"get-refusals":                {200, `{"items":[],"hours":[]}`},
		"get-audit":                   {200, `{"items":[]}`},
		"token-get-segments":          {200, `{"items":[]}`},
		"token-put-setting":           {403, `the role editor is not enough for this change (settings): it takes owner`},
		"token-no-role":               {403, `the token names no role of an operator`},
		"no-key":                      {401, `"title":"Unauthorized"`},
		"server-key":                  {401, `"title":"Unauthorized"`},
	}
	functiontest.Golden(t, "console", want, func(t *testing.T, name string, raw []byte, want wanted) {
		b := newBench(t)
		b.process.Auth.OperatorKeyHash, b.process.Auth.Claims = demoOperatorHash, httpapi.Claims{Role: "groups", Name: "preferred_username"}
		out := functiontest.Ask(t, b.process.Handler(), raw)
		if out.StatusCode != want.status || !strings.Contains(out.Body, want.answer) {
			t.Errorf("got %d %s, want %d with %s", out.StatusCode, out.Body, want.status, want.answer)
		}
	})
}
