package email

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/userops/userops/shared/channel"
)

func TestSendWhatArrives(t *testing.T) {
	s := listen(t, nil)
	if err := sender(t, s).Send(t.Context(), notification()); err != nil {
		t.Fatal(err)
	}
	got := s.only(t)
	subject, _ := new(mime.WordDecoder).DecodeHeader(got.message.Header.Get("Subject"))
	for name, pair := range map[string][2]string{
		"envelope from":         {got.from, "shop@example.com"},
		"envelope to":           {got.to, "zhang@example.com"},
		"From":                  {got.message.Header.Get("From"), `"Shop" <shop@example.com>`},
		"To":                    {got.message.Header.Get("To"), "<zhang@example.com>"},
		"Subject":               {subject, "您好 Zhang"},
		"Message-ID":            {got.message.Header.Get("Message-Id"), "<n1@example.com>"},
		"List-Unsubscribe":      {got.message.Header.Get("List-Unsubscribe"), "<https://shop.example/v1/unsubscribe/t>"},
		"List-Unsubscribe-Post": {got.message.Header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click"},
		"User-Agent":            {got.message.Header.Get("User-Agent"), ""},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", name, pair[0], pair[1])
		}
	}
	if _, err := got.message.Header.Date(); err != nil {
		t.Errorf("date: %v", err)
	}
	kind, params, err := mime.ParseMediaType(got.message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %s, %v", kind, err)
	}
	parts := multipart.NewReader(strings.NewReader(string(got.body)), params["boundary"])
	for _, want := range [][2]string{{"text/plain", "文本 text"}, {"text/html", "<p>文本</p>"}} {
		// NextRawPart leaves the encoding in place.
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || strings.TrimSpace(string(text)) != want[1] || !strings.HasPrefix(part.Header.Get("Content-Type"), want[0]) {
			t.Errorf("part %v: %q, %v; want %v", part.Header, text, err, want)
		}
	}
}

func TestSendSinglePartsAndTransactional(t *testing.T) {
	for kind, change := range map[string]func(*channel.Notification){
		"text/plain": func(n *channel.Notification) { n.Content.HTML = "" },
		"text/html":  func(n *channel.Notification) { n.Content.Text = "" },
	} {
		s := listen(t, nil)
		n := notification()
		n.UnsubscribeURL = ""
		change(&n)
		if err := sender(t, s).Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		got := s.only(t).message.Header
		if !strings.HasPrefix(got.Get("Content-Type"), kind) || got.Get("List-Unsubscribe") != "" || got.Get("List-Unsubscribe-Post") != "" {
			t.Errorf("%s: headers %v", kind, got)
		}
	}
}

