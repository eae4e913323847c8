package inbox

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

const (
	maxParts = 100
	maxNest  = 10
)

var words = mime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return e.NewDecoder().Reader(input), nil
}}

// parseMail reads what it can of a mail. What is no mail at all becomes its text, so that nothing is lost to the eye.
func parseMail(raw []byte) Message {
	m := Message{Headers: map[string]string{}}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.Text = strings.ToValidUTF8(string(raw), "\ufffd")
		return m
	}
	for name, values := range parsed.Header {
		decoded := make([]string, len(values))
		for i, v := range values {
			decoded[i] = decodeWords(v)
		}
		m.Headers[name] = strings.Join(decoded, "\n")
	}
	m.Subject = m.Headers["Subject"]
	p := parts{message: &m}
	p.read(textproto.MIMEHeader(parsed.Header), parsed.Body, 0)
	return m
}

func decodeWords(s string) string {
	if d, err := words.DecodeHeader(s); err == nil {
		s = d
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// parts walks the tree of a mail's parts.
type parts struct {
	message *Message
	seen    int
}

func (p *parts) read(header textproto.MIMEHeader, body io.Reader, depth int) {
	if p.seen++; p.seen > maxParts || depth > maxNest {
		return
	}
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind, parameters = "text/plain", nil
	}
	if strings.HasPrefix(kind, "multipart/") && parameters["boundary"] != "" {
		reader := multipart.NewReader(body, parameters["boundary"])
		for {
			// A raw part: NextPart would undo quoted-printable before its header is looked at.
			part, err := reader.NextRawPart()
			if err != nil {
				return
			}
			p.read(part.Header, part, depth+1)
		}
	}
	disposition, named, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	name := decodeWords(named["filename"])
	if name == "" {
		name = decodeWords(parameters["name"])
	}
	if disposition == "attachment" || kind != "text/plain" && kind != "text/html" {
		if name == "" {
			name = kind
		}
		p.message.Attachments = append(p.message.Attachments, name)
		return
	}
	text := decodeText(header.Get("Content-Transfer-Encoding"), parameters["charset"], body)
	to := &p.message.Text
	if kind == "text/html" {
		to = &p.message.HTML
	}
	if *to != "" {
		*to += "\n"
	}
	*to += text
}

// decodeText undoes the transfer encoding and the character set. Text that is broken half way is shown up to there,
// with a remark.
func decodeText(encoding, charset string, body io.Reader) string {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	if charset != "" && !strings.EqualFold(charset, "utf-8") {
		if e, err := htmlindex.Get(charset); err == nil {
			body = e.NewDecoder().Reader(body)
		}
	}
	b, err := io.ReadAll(body)
	s := strings.ToValidUTF8(strings.ReplaceAll(string(b), "\r\n", "\n"), "\ufffd")
	if err != nil {
		s += fmt.Sprintf("\n[the rest cannot be read: %v]", err)
	}
	return s
}
