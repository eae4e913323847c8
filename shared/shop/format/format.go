// Package format reads files that shops and researchers publish as events of the tracking protocol. It is not the sender: it
// knows no gateway and no network. The surprising thing: every event gets a messageId that follows from the file alone, so that
// a file may be sent twice, or half and then again, and still counts once.
package format

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// Format names a layout of files.
type Format string

// The layouts that Read knows.
const (
	CompleteJourney Format = "complete-journey" // 84.51° The Complete Journey, transactions: a line is a product in a basket
	CDNOW           Format = "cdnow"            // Fader and Hardie: a line is an order
	OnlineRetail    Format = "online-retail"    // UCI Online Retail as CSV: a line is a product on an invoice
	REES46          Format = "rees46"           // REES46 Open CDP: a line is a view, cart or purchase
	Segment         Format = "segment"          // newline-delimited JSON: a line is an event of the protocol
)

var readers = map[Format]func(io.Reader, money.Currency, Sink) error{
	CompleteJourney: readCompleteJourney,
	CDNOW:           readCDNOW,
	OnlineRetail:    readOnlineRetail,
	REES46:          readREES46,
	Segment:         readSegment,
}

// Formats lists the layouts as a person would name them.
func Formats() string { return "complete-journey, cdnow, online-retail, rees46, segment" }

// Parse reads a layout's name.
func Parse(s string) (Format, error) {
	f := Format(strings.ToLower(strings.TrimSpace(s)))
	if f == "segment ndjson" || f == "segment-ndjson" || f == "ndjson" {
		f = Segment
	}
	if _, ok := readers[f]; !ok {
		return "", fmt.Errorf("there is no format %q: use one of %s", s, Formats())
	}
	return f, nil
}

// Event is one event as it goes into a batch.
type Event struct {
	Line, Row int    // the line of the file that it came from (the first, if several), with and without the header
	Person    string // its userId or anonymousId
	MessageID string
	Body      json.RawMessage
}

// Refusal is a line that makes no event, and why.
type Refusal struct {
	Line   int // in the file, as an editor counts
	Row    int // the same without the header
	Reason string
}

// String names the line in both ways where they differ.
func (r Refusal) String() string {
	if r.Row == r.Line || r.Row == 0 {
		return fmt.Sprintf("line %d: %s", r.Line, r.Reason)
	}
	return fmt.Sprintf("line %d (row %d below the header): %s", r.Line, r.Row, r.Reason)
}

// Sink takes what a file holds. Event may return an error to stop the reading.
type Sink struct {
	Event  func(Event) error
	Refuse func(Refusal)
	// Line is told how many lines have been read, the header left out.
	Line func(n int)
}

// Read reads a file, packed by gzip or not, to its end. The amounts of orders go out in the currency given; with none they name
// no currency, which means the shop's own. The error is about the file as a whole: it cannot be read or has another layout; a
// single bad line goes to the sink.
func Read(f Format, r io.Reader, currency money.Currency, sink Sink) error {
	read, ok := readers[f]
	if !ok {
		return fmt.Errorf("there is no format %q: use one of %s", f, Formats())
	}
	plain, err := unpack(r)
	if err != nil {
		return err
	}
	return read(plain, currency, sink)
}

// unpack recognises gzip by its first two bytes, whatever the file is called.
func unpack(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("the file is empty")
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, broken(err)
	}
	return packed{z}, nil
}

// packed is a gzip file that says in plain words what is wrong with it.
type packed struct{ from io.Reader }

func (p packed) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	return n, broken(err)
}

func broken(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it begins as gzip and ends too early: the file is torn, or no gzip")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return errors.New("it begins as gzip and goes on as something else: the file is damaged, or no gzip")
	}
	return err
}

// maxLine bounds one line of a file: more than twice what an event may be.
const maxLine = 1 << 17

// lines calls each with the lines of a text, numbered from 1, without their ends. A line over maxLine is passed as nil.
func lines(r io.Reader, each func(number int, line []byte) error) error {
	b := bufio.NewReaderSize(r, maxLine)
	for number := 1; ; number++ {
		line, err := b.ReadSlice('\n')
		long := false
		for err == bufio.ErrBufferFull {
			long = true
			_, err = b.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("reading line %d: %w", number, err)
		}
		if len(line) > 0 || long {
			line = bytes.TrimRight(line, "\r\n")
			if long {
				line = nil
			}
			if err := each(number, line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// digest is a stable name of some text: 22 characters.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// track is the wire form of a track call as the readers build it. Numbers are json.Number so that a file's decimals go out
// digit by digit.
type track struct {
	Type       string    `json:"type"`
	MessageID  string    `json:"messageId"`
	UserID     string    `json:"userId"`
	Event      string    `json:"event"`
	Timestamp  time.Time `json:"timestamp"`
	Properties any       `json:"properties"`
}

func (t track) event(line, row int) (Event, error) {
	t.Type = "track"
	body, err := json.Marshal(t)
	if err != nil {
		return Event{}, fmt.Errorf("writing the event of line %d: %w", line, err)
	}
	return Event{Line: line, Row: row, Person: t.UserID, MessageID: t.MessageID, Body: body}, nil
}

// order holds the properties of Order Completed and Order Refunded.
type order struct {
	OrderID  string      `json:"order_id"`
	Total    json.Number `json:"total"`
	Currency string      `json:"currency,omitempty"`
	Discount json.Number `json:"discount,omitempty"`
	Coupons  json.Number `json:"coupon_discount,omitempty"`
	Store    string      `json:"store_id,omitempty"`
	Country  string      `json:"country,omitempty"`
	Session  string      `json:"session_id,omitempty"`
	Products []product   `json:"products,omitempty"`
}

// product is a line of an order, or the properties of an event about one product.
type product struct {
	ProductID  string      `json:"product_id"`
	CategoryID string      `json:"category_id,omitempty"`
	Category   string      `json:"category,omitempty"`
	Name       string      `json:"name,omitempty"`
	Brand      string      `json:"brand,omitempty"`
	Price      json.Number `json:"price,omitempty"`
	Quantity   json.Number `json:"quantity,omitempty"`
	LineTotal  json.Number `json:"line_total,omitempty"`
	Currency   string      `json:"currency,omitempty"`
	Session    string      `json:"session_id,omitempty"`
}
