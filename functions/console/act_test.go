package console

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
)

// hire gives the bench an operator of a role, whose key is the role's name.
func (b *bench) hire(roles ...access.Role) {
	hashes := map[access.Role]string{ // sha256sum of the role's name
		access.Viewer:   "d35ca5051b82ffc326a3b0b6574a9a3161dee16b9478a199ee39cd803ce5b799",
		access.Editor:   "1553cc62ff246044c683a61e203e65541990e7fcd4af9443d22b9557ecc9ac54",
		access.Approver: "7a023df6bf29324d9c2dd30086dc8aca140029e59a353152e05480d132d6ed85",
	}
	for _, role := range roles {
		b.process.Auth.Operators = append(b.process.Auth.Operators, access.Key{Name: "the " + string(role), Role: role, Hash: hashes[role]})
	}
	b.handler = b.process.Handler()
}

// as makes a call by an operator of a role.
func (b *bench) as(role access.Role, method, path, body string, headers ...string) (int, string) {
	b.Helper()
	w := b.call(method, path, body, append(headers, "Authorization", "Bearer "+string(role))...)
	return w.Code, w.Body.String()
}

// state is a document with another state.
func state(body, state string) string {
	return strings.Replace(body, `"state":"running"`, `"state":"`+state+`"`, 1)
}

