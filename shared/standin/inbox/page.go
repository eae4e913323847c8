package inbox

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	pageSize   = 100
	maxWebhook = 1 << 20
)

// policy keeps a mail from running anything, should its frame's sandbox fail; remote images are shown.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; font-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// ServeHTTP answers GET /local/inbox (the page), GET /local/inbox.json (the messages, the newest first; both with ?to= for
// one person alone), POST /local/webhook/{name} (a delivery; ?status=503 answers that and keeps nothing), what the fake providers are called for, such as
// /local/sms, and POST /local/mood/{channel} (how one of them behaves).
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, webhook := strings.CutPrefix(r.URL.Path, "/local/webhook/")
	switch {
	case webhook && name != "" && !strings.Contains(name, "/"):
		b.receiveWebhook(w, r, name)
	case r.URL.Path == "/local/sms" || strings.HasPrefix(r.URL.Path, "/local/sms/"):
		b.sms.receive(w, r, strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/local/sms"), "/"))
	case r.URL.Path == "/local/fcm/token":
		b.push.grant(w, r)
	case strings.HasPrefix(r.URL.Path, "/local/fcm/"):
		b.push.fcm(w, r, strings.TrimPrefix(r.URL.Path, "/local/fcm/"))
	case strings.HasPrefix(r.URL.Path, "/local/apns/3/device/"):
		b.push.apns(w, r, strings.TrimPrefix(r.URL.Path, "/local/apns/3/device/"))
	case strings.HasPrefix(r.URL.Path, "/local/mood/"):
		b.moods.receive(w, r, strings.TrimPrefix(r.URL.Path, "/local/mood/"))
	case r.URL.Path != "/local/inbox" && r.URL.Path != "/local/inbox.json":
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the inbox is read with GET", http.StatusMethodNotAllowed)
	case r.URL.Path == "/local/inbox.json":
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		// The client may be gone; there is nobody to tell.
		_ = json.NewEncoder(w).Encode(b.find(r.URL.Query().Get("to")))
	default:
		b.show(w, r)
	}
}

// person is a recipient with messages, the newest first.
type person struct {
	To       string
	Link     string
	Messages []shown
}

// shown is a message as the page shows it.
type shown struct {
	Message
	Time    string
	Open    bool
	Notable []header // for mail programs and for webhooks' receivers: how to unsubscribe, the signature
	Headers []header
	// Document is the frame's content; the template escapes it into an attribute.
	Document string
}

type header struct{ Name, Value string }

func (b *Inbox) show(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	skip, err := strconv.Atoi(cmp.Or(r.URL.Query().Get("skip"), "0"))
	if err != nil || skip < 0 {
		http.Error(w, "skip is not a number from 0", http.StatusBadRequest)
		return
	}
	found := b.find(to)
	total := len(found)
	found = found[min(skip, total):]
	older := ""
	if len(found) > pageSize {
		found = found[:pageSize]
		older = "/local/inbox?" + url.Values{"to": {to}, "skip": {strconv.Itoa(skip + pageSize)}}.Encode()
	}
	data := struct {
		To, Older   string
		Total, Skip int
		People      []*person
	}{to, older, total, skip, nil}
	byName := map[string]*person{}
	for _, m := range found {
		// The domain of an address, and by habit the rest of it, knows no case.
		key := strings.ToLower(m.To)
		p := byName[key]
		if p == nil {
			p = &person{To: m.To, Link: "/local/inbox?" + url.Values{"to": {m.To}}.Encode()}
			byName[key] = p
			data.People = append(data.People, p)
		}
		p.Messages = append(p.Messages, show(m, to != "" && len(p.Messages) == 0))
	}
	var document strings.Builder
	if err := page.Execute(&document, data); err != nil {
		http.Error(w, "writing the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = io.WriteString(w, document.String())
}

func show(m Message, open bool) shown {
	s := shown{Message: m, Time: m.ReceivedAt.Format("2006-01-02 15:04:05 UTC"), Open: open}
	for name, value := range m.Headers {
		s.Headers = append(s.Headers, header{name, value})
	}
	slices.SortFunc(s.Headers, func(a, b header) int { return strings.Compare(a.Name, b.Name) })
	for _, h := range s.Headers {
		if strings.HasPrefix(h.Name, "List-") || strings.HasSuffix(h.Name, "-Signature") {
			s.Notable = append(s.Notable, h)
		}
	}
	if m.HTML != "" {
		// Links open beside the page: the frame itself may go nowhere.
		s.Document = `<!doctype html><base target="_blank">` + m.HTML
	}
	return s
}

// receiveWebhook keeps a delivery for the person that its body names.
func (b *Inbox) receiveWebhook(w http.ResponseWriter, r *http.Request, name string) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "a webhook is delivered with POST", http.StatusMethodNotAllowed)
		return
	}
	if s := r.URL.Query().Get("status"); s != "" {
		status, err := strconv.Atoi(s)
		if err != nil || status < 200 || status > 599 {
			http.Error(w, "status is not a number from 200 to 599", http.StatusBadRequest)
			return
		}
		if status >= 300 {
			http.Error(w, fmt.Sprintf("answering %d as asked", status), status)
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		http.Error(w, fmt.Sprintf("reading the body of at most %d bytes: %v", maxWebhook, err), http.StatusRequestEntityTooLarge)
		return
	}
	m := Message{
		Channel: Webhook, To: name, From: name, Subject: "webhook " + name, Text: strings.ToValidUTF8(string(body), "\ufffd"),
		Headers: map[string]string{}, ReceivedAt: b.now().UTC(),
	}
	var known struct {
		UserID    string `json:"userId"`
		ProfileID string `json:"profileId"`
	}
	// A body of another shape is kept under the webhook's name.
	if json.Unmarshal(body, &known) == nil {
		m.To = cmp.Or(known.UserID, known.ProfileID, name)
	}
	for key, values := range r.Header {
		m.Headers[key] = strings.ToValidUTF8(strings.Join(values, "\n"), "\ufffd")
	}
	if err := b.add(m); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"stored":true}`+"\n")
}
