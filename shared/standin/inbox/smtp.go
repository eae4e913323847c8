package inbox

import (
	"io"
	"log"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	maxMail       = 10 << 20
	maxRecipients = 100
)

// newServer takes mail and hands it to add, stamped with the time.
func newServer(add func(...Message) error, now func() time.Time) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{add: add, now: now}, nil }))
	s.Domain = "localhost"
	s.MaxMessageBytes = maxMail
	s.MaxRecipients = maxRecipients
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	s.EnableSMTPUTF8 = true
	s.AllowInsecureAuth = true
	// A client that goes away is nothing to report.
	s.ErrorLog = log.New(io.Discard, "", 0)
	return s
}

// session is one connection.
type session struct {
	add  func(...Message) error
	now  func() time.Time
	from string
	to   []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data stores the mail once for each recipient before it is acknowledged.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := parseMail(raw)
	m.Channel, m.From, m.ReceivedAt = Email, s.from, s.now().UTC()
	messages := make([]Message, len(s.to))
	for i, to := range s.to {
		messages[i] = m
		messages[i].To = to
	}
	if err := s.add(messages...); err != nil {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
	}
	return nil
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth accepts every user and password.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}
