// Package email sends notifications over SMTP: to the shop's mail provider in production, to the local inbox on one machine. It
// is not a mail server and knows nothing of bounces that arrive later. The surprising thing: it keeps connections open
// between sends, because a function sends many, and tells a connection that died in between from a refusal.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/userops/userops/shared/channel"
)

// Credential is the name of the server's password.
const Credential = "smtp-password"

// Settings are of one SMTP server.
type Settings struct {
	Addr string `env:"SMTP_ADDR" default:""`                 // host:port
	User string `env:"SMTP_USER" default:""`                 // empty means no authentication
	From string `env:"MAIL_FROM" default:"shop@example.com"` // an address, with or without a name
}

// Wanted is by the server's address.
func (s Settings) Wanted() bool { return s.Addr != "" }

// Open makes a sender, which speaks to nobody yet.
func (s Settings) Open(m channel.Means) channel.Sender {
	return &Sender{Settings: s, Password: m.Named(Credential), Timeout: m.Timeout}
}

// Sender speaks to one SMTP server. It is safe for concurrent use: sends that run side by side have a connection each, which the next ones
// find open.
type Sender struct {
	Settings
	// Password is asked for with each new connection, since it may change. An error means that it is not known now.
	Password func(context.Context) (string, error)
	// Timeout bounds each send and each dialling.
	Timeout time.Duration
	// TLS overrides the client's settings for TLS. Without it the server's name is checked against the system's roots, and a
	// server on this machine is spoken to in plain text.
	TLS *tls.Config

	mu   sync.Mutex
	idle []*connection // the one used last at the end
}

// connection is one to the server, or none yet; one send has it at a time.
type connection struct {
	*Sender
	client *gomail.Client
	used   time.Time // when it was last used
}

// borrow takes the connection that was used last, or makes room for a new one.
func (s *Sender) borrow() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return c
	}
	return &connection{Sender: s}
}

func (s *Sender) giveBack(c *connection) {
	c.used = time.Now()
	if c.client == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, c)
}

// maxIdle is how long a connection may rest: a frozen function does not hear the server hang up, and something on the way may
// have forgotten the connection without a word.
const maxIdle = 20 * time.Second

// implicitTLSPort is the port on which SMTP begins with TLS; on others STARTTLS is demanded.
const implicitTLSPort = 465

// Check says whether the settings can be used at all, naming the environment's variables.
func (s *Sender) Check() error {
	var faults []error
	if _, _, err := s.hostPort(); err != nil {
		faults = append(faults, errors.New("SMTP_ADDR is not host:port"))
	}
	if from, err := mail.ParseAddress(s.From); err != nil {
		faults = append(faults, errors.New("MAIL_FROM is not an e-mail address"))
	} else if !ascii(from.Address) {
		faults = append(faults, errors.New("MAIL_FROM has letters beyond ASCII in its address; a domain has a form that begins with xn--"))
	}
	return errors.Join(faults...)
}

func (s *Sender) hostPort() (string, int, error) {
	host, text, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}

// Send hands one notification to the server and returns when the server took it. Its errors are *channel.Error.
func (s *Sender) Send(ctx context.Context, n channel.Notification) error {
	m, err := s.compose(n)
	if err != nil {
		return err
	}
	c := s.borrow()
	defer s.giveBack(c)
	if time.Since(c.used) > maxIdle {
		c.close()
	}
	err = c.send(ctx, m)
	if lost(err) {
		// The connection was closed while nobody used it. Nothing of the mail was said yet.
		c.close()
		err = c.send(ctx, m)
	}
	if err == nil || m.IsDelivered() {
		// Tidying up after the delivery may fail; the next send finds out.
		return nil
	}
	answer := classify(err)
	if answer.Class == channel.Uncertain || !answered(err) {
		c.close()
	}
	return answer
}

// Close ends the connections that nobody uses.
func (s *Sender) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.idle {
		c.close()
	}
	s.idle = nil
}

func (c *connection) close() {
	if c.client != nil {
		_ = c.client.Close()
		c.client = nil
	}
}

func (c *connection) send(ctx context.Context, m *gomail.Msg) error {
	if err := ctx.Err(); err != nil {
		return &channel.Error{Class: channel.Retry, Code: "deadline"}
	}
	if c.client == nil {
		client, err := c.dial(ctx)
		if err != nil {
			return err
		}
		c.client = client
	}
	return c.client.Send(m)
}