// TestActsTakeTheirRoles makes each change with the role before the one that it takes, which is refused and changes nothing, and with that role.
func TestActsTakeTheirRoles(t *testing.T) {
	const (
		running   = `{"killSwitch":false}`
		messaging = `{"caps":[{"limit":1,"channel":"email","per":1,"unit":"days"}],"stopped":["email"]}`
	)
	other := func(body string) string { return strings.Replace(body, `"name":"`, `"name":"another `, 1) }
	timed := `{"name":"C","state":"scheduled","channel":"email","templateId":"welcome","trigger":{"audience":{"segmentId":"vip","at":"2026-12-01T08:00:00Z"}}}`
	conditional := strings.Replace(thanks, `{"name"`, `{"condition":{"segment":"asks"},"name"`, 1)
	for name, c := range map[string]struct {
		path   string
		stored string // saved before by an owner, empty for nothing
		method string
		body   string
		least  access.Role
		with   string // campaign c that is there beside it
	}{
		"draft a campaign":              {"campaigns/a", "", "PUT", state(thanks, "draft"), access.Editor, ""},
		"start a campaign":              {"campaigns/a", state(thanks, "draft"), "PUT", thanks, access.Approver, ""},
		"make one that runs":            {"campaigns/a", "", "PUT", thanks, access.Approver, ""},
		"schedule one":                  {"campaigns/a", "", "PUT", timed, access.Approver, ""},
		"change one that runs":          {"campaigns/a", thanks, "PUT", other(thanks), access.Approver, ""},
		"pause one":                     {"campaigns/a", thanks, "PUT", state(thanks, "paused"), access.Editor, ""},
		"pause and change one":          {"campaigns/a", thanks, "PUT", state(other(thanks), "paused"), access.Editor, ""},
		"change a paused one":           {"campaigns/a", state(thanks, "paused"), "PUT", state(other(thanks), "paused"), access.Editor, ""},
		"resume one":                    {"campaigns/a", state(thanks, "paused"), "PUT", thanks, access.Approver, ""},
		"finish one":                    {"campaigns/a", thanks, "PUT", state(thanks, "finished"), access.Approver, ""},
		"cancel a paused one":           {"campaigns/a", state(thanks, "paused"), "PUT", state(thanks, "cancelled"), access.Approver, ""},
		"make a draft of one that runs": {"campaigns/a", thanks, "PUT", state(thanks, "draft"), access.Approver, ""},
		"delete one that runs":          {"campaigns/a", thanks, "DELETE", "", access.Approver, ""},
		"delete a paused one":           {"campaigns/a", state(thanks, "paused"), "DELETE", "", access.Approver, ""},
		"delete a draft":                {"campaigns/a", state(thanks, "draft"), "DELETE", "", access.Editor, ""},
		"delete one that is over":       {"campaigns/a", state(thanks, "finished"), "DELETE", "", access.Editor, ""},

		"draft a program":        {"programs/a", "", "PUT", state(program, "draft"), access.Editor, ""},
		"change a draft":         {"programs/a", state(program, "draft"), "PUT", other(state(program, "draft")), access.Editor, ""},
		"start a program":        {"programs/a", state(program, "draft"), "PUT", program, access.Approver, ""},
		"pause a program":        {"programs/a", program, "PUT", state(program, "paused"), access.Editor, ""},
		"pause and change":       {"programs/a", program, "PUT", strings.Replace(state(program, "paused"), `"points":5`, `"points":50`, 1), access.Approver, ""},
		"change a paused":        {"programs/a", state(program, "paused"), "PUT", strings.Replace(state(program, "paused"), `"points":5`, `"points":50`, 1), access.Approver, ""},
		"end a program":          {"programs/a", program, "PUT", state(program, "finished"), access.Approver, ""},
		"delete a program":       {"programs/a", state(program, "finished"), "DELETE", "", access.Approver, ""},
		"delete a draft program": {"programs/a", state(program, "draft"), "DELETE", "", access.Editor, ""},

		"change a free template":    {"templates/free", welcome, "PUT", strings.Replace(welcome, "Hello", "Hi", 1), access.Editor, ""},
		"a template of a draft":     {"templates/welcome", "", "PUT", strings.Replace(welcome, "Hello", "Hi", 1), access.Editor, state(thanks, "draft")},
		"a template in force":       {"templates/welcome", "", "PUT", strings.Replace(welcome, "Hello", "Hi", 1), access.Approver, thanks},
		"a template of a scheduled": {"templates/welcome", "", "PUT", strings.Replace(welcome, "Hello", "Hi", 1), access.Approver, timed},
		"a segment of nobody":       {"segments/vip", "", "PUT", strings.Replace(vip, "3", "4", 1), access.Editor, state(thanks, "paused")},
		"a segment in force":        {"segments/vip", "", "PUT", strings.Replace(vip, "3", "4", 1), access.Approver, thanks},
		"its name":                  {"segments/vip", "", "PUT", other(vip), access.Editor, thanks},
		"one asked by a condition":  {"segments/asked", "", "PUT", strings.Replace(vip, "3", "4", 1), access.Approver, conditional},
		"one asked by one in force": {"segments/asked", "", "PUT", strings.Replace(vip, "3", "4", 1), access.Approver, strings.Replace(thanks, "vip", "asks", 1)},
		"one asked by no campaign":  {"segments/asked", "", "PUT", strings.Replace(vip, "3", "4", 1), access.Editor, thanks},
		"delete what nobody asks":   {"segments/free", vip, "DELETE", "", access.Editor, thanks},
		"a new segment":             {"segments/free", "", "PUT", vip, access.Editor, thanks},

		"a source":          {"sources/web", "", "PUT", `{"name":"Web","kind":"browser"}`, access.Owner, ""},
		"delete a source":   {"sources/web", `{"name":"Web","kind":"browser"}`, "DELETE", "", access.Owner, ""},
		"the holdout":       {"settings/holdout", "", "PUT", `{"share":0.1,"season":"2026Q4"}`, access.Owner, ""},
		"the kill switch":   {"settings/messaging", "", "PUT", `{"killSwitch":true}`, access.Editor, ""},
		"a stopped channel": {"settings/messaging", messaging, "PUT", strings.Replace(messaging, `["email"]`, `["email","social"]`, 1), access.Editor, ""},
		"another channel":   {"settings/messaging", messaging, "PUT", strings.Replace(messaging, `["email"]`, `["social"]`, 1), access.Owner, ""},
		"no stop any more":  {"settings/messaging", messaging, "PUT", strings.Replace(messaging, `,"stopped":["email"]`, ``, 1), access.Owner, ""},
		"switched on again": {"settings/messaging", `{"killSwitch":true}`, "PUT", running, access.Owner, ""},
		"caps with a stop":  {"settings/messaging", messaging, "PUT", strings.Replace(messaging, `"limit":1`, `"limit":9`, 1), access.Owner, ""},
		"quiet hours":       {"settings/messaging", "", "PUT", `{"quietHours":{"start":"21:30","end":"08:30"}}`, access.Owner, ""},
		"delete settings":   {"settings/messaging", `{"killSwitch":true}`, "DELETE", "", access.Owner, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.hire(access.Viewer, access.Editor, access.Approver)
			for _, made := range [][2]string{{"segments/vip", vip}, {"segments/asked", vip}, {"segments/asks", `{"rule":{"segment":"asked"}}`}, {"templates/welcome", welcome}} {
				b.must(201, "PUT", "/v1/"+made[0], made[1])
			}
			if c.with != "" {
				b.must(201, "PUT", "/v1/campaigns/c", c.with)
			}
			if c.stored != "" {
				b.must(201, "PUT", "/v1/"+c.path, c.stored)
			}
			kind, id, _ := strings.Cut(c.path, "/")
			before, _ := b.Catalog.Definition(t.Context(), strings.TrimSuffix(kind, "s"), id)
			for _, role := range access.Roles() {
				if role == access.Owner && c.least == access.Owner {
					break
				}
				status, body := b.as(role, c.method, "/v1/"+c.path, c.body)
				if want := role.May(c.least); want != (status < 300) || !want && status != 403 {
					t.Fatalf("%s as %s: %d %s", c.method, role, status, body)
				}
				if role.May(c.least) {
					return
				}
				if now, _ := b.Catalog.Definition(t.Context(), strings.TrimSuffix(kind, "s"), id); now.Version != before.Version {
					t.Fatalf("%s was refused and has changed it", role)
				}
			}
			if w := b.call(c.method, "/v1/"+c.path, c.body); w.Code >= 300 {
				t.Errorf("as an owner: %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestAQuestionThatIsNotSavedIsNoViewers(t *testing.T) {
	b := newBench(t)
	b.hire(access.Viewer, access.Editor)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	for _, c := range []struct {
		role access.Role
		body string
		want int
	}{{access.Viewer, "", 200}, {access.Viewer, "{}", 200}, {access.Viewer, vip, 403}, {access.Editor, vip, 200}} {
		body := c.body
		if body == vip {
			body = `{"rule":{"field":"orders.paid","op":"gte","value":3}}`
		}
		if status, text := b.as(c.role, "POST", "/v1/segments/vip/preview", body); status != c.want {
			t.Errorf("%s asks %s: %d %s", c.role, c.body, status, text)
		}
	}
}

// TestARuleWithoutItsNameIsToldWhereItBelongs: whoever tries a rule sends it bare at first.
func TestARuleWithoutItsNameIsToldWhereItBelongs(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	for body, field := range map[string]string{
		`{"field":"orders.paid","op":"gte","value":3}`: "field", `{"all":[]}`: "all", `{"performed":{"event":"A"}}`: "performed", `{"rule":{},"not":{}}`: "not",
	} {
		for _, id := range []string{"vip", "new", "class8:111"} {
			if got := b.must(400, "POST", "/v1/segments/"+id+"/preview", body); !strings.Contains(got, `{"field":"`+field+`","reason":"belongs in rule: {\"rule\": {...}}"}`) {
				t.Errorf("%s: %s", body, got)
			}
		}
	}
	if got := b.must(400, "POST", "/v1/segments/vip/preview", `{"rulez":{}}`); !strings.Contains(got, `is not known here: did you mean \"rule\"?`) {
		t.Error(got)
	}
}

// TestWhatWasJudgedIsWhatIsReplaced lets an approver start a campaign between an editor's reading and writing: the editor's draft is judged anew.
func TestWhatWasJudgedIsWhatIsReplaced(t *testing.T) {
	b := newBench(t)
	b.hire(access.Editor)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	for _, method := range []string{"PUT", "DELETE"} {
		b.must(201, "PUT", "/v1/campaigns/"+method, state(thanks, "draft"))
		b.DB.Interrupt("TransactWriteItems", 1, func() {
			started := strings.Replace(thanks, `{`, `{"id":"`+method+`",`, 1)
			b.Define(definition.Campaign, method, started)
		})
		if status, body := b.as(access.Editor, method, "/v1/campaigns/"+method, strings.Replace(state(thanks, "draft"), `"C"`, `"D"`, 1)); status != 403 {
			t.Errorf("%s: %d %s", method, status, body)
		}
		if d, err := b.Catalog.Definition(t.Context(), definition.Campaign, method); err != nil || stateOf(d.Body) != "running" || d.Version != 2 {
			t.Errorf("%s: version %d is %s, %v", method, d.Version, d.Body, err)
		}
	}
}

// TestEveryKindHasAnAct: a change of a kind without one is an owner's, which is seldom meant.
func TestEveryKindHasAnAct(t *testing.T) {
	for _, d := range documents {
		if d.act == nil {
			t.Errorf("say what a change of a %s amounts to, in upkeeps of document.go: always(access.Draft) where an editor may make any of them", d.kind)
		}
	}
	if len(upkeeps) != len(documents) {
		t.Errorf("there are %d upkeeps of %d kinds", len(upkeeps), len(documents))
	}
}