func TestSendClassifiesAnswers(t *testing.T) {
	answer := func(code int, enhanced ...int) error {
		e := &smtp.SMTPError{Code: code, Message: "zhang@example.com is not welcome", EnhancedCode: smtp.NoEnhancedCode}
		if len(enhanced) == 3 {
			e.EnhancedCode = smtp.EnhancedCode{enhanced[0], enhanced[1], enhanced[2]}
		}
		return e
	}
	for _, c := range []struct {
		name             string
		from, rcpt, data error
		want             channel.Error
	}{
		{"sender refused", answer(550, 5, 7, 1), nil, nil, channel.Error{Class: channel.Reject, Code: "550 5.7.1"}},
		{"sender refused for now", answer(451, 4, 3, 0), nil, nil, channel.Error{Class: channel.Retry, Code: "451 4.3.0"}},
		{"no such address", nil, answer(550, 5, 1, 1), nil, channel.Error{Class: channel.Reject, Code: "550 5.1.1", Bounce: true}},
		{"no such address, plain", nil, answer(550), nil, channel.Error{Class: channel.Reject, Code: "550", Bounce: true}},
		{"mailbox off", nil, answer(550, 5, 2, 1), nil, channel.Error{Class: channel.Reject, Code: "550 5.2.1", Bounce: true}},
		{"mailbox full is no bounce", nil, answer(552, 5, 2, 2), nil, channel.Error{Class: channel.Reject, Code: "552 5.2.2"}},
		{"policy at the address", nil, answer(550, 5, 7, 1), nil, channel.Error{Class: channel.Reject, Code: "550 5.7.1"}},
		{"greylisted", nil, answer(450, 4, 2, 0), nil, channel.Error{Class: channel.Retry, Code: "450 4.2.0"}},
		{"content refused is no bounce", nil, nil, answer(554, 5, 6, 0), channel.Error{Class: channel.Reject, Code: "554 5.6.0"}},
		{"550 at the end of data is no bounce", nil, nil, answer(550), channel.Error{Class: channel.Reject, Code: "550"}},
		{"content refused for now", nil, nil, answer(452, 4, 3, 1), channel.Error{Class: channel.Retry, Code: "452 4.3.1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := listen(t, nil)
			s.from, s.rcpt, s.data = c.from, c.rcpt, c.data
			out := sender(t, s)
			err := out.Send(t.Context(), notification())
			var got *channel.Error
			if !errors.As(err, &got) || *got != c.want {
				t.Fatalf("got %v, want %+v", err, c.want)
			}
			if strings.Contains(err.Error(), "zhang") {
				t.Errorf("the error names the person: %v", err)
			}
			// The connection is good for the next notification.
			s.mu.Lock()
			s.from, s.rcpt, s.data = nil, nil, nil
			s.mu.Unlock()
			if err := out.Send(t.Context(), notification()); err != nil {
				t.Errorf("the next one: %v", err)
			}
			s.only(t)
		})
	}
}

func TestSendReusesAndRenewsTheConnection(t *testing.T) {
	s := listen(t, nil)
	out := sender(t, s)
	for range 2 {
		if err := out.Send(t.Context(), notification()); err != nil {
			t.Fatal(err)
		}
	}
	if s.sessions != 1 {
		t.Errorf("%d connections for two sends", s.sessions)
	}
	s.drop()
	if err := out.Send(t.Context(), notification()); err != nil {
		t.Fatalf("after the server closed the connection: %v", err)
	}
	if s.sessions != 2 || len(s.mails) != 3 {
		t.Errorf("%d connections, %d mails", s.sessions, len(s.mails))
	}
}

