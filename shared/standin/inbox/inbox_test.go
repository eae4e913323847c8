package inbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open opens an inbox whose clock goes on a second with every message.
func open(t *testing.T, dir string) *Inbox {
	t.Helper()
	b, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	at := noon
	b.now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Second)
		return at
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// serve starts SMTP and returns its address.
func serve(t *testing.T, b *Inbox) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.ServeSMTP(l) }()
	t.Cleanup(func() {
		b.Close()
		if err := <-done; err != nil {
			t.Errorf("ServeSMTP = %v", err)
		}
	})
	return l.Addr().String()
}

func get(t *testing.T, b *Inbox, path string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	b.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	if rec.Code != 200 {
		t.Fatalf("GET %s = %d %s", path, rec.Code, rec.Body)
	}
	return rec
}

func list(t *testing.T, b *Inbox, query string) []Message {
	t.Helper()
	var all []Message
	if err := json.Unmarshal(get(t, b, "/local/inbox.json"+query).Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func subjects(all []Message) string {
	var s []string
	for _, m := range all {
		s = append(s, m.Subject)
	}
	return strings.Join(s, " ")
}

func lines(s ...string) []byte { return []byte(strings.Join(s, "\r\n") + "\r\n") }

func TestMail(t *testing.T) {
	b := open(t, t.TempDir())
	address := serve(t, b)
	raw := lines(
		"From: Shop <shop@example.com>", "To: Ann <ann@example.com>", "Subject: =?utf-8?q?Caf=C3=A9_open?=",
		"List-Unsubscribe: <https://example.com/u/1>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Mime-Version: 1.0",
		"Content-Type: multipart/alternative; boundary=b", "",
		"--b", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "Caf=C3=A9 =", "opens", "",
		"--b", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64", "", "PGI+Q2Fmw6k8L2I+", "--b--")
	// Any password will do.
	auth := smtp.PlainAuth("", "user", "password", "127.0.0.1")
	if err := smtp.SendMail(address, auth, "bounces@example.com", []string{"ann@example.com", "bob@example.com"}, raw); err != nil {
		t.Fatal(err)
	}
	all := list(t, b, "")
	equal(t, "messages", len(all), 2)
	m := list(t, b, "?to=ANN@example.com")[0]
	equal(t, "to", m.To, "ann@example.com")
	equal(t, "from", m.From, "bounces@example.com")
	equal(t, "subject", m.Subject, "Café open")
	equal(t, "text", m.Text, "Café opens\n")
	equal(t, "HTML", m.HTML, "<b>Café</b>")
	equal(t, "List-Unsubscribe", m.Headers["List-Unsubscribe"], "<https://example.com/u/1>")
	equal(t, "channel", m.Channel, Email)
	equal(t, "time", m.ReceivedAt, noon.Add(time.Second))
	page := get(t, b, "/local/inbox").Body.String()
	for _, part := range []string{">ann@example.com<", ">bob@example.com<", "Café open", "&lt;https://example.com/u/1&gt;", "2026-03-01 12:00:01 UTC", `&lt;b&gt;Café&lt;/b&gt;`} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
}

func TestTooLargeMail(t *testing.T) {
	b := open(t, t.TempDir())
	err := smtp.SendMail(serve(t, b), nil, "a@example.com", []string{"b@example.com"}, bytes.Repeat([]byte("0123456789abcdef0123456789abcdef\r\n"), maxMail/34+1))
	var answer *textproto.Error
	if !errors.As(err, &answer) || answer.Code != 552 {
		t.Errorf("SendMail = %v, want 552", err)
	}
	equal(t, "messages", len(list(t, b, "")), 0)
}

func TestParseMail(t *testing.T) {
	nested := "text"
	for range maxNest + 5 {
		nested = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + nested
	}
	for _, c := range []struct {
		name        string
		raw         []byte
		subject     string
		text, html  string
		attachments string
	}{
		{"plain", lines("Subject: Hi", "", "Hello"), "Hi", "Hello\n", "", "[]"},
		{"no type in a broken header", lines("Subject: Hi", "Content-Type: ;;", "", "Hello"), "Hi", "Hello\n", "", "[]"},
		{"HTML alone", lines("Subject: Hi", "Content-Type: text/html", "", "<p>Hello</p>"), "Hi", "", "<p>Hello</p>\n", "[]"},
		{"Latin-1", append(lines("Subject: =?iso-8859-1?q?Gr=FC=DFe?=", "Content-Type: text/plain; charset=iso-8859-1", ""), 'G', 'r', 0xfc, 0xdf, 'e'), "Grüße", "Grüße", "", "[]"},
		{"GB18030", append(lines("Subject: x", "Content-Type: text/plain; charset=gb18030", ""), 0xc4, 0xe3, 0xba, 0xc3), "x", "你好", "", "[]"},
		{"unknown character set", lines("Subject: x", "Content-Type: text/plain; charset=klingon", "", "abc"), "x", "abc\n", "", "[]"},
		{"no UTF-8", append(lines("Subject: x", ""), 'a', 0xff), "x", "a\ufffd", "", "[]"},
		{"attachments", lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "",
			"--b", "", "body", "--b", "Content-Type: text/plain; name=a.txt", "Content-Disposition: attachment", "", "secret",
			"--b", "Content-Type: application/pdf", "Content-Disposition: attachment; filename=\"=?utf-8?q?=C3=A9.pdf?=\"", "", "%PDF", "--b", "Content-Type: image/png", "", "x", "--b--"),
			"x", "body", "", "[a.txt é.pdf image/png]"},
		{"two texts", lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one", "--b", "", "two", "--b--"), "x", "one\ntwo", "", "[]"},
		{"cut in the middle", lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one"), "x", "one\n[the rest cannot be read: unexpected EOF]", "", "[]"},
		{"broken base64", lines("Subject: x", "Content-Transfer-Encoding: base64", "", "YWJj*"), "x", "abc\n[the rest cannot be read: unexpected EOF]", "", "[]"},
		{"no mail", []byte("just\x00noise"), "", "just\x00noise", "", "[]"},
		{"nested too deep", []byte(nested), "", "", "", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parseMail(c.raw)
			equal(t, "subject", m.Subject, c.subject)
			equal(t, "text", m.Text, c.text)
			equal(t, "HTML", m.HTML, c.html)
			equal(t, "attachments", fmt.Sprint(m.Attachments), c.attachments)
		})
	}
}

func FuzzParseMail(f *testing.F) {
	f.Add(lines("Subject: =?utf-8?q?a?=", "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Transfer-Encoding: base64", "", "YQ==", "--b--"))
	f.Add(lines("Content-Type: text/html; charset=gb18030", "Content-Transfer-Encoding: quoted-printable", "", "=C4=E3"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := json.Marshal(parseMail(raw)); err != nil {
			t.Error(err)
		}
	})
}

// What a mail says must stay text, wherever the page shows it.
func TestHostileMail(t *testing.T) {
	b := open(t, t.TempDir())
	const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
	m := Message{
		Channel: Email, To: evil, From: evil, Subject: evil, Text: evil, HTML: evil + `</iframe><script>alert(2)</script>`,
		Headers: map[string]string{"List-" + evil: evil}, Attachments: []string{evil}, ReceivedAt: noon,
	}
	textOnly := m
	textOnly.HTML = ""
	if err := b.add(m, textOnly); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/local/inbox", "/local/inbox?to=%22%27%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=alert(1)%3E"} {
		rec := get(t, b, path)
		page := rec.Body.String()
		for _, tag := range []string{"<script", "<img", "</script"} {
			if strings.Contains(page, tag) {
				t.Errorf("%s: the page holds %s", path, tag)
			}
		}
		equal(t, "frames", strings.Count(page, "<iframe "), 1)
		equal(t, "ends of frames", strings.Count(page, "</iframe>"), 1)
		frame := page[strings.Index(page, "<iframe "):]
		frame = frame[:strings.Index(frame, "</iframe>")]
		if !strings.HasPrefix(frame, `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" `) || strings.Count(frame, `"`)%2 != 0 || strings.ContainsAny(frame[8:len(frame)-1], "<>") {
			t.Errorf("the frame is %s", frame)
		}
		equal(t, "policy", rec.Header().Get("Content-Security-Policy"), policy)
		equal(t, "sniffing", rec.Header().Get("X-Content-Type-Options"), "nosniff")
	}
	if strings.Contains(policy, "script") || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("the policy allows scripts: %s", policy)
	}
	if body := get(t, b, "/local/inbox.json").Body.String(); strings.Contains(body, "<") {
		t.Errorf("the JSON holds a tag: %s", body)
	}
}

func TestPage(t *testing.T) {
	b := open(t, t.TempDir())
	if page := get(t, b, "/local/inbox?to=nobody").Body.String(); !strings.Contains(page, "Nothing here yet for nobody") {
		t.Error("an empty page says nothing")
	}
	for i := range pageSize + 2 {
		if err := b.add(Message{Channel: Email, To: fmt.Sprintf("p%d@example.com", i%2), Subject: fmt.Sprintf("n%03d", i), Text: "x", ReceivedAt: noon}); err != nil {
			t.Fatal(err)
		}
	}
	first, second := get(t, b, "/local/inbox").Body.String(), get(t, b, "/local/inbox?skip=100").Body.String()
	equal(t, "people", strings.Count(first, "<h2>"), 2)
	equal(t, "messages", strings.Count(first, `<details class="message"`), pageSize)
	equal(t, "messages on the second page", strings.Count(second, `<details class="message"`), 2)
	if !strings.Contains(first, `href="/local/inbox?skip=100&amp;to="`) || strings.Contains(second, "Older messages") {
		t.Error("the link to older messages")
	}
	if a, z := strings.Index(first, "n101"), strings.Index(first, "n099"); a < 0 || z < a {
		t.Error("the newest message does not come first")
	}
	one := get(t, b, "/local/inbox?to=P1@example.com").Body.String()
	equal(t, "messages of one person", strings.Count(one, `<details class="message"`), (pageSize+2)/2)
	equal(t, "open ones", strings.Count(one, `<details class="message" open>`), 1)
	rec := httptest.NewRecorder()
	b.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/local/inbox?skip=-1", nil))
	equal(t, "status of a negative skip", rec.Code, 400)
}

func TestWebhook(t *testing.T) {
	b := open(t, t.TempDir())
	post := func(path, body string) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("X-Userops-Signature", "t=1,v1=abc")
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, r)
		return rec.Code
	}
	const body = `{"notificationId":"n1","profileId":"p1","userId":"u1","payload":{"text":"<b>"}}`
	for _, c := range []struct {
		path, body string
		status     int
		to         string
	}{
		{"/local/webhook/social", body, 200, "u1"},
		{"/local/webhook/social", `{"profileId":"p1"}`, 200, "p1"},
		{"/local/webhook/social", `no JSON`, 200, "social"},
		{"/local/webhook/social?status=204", body, 200, "u1"},
		{"/local/webhook/social?status=503", body, 503, ""},
		{"/local/webhook/social?status=429", body, 429, ""},
		{"/local/webhook/social?status=600", body, 400, ""},
		{"/local/webhook/social?status=x", body, 400, ""},
		{"/local/webhook/social", strings.Repeat("x", maxWebhook), 200, "social"},
		{"/local/webhook/social", strings.Repeat("x", maxWebhook+1), 413, ""},
		{"/local/webhook/", body, 404, ""},
		{"/local/webhook/a/b", body, 404, ""},
		{"/local/inbox", body, 405, ""},
		{"/local/other", body, 404, ""},
	} {
		before := len(list(t, b, ""))
		equal(t, c.path+" status", post(c.path, c.body), c.status)
		after := list(t, b, "")
		if c.to == "" {
			equal(t, c.path+" messages", len(after), before)
			continue
		}
		equal(t, c.path+" messages", len(after), before+1)
		equal(t, c.path+" to", after[0].To, c.to)
		equal(t, c.path+" body", after[0].Text, c.body)
		equal(t, c.path+" signature", after[0].Headers["X-Userops-Signature"], "t=1,v1=abc")
		equal(t, c.path+" channel", after[0].Channel, Webhook)
		equal(t, c.path+" from", after[0].From, "social")
	}
	rec := httptest.NewRecorder()
	b.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/local/webhook/social", nil))
	equal(t, "status of a GET", rec.Code, 405)
}

