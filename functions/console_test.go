package functions

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/operator/access"
)

// console goes through the console's door, finds somebody, and leaves by the door.
func (m *machine) console(userID string) {
	m.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	read := func(answer *http.Response, err error) string {
		m.t.Helper()
		if err != nil {
			m.t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			m.t.Fatalf("%s: %d %s %v", answer.Request.URL, answer.StatusCode, body, err)
		}
		return string(body)
	}
	door := "id=\"key\""
	if page := read(browser.Get(m.base + "/console")); !strings.Contains(page, door) {
		m.t.Errorf("a stranger sees %s", page)
	}
	if page := read(browser.PostForm(m.base+"/console/sign-in", url.Values{"key": {operatorKey}})); !strings.Contains(page, "operator key") || strings.Contains(page, "暂时无法读取") {
		m.t.Errorf("the operator sees %s", page)
	}
	if page := read(browser.Get(m.base + "/console/people?q=" + userID)); !strings.Contains(page, "/console/person?id=") {
		m.t.Errorf("who looks for %s finds %s", userID, page)
	}
	if page := read(browser.Get(m.base + "/console/queues/letters?queue=events")); !strings.Contains(page, "没有死信") {
		m.t.Errorf("the dead letters are %s", page)
	}
	if page := read(browser.PostForm(m.base+"/console/sign-out", nil)); !strings.Contains(page, door) {
		m.t.Errorf("who leaves sees %s", page)
	}
	if page := read(browser.Get(m.base + "/console/people")); !strings.Contains(page, door) {
		m.t.Errorf("who has left sees %s", page)
	}
}

// TestTheConsole is one path through all of it on a whole stack: the door, a page that calls both functions of the API by way of the gateway, and the audit log.
func TestTheConsole(t *testing.T) {
	t.Parallel()
	m := newMachineWith(t, t.TempDir(), map[string]string{"OperatorKeys": roleKeys()})
	m.call(http.StatusOK, "POST", "/v1/identify", serverKey, `{"messageId":"m1","userId":"mei","traits":{"name":"Mei"}}`, nil)
	m.idle()
	m.console("mei")
	if log := m.call(http.StatusOK, "GET", "/v1/audit?action=find", keyOf(access.Owner), "", nil); !strings.Contains(log, `"by":{"name":"operator key","role":"owner"`) || !strings.Contains(log, `"from":"127.0.0.1"`) {
		t.Errorf("the audit log has %s", log)
	}
}