func (s *Sender) dial(ctx context.Context) (*gomail.Client, error) {
	host, port, err := s.hostPort()
	if err != nil {
		return nil, &channel.Error{Class: channel.Retry, Code: "settings"}
	}
	options := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(s.Timeout), gomail.WithHELO(s.domain()), gomail.WithoutNoop()}
	switch {
	case port == implicitTLSPort:
		options = append(options, gomail.WithSSL())
	case s.TLS == nil && loopback(host):
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.TLS != nil {
		options = append(options, gomail.WithTLSConfig(s.TLS))
	}
	if s.User != "" {
		password, err := s.Password(ctx)
		if err != nil {
			return nil, &channel.Error{Class: channel.Retry, Code: "secret"}
		}
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, &channel.Error{Class: channel.Retry, Code: "settings"}
	}
	// A wrong password or an unreachable server is the shop's trouble, not the notification's: it waits.
	if err := client.DialWithContext(ctx); err != nil {
		return nil, &channel.Error{Class: channel.Retry, Code: "connect"}
	}
	return client, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *Sender) domain() string {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return "localhost"
	}
	return from.Address[strings.LastIndexByte(from.Address, '@')+1:]
}

// compose writes the mail.
func (s *Sender) compose(n channel.Notification) (*gomail.Msg, error) {
	to, fault := envelope(n.Address)
	if fault == nil {
		fault = checkHeaders(n)
	}
	if fault != nil {
		return nil, fault
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From(s.From); err != nil {
		return nil, &channel.Error{Class: channel.Retry, Code: "settings"}
	}
	if err := m.To(to); err != nil {
		return nil, &channel.Error{Class: channel.Reject, Code: "address"}
	}
	m.Subject(n.Content.Subject)
	m.SetDate()
	m.SetMessageIDWithValue(n.ID + "@" + s.domain())
	if n.UnsubscribeURL != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+n.UnsubscribeURL+">")
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	switch {
	case n.Content.Text == "":
		m.SetBodyString(gomail.TypeTextHTML, n.Content.HTML)
	case n.Content.HTML == "":
		m.SetBodyString(gomail.TypeTextPlain, n.Content.Text)
	default:
		m.SetBodyString(gomail.TypeTextPlain, n.Content.Text)
		m.AddAlternativeString(gomail.TypeTextHTML, n.Content.HTML)
	}
	return m, nil
}

// lost says whether a kept connection turned out to be gone before the mail began.
func lost(err error) bool {
	var e *gomail.SendError
	if !errors.As(err, &e) || e.ErrorCode() != 0 {
		return e != nil && e.ErrorCode() == 421 && e.Reason == gomail.ErrSMTPMailFrom
	}
	return e.Reason == gomail.ErrConnCheck || e.Reason == gomail.ErrSMTPMailFrom
}

// answered says whether the server said something and stays: 421 is its farewell.
func answered(err error) bool {
	var e *gomail.SendError
	return errors.As(err, &e) && e.ErrorCode() != 0 && e.ErrorCode() != 421
}

// classify sorts what the server said, or that it said nothing. A mail counts only when the server has confirmed its end, so
// silence before that end was sent means that nothing was delivered.
func classify(err error) *channel.Error {
	var known *channel.Error
	if errors.As(err, &known) {
		return known
	}
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return &channel.Error{Class: channel.Uncertain, Code: "error"}
	}
	code := strings.TrimSpace(fmt.Sprintf("%d %s", e.ErrorCode(), e.EnhancedStatusCode()))
	switch {
	case e.ErrorCode() >= 500:
		return &channel.Error{Class: channel.Reject, Code: code, Bounce: bounce(e)}
	case e.ErrorCode() >= 400:
		return &channel.Error{Class: channel.Retry, Code: code}
	case e.Reason == gomail.ErrSMTPDataClose:
		return &channel.Error{Class: channel.Uncertain, Code: "no answer"}
	}
	return &channel.Error{Class: channel.Retry, Code: "connection lost"}
}

// bounce tells a dead address from a refusal of the content or of the sender.
func bounce(e *gomail.SendError) bool {
	if e.Reason != gomail.ErrSMTPRcptTo {
		return false
	}
	if status := e.EnhancedStatusCode(); status != "" {
		return strings.HasPrefix(status, "5.1.") || status == "5.2.1"
	}
	return e.ErrorCode() == 550 || e.ErrorCode() == 551 || e.ErrorCode() == 553
}