// TestSendSideBySide: sends that run at the same time have a connection each, and the next ones find them open.
func TestSendSideBySide(t *testing.T) {
	s := listen(t, nil)
	out := sender(t, s)
	for round := range 2 {
		held := []*connection{out.borrow(), out.borrow(), out.borrow()}
		for _, c := range held {
			if (c.client != nil) != (round > 0) {
				t.Errorf("round %d: a connection that is open: %v", round, c.client != nil)
			}
			m, err := out.compose(notification())
			if err != nil {
				t.Fatal(err)
			}
			if err := c.send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range held {
			out.giveBack(c)
		}
	}
	if s.sessions != 3 || len(s.mails) != 6 {
		t.Errorf("%d connections for %d mails, three side by side twice", s.sessions, len(s.mails))
	}
	out.Close()
	if len(out.idle) != 0 {
		t.Errorf("%d connections are kept after the end", len(out.idle))
	}
}

func TestSendLeavesAnIdleConnection(t *testing.T) {
	for idle, want := range map[time.Duration]int{maxIdle / 2: 1, maxIdle + time.Second: 2} {
		s := listen(t, nil)
		out := sender(t, s)
		for range 2 {
			if err := out.Send(t.Context(), notification()); err != nil {
				t.Fatal(err)
			}
			out.idle[0].used = out.idle[0].used.Add(-idle)
		}
		if s.sessions != want {
			t.Errorf("idle for %v: %d connections, want %d", idle, s.sessions, want)
		}
	}
}

func TestSendWithoutAnswerIsUncertain(t *testing.T) {
	s := listen(t, nil)
	s.silent = make(chan struct{})
	t.Cleanup(func() { close(s.silent) })
	out := sender(t, s)
	out.Timeout = 300 * time.Millisecond
	if got := channel.Classify(out.Send(t.Context(), notification())); got.Class != channel.Uncertain {
		t.Errorf("got %+v", got)
	}
}

func TestSendUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := &Sender{Settings: Settings{Addr: l.Addr().String(), From: "shop@example.com"}, Timeout: time.Second}
	_ = l.Close()
	if got := channel.Classify(out.Send(t.Context(), notification())); got.Class != channel.Retry || got.Code != "connect" {
		t.Errorf("got %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := channel.Classify(out.Send(ctx, notification())); got.Class != channel.Retry || got.Code != "deadline" {
		t.Errorf("after the deadline: %+v", got)
	}
}

func TestSendRefusesWhatIsNoAddress(t *testing.T) {
	s := listen(t, nil)
	for _, address := range []string{"", "zhang", "Zhang <zhang@example.com>", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com"} {
		n := notification()
		n.Address = address
		got := channel.Classify(sender(t, s).Send(t.Context(), n))
		if got.Class != channel.Reject || got.Code != "address" || !got.Bounce {
			t.Errorf("%q: %+v", address, got)
		}
	}
	if len(s.mails) != 0 {
		t.Errorf("%d mails arrived", len(s.mails))
	}
}

func always(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}

func TestSendOverSTARTTLSWithPassword(t *testing.T) {
	certificate, roots := selfSigned(t)
	s := listen(t, &tls.Config{Certificates: []tls.Certificate{certificate}})
	s.user = "shop"
	out := sender(t, s)
	out.User, out.Password, out.TLS = "shop", always("pw"), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
	if err := out.Send(t.Context(), notification()); err != nil {
		t.Fatal(err)
	}
	s.only(t)

	wrong := sender(t, s)
	wrong.User, wrong.Password, wrong.TLS = "shop", always("not it"), out.TLS
	if got := channel.Classify(wrong.Send(t.Context(), notification())); got.Class != channel.Retry || got.Code != "connect" {
		t.Errorf("wrong password: %+v", got)
	}
	unknown := sender(t, s)
	unknown.TLS = &tls.Config{ServerName: "127.0.0.1"}
	if got := channel.Classify(unknown.Send(t.Context(), notification())); got.Class != channel.Retry {
		t.Errorf("a server that nobody vouches for: %+v", got)
	}
}

func TestSendDemandsTLS(t *testing.T) {
	s := listen(t, nil)
	out := sender(t, s)
	out.TLS = &tls.Config{ServerName: "127.0.0.1"}
	if got := channel.Classify(out.Send(t.Context(), notification())); got.Class != channel.Retry || len(s.mails) != 0 {
		t.Errorf("a server without STARTTLS took it: %+v", got)
	}
	for host, want := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "10.0.0.1": false, "smtp.example.com": false} {
		if got := loopback(host); got != want {
			t.Errorf("%s on this machine: %v", host, got)
		}
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "inbox"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		addr, from string
		want       string
	}{
		{"127.0.0.1:25", "Shop <shop@example.com>", ""},
		{"127.0.0.1", "shop@example.com", "SMTP_ADDR"},
		{"127.0.0.1:x", "shop@example.com", "SMTP_ADDR"},
		{"127.0.0.1:25", "shop", "MAIL_FROM"},
		{"127.0.0.1:25", "Bücher <shop@bücher.example>", "MAIL_FROM"},
		{"127.0.0.1:25", "Bücher <shop@xn--bcher-kva.example>", ""},
	} {
		err := (&Sender{Settings: Settings{Addr: c.addr, From: c.from}}).Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v", c.addr, c.from, err)
		}
	}
}
