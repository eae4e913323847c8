package email

import (
	"crypto/tls"
	"io"
	"net"
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/liquid"
)

// server is a real SMTP server that keeps what it took and refuses by script.
type server struct {
	addr string

	mu       sync.Mutex
	mails    []received
	sessions int
	from     error         // answer to MAIL FROM
	rcpt     error         // answer to RCPT TO
	data     error         // answer to the end of DATA
	silent   chan struct{} // when set, the end of DATA is not answered until it is closed
	user     string        // when set, demands it
	drop     func()        // closes the connections on the server's side
}

type received struct {
	from, to string
	message  *mail.Message
	body     []byte
}

type session struct {
	s        *server
	conn     *smtp.Conn
	from, to string
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	s.drop = func() { _ = c.Conn().Close() }
	return &session{s: s, conn: c}, nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.s.user || password != "pw" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	s.from = from
	return s.s.from
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	s.to = to
	return s.s.rcpt
}

func (s *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	s.s.mu.Lock()
	silent, answer := s.s.silent, s.s.data
	if answer == nil {
		s.s.mails = append(s.s.mails, received{s.from, s.to, m, body})
	}
	s.s.mu.Unlock()
	if silent != nil {
		<-silent
	}
	return answer
}

func listen(t *testing.T, config *tls.Config) *server {
	t.Helper()
	s := &server{}
	b := smtp.NewServer(s)
	b.Domain, b.TLSConfig, b.AllowInsecureAuth = "inbox.test", config, true
	b.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Serve(l) }()
	t.Cleanup(func() { _, _ = b.Close(), l.Close(); <-done })
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func sender(t *testing.T, s *server) *Sender {
	t.Helper()
	out := &Sender{Settings: Settings{Addr: s.addr, From: "Shop <shop@example.com>"}, Timeout: 5 * time.Second}
	t.Cleanup(out.Close)
	return out
}

func notification() channel.Notification {
	return channel.Notification{ID: "n1", Address: "zhang@example.com", UnsubscribeURL: "https://shop.example/v1/unsubscribe/t",
		Content: liquid.Content{Subject: "您好 Zhang", Text: "文本 text", HTML: "<p>文本</p>"}}
}

func (s *server) only(t *testing.T) received {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mails) != 1 {
		t.Fatalf("%d mails arrived", len(s.mails))
	}
	return s.mails[0]
}
