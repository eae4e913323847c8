package functions

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// archived lets the archive make files of what it has been given: closing a day again takes in all of it, whatever becomes of the day.
func (m *machine) archived() {
	m.t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		m.t.Fatal(err)
	}
	yesterday := time.Now().In(zone).AddDate(0, 0, -1).Format(time.DateOnly)
	result, err := m.stack.Host().Invoke(context.Background(), m.stack.Template().StackName+"-Archive", []byte(`{"close":"`+yesterday+`"}`))
	if err == nil {
		err = result.Err()
	}
	if err != nil && !strings.Contains(err.Error(), "there are no events") {
		m.t.Fatal(err)
	}
}

// asked is an answer of POST /v1/reports/ask.
type asked struct {
	ID, State string
	Answer    struct {
		Rows []struct {
			Step, Reached, Events, People int
			Event, Period                 string
		}
	}
}

// exactly asks a question and waits for the exact answer.
func (m *machine) exactly(definition string) (a asked) {
	m.t.Helper()
	m.call(http.StatusOK, "POST", "/v1/reports/ask", operatorKey, `{"definition":`+definition+`}`, &a)
	m.idle()
	m.call(http.StatusOK, "GET", "/v1/reports/"+a.ID, operatorKey, "", &a)
	if a.State != "done" {
		m.t.Errorf("%s is %s", definition, a.State)
	}
	return a
}

// reports asks what everybody has done here.
func (m *machine) reports() {
	m.t.Helper()
	m.archived()
	now := time.Now().UTC()
	days := `"from":"` + now.AddDate(0, 0, -3).Format(time.DateOnly) + `","to":"` + now.AddDate(0, 0, 2).Format(time.DateOnly) + `"`
	orders := m.exactly(`{"kind":"count",` + days + `,"by":"month","events":[{"event":"Order Completed"}]}`)
	if rows := orders.Answer.Rows; len(rows) == 0 || rows[0].Period != "" || rows[0].Events != 2 || rows[0].People != 2 {
		m.t.Errorf("of the orders of mei and li is told %+v", rows)
	}
	var behind struct {
		Items []struct {
			UserID string
			Count  int
		}
	}
	m.call(http.StatusOK, "GET", "/v1/reports/"+orders.ID+"/people?reason=the+journey&cell="+url.QueryEscape(`{"figure":"people","event":"Order Completed"}`), operatorKey, "", &behind)
	who := map[string]int{}
	for _, one := range behind.Items {
		who[one.UserID] = one.Count
	}
	if len(who) != 2 || who["mei"] != 1 || who["li"] != 1 {
		m.t.Errorf("behind the orders are %v", who)
	}
	// Asked by what people are, and once for the same key.
	body, err := json.Marshal(map[string]any{"mode": "sample", "definition": json.RawMessage(`{"kind":"count",` + days + `,"by":"day","split":"traits.plan"}`)})
	if err != nil {
		m.t.Fatal(err)
	}
	first := m.keyed("/v1/reports/ask", string(body), "the-question")
	if again := m.keyed("/v1/reports/ask", string(body), "the-question"); again != first || !strings.Contains(first, `"share":1`) {
		m.t.Errorf("asked again it is\n%s, and was\n%s", again, first)
	}
	if log := m.call(http.StatusOK, "GET", "/v1/audit?action=ask&kind=report", operatorKey, "", nil); strings.Count(log, `"fields":["traits.plan"]`) != 1 {
		m.t.Errorf("the audit log has %s", log)
	}
	m.call(http.StatusUnauthorized, "GET", "/v1/reports/"+orders.ID, "of-nobody", "", nil) // it may be a source's, by Catalog
}

// keyed posts with an Idempotency-Key.
func (m *machine) keyed(path, body, key string) string {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), "POST", m.base+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	r.SetBasicAuth(operatorKey, "")
	r.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		m.t.Fatalf("%d %s %v", answer.StatusCode, text, err)
	}
	return string(text)
}