func TestInboxIsKept(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	for i := range 3 {
		if err := b.add(Message{To: "a", Subject: fmt.Sprint("n", i)}); err != nil {
			t.Fatal(err)
		}
	}
	// As after kill -9: the file as it is, and a line cut short.
	path := filepath.Join(dir, "inbox.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "inbox.jsonl"), append(whole, `{"channel":"ema`...), 0o644); err != nil {
		t.Fatal(err)
	}
	b = open(t, other)
	equal(t, "messages", subjects(list(t, b, "")), "n2 n1 n0")
	if err := b.add(Message{To: "a", Subject: "n3"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if err := b.add(Message{}); err == nil {
		t.Error("a closed inbox took a message")
	}
	b = open(t, other)
	equal(t, "messages", subjects(list(t, b, "")), "n3 n2 n1 n0")
	if err := os.WriteFile(filepath.Join(dir, "inbox.jsonl"), []byte("no JSON\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(dir); err == nil || !strings.Contains(err.Error(), "message 1") {
		t.Errorf("New on a damaged file = %v", err)
	}
}

func TestInboxIsBounded(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	equal(t, "messages kept", b.keep, 5000)
	b.keep = 3
	for i := range 20 {
		if err := b.add(Message{To: "a", Subject: fmt.Sprint("n", i)}); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(dir, "inbox.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(file, []byte("\n")); n > 6 || n < min(i+1, 3) {
			t.Errorf("%d lines after %d messages", n, i+1)
		}
	}
	equal(t, "messages", subjects(list(t, b, "")), "n19 n18 n17")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	b.keep = 3
	equal(t, "messages after a restart", subjects(list(t, b, "")), "n19 n18 n17")
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestManyAtOnce(t *testing.T) {
	b := open(t, t.TempDir())
	address := serve(t, b)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 5 {
				if err := smtp.SendMail(address, nil, "a@example.com", []string{fmt.Sprintf("p%d@example.com", i)}, lines("Subject: x", "", "y")); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 5 {
				b.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/local/inbox", nil))
			}
		})
	}
	group.Wait()
	equal(t, "messages", len(list(t, b, "")), 40)
	equal(t, "messages of one", len(list(t, b, "?to=p3@example.com")), 5)
}
